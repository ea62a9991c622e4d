"""What is hidden from a person: by a standing conflict of interest, whatever the role, and by an embargo."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from aspire.people import Person
from calls.hidden import in_conflict
from calls.models import Call
from proposals.record.status import Status


def conflicts_of(user: Person | AnonymousUser) -> frozenset[int]:
    """The proposals that do not exist for a person, whatever the role; read once a request."""
    return frozenset(in_conflict(user))


def sees_whole(user: Person, call: Call) -> bool:
    """Whether no conflict of interest hides a proposal of the call from the person."""
    hidden = conflicts_of(user)
    return not (hidden and call.proposals.filter(pk__in=hidden).exists())


DECIDED = (Status.AWARDED, Status.DECLINED)


def withheld(calls: dict[int, Call]) -> Q:
    """The proposals that tell a result: all of a released call, of others those decided."""
    whole = [pk for pk, call in calls.items() if call.progress == Call.Progress.RELEASED]
    return Q(call__in=whole) | Q(call__in=set(calls) - set(whole), status__in=DECIDED)
