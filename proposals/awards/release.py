"""Releasing: marks go to a second person as one packet, come back with a comment, or become the call's result.

Releasing tells nobody: letters are a list of their own.
"""

import datetime
from collections.abc import Iterator
from typing import Literal

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from aspire.people import Person
from aspire.refusals import Refused, all_or_nothing
from aspire.workbooks.columns import StrictField
from aspire.workbooks.markup import Value
from aspire.workbooks.widgets import Text
from aspire.workbooks.writing import csv_bytes, workbook_bytes
from calls.models import Call
from proposals.awards.decisions import hold, patiently
from proposals.awards.ranking import leaps, standings
from proposals.record.models import Conflict, Mark, Packet, PacketStep, Proposal, Review
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
        raise Refused.by("mark_in_phase", call=call.code)
    staged = Mark.objects.filter(proposal__call=locked, packet__isnull=True)
    if not staged.filter(proposal__in=Proposal.objects.visible_to(by)).exists():
        raise Refused.by("packet_has_marks", call=call.code)
    if unexplained := _unexplained(locked, by=by):
        raise Refused.by("leap_has_reason", proposals=", ".join(unexplained))
    with all_or_nothing():
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
    with all_or_nothing():
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
    with all_or_nothing():
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
    with all_or_nothing():
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
        raise Refused.by(name)
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


# --- what applicants are to be told: only of what is released --------------------------------------------------------
LONGEST = 32_767  # signs in a cell


def column(name: str, label: Promise, kind: Literal["text", "yen", "code"] = "text") -> StrictField:
    """A column that is only written."""
    return StrictField(name, label, label, "", Text(LONGEST), kind=kind)


COLUMNS = [
    column("number", gettext_lazy("Number"), "code"),
    column("decision", gettext_lazy("Decision")),
    column("principal_investigator", gettext_lazy("Principal investigator")),
    column("institution", gettext_lazy("Research institution")),
    column("title_ja", gettext_lazy("Title (Japanese)")),
    column("title_en", gettext_lazy("Title (English)")),
    column("direct_yen", gettext_lazy("Direct costs awarded (yen)"), "yen"),
    column("indirect_yen", gettext_lazy("Indirect costs awarded (yen)"), "yen"),
    column("comment", gettext_lazy("Comments to the applicant")),
]
PARAGRAPH = "\n\n"


def told(call: Call, user: Person) -> list[Proposal]:
    """The proposals of the call whose mark is released, as far as the person sees them."""
    seen = Proposal.objects.visible_to(user).filter(call=call, mark__packet__state=PacketState.RELEASED)
    return list(seen.select_related("mark", "award").order_by("number"))


def rows(proposals: list[Proposal]) -> Iterator[list[Value]]:
    """One row a letter; comments are those of the reviews that count, in the reviewers' order, without names."""
    comments: dict[int, list[str]] = {}
    reviews = Review.objects.counting().filter(assignment__proposal__in=[proposal.pk for proposal in proposals])
    for review in reviews.select_related("assignment").order_by("assignment__position"):
        comments.setdefault(review.assignment.proposal_id, []).append(review.comment_to_applicant)
    for proposal in proposals:
        award = proposal.released_award
        yield [
            proposal.number,
            str(proposal.mark.get_decision_display()),
            proposal.principal_investigator,
            proposal.institution,
            proposal.title_ja,
            proposal.title_en,
            award.awarded_direct_yen if award else None,
            award.awarded_indirect_yen if award else None,
            PARAGRAPH.join(comments.get(proposal.pk, [])),
        ]


def letters(proposals: list[Proposal], *, form: str, language: str) -> bytes:
    """The list as a workbook or as CSV, in the given language."""
    with override(language):
        if form == "xlsx":
            return workbook_bytes(_("Letters"), COLUMNS, rows(proposals), language=language)
        data, _lost = csv_bytes([str(column.label) for column in COLUMNS], rows(proposals))
        return data
