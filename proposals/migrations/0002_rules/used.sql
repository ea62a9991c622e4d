-- What proposals and reviews rest on stays as they found it: terms, windows, fields and criteria of a call. Refuses a
-- change that some proposal or score stands on. A proposal holds its terms and its call FOR SHARE, and a score its
-- call, so neither is passed by one that comes at the same time.

CREATE OR REPLACE TRIGGER still_referred_to_by_proposals AFTER UPDATE OF id OR DELETE ON calls_call
    FOR EACH ROW EXECUTE FUNCTION rule_still_referred_to('proposals_proposal.call_id');
CREATE OR REPLACE TRIGGER still_referred_to_by_proposals AFTER UPDATE OF id OR DELETE ON calls_terms
    FOR EACH ROW EXECUTE FUNCTION rule_still_referred_to('proposals_proposal.terms_id');
CREATE OR REPLACE TRIGGER still_referred_to_by_scores AFTER UPDATE OF id OR DELETE ON calls_criterion
    FOR EACH ROW EXECUTE FUNCTION rule_still_referred_to('proposals_score.criterion_id');

CREATE OR REPLACE FUNCTION rule_terms_frozen_once_used() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM aspire_see_everything();
    IF EXISTS (SELECT FROM proposals_proposal WHERE terms_id = OLD.id) THEN
        PERFORM aspire_refuse('terms_frozen_once_used', jsonb_build_object(
            'call', (SELECT code FROM calls_call WHERE id = OLD.call_id)));
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER terms_frozen_once_used AFTER UPDATE ON calls_terms
    FOR EACH ROW WHEN (
        OLD.call_id IS DISTINCT FROM NEW.call_id
        OR OLD.annual_ceiling_yen IS DISTINCT FROM NEW.annual_ceiling_yen
        OR OLD.max_months IS DISTINCT FROM NEW.max_months
        OR OLD.indirect_included IS DISTINCT FROM NEW.indirect_included
        OR OLD.indirect_percent IS DISTINCT FROM NEW.indirect_percent)
    EXECUTE FUNCTION rule_terms_frozen_once_used();

CREATE OR REPLACE FUNCTION rule_call_window_covers_received() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    outside record;
BEGIN
    PERFORM aspire_see_everything();
    SELECT number, received_at INTO outside FROM proposals_proposal
     WHERE call_id = NEW.id
       AND (NEW.opens_at IS NULL
            OR aspire_is_blank(late_reason) AND (received_at < NEW.opens_at OR received_at > NEW.closes_at))
     ORDER BY received_at, number LIMIT 1;
    IF FOUND THEN
        PERFORM aspire_refuse('call_window_covers_received', jsonb_build_object(
            'proposal', outside.number, 'value_at', outside.received_at));
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER call_window_covers_received AFTER UPDATE ON calls_call
    FOR EACH ROW WHEN ((OLD.opens_at, OLD.closes_at) IS DISTINCT FROM (NEW.opens_at, NEW.closes_at))
    EXECUTE FUNCTION rule_call_window_covers_received();

CREATE OR REPLACE FUNCTION rule_call_fields_keep_proposals() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM aspire_see_everything();
    -- Rewriting the call waits for proposals that are just being received, and later ones for this.
    UPDATE calls_call SET code = code WHERE id = OLD.call_id;
    IF EXISTS (SELECT FROM proposals_proposal p WHERE p.call_id = OLD.call_id AND p.field_id = OLD.field_id)
       AND NOT EXISTS (SELECT FROM calls_callfield WHERE call_id = OLD.call_id AND field_id = OLD.field_id) THEN
        PERFORM aspire_refuse('call_fields_keep_proposals', jsonb_build_object(
            'call', (SELECT code FROM calls_call WHERE id = OLD.call_id),
            'field', (SELECT code FROM calls_field WHERE id = OLD.field_id)));
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER call_fields_keep_proposals AFTER UPDATE OR DELETE ON calls_callfield
    FOR EACH ROW EXECUTE FUNCTION rule_call_fields_keep_proposals();

CREATE OR REPLACE FUNCTION rule_criterion_frozen_once_used() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    of bigint[];
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.call_id, NEW.weight) = (OLD.call_id, OLD.weight) THEN
        RETURN NEW;
    END IF;
    of := ARRAY[CASE WHEN TG_OP <> 'INSERT' THEN OLD.call_id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.call_id END];
    -- A score holds its call, so none is given between this and the end of the transaction.
    PERFORM FROM calls_call WHERE id = ANY (of) ORDER BY id FOR UPDATE;
    IF EXISTS (SELECT FROM proposals_score s JOIN calls_criterion k ON k.id = s.criterion_id
                WHERE k.call_id = ANY (of)) THEN
        PERFORM aspire_refuse('criterion_frozen_once_used', jsonb_build_object(
            'call', (SELECT string_agg(code, ', ' ORDER BY code) FROM calls_call WHERE id = ANY (of))));
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE OR REPLACE TRIGGER criterion_frozen_once_used BEFORE INSERT OR UPDATE OR DELETE ON calls_criterion
    FOR EACH ROW EXECUTE FUNCTION rule_criterion_frozen_once_used();
