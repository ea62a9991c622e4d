"""Which migrations made the tables, by name and by content, and whether this version may work on them.

Before a migration of ours is applied, the fingerprint of its text is written into the comment of Django's own table of
applied migrations. Whoever is about to work on the tables compares: what was applied must be what this version has.
"""

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, ProgrammingError, connections, migrations
from django.db.migrations.recorder import MigrationRecorder
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from psycopg.errors import InsufficientPrivilege

from aspire.operations import pooler
from aspire.untyped import Passed

Migration = tuple[str, str]


class State(Enum):
    """How the tables stand to this version."""

    READY = "ready"
    BEHIND = "behind"
    AHEAD = "ahead"
    OTHER = "other"

    @property
    def fault(self) -> str | Promise:
        """What is wrong and the way out."""
        return FAULTS[self]


FAULTS: dict[State, str | Promise] = {
    State.READY: "",
    State.BEHIND: _("The database is not migrated to this version of ASPIRE yet. Run: python manage.py migrate"),
    State.AHEAD: _(
        "The database was migrated by a newer version of ASPIRE. Run that version, or restore the backup made before "
        "the upgrade into an empty database and name that in DATABASE_URL."
    ),
    State.OTHER: _(
        "The tables of the database were made by other migrations than this version of ASPIRE has, so it does not "
        "touch them. Run the version that made them, or name an empty database in DATABASE_URL and migrate that."
    ),
}


@functools.cache
def of_this_version() -> dict[Migration, str]:
    """Every migration that is installed, with the fingerprint of its text; of other packages the name is enough."""
    found = {}
    for config in apps.get_app_configs():
        is_ours = Path(config.path).parent == settings.BASE_DIR
        for path in Path(config.path, "migrations").glob("[!_~]*.py"):
            found[config.label, path.stem] = fingerprint(path) if is_ours else ""
    return found


def fingerprint(migration: Path) -> str:
    """Of its text, and of the rules that it carries in the folder of its name."""
    carried = sorted(migration.with_suffix("").glob("*.sql"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in (migration, *carried))).hexdigest()


def judge(applied: Iterable[Migration], recorded: Mapping[Migration, str], ours: Mapping[Migration, str]) -> State:
    """Compare what was applied, and with which text, to what this version has."""
    applied = set(applied)
    apps_of_ours = {app for (app, _name), text in ours.items() if text}
    applied_of_ours = {migration for migration in applied if migration[0] in apps_of_ours}
    is_behind = not ours.keys() <= applied
    unknown = applied_of_ours - ours.keys()
    known = applied_of_ours & ours.keys()
    if any(recorded.get(migration) != ours[migration] for migration in known) or (unknown and is_behind):
        return State.OTHER
    if unknown:
        return State.AHEAD
    return State.BEHIND if is_behind else State.READY


def state(using: str = DEFAULT_DB_ALIAS) -> State:
    """How the tables of the database stand to this version, asked now.

    Tables that the application's role may not read are not ready for it: ``migrate`` gives it what it needs of them.
    """
    try:
        applied = MigrationRecorder(connections[using]).applied_migrations()
    except ProgrammingError as error:
        if isinstance(error.__cause__, InsufficientPrivilege):
            return State.BEHIND
        raise
    return judge(applied, recorded(using), of_this_version())


def recorded(using: str = DEFAULT_DB_ALIAS) -> dict[Migration, str]:
    """The fingerprints written down as the migrations were applied; empty where nobody did."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT obj_description(to_regclass('django_migrations'), 'pg_class')")
        (comment,) = cursor.fetchone()
    try:
        return {(app, name): text for app, name, text in json.loads(comment or "[]")}
    except ValueError:  # somebody else's comment
        return {}


def record(*, using: str, plan: Iterable[tuple[migrations.Migration, bool]], **_signal: object) -> None:
    """Write down the fingerprints of what is about to be applied, so that a run that breaks off is known as well.

    What was applied before keeps the fingerprint it was applied with, even where somebody passes by the check.
    """
    ours = of_this_version()
    planned = [(step.app_label, step.name) for step, is_backwards in plan if not is_backwards]
    added = {migration: ours[migration] for migration in planned if ours.get(migration)}
    if not added:
        return
    MigrationRecorder(connections[using]).ensure_schema()
    written = sorted([*migration, text] for migration, text in (recorded(using) | added).items())
    with connections[using].cursor() as cursor:
        cursor.execute("COMMENT ON TABLE django_migrations IS %s", [json.dumps(written)])


def fault() -> str | Promise:
    """Why nobody may work on the data here, with the way out; empty where all is well."""
    return pooler.fault() or state().fault


class DataCommand(BaseCommand):
    """A command that reads or writes the data, and does so on tables that this version may touch alone."""

    def execute(self, *args: Passed, **options: Passed) -> str | None:
        if sentence := fault():
            raise CommandError(str(sentence))
        return super().execute(*args, **options)
