"""The two roles of the database: the owner, who migrates, and the application, which may do less.

The web process, the workers and the commands connect as the application (``DATABASE_URL``). It creates, alters and
empties no table, and only reads the history. ``migrate`` connects as the owner (``DATABASE_OWNER_URL``) and gives the
application, after every run, what it needs of every table there is, the libraries' as well.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from pghistory.models import Context, Event
from psycopg import sql

from aspire.history import ACTOR, GENERATION, SEAL, share_key
from aspire.models import Erasure, ExportRecord, ImportRecord

EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"
ONLY_READ = "SELECT"
ONLY_ADDED_TO = "SELECT, INSERT"
# What the database or its owner writes, and nobody else.
OF_THE_OWNER = (Context, Event, Erasure)
LOGS = (ImportRecord, ExportRecord, LogEntry)  # append-only, by aspire/rules/records.sql
ROLE = "SELECT 1 FROM pg_roles WHERE rolname = %s"
# Somebody else may be making it in this moment, in another database of the same server.
MAKE_ROLE = """
    DO $$ BEGIN
        CREATE ROLE {role};
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;
    END $$
"""
TABLES = """
    SELECT relname FROM pg_class
     WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v')
       AND pg_has_role(relowner, 'USAGE') ORDER BY relname
"""
# The counters of the sign-in's limits, and sessions: emptying them costs a new sign-in.
MAY_BE_EMPTIED = ["aspire_cache", "django_session"]
BY_TRUNCATE = 32  # the bit of a trigger's type
UNGUARDED = f"""
    SELECT relname FROM pg_class c
     WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND pg_has_role(relowner, 'USAGE')
       AND NOT relname = ANY(%s)
       AND NOT EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgtype & {BY_TRUNCATE} <> 0)
     ORDER BY relname
"""
GUARD = """
    CREATE TRIGGER rows_never_truncated BEFORE TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION rule_never_truncated()
"""
# Whoever may execute a rule could hang it on a table of their own making, and have it count what never happened.
HANGABLE = """
    SELECT oid::regprocedure::text FROM pg_proc
     WHERE pronamespace = current_schema()::regnamespace AND prorettype = 'trigger'::regtype
       AND pg_has_role(proowner, 'USAGE') AND has_function_privilege('public', oid, 'EXECUTE')
     ORDER BY 1
"""
SEQUENCES_OF = """
    SELECT s.relname FROM pg_class s
      JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
      JOIN pg_class t ON t.oid = d.refobjid
     WHERE s.relkind = 'S' AND s.relnamespace = current_schema()::regnamespace AND t.relname = ANY(%s)
     ORDER BY s.relname
"""
MAY_MAKE_ROLES = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"


@contextmanager
def as_owner(alias: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Be connected as the owner of the tables; where no owner is named, as whoever the application is."""
    connection: BaseDatabaseWrapper = connections[alias]
    if settings.DATABASE_OWNER is None or is_owner(alias):
        yield
        return
    usual = connection.settings_dict
    connection.close()
    connection.settings_dict = {**usual, **settings.DATABASE_OWNER}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = usual


def is_owner(alias: str = DEFAULT_DB_ALIAS) -> bool:
    """Whether the connection is, on purpose, that of the owner."""
    owner = settings.DATABASE_OWNER
    return owner is not None and owner.items() <= connections[alias].settings_dict.items()


def make_application_role(alias: str = DEFAULT_DB_ALIAS) -> bool:
    """Make sure that the application's role exists on the server; False where we may not make it.

    For the demo and the tests. Of a server that people rely on, roles and their passwords are the operator's matter.
    """
    with connections[alias].cursor() as cursor:
        if has_role(cursor):
            return True
        cursor.execute(MAY_MAKE_ROLES)
        if not cursor.fetchone()[0]:
            return False
        cursor.execute(sql.SQL(MAKE_ROLE).format(role=sql.Identifier(settings.DATABASE_APPLICATION_ROLE)))
    return True


def has_role(cursor: CursorWrapper) -> bool:
    cursor.execute(ROLE, [settings.DATABASE_APPLICATION_ROLE])
    return cursor.fetchone() is not None


def settle(alias: str = DEFAULT_DB_ALIAS) -> bool:
    """What the owner does after every migration; False where the application's role does not exist."""
    share_key(alias)
    guard(alias)
    return grant(alias)


def guard(alias: str = DEFAULT_DB_ALIAS) -> None:
    """Let no table be emptied in one stroke, but for what is thrown away anyway, and no rule be hung elsewhere."""
    with transaction.atomic(alias), connections[alias].cursor() as cursor:
        cursor.execute(UNGUARDED, [MAY_BE_EMPTIED])
        for (table,) in cursor.fetchall():
            cursor.execute(sql.SQL(GUARD).format(table=sql.Identifier(table)))
        cursor.execute(HANGABLE)
        for (function,) in cursor.fetchall():
            cursor.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")


def grant(alias: str = DEFAULT_DB_ALIAS) -> bool:
    """Give the application's role what it needs of every table, and no more; False where there is no such role.

    An owner who is the application as well is left alone: whoever owns a table may do with it what he likes.
    """
    with transaction.atomic(alias), connections[alias].cursor() as cursor:
        cursor.execute("SELECT current_user")
        if cursor.fetchone()[0] == settings.DATABASE_APPLICATION_ROLE or not has_role(cursor):
            return False
        cursor.execute(TABLES)
        tables = [name for (name,) in cursor.fetchall()]
        _give(cursor, "USAGE", "SCHEMA", _schema(cursor))
        _give(cursor, "EXECUTE", "FUNCTION", [ACTOR])
        _take(cursor, "TABLE", tables)
        for privileges in (EVERYTHING, ONLY_ADDED_TO, ONLY_READ):
            _give(cursor, privileges, "TABLE", [name for name in tables if privileges_of(name) == privileges])
        _take(cursor, "SEQUENCE", _sequences_of(cursor, tables))
        added_to = [name for name in tables if "INSERT" in privileges_of(name)]
        _give(cursor, "USAGE, SELECT", "SEQUENCE", _sequences_of(cursor, added_to))
    return True


def privileges_of(table: str) -> str:
    """What the application may do with the rows of a table. History is only read; what is append-only is added to."""
    if table == SEAL:
        return ""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table == table]
    if table in ("django_migrations", GENERATION) or any(issubclass(model, OF_THE_OWNER) for model in models):
        return ONLY_READ
    return ONLY_ADDED_TO if any(issubclass(model, LOGS) for model in models) else EVERYTHING


def _sequences_of(cursor: CursorWrapper, tables: list[str]) -> list[str]:
    cursor.execute(SEQUENCES_OF, [tables])
    return [name for (name,) in cursor.fetchall()]


def _schema(cursor: CursorWrapper) -> list[str]:
    cursor.execute("SELECT current_schema()")
    return [cursor.fetchone()[0]]


def _give(cursor: CursorWrapper, privileges: str, kind: str, names: list[str]) -> None:
    _execute(cursor, f"GRANT {privileges} ON {kind} {{names}} TO {{role}}", names)


def _take(cursor: CursorWrapper, kind: str, names: list[str]) -> None:
    _execute(cursor, f"REVOKE ALL ON {kind} {{names}} FROM {{role}}", names)


def _execute(cursor: CursorWrapper, statement: str, names: list[str]) -> None:
    if names:
        role = sql.Identifier(settings.DATABASE_APPLICATION_ROLE)
        cursor.execute(sql.SQL(statement).format(names=sql.SQL(", ").join(map(sql.Identifier, names)), role=role))
