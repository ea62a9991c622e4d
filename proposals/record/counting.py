"""How many proposals and how much: counted from the rows, or read from the lines that PostgreSQL keeps."""

import datetime
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, TruncDate

from aspire.kana import search_key
from aspire.untyped import Above, Answered
from calls.models import Call
from partners.models import Institution, InstitutionName
from proposals.record.status import NOT_COUNTED, Status

# The models are made with these querysets, so these know them by name.
named: Callable[[str], Above] = partial(apps.get_model, "proposals")
# Without a research period, or without costs.
INCOMPLETE = Q(starts_on__isnull=True) | Q(requested_direct_yen=0, requested_indirect_yen=0)
# What one proposal adds to a tally. Every path is single-valued: summing across many partners would count yen twice.
MEASURES: dict[str, Any] = {
    "proposals": Count("pk"),
    "awards": Count("award", filter=Q(status=Status.AWARDED)),
    "reconstructed": Count("pk", filter=Q(is_reconstructed=True)),
    "incomplete": Count("pk", filter=INCOMPLETE),
    "direct_yen": Coalesce(Sum("requested_direct_yen"), Value(0)),
    "requested_yen": Coalesce(Sum(models.F("requested_direct_yen") + models.F("requested_indirect_yen")), Value(0)),
    "awarded_yen": Coalesce(
        Sum(
            models.F("award__awarded_direct_yen") + models.F("award__awarded_indirect_yen"),
            filter=Q(status=Status.AWARDED),
        ),
        Value(0),
    ),
}


def known_institution(of: str = "") -> Combinable:
    """The institution's name as its record has it, or as it is written where no record has that name. ``of``: the path
    to the proposal."""
    record = InstitutionName.objects.filter(key=OuterRef(f"{of}institution_key")).values("institution__name_ja")
    return Coalesce(Subquery(record), F(f"{of}institution"))


class CountingQuerySet(models.QuerySet[Above]):
    """Of proposals: how many they are and what they come to."""

    def counted(self) -> Self:
        """What tallies count: everything received, less the withdrawn and the ineligible."""
        return self.exclude(status__in=NOT_COUNTED)

    def not_counted(self) -> Self:
        return self.filter(status__in=NOT_COUNTED)

    def of_institution(self, name: str) -> Self:
        """Those whose institution goes by the name, however they write it; without a record, those that write it so."""
        record = Institution.objects.filter(names__key=search_key(name)).first()
        return self.filter(institution_key__in=record.names.values("key")) if record else self.filter(institution=name)

    def tally(self) -> dict[str, int]:
        """Leaves the queryset: proposals, awards, yen requested and awarded, over all rows."""
        return self.order_by().aggregate(**MEASURES)

    def tally_by(self, *dimensions: str, **expressions: Combinable) -> Iterable[dict[str, Any]]:
        """Leaves the queryset: the same measures for each combination of the named columns that occurs.

        ``expressions``: further dimensions by the name that they go by.
        """
        named = self.order_by().values(*dimensions, **expressions)
        cells: Iterable[dict[str, Any]] = named.annotate(**MEASURES)
        return cells

    def is_whole(self) -> bool:
        """Leaves the queryset: whether nothing was left out of it, so that the kept lines say the same."""
        return not self.query.where

    def cells_by(self, *dimensions: str, by_lines: bool, **only: object) -> Iterable[dict[str, Any]]:
        """Leaves the queryset: ``tally_by``, from the kept lines (``by_lines``) or counted anew, which takes longer.

        ``dimensions`` and ``only`` (what is counted) name call, field, primary_funder, status and terms alone. Raises
        ValueError where the lines, which know all proposals, are asked for some.
        """
        if not by_lines:
            return self.filter(**only).tally_by(*dimensions)
        if not self.is_whole():
            raise ValueError("The kept lines count all proposals, and this queryset leaves some out.")
        cells: Iterable[dict[str, Any]] = named("TallyLine").objects.filter(**only).cells_by(*dimensions)
        return cells

    def by_day(self, *calls: Call) -> dict[int, dict[datetime.date, int]]:
        """Leaves the queryset: call → how many counted proposals of it were received on each day in Tokyo.

        Read from the kept lines where nothing is hidden from the reader, as ``is_whole`` tells.
        """
        if not self.is_whole():
            received = self.filter(call__in=calls, received_at__isnull=False).counted().order_by()
            found = received.values_list("call", TruncDate("received_at")).annotate(number=Count("pk"))
        else:
            lines = named("IntakeLine").objects.filter(call__in=calls)
            found = lines.values_list("call", "received_on").annotate(number=Sum("proposals"))
        days: dict[int, dict[datetime.date, int]] = {call.pk: {} for call in calls}
        for call, day, number in found:
            if number:
                days[call][day] = number
        return days

    def paces_of(self, *calls: Call) -> Iterable[dict[str, Any]]:
        """Leaves the queryset: how many counted proposals of each call have so many active reviewers, so many reviews
        of these and such a mark, and their standing conflicts; those that have nothing of it are left out.

        Read from the kept lines where nothing is hidden from the reader, as ``is_whole`` tells.
        """
        found: Answered
        sums: dict[str, Any] = {"conflicts": Sum("conflicts")}
        if not self.is_whole():
            found = named("ProposalProgress").objects.filter(call__in=calls, proposal__in=self.counted().order_by())
            sums["proposals"] = Count("pk")
        else:
            found = named("PaceLine").objects.filter(call__in=calls)
            sums["proposals"] = Sum("proposals")
        paces: Iterable[dict[str, Any]] = found.values("call", "reviewers", "reviews", "decision").annotate(**sums)
        return paces


class TallyQuerySet(models.QuerySet[Above]):
    def cells_by(self, *dimensions: str) -> Iterable[dict[str, Any]]:
        """The measures for each combination of the named columns that occurs: the sums of its lines."""
        sums = {measure: Sum(measure) for measure in MEASURES}
        cells: Iterable[dict[str, Any]] = self.order_by().values(*dimensions).annotate(**sums).filter(proposals__gt=0)
        return cells
