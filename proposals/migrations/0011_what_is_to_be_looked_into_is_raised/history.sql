-- Proposals and all that is judged, decided and said of them have a history.

SELECT aspire_track('proposals_proposal', 'proposals_proposalevent');
SELECT aspire_track('proposals_annualcost', 'proposals_annualcostevent');
SELECT aspire_track('proposals_counterpart', 'proposals_counterpartevent');
SELECT aspire_track('proposals_award', 'proposals_awardevent');
SELECT aspire_track('proposals_annualaward', 'proposals_annualawardevent');
SELECT aspire_track('proposals_assignment', 'proposals_assignmentevent');
SELECT aspire_track('proposals_conflict', 'proposals_conflictevent');
SELECT aspire_track('proposals_review', 'proposals_reviewevent');
SELECT aspire_track('proposals_score', 'proposals_scoreevent');
SELECT aspire_track('proposals_mark', 'proposals_markevent');
SELECT aspire_track('proposals_packet', 'proposals_packetevent');
SELECT aspire_track('proposals_packetstep', 'proposals_packetstepevent');
SELECT aspire_track('proposals_briefing', 'proposals_briefingevent');
SELECT aspire_track('proposals_savedview', 'proposals_savedviewevent');
SELECT aspire_track('proposals_reviewer', 'proposals_reviewerevent');
SELECT aspire_track('proposals_reviewer_fields', 'proposals_reviewerfieldevent');
SELECT aspire_track('proposals_coinvestigator', 'proposals_coinvestigatorevent');
SELECT aspire_track('proposals_document', 'proposals_documentevent');
SELECT aspire_track('proposals_followup', 'proposals_followupevent');
CREATE OR REPLACE TRIGGER rows_never_truncated BEFORE TRUNCATE ON proposals_tallyline
    FOR EACH STATEMENT EXECUTE FUNCTION rule_never_truncated();
CREATE OR REPLACE TRIGGER rows_never_truncated BEFORE TRUNCATE ON proposals_intakeline
    FOR EACH STATEMENT EXECUTE FUNCTION rule_never_truncated();
CREATE OR REPLACE TRIGGER rows_never_truncated BEFORE TRUNCATE ON proposals_outlayline
    FOR EACH STATEMENT EXECUTE FUNCTION rule_never_truncated();
CREATE OR REPLACE TRIGGER rows_never_truncated BEFORE TRUNCATE ON proposals_proposalprogress
    FOR EACH STATEMENT EXECUTE FUNCTION rule_never_truncated();
CREATE OR REPLACE TRIGGER rows_never_truncated BEFORE TRUNCATE ON proposals_paceline
    FOR EACH STATEMENT EXECUTE FUNCTION rule_never_truncated();
