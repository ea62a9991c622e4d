-- What a programme's calls may never exceed: yen a fiscal year, and months. Refuses limits changed by anybody but an
-- administrator or without a reason, limits under terms that stand, and terms over the limits. Limits and terms cannot
-- pass each other: whoever writes terms holds the call and the programme to the end of the transaction.

-- What is stated beside the limits belongs to their last change: a stale copy that is saved changes none of it.
CREATE OR REPLACE FUNCTION rule_programme_limits_stated() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.limit_annual_yen, NEW.limit_months)
                            IS NOT DISTINCT FROM (OLD.limit_annual_yen, OLD.limit_months) THEN
        NEW.limits_reason := OLD.limits_reason;
        NEW.limits_changed_by_id := OLD.limits_changed_by_id;
        NEW.limits_changed_at := OLD.limits_changed_at;
    ELSIF TG_OP = 'UPDATE' OR NEW.limit_annual_yen IS NOT NULL THEN
        NEW.limits_changed_at := statement_timestamp();
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER programme_limits_stated BEFORE INSERT OR UPDATE ON calls_programme
    FOR EACH ROW EXECUTE FUNCTION rule_programme_limits_stated();

CREATE OR REPLACE FUNCTION rule_programme_limits_changed() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    above record;
BEGIN
    PERFORM aspire_see_everything();
    IF NOT aspire_holds(NEW.limits_changed_by_id, 'administrator') THEN
        PERFORM aspire_refuse('programme_limits_by_administrator');
    END IF;
    IF aspire_is_blank(NEW.limits_reason) OR NEW.limits_reason = OLD.limits_reason THEN
        PERFORM aspire_refuse('programme_limits_have_reason');
    END IF;
    SELECT c.code, t.annual_ceiling_yen, t.max_months INTO above
      FROM calls_terms t JOIN calls_call c ON c.id = t.call_id
     WHERE c.programme_id = NEW.id
       AND (NEW.limit_annual_yen IS NULL
            OR t.annual_ceiling_yen > NEW.limit_annual_yen OR t.max_months > NEW.limit_months)
     ORDER BY c.code, t.id LIMIT 1;
    IF FOUND THEN
        PERFORM aspire_refuse('programme_limits_cover_terms', jsonb_build_object(
            'call', above.code, 'value_yen', above.annual_ceiling_yen, 'months', above.max_months,
            'limit_yen', NEW.limit_annual_yen, 'limit', NEW.limit_months));
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER programme_limits_changed AFTER UPDATE ON calls_programme
    FOR EACH ROW WHEN ((OLD.limit_annual_yen, OLD.limit_months)
                       IS DISTINCT FROM (NEW.limit_annual_yen, NEW.limit_months))
    EXECUTE FUNCTION rule_programme_limits_changed();

-- Refuse the first of some terms that their programme does not allow.
CREATE OR REPLACE FUNCTION calls_judge_terms(terms bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    above record;
BEGIN
    PERFORM aspire_see_everything();
    -- Neither the call's programme nor the programme's limits move between this and the end of the transaction.
    PERFORM FROM calls_call c WHERE c.id IN (SELECT t.call_id FROM calls_terms t WHERE t.id = ANY (terms))
      ORDER BY c.id FOR SHARE;
    PERFORM FROM calls_programme p WHERE p.id IN
        (SELECT c.programme_id FROM calls_terms t JOIN calls_call c ON c.id = t.call_id WHERE t.id = ANY (terms))
      ORDER BY p.id FOR SHARE;
    SELECT p.code, p.limit_annual_yen, p.limit_months, t.annual_ceiling_yen, t.max_months INTO above
      FROM calls_terms t JOIN calls_call c ON c.id = t.call_id JOIN calls_programme p ON p.id = c.programme_id
     WHERE t.id = ANY (terms)
       AND (p.limit_annual_yen IS NULL OR t.annual_ceiling_yen > p.limit_annual_yen OR t.max_months > p.limit_months)
     ORDER BY t.id LIMIT 1;
    IF FOUND AND above.limit_annual_yen IS NULL THEN
        PERFORM aspire_refuse('programme_states_limits', jsonb_build_object('programme', above.code));
    ELSIF FOUND THEN
        PERFORM aspire_refuse('terms_within_programme', jsonb_build_object(
            'programme', above.code, 'value_yen', above.annual_ceiling_yen, 'months', above.max_months,
            'limit_yen', above.limit_annual_yen, 'limit', above.limit_months));
    END IF;
END $$;

CREATE OR REPLACE FUNCTION rule_terms_within_programme() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM calls_judge_terms(ARRAY[NEW.id]);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER terms_within_programme
    AFTER INSERT OR UPDATE OF call_id, annual_ceiling_yen, max_months ON calls_terms
    FOR EACH ROW EXECUTE FUNCTION rule_terms_within_programme();

CREATE OR REPLACE FUNCTION rule_call_within_programme() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM calls_judge_terms(ARRAY(SELECT id FROM calls_terms WHERE call_id = NEW.id));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER call_within_programme AFTER UPDATE ON calls_call
    FOR EACH ROW WHEN (OLD.programme_id IS DISTINCT FROM NEW.programme_id)
    EXECUTE FUNCTION rule_call_within_programme();

CREATE OR REPLACE TRIGGER still_referred_to AFTER UPDATE OF id OR DELETE ON calls_call
    FOR EACH ROW EXECUTE FUNCTION rule_still_referred_to('calls_terms.call_id');
