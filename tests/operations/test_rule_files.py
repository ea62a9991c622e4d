"""The rules of PostgreSQL as files: each is carried by a migration, says what it refuses, and can be printed."""

import io
import shutil

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from aspire.operations import rules
from tests.doors import run

EVERY = [file for package in rules.PACKAGES for file in rules.files(package)]


def said(*arguments, **options):
    out = io.StringIO()
    call_command("rules", *arguments, stdout=out, **options)
    return out.getvalue()


def test_migrations_carry_every_file_as_it_stands():
    assert rules.uncarried() == []


@pytest.mark.parametrize("file", EVERY, ids=lambda file: str(file.relative_to(rules.ROOT)))
def test_file_begins_by_saying_what_it_is_about(file):
    lines = file.read_text().splitlines()

    assert lines[0].startswith("-- ")
    assert [line for line in lines if len(line) > 120 and "translate" not in line and "'" not in line[:12]] == []


@pytest.mark.parametrize("file", EVERY, ids=lambda file: str(file.relative_to(rules.ROOT)))
def test_every_function_keeps_the_path_in_which_names_are_looked_up(file):
    heads = rules.FUNCTION.split(file.read_text())[1:]

    for name, rest in zip(heads[::2], heads[1::2], strict=True):
        head = rest.partition("AS $$")[0]
        is_bare = "LANGUAGE sql IMMUTABLE" in head  # inlined, and names no table
        assert is_bare or "SET search_path FROM CURRENT" in head, name


@pytest.mark.django_db
def test_every_rule_stands_in_the_database_as_it_is_written():
    lines = said().splitlines()

    assert len(lines) > 200
    assert {line.split()[0] for line in lines} == {"ok"}
    assert any("trigger proposals_mark.mark_judged" in line and "marks.sql:" in line for line in lines)


@pytest.mark.django_db
def test_rule_that_differs_is_named_and_ends_in_failure():
    run("ALTER TABLE proposals_mark DISABLE TRIGGER mark_judged")
    run("CREATE OR REPLACE FUNCTION rule_mark_version() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
    out = io.StringIO()

    with pytest.raises(SystemExit):
        call_command("rules", stdout=out)

    differing = [line for line in out.getvalue().splitlines() if line.startswith("differs")]
    assert len(differing) == 1
    assert "function rule_mark_version" in differing[0]


@pytest.mark.django_db
def test_rule_is_printed_as_the_database_has_it():
    text = said("mark_version")

    assert "NEW.version := OLD.version + 1" in text
    assert "CREATE TRIGGER mark_version BEFORE UPDATE ON proposals_mark" in text
    with pytest.raises(CommandError, match="no function or trigger nothing"):
        said("nothing")


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A copy of the rules and migrations, in which one rule was changed and one is new."""
    for package in rules.PACKAGES:
        for path in [*rules.files(package), *(rules.ROOT / package / "migrations").rglob("*.*")]:
            copy = tmp_path / path.relative_to(rules.ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    monkeypatch.setattr(rules, "ROOT", tmp_path)
    (tmp_path / "calls/rules/new.sql").write_text("-- New.\nSELECT 1;\n")
    with (tmp_path / "calls/rules/pot.sql").open("a") as pot:
        pot.write("-- And more.\n")
    return tmp_path


def test_file_that_no_migration_carries_is_named(house):
    with pytest.raises(CommandError, match=r"calls/rules/new\.sql, calls/rules/pot\.sql .*rules --carry APP"):
        said(carried=True)


def test_changed_files_are_carried_by_a_new_migration(house):
    before = max(path.stem for path in (house / "calls/migrations").glob("[0-9]*.py"))

    path = house / said(carry="calls", title="The pot says more").strip()

    assert path.name == f"{int(before[:4]) + 1:04}_the_pot_says_more.py"
    assert (path.with_suffix("") / "new.sql").read_text() == "-- New.\nSELECT 1;\n"
    compile(path.read_text(), str(path), "exec")
    assert f'("calls", "{before}")' in path.read_text()
    assert said(carried=True) == ""


# The tables that a trigger sees by name are told to the checker; warnings of style are no faults.
CHECKED = """
    SELECT p.proname, c.lineno, c.message
      FROM pg_proc p JOIN pg_trigger t ON t.tgfoid = p.oid AND NOT t.tgisinternal
     CROSS JOIN LATERAL plpgsql_check_function_tb(
         p.oid, t.tgrelid, newtable => t.tgnewtable, oldtable => t.tgoldtable) c
     WHERE p.pronamespace = current_schema()::regnamespace AND c.level = 'error'
     UNION ALL
    SELECT p.proname, c.lineno, c.message
      FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
     CROSS JOIN LATERAL plpgsql_check_function_tb(p.oid) c
     WHERE p.pronamespace = current_schema()::regnamespace AND p.prorettype <> 'trigger'::regtype
       AND c.level = 'error' AND p.proname ~ '^(aspire|calls|partners|proposals)_'
"""


@pytest.fixture
def checker(db):
    """A session of its own, which ends with the test: PostgreSQL may fail in one that the checker was loaded into."""
    reached = connection.get_connection_params()
    names = {name: reached[name] for name in ("host", "port", "user", "password", "dbname") if reached.get(name)}
    with psycopg.connect(**names) as session:
        there = session.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'plpgsql_check'").fetchone()
        if not there[0]:
            pytest.skip("no plpgsql_check on this server (Debian: apt install postgresql-15-plpgsql-check)")
        session.execute("CREATE EXTENSION plpgsql_check")
        yield session
        session.rollback()


def test_no_function_names_what_is_not_there(checker):
    """What PL/pgSQL itself finds out only where a line is run."""
    assert checker.execute(CHECKED).fetchall() == []


def test_checker_finds_a_column_that_is_not_there(checker):
    text = (rules.ROOT / "proposals/record/rules/marks.sql").read_text()
    checker.execute(text.replace("OLD.packet_id IS NOT NULL THEN", "OLD.paket_id IS NOT NULL THEN"))

    assert any("paket_id" in message for _name, _line, message in checker.execute(CHECKED).fetchall())
