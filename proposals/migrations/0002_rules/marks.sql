-- Marks: what is to be decided of a proposal, by the office or the lead reviewer of its field, who have no conflict of
-- interest, while the call is being decided. Whoever marks, submits or releases holds the call's row, so that none of
-- them works on an older picture.

CREATE OR REPLACE TRIGGER one_at_the_award_desk BEFORE INSERT OR UPDATE OR DELETE ON proposals_mark
    FOR EACH STATEMENT EXECUTE FUNCTION rule_one_at_the_award_desk();

CREATE OR REPLACE FUNCTION rule_mark_version() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER mark_version BEFORE UPDATE ON proposals_mark
    FOR EACH ROW WHEN (
        OLD.decision IS DISTINCT FROM NEW.decision
        OR OLD.reason IS DISTINCT FROM NEW.reason
        OR OLD.marked_by_id IS DISTINCT FROM NEW.marked_by_id
        OR OLD.marked_at IS DISTINCT FROM NEW.marked_at
        OR OLD.version IS DISTINCT FROM NEW.version)
    EXECUTE FUNCTION rule_mark_version();

-- Refuse what is marked or submitted in a call that is not being decided, nor may be decided further after a release.
CREATE OR REPLACE FUNCTION proposals_refuse_undecided(call bigint) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    of record;
BEGIN
    SELECT code, progress INTO of FROM calls_call WHERE id = call;
    IF of.progress IS NULL OR of.progress NOT IN ('deciding', 'released') THEN
        PERFORM aspire_refuse('mark_in_phase', jsonb_build_object('call', of.code));
    END IF;
END $$;

-- Refuse a mark by whom it is not theirs to set: officers and administrators mark everything; a lead reviewer marks the
-- field, once they declared no interest.
CREATE OR REPLACE FUNCTION proposals_judge_marking(mark proposals_mark) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    is_staff boolean := aspire_holds(mark.marked_by_id, 'administrator', 'officer');
    of record;
BEGIN
    SELECT number, status, call_id, field_id INTO of FROM proposals_proposal WHERE id = mark.proposal_id;
    IF of.status IN ('ineligible', 'withdrawn') THEN
        PERFORM aspire_refuse('award_of_eligible_proposal', jsonb_build_object(
            'proposal', of.number, 'status', of.status));
    END IF;
    PERFORM proposals_refuse_undecided(of.call_id);
    IF NOT is_staff AND NOT (aspire_holds(mark.marked_by_id, 'reviewer') AND EXISTS
       (SELECT FROM calls_callfield f
         WHERE f.call_id = of.call_id AND f.field_id = of.field_id AND f.lead_reviewer_id = mark.marked_by_id)) THEN
        PERFORM aspire_refuse('mark_by_office_or_lead', jsonb_build_object('proposal', of.number));
    END IF;
    IF proposals_in_conflict(mark.marked_by_id, mark.proposal_id) THEN
        PERFORM aspire_refuse('mark_without_conflict', jsonb_build_object('proposal', of.number));
    END IF;
    IF NOT is_staff AND NOT EXISTS
       (SELECT FROM proposals_conflict x WHERE x.person_id = mark.marked_by_id
           AND x.proposal_id = mark.proposal_id AND x.finding = 'clear') THEN
        PERFORM aspire_refuse('mark_after_declaration', jsonb_build_object('proposal', of.number));
    END IF;
END $$;

-- Whether a mark may leave a packet: one that was sent back or undone, or as a reserve one that was released.
CREATE OR REPLACE FUNCTION proposals_may_leave(packet bigint, decision text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN EXISTS (SELECT FROM proposals_packet k WHERE k.id = packet
                      AND (k.state IN ('sent_back', 'undone') OR decision = 'reserve' AND k.state = 'released'));
END $$;

CREATE OR REPLACE FUNCTION rule_mark_judged() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE calls_call SET code = code WHERE id = (SELECT call_id FROM proposals_proposal WHERE id = NEW.proposal_id);
    IF TG_OP = 'UPDATE' AND NEW.proposal_id <> OLD.proposal_id THEN
        PERFORM aspire_refuse('award_keeps_proposal');
    END IF;
    -- A mark that only comes back from its packet is not judged anew: otherwise a withdrawal or a conflict of interest
    -- that came meanwhile would stop the packet from being sent back, where it could neither be released.
    IF NEW.packet_id IS NULL AND (TG_OP = 'INSERT' OR OLD.packet_id IS NULL OR
       (NEW.decision, NEW.reason, NEW.marked_by_id) IS DISTINCT FROM (OLD.decision, OLD.reason, OLD.marked_by_id)) THEN
        PERFORM proposals_judge_marking(NEW);
    END IF;
    IF NEW.decision <> 'award' AND EXISTS (SELECT FROM proposals_award WHERE proposal_id = NEW.proposal_id) THEN
        PERFORM aspire_refuse('mark_with_award', proposals_named(NEW.proposal_id));
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.packet_id IS NOT NULL THEN
            PERFORM aspire_refuse('mark_in_packet', proposals_named(NEW.proposal_id));
        END IF;
        RETURN NULL;
    END IF;
    IF OLD.packet_id IS NOT NULL AND NEW.packet_id IS NOT DISTINCT FROM OLD.packet_id
       AND (NEW.decision, NEW.reason, NEW.marked_by_id, NEW.marked_at)
           <> (OLD.decision, OLD.reason, OLD.marked_by_id, OLD.marked_at) THEN
        PERFORM aspire_refuse('mark_in_packet', proposals_named(NEW.proposal_id));
    END IF;
    IF NEW.packet_id IS DISTINCT FROM OLD.packet_id THEN
        IF OLD.packet_id IS NOT NULL AND NOT proposals_may_leave(OLD.packet_id, OLD.decision) THEN
            PERFORM aspire_refuse('mark_in_packet', proposals_named(NEW.proposal_id));
        END IF;
        IF NEW.packet_id IS NOT NULL AND NOT EXISTS
           (SELECT FROM proposals_packet k JOIN proposals_proposal p ON p.call_id = k.call_id
             WHERE k.id = NEW.packet_id AND p.id = NEW.proposal_id AND k.state = 'submitted') THEN
            PERFORM aspire_refuse('mark_in_packet', proposals_named(NEW.proposal_id));
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER mark_judged AFTER INSERT OR UPDATE ON proposals_mark
    FOR EACH ROW EXECUTE FUNCTION rule_mark_judged();

CREATE OR REPLACE FUNCTION rule_mark_on_delete() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    of_call bigint := (SELECT call_id FROM proposals_proposal WHERE id = OLD.proposal_id);
BEGIN
    UPDATE calls_call SET code = code WHERE id = of_call;
    IF OLD.packet_id IS NOT NULL THEN
        PERFORM aspire_refuse('mark_in_packet', proposals_named(OLD.proposal_id));
    END IF;
    IF EXISTS (SELECT FROM proposals_award WHERE proposal_id = OLD.proposal_id) THEN
        PERFORM aspire_refuse('mark_with_award', proposals_named(OLD.proposal_id));
    END IF;
    PERFORM proposals_refuse_undecided(of_call);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER mark_on_delete AFTER DELETE ON proposals_mark
    FOR EACH ROW EXECUTE FUNCTION rule_mark_on_delete();
