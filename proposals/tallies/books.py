"""Several calls side by side, each held to what its own source published."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from aspire.yen import rate, share
from calls.models import Call, Field
from partners.models import Country, Funder
from proposals.record.querysets import ProposalQuerySet
from proposals.record.status import NOT_COUNTED
from proposals.tallies.counts import Cells, Tallies, add_up
from proposals.tallies.figures import NOT_DECIDED, NOT_PUBLISHED, RECORDED_ONLY, Figure, rows_url


@dataclass(frozen=True)
class Slice:
    """What is counted of each call: the dimension as printed, its row, the ids of that row's cells, codes for links."""

    dimension: str = ""
    key: int | None = None
    column: str = ""
    ids: frozenset[int] = frozenset()
    codes: dict[str, str] = field(default_factory=dict)

    def of(self, cells: Cells) -> Cells:
        return [cell for cell in cells if cell[self.column] in self.ids] if self.column else cells


EVERYTHING = Slice()


def of_country(country: Country, funders: Iterable[Funder]) -> Slice:
    """The proposals whose primary funder is one of the country's."""
    ids = frozenset(funder.pk for funder in funders if funder.country_id == country.pk)
    return Slice("country", country.pk, "primary_funder", ids, {"country": country.alpha2})


def of_funder(funder: Funder) -> Slice:
    """The proposals of one primary funder."""
    codes = {"country": funder.country.alpha2, "funder": funder.code}
    return Slice("country_funder", funder.pk, "primary_funder", frozenset({funder.pk}), codes)


def of_field(field: Field) -> Slice:
    """The proposals of one field."""
    return Slice("field", field.pk, "field", frozenset({field.pk}), {"field": field.code})


@dataclass(frozen=True)
class SliceTotals:
    """Proposals, awards and yen of a slice. Yen are None where the source states none."""

    proposals: Figure
    awards: Figure
    requested_yen: int | None
    awarded_yen: int | None
    is_decided: bool

    @property
    def rate(self) -> str | None:
        """Awards in a hundred proposals, one decimal, half up; None without both numbers or before the decision."""
        if not self.is_decided or self.proposals.recorded is None or self.awards.recorded is None:
            return None
        return rate(self.awards.recorded, self.proposals.recorded)

    @property
    def exact_rate(self) -> Fraction | None:
        """The same in percent before it is rounded."""
        return share(self.awards.recorded, self.proposals.recorded) if self.is_decided else None

    @property
    def has_unpublished_rate(self) -> bool:
        """Whether a rate is missing because the source keeps a number of it."""
        return NOT_PUBLISHED in {self.proposals.status, self.awards.status}

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever received, as recorded and as published."""
        return not self.proposals.recorded and not self.proposals.published


@dataclass
class Books:
    """The tallies of every call over the proposals one reader may see, in as many queries for one call as for many."""

    proposals: ProposalQuerySet
    at: datetime.datetime

    @cached_property
    def calls(self) -> list[Call]:
        return list(Call.objects.newest_first().select_related("programme").prefetch_related("published_figures"))

    @cached_property
    def tallies(self) -> dict[int, Tallies]:
        """By the call's id."""
        cells = defaultdict(list)
        for cell in self.proposals.cells_by(
            "call", "status", "field", "primary_funder", by_lines=self.proposals.is_whole()
        ):
            cells[cell["call"]].append(cell)
        found = {call.pk: Tallies(call, self.proposals) for call in self.calls}
        for pk, tallies in found.items():
            tallies.cells = cells[pk]
        return found

    def score(self, call: Call, part: Slice = EVERYTHING) -> SliceTotals:
        """What one call received and awarded in the slice."""
        tallies = self.tallies[call.pk]
        cells = part.of(tallies.counted)
        proposals, awards = (
            tallies.figure(part.dimension, part.key, measure, cells, part.codes) for measure in ("proposals", "awards")
        )
        if awards.status == NOT_PUBLISHED and proposals.recorded == 0 and not proposals.published:
            awards = Figure(0, None, RECORDED_ONLY)  # of no proposal none can be awarded, whatever was published
        requested, awarded = (
            None if tallies.is_reconstructed else add_up(cells, measure) for measure in ("requested_yen", "awarded_yen")
        )
        return SliceTotals(proposals, awards, requested, awarded, is_decided=tallies.has_rates)

    def total(self, calls: Iterable[Call], part: Slice = EVERYTHING, **asked: str) -> SliceTotals:
        """The slice over several calls; a sum that would hold an unpublished number is itself not published."""
        scores = [score for score in (self.score(call, part) for call in calls) if not score.is_empty]
        codes = {**asked, **part.codes}
        return SliceTotals(
            together([score.proposals for score in scores], rows_url(**codes)),
            together([score.awards for score in scores], rows_url(**codes, awarded="1")),
            yen_together(score.requested_yen for score in scores),
            yen_together(score.awarded_yen for score in scores),
            is_decided=all(score.is_decided for score in scores),
        )

    def left_out(self, calls: Iterable[Call], part: Slice = EVERYTHING) -> dict[str, int]:
        """How many proposals of the slice no tally counts, by status."""
        cells = [cell for call in calls for cell in part.of(self.tallies[call.pk].cells)]
        return {
            status: add_up([cell for cell in cells if cell["status"] == status], "proposals") for status in NOT_COUNTED
        }


@dataclass
class OverCalls:
    """Whatever counts over several calls: it says whose proposals are not real ones."""

    books: Books

    @property
    def calls(self) -> list[Call]:
        raise NotImplementedError

    @property
    def reconstructed(self) -> list[Call]:
        """The calls with proposals made from published totals."""
        return [call for call in self.calls if self.books.tallies[call.pk].is_reconstructed]

    @property
    def synthetic(self) -> list[Call]:
        """The calls made for demonstration."""
        return [call for call in self.calls if call.is_synthetic]


def together(figures: list[Figure], href: str) -> Figure:
    """The sum of figures of several calls, as recorded."""
    if any(figure.status == NOT_PUBLISHED for figure in figures):
        return Figure(None, None, NOT_PUBLISHED)
    if figures and all(figure.status == NOT_DECIDED for figure in figures):
        return Figure(None, None, NOT_DECIDED)
    return Figure(sum(figure.recorded or 0 for figure in figures), None, RECORDED_ONLY, href)


def yen_together(amounts: Iterable[int | None]) -> int | None:
    """The sum of amounts in yen; None where one of them is not published."""
    found = list(amounts)
    return None if None in found else sum(yen or 0 for yen in found)
