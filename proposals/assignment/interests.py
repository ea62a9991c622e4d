"""What officers decide about a person's interest in a proposal: it stands, does not, or was recorded in error."""

import datetime

from django.contrib.auth.models import User

from aspire.people import Person
from calls.hidden import forget_conflicts
from proposals.record.models import Conflict, Proposal
from proposals.review.refusing import Refused, decided


def settle(
    proposal: Proposal, person: User, *, finding: str, kind: str, words: str, by: Person, at: datetime.datetime
) -> None:
    """Record the finding; reviews of a person in conflict are set aside from then on, never deleted.

    Raises Refused where the kind or the words it needs are missing.
    """
    with decided():
        values = {"finding": finding, "kind": kind, "words": words.strip(), "recorded_by": by, "recorded_at": at}
        Conflict.objects.update_or_create(proposal=proposal, person=person, defaults=values)
    forget_conflicts(by)


def retract(conflict: Conflict, *, reason: str, by: Person, at: datetime.datetime) -> None:
    """Say that a standing conflict was recorded in error: the proposal comes back to the person, who declares anew.

    A review that was set aside counts again once the person has declared no interest. Raises Refused where nothing
    stands any more, or without a reason.
    """
    with decided():
        found = Conflict.objects.select_for_update(of=("self",)).select_related("proposal").get(pk=conflict.pk)
        if found.finding != Conflict.Finding.STANDS:
            raise Refused("conflict_stands_no_more", proposal=found.proposal.number)
        found.finding, found.kind, found.words = Conflict.Finding.MISTAKEN, Conflict.Kind.NONE, reason.strip()
        found.recorded_by, found.recorded_at = by, at
        found.save()
