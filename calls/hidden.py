"""What is hidden of a call, and from whom: results until an embargo ends, and what a conflict of interest hides.

Who sees only part of a call gets figures over that part, and of a limit of the whole only whether something fits.
"""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils import timezone

from aspire.people import Person
from aspire.roles import Role, roles_of
from calls.models import Call

CONFLICTS, WITHHELD = "_aspire_conflicts", "_aspire_withheld"


def withheld_from(user: Person | AnonymousUser) -> dict[int, Call]:
    """The calls whose results a person may not see yet, by id: from everybody but managers; read once a request."""
    if not user.is_authenticated or Role.MANAGER in roles_of(user):
        return {}
    remembered: dict[int, Call] | None = getattr(user, WITHHELD, None)
    if remembered is None:
        remembered = {call.pk: call for call in Call.objects.under_embargo(at=timezone.now())}
        setattr(user, WITHHELD, remembered)
    return remembered


def in_conflict(user: Person | AnonymousUser) -> dict[int, int]:
    """The proposals that a conflict of interest hides from a person, each with its call; read once a request."""
    if not user.is_authenticated:
        return {}
    remembered: dict[int, int] | None = getattr(user, CONFLICTS, None)
    if remembered is None:
        remembered = dict(user.conflicts.standing().values_list("proposal", "proposal__call"))
        setattr(user, CONFLICTS, remembered)
    return remembered


def forget_conflicts(user: Person) -> None:
    """Read the person's conflicts anew after one was recorded."""
    if hasattr(user, CONFLICTS):
        delattr(user, CONFLICTS)


def partly_hidden_from(user: Person | AnonymousUser) -> frozenset[int]:
    """The calls of which something is hidden from the person, whatever it is and however much."""
    return frozenset(in_conflict(user).values()) | withheld_from(user).keys()


def is_partly_hidden(call: Call, user: Person | AnonymousUser) -> bool:
    return call.pk in partly_hidden_from(user)


def notice(request: HttpRequest) -> dict[str, Any]:
    """For every page that read proposals: the calls whose results it leaves out, and whether a conflict hides some."""
    user = getattr(request, "user", None)
    withheld: dict[int, Call] = getattr(user, WITHHELD, {})
    return {"withheld_calls": list(withheld.values()), "leaves_out_conflicts": bool(getattr(user, CONFLICTS, None))}
