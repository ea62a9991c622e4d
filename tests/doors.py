"""Every door a row can come through, Django's and PostgreSQL's own, and how a refusal at any of them is read."""

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection, models, transaction
from django.utils import translation

from aspire.refusals import CATALOGUE, from_error

UNFILLED = re.compile(r"%\(\w+\)[sd]|%%")


def columns(row: models.Model) -> dict[str, Any]:
    """The row as PostgreSQL takes it, less what PostgreSQL computes and a key not given yet."""
    fields = [field for field in row._meta.concrete_fields if not getattr(field, "generated", False)]
    values = {field.column: field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields}
    return {column: value for column, value in values.items() if column != row._meta.pk.column or value is not None}


def save(row: models.Model) -> None:
    row.save()


def bulk_create(row: models.Model) -> None:
    type(row).objects.bulk_create([row])


def insert_by_sql(row: models.Model) -> None:
    values = columns(row)
    names, places = ", ".join(f'"{name}"' for name in values), ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {row._meta.db_table} ({names}) VALUES ({places})", [*values.values()])


def copy(*rows: models.Model) -> None:
    names = ", ".join(f'"{name}"' for name in columns(rows[0]))
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {rows[0]._meta.db_table} ({names}) FROM STDIN") as stream,
    ):
        for row in rows:
            stream.write_row([*columns(row).values()])


def save_changed(row: models.Model, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()


def update(row: models.Model, **changes: Any) -> None:
    type(row).objects.filter(pk=row.pk).update(**changes)


def bulk_update(row: models.Model, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(row, name, value)
    type(row).objects.bulk_update([row], [*changes])


def update_by_sql(row: models.Model, **changes: Any) -> None:
    fields = [row._meta.get_field(name) for name in changes]
    values = [value.pk if isinstance(value, models.Model) else value for value in changes.values()]
    assignments = ", ".join(f'"{field.column}" = %s' for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {row._meta.db_table} SET {assignments} WHERE id = %s", [*values, row.pk])


INSERTS: list[Callable[..., None]] = [save, bulk_create, insert_by_sql, copy]
UPDATES: list[Callable[..., None]] = [save_changed, update, bulk_update, update_by_sql]
at_every_insert = pytest.mark.parametrize("insert", INSERTS, ids=lambda door: door.__name__)
at_every_update = pytest.mark.parametrize("change", UPDATES, ids=lambda door: door.__name__)


def run(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@contextlib.contextmanager
def as_application() -> Iterator[None]:
    """Run the block as the role that the web process has, and no longer as the owner of the tables."""
    with transaction.atomic():
        run(f"SET LOCAL ROLE {settings.DATABASE_APPLICATION_ROLE}")
        yield
        run("RESET ROLE")


@contextlib.contextmanager
def refused(name: str) -> Iterator[None]:
    """Expect PostgreSQL to refuse under that name, with a sentence for it in both languages."""
    with pytest.raises((DatabaseError, psycopg.Error)) as caught, transaction.atomic():
        yield
    refusal = from_error(caught.value)
    assert refusal is not None, caught.value
    assert refusal.name == name, caught.value
    for language in ("ja", "en"):
        with translation.override(language):
            assert not UNFILLED.search(refusal.sentence)
            assert set(re.findall(r"%\((\w+)\)", str(CATALOGUE[name]))) <= refusal.values.keys()


def with_triggers_ignored():
    """What pgtrigger offers to switch its own triggers off."""
    run("SELECT set_config('pgtrigger.ignore', "
        "(SELECT '{' || string_agg(tgname, ',') || '}' FROM pg_trigger WHERE NOT tgisinternal), true)")  # fmt: skip
