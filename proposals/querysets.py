"""Which proposals, for whom, how many and how much."""

import datetime
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.db.models import Count, Q, Sum, Value
from django.db.models.functions import Coalesce

from aspire.kana import search_key
from aspire.roles import STAFF, Role, roles_of
from proposals.status import NOT_COUNTED

if TYPE_CHECKING:
    from proposals.models import Proposal  # noqa: F401 - named in a string, read by mypy

# What one proposal adds to a tally. Every path is single-valued: summing across many partners would count yen twice.
MEASURES: dict[str, Any] = {
    "proposals": Count("pk"),
    "awards": Count("award"),
    "reconstructed": Count("pk", filter=Q(is_reconstructed=True)),
    "requested_yen": Coalesce(Sum(models.F("requested_direct_yen") + models.F("requested_indirect_yen")), Value(0)),
    "awarded_yen": Coalesce(
        Sum(models.F("award__awarded_direct_yen") + models.F("award__awarded_indirect_yen")), Value(0)
    ),
}
# Details of a proposal that not everybody who sees it may read.
STAFF_ONLY = {"researcher_number", "late_reason"}
FIELDS = STAFF_ONLY | {"young_researcher_plan", "costs", "counterparts", "award"}
SEES_EVERY_PROPOSAL = {Role.OFFICER, Role.MANAGER, Role.ADMINISTRATOR}


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> "ProposalQuerySet":
        """What a person may see; counts obey it too. Reviewers see what is assigned to them, which is nothing yet."""
        return self if self._sees(user) else self.none()

    @staticmethod
    def _sees(user: AbstractBaseUser | AnonymousUser) -> bool:
        return bool(roles_of(user) & SEES_EVERY_PROPOSAL)

    def fields_visible_to(self, user: AbstractBaseUser | AnonymousUser) -> frozenset[str]:
        """The fields of a visible proposal that a person may read: a manager has no need of personal numbers."""
        return frozenset(FIELDS if roles_of(user) & STAFF else FIELDS - STAFF_ONLY) if self._sees(user) else frozenset()

    def counted(self) -> "ProposalQuerySet":
        """What tallies count: everything received, less the withdrawn and the ineligible."""
        return self.exclude(status__in=NOT_COUNTED)

    def not_counted(self) -> "ProposalQuerySet":
        return self.filter(status__in=NOT_COUNTED)

    def outside_window(
        self, opens_at: datetime.datetime | None, closes_at: datetime.datetime | None
    ) -> "ProposalQuerySet":
        """Proposals that a window would leave outside without an officer's reason; without a window, all of them."""
        if opens_at is None or closes_at is None:
            return self.order_by("received_at", "number")
        outside = Q(received_at__lt=opens_at) | Q(received_at__gt=closes_at)
        return self.filter(outside, late_reason__regex="^[ \t\n\r\u3000]*$").order_by("received_at", "number")

    def next_number(self, call: str) -> str:
        """The number after the highest of the call's consecutive ones: ``DEMO-OPEN-121``."""
        numbers = self.filter(number__regex=rf"^{re.escape(call)}-\d+$").values_list("number", flat=True)
        last = max((int(number.rsplit("-", 1)[1]) for number in numbers), default=0)
        return f"{call}-{last + 1:03}"

    def search(self, text: str) -> "ProposalQuerySet":
        """Proposals that hold every word of the text, in any width, case, kana script or published spelling."""
        found = self
        for word in filter(None, map(search_key, text.split())):
            found = found.filter(
                Q(search_key__contains=word)
                | Q(primary_funder__search_key__contains=word)
                | Q(primary_funder__country__search_key__contains=word)
            )
        return found

    def for_list(self) -> "ProposalQuerySet":
        """With what a row of a list shows, in the order of logging."""
        return self.select_related("call", "field", "primary_funder__country", "award").order_by("call", "number")

    def tally(self) -> dict[str, int]:
        """Leaves the queryset: proposals, awards, yen requested and awarded, over all rows."""
        return self.order_by().aggregate(**MEASURES)

    def tally_by(self, *dimensions: str) -> Iterable[dict[str, Any]]:
        """Leaves the queryset: the same measures for each combination of the named columns that occurs."""
        cells: Iterable[dict[str, Any]] = self.order_by().values(*dimensions).annotate(**MEASURES)
        return cells
