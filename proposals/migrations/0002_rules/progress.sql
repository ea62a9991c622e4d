-- How far each proposal is: its reviewers, reviews, conflicts and mark, counted anew whenever one of them changes. What
-- a statement touches is counted under the lock of its row, so that nobody counts past another's change.

-- How far some proposals are; one that is not counted has come nowhere.
CREATE OR REPLACE FUNCTION proposals_progress_of(proposals bigint[])
RETURNS TABLE (proposal_id bigint, call_id bigint, reviewers bigint, reviews bigint, conflicts bigint, decision text)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN QUERY
    SELECT p.id, p.call_id, n.reviewers, n.reviews,
           CASE WHEN p.status IN ('ineligible', 'withdrawn') THEN 0 ELSE
               (SELECT count(*) FROM proposals_conflict c WHERE c.proposal_id = p.id AND c.finding = 'stands') END,
           CASE WHEN p.status IN ('ineligible', 'withdrawn') THEN '' ELSE
               coalesce((SELECT m.decision FROM proposals_mark m WHERE m.proposal_id = p.id), '') END::text
      FROM proposals_proposal p CROSS JOIN LATERAL
           (SELECT count(*) AS reviewers, count(*) FILTER (WHERE r.state = 'submitted') AS reviews
              FROM proposals_assignment s LEFT JOIN proposals_review r ON r.assignment_id = s.id
             WHERE s.proposal_id = p.id AND p.status NOT IN ('ineligible', 'withdrawn')
               AND s.declined_at IS NULL AND NOT EXISTS
                   (SELECT FROM proposals_conflict x WHERE x.proposal_id = s.proposal_id
                       AND x.person_id = s.reviewer_id AND x.finding = 'stands')) n
     WHERE p.id = ANY (proposals);
END $$;

-- Count them anew.
CREATE OR REPLACE FUNCTION proposals_count_progress(touched bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF touched = '{}' THEN
        RETURN;
    END IF;
    INSERT INTO proposals_proposalprogress (proposal_id, call_id, reviewers, reviews, conflicts, decision)
    SELECT id, call_id, 0, 0, 0, '' FROM proposals_proposal WHERE id = ANY (touched) ORDER BY id
        ON CONFLICT (proposal_id) DO NOTHING;
    PERFORM FROM proposals_proposalprogress WHERE proposal_id = ANY (touched) ORDER BY proposal_id FOR UPDATE;
    UPDATE proposals_proposalprogress g
       SET (reviewers, reviews, conflicts, decision) = (t.reviewers, t.reviews, t.conflicts, t.decision)
      FROM proposals_progress_of(touched) t
     WHERE t.proposal_id = g.proposal_id
       AND (g.reviewers, g.reviews, g.conflicts, g.decision) <> (t.reviewers, t.reviews, t.conflicts, t.decision);
END $$;

-- --- of assignments, conflicts and marks, which name their proposal --------------------------------------------------

CREATE OR REPLACE FUNCTION rule_progress_on_insert() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM proposals_count_progress(ARRAY(SELECT proposal_id FROM new_rows));
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION rule_progress_on_delete() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM proposals_count_progress(ARRAY(SELECT proposal_id FROM old_rows));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER progress_on_insert AFTER INSERT ON proposals_assignment REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_progress_on_insert();
CREATE OR REPLACE TRIGGER progress_on_delete AFTER DELETE ON proposals_assignment REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_progress_on_delete();
CREATE OR REPLACE TRIGGER progress_on_insert AFTER INSERT ON proposals_conflict REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_progress_on_insert();
CREATE OR REPLACE TRIGGER progress_on_delete AFTER DELETE ON proposals_conflict REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_progress_on_delete();
CREATE OR REPLACE TRIGGER progress_on_insert AFTER INSERT ON proposals_mark REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_progress_on_insert();
CREATE OR REPLACE TRIGGER progress_on_delete AFTER DELETE ON proposals_mark REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_progress_on_delete();

CREATE OR REPLACE FUNCTION rule_progress_on_assignment() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM proposals_count_progress(ARRAY(
        (SELECT proposal_id FROM (SELECT id, proposal_id, declined_at IS NULL FROM new_rows
                                  EXCEPT SELECT id, proposal_id, declined_at IS NULL FROM old_rows) AS became)
        UNION
        (SELECT proposal_id FROM (SELECT id, proposal_id, declined_at IS NULL FROM old_rows
                                  EXCEPT SELECT id, proposal_id, declined_at IS NULL FROM new_rows) AS was)));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER progress_on_update AFTER UPDATE ON proposals_assignment
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_progress_on_assignment();

CREATE OR REPLACE FUNCTION rule_progress_on_conflict() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM proposals_count_progress(ARRAY(
        (SELECT proposal_id FROM (SELECT id, proposal_id, person_id, finding FROM new_rows
                                  EXCEPT SELECT id, proposal_id, person_id, finding FROM old_rows) AS became)
        UNION
        (SELECT proposal_id FROM (SELECT id, proposal_id, person_id, finding FROM old_rows
                                  EXCEPT SELECT id, proposal_id, person_id, finding FROM new_rows) AS was)));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER progress_on_update AFTER UPDATE ON proposals_conflict
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_progress_on_conflict();

CREATE OR REPLACE FUNCTION rule_progress_on_mark() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM proposals_count_progress(ARRAY(
        (SELECT proposal_id FROM (SELECT id, proposal_id, decision FROM new_rows
                                  EXCEPT SELECT id, proposal_id, decision FROM old_rows) AS became)
        UNION
        (SELECT proposal_id FROM (SELECT id, proposal_id, decision FROM old_rows
                                  EXCEPT SELECT id, proposal_id, decision FROM new_rows) AS was)));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER progress_on_update AFTER UPDATE ON proposals_mark
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_progress_on_mark();

-- --- of reviews, by their assignment, and of the proposals themselves ------------------------------------------------

CREATE OR REPLACE FUNCTION rule_progress_on_review_insert() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    touched bigint[] := ARRAY(SELECT assignment_id FROM new_rows);
BEGIN
    PERFORM proposals_count_progress(ARRAY(SELECT proposal_id FROM proposals_assignment WHERE id = ANY (touched)));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER progress_on_insert AFTER INSERT ON proposals_review REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_progress_on_review_insert();

CREATE OR REPLACE FUNCTION rule_progress_on_review_update() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    touched bigint[] := ARRAY(SELECT assignment_id FROM (
        SELECT assignment_id, state FROM new_rows EXCEPT SELECT assignment_id, state FROM old_rows) AS became);
BEGIN
    PERFORM proposals_count_progress(ARRAY(SELECT proposal_id FROM proposals_assignment WHERE id = ANY (touched)));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER progress_on_update AFTER UPDATE ON proposals_review
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_progress_on_review_update();

CREATE OR REPLACE FUNCTION rule_progress_on_proposal() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM proposals_count_progress(ARRAY(SELECT id FROM (
        SELECT id, status IN ('ineligible', 'withdrawn') FROM new_rows
        EXCEPT SELECT id, status IN ('ineligible', 'withdrawn') FROM old_rows) AS became));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER progress_on_update AFTER UPDATE ON proposals_proposal
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_progress_on_proposal();
