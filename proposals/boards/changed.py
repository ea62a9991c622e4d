"""What changed lately, call by call, read from the trigger history: commands and SQL are there too."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Count, OuterRef, Subquery
from django.urls import reverse

from aspire.permissions import may_open
from calls.models import Call
from proposals.boards.figures import rows_url
from proposals.querysets import ProposalQuerySet, midnight


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


def changed(calls: Iterable[Call], proposals: ProposalQuerySet, *, since: datetime.date, reader: Any) -> list[Change]:
    """The calls in which something changed since a day; the number of queries is constant."""
    counts = [
        by_call(logged(proposals, since)),
        by_call(corrected(proposals, since)),
        of_events("Review", "assignment__proposal", proposals, since, state="submitted"),
        of_events("Mark", "proposal", proposals, since, marked_at__gte=midnight(since), packet__isnull=True),
    ]
    touched = [call for call in calls if any(call.pk in count for count in counts)]
    return [Change(call, _linked(call, [count.get(call.pk, 0) for count in counts], since, reader)) for call in touched]


def _linked(call: Call, values: list[int], since: datetime.date, reader: Any) -> list[Number]:
    day, pages = since.isoformat(), ("calls:assignments", "awards:ranking")
    reviews, marks = (reverse(page, args=[call.code]) if may_open(page, reader) else "" for page in pages)
    rows = [rows_url(call.code, status="", **{name: day}) for name in ("logged_since", "corrected_since")]
    return [Number(value, href) for value, href in zip(values, [*rows, reviews or marks, marks], strict=True)]


def logged(proposals: ProposalQuerySet, since: datetime.date) -> ProposalQuerySet:
    """Proposals that were entered since the day, whenever they were received."""
    return proposals.filter(pk__in=_events("Proposal", since).filter(pgh_label="insert").values("pgh_obj"))


def corrected(proposals: ProposalQuerySet, since: datetime.date) -> ProposalQuerySet:
    """Proposals of which something was corrected since the day, amounts included; a new status is no correction."""
    before = apps.get_model("proposals.ProposalEvent")._default_manager.order_by("-pgh_id")
    before = before.filter(pgh_obj=OuterRef("pgh_obj"), pgh_id__lt=OuterRef("pgh_id")).values("status")[:1]
    updates = _events("Proposal", since).filter(pgh_label="update").filter(status=Subquery(before))
    costs = _events("AnnualCost", since).filter(pgh_label__in=["update", "delete"])
    # One set: "this or that" would make PostgreSQL walk every proposal.
    return proposals.filter(pk__in=updates.values("pgh_obj").union(costs.values("proposal")))


def of_events(model: str, path: str, proposals: ProposalQuerySet, since: datetime.date, **only: Any) -> dict[int, int]:
    """Call → how many rows of the model had such an event."""
    found = _events(model, since).filter(**only, **{f"{path}__in": proposals.order_by()})
    rows = found.exclude(pgh_label="delete").order_by().values_list(f"{path}__call")
    return dict(rows.annotate(Count("pgh_obj", distinct=True)))


def by_call(proposals: ProposalQuerySet) -> dict[int, int]:
    return dict(proposals.order_by().values_list("call").annotate(Count("pk")))


def _events(model: str, since: datetime.date) -> Any:
    history = apps.get_model(f"proposals.{model}Event")._default_manager
    return history.filter(pgh_created_at__gte=midnight(since)).order_by()
