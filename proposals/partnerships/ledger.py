"""What one partner brought: a line for each call, and partners crossed with calls."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse

from calls.models import Call
from partners.models import Country, Funder
from proposals.record.status import Status
from proposals.tallies.books import EVERYTHING, OverCalls, Score, Slice, of_country, of_funder
from proposals.tallies.figures import NOT_PUBLISHED, Figure

MEASURES = ("proposals", "awards")


@dataclass(frozen=True)
class Line:
    """One call on a partner's page."""

    call: Call
    stage: str
    score: Score


@dataclass
class Ledger(OverCalls):
    """A partner's proposals and awards, call by call, with what was left out."""

    part: Slice

    @cached_property
    def lines(self) -> list[Line]:
        """The calls that received anything from the partner, the newest first."""
        at = self.books.at
        scores = ((call, self.books.score(call, self.part)) for call in self.books.calls)
        return [Line(call, str(call.stage(at=at).label), score) for call, score in scores if not score.is_empty]

    @property
    def calls(self) -> list[Call]:
        return [line.call for line in self.lines]

    @cached_property
    def total(self) -> Score:
        return self.books.total(self.calls, self.part)

    @property
    def has_awards(self) -> bool:
        """Whether any call states its awards by this partner."""
        return any(line.score.awards.status != NOT_PUBLISHED for line in self.lines)

    @property
    def left_out(self) -> list[tuple[str, int, str]]:
        """Status, number and address of the proposals that no tally counts."""
        found = self.books.left_out(self.books.calls, self.part).items()
        rows = "&".join(f"{key}={code}" for key, code in self.part.codes.items())
        here = reverse("proposals:list")
        return [(str(Status(status).label), number, f"{here}?{rows}&status={status}") for status, number in found]


@dataclass(frozen=True)
class MatrixRow:
    """A partner with one figure a call, and their total."""

    partner: Country | Funder
    label: str
    figures: list[Figure]
    total: Figure


@dataclass
class Matrix(OverCalls):
    """Partners crossed with calls by one measure."""

    measure: str

    @cached_property
    def calls(self) -> list[Call]:
        """The calls that received anything, the newest first."""
        return [call for call in self.books.calls if not self.books.score(call).is_empty]

    def row(self, partner: Country | Funder, label: str, part: Slice) -> MatrixRow:
        figures = [getattr(self.books.score(call, part), self.measure) for call in self.calls]
        return MatrixRow(partner, label, figures, getattr(self.books.total(self.calls, part), self.measure))

    def whole(self, part: Slice = EVERYTHING) -> tuple[list[Figure], Figure]:
        """The last row: one figure a call over all the partners of the table, and their total."""
        figures = [getattr(self.books.score(call, part), self.measure) for call in self.calls]
        return figures, getattr(self.books.total(self.calls, part), self.measure)

    def of_countries(self, countries: Iterable[Country], funders: list[Funder]) -> list[MatrixRow]:
        return [self.row(country, country.name, of_country(country, funders)) for country in countries]

    def of_funders(self, funders: Iterable[Funder]) -> list[MatrixRow]:
        return [self.row(funder, funder.label, of_funder(funder)) for funder in funders]
