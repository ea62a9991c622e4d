-- A funder outside the call's list, or not yet on it when the proposal was received, is no reason to refuse a proposal:
-- it is raised to be looked into, whatever door the proposal comes through, unless a reason stands with it.

CREATE OR REPLACE FUNCTION proposals_raise_ineligible(proposals bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO proposals_followup (proposal_id, code, "column", value, finding, raised_by_id, raised_at, comment)
    SELECT p.id, 'funder_not_eligible', '', f.code,
           '{"code": "funder_not_eligible", "row": null, "column": null, "header": null, "value": null, "tier": 2,
             "values": {}, "refusal": null}', NULL, now(), ''
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

CREATE OR REPLACE FUNCTION rule_funder_eligible_on_insert() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM proposals_raise_ineligible(ARRAY(SELECT id FROM new_rows));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER funder_eligible_on_insert AFTER INSERT ON proposals_proposal
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION rule_funder_eligible_on_insert();

CREATE OR REPLACE FUNCTION rule_funder_eligible_on_update() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM proposals_raise_ineligible(ARRAY[NEW.id]);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER funder_eligible_on_update AFTER UPDATE ON proposals_proposal
    FOR EACH ROW WHEN (
        OLD.primary_funder_id IS DISTINCT FROM NEW.primary_funder_id
        OR OLD.received_at IS DISTINCT FROM NEW.received_at
        OR OLD.funder_reason IS DISTINCT FROM NEW.funder_reason)
    EXECUTE FUNCTION rule_funder_eligible_on_update();
