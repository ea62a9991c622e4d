"""Two calls, or all calls of two fiscal years, side by side: counts, rates and shares, with their differences."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from django.utils.translation import gettext as _

from aspire.templatetags.figures import fiscal
from aspire.yen import points, rate, share
from calls.models import Call, CallField, Field
from partners.models import Country, Funder
from proposals.tallies.books import EVERYTHING, OverCalls, Slice, SliceTotals, of_country, of_field

YEAR = "FY"


@dataclass(frozen=True)
class Side:
    """One of the two: what the address calls it, what the reader calls it, and its calls."""

    key: str
    label: str
    calls: list[Call]


@dataclass(frozen=True)
class Share:
    """The score of a row on one side, and its share of all proposals of that side."""

    score: SliceTotals
    of: int | None

    @property
    def percent(self) -> str | None:
        """The row in a hundred proposals, one decimal, half up; None where a number or the denominator is missing."""
        recorded = self.score.proposals.recorded
        return None if recorded is None or self.of is None else rate(recorded, self.of)

    @property
    def exactly(self) -> Fraction | None:
        """The same before it is rounded."""
        return share(self.score.proposals.recorded, self.of)


@dataclass(frozen=True)
class ComparedRow:
    """One field, country or the whole, on both sides; differences are the second less the first."""

    label: str
    a: Share
    b: Share

    @property
    def difference(self) -> int | None:
        return less(self.b.score.proposals.recorded, self.a.score.proposals.recorded)

    @property
    def awards_difference(self) -> int | None:
        return less(self.b.score.awards.recorded, self.a.score.awards.recorded)

    @property
    def share_difference(self) -> Decimal | None:
        """Percentage points between the shares, from what they are exactly."""
        return points(self.b.exactly, self.a.exactly)

    @property
    def rate_difference(self) -> Decimal | None:
        """Percentage points between the rates, from what they are exactly."""
        return points(self.b.score.exact_rate, self.a.score.exact_rate)


def less(first: int | None, second: int | None) -> int | None:
    return None if first is None or second is None else first - second


@dataclass(frozen=True)
class ComparedTable:
    """Both sides by one dimension."""

    key: str
    caption: str
    header: str
    rows: list[ComparedRow]


@dataclass
class Comparison(OverCalls):
    """What a reader compares. A side that the address does not name, or names wrongly, is None."""

    asked_a: str
    asked_b: str

    @cached_property
    def choices(self) -> list[tuple[str, list[Side]]]:
        """What may be chosen: every call, then every fiscal year with a call."""
        calls = self.books.calls
        years = sorted({call.fiscal_year for call in calls}, reverse=True)
        return [
            (_("Calls"), [Side(call.code, f"{call.code} {call.name}", [call]) for call in calls]),
            (_("Fiscal years"), [self._year(year) for year in years]),
        ]

    def _year(self, year: int) -> Side:
        return Side(f"{YEAR}{year}", fiscal(year), [call for call in self.books.calls if call.fiscal_year == year])

    def _find(self, key: str) -> Side | None:
        return next((side for _group, sides in self.choices for side in sides if side.key == key), None)

    @cached_property
    def a(self) -> Side | None:
        return self._find(self.asked_a)

    @cached_property
    def b(self) -> Side | None:
        return self._find(self.asked_b)

    @property
    def unknown(self) -> list[str]:
        """What the address asks for and does not exist."""
        asked = (self.asked_a, self.a), (self.asked_b, self.b)
        return [key for key, found in asked if key and found is None]

    @property
    def sides(self) -> list[Side]:
        """Both, or none while one is still to be chosen."""
        return [self.a, self.b] if self.a and self.b else []

    @property
    def calls(self) -> list[Call]:
        return list({call.pk: call for side in self.sides for call in side.calls}.values())

    @cached_property
    def tables(self) -> list[ComparedTable]:
        """By field and by country, each row on both sides."""
        fields = ((str(field), of_field(field)) for field in self._fields())
        countries = ((country.name, of_country(country, self._funders)) for country in self._countries())
        return [
            ComparedTable("field", _("Compared by field"), _("Field"), self._rows(fields)),
            ComparedTable("country", _("Compared by partner country"), _("Country or region"), self._rows(countries)),
        ]

    @cached_property
    def total(self) -> ComparedRow:
        """Both sides as a whole."""
        return ComparedRow(_("Total"), *(self._share(side, EVERYTHING) for side in self.sides))

    def _rows(self, parts: Iterable[tuple[str, Slice]]) -> list[ComparedRow]:
        return [ComparedRow(label, *(self._share(side, part) for side in self.sides)) for label, part in parts]

    def _share(self, side: Side, part: Slice) -> Share:
        return Share(self._score(side, part), self._score(side, EVERYTHING).proposals.recorded)

    def _score(self, side: Side, part: Slice) -> SliceTotals:
        if len(side.calls) == 1:
            return self.books.score(side.calls[0], part)
        return self.books.total(side.calls, part, fiscal_year=side.key.removeprefix(YEAR))

    def _fields(self) -> Iterable[Field]:
        """The fields of both sides: those of A in its order, then what only B has."""
        places = CallField.objects.filter(call__in=self.calls).select_related("field")
        turn = {call.pk: number for number, call in enumerate(self.calls)}
        in_order = sorted(places, key=lambda place: (turn[place.call_id], place.position))
        return {place.field_id: place.field for place in in_order}.values()

    @cached_property
    def _funders(self) -> list[Funder]:
        """The primary funders of both sides."""
        used = {cell["primary_funder"] for call in self.calls for cell in self.books.tallies[call.pk].counted}
        return list(Funder.objects.filter(pk__in=used))

    def _countries(self) -> Iterable[Country]:
        return Country.objects.in_gojuon_order().filter(pk__in={funder.country_id for funder in self._funders})
