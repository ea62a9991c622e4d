"""The rules that PostgreSQL keeps, as files: what each defines, which migration carries it, whether it stands so.

A rule is written in a ``rules`` folder. A migration carries a copy of the file in the folder of its name, so that what
a release has migrated stays as it was; the last copy is what the file says, or a migration is missing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection

from aspire.operations import manifest

ROOT: Path = settings.BASE_DIR
PACKAGES = ("aspire", "partners", "calls", "proposals")
FUNCTION = re.compile(r"^CREATE OR REPLACE FUNCTION (\w+)", re.MULTILINE)
TRIGGER = re.compile(r"^CREATE (?:OR REPLACE |CONSTRAINT )TRIGGER (\w+)\s[^;]*?\bON (\w+)", re.MULTILINE)
TRACKED = re.compile(r"^SELECT aspire_(?:track|append_only)\w*\('(\w+)'", re.MULTILINE)
MIGRATION = '''"""{title}."""

from pathlib import Path

from django.db import migrations

FILES = Path(__file__).with_suffix("")
# Every function of ours looks names up here, temporary tables last, and keeps that path.
IN_OUR_SCHEMA = "SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true)"


class Migration(migrations.Migration):
    dependencies = [("{app}", "{before}")]
    operations = [
        migrations.RunSQL(IN_OUR_SCHEMA),
        *(migrations.RunSQL((FILES / f"{{name}}.sql").read_text()) for name in {names}),
    ]
'''


@dataclass(frozen=True)
class Defined:
    """A function or trigger, as the manifest names it, and where it is written."""

    name: str
    file: Path
    line: int

    @property
    def place(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}"


def files(package: str) -> list[Path]:
    """Where the rules of a package are written."""
    return sorted((ROOT / package).rglob("rules/*.sql"))


def carried(package: str) -> dict[str, str]:
    """What the migrations of a package carry of each file of rules, by its name: the text that came last."""
    copies = sorted((ROOT / package / "migrations").glob("*/*.sql"))
    return {copy.name: copy.read_text() for copy in copies}


def uncarried() -> list[Path]:
    """The files that no migration carries as they stand."""
    found = []
    for package in PACKAGES:
        copies = carried(package)
        found += [file for file in files(package) if copies.get(file.name) != file.read_text()]
    return found


def defined() -> Iterator[Defined]:
    """Every function and trigger that the files define by name, in the order of the files."""
    for file in (file for package in PACKAGES for file in files(package)):
        text = file.read_text()
        for found in FUNCTION.finditer(text):
            yield Defined(f"function {found[1]}", file, line_of(found))
        for found in TRIGGER.finditer(text):
            yield Defined(f"trigger {found[2]}.{found[1]}", file, line_of(found))
        # The tables whose history is written by functions that aspire_track makes.
        for found in TRACKED.finditer(text):
            yield Defined(f"history {found[1]}", file, line_of(found))


def line_of(found: re.Match[str]) -> int:
    return found.string.count("\n", 0, found.start()) + 1


def states() -> Iterator[tuple[Defined, str]]:
    """Each with what is wrong of it in PostgreSQL; empty where it is as the migrations make it."""
    wrong = {
        found.name.split("(")[0]: str(found.what) for found in manifest.differences(manifest.made(), manifest.stated())
    }
    for rule in defined():
        if rule.name.startswith("history "):
            table = rule.name.removeprefix("history ")
            of_table = (f"function rule_{table}_", f"trigger {table}.")
            yield rule, next((what for name, what in wrong.items() if name.startswith(of_table)), "")
        else:
            yield rule, wrong.get(rule.name, "")


def printed(name: str) -> list[str]:
    """The functions and triggers of that name as PostgreSQL has them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_functiondef(oid) FROM pg_proc"
            " WHERE pronamespace = current_schema()::regnamespace AND proname IN (%s, %s)"
            " UNION ALL SELECT pg_get_triggerdef(t.oid, true) FROM pg_trigger t WHERE NOT tgisinternal AND tgname = %s",
            [name, f"rule_{name}", name],
        )
        return [text for (text,) in cursor.fetchall()]


def carry(package: str, title: str) -> Path:
    """Write the migration that carries the files of a package that none carries as they stand. Its path."""
    folder = ROOT / package / "migrations"
    changed = [file for file in uncarried() if file.is_relative_to(ROOT / package)]
    before = max(path.stem for path in folder.glob("[0-9]*.py"))
    name = f"{int(before[:4]) + 1:04}_{re.sub(r'[^a-z0-9]+', '_', title.lower()).strip('_')}"
    (folder / name).mkdir()
    for file in changed:
        (folder / name / file.name).write_text(file.read_text())
    names = "(" + ", ".join(f'"{file.stem}"' for file in changed) + ",)"
    path = folder / f"{name}.py"
    path.write_text(MIGRATION.format(title=title, app=package, before=before, names=names))
    return path
