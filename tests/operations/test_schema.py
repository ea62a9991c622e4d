"""Nothing works on tables that other migrations made: whoever comes is told so in one sentence, with the way out."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError, SystemCheckError
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils.translation import override

from aspire.operations import schema
from aspire.operations import server as web
from aspire.operations.schema import State, judge, record, recorded, state

OURS = {("calls", "0001_initial"): "aa", ("calls", "0002_more"): "bb", ("auth", "0001_initial"): ""}
MADE = {("calls", "0001_initial"): "aa", ("calls", "0002_more"): "bb"}


@pytest.mark.parametrize(
    ("applied", "written_down", "expected"),
    [
        ([*OURS], MADE, State.READY),
        ([*OURS, ("forgotten_package", "0009_x")], MADE, State.READY),
        ([], {}, State.BEHIND),
        ([("auth", "0001_initial")], {}, State.BEHIND),
        ([("calls", "0001_initial"), ("auth", "0001_initial")], MADE, State.BEHIND),
        ([("calls", "0001_initial"), ("calls", "0002_more")], MADE, State.BEHIND),
        ([*OURS, ("calls", "0003_later")], MADE | {("calls", "0003_later"): "cc"}, State.AHEAD),
        ([*OURS], MADE | {("calls", "0001_initial"): "rewritten"}, State.OTHER),
        ([("calls", "0001_initial")], {("calls", "0001_initial"): "rewritten"}, State.OTHER),
        ([*OURS], {}, State.OTHER),
        ([("calls", "0001_initial"), ("calls", "0002_other"), ("auth", "0001_initial")], MADE, State.OTHER),
    ],
)
def test_tables_are_judged_by_the_migrations_that_made_them(applied, written_down, expected) -> None:
    assert judge(applied, written_down, OURS) is expected


def made_by_others() -> None:
    """As after a migration of the past was rewritten: Django's own record of it stays the same."""
    (first, *others) = [[*migration, text] for migration, text in recorded().items()]
    write_down([[*first[:2], "another text"], *others])


def write_down(comment: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("COMMENT ON TABLE django_migrations IS %s", [json.dumps(comment)])


@pytest.mark.django_db
def test_migrated_database_is_ready() -> None:
    assert state() is State.READY


@pytest.mark.django_db
def test_database_that_nobody_wrote_down_is_not_touched() -> None:
    with connection.cursor() as cursor:
        cursor.execute("COMMENT ON TABLE django_migrations IS 'yesterday'")

    assert state() is State.OTHER


@pytest.mark.django_db
@pytest.mark.parametrize("arguments", [["migrate"], ["check", "--database", "default"]])
def test_migrate_and_check_stop_with_the_way_out_on_tables_of_others(arguments: list[str]) -> None:
    made_by_others()
    checked = {"skip_checks": False} if arguments == ["migrate"] else {}

    with override("en"), pytest.raises(SystemCheckError) as refusal:
        call_command(*arguments, **checked, stdout=StringIO(), stderr=StringIO())

    assert str(refusal.value).count("aspire.E") == 1
    assert "made by other migrations" in str(refusal.value)
    assert "name an empty database in DATABASE_URL" in str(refusal.value)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "arguments",
    [
        ["load_briefing"],
        ["load_demo"],
        ["check_invariants"],
        ["purge_uploads"],
        ["procrastinate", "worker"],
        ["export_sheet", "funders", "funders.csv"],
        ["import_sheet", "funders", "funders.csv"],
        ["sheet_template", "funders", "funders.xlsx"],
    ],
)
def test_command_that_touches_the_data_does_not_begin_on_tables_of_others(arguments: list[str]) -> None:
    made_by_others()

    with pytest.raises(CommandError) as refusal:
        call_command(*arguments)

    assert str(refusal.value) == str(State.OTHER.fault)


@pytest.mark.django_db
def test_tables_that_the_application_may_not_read_yet_wait_for_migrate() -> None:
    """As after a restore without its grants."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE aspire_newcomer; SET LOCAL ROLE aspire_newcomer")

        assert state() is State.BEHIND


@pytest.mark.django_db
def test_command_asks_for_migrate_where_one_is_missing() -> None:
    MigrationRecorder.Migration.objects.filter(app="proposals").latest("name").delete()

    with pytest.raises(CommandError, match=r"manage\.py migrate"):
        call_command("check_invariants")


@pytest.mark.django_db
def test_what_was_applied_keeps_its_fingerprint_whoever_migrates_past_the_check() -> None:
    made_by_others()
    before = recorded()
    added = ("calls", "0001_initial")
    step = Migration("0001_initial", "calls")

    record(using="default", plan=[(step, True)])
    taken_back = recorded()
    record(using="default", plan=[(step, False)])

    assert taken_back == before
    assert recorded() == before | {added: schema.of_this_version()[added]}


@pytest.fixture
def web_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process watches the tables, as one that serves pages does."""
    monkeypatch.setattr(web, "watch", web.Watch())
    monkeypatch.setattr(web, "SECONDS_DOUBTED", 0.0)
    web.watch.is_on = True


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "made by other migrations than this version"), ("ja", "別のマイグレーション")],
)
def test_web_process_answers_with_one_sentence_on_tables_of_others(
    client: Client, web_process: None, language: str, sentence: str
) -> None:
    made_by_others()

    answer = client.get("/", headers={"accept-language": language})

    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert sentence in answer.content.decode()


@pytest.mark.django_db
def test_web_process_serves_again_once_the_tables_are_its_own(client: Client, web_process: None) -> None:
    written = [[*migration, text] for migration, text in recorded().items()]
    made_by_others()
    refused = client.get("/accounts/login/").status_code
    write_down(written)

    assert (refused, client.get("/accounts/login/").status_code) == (503, 200)


def test_web_process_does_not_start_without_its_static_files(settings: Any, tmp_path: Any) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    settings.STATIC_ROOT = tmp_path

    with pytest.raises(ImproperlyConfigured, match=r"not collected.*collectstatic"):
        web.application()
