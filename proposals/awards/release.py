"""Releasing: marks go to a second person as one packet, come back with a comment, or become the call's result.

Releasing tells nobody: letters are a list of their own.
"""

import datetime

from django.db import transaction

from aspire.people import Person
from aspire.refusals import Refusal
from calls.models import Call
from proposals.awards.decisions import Fault, Refused, as_refused, hold, patiently
from proposals.awards.explanations import leaps
from proposals.awards.ranking import standings
from proposals.record.models import Conflict, Mark, Packet, PacketStep, Proposal
from proposals.record.status import Decision, PacketState, Status

BECOMES = {Decision.AWARD: Status.AWARDED, Decision.DECLINE: Status.DECLINED}


@patiently
@transaction.atomic
def submit(call: Call, *, by: Person, at: datetime.datetime, comment: str = "") -> Packet:
    """Put every staged mark of the call into a packet for release; from now on none of them moves.

    Raises Refused where a mark that leaps the ranking, as whoever submits sees it, has no reason. The ranking rests on
    weights, reviews and conflicts of interest, so this is asked here and not by a trigger.
    """
    locked = hold(call, Proposal.objects.none())
    if locked.progress not in {Call.Progress.DECIDING, Call.Progress.RELEASED}:
        raise Refused([Fault("", Refusal("mark_in_phase", {"call": call.code}))])
    staged = Mark.objects.filter(proposal__call=locked, packet__isnull=True)
    if not staged.filter(proposal__in=Proposal.objects.visible_to(by)).exists():
        raise Refused([Fault("", Refusal("packet_has_marks", {"call": call.code}))])
    if unexplained := _unexplained(locked, by=by):
        values = {"proposals": ", ".join(unexplained)}
        raise Refused([Fault("", Refusal("leap_has_reason", values))])
    with as_refused():
        packet = Packet.objects.create(call=locked, submitted_by=by, submitted_at=at)
        staged.update(packet=packet)
        _record(packet, by=by, at=at, comment=comment)
    return packet


def _unexplained(call: Call, *, by: Person) -> list[str]:
    """The numbers of staged marks that leap the ranking without a reason."""
    ranked = standings(call, by)
    bare = set(
        Mark.objects.filter(proposal__call=call, packet__isnull=True, reason="").values_list("proposal", flat=True)
    )
    return [leap.standing.number for leap in leaps([s for s in ranked if s.pk in bare], among=ranked)]


@patiently
@transaction.atomic
def send_back(packet: Packet, *, by: Person, at: datetime.datetime, comment: str) -> None:
    """Give a submitted packet back to be marked again, with the reason. Raises Refused as ``undo`` does."""
    locked = _locked(packet, by=by)
    with as_refused():
        _decide(locked, PacketState.SENT_BACK, by=by, at=at, comment=comment)
        Mark.objects.filter(packet=locked).update(packet=None)


@patiently
@transaction.atomic
def release(packet: Packet, *, by: Person, at: datetime.datetime, comment: str = "") -> None:
    """Make the packet the call's result, as one act of a second person.

    Awards and declines become the proposals' statuses; reserves wait. Once no counted proposal is left unmarked, the
    call is released. Raises Refused where the releaser submitted or marked any of it, or has a conflict of interest.
    """
    locked = _locked(packet, by=by, name="release_without_conflict")
    with as_refused():
        _decide(locked, PacketState.RELEASED, by=by, at=at, comment=comment)
        for decision, status in BECOMES.items():
            decided = Mark.objects.filter(packet=locked, decision=decision)
            Proposal.objects.filter(pk__in=list(decided.values_list("proposal", flat=True))).update(status=status)
    unmarked = Proposal.objects.filter(call=locked.call, mark__isnull=True).counted()
    if not unmarked.exists():
        Call.objects.filter(pk=locked.call_id).update(progress=Call.Progress.RELEASED)


@patiently
@transaction.atomic
def undo(packet: Packet, *, by: Person, at: datetime.datetime, reason: str) -> None:
    """Take a release back, as a new recorded act with its reason; its marks are staged again.

    Raises Refused where whoever undoes it has a conflict of interest with a proposal of the packet.
    """
    locked = _locked(packet, by=by)
    with as_refused():
        _step(locked, PacketState.UNDONE, by=by, at=at, comment=reason)
        told = Mark.objects.filter(packet=locked, decision__in=BECOMES)
        pks = list(told.values_list("proposal", flat=True))
        Mark.objects.filter(packet=locked).update(packet=None)
        Proposal.objects.filter(pk__in=pks, status__in=BECOMES.values()).update(status=Status.IN_REVIEW)
    Call.objects.filter(pk=locked.call_id).update(progress=Call.Progress.DECIDING)


def is_in_conflict(packet: Packet, *, by: Person) -> bool:
    """Whether a conflict of interest stands between the person and a proposal of the packet."""
    return Conflict.objects.standing().filter(person=by, proposal__mark__packet=packet).exists()


def _locked(packet: Packet, *, by: Person, name: str = "packet_without_conflict") -> Packet:
    """The packet as stored now, held after its proposals and its call, for somebody who may act on all of it.

    ``name``: of the refusal where a conflict of interest stands between the person and a proposal of the packet.
    """
    hold(packet.call, Proposal.objects.filter(mark__packet=packet))
    if is_in_conflict(packet, by=by):
        raise Refused([Fault("", Refusal(name))])
    return Packet.objects.select_for_update(of=("self",)).select_related("call").get(pk=packet.pk)


def _decide(packet: Packet, state: PacketState, *, by: Person, at: datetime.datetime, comment: str) -> None:
    packet.decided_by, packet.decided_at = by, at
    _step(packet, state, by=by, at=at, comment=comment)


def _step(packet: Packet, state: PacketState, *, by: Person, at: datetime.datetime, comment: str) -> None:
    packet.state = state
    packet.save()
    _record(packet, by=by, at=at, comment=comment)


def _record(packet: Packet, *, by: Person, at: datetime.datetime, comment: str) -> None:
    PacketStep.objects.create(packet=packet, state=packet.state, by=by, at=at, comment=comment.strip())
