"""What every test stands on: PostgreSQL, the people, plain static files, and a browser where there is one."""

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.db.backends.postgresql.operations import DatabaseOperations

from aspire.roles import Role
from tests import chromium
from tests.people import person

# What migrations wrote must outlive the emptying of the tables after a transactional test.
WRITTEN_BY_MIGRATIONS = {"auth_group", "auth_permission", "django_content_type"}


def pytest_configure(config: pytest.Config) -> None:
    """Static files as they lie (the manifest has a test of its own), and a hash that costs nothing for passwords."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.STATIC_ROOT = settings.VAR_DIR / "no-static"
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if chromium.PROGRAM is None:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    left_out = [report for report in terminalreporter.getreports("skipped") if "no Chromium" in str(report.longrepr)]
    if left_out:
        terminalreporter.write_line(
            f"{len(left_out)} browser tests did not run: no Chromium on this machine (Debian: apt install chromium).",
            yellow=True,
        )


@pytest.fixture(scope="session", autouse=True)
def tables_emptied_after_transactional_tests() -> Iterator[None]:
    """Let the tests, and nobody else, pass by the rule that no table is ever truncated."""
    sql_flush, execute_sql_flush = DatabaseOperations.sql_flush, DatabaseOperations.execute_sql_flush

    def without_migrated(self, style, tables, **options):
        return sql_flush(self, style, [table for table in tables if table not in WRITTEN_BY_MIGRATIONS], **options)

    def unguarded(self, sql_list):
        execute_sql_flush(self, ["SET LOCAL session_replication_role = replica", *sql_list, "TRUNCATE aspire_cache"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", without_migrated)
        patch.setattr(DatabaseOperations, "execute_sql_flush", unguarded)
        yield


@pytest.fixture(scope="module")
def demonstration(django_db_setup: None, django_db_blocker: Any) -> Iterator[datetime.date]:
    """The demonstration as of a day, loaded once for tests that only read it, and taken back after them."""
    on = datetime.date(2026, 11, 23)
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("load_demo", on=on, verbosity=0)
        yield on
        transaction.set_rollback(True)


@pytest.fixture
def failing_records(db: None) -> None:
    """No import can be recorded: PostgreSQL stumbles over each, by an error that no rule of ours raised."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE aspire_importrecord ADD CONSTRAINT stumbles CHECK (1 / (created - created) > 0)")


@pytest.fixture
def officer(db: None) -> User:
    """May log."""
    return person("aoki", "Officer Aoki", Role.OFFICER)


@pytest.fixture
def reviewer(db: None) -> User:
    """May review."""
    return person("baba", "Reviewer Baba", Role.REVIEWER)


@pytest.fixture
def manager(db: None) -> User:
    """May look."""
    return person("chiba", "Manager Chiba", Role.MANAGER)


@pytest.fixture
def administrator(db: None) -> User:
    """May keep the accounts, and whatever an officer may."""
    return person("endo", "Administrator Endo", Role.ADMINISTRATOR)


@pytest.fixture
def visitor(db: None) -> User:
    """Is signed in and has no role: must see nothing."""
    return person("date", "Visitor Date")
