"""How a plan is saved: under lock, all of it or nothing; PostgreSQL's own rules are the last judge."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from aspire.models import ImportRecord
from aspire.people import Person
from aspire.sheets.kinds import Kind
from aspire.sheets.planning import basis
from aspire.sheets.plans import CHANGE, CREATE, LEAVE, Plan, Sending, creates, stored_fault


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


def stage(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY rows into a table by name."""
    names = ", ".join(f'"{name}"' for name in columns)
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as stream,
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


class LookAgain(Exception):  # noqa: N818 - what the officer is asked to do
    """Something the plan was computed from has changed since it was shown."""


class IsBlocked(Exception):  # noqa: N818 - said of the plan
    """The plan has a fault that blocks it."""


@transaction.atomic
def save(
    plan: Plan,
    *,
    kind: Kind,
    by: Person,
    file_name: str,
    sha256: str,
    received_at: datetime.datetime,
    reason: str = "",
) -> ImportRecord:
    """Save the whole plan and record it. Raises LookAgain, IsBlocked or what PostgreSQL refuses: nothing is saved.

    ``received_at`` is when new records count as received; ``reason`` excuses a time outside a call's window.
    """
    if plan.is_blocked:
        raise IsBlocked
    kind = kind.locked()
    kind.user = by
    stored = kind.stored(row.key for row in plan.rows if row.action != CREATE)
    if basis(kind, stored, kind.first_key() if creates(plan.rows) else "") != plan.basis:
        raise LookAgain
    new, changed = ([row for row in plan.rows if row.action == action] for action in (CREATE, CHANGE))
    execute("SET CONSTRAINTS ALL DEFERRED")
    kind.save(new, changed, Sending(received_at, reason))
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    flags: dict[int | None, list[dict[str, Any]]] = defaultdict(list)
    for fault in plan.faults:  # of a plan that nothing blocks: what is marked for follow-up
        flags[fault.row].append(stored_fault(fault))
    return ImportRecord.objects.create(
        user=by,
        kind=kind.name,
        call_code=kind.call_code,
        file_name=file_name,
        sha256=sha256,
        created=len(new),
        changed=len(changed),
        unchanged=plan.count(LEAVE),
        rows=[[r.row, r.action, r.key, flags.get(r.row, [])] for r in plan.rows if r.action != LEAVE],
        imported_at=timezone.now(),
    )
