"""From each release there is a way to this version: its migrations stand as they were, and its rows survive."""

import json
import lzma
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from aspire.operations import manifest, rules, schema
from aspire.operations.schema import State
from proposals.record.invariants import breaches
from tests import databases, releases

FOLDER = Path(releases.__file__).parent
RELEASED = sorted(path.stem for path in FOLDER.glob("*.json"))
# What a release wrote stays, row for row; a table that a later version gives up is named here with its heir.
MOVED: dict[str, str] = {}


def rows_by_table():
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in tables))
        return dict(cursor.fetchall())


@pytest.fixture(scope="module", params=RELEASED)
def upgraded(request, base_of_databases, django_db_setup, django_db_blocker):
    """The rows that a release had in each table, in a database that this version then migrated."""
    name = f"{connection.settings_dict['NAME']}_upgraded"
    text = lzma.decompress((FOLDER / f"{request.param}.sql.xz").read_bytes()).decode()
    with django_db_blocker.unblock():
        with databases.outside() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            cursor.execute(f'CREATE DATABASE "{name}"')
        with databases.connected_to(name):
            with connection.cursor() as cursor:
                cursor.execute(text)
                cursor.execute("SELECT set_config('search_path', 'public', false)")
            connection.close()
            before = rows_by_table()
            call_command("migrate", interactive=False, verbosity=0)
            yield before
        with databases.outside() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_this_version_stands_among_the_releases_or_after_them():
    assert RELEASED
    assert f"## {RELEASED[-1]}" in (settings.BASE_DIR / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("version", RELEASED)
def test_migration_that_was_released_is_never_edited(version):
    ours = {f"{app}.{name}": text for (app, name), text in schema.of_this_version().items()}
    released = json.loads((FOLDER / f"{version}.json").read_text())

    assert {name: ours.get(name) for name in released} == released


@pytest.mark.django_db
def test_upgraded_database_is_the_same_as_a_new_one(upgraded):
    assert schema.state() == State.READY
    assert [f"{found.name}: {found.what}" for found in manifest.differences(manifest.made(), manifest.stated())] == []
    assert [rule.name for rule, fault in rules.states() if fault] == []


@pytest.mark.django_db
def test_upgrade_loses_no_row_and_breaks_no_rule(upgraded):
    after = rows_by_table()

    assert {table: rows for table, rows in upgraded.items() if after.get(MOVED.get(table, table), 0) < rows} == {}
    assert [str(breach) for breach in breaches()] == []
