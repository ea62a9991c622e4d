"""Which kinds of file there are, and who may look at what was imported."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from aspire.models import ImportRecord
from aspire.people import Person
from aspire.sheets.resources import StrictResource, imports_visible_to

KINDS: dict[str, type[StrictResource]] = {}


def register(*kinds: type[StrictResource]) -> None:
    """Make kinds known to the pages, the admin and the commands; called by an app that is ready."""
    KINDS.update({kind.name: kind for kind in kinds})


def opened(name: str, call_code: str = "") -> StrictResource:
    """The kind of that name for that call. Raises ObjectDoesNotExist where there is no such call."""
    return KINDS[name].open(call_code)


def is_anything_hidden_from(user: Person | AnonymousUser) -> bool:
    """Whether the person does not see every record of some kind."""
    return any(kind.partly_hidden_from(user) for kind in KINDS.values())


def records_for(user: Person) -> QuerySet[ImportRecord]:
    """What was imported, of every kind, as far as the person may know of it."""
    return imports_visible_to(user, {name: kind.partly_hidden_from(user) for name, kind in KINDS.items()})
