"""Everything one person needs to look around: a database, the briefing, demo data, and the site on this machine."""

import hashlib
import signal
import socket
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from gunicorn.app.base import BaseApplication

ADDRESS = "127.0.0.1"
ACCOUNTS = ["officer", "reviewer", "manager", "admin"]
PASSWORD = "aspire-demo"  # noqa: S105 - known to everybody, which is why the demo answers on this machine alone
OTHER_VERSION = (
    "The demo's database was made by another version of ASPIRE, whose tables this one does not read. "
    "Delete var/postgres (or empty the database that DATABASE_URL names) and run the demo again: it is then made anew."
)
ONE_AT_A_TIME = 2_023_0427  # the advisory lock under which the demo's database is prepared


class Site(BaseApplication):  # type: ignore[misc]
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
            "graceful_timeout": 3,
            "loglevel": "warning",
            "control_socket_disable": True,
            "when_ready": self.end_with_the_terminal,
            "post_worker_init": self.announce,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return get_wsgi_application()

    @staticmethod
    def end_with_the_terminal(arbiter: Any) -> None:
        """A closed terminal stops the demo; gunicorn alone would take it as a wish to start anew."""
        signal.signal(signal.SIGHUP, lambda _signal, frame: arbiter.signal(signal.SIGTERM, frame))

    def announce(self, worker: Any) -> None:
        """Say where the site is, once its first worker answers."""
        for of_the_terminal in (signal.SIGINT, signal.SIGHUP):  # a worker stops at the arbiter's word alone
            signal.signal(of_the_terminal, signal.SIG_IGN)
        if worker.age == 1:
            sys.stdout.write(
                f"\nASPIRE answers at http://{ADDRESS}:{self.port}/\n"
                f"Sign in as {', '.join(ACCOUNTS[:-1])} or {ACCOUNTS[-1]}; the password is {PASSWORD}.\n"
                "Ctrl-C stops it and keeps what was entered.\n"
            )
            sys.stdout.flush()


class Command(BaseCommand):
    help = "Prepare a database with the briefing and demo data, and serve it to this machine alone."
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *_args: Any, port: int, **_options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("The demo opens accounts with a known password and never runs in production.")
        refuse_taken_port(port)
        signal.signal(signal.SIGTERM, stop)
        try:
            self.prepare()
        except KeyboardInterrupt:
            sys.exit(130)
        connections.close_all()
        Site(port).run()

    def prepare(self) -> None:
        """Bring database and static files up to date; what was entered stays."""
        self.say("Starting the database")
        try:
            connection.ensure_connection()
        except OperationalError as error:
            reason = " ".join(str(error).split())
            raise CommandError(f"The database that DATABASE_URL names does not answer: {reason}") from error
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
            made_by = version_of_tables(cursor)
            if made_by not in {"", version_of_migrations()}:
                raise CommandError(OTHER_VERSION)
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.say("Making its tables")
            call_command("migrate", interactive=False, verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute(f"COMMENT ON TABLE django_migrations IS '{version_of_migrations()}'")
        collect_static_files(self.say)
        self.say("Loading the briefing and the demo data")
        call_command("load_briefing", verbosity=0)
        call_command("load_demo", verbosity=0)

    def say(self, doing: str) -> None:
        self.stdout.write(f"{doing} …")
        self.stdout.flush()


def version_of_migrations() -> str:
    """A fingerprint of what makes the tables: until the first release, migrations are rewritten and not added to."""
    own = sorted(settings.BASE_DIR.glob("*/migrations/0*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in own)).hexdigest()


def version_of_tables(cursor: Any) -> str:
    """The fingerprint of the migrations that made the tables; empty where nobody wrote it down."""
    cursor.execute("SELECT coalesce(obj_description(to_regclass('django_migrations')), '')")
    return str(cursor.fetchone()[0])


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


def collect_static_files(say: Any) -> None:
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
