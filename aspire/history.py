"""Who wrote what, and when: every write by every path becomes a row that can never be changed.

Whoever is signed in is told to PostgreSQL with a seal that only the web process and its workers can set, and PostgreSQL
alone can check. So a row of history names a person only where that person acted; else it names the role of the database
and the program.
"""

import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import pghistory
import pghistory.models
from django.apps import apps
from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, connections, models, transaction
from django.db.models import Model
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from psycopg import sql

ACTOR = "aspire_actor"  # the function that says who acts
SEAL = "aspire_seal"  # the table that only the owner reads
GENERATION = "aspire_generation"  # the table of how often was written, which every trigger of the history adds to
OF_ROWS = ("insert", "update", "delete")  # the labels of the events that keep a row; others say that a column changed
BLOCK = 64  # bytes of a block of SHA-256

Tracked = TypeVar("Tracked", bound=type[models.Model])


class Event(pghistory.models.Event):
    """A row of history: the row as it became or was, and who made it so."""

    pgh_user = models.BigIntegerField(null=True)  # the key of an account; not a reference, which would be looked up
    pgh_role = models.TextField(default="")  # as whom the session had signed in to PostgreSQL
    pgh_source = models.TextField(default="")  # the address on the site, or the name of the program
    pgh_context_id = models.UUIDField(null=True)  # what the rows of one request have in common

    class Meta:
        abstract = True


def track(
    *, exclude: tuple[str, ...] = (), app_label: str | None = None, model_name: str | None = None
) -> Callable[[Tracked], Tracked]:
    """Give a model its table of events, into which ``aspire_track`` of its app's rules has every write recorded.

    ``exclude`` names columns that PostgreSQL keeps by itself, whose changes nobody made, and those that nobody may see.
    """
    tracked: Callable[[Tracked], Tracked] = pghistory.track(
        *(pghistory.ManualEvent(label) for label in OF_ROWS),
        exclude=list(exclude),
        base_model=Event,
        meta={"indexes": [BrinIndex(fields=["pgh_created_at"])]},
        app_label=app_label,
        model_name=model_name,
        context_field=None,  # type: ignore[arg-type]  # Event has columns of its own instead
        context_id_field=None,  # type: ignore[arg-type]
    )
    return tracked


# --- who acts -------------------------------------------------------------------------------------------------------


class Sealed(DjangoJSONEncoder):
    """What a session tells PostgreSQL of who acts from where, under a seal that holds for minutes."""

    def encode(self, o: dict[str, object]) -> str:
        user, source, at = o.get("user"), o.get("url") or "", int(time.time())
        seal = hmac.new(_key(), f"{at} {user or ''} {source}".encode(), hashlib.sha256).hexdigest()
        return super().encode({"user": user, "source": source, "at": at, "seal": seal})


def acting(user: int | None, source: str) -> pghistory.context:
    """Let history name a person for what a task does on their behalf; ``source`` says where from."""
    return pghistory.context(user=user, url=source)


def share_key(alias: str = DEFAULT_DB_ALIAS) -> None:
    """Give PostgreSQL what it needs to check seals, as the owner, to whom alone it is readable."""
    key = _key().ljust(BLOCK, b"\0")
    pads = [bytes(byte ^ pad for byte in key) for pad in (0x36, 0x5C)]
    with connections[alias].cursor() as cursor:
        cursor.execute(f"DELETE FROM {SEAL} WHERE (inner_pad, outer_pad) <> (%s, %s)", pads)
        cursor.execute(f"INSERT INTO {SEAL} VALUES (%s, %s) ON CONFLICT DO NOTHING", pads)


def is_believed(alias: str = DEFAULT_DB_ALIAS) -> bool:
    """Whether PostgreSQL takes this program's word for who acts; not where ``migrate`` ran with another SECRET_KEY."""
    try:
        with transaction.atomic(alias), connections[alias].cursor() as cursor:
            cursor.execute("SELECT set_config('pghistory.context_metadata', %s, true)", [Sealed().encode({})])
            cursor.execute("SELECT aspire_actor()")
    except IntegrityError:
        return False
    return True


def _key() -> bytes:
    return salted_hmac("aspire.history", "who acts", secret=settings.SECRET_KEY, algorithm="sha256").digest()


def by_no_person(event: Event) -> str:
    """Who wrote, where nobody was signed in: the program, and the database's role it came as."""
    return gettext("%(program)s, database role %(role)s") % {"program": event.pgh_source, "role": event.pgh_role}


# For each row: its last event, and what is wrong with the chain of its events. Compared as JSON, since a key may be of
# another size in the history than in its table.
QUESTION = """
    WITH chain AS (
        SELECT {obj} AS obj, pgh_id, pgh_label, jsonb_build_array({columns}) AS told,
               lag(pgh_label) OVER own AS label_before, lag(jsonb_build_array({columns})) OVER own AS told_before,
               lead(pgh_id) OVER own IS NULL AS is_last
          FROM {events} WHERE pgh_label IN ({of_rows}) WINDOW own AS (PARTITION BY {obj} ORDER BY pgh_id)
    )
    SELECT coalesce(l.obj, r.obj)::text FROM (SELECT * FROM chain WHERE is_last) l
      FULL JOIN (SELECT {key} AS obj, jsonb_build_array({columns}) AS told FROM {rows}) r ON r.obj = l.obj
     WHERE l.obj IS NULL AND {is_whole} OR (l.pgh_label = 'delete') <> (r.obj IS NULL)
        OR l.pgh_label <> 'delete' AND l.told IS DISTINCT FROM r.told
     UNION
    SELECT obj::text FROM chain
     WHERE (pgh_label = 'insert') <> (label_before IS NULL OR label_before = 'delete')
        OR pgh_label = 'delete' AND told IS DISTINCT FROM told_before
     ORDER BY 1
"""


def untraced() -> Iterator[tuple[str, str]]:
    """Table and key of each row that differs from its last event, has none, or whose events do not follow."""
    with connection.cursor() as cursor:
        for event in sorted(_events(), key=lambda model: str(model._meta.db_table)):
            model: type[Model] = event.pgh_tracked_model  # type: ignore[assignment]  # set by pghistory
            cursor.execute(_question(event, model))
            for (key,) in cursor.fetchall():
                yield model._meta.db_table, key


def _events() -> list[type[Event]]:
    return [model for model in apps.get_models() if issubclass(model, Event) and hasattr(model, "pgh_tracked_model")]


def _question(event: type[Event], model: type[Model]) -> sql.Composed:
    there = {field.name for field in model._meta.fields if not getattr(field, "generated", False)}
    columns = sorted(field.column for field in event._meta.fields if field.name in there)
    return sql.SQL(QUESTION).format(
        obj=sql.Identifier("pgh_obj_id"),
        key=sql.Identifier(model._meta.pk.column),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        events=sql.Identifier(event._meta.db_table),
        rows=sql.Identifier(model._meta.db_table),
        of_rows=sql.SQL(", ").join(map(sql.Literal, OF_ROWS)),
        # Roles and accounts were there before they had a history.
        is_whole=sql.Literal(not model._meta.db_table.startswith("auth_")),
    )
