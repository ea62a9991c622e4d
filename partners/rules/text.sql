-- The names of countries, funders, initiatives and institutions are whole.

CREATE OR REPLACE TRIGGER text_is_whole AFTER INSERT OR UPDATE ON partners_country
    FOR EACH ROW WHEN (NOT aspire_is_whole(
        concat_ws(' ', NEW.name_ja, NEW.also_ja, NEW.name_en, NEW.reading)))
    EXECUTE FUNCTION rule_text_is_whole(
        'name_ja', 'also_ja', 'name_en', 'reading');

CREATE OR REPLACE TRIGGER text_is_whole AFTER INSERT OR UPDATE ON partners_funder
    FOR EACH ROW WHEN (NOT aspire_is_whole(
        concat_ws(' ', NEW.acronym, NEW.name_ja, NEW.name_en, NEW.label_as_printed, NEW.note)))
    EXECUTE FUNCTION rule_text_is_whole(
        'acronym', 'name_ja', 'name_en', 'label_as_printed', 'note');

CREATE OR REPLACE TRIGGER text_is_whole AFTER INSERT OR UPDATE ON partners_institution
    FOR EACH ROW WHEN (NOT aspire_is_whole(
        concat_ws(' ', NEW.name_ja, NEW.name_en, NEW.aliases)))
    EXECUTE FUNCTION rule_text_is_whole(
        'name_ja', 'name_en', 'aliases');

CREATE OR REPLACE TRIGGER text_is_whole AFTER INSERT OR UPDATE ON partners_initiative
    FOR EACH ROW WHEN (NOT aspire_is_whole(
        concat_ws(' ', NEW.acronym, NEW.name_ja, NEW.name_en)))
    EXECUTE FUNCTION rule_text_is_whole(
        'acronym', 'name_ja', 'name_en');
