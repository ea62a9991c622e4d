-- What is no reason to refuse a proposal and is to be looked into is raised as a follow-up, whatever door it comes
-- through. What is open of a proposal already is not raised twice. Follow-ups are written only where there are any:
-- their history counts every statement.

CREATE OR REPLACE FUNCTION proposals_finding(code text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object('code', code, 'row', NULL, 'column', NULL, 'header', NULL, 'value', NULL, 'tier', 2,
                              'values', '{}'::jsonb, 'refusal', NULL);
$$;

CREATE OR REPLACE FUNCTION proposals_keep_raised(proposals bigint[], codes text[], said text[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF proposals IS NOT NULL THEN
        INSERT INTO proposals_followup (proposal_id, code, "column", value, finding, raised_at, comment)
        SELECT r.proposal, r.code, '', r.said, proposals_finding(r.code), now(), ''
          FROM unnest(proposals, codes, said) AS r (proposal, code, said)
        ON CONFLICT DO NOTHING;
    END IF;
END $$;

-- A funder outside the call's list, or not yet on it when the proposal was received, unless a reason stands with it;
-- and a missing institution. ``codes``: which of the two is asked about.
CREATE OR REPLACE FUNCTION proposals_raise(proposals bigint[], codes text[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    raised record;
BEGIN
    SELECT array_agg(p.id ORDER BY p.id) AS ids, array_agg(rule.code ORDER BY p.id) AS codes,
           array_agg(rule.value ORDER BY p.id) AS said INTO raised
      FROM proposals_proposal p JOIN partners_funder f ON f.id = p.primary_funder_id
     CROSS JOIN LATERAL (VALUES
            ('funder_not_eligible', CASE
                WHEN aspire_is_blank(p.funder_reason)
                 AND EXISTS (SELECT FROM calls_eligiblefunder e WHERE e.call_id = p.call_id)
                 AND NOT EXISTS (
                     SELECT FROM calls_eligiblefunder e
                      WHERE e.call_id = p.call_id AND e.funder_id = p.primary_funder_id
                        AND (e.eligible_from IS NULL
                             OR e.eligible_from <= (p.received_at AT TIME ZONE 'Asia/Tokyo')::date))
                THEN f.code END),
            ('institution_missing', CASE WHEN aspire_is_blank(p.institution) THEN '' END)
     ) AS rule (code, value)
     WHERE p.id = ANY (proposals) AND NOT p.is_reconstructed AND rule.code = ANY (codes)
       AND rule.value IS NOT NULL;
    PERFORM proposals_keep_raised(raised.ids, raised.codes, raised.said);
END $$;

CREATE OR REPLACE FUNCTION rule_raised_on_insert() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM proposals_raise(ARRAY(SELECT id FROM new_rows), ARRAY['funder_not_eligible', 'institution_missing']);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER raised_on_insert AFTER INSERT ON proposals_proposal
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION rule_raised_on_insert();

CREATE OR REPLACE FUNCTION rule_raised_on_update() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM proposals_raise(ARRAY[NEW.id], ARRAY[
        CASE WHEN (OLD.primary_funder_id, OLD.received_at, OLD.funder_reason)
                  IS DISTINCT FROM (NEW.primary_funder_id, NEW.received_at, NEW.funder_reason)
             THEN 'funder_not_eligible' END,
        CASE WHEN OLD.institution IS DISTINCT FROM NEW.institution THEN 'institution_missing' END]);
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
DECLARE
    raised record;
BEGIN
    SELECT array_agg(c.proposal_id ORDER BY c.id) AS ids, array_agg(rule.code ORDER BY c.id) AS codes,
           array_agg(rule.value ORDER BY c.id) AS said INTO raised
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
     WHERE c.id = ANY (counterparts) AND rule.value IS NOT NULL;
    PERFORM proposals_keep_raised(raised.ids, raised.codes, raised.said);
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
