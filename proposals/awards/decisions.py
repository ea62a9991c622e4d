"""Marking awards: a batch of wishes judged together, applied as one, or refused with every fault at once.

A mark is staged: it takes from the pot at once, and counts on no board until its packet is released.
"""

import datetime
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction

from aspire.people import Person, in_their_order
from aspire.refusals import Refusal, Refused, all_or_nothing
from aspire.roles import STAFF, roles_of
from calls.hidden import is_partly_hidden
from calls.models import Call
from calls.terms import Amount, annual_breaches, total_breaches
from proposals.awards.spending import Spending, spending
from proposals.record.models import AnnualAward, Award, Conflict, Mark, Proposal
from proposals.record.querysets import ProposalQuerySet
from proposals.record.status import NOT_COUNTED, Decision

Amounts = Mapping[int, tuple[int, int]]  # fiscal year → direct, indirect yen
TRIES = 8
# What a call allows as a whole: by how much it is passed would tell of awards that the person does not see.
OF_THE_WHOLE_CALL = {"call_awards_within_pot", "call_awards_within_number", "call_awards_within_slice"}
CONFLICTS = {"40001", "40P01"}  # another writer was in the way; nothing was saved
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Wish:
    """What somebody wants marked on one proposal.

    ``decision``: award, reserve, decline, or empty to take the mark back. ``reason``: None keeps what is stored.
    ``amounts``: what an award gives by fiscal year; None keeps what is staged, and starts from the request where
    nothing is. ``version``: of the mark that was seen, 0 where there was none; None does not ask. A wish for what is
    stored already writes nothing: whoever only confirms a mark has not set it.
    """

    number: str
    decision: str
    reason: str | None = None
    amounts: Amounts | None = None
    version: int | None = None


def patiently(decide: Callable[P, R]) -> Callable[P, R]:
    """Try a decision again where another writer was in its way; inside a transaction, that is its owner's to do."""

    @wraps(decide)
    def tried(*args: P.args, **kwargs: P.kwargs) -> R:
        for left in reversed(range(TRIES)):
            try:
                return decide(*args, **kwargs)
            except OperationalError as error:
                state = getattr(error.__cause__, "sqlstate", None)
                if connection.in_atomic_block or state not in CONFLICTS or not left:
                    raise
        raise AssertionError  # pragma: no cover - the last try returns or raises

    return tried


def hold(call: Call, proposals: ProposalQuerySet) -> Call:
    """Hold what a decision is about, in everybody's order: the award desk, the proposals, the call, as stored now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT calls_queue_at_the_award_desk()")
    list(proposals.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk"))
    return Call.objects.select_for_update(no_key=True).get(pk=call.pk)


@patiently
@transaction.atomic
def stage(call: Call, wishes: Iterable[Wish], *, by: Person, at: datetime.datetime) -> None:
    """Apply all wishes, or raise Refused with every refusal and leave everything as it was.

    Who sees only part of the call is told of its limits that the marks do not fit, and no figure.
    """
    wished = list(wishes)
    locked = hold(call, Proposal.objects.filter(call=call, number__in=[wish.number for wish in wished]))
    batch = Batch(locked, wished, by=by, at=at)
    if refusals := list(batch.refusals()):
        raise Refused(*refusals)
    try:
        with all_or_nothing():
            batch.apply()
    except Refused as refused:
        if not is_partly_hidden(call, by):
            raise
        raise Refused(*(without_figures(refusal, call) for refusal in refused.refusals)) from None


def without_figures(refusal: Refusal, call: Call) -> Refusal:
    """The refusal, less what a limit of the whole call tells."""
    return refusal if refusal.name not in OF_THE_WHOLE_CALL else Refusal("awards_fit", {"call": call.code})


@dataclass(frozen=True)
class Rehearsal:
    """What a batch would do: what refuses it, and the money before and after; ``after`` is None where it is refused."""

    refusals: Sequence[Refusal]
    before: Spending
    after: Spending | None


def rehearse(call: Call, wishes: Iterable[Wish], *, by: Person, at: datetime.datetime) -> Rehearsal:
    """Judge a batch by really applying it, look at the money, and take it back."""
    before, after, refusals = spending(call, reader=by), None, tuple[Refusal, ...]()
    try:
        with transaction.atomic():
            stage(call, wishes, by=by, at=at)
            after = spending(call, reader=by)
            transaction.set_rollback(True)
    except Refused as refused:
        refusals = refused.refusals
    return Rehearsal(refusals, before, after)


def amount_refusals(
    proposal: Proposal, amounts: Amounts, *, unread: Collection[int] = frozenset()
) -> Iterator[Refusal]:
    """What the terms say to the amounts of an award; nothing of years that could not be read, or rests on them."""
    limits = proposal.terms.limits
    for year, (direct, indirect) in amounts.items():
        if year in unread:
            continue
        if direct < 0:
            yield Refusal("award_direct_not_negative")
        if indirect < 0:
            yield Refusal("award_indirect_not_negative")
        period = {"starts_on": proposal.starts_on, "ends_on": proposal.ends_on}
        yield from annual_breaches(limits, "award", Amount(year, direct, indirect), **period)
    if unread:
        return
    direct, indirect = (sum(amount[part] for amount in amounts.values()) for part in (0, 1))
    yield from total_breaches(limits, "award", direct_yen=direct, indirect_yen=indirect)
    if direct + indirect == 0:
        yield Refusal("award_has_amounts", {"proposal": proposal.number})


def staged_or_requested(proposal: Proposal) -> Amounts:
    """What an award of the proposal would give unless somebody says otherwise: as staged, else as requested."""
    award: Award | None = getattr(proposal, "award", None)
    rows = award.amounts.all() if award else proposal.costs.all()
    return {row.fiscal_year: (row.direct_yen, row.indirect_yen) for row in rows if row.total_yen}


def reason_of(wish: Wish, mark: Mark | None) -> str:
    """The reason that the mark would have: as wished, else as stored."""
    if wish.reason is not None:
        return wish.reason
    return mark.reason if mark else ""


@dataclass
class Batch:
    """Wishes for one call, beside what is stored under the call's lock."""

    call: Call
    wishes: Sequence[Wish]
    by: Person
    at: datetime.datetime
    proposals: dict[str, Proposal] = field(init=False)
    led: set[int] = field(init=False)
    declared: set[int] = field(init=False)

    def __post_init__(self) -> None:
        """Read everything that is wished for at once."""
        visible = Proposal.objects.visible_to(self.by).filter(
            call=self.call, number__in=[wish.number for wish in self.wishes]
        )
        related = visible.select_related("terms", "mark__packet", "mark__marked_by", "award")
        found = related.prefetch_related("costs", "award__amounts").order_by("number")
        self.proposals = {proposal.number: proposal for proposal in found}
        self.led = set(self.call.call_fields.filter(lead_reviewer=self.by).values_list("field", flat=True))
        clear = Conflict.objects.filter(person=self.by, proposal__call=self.call, finding=Conflict.Finding.CLEAR)
        self.declared = set(clear.values_list("proposal", flat=True))

    # --- judging -----------------------------------------------------------------------------------------------

    def refusals(self) -> Iterator[Refusal]:
        """Everything that can be said before a row is written; the pot is judged by PostgreSQL."""
        if self.call.progress not in {Call.Progress.DECIDING, Call.Progress.RELEASED}:
            yield Refusal("mark_in_phase", {"call": self.call.code})
            return
        seen: set[str] = set()
        for wish in self.wishes:
            proposal = self.proposals.get(wish.number)
            if wish.number in seen:
                yield Refusal("mark_twice", {"proposal": wish.number}, wish.number)
            elif proposal is None:
                yield Refusal("mark_unknown", {"proposal": wish.number, "call": self.call.code}, wish.number)
            else:
                yield from (replace(refusal, subject=wish.number) for refusal in self._refusals(wish, proposal))
            seen.add(wish.number)

    def _refusals(self, wish: Wish, proposal: Proposal) -> Iterator[Refusal]:
        mark: Mark | None = getattr(proposal, "mark", None)
        is_staff = roles_of(self.by) & STAFF
        if not (is_staff or proposal.field_id in self.led):
            yield Refusal("mark_unknown", {"proposal": proposal.number, "call": self.call.code})
            return
        if not is_staff and proposal.pk not in self.declared:
            yield Refusal("mark_after_declaration", {"proposal": proposal.number})
            return
        if wish.version is not None and wish.version != (mark.version if mark else 0):
            yield self._changed_meanwhile(proposal, mark)
        if mark and mark.packet and not (mark.packet.state == "released" and mark.decision == Decision.RESERVE):
            yield Refusal("mark_in_packet", {"proposal": proposal.number})
        if wish.decision and proposal.status in NOT_COUNTED:
            yield Refusal("award_of_eligible_proposal", {"proposal": proposal.number, "status": proposal.status})
        if wish.decision and wish.decision not in Decision.values:
            yield Refusal("mark_decision_known")
        if wish.decision == Decision.AWARD:
            yield from amount_refusals(proposal, self.amounts(wish, proposal))

    def _changed_meanwhile(self, proposal: Proposal, mark: Mark | None) -> Refusal:
        values: dict[str, Any] = {"proposal": proposal.number}
        if mark:
            values |= {"who": in_their_order(mark.marked_by), "value_at": mark.marked_at}
        return Refusal("mark_changed" if mark else "mark_taken_back", values)

    @staticmethod
    def amounts(wish: Wish, proposal: Proposal) -> Amounts:
        """What the award is to give: as wished, else as staged, else as requested."""
        if wish.amounts is not None:
            return {year: yen for year, yen in wish.amounts.items() if any(yen)}
        return staged_or_requested(proposal)

    # --- applying ----------------------------------------------------------------------------------------------

    def apply(self) -> None:
        """Take back first what the batch takes back, so that what it frees can be given in the same breath."""
        found = [(wish, self.proposals[wish.number]) for wish in self.wishes]
        wished = [(wish, proposal) for wish, proposal in found if not self._stands(wish, proposal)]
        given = {
            proposal.pk: self.amounts(wish, proposal) for wish, proposal in wished if wish.decision == Decision.AWARD
        }
        self._take_back([proposal for _wish, proposal in wished], given)
        self._mark(wished)
        self._give(given)

    def _stands(self, wish: Wish, proposal: Proposal) -> bool:
        """Whether it is marked so already."""
        mark: Mark | None = getattr(proposal, "mark", None)
        if mark is None or (mark.decision, mark.reason) != (wish.decision, reason_of(wish, mark)):
            return False
        award: Award | None = getattr(proposal, "award", None)
        return (self._stored(award) if award else {}) == (
            self.amounts(wish, proposal) if wish.decision == Decision.AWARD else {}
        )

    def _take_back(self, proposals: Iterable[Proposal], given: Mapping[int, Amounts]) -> None:
        awards = [award for proposal in proposals if (award := getattr(proposal, "award", None))]
        moved = [award for award in awards if self._stored(award) != given.get(award.proposal_id)]
        AnnualAward.objects.filter(award__in=moved).delete()
        Award.objects.filter(pk__in=[award.pk for award in moved if award.proposal_id not in given]).delete()

    @staticmethod
    def _stored(award: Award) -> Amounts:
        return {row.fiscal_year: (row.direct_yen, row.indirect_yen) for row in award.amounts.all()}

    def _mark(self, wished: Iterable[tuple[Wish, Proposal]]) -> None:
        new: list[Mark] = []
        there: list[Mark] = []
        for wish, proposal in wished:
            if not wish.decision:
                continue
            stored: Mark | None = getattr(proposal, "mark", None)
            mark = stored or Mark(proposal=proposal)
            mark.decision, mark.reason = wish.decision, reason_of(wish, stored)
            mark.marked_by, mark.marked_at, mark.packet = self.by, self.at, None
            (there if stored else new).append(mark)
        Mark.objects.filter(proposal__in=[proposal for wish, proposal in wished if not wish.decision]).delete()
        Mark.objects.bulk_update(there, ["decision", "reason", "marked_by", "marked_at", "packet"])
        Mark.objects.bulk_create(new)

    def _give(self, given: Mapping[int, Amounts]) -> None:
        there = dict(Award.objects.filter(proposal__in=given).values_list("proposal", "pk"))
        new = [Award(proposal_id=proposal) for proposal in sorted(given) if proposal not in there]
        there |= {award.proposal_id: award.pk for award in Award.objects.bulk_create(new)}
        kept = set(AnnualAward.objects.filter(award__in=there.values()).values_list("award", flat=True))
        AnnualAward.objects.bulk_create(
            AnnualAward(award_id=there[proposal], fiscal_year=year, direct_yen=direct, indirect_yen=indirect)
            for proposal, amounts in sorted(given.items())
            if there[proposal] not in kept
            for year, (direct, indirect) in sorted(amounts.items())
        )
