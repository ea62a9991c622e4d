"""What a reviewer's page of one proposal shows, before and after the declaration."""

import datetime
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.auth.models import User

from calls.models import Call, CallField, Criterion
from proposals.record.models import Assignment, Counterpart, Proposal, Review
from proposals.record.models.reviews import ReviewQuerySet
from proposals.review.decisions import may_write
from proposals.review.rows import Desk

RELATED = ("call", "field", "primary_funder__country", "terms")


@dataclass
class Sheet:
    """One proposal as one reviewer may see it: title, people and institutions; all of it once it is readable."""

    proposal: Proposal
    user: User
    on: datetime.date

    @property
    def call(self) -> Call:
        return self.proposal.call

    @cached_property
    def is_readable(self) -> bool:
        return Proposal.objects.readable_by(self.user).filter(pk=self.proposal.pk).exists()

    @cached_property
    def assignment(self) -> Assignment | None:
        """The reviewer's own, unless declined."""
        own = self.proposal.assignments.filter(reviewer=self.user, declined_at__isnull=True)
        return own.select_related("review").first()

    @cached_property
    def review(self) -> Review | None:
        return getattr(self.assignment, "review", None)

    @property
    def is_submitted(self) -> bool:
        return bool(self.review and self.review.is_submitted)

    @property
    def takes_reviews(self) -> bool:
        return may_write(self.call)

    @property
    def may_write(self) -> bool:
        return self.is_readable and self.assignment is not None and self.takes_reviews and not self.is_submitted

    @property
    def may_decline(self) -> bool:
        return self.assignment is not None and self.takes_reviews and not self.is_submitted

    @cached_property
    def counterparts(self) -> list[Counterpart]:
        return list(self.proposal.counterparts.select_related("country", "funder__country"))

    @cached_property
    def criteria(self) -> list[Criterion]:
        return list(self.call.criteria.order_by("position"))

    @cached_property
    def costs(self) -> list[tuple[Any, int]]:
        limits = self.proposal.terms.limits
        rows = self.proposal.costs.all()
        return [(cost, limits.remaining_yen(cost.direct_yen, cost.indirect_yen)) for cost in rows]

    @property
    def ceiling_yen(self) -> int:
        return self.proposal.terms.limits.annual_ceiling_yen

    @cached_property
    def own_scores(self) -> list[tuple[Criterion, int | None]]:
        return scored(self.criteria, self.review) if self.review else []

    @cached_property
    def others(self) -> list[tuple[Assignment, Review, list[tuple[Criterion, int | None]]]]:
        """What the others submitted, where the stage shows it, by their letters."""
        if not (self.is_readable and self.shows_others):
            return []
        found = reviews_of_others(self.proposal, self.user).select_related("assignment").prefetch_related("scores")
        return [(review.assignment, review, scored(self.criteria, review)) for review in found]

    @cached_property
    def shows_others(self) -> bool:
        """By the setting of the stage; a lead reviewer with no review to write has none to wait for."""
        others = self.call.in_review_others if self.takes_reviews else self.call.deciding_others
        if others == Call.Others.AFTER_OWN:
            return self.is_submitted or (self.assignment is None and self._is_led)
        return bool(others == Call.Others.ALWAYS)

    @property
    def _is_led(self) -> bool:
        led = CallField.objects.filter(call=self.call, field=self.proposal.field_id, lead_reviewer=self.user)
        return led.exists()

    @cached_property
    def neighbours(self) -> tuple[Proposal | None, Proposal | None]:
        return Desk(self.user, self.on).neighbours(self.proposal)


def reviews_of_others(proposal: Proposal, user: User) -> ReviewQuerySet:
    """Submitted reviews that count, but the person's own, by place."""
    of_others = Review.objects.counting().filter(assignment__proposal=proposal).exclude(assignment__reviewer=user)
    return of_others.order_by("assignment__position")


def scored(criteria: list[Criterion], review: Review) -> list[tuple[Criterion, int | None]]:
    """Each criterion with the review's score, if it has one."""
    values = {score.criterion_id: score.value for score in review.scores.all()}
    return [(criterion, values.get(criterion.pk)) for criterion in criteria]
