"""What a standing conflict of interest hides from a person, whatever the role."""

from django.contrib.auth.models import AnonymousUser

from aspire.people import Person
from calls.hidden import in_conflict
from calls.models import Call


def conflicts_of(user: Person | AnonymousUser) -> frozenset[int]:
    """The proposals that do not exist for a person, whatever the role; read once a request."""
    return frozenset(in_conflict(user))


def sees_whole(user: Person, call: Call) -> bool:
    """Whether no conflict of interest hides a proposal of the call from the person."""
    hidden = conflicts_of(user)
    return not (hidden and call.proposals.filter(pk__in=hidden).exists())
