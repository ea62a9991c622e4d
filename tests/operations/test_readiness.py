"""Whether people may be sent to a web process, and what an operator asks: each answer comes with its remedy."""

import os
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils.translation import override

from aspire.operations import readiness
from proposals.record.models import Proposal
from proposals.record.trigrams import has_index
from tests.factories import ProposalFactory
from tests.operations.test_schema import made_by_others

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker(db: None) -> None:
    """A worker that lives."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")


def asked(subject: str) -> str:
    with override("en"):
        return next(str(answer.fault) for answer in readiness.answers() if answer.subject == subject)


def doctor() -> tuple[str, int]:
    """What it says, and its exit code."""
    said, code = StringIO(), 0
    with override("en"):
        try:
            call_command("doctor", stdout=said)
        except SystemExit as ended:
            code = ended.code
    return said.getvalue(), code


def test_people_may_be_sent_where_all_is_well(client: Client, worker: None, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["aspire.example.jp"]

    answer = client.get("/readyz", headers={"host": "10.0.0.7:8000"})

    lines = ["static files: ok", "database: ok", "schema: ok", "migrations: ok", "history: ok", "workers: ok"]
    assert (answer.status_code, answer.content.decode().splitlines()) == (200, lines)


def test_nobody_is_sent_where_no_worker_lives(client: Client) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert "workers: No worker has given a sign of life" in answer.content.decode()
    assert "manage.py procrastinate worker" in answer.content.decode()


def test_nobody_is_sent_to_tables_of_another_version(client: Client, worker: None) -> None:
    made_by_others()

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert "schema: The tables of the database were made by other migrations" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_nobody_is_sent_without_a_database_and_no_secret_is_told(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "NAME", "no_such_database")
        answer = client.get("/readyz")
    connection.close()

    assert (answer.status_code, answer.content.decode()) == (
        503,
        "static files: ok\ndatabase: The database does not answer\n",
    )


def test_doctor_has_a_line_for_each_question(worker: None) -> None:
    said, _code = doctor()

    subjects = ["static files", "database", "schema", "migrations", "history"]
    subjects += ["workers", "roles", "pooler", "clock", "backup", "invariants", "documents", "search"]
    assert [line[7:].split(":")[0] for line in said.splitlines()] == subjects
    assert "ok     backup: not known" in said
    assert ("ok     search: without pg_trgm" in said) != has_index()


def test_doctor_ends_well_where_all_is_well(worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests connect as the owner of the tables, which an installation does not."""
    monkeypatch.setitem(readiness._questions, "roles", (str, False))

    said, code = doctor()

    assert code == 0
    assert "wrong" not in said


def test_doctor_names_the_broken_rule_and_how_to_see_them_all(worker: None) -> None:
    proposal = ProposalFactory()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE proposals_proposal SET status = 'awarded' WHERE id = %s", [proposal.pk])

    said, code = doctor()

    assert Proposal.objects.get().status == "awarded"
    assert code == 1
    assert "wrong  invariants: " in said
    assert "python manage.py check_invariants" in said


def test_backup_that_is_too_old_or_not_there_is_told(tmp_path: Path, settings: Any) -> None:
    stamp = tmp_path / "stamp"
    settings.BACKUP_STAMP = str(stamp)
    missing = asked("backup")
    stamp.touch()
    fresh = asked("backup")
    os.utime(stamp, (time.time() - 3 * 86_400,) * 2)

    assert "is not there" in missing
    assert fresh == ""
    assert "The last backup that is known of" in asked("backup")


def test_clocks_that_differ_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness.time, "time", lambda: 0.0)

    assert "Have both follow the same time server" in asked("clock")


def test_pooler_without_bounds_is_told(settings: Any) -> None:
    settings.DATABASE_POOLED = True
    unbound = asked("pooler")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '30s'")

    assert "connect_query" in unbound
    assert asked("pooler") == ""


def test_missing_static_files_are_told(settings: Any, tmp_path: Path) -> None:
    backend = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": backend}
    settings.STATIC_ROOT = tmp_path

    assert "collectstatic" in asked("static files")


def test_question_that_cannot_be_asked_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> str:
        raise ValueError("secret")

    monkeypatch.setitem(readiness._questions, "clock", (fails, False))

    assert asked("clock").startswith("ValueError: this question could not be asked")
    assert asked("backup") == ""
