"""Everything one person needs to look around: a database, the briefing, demo data, and the site on this machine."""

import errno
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection, connections
from django.db.backends.base.base import NO_DB_ALIAS, BaseDatabaseWrapper
from django.utils import timezone
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from aspire.operations import pooler, schema, unavailable
from aspire.operations import server as web
from aspire.operations.grants import as_owner, make_application_role, settle
from aspire.operations.schema import State

ADDRESS = "127.0.0.1"
WORKER_SECONDS = 5  # that a worker has to end what it does
ACCOUNTS = ["officer", "reviewer", "manager", "admin"]
PASSWORD = "aspire-demo"  # noqa: S105 - known to everybody, which is why the demo answers on this machine alone
SET_ASIDE = (
    "Another version of ASPIRE made the tables of the database {name}. It is kept, with all that was entered, as "
    "{kept}; making a new one"
)
NOT_SET_ASIDE = (
    "Another version of ASPIRE made the tables of the database {name}, and it could not be set aside ({reason}). "
    "End what else uses it, or name another database in DATABASE_URL."
)
NOT_ITSELF = "DATABASE_URL leads to a pooler, and the demo needs PostgreSQL itself: name that."
NOT_WRITTEN = "The demo cannot write to {place} ({reason}). It needs a folder of its own and some 500 MB."
LEAST_FREE_BYTES = 32 * 1024 * 1024  # two of PostgreSQL's smallest steps
ONE_AT_A_TIME = 2_023_0427  # the advisory lock under which the demo's database is prepared


class Site(BaseApplication):
    """Gunicorn in this process, so that Django starts once and one Ctrl-C ends everything."""

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__()

    def load_config(self) -> None:
        options = {
            "bind": f"{ADDRESS}:{self.port}",
            "workers": 2,
            "threads": 4,
            "preload_app": True,
            "graceful_timeout": 15,
            "loglevel": "warning",
            "control_socket_disable": True,
            "when_ready": self.begin,
            "on_exit": self.end,
            "post_worker_init": self.announce,
            "worker_exit": self.end_at_once,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIHandler:
        return web.application()

    def begin(self, arbiter: Arbiter) -> None:
        """A closed terminal stops the demo; gunicorn alone would take it as a wish to start anew."""
        signal.signal(signal.SIGHUP, lambda _signal, frame: arbiter.signal(signal.SIGTERM, frame))
        self.worker = start_worker()

    def end(self, _arbiter: Arbiter) -> None:
        """Let the worker end first; what it leaves is taken up at the next start."""
        self.worker.terminate()
        try:
            self.worker.wait(WORKER_SECONDS)
        except subprocess.TimeoutExpired:
            self.worker.kill()

    def announce(self, worker: Worker) -> None:
        """Say where the site is, once its first worker answers."""
        for of_the_terminal in (signal.SIGINT, signal.SIGHUP):  # a worker stops at the arbiter's word alone
            signal.signal(of_the_terminal, signal.SIG_IGN)
        worker.cfg.set("graceful_timeout", 3)  # the arbiter, whose settings these are not, waits for longer
        if worker.age == 1:
            sys.stdout.write(
                f"\nASPIRE answers at http://{ADDRESS}:{self.port}/\n"
                f"Sign in as {', '.join(ACCOUNTS[:-1])} or {ACCOUNTS[-1]}; the password is {PASSWORD}.\n"
                "Ctrl-C stops it and keeps what was entered.\n"
            )
            sys.stdout.flush()

    @staticmethod
    def end_at_once(_arbiter: Arbiter, worker: Worker) -> None:
        """Nothing of a worker outlives it; Python's own way out would wait for pages that nobody waits for any more."""
        if worker.booted and worker.pid == os.getpid():
            os._exit(0)


class Command(BaseCommand):
    help = "Prepare a database with the briefing and demo data, and serve it to this machine alone."
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *_args: object, port: int, **_options: object) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("The demo opens accounts with a known password and never runs in production.")
        refuse_taken_port(port)
        signal.signal(signal.SIGTERM, stop)
        try:
            with in_one_sentence():
                self.prepare()
        except KeyboardInterrupt:
            sys.exit(130)
        connections.close_all()
        Site(port).run()

    def prepare(self) -> None:
        """Bring database and static files up to date; what was entered stays."""
        self.say("Starting the database")
        connection.ensure_connection()
        if sentence := pooler.fault() or (NOT_ITSELF if pooler.stands_before() and settings.DATABASE_POOLED else ""):
            raise CommandError(str(sentence))
        with as_owner():
            self.prepare_tables()
        act_as_application()
        collect_static_files(self.say)
        self.say("Loading the briefing and the demo data")
        with one_at_a_time():
            call_command("load_briefing", verbosity=0)
            call_command("load_demo", verbosity=0)

    def prepare_tables(self) -> None:
        """Make what is missing, as their owner, and give the application's role what it needs of them."""
        if schema.state() in {State.OTHER, State.AHEAD}:
            name, kept = connection.settings_dict["NAME"], set_aside(connection)
            self.say(SET_ASIDE.format(name=name, kept=kept))
        with one_at_a_time():
            make_application_role()
            if schema.state() is State.BEHIND:
                self.say("Making its tables")
                call_command("migrate", interactive=False, verbosity=0)
            settle()

    def say(self, doing: str) -> None:
        self.stdout.write(f"{doing} …")
        self.stdout.flush()


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """Say why the demo cannot be prepared where that is no fault of its own: a disk, a folder, a database."""
    try:
        yield
    except OSError as error:
        raise CommandError(
            NOT_WRITTEN.format(place=error.filename or settings.VAR_DIR, reason=error.strerror)
        ) from error
    except DatabaseError as error:
        if not unavailable.reason_of(error):
            raise
        is_full = settings.VAR_DIR.exists() and shutil.disk_usage(settings.VAR_DIR).free < LEAST_FREE_BYTES
        if is_full and not settings.DATABASE_URL:
            raise CommandError(NOT_WRITTEN.format(place=settings.VAR_DIR, reason=os.strerror(errno.ENOSPC))) from error
        raise CommandError(unavailable.told(error)) from error


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let a second demo on the same database wait until this one has done its part."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        yield
        cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])


def act_as_application() -> None:
    """Where DATABASE_URL names one role for all, serve as the application's all the same, as an installation does."""
    if settings.DATABASE_OWNER is None and make_application_role():
        connection.close()
        options = connection.settings_dict["OPTIONS"]
        options["options"] = f"{options.get('options', '')} -c role={settings.DATABASE_APPLICATION_ROLE}".strip()


def set_aside(connection: BaseDatabaseWrapper) -> str:
    """Give the database another name and make an empty one in its place; the name under which it is kept.

    Raises CommandError where somebody uses it, or where our role may not.
    """
    name = connection.settings_dict["NAME"]
    kept = f"{name[:40]}_until_{timezone.localtime():%Y%m%d_%H%M%S}"
    connection.close()
    administration = connection.copy(alias=NO_DB_ALIAS)
    administration.settings_dict["NAME"] = "template1" if name == "postgres" else "postgres"
    quoted, quoted_kept = connection.ops.quote_name(name), connection.ops.quote_name(kept)
    try:
        with administration.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {quoted} RENAME TO {quoted_kept}")
            cursor.execute(f"CREATE DATABASE {quoted} ENCODING 'UTF8'")
    except DatabaseError as error:
        reason = " ".join(str(error).split())
        raise CommandError(NOT_SET_ASIDE.format(name=name, reason=reason)) from error
    finally:
        administration.close()
    return kept


def start_worker() -> subprocess.Popen[bytes]:
    """A worker beside the site, which ends with this process however that ends, and not by the terminal's Ctrl-C."""
    with_us = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    command = [*with_us, sys.executable, str(settings.BASE_DIR / "manage.py"), "procrastinate", "worker"]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - our own command


def stop(_signal: int, _frame: FrameType | None) -> None:
    """End by the ordinary way out, so that the embedded engine stops as well."""
    sys.exit(128 + signal.SIGTERM)


def refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except (OSError, OverflowError) as error:
            reason = error.args[-1]
            raise CommandError(f"Port {port} cannot be used ({reason}); choose another: make demo PORT=8123") from error


def collect_static_files(say: Callable[[str], None]) -> None:
    """Run ``collectstatic`` where a static file has changed since the last time."""
    fingerprint = hashlib.sha256("\n".join(sorted(static_files())).encode()).hexdigest()
    stamp = settings.VAR_DIR / "static.fingerprint"
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    if manifest.exists() and stamp.exists() and stamp.read_text() == fingerprint:
        return
    say("Collecting static files")
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(fingerprint)


def static_files() -> Iterator[str]:
    """Every static file with its size and the time of its last change."""
    for finder in get_finders():
        for name, storage in finder.list([]):
            yield f"{name} {storage.size(name)} {storage.get_modified_time(name).timestamp()}"
