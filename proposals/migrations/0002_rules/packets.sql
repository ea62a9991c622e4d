-- Packets of marks: submitted by the office, sent back, released or undone by a manager who is a second person and has
-- no conflict of interest; each act leaves its step. Every act holds the call's row first.

CREATE OR REPLACE TRIGGER one_at_the_award_desk BEFORE INSERT OR UPDATE OR DELETE ON proposals_packet
    FOR EACH STATEMENT EXECUTE FUNCTION rule_one_at_the_award_desk();

-- Whether a conflict of interest stands between a person and a proposal whose mark is in the packet.
CREATE OR REPLACE FUNCTION proposals_in_conflict_with_packet(person bigint, packet bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN EXISTS (SELECT FROM proposals_mark m JOIN proposals_conflict x ON x.proposal_id = m.proposal_id
                    WHERE m.packet_id = packet AND x.person_id = person AND x.finding = 'stands');
END $$;

-- Whether a person set a mark of the packet at any time since its proposal was last unmarked. The mark's own history
-- says so: a mark that is taken back and set again is another row, with a history of its own.
CREATE OR REPLACE FUNCTION proposals_had_a_hand(person bigint, packet bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN EXISTS (SELECT FROM proposals_mark m JOIN proposals_markevent h ON h.pgh_obj_id = m.id
                    WHERE m.packet_id = packet AND h.marked_by_id = person);
END $$;

-- The clock is the server's. Synthetic calls alone, marked as such on every page, were decided on days of their own.
CREATE OR REPLACE FUNCTION rule_packet_moment() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM calls_call WHERE id = NEW.call_id AND is_synthetic) THEN
        IF TG_OP = 'INSERT' THEN
            NEW.submitted_at := statement_timestamp();
        ELSIF OLD.state = 'submitted' AND NEW.state <> 'submitted' THEN
            NEW.decided_at := statement_timestamp();
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER packet_moment BEFORE INSERT OR UPDATE ON proposals_packet
    FOR EACH ROW EXECUTE FUNCTION rule_packet_moment();

CREATE OR REPLACE FUNCTION rule_packet_begins_submitted() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM aspire_refuse('packet_moves');
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER packet_begins_submitted AFTER INSERT ON proposals_packet
    FOR EACH ROW WHEN (NEW.state <> 'submitted' OR NEW.decided_by_id IS NOT NULL)
    EXECUTE FUNCTION rule_packet_begins_submitted();

CREATE OR REPLACE FUNCTION rule_packet_submitted() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE calls_call SET code = code WHERE id = NEW.call_id;
    PERFORM proposals_refuse_undecided(NEW.call_id);
    IF NOT aspire_holds(NEW.submitted_by_id, 'administrator', 'officer') THEN
        PERFORM aspire_refuse('packet_submitted_by_office');
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER packet_submitted AFTER INSERT ON proposals_packet
    FOR EACH ROW EXECUTE FUNCTION rule_packet_submitted();

-- Which states follow which: PACKET_MOVES in proposals/record/status.py says the same to the desk.
CREATE OR REPLACE FUNCTION rule_packet_moves() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE calls_call SET code = code WHERE id = NEW.call_id;
    IF (NEW.call_id, NEW.submitted_by_id, NEW.submitted_at) <> (OLD.call_id, OLD.submitted_by_id, OLD.submitted_at)
       OR (OLD.state <> 'submitted' OR NEW.state = 'submitted')
          AND (OLD.decided_by_id, OLD.decided_at) IS DISTINCT FROM (NEW.decided_by_id, NEW.decided_at)
       OR OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
           ('submitted', 'sent_back'), ('submitted', 'released'), ('released', 'undone')) THEN
        PERFORM aspire_refuse('packet_moves');
    END IF;
    IF OLD.state = 'submitted' AND NEW.state = 'sent_back' THEN
        IF NOT aspire_holds(NEW.decided_by_id, 'manager') THEN
            PERFORM aspire_refuse('packet_decided_by_manager');
        END IF;
        IF proposals_in_conflict_with_packet(NEW.decided_by_id, NEW.id) THEN
            PERFORM aspire_refuse('packet_without_conflict');
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER packet_moves AFTER UPDATE ON proposals_packet
    FOR EACH ROW EXECUTE FUNCTION rule_packet_moves();

-- Whoever submitted or marked, and lately let the releaser be who they are, is no second person to them.
CREATE OR REPLACE FUNCTION rule_packet_released() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    odd record;
BEGIN
    IF NEW.decided_by_id IS NULL OR NEW.decided_by_id = NEW.submitted_by_id
       OR proposals_had_a_hand(NEW.decided_by_id, NEW.id) THEN
        PERFORM aspire_refuse('release_by_second_person');
    END IF;
    IF NOT aspire_holds(NEW.decided_by_id, 'manager') THEN
        PERFORM aspire_refuse('packet_decided_by_manager');
    END IF;
    SELECT u.username, u.last_name, u.first_name INTO odd FROM auth_user u
     WHERE u.id = ANY (aspire_entrusted_by(NEW.decided_by_id))
       AND (u.id = NEW.submitted_by_id OR proposals_had_a_hand(u.id, NEW.id))
     ORDER BY u.id LIMIT 1;
    IF FOUND THEN
        PERFORM aspire_refuse('release_by_independent_person', jsonb_build_object(
            'who', coalesce(nullif(btrim(odd.last_name || ' ' || odd.first_name), ''), odd.username)));
    END IF;
    SELECT p.number, proposals_in_conflict(NEW.decided_by_id, p.id) AS of_releaser INTO odd
      FROM proposals_mark m JOIN proposals_proposal p ON p.id = m.proposal_id
     WHERE m.packet_id = NEW.id
       AND (proposals_in_conflict(NEW.decided_by_id, p.id) OR proposals_in_conflict(m.marked_by_id, p.id))
     ORDER BY p.number LIMIT 1;
    IF FOUND AND odd.of_releaser THEN
        PERFORM aspire_refuse('release_without_conflict');
    ELSIF FOUND THEN
        PERFORM aspire_refuse('mark_without_conflict', jsonb_build_object('proposal', odd.number));
    END IF;
    SELECT p.number, p.status INTO odd FROM proposals_mark m JOIN proposals_proposal p ON p.id = m.proposal_id
     WHERE m.packet_id = NEW.id AND p.status IN ('ineligible', 'withdrawn') ORDER BY p.number LIMIT 1;
    IF FOUND THEN
        PERFORM aspire_refuse('award_of_eligible_proposal', jsonb_build_object(
            'proposal', odd.number, 'status', odd.status));
    END IF;
    SELECT p.number INTO odd FROM proposals_mark m JOIN proposals_proposal p ON p.id = m.proposal_id
     WHERE m.packet_id = NEW.id AND m.decision = 'award'
       AND NOT EXISTS (SELECT FROM proposals_award a WHERE a.proposal_id = p.id) ORDER BY p.number LIMIT 1;
    IF FOUND THEN
        PERFORM aspire_refuse('award_has_amounts', jsonb_build_object('proposal', odd.number));
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER packet_released AFTER UPDATE ON proposals_packet
    FOR EACH ROW WHEN (NEW.state = 'released' AND OLD.state <> 'released') EXECUTE FUNCTION rule_packet_released();

CREATE OR REPLACE FUNCTION rule_packet_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM aspire_refuse('packet_stays');
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER packet_stays BEFORE DELETE ON proposals_packet
    FOR EACH ROW EXECUTE FUNCTION rule_packet_stays();

-- Deferred: the packet moves first, then its step is written.
CREATE OR REPLACE FUNCTION rule_packet_has_step() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM proposals_packetstep s WHERE s.packet_id = NEW.id AND s.state = NEW.state) THEN
        PERFORM aspire_refuse('packet_step_of_act');
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS packet_has_step ON proposals_packet;
CREATE CONSTRAINT TRIGGER packet_has_step AFTER INSERT OR UPDATE ON proposals_packet DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION rule_packet_has_step();

-- --- steps ----------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION rule_packet_step_moment() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM proposals_packet k JOIN calls_call c ON c.id = k.call_id
                    WHERE k.id = NEW.packet_id AND c.is_synthetic) THEN
        NEW.at := statement_timestamp();
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER packet_step_moment BEFORE INSERT ON proposals_packetstep
    FOR EACH ROW EXECUTE FUNCTION rule_packet_step_moment();

CREATE OR REPLACE FUNCTION rule_packet_step_judged() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.state = 'undone' AND NOT aspire_holds(NEW.by_id, 'manager') THEN
        PERFORM aspire_refuse('packet_decided_by_manager');
    END IF;
    IF NOT EXISTS (SELECT FROM proposals_packet k WHERE k.id = NEW.packet_id AND k.state = NEW.state
         AND (NEW.state = 'undone'
              OR NEW.by_id = CASE NEW.state WHEN 'submitted' THEN k.submitted_by_id ELSE k.decided_by_id END)) THEN
        PERFORM aspire_refuse('packet_step_of_act');
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER packet_step_judged AFTER INSERT ON proposals_packetstep
    FOR EACH ROW EXECUTE FUNCTION rule_packet_step_judged();

-- Who undoes a release stands in its step alone: the packet keeps who released it.
CREATE OR REPLACE FUNCTION rule_packet_step_without_conflict() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF proposals_in_conflict_with_packet(NEW.by_id, NEW.packet_id) THEN
        PERFORM aspire_refuse('packet_without_conflict');
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER packet_step_without_conflict AFTER INSERT ON proposals_packetstep
    FOR EACH ROW WHEN (NEW.state IN ('sent_back', 'undone')) EXECUTE FUNCTION rule_packet_step_without_conflict();

CREATE OR REPLACE TRIGGER packet_steps_stay BEFORE UPDATE OR DELETE ON proposals_packetstep
    FOR EACH ROW EXECUTE FUNCTION rule_append_only();
