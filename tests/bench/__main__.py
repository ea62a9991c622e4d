"""Measure on a database of its own, which is made for the run and dropped after it, and print a table for each part.

``--small`` runs everything on a handful of rows, to see that it runs; its ratios mean nothing.
"""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import django
from django.conf import settings

import tests.environment  # noqa: F401 - declares a local instance before the settings are read

if TYPE_CHECKING:
    from tests.bench.measuring import Sizes

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aspire.settings")


@contextmanager
def scratch_database() -> Iterator[None]:
    """An empty, migrated database on the server in use."""
    from django.db import connection

    name = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"aspire_bench_{os.getpid()}"
    connection.creation.create_test_db(verbosity=0, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def said(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def shown(*lines: str) -> None:
    """Print a part as soon as it is known."""
    sys.stdout.write("\n".join(["", *lines, ""]))
    sys.stdout.flush()


def measure(sizes: "Sizes") -> None:
    """Fill, settle, measure; every table is printed as soon as it is known."""
    from django.core.management import call_command
    from django.db import connection

    from tests.bench import assigning, awards, boards, imports, lists, measuring, pages, rows, tallies, writes
    from tests.bench.measuring import table

    measuring.choose(sizes)
    call_command("load_demo", verbosity=0)
    calls = []
    for size in sizes.calls:
        started = time.perf_counter()
        parts = rows.ALL if size <= sizes.whole_up_to else [rows.AWARDS]
        calls.append(rows.make_call(f"BENCH-{size}", size, parts=parts))
        said(f"{size:,} proposals written in {time.perf_counter() - started:.1f} s")
    copied = rows.make_call("BENCH-COPY", sizes.copied, parts=[])
    sent = rows.make_call("BENCH-SENT", 0)
    rows.settle()
    version = connection.cursor().execute("SHOW server_version").fetchone()[0]
    shown(f"PostgreSQL {version}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    with pages.with_base_page():
        shown(table(pages.measure(calls[-1])))
        shown(table(boards.measure(calls)), boards.statements(calls[-1]))
        # Only now: whoever reviews a million proposals has no ordinary morning.
        judged = [rows.make_call(f"JUDGED-{size}", size, parts=rows.JUDGING, of=rows.JUDGED) for size in sizes.judged]
        rows.settle()
        lines, said_of = boards.measure_stages(*judged)
        shown(table(lines), *said_of)
    shown(table(lists.measure(calls)))
    shown(table(tallies.measure(calls[2], sent)))
    shown(table(writes.measure(calls[1], copied)))
    shown(table([*awards.measure(), *assigning.measure()]))
    rows.settle()
    shown(table([*imports.measure(sent, sizes.imported), *imports.reading(sent, sizes.imported)]))
    shown(imports.memory(sent, sizes.remembered))


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_args: sys.exit(143))  # so that the database is dropped then as well
    with tempfile.TemporaryDirectory() as empty:
        # Static files as they lie: a manifest would have to be made first, and a page only looks names up in it.
        plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
        settings.STATIC_ROOT = empty
        django.setup()
        settings.DATABASES["default"] |= settings.DATABASE_OWNER or {}  # who may make a database
        from tests.bench.measuring import FULL, SMALL

        with scratch_database():
            measure(SMALL if "--small" in sys.argv else FULL)


if __name__ == "__main__":
    main()
