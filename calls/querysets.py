"""Which calls, in what order."""

import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from calls.models import Call  # noqa: F401 - named in a string, read by mypy


class CallQuerySet(models.QuerySet["Call"]):
    def newest_first(self) -> "CallQuerySet":
        """By fiscal year, the latest first; those of one year by code."""
        return self.order_by("-fiscal_year", "code")

    def under_embargo(self, *, at: datetime.datetime) -> "CallQuerySet":
        """Calls with a released packet, or released as a whole, whose embargo has not ended."""
        is_released = Q(progress="released") | Q(packets__state="released")
        return self.filter(is_released, embargo_until__gt=at).distinct()

    def open(self, *, at: datetime.datetime) -> "CallQuerySet":
        """Calls whose application window holds the instant."""
        return self.filter(opens_at__lte=at, closes_at__gte=at)
