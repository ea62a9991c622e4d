"""What happened with a partner, in order: what was said, what was launched, when calls ran, when awards were made."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from aspire.templatetags.figures import count
from calls.models import EligibleFunder
from partners.models import Dialogue, Initiative
from proposals.partnerships.ledger import Ledger


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
