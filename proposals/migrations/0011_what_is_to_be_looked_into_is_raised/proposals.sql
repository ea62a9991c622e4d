-- A proposal, the terms it is pinned to, its window, field and period, and the statuses it may take. Proposals are
-- judged once a statement, so that a COPY of thousands costs one query.

CREATE OR REPLACE TRIGGER still_referred_to AFTER UPDATE OF id OR DELETE ON proposals_proposal
    FOR EACH ROW EXECUTE FUNCTION rule_still_referred_to(
        'proposals_annualcost.proposal_id', 'proposals_award.proposal_id', 'proposals_mark.proposal_id',
        'proposals_assignment.proposal_id', 'proposals_conflict.proposal_id');

-- The last day of a period of so many months: the eve of the day that answers to the first; where that month has no
-- such day, its last day (Civil Code, art. 143).
CREATE OR REPLACE FUNCTION proposals_last_day(starts_on date, months integer) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT (starts_on + make_interval(months => months))::date
           - (extract(day FROM starts_on + make_interval(months => months)) = extract(day FROM starts_on))::integer;
$$;

-- Whether a released packet holds the proposal's mark, and an award stands behind it.
CREATE OR REPLACE FUNCTION proposals_is_released(proposal bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM proposals_mark m JOIN proposals_packet k ON k.id = m.packet_id
          JOIN proposals_award a ON a.proposal_id = m.proposal_id
         WHERE m.proposal_id = proposal AND m.decision = 'award' AND k.state = 'released');
END $$;

-- Refuse the first rule that some of the proposals break.
CREATE OR REPLACE FUNCTION proposals_judge(proposals bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    broken record;
BEGIN
    -- Terms and window cannot change under a proposal that is just being received.
    PERFORM FROM calls_terms WHERE id IN (SELECT terms_id FROM proposals_proposal WHERE id = ANY (proposals))
      ORDER BY id FOR SHARE;
    PERFORM FROM calls_call WHERE id IN (SELECT call_id FROM proposals_proposal WHERE id = ANY (proposals))
      ORDER BY id FOR SHARE;
    SELECT rule.name, rule.detail INTO broken
      FROM proposals_proposal n
      LEFT JOIN calls_call c ON c.id = n.call_id
      LEFT JOIN calls_terms t ON t.id = n.terms_id
      LEFT JOIN calls_call tc ON tc.id = t.call_id
      LEFT JOIN calls_field f ON f.id = n.field_id
     CROSS JOIN LATERAL (VALUES
        ('reference_exists', CASE WHEN c.id IS NULL OR t.id IS NULL OR f.id IS NULL
            THEN jsonb_build_object('proposal', n.number) END),
        ('proposal_terms_of_call', CASE WHEN t.call_id <> n.call_id
            THEN jsonb_build_object('terms_call', tc.code, 'call', c.code) END),
        ('proposal_call_has_window', CASE WHEN c.opens_at IS NULL OR c.closes_at IS NULL
            THEN jsonb_build_object('call', c.code) END),
        ('proposal_received_in_window', CASE
            WHEN aspire_is_blank(n.late_reason) AND n.received_at NOT BETWEEN c.opens_at AND c.closes_at
            THEN jsonb_build_object('call', c.code, 'value_at', n.received_at,
                                    'opens_at', c.opens_at, 'closes_at', c.closes_at) END),
        ('proposal_period_within_terms', CASE WHEN n.ends_on > proposals_last_day(n.starts_on, t.max_months)
            THEN jsonb_build_object('value_on', n.ends_on, 'limit', t.max_months,
                                    'limit_on', proposals_last_day(n.starts_on, t.max_months)) END),
        ('proposal_field_of_call', CASE
            WHEN EXISTS (SELECT FROM calls_callfield cf WHERE cf.call_id = n.call_id) AND NOT EXISTS
                 (SELECT FROM calls_callfield cf WHERE cf.call_id = n.call_id AND cf.field_id = n.field_id)
            THEN jsonb_build_object('field', f.code, 'call', c.code) END),
        ('proposal_awarded_by_release', CASE
            WHEN n.status = 'awarded' AND NOT n.is_reconstructed AND NOT proposals_is_released(n.id)
            THEN jsonb_build_object('proposal', n.number) END)
     ) AS rule (name, detail)
     WHERE n.id = ANY (proposals) AND rule.detail IS NOT NULL LIMIT 1;
    IF FOUND THEN
        PERFORM aspire_refuse(broken.name, broken.detail);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION rule_within_terms_on_insert() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM proposals_judge(ARRAY(SELECT id FROM new_rows));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER within_terms_on_insert AFTER INSERT ON proposals_proposal REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rule_within_terms_on_insert();

CREATE OR REPLACE FUNCTION rule_within_terms_on_update() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM proposals_judge(ARRAY[NEW.id]);
    IF OLD.is_reconstructed AND NOT NEW.is_reconstructed
       AND EXISTS (SELECT FROM proposals_award a WHERE a.proposal_id = NEW.id)
       AND NOT EXISTS (SELECT FROM proposals_mark m WHERE m.proposal_id = NEW.id AND m.decision = 'award') THEN
        PERFORM aspire_refuse('award_has_mark', jsonb_build_object('proposal', NEW.number));
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER within_terms_on_update AFTER UPDATE ON proposals_proposal
    FOR EACH ROW WHEN (
        OLD.call_id IS DISTINCT FROM NEW.call_id
        OR OLD.terms_id IS DISTINCT FROM NEW.terms_id
        OR OLD.field_id IS DISTINCT FROM NEW.field_id
        OR OLD.starts_on IS DISTINCT FROM NEW.starts_on
        OR OLD.ends_on IS DISTINCT FROM NEW.ends_on
        OR OLD.received_at IS DISTINCT FROM NEW.received_at
        OR OLD.late_reason IS DISTINCT FROM NEW.late_reason
        OR OLD.is_reconstructed IS DISTINCT FROM NEW.is_reconstructed)
    EXECUTE FUNCTION rule_within_terms_on_update();

CREATE OR REPLACE FUNCTION rule_proposal_terms_pinned() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.call_id = OLD.call_id
       AND NOT EXISTS (SELECT FROM calls_terms WHERE id = NEW.terms_id AND call_id = NEW.call_id) THEN
        PERFORM aspire_refuse('proposal_terms_of_call', jsonb_build_object(
            'terms_call', (SELECT c.code FROM calls_terms t JOIN calls_call c ON c.id = t.call_id
                            WHERE t.id = NEW.terms_id),
            'call', (SELECT code FROM calls_call WHERE id = NEW.call_id)));
    END IF;
    PERFORM aspire_refuse('proposal_terms_pinned');
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER proposal_terms_pinned AFTER UPDATE ON proposals_proposal
    FOR EACH ROW WHEN ((OLD.call_id, OLD.terms_id) IS DISTINCT FROM (NEW.call_id, NEW.terms_id))
    EXECUTE FUNCTION rule_proposal_terms_pinned();

-- Which statuses follow which: MOVES in proposals/record/status.py says the same to forms and files.
CREATE OR REPLACE FUNCTION rule_proposal_status_moves() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.status IN ('ineligible', 'withdrawn')
       AND EXISTS (SELECT FROM proposals_award WHERE proposal_id = NEW.id) THEN
        PERFORM aspire_refuse('proposal_awarded_stays', jsonb_build_object(
            'proposal', NEW.number, 'value', NEW.status));
    END IF;
    IF OLD.status = 'awarded' AND proposals_is_released(NEW.id) THEN
        PERFORM aspire_refuse('proposal_released_stays', jsonb_build_object('proposal', NEW.number));
    END IF;
    IF (OLD.status, NEW.status) NOT IN (
        ('received', 'in_review'), ('received', 'awarded'), ('received', 'declined'), ('received', 'ineligible'),
        ('received', 'withdrawn'),
        ('in_review', 'received'), ('in_review', 'awarded'), ('in_review', 'declined'), ('in_review', 'ineligible'),
        ('in_review', 'withdrawn'),
        ('awarded', 'in_review'), ('awarded', 'withdrawn'),
        ('declined', 'in_review'), ('declined', 'awarded'), ('declined', 'withdrawn'),
        ('ineligible', 'received'), ('ineligible', 'withdrawn'),
        ('withdrawn', 'received')) THEN
        PERFORM aspire_refuse('proposal_status_moves', jsonb_build_object('status', OLD.status, 'value', NEW.status));
    END IF;
    IF NEW.status = 'awarded' AND NOT NEW.is_reconstructed AND NOT proposals_is_released(NEW.id) THEN
        PERFORM aspire_refuse('proposal_awarded_by_release', jsonb_build_object('proposal', NEW.number));
    END IF;
    IF NEW.status IN ('ineligible', 'withdrawn') AND aspire_is_blank(NEW.set_aside_reason) THEN
        PERFORM aspire_refuse('proposal_set_aside_says_why', jsonb_build_object(
            'proposal', NEW.number, 'value', NEW.status));
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER proposal_status_moves AFTER UPDATE ON proposals_proposal
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION rule_proposal_status_moves();

-- The day of an award is that of its release, unless somebody stated another; what is undone has none.
CREATE OR REPLACE FUNCTION rule_released_award_has_its_day() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE proposals_award SET awarded_on = CASE WHEN NEW.status = 'awarded' THEN
        (SELECT (k.decided_at AT TIME ZONE 'Asia/Tokyo')::date FROM proposals_mark m
           JOIN proposals_packet k ON k.id = m.packet_id WHERE m.proposal_id = NEW.id) END
     WHERE proposal_id = NEW.id AND (awarded_on IS NULL) = (NEW.status = 'awarded');
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER released_award_has_its_day AFTER UPDATE ON proposals_proposal
    FOR EACH ROW WHEN (OLD.status <> NEW.status AND 'awarded' IN (OLD.status, NEW.status) AND NOT NEW.is_reconstructed)
    EXECUTE FUNCTION rule_released_award_has_its_day();

-- Nobody releases what was published years ago: there, an award is enough. Deferred, since it comes after its proposal.
CREATE OR REPLACE FUNCTION rule_reconstructed_has_award() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT FROM proposals_proposal p
                WHERE p.id = NEW.id AND p.status = 'awarded' AND p.is_reconstructed
                  AND NOT EXISTS (SELECT FROM proposals_award a WHERE a.proposal_id = p.id)) THEN
        PERFORM aspire_refuse('proposal_reconstructed_has_award', jsonb_build_object('proposal', NEW.number));
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS reconstructed_has_award ON proposals_proposal;
CREATE CONSTRAINT TRIGGER reconstructed_has_award AFTER INSERT OR UPDATE ON proposals_proposal
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.is_reconstructed AND NEW.status = 'awarded')
    EXECUTE FUNCTION rule_reconstructed_has_award();
