"""Of which calls a person does not see everything: a conflict of interest or an embargo hides some of their proposals.

Who sees only part of a call gets figures over that part, and of a limit of the whole only whether something fits.
"""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from aspire.people import Person
from calls.embargo import withheld_from
from calls.models import Call

REMEMBERED = "_aspire_conflicts"


def in_conflict(user: Person | AnonymousUser) -> dict[int, int]:
    """The proposals that a conflict of interest hides from a person, each with its call; read once a request."""
    if not user.is_authenticated:
        return {}
    remembered: dict[int, int] | None = getattr(user, REMEMBERED, None)
    if remembered is None:
        remembered = dict(user.conflicts.standing().values_list("proposal", "proposal__call"))
        setattr(user, REMEMBERED, remembered)
    return remembered


def forget_conflicts(user: Person) -> None:
    """Read the person's conflicts anew after one was recorded."""
    if hasattr(user, REMEMBERED):
        delattr(user, REMEMBERED)


def partly_hidden_from(user: Person | AnonymousUser) -> frozenset[int]:
    """The calls of which something is hidden from the person, whatever it is and however much."""
    return frozenset(in_conflict(user).values()) | withheld_from(user).keys()


def is_partly_hidden(call: Call, user: Person | AnonymousUser) -> bool:
    return call.pk in partly_hidden_from(user)


def notice(request: HttpRequest) -> dict[str, Any]:
    """For every page that read proposals: whether a conflict of interest leaves something out of it."""
    return {"leaves_out_conflicts": bool(getattr(getattr(request, "user", None), REMEMBERED, None))}
