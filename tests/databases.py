"""Databases are made once and copied: one of the migrations as they are, one with the demonstration besides.

A template's name ends in the fingerprint of what made it, so that the next run finds it again where nothing changed. It
is made under another name and renamed when it is whole; workers wait for the one that came first.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from psycopg import errors

from aspire.operations.grants import make_application_role

PACKAGES = ("aspire", "calls", "partners", "proposals")
# What an owner adds after migrating: the application's rights, the key that both share, the index of words.
SETTLED_BY = [
    settings.BASE_DIR / name
    for name in ("aspire/operations/grants.py", "aspire/history.py", "proposals/record/trigrams.py")
]
# The advisory lock under which templates are made, on a connection to no test database.
ONE_AT_A_TIME = 2_023_0428
EMPTIED_AGAIN = 3


def migrated_template(base: str) -> str:
    """The name of a database as today's migrations make it; made where it is missing."""
    migrations = [path for suffix in ("py", "sql") for path in settings.BASE_DIR.glob(f"*/migrations/**/*.{suffix}")]
    written_down_by = settings.BASE_DIR / "aspire" / "operations" / "schema.py"
    made_of = [*migrations, *SETTLED_BY, written_down_by, settings.BASE_DIR / "requirements.lock"]
    return template(f"{base}_migrated_", made_of, migrate)


def demonstration_template(base: str, load: Callable[[], object]) -> str:
    """The name of a migrated database into which the demonstration was loaded; made where it is missing."""
    sources = [path for name in PACKAGES for path in (settings.BASE_DIR / name).rglob("*") if path.suffix != ".pyc"]
    made_of = [path for path in sources if path.is_file()] + [settings.BASE_DIR / "requirements.lock"]
    return template(f"{base}_demo_", made_of, load, copied_from=migrated_template(base))


def template(prefix: str, made_of: Iterable[Path], make: Callable[[], object], *, copied_from: str = "") -> str:
    name = prefix + fingerprint(made_of)
    making = f"{prefix}making"
    with outside() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
        found = {row[0] for row in cursor.fetchall()}
        if name in found:
            return name
        for old in found:
            cursor.execute(f'ALTER DATABASE "{old}" IS_TEMPLATE false')
            cursor.execute(f'DROP DATABASE "{old}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{making}"' + (f' TEMPLATE "{copied_from}"' if copied_from else ""))
        with connected_to(making):
            make()
        cursor.execute(f'ALTER DATABASE "{making}" RENAME TO "{name}"')
        cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false IS_TEMPLATE true')
    return name


def migrate() -> None:
    make_application_role()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)


def empty(kept: list[str]) -> None:
    """Delete all rows but those of some tables, past every rule, once whoever still writes has finished.

    A page's last request may still take locks while the tables are taken: if PostgreSQL then ends this, it tries again.
    """
    for _again in range(EMPTIED_AGAIN):
        try:
            return _empty(kept)
        except OperationalError as error:
            if not isinstance(error.__cause__, errors.DeadlockDetected):
                raise
    return _empty(kept)


def _empty(kept: list[str]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
        tables = sorted({name for (name,) in cursor.fetchall()} - {*kept})
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"LOCK TABLE {', '.join(tables)} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("; ".join(f"DELETE FROM {table}" for table in tables))


def filled() -> set[str]:
    """The tables that hold any row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        cursor.execute(" UNION ALL ".join(f"(SELECT '{name}' FROM {name} LIMIT 1)" for name in tables))
        return {name for (name,) in cursor.fetchall()}


def rows_of(make: Callable[[], object]) -> dict[str, list[bytes]]:
    """What was written to empty tables, by table and as PostgreSQL copies it; nothing of it stays."""
    with transaction.atomic():
        before = filled()
        make()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            found = {name: copied_out(cursor, name) for name in filled() - before}
        transaction.set_rollback(True)
    return found


def copied_out(cursor: Any, table: str) -> list[bytes]:
    with cursor.copy(f"COPY {table} TO STDOUT") as stream:
        return [bytes(part) for part in stream]


SEQUENCES = """
    SELECT quote_ident(s.relname), quote_ident(t.relname), quote_ident(a.attname)
      FROM pg_class s
      JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN ('a', 'i')
      JOIN pg_class t ON t.oid = d.refobjid
      JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
     WHERE s.relkind = 'S' AND t.relname = ANY(%s)
"""


def write_again(rows: dict[str, list[bytes]]) -> None:
    """Put those rows back as they were, past every rule: all of them have been judged when they were made."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SHOW role")
        (role,) = cursor.fetchone()
        cursor.execute("SET LOCAL ROLE none; SET LOCAL session_replication_role = replica")
        for table, parts in rows.items():
            with cursor.copy(f"COPY {table} FROM STDIN") as stream:
                for part in parts:
                    stream.write(part)
        cursor.execute(SEQUENCES, [[name.strip('"') for name in rows]])
        for sequence, table, column in cursor.fetchall():  # which a test may have set back since
            highest = f"(SELECT max({column}) FROM {table})"
            cursor.execute(f"SELECT setval('{sequence}', greatest(last_value, {highest})) FROM {sequence}")
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("SELECT set_config('role', %s, true)", [role])


def fingerprint(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256(settings.SECRET_KEY.encode())
    for path in sorted(paths):
        digest.update(f"{path.relative_to(settings.BASE_DIR)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def copied(name: str, *, of: str) -> Iterator[str]:
    """A copy of a template as long as the block lasts."""
    with outside() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{of}"')
    yield name
    with outside() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def connected_to(name: str) -> Iterator[None]:
    """Let Django, in all threads, mean another database as long as the block lasts."""
    before = connection.settings_dict["NAME"]
    mean(name)
    try:
        yield
    finally:
        mean(before)


def mean(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    ContentType.objects.clear_cache()


@contextmanager
def outside() -> Iterator[Any]:
    """A cursor on the server's own database, for what concerns whole databases."""
    with connection._nodb_cursor() as cursor:
        yield cursor
