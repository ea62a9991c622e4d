"""The cells of a question: proposals, awards and yen by row, column, call and status, in one query or two.

And what stands in the table that they make: a value a cell, shaded by its size.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from proposals.explore.dimensions import COUNTRY, Member
from proposals.explore.question import Question
from proposals.record.models import Counterpart
from proposals.record.status import NOT_COUNTED, Status

Cells = list[dict[str, Any]]
ALWAYS = ("call", "status")
OF = "proposal__"
REQUESTED = F("proposal__requested_direct_yen") + F("proposal__requested_indirect_yen")
AWARDED = F("proposal__award__awarded_direct_yen") + F("proposal__award__awarded_indirect_yen")
IS_AWARDED = Q(proposal__status=Status.AWARDED)
MEASURES: dict[str, Any] = {
    "proposals": Count("proposal"),
    "reconstructed": Count("proposal", filter=Q(proposal__is_reconstructed=True)),
    "awards": Count("proposal__award", filter=IS_AWARDED),
    "requested_yen": Coalesce(Sum(REQUESTED), 0),
    "awarded_yen": Coalesce(Sum(AWARDED, filter=IS_AWARDED), 0),
}


def cells(question: Question) -> Cells:
    """Each proposal once. Without a filter by status, what is not counted is among them."""
    paths = list(dict.fromkeys([*(dimension.path for dimension in question.dimensions), *ALWAYS]))
    if question.kept is None:
        reckoned = {each.path: each.column() for each in question.dimensions if each.reckoned}
        return list(question.matching().tally_by(*(path for path in paths if path not in reckoned), **reckoned))
    return list(question.proposals.cells_by(*paths, by_lines=question.proposals.is_whole(), **question.kept))


def further_countries(question: Question) -> Cells:
    """The same for the countries of counterparts: a proposal once under each that is not its primary funder's."""
    others = further(question).exclude(Exists(Counterpart.objects.filter(SAME, pk__lt=OuterRef("pk"))))
    paths: dict[str, Combinable] = {dimension.path: dimension.column(OF) for dimension in question.dimensions}
    paths |= {path: F(OF + path) for path in ALWAYS} | {COUNTRY.path: F("country")}
    named = {f"by_{place}": path for place, path in enumerate(paths.values())}
    found: Iterable[dict[str, Any]] = others.order_by().values(**named).annotate(**MEASURES)
    return [
        {path: cell[f"by_{place}"] for place, path in enumerate(paths)} | {name: cell[name] for name in MEASURES}
        for cell in found
    ]


SAME = Q(proposal=OuterRef("proposal"), country=OuterRef("country"))


def further(question: Question) -> QuerySet[Counterpart]:
    """Counterparts in another country than the primary funder's, of the proposals that are counted."""
    counted = question.matching()
    if not question.has_own_statuses:
        counted = counted.exclude(status__in=NOT_COUNTED)
    of_others = ~Q(country=F("proposal__primary_funder__country"))
    return Counterpart.objects.filter(of_others, proposal__in=counted.order_by().values("pk"))


def with_further_countries(question: Question, *, without: Collection[int]) -> int:
    """How many of the counted proposals have partners in more countries than the one they are counted under; less
    those of the calls that the table leaves aside."""
    counterparts = further(question).exclude(proposal__call__in=without)
    found: dict[str, int] = counterparts.aggregate(number=Count("proposal", distinct=True))
    return found["number"]


@dataclass(frozen=True)
class Value:
    """One cell. ``number`` is None where nothing applies, such as a rate without proposals or before the decision."""

    number: int | Decimal | None
    href: str = ""
    proposals: int | None = None  # the denominator of a rate
    is_published: bool = True
    step: int = 0  # of the heat map: 1 the palest, 0 none
    awards: int | None = None  # the numerator of a rate


@dataclass(frozen=True)
class CrossLine:
    """A row: its entry, its cells in the order of the columns, and its total."""

    entry: Member
    cells: list[Value]
    total: Value


def walk(lines: Iterable[CrossLine]) -> Iterable[Value]:
    """Every cell of the body, row by row."""
    return (value for line in lines for value in (line.cells or [line.total]))
