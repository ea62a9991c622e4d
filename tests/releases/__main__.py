"""``python -m tests.releases 0.1.0``: keep a release, so that later versions are held against it.

Its migrations are written down by their fingerprints, and a database is made by its own commands and kept as SQL. Runs
on the server that DATABASE_URL names, which must be PostgreSQL 15, so that every later one reads the file.
"""

import datetime
import json
import lzma
import os
import re
import subprocess
import sys
from pathlib import Path

import django
import psycopg

import tests.environment  # noqa: F401 - declares a local instance before the settings are read

FOLDER = Path(__file__).parent
NAME = "aspire_release"
LOADED_ON = datetime.date(2026, 11, 23)
# Of a client alone: no server reads them.
OF_PSQL = re.compile(r"^\\\w+.*\n", re.MULTILINE)


def main(version: str) -> None:
    server = os.environ["DATABASE_URL"].rsplit("/", 1)[0]
    address = f"{server}/{NAME}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as administration:
        administration.execute(f"DROP DATABASE IF EXISTS {NAME}")
        administration.execute(f"CREATE DATABASE {NAME}")
        os.environ |= {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "aspire.settings"}
        django.setup()
        from django.core.management import call_command
        from django.db import connection

        from aspire.operations.schema import of_this_version

        call_command("migrate", verbosity=0)
        call_command("load_briefing", verbosity=0)
        call_command("load_demo", on=LOADED_ON, verbosity=0)
        with connection.cursor() as cursor:  # some servers have no trigrams; the next migrate makes their index anew
            cursor.execute("DROP EXTENSION IF EXISTS pg_trgm CASCADE")
        connection.close()
        command = ["pg_dump", "--no-owner", "--inserts", "--rows-per-insert=500", address]
        dumped = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        administration.execute(f"DROP DATABASE {NAME}")
    (FOLDER / f"{version}.sql.xz").write_bytes(lzma.compress(OF_PSQL.sub("", dumped).encode(), preset=9))
    ours = {f"{app}.{name}": text for (app, name), text in sorted(of_this_version().items()) if text}
    (FOLDER / f"{version}.json").write_text(json.dumps(ours, indent=2) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
