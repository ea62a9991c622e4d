-- The counters of the pot are what the awards add up to, whatever anybody writes into them: no counter can be forged,
-- at no depth of triggers, and a stale copy that is saved does no harm. The row is locked before its trigger runs, so
-- the sum misses nobody's awards; an award's amounts hold the call first, and so does its slice.

CREATE OR REPLACE FUNCTION rule_call_taken_kept() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    SELECT coalesce(sum(a.awarded_direct_yen + a.awarded_indirect_yen), 0), count(*) INTO NEW.taken_yen, NEW.taken_count
      FROM proposals_award a JOIN proposals_proposal p ON p.id = a.proposal_id WHERE p.call_id = NEW.id;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER kept_on_update BEFORE UPDATE ON calls_call
    FOR EACH ROW WHEN ((OLD.taken_yen, OLD.taken_count) IS DISTINCT FROM (NEW.taken_yen, NEW.taken_count))
    EXECUTE FUNCTION rule_call_taken_kept();

CREATE OR REPLACE FUNCTION rule_pot_slice_kept() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE calls_call SET code = code WHERE id = NEW.call_id;
    SELECT coalesce(sum(n.direct_yen + n.indirect_yen), 0) INTO NEW.taken_yen
      FROM proposals_annualaward n
      JOIN proposals_award a ON a.id = n.award_id JOIN proposals_proposal p ON p.id = a.proposal_id
     WHERE p.call_id = NEW.call_id AND n.fiscal_year = NEW.fiscal_year;
    IF NEW.limit_yen >= 0 AND NEW.taken_yen > NEW.limit_yen THEN
        PERFORM aspire_refuse('call_awards_within_slice', jsonb_build_object(
            'call', (SELECT code FROM calls_call WHERE id = NEW.call_id), 'fiscal_year', NEW.fiscal_year,
            'value_yen', NEW.taken_yen, 'limit_yen', NEW.limit_yen, 'over_yen', NEW.taken_yen - NEW.limit_yen));
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER pot_slice_kept BEFORE INSERT OR UPDATE ON calls_potslice
    FOR EACH ROW EXECUTE FUNCTION rule_pot_slice_kept();
