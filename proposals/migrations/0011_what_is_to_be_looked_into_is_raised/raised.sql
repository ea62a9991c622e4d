-- What is no reason to refuse a proposal and is to be looked into is raised as a follow-up, whatever door it comes
-- through. What is open of a proposal already is not raised twice.

CREATE OR REPLACE FUNCTION proposals_finding(code text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object('code', code, 'row', NULL, 'column', NULL, 'header', NULL, 'value', NULL, 'tier', 2,
                              'values', '{}'::jsonb, 'refusal', NULL);
$$;

-- A funder outside the call's list, or not yet on it when the proposal was received, unless a reason stands with it.
CREATE OR REPLACE FUNCTION proposals_raise_ineligible(proposals bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO proposals_followup (proposal_id, code, "column", value, finding, raised_at, comment)
    SELECT p.id, 'funder_not_eligible', '', f.code, proposals_finding('funder_not_eligible'), now(), ''
      FROM proposals_proposal p JOIN partners_funder f ON f.id = p.primary_funder_id
     WHERE p.id = ANY (proposals) AND NOT p.is_reconstructed AND aspire_is_blank(p.funder_reason)
       AND EXISTS (SELECT FROM calls_eligiblefunder e WHERE e.call_id = p.call_id)
       AND NOT EXISTS (
           SELECT FROM calls_eligiblefunder e
            WHERE e.call_id = p.call_id AND e.funder_id = p.primary_funder_id
              AND (e.eligible_from IS NULL OR e.eligible_from <= (p.received_at AT TIME ZONE 'Asia/Tokyo')::date))
     ORDER BY p.id
    ON CONFLICT DO NOTHING;
END $$;

CREATE OR REPLACE FUNCTION proposals_raise_without_institution(proposals bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO proposals_followup (proposal_id, code, "column", value, finding, raised_at, comment)
    SELECT p.id, 'institution_missing', '', '', proposals_finding('institution_missing'), now(), ''
      FROM proposals_proposal p
     WHERE p.id = ANY (proposals) AND NOT p.is_reconstructed AND aspire_is_blank(p.institution)
     ORDER BY p.id
    ON CONFLICT DO NOTHING;
END $$;

CREATE OR REPLACE FUNCTION rule_raised_on_insert() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM proposals_raise_ineligible(ARRAY(SELECT id FROM new_rows));
    PERFORM proposals_raise_without_institution(ARRAY(SELECT id FROM new_rows));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER raised_on_insert AFTER INSERT ON proposals_proposal
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION rule_raised_on_insert();

CREATE OR REPLACE FUNCTION rule_raised_on_update() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF (OLD.primary_funder_id, OLD.received_at, OLD.funder_reason)
       IS DISTINCT FROM (NEW.primary_funder_id, NEW.received_at, NEW.funder_reason) THEN
        PERFORM proposals_raise_ineligible(ARRAY[NEW.id]);
    END IF;
    IF OLD.institution IS DISTINCT FROM NEW.institution THEN
        PERFORM proposals_raise_without_institution(ARRAY[NEW.id]);
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER raised_on_update AFTER UPDATE ON proposals_proposal
    FOR EACH ROW WHEN (
        OLD.primary_funder_id IS DISTINCT FROM NEW.primary_funder_id
        OR OLD.received_at IS DISTINCT FROM NEW.received_at
        OR OLD.funder_reason IS DISTINCT FROM NEW.funder_reason
        OR OLD.institution IS DISTINCT FROM NEW.institution)
    EXECUTE FUNCTION rule_raised_on_update();

-- The counterpart who stands first under another funder than the proposal; a grant that is only applied for.
CREATE OR REPLACE FUNCTION proposals_raise_of_counterparts(counterparts bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO proposals_followup (proposal_id, code, "column", value, finding, raised_at, comment)
    SELECT DISTINCT ON (c.proposal_id, rule.code) c.proposal_id, rule.code, '', rule.value,
           proposals_finding(rule.code), now(), ''
      FROM proposals_counterpart c
      JOIN proposals_proposal p ON p.id = c.proposal_id
      LEFT JOIN partners_funder f ON f.id = c.funder_id
     CROSS JOIN LATERAL (VALUES
        ('counterpart_funder_differs', CASE
            WHEN c.funder_id <> p.primary_funder_id
             AND c.id = (SELECT min(id) FROM proposals_counterpart o WHERE o.proposal_id = c.proposal_id)
            THEN f.code END),
        ('grant_pending', CASE WHEN c.grant_state = 'pending' THEN c.person END)
     ) AS rule (code, value)
     WHERE c.id = ANY (counterparts) AND rule.value IS NOT NULL
     ORDER BY c.proposal_id, rule.code, c.id
    ON CONFLICT DO NOTHING;
END $$;

CREATE OR REPLACE FUNCTION rule_counterpart_raised_on_insert() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM proposals_raise_of_counterparts(ARRAY(SELECT id FROM new_rows));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER raised_on_insert AFTER INSERT ON proposals_counterpart
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION rule_counterpart_raised_on_insert();

CREATE OR REPLACE FUNCTION rule_counterpart_raised_on_update() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM proposals_raise_of_counterparts(ARRAY[NEW.id]);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER raised_on_update AFTER UPDATE ON proposals_counterpart
    FOR EACH ROW WHEN (OLD.funder_id IS DISTINCT FROM NEW.funder_id OR OLD.grant_state IS DISTINCT FROM NEW.grant_state)
    EXECUTE FUNCTION rule_counterpart_raised_on_update();
