"""How an open call comes in day by day, beside the last call on the same day of its window."""

import datetime
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Exists, OuterRef
from django.utils import timezone

from calls.models import Call
from proposals.record.models import Proposal
from proposals.record.querysets import ProposalQuerySet
from proposals.tallies.figures import rows_url


@dataclass(frozen=True)
class Day:
    """One day of the window: what came in on it, how many there were by its end, and how many the last call had."""

    number: int
    day: datetime.date
    received: int
    so_far: int
    last: int | None
    href: str


@dataclass
class Arrivals:
    """The counted proposals of an open call by the day they were received, as far as today, in Tokyo."""

    call: Call
    proposals: ProposalQuerySet
    today: datetime.date

    @cached_property
    def last(self) -> Call | None:
        """The call of the programme that opened before it; synthetic ones are held against synthetic ones."""
        same = Call.objects.filter(programme=self.call.programme_id, is_synthetic=self.call.is_synthetic)
        # Asked call by call: a join would read every proposal of every call.
        received = Proposal.objects.filter(call=OuterRef("pk"), received_at__isnull=False)
        before = same.filter(Exists(received), opens_at__lt=self.call.opens_at)
        return before.order_by("-opens_at", "code").first()

    @cached_property
    def _by_day(self) -> dict[int, dict[datetime.date, int]]:
        return self.proposals.by_day(*filter(None, [self.call, self.last]))

    @property
    def by_day(self) -> dict[datetime.date, int]:
        return self._by_day[self.call.pk]

    @cached_property
    def days(self) -> list[Day]:
        """Every day from the first of the window to today; what was received before it stands on the first."""
        found, so_far, opened = list[Day](), 0, opened_on(self.call)
        early = sum(number for day, number in self.by_day.items() if day < opened)
        for number in range(1, (self.today - opened).days + 2):
            day = opened + datetime.timedelta(days=number - 1)
            received = self.by_day.get(day, 0)
            so_far += received + (early if number == 1 else 0)
            href = rows_url(self.call.code, received_on=day.isoformat())
            found.append(Day(number, day, received, so_far, self.last_by(number), href))
        return found

    def last_by(self, number: int) -> int | None:
        """How many the last call had by the end of that day of its window; None without one."""
        if self.last is None:
            return None
        until = opened_on(self.last) + datetime.timedelta(days=number - 1)
        return sum(received for day, received in self._by_day[self.last.pk].items() if day <= until)

    @property
    def now(self) -> Day | None:
        return self.days[-1] if self.days else None


def opened_on(call: Call) -> datetime.date:
    return timezone.localdate(call.opens_at)
