"""What one proposal shows on the award page: its reviews, and what was requested and is staged by fiscal year."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

from aspire.wareki import fiscal_years
from calls.models import Criterion
from proposals.awards.decisions import Amounts
from proposals.awards.desk import Desk, Row
from proposals.record.models import Mark, Proposal, Review
from proposals.review.progress import name_of

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
class Sheet:
    """One proposal on the award page."""

    desk: Desk
    row: Row

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


def sheet_of(desk: Desk, number: str) -> Sheet | None:
    """The sheet of a proposal that the person sees ranked; None where it does not exist for them."""
    found = [standing for standing in desk.standings if standing.number == number]
    rows = desk.rows(found)
    return Sheet(desk, rows[0]) if rows else None


def version_of(mark: Mark | None) -> int:
    return mark.version if mark else 0
