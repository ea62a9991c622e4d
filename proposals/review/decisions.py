"""What a reviewer decides, which a rule may refuse: an interest is declared, a review is saved, submitted, reopened.

It is saved as a draft as often as one likes, submitted once complete, and reopened while that is allowed.
"""

import csv
import datetime
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from aspire.people import Person
from aspire.refusals import Refused, all_or_nothing
from calls.hidden import forget_conflicts
from calls.models import Call, Criterion
from proposals.record.models import Assignment, Conflict, Proposal, Review, Score

FILE = Path(__file__).parent / "data" / "criteria.csv"


@functools.cache
def _rows() -> tuple[dict[str, str], ...]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def default_criteria(call: Call) -> list[Criterion]:
    """The usual four criteria, made for a call that has none; otherwise its own."""
    if not call.criteria.exists():
        Criterion.objects.bulk_create(
            Criterion(call=call, position=position, **row) for position, row in enumerate(_rows(), start=1)
        )
    return list(call.criteria.order_by("position"))


# What each score says, the best first.
SCALE = {5: _("excellent"), 4: _("very good"), 3: _("good"), 2: _("fair"), 1: _("poor")}
COMMENTS = ("comment_to_panel", "comment_to_applicant")


@dataclass(frozen=True)
class Draft:
    """What somebody wrote so far. ``scores``: criterion (by id) → 1 to 5, those not scored left out."""

    scores: Mapping[int, int] = field(default_factory=dict)
    comment_to_panel: str = ""
    comment_to_applicant: str = ""


def may_write(call: Call) -> bool:
    """Whether the stage of the call takes reviews."""
    return call.progress == Call.Progress.IN_REVIEW


def missing(draft: Draft, criteria: Iterable[Criterion]) -> list[str]:
    """What a draft still lacks, by the names of the form's fields."""
    unscored = [f"score_{criterion.pk}" for criterion in criteria if criterion.pk not in draft.scores]
    return unscored + [name for name in COMMENTS if not getattr(draft, name).strip()]


def draft_of(review: Review | None) -> Draft:
    """What is stored, as a draft."""
    if review is None:
        return Draft()
    scores = {score.criterion_id: score.value for score in review.scores.all()}
    return Draft(scores, review.comment_to_panel, review.comment_to_applicant)


def save_draft(assignment: Assignment, draft: Draft, *, version: int, at: datetime.datetime) -> Review:
    """Store a draft. ``version``: of the review that was seen, 0 where there was none. Raises Refused."""
    with all_or_nothing():
        return _saved(assignment, draft, version=version, at=at)


def submit(assignment: Assignment, draft: Draft, *, version: int, at: datetime.datetime) -> Review:
    """Store a draft and submit it; one that lacks anything is refused as a whole. Raises Refused."""
    with all_or_nothing():
        review = _saved(assignment, draft, version=version, at=at)
        review.state, review.submitted_at = Review.State.SUBMITTED, at
        review.save(update_fields=["state", "submitted_at"])
        return _as_stored(review)


def reopen(assignment: Assignment, *, at: datetime.datetime) -> Review:
    """Make a submitted review a draft again. Raises Refused, and Review.DoesNotExist where there is none."""
    with all_or_nothing():
        review = Review.objects.select_for_update().get(assignment=assignment)
        if review.is_submitted:
            review.state, review.submitted_at, review.saved_at = Review.State.DRAFT, None, at
            review.save(update_fields=["state", "submitted_at", "saved_at"])
        return _as_stored(review)


def _saved(assignment: Assignment, draft: Draft, *, version: int, at: datetime.datetime) -> Review:
    """Under the lock of the assignment, so that of two windows the second sees what the first has saved."""
    Assignment.objects.select_for_update().get(pk=assignment.pk)
    review = Review.objects.filter(assignment=assignment).first()
    if review and review.is_submitted:
        raise Refused.by("review_submitted_stays")
    if version != (review.version if review else 0):
        raise Refused.by("review_changed", value_at=review.saved_at if review else at)
    review = review or Review(assignment=assignment)
    review.comment_to_panel, review.comment_to_applicant = draft.comment_to_panel, draft.comment_to_applicant
    review.saved_at = at
    review.save()
    _score(review, draft.scores)
    return _as_stored(review)


def _score(review: Review, scores: Mapping[int, int]) -> None:
    Score.objects.filter(review=review).exclude(criterion__in=scores).delete()
    Score.objects.bulk_create(
        [Score(review=review, criterion_id=criterion, value=value) for criterion, value in scores.items()],
        update_conflicts=True,
        unique_fields=["review", "criterion"],
        update_fields=["value"],
    )


def _as_stored(review: Review) -> Review:
    """With the version that PostgreSQL gave it."""
    review.refresh_from_db()
    return review


def declare(proposal: Proposal, *, by: Person, at: datetime.datetime, kind: str, words: str = "") -> Conflict:
    """Record the person's own word: with a ``kind`` the proposal vanishes for them, without one they may read it.

    A standing conflict is never taken back here: to the person that proposal does not exist.
    Raises Proposal.DoesNotExist or Refused.
    """
    with all_or_nothing():
        known = Conflict.objects.select_for_update().filter(proposal=proposal, person=by).first()
        forget_conflicts(by)
        Proposal.objects.for_reviewer(by).get(pk=proposal.pk)
        conflict = known or Conflict(proposal=proposal, person=by)
        conflict.finding = Conflict.Finding.STANDS if kind else Conflict.Finding.CLEAR
        conflict.kind, conflict.words = kind, words
        conflict.recorded_by, conflict.recorded_at = by, at
        conflict.save()
    forget_conflicts(by)
    return conflict


def decline(assignment: Assignment, *, at: datetime.datetime, reason: str) -> None:
    """Give an assignment back with the reason; a draft is kept. Raises Refused."""
    if not reason.strip():
        raise Refused.by("decline_has_reason")
    with all_or_nothing():
        locked = Assignment.objects.select_for_update(of=("self",)).select_related("proposal__call")
        stored = locked.get(pk=assignment.pk)
        review = getattr(stored, "review", None)
        if stored.proposal.call.progress != Call.Progress.IN_REVIEW:
            raise Refused.by("decline_in_phase", call=stored.proposal.call.code)
        if review and review.is_submitted:
            raise Refused.by("decline_before_submitting", proposal=stored.proposal.number)
        stored.declined_at, stored.decline_reason = at, reason.strip()
        stored.save(update_fields=["declined_at", "decline_reason"])
