-- The texts of proposals and of their counterparts are whole.

CREATE OR REPLACE TRIGGER text_is_whole AFTER INSERT OR UPDATE ON proposals_proposal
    FOR EACH ROW WHEN (NOT aspire_is_whole(
        concat_ws(' ', NEW.title_ja, NEW.title_en, NEW.principal_investigator,
        NEW.principal_investigator_reading, NEW.principal_investigator_en, NEW.institution,
        NEW.young_researcher_plan, NEW.abstract_ja, NEW.abstract_en, NEW.keywords,
        NEW.funder_reason, NEW.set_aside_reason)))
    EXECUTE FUNCTION rule_text_is_whole(
        'title_ja', 'title_en', 'principal_investigator', 'principal_investigator_reading',
        'principal_investigator_en', 'institution', 'young_researcher_plan', 'abstract_ja', 'abstract_en',
        'keywords', 'funder_reason', 'set_aside_reason');

CREATE OR REPLACE TRIGGER text_is_whole AFTER INSERT OR UPDATE ON proposals_counterpart
    FOR EACH ROW WHEN (NOT aspire_is_whole(
        concat_ws(' ', NEW.person, NEW.institution, NEW.grant_number)))
    EXECUTE FUNCTION rule_text_is_whole(
        'person', 'institution', 'grant_number');

CREATE OR REPLACE TRIGGER text_is_whole AFTER INSERT OR UPDATE ON proposals_coinvestigator
    FOR EACH ROW WHEN (NOT aspire_is_whole(
        concat_ws(' ', NEW.person, NEW.institution)))
    EXECUTE FUNCTION rule_text_is_whole(
        'person', 'institution');
