"""What happened to a record and to its rows, old and new in words: read from the history that PostgreSQL keeps."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import Model
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aspire.history import by_no_person
from aspire.people import in_their_order
from aspire.untyped import Named, Recorded

NOTHING = "\u2015"
WORDS = {"insert": _("logged"), "update": _("changed"), "delete": _("deleted")}
Change = tuple[str, str, str]  # of which column, before, after


@dataclass(frozen=True)
class Told:
    """One write: when, what was done to which row, by whom, and what it changed."""

    at: datetime.datetime
    what: str
    who: str
    changes: tuple[Change, ...]

    def __str__(self) -> str:
        return self.what


def history_of(record: Model, *, rows: Sequence[tuple[type[Model], str]] = ()) -> list[Told]:
    """Every write to the record and to its rows, the latest first. ``rows``: models with the column that refers to it.

    The number of queries grows with the tables alone.
    """
    events = list(_events(type(record), pgh_obj_id=record.pk))
    for model, column in rows:
        events += _events(model, **{column: record.pk})
    names = _names(events)
    told = sorted(_told(events, names), key=lambda each: each.at)
    return told[::-1]  # of one moment, the last write first


def _events(model: type[Model], **asked: object) -> Iterable[Recorded]:
    """What was recorded of a model's rows, the earliest first; nothing of one that has no history."""
    tracked = model._meta.concrete_model
    kept = next((each for each in apps.get_models() if getattr(each, "pgh_tracked_model", None) is tracked), None)
    return kept._default_manager.filter(**asked).order_by("pgh_id") if kept else ()


def _columns(event: Recorded) -> list[Named]:
    """The columns of the row, as the model names them; its key, and what refers to the record itself, are no news."""
    tracked = event.pgh_tracked_model._meta
    names = [column.name for column in event._meta.fields if not column.name.startswith("pgh_")]
    return [tracked.get_field(name) for name in names if name != "id"]


def _names(events: Iterable[Recorded]) -> dict[type[Model], dict[object, str]]:
    """How the rows are called that events refer to, one query a table."""
    wanted: dict[type[Model], set[object]] = defaultdict(set)
    for event in events:
        wanted[User].add(event.pgh_user)
        for column in _columns(event):
            if column.related_model:
                wanted[column.related_model].add(getattr(event, column.attname))
    found: dict[type[Model], dict[object, str]] = {}
    for model, keys in wanted.items():
        known = model._default_manager.in_bulk([key for key in keys if key is not None])
        found[model] = {pk: in_their_order(row) if isinstance(row, User) else str(row) for pk, row in known.items()}
    return found


def _told(events: Iterable[Recorded], names: dict[type[Model], dict[object, str]]) -> Iterator[Told]:
    before: dict[tuple[type[Model], object], Recorded] = {}
    for event in events:
        key = (type(event), event.pgh_obj_id)
        changes = tuple(_changes(event, before.get(key), names))
        before[key] = event
        if changes or event.pgh_label != "update":
            what = f"{event.pgh_tracked_model._meta.verbose_name}: {WORDS.get(event.pgh_label, event.pgh_label)}"
            who = names[User].get(event.pgh_user) or by_no_person(event)
            yield Told(event.pgh_created_at, what, who, changes)


def _changes(event: Recorded, before: Recorded, names: dict[type[Model], dict[object, str]]) -> Iterator[Change]:
    for column in _columns(event):
        old = NOTHING if before is None else _shown(column, before, names)
        new = NOTHING if event.pgh_label == "delete" else _shown(column, event, names)
        if old != new:
            yield str(column.verbose_name), old, new


def _shown(column: Named, event: Recorded, names: dict[type[Model], dict[object, str]]) -> str:
    value = getattr(event, column.attname)
    if value in (None, ""):
        return NOTHING
    if column.related_model:
        return names[column.related_model].get(value, NOTHING)
    return str(dict(column.flatchoices).get(value, value)) if column.choices else written(value)


def written(value: object) -> str:
    """A value as a reader wants it."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, datetime.datetime):
        return date_format(localtime(value), "SHORT_DATETIME_FORMAT")
    if isinstance(value, datetime.date):
        return date_format(value)
    return f"{value:,}" if isinstance(value, int) else str(value)
