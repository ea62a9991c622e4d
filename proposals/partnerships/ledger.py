"""What one partner brought, call by call and across calls, and what happened with it, in order."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from aspire.templatetags.figures import count
from calls.models import Call, EligibleFunder
from partners.models import Country, Dialogue, Funder, Initiative
from proposals.record.status import Status
from proposals.tallies.books import EVERYTHING, OverCalls, Slice, SliceTotals, of_country, of_funder
from proposals.tallies.figures import NOT_PUBLISHED, Figure

MEASURES = ("proposals", "awards")
RECENT, RECENT_YEARS = "recent", 5  # fiscal years, the newest call's the last


@dataclass(frozen=True)
class PartnerLine:
    """One call on a partner's page."""

    call: Call
    stage: str
    score: SliceTotals


@dataclass
class Ledger(OverCalls):
    """A partner's proposals and awards, call by call, with what was left out."""

    part: Slice

    @cached_property
    def lines(self) -> list[PartnerLine]:
        """The calls that received anything from the partner, the newest first."""
        at = self.books.at
        scores = ((call, self.books.score(call, self.part)) for call in self.books.calls)
        return [PartnerLine(call, str(call.stage(at=at).label), score) for call, score in scores if not score.is_empty]

    @property
    def calls(self) -> list[Call]:
        return [line.call for line in self.lines]

    @cached_property
    def total(self) -> SliceTotals:
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
    within: str = ""  # the code of the only call, RECENT for the last years, or empty for all

    @cached_property
    def calls(self) -> list[Call]:
        """The calls that received anything, the newest first."""
        return [call for call in self.offered if self._is_within(call)]

    @cached_property
    def offered(self) -> list[Call]:
        """All calls that received anything."""
        return [call for call in self.books.calls if not self.books.score(call).is_empty]

    def _is_within(self, call: Call) -> bool:
        if self.within == RECENT:
            return call.fiscal_year > max(each.fiscal_year for each in self.offered) - RECENT_YEARS
        return self.within in {"", call.code}

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


@dataclass(frozen=True)
class Event:
    """Something that happened on a day, in a month where only that is stated, or on a day that no source states."""

    on: datetime.date | None
    kind: str
    what: str
    href: str = ""
    is_month: bool = False


def timeline(
    ledger: Ledger,
    dialogues: Iterable[Dialogue],
    initiatives: Iterable[Initiative],
    eligible: Iterable[EligibleFunder],
) -> list[Event]:
    """Every event, the latest first; those whose day is not stated stand last."""
    events = [*of_dialogues(dialogues), *of_initiatives(initiatives), *of_eligibility(eligible)]
    events += [*of_calls(ledger), *of_awards(ledger)]
    return sorted(events, key=lambda event: event.on or datetime.date.min, reverse=True)


def of_dialogues(dialogues: Iterable[Dialogue]) -> Iterable[Event]:
    for dialogue in dialogues:
        yield Event(dialogue.held_on, _("Dialogue"), str(dialogue), "#dialogues")


def of_initiatives(initiatives: Iterable[Initiative]) -> Iterable[Event]:
    for initiative in initiatives:
        on = initiative.launched_on
        yield Event(on, _("Initiative"), f"{initiative.acronym} {initiative.name}", "#initiatives", on.day == 1)


def of_eligibility(eligible: Iterable[EligibleFunder]) -> Iterable[Event]:
    for place in eligible:
        if place.eligible_from is None:
            continue  # from the start of its call, which has an event of its own
        values = {"funder": place.funder.label, "call": place.call.name}
        what = _("%(funder)s becomes eligible for %(call)s") % values
        yield Event(place.eligible_from, _("Funder"), what, place.call.get_absolute_url())


def of_calls(ledger: Ledger) -> Iterable[Event]:
    for call in ledger.calls:
        if call.opens_at and call.closes_at:
            opens, closes = (timezone.localtime(moment).date() for moment in (call.opens_at, call.closes_at))
            yield Event(opens, _("Call"), _("%(call)s opens") % {"call": call.name}, call.get_absolute_url())
            yield Event(closes, _("Call"), _("%(call)s closes") % {"call": call.name}, call.get_absolute_url())


def of_awards(ledger: Ledger) -> Iterable[Event]:
    """Awards by their day, where a call's awards by this partner are known; linked where the rows are just those."""
    scores = {line.call.pk: line for line in ledger.lines if line.score.awards.recorded}
    awards = ledger.books.proposals.counted().filter(primary_funder__in=ledger.part.ids, call__in=scores)
    for cell in awards.tally_by("call", "award__awarded_on"):
        line, number = scores[cell["call"]], cell["awards"]
        if number:
            values = {"call": line.call.name, "number": count(number)}
            what = _("%(call)s, awards: %(number)s") % values
            figure = line.score.awards
            yield Event(cell["award__awarded_on"], _("Award"), what, figure.href if number == figure.recorded else "")
