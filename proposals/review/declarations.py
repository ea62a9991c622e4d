"""What a reviewer says before reading: no interest, a conflict of interest, or that somebody else should review."""

import datetime

from aspire.people import Person
from calls.hidden import forget_conflicts
from calls.models import Call
from proposals.record.models import Assignment, Conflict, Proposal
from proposals.review.refusing import Refused, decided


def declare(proposal: Proposal, *, by: Person, at: datetime.datetime, kind: str, words: str = "") -> Conflict:
    """Record the person's own word: with a ``kind`` the proposal vanishes for them, without one they may read it.

    A standing conflict is never taken back here: to the person that proposal does not exist.
    Raises Proposal.DoesNotExist or Refused.
    """
    with decided():
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
        raise Refused("decline_has_reason")
    with decided():
        locked = Assignment.objects.select_for_update(of=("self",)).select_related("proposal__call")
        stored = locked.get(pk=assignment.pk)
        review = getattr(stored, "review", None)
        if stored.proposal.call.progress != Call.Progress.IN_REVIEW:
            raise Refused("decline_in_phase", call=stored.proposal.call.code)
        if review and review.is_submitted:
            raise Refused("decline_before_submitting", proposal=stored.proposal.number)
        stored.declined_at, stored.decline_reason = at, reason.strip()
        stored.save(update_fields=["declined_at", "decline_reason"])
