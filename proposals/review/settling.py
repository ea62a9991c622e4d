"""What officers decide about a person's interest in a proposal: it stands, or a suggestion was mistaken."""

import datetime
from typing import Any

from django.contrib.auth.models import User

from proposals.models import Conflict, Proposal
from proposals.review.querysets import forget_conflicts
from proposals.review.refusing import decided


def settle(
    proposal: Proposal, person: User, *, finding: str, kind: str, words: str, by: Any, at: datetime.datetime
) -> None:
    """Record the finding; reviews of a person in conflict are set aside from then on, never deleted.

    Raises Refused where the kind or the words it needs are missing.
    """
    with decided():
        values = {"finding": finding, "kind": kind, "words": words.strip(), "recorded_by": by, "recorded_at": at}
        Conflict.objects.update_or_create(proposal=proposal, person=person, defaults=values)
    forget_conflicts(by)
