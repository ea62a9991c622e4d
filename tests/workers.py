"""Workers for the tests: work done within the test's own transaction, beside a site, and by a process of its own."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

ROOT = Path(__file__).parent.parent


def do_waiting_work() -> list[str]:
    """Do every piece of work in line, in its order, as a worker would; the names of what was done."""
    app.perform_import_paths()
    done = []
    for job in ProcrastinateJob.objects.filter(status="todo").order_by("id"):
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [job.pk])
        app.tasks[job.task_name].func(**job.args)
        done.append(job.task_name)
    return done


@contextlib.contextmanager
def worker_beside() -> Iterator[None]:
    """Somebody who does what is in line while a browser looks on: for tests whose transactions are committed."""
    ended = threading.Event()

    def work() -> None:
        try:
            while not ended.wait(0.1):
                do_waiting_work()
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(30)


@contextlib.contextmanager
def worker_process() -> Iterator[subprocess.Popen]:
    """The command that an installation runs, on the database of the test; killed at the end where it still runs."""
    server = connection.get_connection_params()
    account = ":".join(quote(server[name], safe="") for name in ("user", "password") if server.get(name))
    place = f"{quote(server['host'], safe='')}:{server.get('port', 5432)}/{server['dbname']}"
    with subprocess.Popen(
        [sys.executable, "manage.py", "procrastinate", "worker"],
        cwd=ROOT, env=os.environ | {"DATABASE_URL": f"postgres://{account}@{place}", "ASPIRE_MODE": "local"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
