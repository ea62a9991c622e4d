"""A new installation, as the operator's guide has it: two plain roles, of which neither may do more than it must."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from psycopg import conninfo

from aspire.operations import checks

ROOT = Path(__file__).parents[2]
OWNER, APPLICATION, DATABASE = "test_aspire_owner", "test_aspire_app", "test_aspire_installation"
SAFE = {
    "ASPIRE_MODE": "production",
    "SECRET_KEY": "7yJ0cW3vQmZ8tRb5xLk2Pd9sHfGa4uNe6oVi1wCq_TzXrYjKhMpBn",
    "ALLOWED_HOSTS": "aspire.example.jp",
}


@pytest.fixture
def server() -> dict[str, str]:
    """How the server of the tests is reached, as whoever runs them."""
    reached = connection.get_connection_params()
    return {name: str(reached[name]) for name in ("host", "port", "user", "password") if name in reached}


@pytest.fixture
def addresses(server: dict[str, str]) -> Iterator[dict[str, str]]:
    """DATABASE_URL and DATABASE_OWNER_URL of an empty database with its two roles."""
    with psycopg.connect(conninfo.make_conninfo(**server, dbname="postgres"), autocommit=True) as administration:
        clean(administration)
        for role in (OWNER, APPLICATION):
            administration.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
        administration.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER} ENCODING 'UTF8' TEMPLATE template0")
        yield {"DATABASE_URL": url(server, APPLICATION), "DATABASE_OWNER_URL": url(server, OWNER)}
        clean(administration)


def clean(administration: psycopg.Connection) -> None:
    administration.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    administration.execute(f"DROP ROLE IF EXISTS {OWNER}, {APPLICATION}")


def url(server: dict[str, str], role: str) -> str:
    return f"postgres://{role}:secret@{quote(server['host'], safe='')}:{server.get('port', 5432)}/{DATABASE}"


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE")}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env=others | SAFE | environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


@pytest.mark.sweep
@pytest.mark.django_db
def test_owner_migrates_and_the_application_works(addresses: dict[str, str]) -> None:
    alone = manage("migrate", DATABASE_URL=addresses["DATABASE_URL"])
    migrated = manage("migrate", "--verbosity=0", **addresses)
    works = {"DATABASE_URL": addresses["DATABASE_URL"]}
    checked = manage("check", "--deploy", "--database=default", "--fail-level=WARNING", **works)
    loaded = manage("load_briefing", "--verbosity=0", **works)
    held = manage("check_invariants", **works)
    too_much = manage("check", "--deploy", "--database=default", DATABASE_URL=addresses["DATABASE_OWNER_URL"])

    assert "set DATABASE_OWNER_URL" in alone.stderr
    assert (migrated.returncode, migrated.stdout + migrated.stderr) == (0, "")
    assert (checked.returncode, checked.stdout) == (0, "System check identified no issues (0 silenced).\n")
    assert loaded.returncode == 0, loaded.stderr
    assert held.returncode == 0, held.stdout
    assert f"DATABASE_URL connects as {OWNER}, who may make or alter tables" in too_much.stderr
    with psycopg.connect(addresses["DATABASE_URL"], autocommit=True) as application:
        said = application.execute("SELECT DISTINCT pgh_role, pgh_source FROM calls_callevent").fetchall()
        for attack in (
            "CREATE TABLE mine (id int)",
            "TRUNCATE calls_publishedfigure",
            "ALTER TABLE calls_callevent DISABLE TRIGGER USER",
            "SET session_replication_role = replica",
            f"SET ROLE {OWNER}",
            "DELETE FROM calls_callevent",
            "SELECT * FROM aspire_seal",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                application.execute(attack)
    assert said == [(APPLICATION, "manage.py load_briefing")]


@pytest.mark.django_db
def test_migrate_says_that_the_applications_role_is_missing(settings) -> None:
    settings.DATABASE_OWNER = {"USER": connection.settings_dict["USER"]}
    settings.DATABASE_APPLICATION_ROLE = "test_aspire_nobody"
    said = io.StringIO()

    call_command("migrate", verbosity=0, stderr=said)

    assert "the server has no role test_aspire_nobody" in said.getvalue()


@pytest.mark.django_db
def test_owner_who_is_the_application_as_well_is_told_so(settings) -> None:
    settings.DATABASE_OWNER = None

    (warning,) = checks.application_is_not_the_owner(databases=["default"])

    assert warning.id == "aspire.W001"


@pytest.mark.django_db
def test_migrate_in_production_asks_for_the_owner(settings) -> None:
    settings.IS_PRODUCTION, settings.DATABASE_OWNER = True, None

    with pytest.raises(CommandError, match="set DATABASE_OWNER_URL"):
        call_command("migrate")
