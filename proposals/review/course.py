"""How a review goes on: by field, how many of the reviews asked for are done, and by day, how many came in."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from urllib.parse import urlencode

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone

from aspire.untyped import Annotated
from calls.models import Call, CallField
from proposals.record.models import ProposalProgress, Review
from proposals.record.querysets import ProposalQuerySet
from proposals.review.progress import DONE, LEFT


@dataclass(frozen=True)
class OfField:
    """The reviews of one field: how many active assignments ask for one, and how many of these are submitted."""

    field: CallField
    given: int
    done: int
    done_href: str
    left_href: str

    @property
    def left(self) -> int:
        return self.given - self.done


@dataclass(frozen=True)
class OfDay:
    """What was submitted on one day, and up to it."""

    on: datetime.date
    done: int
    so_far: int
    href: str


@dataclass(frozen=True)
class Course:
    """The reviews of a call as far as their reader may see its proposals."""

    call: Call
    proposals: ProposalQuerySet
    today: datetime.date
    places: Sequence[CallField]  # the fields of the call, in its order

    def href(self, **asked: str) -> str:
        return f"{reverse('boards:reviews', args=[self.call.code])}?{urlencode(asked)}"

    @property
    def counted(self) -> ProposalQuerySet:
        """The proposals of the call whose reviews count."""
        return self.proposals.filter(call=self.call).counted().order_by()

    @cached_property
    def fields(self) -> list[OfField]:
        """Each field with what is asked for and what is done."""
        found = ProposalProgress.objects.filter(call=self.call, proposal__in=self.counted).values("proposal__field")
        sums = {row["proposal__field"]: row for row in found.annotate(given=Sum("reviewers"), done=Sum("reviews"))}
        return [
            OfField(
                place,
                sums.get(place.field_id, {}).get("given", 0),
                sums.get(place.field_id, {}).get("done", 0),
                self.href(state=DONE, field=place.field.code),
                self.href(state=LEFT, field=place.field.code),
            )
            for place in self.places
        ]

    @property
    def reviews(self) -> QuerySet[Annotated]:
        return Review.objects.counting().filter(assignment__proposal__in=self.counted, submitted_at__isnull=False)

    @cached_property
    def days(self) -> list[OfDay]:
        """Every day from the first review to today; none without a review."""
        zone = timezone.get_current_timezone()
        by_day = self.reviews.order_by().values(on=TruncDate("submitted_at", tzinfo=zone)).annotate(number=Count("pk"))
        found = {row["on"]: row["number"] for row in by_day}
        return list(self._walk(found)) if found else []

    def _walk(self, found: dict[datetime.date, int]) -> Iterator[OfDay]:
        first = min(found)
        days = [first + datetime.timedelta(days=number) for number in range((max(self.today, first) - first).days + 1)]
        numbers = [found.get(day, 0) for day in days]
        for day, number, so_far in zip(days, numbers, accumulate(numbers), strict=True):
            yield OfDay(day, number, so_far, self.href(state=DONE, on=day.isoformat()))
