"""Measure on a database of its own, which is made for the run and dropped after it, and print one small table."""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import django
from django.conf import settings

import tests.environment  # noqa: F401 - declares a local instance before the settings are read

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aspire.settings")

SIZES = (43, 10_000, 100_000, 1_000_000)
JUDGED_SIZES = (10_000, 1_000_000)  # of a call with its reviews and marks, at every stage
WHOLE_UP_TO = 100_000  # what a board never reads is not copied for more proposals


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


def measure() -> None:
    """Fill, settle, measure; every table is printed as soon as it is known."""
    from django.core.management import call_command
    from django.db import connection

    from tests.bench import assigning, awards, boards, imports, lists, rows, tallies, writes
    from tests.bench.measuring import table

    call_command("load_demo", verbosity=0)
    calls = {}
    for size in SIZES:
        started = time.perf_counter()
        parts = rows.ALL if size <= WHOLE_UP_TO else [rows.AWARDS]
        calls[size] = rows.make_call(f"BENCH-{size}", size, parts=parts)
        said(f"{size:,} proposals written in {time.perf_counter() - started:.1f} s")
    judged = [rows.make_call(f"JUDGED-{size}", size, parts=rows.JUDGING, of=rows.JUDGED) for size in JUDGED_SIZES]
    copied = rows.make_call("BENCH-COPY", 10_000, parts=[])
    sent = rows.make_call("BENCH-SENT", 0)
    rows.settle()
    version = connection.cursor().execute("SHOW server_version").fetchone()[0]
    sys.stdout.write(f"PostgreSQL {version}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n")
    sys.stdout.write(f"\n{table(boards.measure(calls))}\n{boards.statements(calls[1_000_000])}\n")
    sys.stdout.flush()
    everything = sum(call.proposals.count() for call in [*calls.values(), *judged, copied])
    lines, said_of = boards.measure_stages(*judged)
    sys.stdout.write("\n".join(["", table(lines), *said_of, "", table(boards.measure_pages(everything)), ""]))
    sys.stdout.flush()
    sys.stdout.write(f"\n{table(lists.measure(calls))}\n")
    sys.stdout.flush()
    sys.stdout.write(f"\n{table(tallies.measure(calls[100_000], sent))}\n")
    sys.stdout.flush()
    sys.stdout.write(f"\n{table(writes.measure(calls[10_000], copied))}\n")
    sys.stdout.flush()
    sys.stdout.write(f"\n{table([*awards.measure(), *assigning.measure()])}\n")
    sys.stdout.flush()
    rows.settle()
    sys.stdout.write(f"\n{table([*imports.measure(sent), *imports.reading(sent)])}\n{imports.memory(sent)}\n")


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_args: sys.exit(143))  # so that the database is dropped then as well
    with tempfile.TemporaryDirectory() as empty:
        # Static files as they lie: a manifest would have to be made first, and a page only looks names up in it.
        plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
        settings.STATIC_ROOT = empty
        django.setup()
        with scratch_database():
            measure()


if __name__ == "__main__":
    main()
