-- Awards: of proposals that count and are marked, no more than the call's number, settled once submitted or released.
-- Totals are kept from the amounts, whatever anybody writes into them.

CREATE OR REPLACE TRIGGER one_at_the_award_desk BEFORE INSERT OR UPDATE OR DELETE ON proposals_award
    FOR EACH STATEMENT EXECUTE FUNCTION rule_one_at_the_award_desk();
CREATE OR REPLACE TRIGGER still_referred_to AFTER UPDATE OF id OR DELETE ON proposals_award
    FOR EACH ROW EXECUTE FUNCTION rule_still_referred_to('proposals_annualaward.award_id');

CREATE OR REPLACE FUNCTION rule_award_totals_kept() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    SELECT coalesce(sum(direct_yen), 0), coalesce(sum(indirect_yen), 0)
      INTO NEW.awarded_direct_yen, NEW.awarded_indirect_yen
      FROM proposals_annualaward WHERE award_id = NEW.id;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER kept_on_update BEFORE UPDATE ON proposals_award
    FOR EACH ROW WHEN ((OLD.awarded_direct_yen, OLD.awarded_indirect_yen)
                       IS DISTINCT FROM (NEW.awarded_direct_yen, NEW.awarded_indirect_yen))
    EXECUTE FUNCTION rule_award_totals_kept();

CREATE OR REPLACE FUNCTION rule_award_begins_without_yen() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW.awarded_direct_yen := 0;
    NEW.awarded_indirect_yen := 0;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER kept_on_insert BEFORE INSERT ON proposals_award
    FOR EACH ROW WHEN (NEW.awarded_direct_yen <> 0 OR NEW.awarded_indirect_yen <> 0)
    EXECUTE FUNCTION rule_award_begins_without_yen();

CREATE OR REPLACE FUNCTION rule_award_on_insert() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    awards bigint[] := ARRAY(SELECT id FROM new_rows);
    proposals bigint[] := ARRAY(SELECT proposal_id FROM new_rows);
    calls bigint[];
    broken record;
BEGIN
    -- Rewriting the proposal: it cannot be withdrawn meanwhile, nor by somebody with an older snapshot.
    UPDATE proposals_proposal SET status = status WHERE id = ANY (proposals);
    calls := ARRAY(SELECT DISTINCT call_id FROM proposals_proposal WHERE id = ANY (proposals));
    PERFORM FROM calls_call WHERE id = ANY (calls) ORDER BY id FOR NO KEY UPDATE;
    SELECT rule.name, rule.detail INTO broken
      FROM proposals_award n LEFT JOIN proposals_proposal p ON p.id = n.proposal_id
     CROSS JOIN LATERAL (VALUES
        ('reference_exists', CASE WHEN p.id IS NULL THEN jsonb_build_object('proposal', n.proposal_id) END),
        ('award_of_eligible_proposal', CASE WHEN p.status IN ('ineligible', 'withdrawn')
            THEN jsonb_build_object('proposal', p.number, 'status', p.status) END),
        ('award_in_packet', CASE WHEN proposals_is_settled(p) THEN jsonb_build_object('proposal', p.number) END),
        ('award_has_mark', CASE WHEN NOT p.is_reconstructed AND NOT EXISTS
                (SELECT FROM proposals_mark m WHERE m.proposal_id = p.id AND m.decision = 'award')
            THEN jsonb_build_object('proposal', p.number) END)
     ) AS rule (name, detail)
     WHERE n.id = ANY (awards) AND rule.detail IS NOT NULL LIMIT 1;
    IF FOUND THEN
        PERFORM aspire_refuse(broken.name, broken.detail);
    END IF;
    SELECT c.code, c.max_awards, c.taken_count + s.awards AS taken_count INTO broken
      FROM (SELECT call_id, count(*)::integer AS awards FROM proposals_proposal WHERE id = ANY (proposals) GROUP BY 1) s
      JOIN calls_call c ON c.id = s.call_id
     WHERE c.taken_count + s.awards > c.max_awards LIMIT 1;
    IF FOUND THEN
        PERFORM aspire_refuse('call_awards_within_number', jsonb_build_object(
            'call', broken.code, 'value', broken.taken_count, 'limit', broken.max_awards));
    END IF;
    UPDATE calls_call c SET taken_count = c.taken_count + s.awards
      FROM (SELECT call_id, count(*)::integer AS awards FROM proposals_proposal WHERE id = ANY (proposals) GROUP BY 1) s
     WHERE c.id = s.call_id;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER award_on_insert AFTER INSERT ON proposals_award REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_award_on_insert();

CREATE OR REPLACE FUNCTION rule_award_on_delete() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    proposals bigint[] := ARRAY(SELECT proposal_id FROM old_rows);
    calls bigint[] := ARRAY(SELECT DISTINCT call_id FROM proposals_proposal WHERE id = ANY (proposals));
    broken record;
BEGIN
    PERFORM FROM calls_call WHERE id = ANY (calls) ORDER BY id FOR NO KEY UPDATE;
    SELECT p.number INTO broken FROM proposals_proposal p
     WHERE p.id = ANY (proposals)
       AND (p.status = 'awarded'
            OR EXISTS (SELECT FROM proposals_mark m WHERE m.proposal_id = p.id AND m.packet_id IS NOT NULL)) LIMIT 1;
    IF FOUND THEN
        PERFORM aspire_refuse('award_released_stays', jsonb_build_object('proposal', broken.number));
    END IF;
    UPDATE calls_call c SET taken_count = c.taken_count - s.awards
      FROM (SELECT call_id, count(*)::integer AS awards FROM proposals_proposal WHERE id = ANY (proposals) GROUP BY 1) s
     WHERE c.id = s.call_id;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER award_on_delete AFTER DELETE ON proposals_award REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_award_on_delete();

CREATE OR REPLACE FUNCTION rule_award_keeps_proposal() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM aspire_refuse('award_keeps_proposal');
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER award_keeps_proposal BEFORE UPDATE ON proposals_award
    FOR EACH ROW WHEN (OLD.proposal_id IS DISTINCT FROM NEW.proposal_id) EXECUTE FUNCTION rule_award_keeps_proposal();

-- A day that is out stays; the note stays with the rest of a settled award.
CREATE OR REPLACE FUNCTION rule_award_keeps_day_and_note() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    of proposals_proposal;
BEGIN
    SELECT * INTO of FROM proposals_proposal WHERE id = NEW.proposal_id;
    IF NEW.note <> OLD.note AND proposals_is_settled(of)
       OR NOT of.is_reconstructed AND of.status = 'awarded'
          AND OLD.awarded_on IS NOT NULL AND NEW.awarded_on IS DISTINCT FROM OLD.awarded_on THEN
        PERFORM aspire_refuse('award_in_packet', jsonb_build_object('proposal', of.number));
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER award_keeps_day_and_note AFTER UPDATE ON proposals_award
    FOR EACH ROW WHEN ((OLD.awarded_on, OLD.note) IS DISTINCT FROM (NEW.awarded_on, NEW.note))
    EXECUTE FUNCTION rule_award_keeps_day_and_note();
