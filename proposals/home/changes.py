"""What changed lately, call by call, read from the trigger history: commands and SQL are there too."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from aspire.people import Person
from aspire.permissions import may_open
from calls.models import Call
from proposals.record.changes import by_call, corrected, logged, of_events
from proposals.record.querysets import ProposalQuerySet, midnight
from proposals.tallies.figures import rows_url


@dataclass(frozen=True)
class Number:
    """How many, and where they are; no address where the reader may not look."""

    value: int
    href: str = ""


@dataclass(frozen=True)
class Change:
    """What changed in one call."""

    call: Call
    numbers: list[Number]  # proposals logged, proposals corrected, reviews submitted, proposals marked


def changed(
    calls: Iterable[Call], proposals: ProposalQuerySet, *, since: datetime.date, reader: Person
) -> list[Change]:
    """The calls in which something changed since a day; the number of queries is constant."""
    counts = [
        by_call(logged(proposals, since)),
        by_call(corrected(proposals, since)),
        of_events("Review", "assignment__proposal", proposals, since, state="submitted"),
        of_events("Mark", "proposal", proposals, since, marked_at__gte=midnight(since), packet__isnull=True),
    ]
    touched = [call for call in calls if any(call.pk in count for count in counts)]
    return [Change(call, _linked(call, [count.get(call.pk, 0) for count in counts], since, reader)) for call in touched]


def _linked(call: Call, values: list[int], since: datetime.date, reader: Person) -> list[Number]:
    day, pages = since.isoformat(), ("assignment:assignments", "awards:ranking")
    reviews, marks = (reverse(page, args=[call.code]) if may_open(page, reader) else "" for page in pages)
    rows = [rows_url(call.code, status="", **{name: day}) for name in ("logged_since", "corrected_since")]
    return [Number(value, href) for value, href in zip(values, [*rows, reviews or marks, marks], strict=True)]
