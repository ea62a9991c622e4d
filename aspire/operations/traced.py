"""Whether the rows of every tracked table are what their history says: nothing slipped in, lost or invented."""

from collections.abc import Iterator

from django.apps import apps
from django.db import connection
from django.db.models import Model
from psycopg import sql

from aspire.history import OF_ROWS, Event

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
