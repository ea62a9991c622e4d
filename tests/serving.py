"""The web process, and PgBouncer where it is installed, as an operator starts them, on databases of the tests."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.db import connection

from aspire.accounts.sessions import SessionStore

ROOT = Path(__file__).parent.parent
PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
PATIENCE_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def address_of(name: str) -> str:
    """The address of another database on the server of the tests."""
    server = connection.get_connection_params()
    account = ":".join(quote(server[part], safe="") for part in ("user", "password") if part in server)
    return f"postgres://{account}@{quote(server['host'], safe='')}:{server.get('port', 5432)}/{name}"


def cookie_of(username: str) -> str:
    """The cookie of somebody who is signed in to the database that Django means at the moment."""
    user = User.objects.get(username=username)
    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = "aspire.roles.RoleBackend"
    session.create()
    return f"sessionid={session.session_key}"


@dataclass
class Site:
    """A running web process; ``log`` is what it wrote."""

    port: int
    process: subprocess.Popen[str]
    log_path: Path
    cookie: str = ""
    headers: dict[str, str] = field(default_factory=lambda: {"Accept-Language": "en"})

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    def get(self, path: str, *, timeout: float = PATIENCE_SECONDS) -> tuple[int, str]:
        """Status and text; 0 where nobody answers in time."""
        return self._ask(self._request(path), timeout)

    def post(self, path: str, sent: dict[str, str], *, timeout: float = PATIENCE_SECONDS) -> tuple[int, str]:
        """The same for a form that is sent; where it leads elsewhere, status and text of that page."""
        token = "c" * 32
        request = self._request(path, f"csrftoken={token}")
        request.add_header("X-CSRFToken", token)
        request.data = urllib.parse.urlencode(sent).encode()
        return self._ask(request, timeout)

    def _request(self, path: str, *cookies: str) -> urllib.request.Request:
        headers = {**self.headers, "Cookie": "; ".join(filter(None, [self.cookie, *cookies]))}
        return urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)

    def _ask(self, request: urllib.request.Request, timeout: float) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310 - our own address
                return answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read().decode(errors="replace")
        except OSError:
            return 0, ""


@contextmanager
def served(address: str, *, workers: int = 2, threads: int = 4, **environment: str) -> Iterator[Site]:
    """Gunicorn as the guide starts it, until the block ends."""
    port = free_port()
    program = [sys.executable, "-m", "gunicorn", "aspire.wsgi", "--bind", f"127.0.0.1:{port}", "--no-control-socket"]
    amount = ["--workers", str(workers), "--threads", str(threads), "--log-level", "warning"]
    variables = os.environ | {"DATABASE_URL": address, "ASPIRE_MODE": "local"} | environment
    with tempfile.TemporaryDirectory() as directory:
        log_path = Path(directory) / "log"
        with log_path.open("w") as log, subprocess.Popen(
            [*program, *amount], cwd=ROOT, env=variables, stdout=log, stderr=log, text=True, start_new_session=True
        ) as process:  # fmt: skip
            site = Site(port, process, log_path)
            try:
                until(lambda: site.get("/healthz", timeout=5)[0] or process.poll() is not None)
                yield site
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def pooled(address: str, *, mode: str = "transaction", size: int = 5, **settings: Any) -> Iterator[str]:
    """PgBouncer before a database, until the block ends; its address."""
    port = free_port()
    params = connection.get_connection_params()
    server = {"host": params["host"], "port": params.get("port", 5432), "user": params["user"]}
    server |= {"password": params["password"]} if "password" in params else {}
    there = " ".join(f"{name}={value}" for name, value in server.items())
    name = address.rpartition("/")[2]
    lines = [
        *("[databases]", f"{name} = {there} dbname={name}", "[pgbouncer]"),
        *(f"listen_port = {port}", "listen_addr = 127.0.0.1", "unix_socket_dir =", "auth_type = any"),
        *(f"pool_mode = {mode}", f"default_pool_size = {size}", "max_client_conn = 200"),
        *(["user = nobody"] if os.geteuid() == 0 else []),
        *(f"{option} = {value}" for option, value in settings.items()),
    ]
    with tempfile.TemporaryDirectory() as directory:
        configuration = Path(directory) / "pgbouncer.ini"
        configuration.write_text("\n".join(lines))
        with subprocess.Popen(
            [str(PGBOUNCER), "-q", str(configuration)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:  # fmt: skip
            try:
                until(lambda: is_open(port))
                yield f"postgres://{quote(params['user'])}@127.0.0.1:{port}/{name}"
            finally:
                process.kill()


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(is_so: Any) -> None:
    limit = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > limit:
            raise TimeoutError
        time.sleep(0.1)
