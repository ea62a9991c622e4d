"""The first of the two commands: it prepares, serves, says where, stops when told, and keeps what was entered."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import ProgrammingError, connection

from aspire.management.commands import demo

ROOT = Path(__file__).parents[2]
DATABASE = f"test_aspire_demo_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"


@pytest.fixture
def empty_database(db: None) -> Iterator[str]:
    """The address of a new database on the server of the tests."""
    server = connection.get_connection_params()
    reached = {name: server[name] for name in ("host", "port", "user", "password") if name in server}
    with psycopg.connect(**reached, dbname="postgres", autocommit=True) as administration:
        administration.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        administration.execute(f"CREATE DATABASE {DATABASE}")
        account = ":".join(quote(server[name], safe="") for name in ("user", "password") if name in server)
        yield f"postgres://{account}@{quote(reached['host'], safe='')}:{reached.get('port', 5432)}/{DATABASE}"
        administration.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run_demo(address: str, how_to_stop: signal.Signals) -> tuple[str, str, int]:
    """What the demo said, its page for signing in, and its exit code after the signal."""
    port = free_port()
    said = ""
    with subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--port", str(port)],
        cwd=ROOT, env=os.environ | {"DATABASE_URL": address, "ASPIRE_MODE": "local"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        for line in process.stdout:
            said += line
            if line.startswith("Ctrl-C"):
                break
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/accounts/login/", timeout=20).read().decode()
        process.send_signal(how_to_stop)
        said += process.stdout.read()
    said = said.replace("Launching a worker on all queues\n", "")  # the library's own line, at whatever moment
    return said.replace(f":{port}/", ":PORT/"), page, process.returncode


@pytest.mark.sweep
def test_demo_serves_until_it_is_stopped_and_keeps_what_was_entered(empty_database: str) -> None:
    first_said, page, first_code = run_demo(empty_database, signal.SIGINT)
    with psycopg.connect(empty_database) as entering:
        entering.execute("UPDATE auth_user SET last_name = 'Entered' WHERE username = 'officer'")
    second_said, _page, second_code = run_demo(empty_database, signal.SIGTERM)
    with psycopg.connect(empty_database) as reading:
        names = reading.execute("SELECT last_name FROM auth_user WHERE username = 'officer'").fetchall()

    announced = (
        "\nASPIRE answers at http://127.0.0.1:PORT/\n"
        "Sign in as officer, reviewer, manager or admin; the password is aspire-demo.\n"
        "Ctrl-C stops it and keeps what was entered.\n"
    )
    assert first_said.endswith(announced)
    assert second_said.endswith(announced)
    assert 'name="password"' in page
    assert "Making its tables" not in second_said
    assert (first_code, second_code) == (0, 0)
    assert names == [("Entered",)]


def test_demo_sets_aside_a_database_that_another_version_made(empty_database: str) -> None:
    with psycopg.connect(empty_database) as older:
        older.execute("CREATE TABLE entered AS SELECT 'by hand' AS what")
    other = connection.copy(alias="older")
    other.settings_dict["NAME"] = DATABASE

    kept = demo.set_aside(other)

    try:
        with psycopg.connect(empty_database.replace(DATABASE, kept)) as reading:
            assert reading.execute("SELECT what FROM entered").fetchall() == [("by hand",)]
        with psycopg.connect(empty_database) as new:
            assert new.execute("SELECT to_regclass('entered')").fetchall() == [(None,)]
    finally:
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {kept}")


def test_demo_says_who_is_in_the_way_of_setting_a_database_aside(empty_database: str) -> None:
    other = connection.copy(alias="older")
    other.settings_dict["NAME"] = DATABASE

    with psycopg.connect(empty_database), pytest.raises(CommandError) as refusal:
        demo.set_aside(other)

    assert "being accessed by other users" in str(refusal.value)
    assert "name another database in DATABASE_URL" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(30, "Read-only file system", "/srv/var/x"), "cannot write to /srv/var/x (Read-only file system)"),
        (psycopg.errors.DiskFull("could not extend file"), "The disk of the database is full."),
        (psycopg.OperationalError("connection refused\nIs it running?"), "The database does not answer (connection"),
    ],
)
def test_what_stands_in_the_demos_way_is_one_sentence(error: Exception, sentence: str, settings) -> None:
    settings.DATABASE_URL = "postgres://elsewhere/aspire"

    with pytest.raises(CommandError) as refusal, demo.in_one_sentence(), connection.wrap_database_errors:
        raise error

    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_demo_hides_no_fault_of_its_own() -> None:
    with pytest.raises(ProgrammingError), demo.in_one_sentence(), connection.wrap_database_errors:
        raise psycopg.errors.UndefinedTable("x")


def test_demo_never_runs_in_production(settings) -> None:
    settings.IS_PRODUCTION = True

    with pytest.raises(CommandError, match="never runs in production"):
        call_command("demo")


def test_demo_says_which_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

        with pytest.raises(CommandError, match=f"Port {port} cannot be used .*PORT="):
            call_command("demo", port=port)
