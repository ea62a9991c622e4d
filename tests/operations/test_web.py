"""The web process as an operator runs it: it waits for nobody long, it lives behind a pooler, and it comes back."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse

from aspire.operations import server as web
from tests import databases
from tests.serving import PGBOUNCER, ROOT, Site, address_of, cookie_of, pooled, served

needs_pgbouncer = pytest.mark.skipif(PGBOUNCER is None, reason="no PgBouncer on this machine")
PAGES = [
    *("/", "/calls/", "/calls/DEMO-DECIDING/", "/calls/DEMO-DECIDING/tallies.json", "/proposals/", "/explore/"),
    *("/fund/", "/partners/", "/briefings/", "/awards/", "/admin/", "/admin/proposals/proposal/", "/imports/"),
    *("/calls/compare/?calls=DEMO-OPEN,DEMO-DECIDING", "/proposals/?call=DEMO-DECIDING"),
]


@pytest.fixture(scope="module")
def collected() -> None:
    """The static files of a local start, without which no web process starts."""
    command = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, check=True)


@pytest.fixture(scope="module")
def demonstrated(collected: None, demonstration_database: str, django_db_blocker: Any) -> Iterator[str]:
    """A database with the demonstration for this module alone."""
    with django_db_blocker.unblock():
        name = f"{demonstration_database}_served"
        with databases.copied(name, of=demonstration_database):
            yield name


@pytest.fixture(scope="module")
def address(demonstrated: str, django_db_blocker: Any) -> str:
    with django_db_blocker.unblock():
        return address_of(demonstrated)


@pytest.fixture(scope="module")
def cookie(demonstrated: str, django_db_blocker: Any) -> str:
    with django_db_blocker.unblock(), databases.connected_to(demonstrated):
        return cookie_of("officer")


def in_force(*names: str) -> list[str]:
    with connection.cursor() as cursor:
        return [cursor.execute(f"SHOW {name}").fetchone()[0] for name in names]


@pytest.mark.django_db
def test_page_waits_no_longer_than_the_settings_say(settings: Any) -> None:
    with transaction.atomic():
        web.bound(connection=connection)
        bounds = in_force("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        transaction.set_rollback(True)

    assert bounds == ["30s", "1s", "1min"]
    assert in_force("statement_timeout", "lock_timeout") == ["0", "0"]


@pytest.mark.django_db
def test_no_plan_is_compiled() -> None:
    assert in_force("jit") == ["off"]


@pytest.mark.django_db
def test_sessions_of_a_pool_are_left_as_they_are(settings: Any) -> None:
    settings.DATABASE_POOLED = True

    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET jit = on")
        web.uncompiled(connection=connection)
        web.bound(connection=connection)
        found = in_force("statement_timeout", "lock_timeout", "jit")
        transaction.set_rollback(True)

    assert found == ["0", "0", "on"]


@pytest.mark.django_db(transaction=True)
def test_who_writes_waits_longer_for_a_lock_until_the_transaction_ends() -> None:
    seen = {}

    def page(request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            seen[request.method] = in_force("lock_timeout")
        return HttpResponse()

    for method in ("GET", "POST"):
        request = HttpRequest()
        request.method = method
        web.patience_middleware(page)(request)

    assert seen == {"GET": ["0"], "POST": ["10s"]}
    assert in_force("lock_timeout") == ["0"]


def read_at_once(site: Site, pages: list[str]) -> list[tuple[str, int]]:
    with ThreadPoolExecutor(8) as readers:
        return list(zip(pages, (status for status, _text in readers.map(site.get, pages)), strict=True))


def test_readers_of_a_locked_table_are_sent_away_and_the_site_stays_alive(address: str, cookie: str) -> None:
    with served(address) as site, psycopg.connect(address) as upheaval:
        site.cookie = cookie
        before = site.get("/proposals/")[0]
        upheaval.execute("LOCK TABLE proposals_proposal")
        with ThreadPoolExecutor(8) as readers:
            waiting = [readers.submit(site.get, "/proposals/") for _reader in range(8)]
            health = [site.get("/healthz")[0] for _time in range(5)]
            during = [reader.result()[0] for reader in waiting]
        upheaval.rollback()
        after = site.get("/proposals/")[0]
        log = site.log

    assert (before, after) == (200, 200)
    assert during == [503] * 8
    assert health == [200] * 5
    assert "Traceback" not in log
    assert log.count("A lock was held for too long") in {1, 2}  # once a process


@pytest.mark.sweep
@needs_pgbouncer
def test_every_page_is_served_through_a_pool_in_transaction_mode(address: str, cookie: str) -> None:
    """And the rules can be checked through it meanwhile."""
    with pooled(address) as pool, served(pool, DATABASE_POOLED="1") as site:
        site.cookie = cookie
        with subprocess.Popen(
            [sys.executable, "manage.py", "check_invariants"], cwd=ROOT, text=True,
            env=os.environ | {"DATABASE_URL": pool, "DATABASE_POOLED": "1", "ASPIRE_MODE": "local"},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as checking:  # fmt: skip
            answers = read_at_once(site, PAGES * 2)
            said = checking.stdout.read()
        log = site.log

    assert {page for page, status in answers if status != 200} == set()
    assert (checking.returncode, said.count("\n")) == (0, 1), said
    assert log == ""


@needs_pgbouncer
@pytest.mark.parametrize(
    ("mode", "environment", "sentence"),
    [
        ("transaction", {}, "Set DATABASE_POOLED=1"),
        pytest.param("statement", {"DATABASE_POOLED": "1"}, "pool_mode = transaction", marks=pytest.mark.sweep),
    ],
)
def test_pooler_that_does_not_fit_is_one_sentence(
    address: str, cookie: str, mode: str, environment: dict[str, str], sentence: str
) -> None:
    with pooled(address, mode=mode) as pool, served(pool, workers=1, **environment) as site:
        site.cookie = cookie
        status, text = site.get("/proposals/")
        log = site.log

    assert status == 503
    assert sentence in text
    assert log.count(sentence) == 1
    assert "Traceback" not in log


@pytest.mark.sweep
@needs_pgbouncer
def test_pool_in_session_mode_needs_no_word(address: str, cookie: str) -> None:
    with pooled(address, mode="session", size=20) as pool, served(pool, workers=1) as site:
        site.cookie = cookie

        assert site.get("/proposals/")[0] == 200
