"""How rows are written together: by COPY, and through staging tables."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection


def execute(sql: str, *values: Any) -> None:
    """Run one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)


def next_ids(table: str, count: int) -> list[int]:
    """So many keys from the table's own sequence."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count])
        return [pk for (pk,) in cursor.fetchall()]


def copy(model: Any, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY rows into a model's table."""
    stage(model._meta.db_table, columns, rows)


def _refuse(*_asked: Any) -> None:
    raise RuntimeError("A statement beside a COPY would wait for it for ever. Read first what the rows are made of.")


def stage(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY rows into a table by name. Raises RuntimeError where the rows ask the database for anything."""
    names = ", ".join(f'"{name}"' for name in columns)
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as stream,
        connection.execute_wrapper(_refuse),
    ):
        for row in rows:
            stream.write_row(row)


def update(model: Any, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Change a model's rows by key, through a staging table: each row is its ``id`` and the values of the columns."""
    table = model._meta.db_table
    names = ", ".join(f'"{name}"' for name in ("id", *columns))
    assignments = ", ".join(f'"{name}" = c."{name}"' for name in columns)
    execute(f'CREATE TEMP TABLE "changed_{table}" ON COMMIT DROP AS SELECT {names} FROM "{table}" WITH NO DATA')
    stage(f"changed_{table}", ("id", *columns), rows)
    execute(f'UPDATE "{table}" t SET {assignments} FROM "changed_{table}" c WHERE t.id = c.id')
    execute(f'DROP TABLE "changed_{table}"')
