"""What one person finds on the award pages of a call, and may do there: its ranking, and each proposal of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

from aspire.people import Person
from aspire.roles import STAFF, roles_of
from aspire.wareki import fiscal_years
from calls.hidden import withheld_from
from calls.models import Call, Criterion
from proposals.awards.decisions import Amounts
from proposals.awards.ranking import SEES_ALL_FIELDS, Standing, leads, rankable, standings
from proposals.awards.spending import Spending, spending
from proposals.record.models import Award, Conflict, Mark, Packet, Proposal, Review
from proposals.record.status import PacketState
from proposals.review.progress import name_of

UNMARKED, ANY_MARK = "none", "any"
STAGED = "staged"
MARKED_IN = {Call.Progress.DECIDING, Call.Progress.RELEASED}


@dataclass(frozen=True)
class RankedRow:
    """One line of the ranking. What a lead reviewer has not declared on is neither readable nor ranked."""

    standing: Standing
    proposal: Proposal
    is_readable: bool

    @property
    def mark(self) -> Mark | None:
        return getattr(self.proposal, "mark", None)

    @property
    def award(self) -> Award | None:
        return getattr(self.proposal, "award", None)


@dataclass
class AwardPage:
    """A call's award page for one person."""

    call: Call
    user: Person

    @cached_property
    def is_staff(self) -> bool:
        return bool(roles_of(self.user) & STAFF)

    @cached_property
    def is_lead(self) -> bool:
        """Whether the person is here as a lead reviewer, and so reads only what they declared on."""
        return not roles_of(self.user) & SEES_ALL_FIELDS

    @cached_property
    def is_open_to_them(self) -> bool:
        """Also its result, once that is out for the person."""
        is_out = self.call.progress != Call.Progress.RELEASED or self.call.pk not in withheld_from(self.user)
        return is_out and (not self.is_lead or bool(leads(self.user, self.call)))

    @property
    def may_mark(self) -> bool:
        return (self.is_staff or self.is_lead) and self.call.progress in MARKED_IN

    @cached_property
    def declared(self) -> frozenset[int]:
        clear = Conflict.objects.filter(person=self.user, proposal__call=self.call, finding=Conflict.Finding.CLEAR)
        return frozenset(clear.values_list("proposal", flat=True))

    def is_readable(self, standing: Standing) -> bool:
        return not self.is_lead or standing.pk in self.declared

    @cached_property
    def standings(self) -> list[Standing]:
        """Everything the person sees, best first; what they have yet to declare on comes last, by number."""
        found = standings(self.call, self.user)
        undeclared = sorted((s for s in found if not self.is_readable(s)), key=lambda standing: standing.number)
        return [*self.readable(found), *undeclared]

    def readable(self, found: Iterable[Standing] | None = None) -> list[Standing]:
        """The ranking without what is yet to be declared on."""
        return [standing for standing in (self.standings if found is None else found) if self.is_readable(standing)]

    @property
    def undeclared(self) -> int:
        return len(self.standings) - len(self.readable())

    @cached_property
    def fields(self) -> list[tuple[str, str]]:
        """The fields with rows here: code and name, in the call's order."""
        there = {standing.field for standing in self.standings}
        places = self.call.call_fields.select_related("field")
        return [(place.field.code, str(place.field)) for place in places if place.field.code in there]

    @cached_property
    def spending(self) -> Spending:
        return spending(self.call, reader=self.user)

    @cached_property
    def packet(self) -> Packet | None:
        """The packet that waits for release."""
        return self.call.packets.filter(state=PacketState.SUBMITTED).select_related("submitted_by").first()

    def chosen(self, *, field: str, decision: str, release: str = "") -> list[Standing]:
        """The rows that a filter leaves."""
        found = [standing for standing in self.standings if not field or standing.field == field]
        if release:
            is_out = release == PacketState.RELEASED
            found = [standing for standing in found if (standing.packet == PacketState.RELEASED) is is_out]
        if decision == UNMARKED:
            return [standing for standing in found if not standing.decision]
        if decision == ANY_MARK:
            return [standing for standing in found if standing.decision]
        return [standing for standing in found if not decision or standing.decision == decision]

    def rows(self, found: Iterable[Standing]) -> list[RankedRow]:
        """The lines of so many standings, with what they show."""
        wanted = list(found)
        related = ("field", "primary_funder__country", "award", "mark__marked_by", "call")
        proposals = rankable(self.call, self.user).select_related(*related)
        by_pk = proposals.in_bulk([standing.pk for standing in wanted])
        return [RankedRow(s, by_pk[s.pk], self.is_readable(s)) for s in wanted if s.pk in by_pk]


Pair = tuple[int | None, int | None]
HUNDREDTH, NOTHING = Decimal("0.01"), (None, None)


@dataclass(frozen=True)
class ReadReview:
    """A counting review: by name for staff, as Reviewer A, B … for everybody else."""

    who: str
    scores: list[tuple[Criterion, int]]
    comment_to_panel: str
    comment_to_applicant: str

    @property
    def total(self) -> Decimal:
        weights = sum(criterion.weight for criterion, _value in self.scores)
        points = sum(criterion.weight * value for criterion, value in self.scores)
        return (Decimal(points) / weights).quantize(HUNDREDTH, ROUND_HALF_UP)


def reviews_of(proposal: Proposal, *, with_names: bool) -> list[ReadReview]:
    """The reviews that count, in the order of their reviewers' places."""
    found = Review.objects.counting().filter(assignment__proposal=proposal).order_by("assignment__position")
    related = found.select_related("assignment__reviewer__reviewer_profile").prefetch_related("scores__criterion")
    return [_read(review, with_names=with_names) for review in related]


def _read(review: Review, *, with_names: bool) -> ReadReview:
    scores = sorted(review.scores.all(), key=lambda score: score.criterion.position)
    return ReadReview(
        name_of(review.assignment) if with_names else review.assignment.alias,
        [(score.criterion, score.value) for score in scores],
        review.comment_to_panel,
        review.comment_to_applicant,
    )


@dataclass
class Case:
    """One proposal on the award page."""

    desk: AwardPage
    row: RankedRow

    @property
    def proposal(self) -> Proposal:
        return self.row.proposal

    @property
    def may_mark(self) -> bool:
        """Whether the person may change its mark now."""
        return self.desk.may_mark and self.row.is_readable and self.row.standing.is_markable

    @cached_property
    def reviews(self) -> list[ReadReview]:
        return reviews_of(self.proposal, with_names=self.desk.is_staff) if self.row.is_readable else []

    @cached_property
    def requested(self) -> Amounts:
        return {cost.fiscal_year: (cost.direct_yen, cost.indirect_yen) for cost in self.proposal.costs.all()}

    @cached_property
    def staged(self) -> Amounts:
        """What is staged, or released; nothing where the proposal has no award."""
        if self.row.award is None:
            return {}
        return {each.fiscal_year: (each.direct_yen, each.indirect_yen) for each in self.row.award.amounts.all()}

    @property
    def years(self) -> list[int]:
        """The fiscal years of the research period, and any that an amount stands in."""
        proposal = self.proposal
        period = (
            fiscal_years(proposal.starts_on, proposal.ends_on) if proposal.starts_on and proposal.ends_on else range(0)
        )
        return sorted({*period, *self.requested, *self.staged})

    def lines(self) -> Iterator[tuple[int, Pair, Pair]]:
        """Each fiscal year with what was requested and what is staged, direct and indirect."""
        for year in self.years:
            yield year, self.requested.get(year, NOTHING), self.staged.get(year, NOTHING)


def case_of(desk: AwardPage, number: str) -> Case | None:
    """The case of a proposal that the person sees ranked; None where it does not exist for them."""
    found = [standing for standing in desk.standings if standing.number == number]
    rows = desk.rows(found)
    return Case(desk, rows[0]) if rows else None


def version_of(mark: Mark | None) -> int:
    return mark.version if mark else 0
