"""From whom the results of a call are withheld: until its embargo ends, from everybody but managers."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils import timezone

from aspire.people import Person
from aspire.roles import Role, roles_of
from calls.models import Call

REMEMBERED = "_aspire_withheld"


def withheld_from(user: Person | AnonymousUser) -> dict[int, Call]:
    """The calls whose results a person may not see yet, by id; read once a request."""
    if not user.is_authenticated or Role.MANAGER in roles_of(user):
        return {}
    remembered: dict[int, Call] | None = getattr(user, REMEMBERED, None)
    if remembered is None:
        remembered = {call.pk: call for call in Call.objects.under_embargo(at=timezone.now())}
        setattr(user, REMEMBERED, remembered)
    return remembered


def notice(request: HttpRequest) -> dict[str, Any]:
    """For every page that read proposals: the calls whose results it leaves out."""
    calls: dict[int, Call] = getattr(getattr(request, "user", None), REMEMBERED, {})
    return {"withheld_calls": list(calls.values())}
