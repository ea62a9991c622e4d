"""What Django checks about the database before it migrates."""

from collections.abc import Sequence

from django.conf import settings
from django.core import checks
from django.core.checks import Error, Tags, register
from django.db import connections

from aspire.operations import pooler
from aspire.operations.grants import as_owner, is_owner
from aspire.operations.schema import State, state

OLDEST_POSTGRESQL = 15
CATALOGUE = settings.BASE_DIR / "aspire" / "locale" / "ja" / "LC_MESSAGES" / "django.mo"
NOT_COMPILED = "The Japanese catalogue is not compiled. Run: pybabel compile --directory aspire/locale --domain django"
MAY_ALTER_TABLES = """
    SELECT rolsuper OR has_schema_privilege(current_schema(), 'CREATE')
        OR EXISTS (SELECT 1 FROM pg_class
                    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
                      AND pg_has_role(relowner, 'MEMBER'))
      FROM pg_roles WHERE rolname = current_user
"""
TOO_MUCH = (
    "DATABASE_URL connects as {role}, who may make or alter tables and so switch rules and history off; let it name a "
    "role of its own, and DATABASE_OWNER_URL the owner (docs/operators-guide.md, First installation)."
)


@register(Tags.translation)
def japanese_is_compiled(**_: object) -> list[Error]:
    """Without it every page would be English."""
    return [] if CATALOGUE.exists() else [Error(NOT_COMPILED, id="aspire.E004")]


@register(Tags.database)
def postgresql_is_recent(databases: Sequence[str] | None = None, **_: object) -> list[Error]:
    """The rules use what PostgreSQL can do from version 15 on."""
    found = []
    for alias in databases or []:
        with connections[alias].temporary_connection():
            version = connections[alias].pg_version // 10_000  # type: ignore[attr-defined]
        if version < OLDEST_POSTGRESQL:
            sentence = f"DATABASE_URL names a PostgreSQL {version}; ASPIRE needs {OLDEST_POSTGRESQL} or newer."
            found.append(Error(sentence, id="aspire.E001"))
    return found


@register(Tags.database)
def tables_are_of_this_version(databases: Sequence[str] | None = None, **_: object) -> list[Error]:
    """Neither ``migrate`` nor anybody else works on tables that other migrations made; missing ones may be made."""
    states = []
    for alias in databases or []:
        with as_owner(alias):
            states.append(state(alias))
    return [Error(str(found.fault), id="aspire.E002") for found in states if found in {State.AHEAD, State.OTHER}]


@register(Tags.database)
def way_to_the_database_is_known(databases: Sequence[str] | None = None, **_: object) -> list[Error]:
    """A pooler that ASPIRE is not told of, or in the wrong mode, makes some statements fail, and only under load."""
    faults = [pooler.fault(alias) for alias in databases or []]
    return [Error(str(sentence), id="aspire.E003") for sentence in faults if sentence]


@register(Tags.database, deploy=True)
def application_is_not_the_owner(databases: Sequence[str] | None = None, **_: object) -> list[checks.Warning]:
    """Whoever owns a table can switch its rules and its history off; the web process must not be able to."""
    found = []
    for alias in databases or []:
        with connections[alias].cursor() as cursor:
            cursor.execute(MAY_ALTER_TABLES)
            (is_too_much,) = cursor.fetchone()
        if is_too_much and not is_owner(alias):
            role = connections[alias].settings_dict["USER"]
            found.append(checks.Warning(TOO_MUCH.format(role=role), id="aspire.W001"))
    return found
