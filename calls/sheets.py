"""Kinds of files that belong to one call: opened by its code, and locked by it."""

from typing import Self

from django.contrib.auth.models import AnonymousUser

from aspire.people import Person
from aspire.sheets.resources import StrictResource
from calls.hidden import in_conflict, partly_hidden_from, withheld_from
from calls.models import Call


class CallResource(StrictResource):
    """A kind that is opened for one call; whoever saves a file locks the call, so one file goes in after the other."""

    is_for_a_call = True

    def __init__(self, call: Call) -> None:
        super().__init__()
        self.call, self.call_code = call, call.code

    @classmethod
    def open(cls, call_code: str = "") -> Self:
        return cls(Call.objects.get(code=call_code))

    @classmethod
    def calls(cls, user: Person | None = None) -> list[tuple[str, str]]:
        return [(call.code, call.name) for call in Call.objects.all()]

    @classmethod
    def partly_hidden_from(cls, user: Person | AnonymousUser) -> frozenset[str]:
        return frozenset(Call.objects.filter(pk__in=partly_hidden_from(user)).values_list("code", flat=True))

    def view(self) -> object:
        if self.user is None:
            return None
        conflicts = sorted(pk for pk, call in in_conflict(self.user).items() if call == self.call.pk)
        return [conflicts, self.call.pk in withheld_from(self.user)]

    def locked(self) -> Self:
        return type(self)(Call.objects.select_for_update(no_key=True).get(pk=self.call.pk))
