-- The pot of a call and its slices by fiscal year: never less than what is given from them, never below nothing.

-- Whoever writes what takes from a pot queues at one desk before holding anything; then come the proposals, the call
-- and the rest, in that order. So nobody who marks, releases, imports or moves a pot waits for another in a circle.
-- One writer at a time, from the first statement to the end of its transaction.
CREATE OR REPLACE FUNCTION calls_queue_at_the_award_desk() RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(20240401);
END $$;
CREATE OR REPLACE FUNCTION rule_one_at_the_award_desk() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM calls_queue_at_the_award_desk();
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER one_at_the_award_desk BEFORE UPDATE OF pot_yen, max_awards, progress ON calls_call
    FOR EACH STATEMENT EXECUTE FUNCTION rule_one_at_the_award_desk();
CREATE OR REPLACE TRIGGER one_at_the_award_desk BEFORE INSERT OR UPDATE OR DELETE ON calls_potslice
    FOR EACH STATEMENT EXECUTE FUNCTION rule_one_at_the_award_desk();

-- What is taken is counted, never stated: a new call begins with nothing.
CREATE OR REPLACE FUNCTION rule_call_begins_untaken() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW.taken_yen := 0;
    NEW.taken_count := 0;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER kept_on_insert BEFORE INSERT ON calls_call
    FOR EACH ROW WHEN (NEW.taken_yen <> 0 OR NEW.taken_count <> 0) EXECUTE FUNCTION rule_call_begins_untaken();

-- Otherwise a negative limit would be refused for being less than what is awarded.
CREATE OR REPLACE FUNCTION rule_call_limits_not_negative() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.pot_yen < 0 THEN
        PERFORM aspire_refuse('call_pot_not_negative');
    END IF;
    PERFORM aspire_refuse('value_not_negative');
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER call_limits_not_negative BEFORE INSERT OR UPDATE ON calls_call
    FOR EACH ROW WHEN (NEW.pot_yen < 0 OR NEW.max_awards < 0) EXECUTE FUNCTION rule_call_limits_not_negative();

-- The checks on the row say the same; this one comes first and knows the values its sentence needs.
CREATE OR REPLACE FUNCTION rule_call_awards_fit() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.pot_yen >= 0 AND OLD.taken_yen > NEW.pot_yen THEN
        PERFORM aspire_refuse('call_awards_within_pot', jsonb_build_object(
            'call', NEW.code, 'value_yen', OLD.taken_yen, 'limit_yen', NEW.pot_yen,
            'over_yen', OLD.taken_yen - NEW.pot_yen));
    END IF;
    IF NEW.max_awards >= 0 AND OLD.taken_count > NEW.max_awards THEN
        PERFORM aspire_refuse('call_awards_within_number', jsonb_build_object(
            'call', NEW.code, 'value', OLD.taken_count, 'limit', NEW.max_awards));
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER call_awards_fit BEFORE UPDATE ON calls_call
    FOR EACH ROW WHEN ((OLD.pot_yen, OLD.max_awards) IS DISTINCT FROM (NEW.pot_yen, NEW.max_awards))
    EXECUTE FUNCTION rule_call_awards_fit();
