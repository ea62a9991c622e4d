"""What we say when a rule refuses: one catalogue from the constraint's name to one sentence, the same at every door."""

import datetime
import json
import logging
import re
import zoneinfo
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

security = logging.getLogger("aspire.security")

TOKYO = zoneinfo.ZoneInfo("Asia/Tokyo")

# Each sentence states the limit, the value where it is known, and the remedy. A literal percent sign is doubled. These
# hold everywhere; each app declares its own in its module ``refusals``.
CATALOGUE: dict[str, Promise] = {
    "history_is_append_only": _("History is kept as it was written and cannot be changed or deleted."),
    "actor_proven": _(
        "History cannot tell who wrote this: the database and the program do not share the same key. "
        "Nothing was saved. Have migrate run with the program's SECRET_KEY."
    ),
    "actor_exists": _("Whoever wrote this has no account, so nothing was saved. Let a person with an account do it."),
    "address_of_account": _(
        "An account has one mail address, its own, so no other was added. Have an administrator change it."
    ),
    "not_for_the_application": _(
        "The application may only read history and cannot alter or empty anything, so nothing was changed. "
        "Let the database's owner do it."
    ),
    "rows_never_truncated": _("These rows cannot be emptied in one stroke, since totals and history rest on them."),
    "text_without_control": _(
        "What was sent holds the invisible control character %(sign)s, which no file could bring back. Remove it and "
        "send it again."
    ),
    "mapping_name_once": _("A mapping of that name is there already. Use another name."),
    "text_is_whole": _(
        "The text holds a sign that was lost on the way or cannot be seen (%(sign)s). Type the text anew, then save it."
    ),
    "text_without_null": _("What was sent holds a null character, which no text can. Remove it and send it again."),
    "value_required": _("A required value is missing. Fill it in."),
    "value_once": _("That value is taken. Use the record that has it, or another value."),
    "value_not_negative": _("A number here cannot be below 0. Enter 0 or more."),
    "reference_exists": _("This refers to a record that does not exist. Choose an existing one, or record it first."),
    "still_referred_to": _("Other records refer to this one. Remove or change those first."),
}


def declare(sentences: Mapping[str, Promise]) -> None:
    """Add an app's sentences to the catalogue; a name has one."""
    if known := CATALOGUE.keys() & sentences.keys():
        raise ValueError(f"Declared twice: {', '.join(sorted(known))}")
    CATALOGUE.update(sentences)


# Control characters other than tabs and line ends: our files refuse them, so what holds one would not come back.
CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# What a constraint says whose name PostgreSQL or Django chose, by its name or else by its SQLSTATE.
CHOSEN_NAMES = {"proposals_award_proposal_id_key": "award_once", "proposals_mark_proposal_id_key": "value_once"}
GENERAL = {
    "23502": "value_required",
    "23503": "still_referred_to",
    "23505": "value_once",
    "23514": "value_not_negative",
    "42501": "not_for_the_application",
}
NOTHING = "\u2015"
UNKNOWN = _("The database refused this change, and nothing was saved. Check the values and try again.")


def readable(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as a sentence wants them: yen grouped, days and instants in the reader's language."""
    shown = {}
    for key, value in values.items():
        if value is None:
            shown[key] = NOTHING
        elif key.endswith("_yen"):
            shown[key] = f"{int(value):,}"
        elif key.endswith("_on"):
            day = value if isinstance(value, datetime.date) else datetime.date.fromisoformat(value)
            shown[key] = date_format(day, "DATE_FORMAT")
        elif key.endswith("_at"):
            at = value if isinstance(value, datetime.datetime) else datetime.datetime.fromisoformat(value)
            shown[key] = date_format(at.astimezone(TOKYO), "DATETIME_FORMAT")
        elif isinstance(value, str):
            shown[key] = gettext(value.replace("_", " ")) if key in {"status", "value"} else value
        else:
            shown[key] = str(value)
    return shown


@dataclass(frozen=True)
class Refusal:
    """A rule's name and the values that broke it: yen in ``…_yen``, days in ``…_on``, instants in ``…_at``.

    ``subject``: of which of several it speaks, such as a proposal's number; empty where it is all of them.
    """

    name: str
    values: Mapping[str, Any] = field(default_factory=dict)
    subject: str = ""

    @property
    def sentence(self) -> str:
        """The one sentence, in the active language."""
        if self.name not in CATALOGUE:
            return str(UNKNOWN)
        return str(CATALOGUE[self.name]) % defaultdict(lambda: NOTHING, readable(self.values))

    def error(self) -> ValidationError:
        """The refusal as a form or ``full_clean`` reports it."""
        return ValidationError(self.sentence, code=self.name)


class Refused(Exception):  # noqa: N818 - what the rule did
    """A decision that was not taken: nothing was saved, and ``refusals`` say by which rules."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__(", ".join(refusal.name for refusal in refusals))
        self.refusals = refusals

    @classmethod
    def by(cls, name: str, **values: object) -> "Refused":
        """By one rule, with the values of its sentence."""
        return cls(Refusal(name, values))

    @property
    def refusal(self) -> Refusal:
        return self.refusals[0]


@contextmanager
def judged_at_the_end() -> Iterator[None]:
    """Let rules over several rows wait until all of them are written. Within a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@contextmanager
def all_or_nothing() -> Iterator[None]:
    """One decision: saved whole, or not at all. Raises Refused where PostgreSQL refuses any of it."""
    try:
        with transaction.atomic():
            yield
    except DatabaseError as error:
        refusal = from_error(error)
        if refusal is None:
            raise
        raise Refused(replace(refusal, subject=str(refusal.values.get("proposal", "")))) from None


def from_error(error: BaseException) -> Refusal | None:
    """The refusal behind a database error, or None where the error is no refusal of ours.

    Only the constraint's name and the values our own triggers hand over are read: the server's own message
    and detail may carry other columns' values, and go no further.
    """
    diagnostics = getattr(error if hasattr(error, "diag") else error.__cause__, "diag", None)
    if diagnostics is None or not (diagnostics.sqlstate or "").startswith(("23", "42501")):
        return None
    name, message = diagnostics.constraint_name, diagnostics.message_primary or ""
    name = CHOSEN_NAMES.get(name, name)
    security.info("write_refused", extra={"rule": name})
    if name in CATALOGUE:
        return Refusal(name, json.loads(diagnostics.message_detail) if message.startswith("aspire: ") else {})
    if diagnostics.sqlstate == "23503" and message.startswith("insert or update"):
        return Refusal("reference_exists")
    return Refusal(GENERAL.get(diagnostics.sqlstate, ""))


class RefusalMiddleware:
    """The last door: a refusal that no form caught becomes a page with its sentence, never a server error."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: object, args: Sequence[object], named: Mapping[str, object]
    ) -> HttpResponse | None:
        """What PostgreSQL can keep in no text is refused before any page reads it; files go to their reader."""
        asked, typed = (
            [text for name, texts in data.lists() for text in (name, *texts)] for data in (request.GET, request.POST)
        )
        if any("\0" in str(text) for text in (*asked, *typed, *args, *named.values())):
            return render(request, "refusal.html", {"refusal": Refusal("text_without_null")}, status=400)
        if found := next(filter(None, map(CONTROL.search, typed)), None):
            refusal = Refusal("text_without_control", {"sign": f"U+{ord(found[0]):04X}"})
            return render(request, "refusal.html", {"refusal": refusal}, status=400)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refused):
            refusal: Refusal | None = exception.refusal
        else:
            refusal = from_error(exception) if isinstance(exception, DatabaseError) else None
        if refusal is None:
            return None
        return render(request, "refusal.html", {"refusal": refusal}, status=409)
