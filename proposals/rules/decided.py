"""Marks and packets: who may decide what, in what order, and never alone."""

import pgtrigger

from aspire.rules import Rule
from proposals.rules.judging import NOT_COUNTED_SQL
from proposals.status import PACKET_MOVES

PACKET_MOVES_SQL = ", ".join(f"('{before}', '{after}')" for before, nexts in PACKET_MOVES.items() for after in nexts)


def in_conflict(person: str, proposal: str) -> str:
    """SQL: whether a conflict of interest stands between the person and the proposal."""
    return (
        "EXISTS (SELECT 1 FROM proposals_conflict x "
        f"WHERE x.person_id = {person} AND x.proposal_id = {proposal} AND x.finding = 'stands')"
    )


def had_a_hand(person: str, mark: str) -> str:
    """SQL: whether the person set the mark at any time since the proposal was last unmarked.

    The mark's own history says so: a mark that is taken back and set again is another row, with a history of its own.
    """
    return f"EXISTS (SELECT 1 FROM proposals_markevent h WHERE h.pgh_obj_id = {mark} AND h.marked_by_id = {person})"


# Whoever marks, submits or releases holds the call's row, so that none of them works on an older picture.
LOCK_CALL = """
    UPDATE calls_call SET code = code WHERE id = (SELECT call_id FROM proposals_proposal WHERE id = {row}.proposal_id);
"""
OF_PROPOSAL = "jsonb_build_object('proposal', (SELECT number FROM proposals_proposal WHERE id = {row}.proposal_id))"
# A mark that only comes back from its packet is not judged anew: otherwise a withdrawal or a conflict of interest that
# came meanwhile would stop the packet from being sent back, where it could neither be released.
IS_MARKED = """
    (NEW.packet_id IS NULL AND (TG_OP = 'INSERT' OR OLD.packet_id IS NULL OR
     (NEW.decision, NEW.reason, NEW.marked_by_id) IS DISTINCT FROM (OLD.decision, OLD.reason, OLD.marked_by_id)))
"""
MAY_LEAVE = """
    (EXISTS (SELECT 1 FROM proposals_packet k WHERE k.id = OLD.packet_id AND k.state IN ('sent_back', 'undone'))
     OR OLD.decision = 'reserve'
        AND EXISTS (SELECT 1 FROM proposals_packet k WHERE k.id = OLD.packet_id AND k.state = 'released'))
"""

marks_judged = [
    Rule(
        name="mark_version",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.AnyChange("decision", "reason", "marked_by", "marked_at", "version"),
        func="NEW.version := OLD.version + 1; RETURN NEW;",
    ),
    Rule(
        name="mark_judged",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=f"""
            {LOCK_CALL.format(row="NEW")}
            IF TG_OP = 'UPDATE' AND NEW.proposal_id <> OLD.proposal_id THEN
                PERFORM aspire_refuse('award_keeps_proposal', '{{}}');
            END IF;
            IF {IS_MARKED} AND EXISTS (SELECT 1 FROM proposals_proposal p
                 WHERE p.id = NEW.proposal_id AND p.status IN ({NOT_COUNTED_SQL})) THEN
                PERFORM aspire_refuse('award_of_eligible_proposal', (SELECT jsonb_build_object(
                    'proposal', p.number, 'status', p.status) FROM proposals_proposal p WHERE p.id = NEW.proposal_id));
            END IF;
            IF {IS_MARKED} AND {in_conflict("NEW.marked_by_id", "NEW.proposal_id")} THEN
                PERFORM aspire_refuse('mark_without_conflict', {OF_PROPOSAL.format(row="NEW")});
            END IF;
            IF NEW.decision <> 'award' AND EXISTS (SELECT 1 FROM proposals_award WHERE proposal_id = NEW.proposal_id)
            THEN
                PERFORM aspire_refuse('mark_with_award', {OF_PROPOSAL.format(row="NEW")});
            END IF;
            IF TG_OP = 'INSERT' THEN
                IF NEW.packet_id IS NOT NULL THEN
                    PERFORM aspire_refuse('mark_in_packet', {OF_PROPOSAL.format(row="NEW")});
                END IF;
                RETURN NULL;
            END IF;
            IF OLD.packet_id IS NOT NULL AND NEW.packet_id IS NOT DISTINCT FROM OLD.packet_id
               AND (NEW.decision, NEW.reason, NEW.marked_by_id) <> (OLD.decision, OLD.reason, OLD.marked_by_id) THEN
                PERFORM aspire_refuse('mark_in_packet', {OF_PROPOSAL.format(row="NEW")});
            END IF;
            IF OLD.packet_id IS NOT NULL AND NEW.packet_id IS DISTINCT FROM OLD.packet_id AND NOT {MAY_LEAVE} THEN
                PERFORM aspire_refuse('mark_in_packet', {OF_PROPOSAL.format(row="NEW")});
            END IF;
            IF NEW.packet_id IS NOT NULL AND NEW.packet_id IS DISTINCT FROM OLD.packet_id AND NOT EXISTS
               (SELECT 1 FROM proposals_packet k JOIN proposals_proposal p ON p.call_id = k.call_id
                 WHERE k.id = NEW.packet_id AND p.id = NEW.proposal_id AND k.state = 'submitted') THEN
                PERFORM aspire_refuse('mark_in_packet', {OF_PROPOSAL.format(row="NEW")});
            END IF;
            RETURN NULL;
        """,
    ),
    Rule(
        name="mark_on_delete",
        when=pgtrigger.After,
        operation=pgtrigger.Delete,
        func=f"""
            {LOCK_CALL.format(row="OLD")}
            IF OLD.packet_id IS NOT NULL THEN
                PERFORM aspire_refuse('mark_in_packet', {OF_PROPOSAL.format(row="OLD")});
            END IF;
            IF EXISTS (SELECT 1 FROM proposals_award WHERE proposal_id = OLD.proposal_id) THEN
                PERFORM aspire_refuse('mark_with_award', {OF_PROPOSAL.format(row="OLD")});
            END IF;
            RETURN NULL;
        """,
    ),
]

packets_judged = [
    Rule(
        name="packet_begins_submitted",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition("NEW.state <> 'submitted' OR NEW.decided_by_id IS NOT NULL"),
        func="PERFORM aspire_refuse('packet_moves', '{}'); RETURN NULL;",
    ),
    Rule(
        name="packet_moves",
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        func=f"""
            UPDATE calls_call SET code = code WHERE id = NEW.call_id;
            IF (NEW.call_id, NEW.submitted_by_id, NEW.submitted_at)
                   <> (OLD.call_id, OLD.submitted_by_id, OLD.submitted_at)
               OR OLD.decided_by_id <> NEW.decided_by_id
               OR OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN ({PACKET_MOVES_SQL}) THEN
                PERFORM aspire_refuse('packet_moves', '{{}}');
            END IF;
            RETURN NULL;
        """,
    ),
    Rule(
        name="packet_released",
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition("NEW.state = 'released' AND OLD.state <> 'released'"),
        declare=[("odd", "RECORD")],
        func=f"""
            IF NEW.decided_by_id IS NULL OR NEW.decided_by_id = NEW.submitted_by_id OR EXISTS
               (SELECT 1 FROM proposals_mark m
                 WHERE m.packet_id = NEW.id AND {had_a_hand("NEW.decided_by_id", "m.id")}) THEN
                PERFORM aspire_refuse('release_by_second_person', '{{}}');
            END IF;
            SELECT p.number, {in_conflict("NEW.decided_by_id", "p.id")} AS of_releaser INTO odd
              FROM proposals_mark m JOIN proposals_proposal p ON p.id = m.proposal_id
             WHERE m.packet_id = NEW.id AND ({in_conflict("NEW.decided_by_id", "p.id")}
                   OR {in_conflict("m.marked_by_id", "p.id")}) ORDER BY p.number LIMIT 1;
            IF FOUND AND odd.of_releaser THEN
                PERFORM aspire_refuse('release_without_conflict', '{{}}');
            ELSIF FOUND THEN
                PERFORM aspire_refuse('mark_without_conflict', jsonb_build_object('proposal', odd.number));
            END IF;
            SELECT p.number, p.status INTO odd FROM proposals_mark m JOIN proposals_proposal p ON p.id = m.proposal_id
             WHERE m.packet_id = NEW.id AND p.status IN ({NOT_COUNTED_SQL}) ORDER BY p.number LIMIT 1;
            IF FOUND THEN
                PERFORM aspire_refuse('award_of_eligible_proposal', jsonb_build_object(
                    'proposal', odd.number, 'status', odd.status));
            END IF;
            SELECT p.number INTO odd FROM proposals_mark m JOIN proposals_proposal p ON p.id = m.proposal_id
             WHERE m.packet_id = NEW.id AND m.decision = 'award'
               AND NOT EXISTS (SELECT 1 FROM proposals_award a WHERE a.proposal_id = p.id) ORDER BY p.number LIMIT 1;
            IF FOUND THEN
                PERFORM aspire_refuse('award_has_amounts', jsonb_build_object('proposal', odd.number));
            END IF;
            RETURN NULL;
        """,
    ),
    Rule(
        name="packet_stays",
        when=pgtrigger.Before,
        operation=pgtrigger.Delete,
        func="PERFORM aspire_refuse('packet_stays', '{}'); RETURN NULL;",
    ),
]

steps_stay = [
    Rule(
        name="packet_steps_stay",
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func="PERFORM aspire_refuse('history_is_append_only', '{}'); RETURN NULL;",
    )
]
