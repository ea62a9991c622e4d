"""How personal data leave for good: from today's rows, and by the owner alone from a history nobody else can change.

An erasure takes the words out and leaves the rows: who did what and when stays, and so do amounts and decisions.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.apps import apps
from django.db import connection, models
from django.db.backends.utils import CursorWrapper
from pghistory.models import Event
from psycopg import sql

from aspire.models import Erasure

GUARDS = ["append_only", "document_stays"]  # triggers that keep rows as they were


@dataclass(frozen=True)
class Words:
    """The columns of a model that hold a person, and what stands there afterwards; what is empty stays so."""

    model: type[models.Model]
    blanks: Mapping[str, str]


def erase(subject: str, reason: str, found: Sequence[tuple[Words, Sequence[object]]]) -> int:
    """Erase the words of the rows with these keys, today's and all of their history; how many rows held any.

    Within a transaction of the owner's. The erasure itself is remembered: of whom, which columns, why, by whom.
    """
    count = 0
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # none may wait for a table whose triggers rest
    for words, keys in found:
        with unguarded(words.model._meta.db_table):
            count += _blank(words.model._meta.db_table, "id", words.blanks, keys)
        for event in events_of(words.model):
            with unguarded(event._meta.db_table):
                count += _blank(event._meta.db_table, "pgh_obj_id", words.blanks, keys)
    columns = sorted({f"{words.model._meta.label_lower}.{name}" for words, _keys in found for name in words.blanks})
    Erasure.objects.create(subject=subject, reason=reason, columns=columns, row_count=count)
    return count


def events_of(model: type[models.Model]) -> list[type[Event]]:
    """The tables that hold the model's history."""
    return [event for event in apps.get_models() if tracked_by(event) is model and issubclass(event, Event)]


def tracked_by(event: type[models.Model]) -> type[models.Model] | None:
    tracked = getattr(event, "pgh_tracked_model", None)
    return tracked._meta.concrete_model if tracked else None


@contextmanager
def unguarded(table: str) -> Iterator[None]:
    """Let the owner write where rows stay as they were; nobody else may meanwhile, and a failure takes all back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = ANY(%s)", [table, GUARDS]
        )
        guards = [name for (name,) in cursor.fetchall()]
        for guard in guards:
            _alter(cursor, "DISABLE", table, guard)
        yield
        for guard in guards:
            _alter(cursor, "ENABLE", table, guard)


def _alter(cursor: CursorWrapper, act: str, table: str, guard: str) -> None:
    statement = sql.SQL(f"ALTER TABLE {{table}} {act} TRIGGER {{guard}}")
    cursor.execute(statement.format(table=sql.Identifier(table), guard=sql.Identifier(guard)))


def _blank(table: str, key: str, blanks: Mapping[str, str], keys: Sequence[object]) -> int:
    """Put the blanks into the rows of these keys that hold anything else."""
    place, other = "{0} = CASE {0} WHEN '' THEN '' ELSE %s END", "{0} NOT IN ('', %s)"
    places = sql.SQL(", ").join(sql.SQL(place).format(sql.Identifier(name)) for name in blanks)
    differ = sql.SQL(" OR ").join(sql.SQL(other).format(sql.Identifier(name)) for name in blanks)
    statement = sql.SQL("UPDATE {table} SET {places} WHERE {key} = ANY(%s) AND ({differ})").format(
        table=sql.Identifier(table), places=places, key=sql.Identifier(key), differ=differ
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*blanks.values(), [*keys], *blanks.values()])
        return int(cursor.rowcount)
