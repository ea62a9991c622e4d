"""What every test stands on: PostgreSQL, the people, plain static files, and a browser where there is one."""

import datetime
from collections.abc import Iterator
from typing import Any

import factory
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.db.backends.signals import connection_created
from django.dispatch import receiver
from django.test import Client, TransactionTestCase
from django.utils import timezone, translation
from hypothesis import is_hypothesis_test

from aspire.roles import Role
from calls.models import Call
from tests import chromium, databases, effort  # noqa: F401 - how much each test tries
from tests.demonstrated import TODAY
from tests.people import person

# What migrations wrote must outlive the emptying of the tables after a transactional test.
WRITTEN_BY_MIGRATIONS = ["aspire_seal", "auth_group", "auth_permission", "django_content_type", "django_migrations"]


def pytest_configure(config: pytest.Config) -> None:
    """Static files as they lie (the manifest has a test of its own), and a hash that costs nothing for passwords."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.STATIC_ROOT = settings.VAR_DIR / "no-static"
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    # The tests make databases and empty tables, so they connect as the owner; the attacks step down to the application.
    settings.DATABASES["default"] |= settings.DATABASE_OWNER or {}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker("more")
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


@receiver(connection_created)
def commit_soon(connection: Any, **_signal: object) -> None:
    """Let no commit wait for the disk: what a crash of the machine would lose, no test needs."""
    connection.connection.execute("SET synchronous_commit = off")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Let each test begin where every other does, in the language of the house and with the first of all numbers.

    A request leaves its language to the thread, as Django means it to: the next request brings its own.
    """
    translation.deactivate()
    timezone.deactivate()
    for made in descendants(factory.Factory):
        made.reset_sequence(force=True)


def descendants(kind: type) -> Iterator[Any]:
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


@pytest.fixture(scope="session", autouse=True)
def tables_emptied_after_transactional_tests() -> Iterator[None]:
    """Let the tests, and nobody else, pass by the rule that no table is ever emptied."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: databases.empty(WRITTEN_BY_MIGRATIONS))
        yield


@pytest.fixture(scope="session")
def base_of_databases() -> str:
    """What the names of all test databases begin with."""
    return settings.DATABASES["default"]["TEST"]["NAME"] or f"test_{settings.DATABASES['default']['NAME']}"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    base_of_databases: str, django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: Any
) -> None:
    """Have every worker's database copied from one that was migrated once."""
    with django_db_blocker.unblock():
        settings.DATABASES["default"]["TEST"]["TEMPLATE"] = databases.migrated_template(base_of_databases)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_keepdb: bool, django_db_blocker: Any) -> Iterator[None]:
    """Leave a database as it was made; and take from one that is used again what a run left in it that was killed."""
    with django_db_blocker.unblock():
        if django_db_keepdb:
            databases.empty(WRITTEN_BY_MIGRATIONS)
        made = databases.filled()
    yield
    with django_db_blocker.unblock():
        connection.close()
        left = databases.filled()
    assert left == made, f"Tests left rows in {left - made}, and emptied {made - left}."


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for a module. It keeps an event loop on this thread, under which Django would refuse queries."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        with chromium.launched() as browser:
            yield browser


@pytest.fixture(scope="session")
def demonstration_database(base_of_databases: str, django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """This worker's copy of a database into which the demonstration was loaded once."""

    def load() -> None:
        call_command("load_demo", on=TODAY, verbosity=0)

    with django_db_blocker.unblock():
        template = databases.demonstration_template(base_of_databases, load)
        with databases.copied(f"{connection.settings_dict['NAME']}_demo", of=template) as name:
            yield name


@pytest.fixture(scope="module")
def demonstration(demonstration_database: str, django_db_blocker: Any) -> Iterator[datetime.date]:
    """The demonstration as of a day, for a module whose tests take back whatever they change in it."""
    with django_db_blocker.unblock(), databases.connected_to(demonstration_database):
        yield TODAY


@pytest.fixture(scope="session")
def printed_rows(django_db_setup: None, django_db_blocker: Any) -> dict[str, list[bytes]]:
    with django_db_blocker.unblock():
        return databases.rows_of(lambda: call_command("load_briefing", verbosity=0))


@pytest.fixture
def trial(printed_rows: dict[str, list[bytes]], db: None) -> Call:
    """The trial call as it was printed, and all else that ``load_briefing`` loads."""
    databases.write_again(printed_rows)
    return Call.objects.get(code="R4-TRIAL")


@pytest.fixture
def failing_records(db: None) -> None:
    """No import can be recorded: PostgreSQL stumbles over each, by an error that no rule of ours raised."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE aspire_importrecord ADD CONSTRAINT stumbles CHECK (1 / (created - created) > 0)")


@pytest.fixture
def application(db: None, request: pytest.FixtureRequest) -> None:
    """Act as the role of the web process, which may do less than the owner; but for tests marked as the owner's."""
    if request.node.get_closest_marker("owner") is None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {settings.DATABASE_APPLICATION_ROLE}")


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
def looking(client: Client, manager: User) -> Client:
    """A manager's browser."""
    client.force_login(manager)
    return client


@pytest.fixture
def administrator(db: None) -> User:
    """May keep the accounts, and whatever an officer may."""
    return person("endo", "Administrator Endo", Role.ADMINISTRATOR)


@pytest.fixture
def visitor(db: None) -> User:
    """Is signed in and has no role: must see nothing."""
    return person("date", "Visitor Date")
