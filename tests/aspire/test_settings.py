"""The settings come from the environment, every one is documented, and an unsafe one stops the start."""

import ast
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from django.test import Client
from environs import EnvError

from aspire.operations import checks

ROOT = Path(__file__).parents[2]
SETTINGS = ROOT / "aspire" / "settings.py"
ENVIRONMENT = ROOT / "aspire" / "environment.py"
GUIDE = ROOT / "docs" / "operators-guide.md"
SAFE = {
    "DATABASE_URL": "postgres://aspire:secret@127.0.0.1:1/aspire",
    "SECRET_KEY": "7yJ0cW3vQmZ8tRb5xLk2Pd9sHfGa4uNe6oVi1wCq_TzXrYjKhMpBn",
    "ALLOWED_HOSTS": "aspire.example.jp, www.aspire.example.jp",
}


def variables() -> set[str]:
    """The environment variables that the settings read."""
    read = [node for path in (SETTINGS, ENVIRONMENT) for node in ast.walk(ast.parse(path.read_text()))]
    calls = [node for node in read if isinstance(node, ast.Call) and node.args]
    readers = [call for call in calls if re.fullmatch(r"env\.\w+|required|database", ast.unparse(call.func))]
    return {call.args[0].value for call in readers if isinstance(call.args[0], ast.Constant)}


def started(monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, Any]:
    """The settings as they come out in an environment that holds these variables of ours and no others."""
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(SETTINGS))


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    others = {name: value for name, value in os.environ.items() if name not in variables()}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT, env=others | environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_production_starts_when_all_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = started(monkeypatch, **SAFE)

    assert settings["IS_PRODUCTION"]
    assert settings["ALLOWED_HOSTS"] == ["aspire.example.jp", "www.aspire.example.jp"]
    assert settings["SECURE_SSL_REDIRECT"]
    assert settings["DATABASES"]["default"]["OPTIONS"]["connect_timeout"] == 5


def test_local_start_needs_nothing_and_answers_this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = started(monkeypatch)

    assert not settings["IS_PRODUCTION"]
    assert settings["ALLOWED_HOSTS"] == ["127.0.0.1", "localhost", "[::1]"]
    assert settings["DATABASES"]["default"]["ENGINE"] == "aspire.embedded"


def test_no_cursor_outlives_its_transaction_behind_a_pooler(monkeypatch: pytest.MonkeyPatch) -> None:
    direct = started(monkeypatch, **SAFE)["DATABASES"]["default"]
    pooled = started(monkeypatch, **SAFE, DATABASE_POOLED="1")["DATABASES"]["default"]

    assert (direct["CONN_MAX_AGE"], direct["DISABLE_SERVER_SIDE_CURSORS"]) == (60, False)
    assert (pooled["CONN_MAX_AGE"], pooled["DISABLE_SERVER_SIDE_CURSORS"]) == (0, True)


def test_mail_goes_to_the_server_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    named = started(monkeypatch, **SAFE, EMAIL_URL="submission://aspire:hidden@mail.example.jp")
    unnamed = started(monkeypatch, **SAFE)

    assert named["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert (named["EMAIL_HOST"], named["EMAIL_PORT"], named["EMAIL_USE_TLS"]) == ("mail.example.jp", 587, True)
    assert unnamed["EMAIL_BACKEND"] == "django.core.mail.backends.dummy.EmailBackend"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "too short"),
        ("SECRET_KEY", "a" * 60),
        ("SECRET_KEY", "django-insecure-" + SAFE["SECRET_KEY"]),
        ("ALLOWED_HOSTS", ""),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "aspire.example.jp,*"),
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "sqlite:///aspire.db"),
        ("DATABASE_URL", "aspire"),
        ("DEBUG", "1"),
        ("DEBUG", "perhaps"),
        ("LOG_LEVEL", "LOUD"),
        ("SECURE_HSTS_SECONDS", "0"),
        ("CSRF_TRUSTED_ORIGINS", "http://aspire.example.jp"),
        ("CONN_MAX_AGE", "long"),
        ("DATABASE_POOLED", "perhaps"),
        ("DATABASE_STATEMENT_TIMEOUT", "0"),
        ("DATABASE_LOCK_TIMEOUT", "1s'; DROP TABLE x"),
        ("DATABASE_WRITE_LOCK_TIMEOUT", "soon"),
        ("DATABASE_IDLE_TIMEOUT", "30"),
        ("EMAIL_URL", "smtp+tls://aspire@mail.example.jp"),
        ("EMAIL_URL", "smtp://aspire:secret@mail.example.jp"),
        ("ASPIRE_MODE", "staging"),
    ],
)
def test_unsafe_setting_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises((ImproperlyConfigured, EnvError)) as refusal:
        started(monkeypatch, **{"ASPIRE_MODE": "production", **SAFE, name: value})

    assert name in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "arguments",
    [["manage.py", "check"], ["-m", "gunicorn", "--bind", "127.0.0.1:0", "--no-control-socket", "aspire.wsgi"]],
)
def test_refusal_is_one_line(arguments: list[str]) -> None:
    refused = command(*arguments, **{**SAFE, "ALLOWED_HOSTS": "*"})

    said = [line for line in refused.stderr.splitlines() if not line.startswith("[")]
    assert said == ["ASPIRE does not start: ALLOWED_HOSTS must name the hosts, not '*' in production."]
    assert refused.returncode != 0


def test_folder_that_cannot_be_written_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of a checkout in whose place for ``var`` something else lies."""
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "aspire").mkdir()
    (tmp_path / "aspire" / "settings.py").write_text(SETTINGS.read_text())
    (tmp_path / "var").touch()

    with pytest.raises(ImproperlyConfigured) as refusal:
        runpy.run_path(str(tmp_path / "aspire" / "settings.py"))

    assert f"{tmp_path / 'var'} cannot be used" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_database_that_does_not_answer_is_one_line() -> None:
    refused = command("manage.py", "check_invariants", **SAFE)

    assert refused.returncode == 1
    assert refused.stderr.startswith("ASPIRE stops: The database does not answer (")
    assert refused.stderr.count("\n") == 1
    assert "secret" not in refused.stderr


def test_deployment_check_is_clean_with_nothing_silenced() -> None:
    checked = command("manage.py", "check", "--deploy", "--fail-level", "WARNING", **SAFE)

    assert checked.stdout == "System check identified no issues (0 silenced).\n"
    assert checked.returncode == 0, checked.stderr


def test_every_variable_is_documented() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", GUIDE.read_text(), re.MULTILINE))

    assert documented == variables()


def test_nothing_but_the_settings_reads_the_environment() -> None:
    modules = [path for name in ("aspire", "partners", "calls", "proposals") for path in (ROOT / name).rglob("*.py")]
    readers = [
        str(path.relative_to(ROOT)) for path in modules if re.search(r"os\.(environ\b|getenv)", path.read_text())
    ]

    assert readers == ["aspire/wsgi.py"]


@pytest.mark.django_db
def test_healthz_answers_a_load_balancer(client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["aspire.example.jp"]

    answer = client.get("/healthz", headers={"host": "10.0.0.7:8000"})

    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db(transaction=True)
def test_healthz_tells_when_the_database_is_gone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "NAME", "no_such_database")
        gone = client.get("/healthz")
    connection.close()
    back = client.get("/healthz")

    assert (gone.status_code, gone.content) == (503, b"database unreachable\n")
    assert back.status_code == 200


def test_every_static_file_that_pages_name_is_collected(tmp_path: Path, settings: Any) -> None:
    """With the storage of production, which refuses a style sheet that refers to a missing file."""
    settings.STORAGES = runpy.run_path(str(SETTINGS))["STORAGES"]
    settings.STATIC_ROOT = tmp_path

    call_command("collectstatic", interactive=False, verbosity=0)

    pages = [path.read_text() for path in ROOT.glob("templates/**/*.html")]
    named = {name for page in pages for name in re.findall(r"{% static [\"']([^\"']+)[\"']", page)}
    assert named
    assert (tmp_path / "staticfiles.json").exists()
    assert [name for name in sorted(named) if not (tmp_path / name).exists()] == []


def test_japanese_that_is_not_compiled_is_told_before_anything_starts(monkeypatch, tmp_path) -> None:
    assert checks.japanese_is_compiled() == []

    monkeypatch.setattr(checks, "CATALOGUE", tmp_path / "django.mo")

    (refusal,) = checks.japanese_is_compiled()
    assert "pybabel compile --directory aspire/locale --domain django" in str(refusal.msg)


@pytest.mark.django_db
def test_server_that_is_too_old_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "OLDEST_POSTGRESQL", 99)

    refusals = checks.postgresql_is_recent(databases=["default"])

    version = connection.pg_version // 10_000
    assert [refusal.msg for refusal in refusals] == [
        f"DATABASE_URL names a PostgreSQL {version}; ASPIRE needs 99 or newer."
    ]


@pytest.mark.django_db
def test_server_of_today_is_accepted() -> None:
    call_command("check", databases=["default"])
