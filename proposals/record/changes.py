"""Which proposals changed since a day, read from the trigger history: commands and SQL are there too."""

import datetime

from django.apps import apps
from django.db.models import Count, OuterRef, QuerySet, Subquery

from aspire.untyped import Recorded
from proposals.record.querysets import ProposalQuerySet, midnight


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


def of_events(
    model: str, path: str, proposals: ProposalQuerySet, since: datetime.date, **only: object
) -> dict[int, int]:
    """Call → how many rows of the model had such an event."""
    found = _events(model, since).filter(**only, **{f"{path}__in": proposals.order_by()})
    rows = found.exclude(pgh_label="delete").order_by().values_list(f"{path}__call")
    return dict(rows.annotate(Count("pgh_obj", distinct=True)))


def by_call(proposals: ProposalQuerySet) -> dict[int, int]:
    return dict(proposals.order_by().values_list("call").annotate(Count("pk")))


def _events(model: str, since: datetime.date) -> "QuerySet[Recorded]":
    history = apps.get_model(f"proposals.{model}Event")._default_manager
    found: QuerySet[Recorded] = history.filter(pgh_created_at__gte=midnight(since)).order_by()
    return found
