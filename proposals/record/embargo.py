"""Results that are not out yet: the proposals that tell them exist for managers alone."""

from django.db.models import Q

from calls.models import Call
from proposals.record.status import Status

DECIDED = (Status.AWARDED, Status.DECLINED)


def withheld(calls: dict[int, Call]) -> Q:
    """The proposals that tell a result: all of a released call, of others those decided."""
    whole = [pk for pk, call in calls.items() if call.progress == Call.Progress.RELEASED]
    return Q(call__in=whole) | Q(call__in=set(calls) - set(whole), status__in=DECIDED)
