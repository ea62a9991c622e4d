"""``make chaos``: what befalls an installation, on an engine of its own, and how it fares; exits 1 where that is bad.

The database is stopped, locked and filled with connections; web process and worker are killed; eight write beside an
import. Nothing of the machine's own is touched.
"""

import contextlib
import datetime
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import django
import psycopg

import tests.environment  # noqa: F401 - declares a local instance before the settings are read
from aspire.embedded.engine import PORT, Engine

ROOT = Path(__file__).parent.parent
READERS = 8
PAGES = ["/", "/calls/", "/calls/DEMO-DECIDING/", "/proposals/", "/explore/", "/fund/", "/partners/", "/awards/"]
AFTERWARDS = 40  # requests that must all be answered once a fault is over
ROWS = 3_000
FILES, LONG = 24, 9_000  # what one officer sends at once, and how many rows each has
MOST_TIMES = 2.0  # its quiet time that another's page may take meanwhile
DAY = datetime.timedelta(days=1)
LONGEST_SECONDS = {"healthz": 2.0, "reader": 10.0, "worker": 180.0}


@dataclass
class Figure:
    """One line of the result; ``holds`` where it is as promised."""

    what: str
    value: object
    holds: bool = True

    def __str__(self) -> str:
        return f"{'ok' if self.holds else 'BAD':5}{self.what}: {self.value}"


@dataclass
class Ground:
    """The engine, the database in it, and the site that is served from it."""

    engine: Engine
    address: str
    site: Any

    def restart(self) -> None:
        """As after a power failure: at once, and then from the log of what was written."""
        log = str(self.engine.data / "log")
        self.engine._run("pg_ctl", "restart", "-w", "-s", "-m", "immediate", "-D", str(self.engine.data), "-l", log)

    def statuses(self, requests: int = AFTERWARDS) -> Counter[int]:
        with ThreadPoolExecutor(READERS) as readers:
            asked = [PAGES[place % len(PAGES)] for place in range(requests)]
            return Counter(status for status, _text in readers.map(self.site.get, asked))

    def afterwards(self) -> Figure:
        found = self.statuses()
        return Figure(f"  {AFTERWARDS} requests after it", told(found), found == {200: AFTERWARDS})

    @contextmanager
    def read_meanwhile(self) -> Iterator[Counter[int]]:
        """Eight readers, one page after the other, as long as the block lasts."""
        seen: Counter[int] = Counter()
        over = threading.Event()

        def read(first: int) -> None:
            page = first
            while not over.is_set():
                seen[self.site.get(PAGES[page % len(PAGES)])[0]] += 1
                page += 1

        with ThreadPoolExecutor(READERS) as readers:
            for first in range(READERS):
                readers.submit(read, first)
            try:
                yield seen
            finally:
                over.set()

    @contextmanager
    def log_of(self) -> Iterator[list[str]]:
        """What the site writes into its log during the block."""
        before = len(self.site.log)
        lines: list[str] = []
        yield lines
        lines += self.site.log[before:].splitlines()


def told(statuses: Counter[int]) -> str:
    names = {200: "answered", 409: "refused by a rule", 503: "sent away (503)", 0: "broken off"}
    return ", ".join(f"{count} {names.get(status, status)}" for status, count in sorted(statuses.items()))


def log_figure(lines: list[str], *, at_most: int) -> Figure:
    is_quiet = len(lines) <= at_most and not any("Traceback" in line for line in lines)
    return Figure("  lines in the log", len(lines), is_quiet)


# --- what befalls it -------------------------------------------------------------------------------------------------


def quiet(ground: Ground) -> Iterator[Figure]:
    ground.statuses()
    seconds = [timed(lambda: ground.site.get("/proposals/"))[1] for _time in range(10)]
    yield Figure("quiet: the list of proposals, median", f"{statistics.median(seconds) * 1000:.0f} ms")


def restart(ground: Ground) -> Iterator[Figure]:
    with ground.log_of() as lines:
        with ground.read_meanwhile() as seen:
            time.sleep(2)
            _nothing, seconds = timed(ground.restart)
            time.sleep(3)
        yield Figure(f"restart of the database ({seconds:.1f} s), {READERS} readers", told(seen), {*seen} <= {200, 503})
        yield ground.afterwards()
    yield log_figure(lines, at_most=8)  # two processes, for which it is gone, stops and starts


def lock(ground: Ground) -> Iterator[Figure]:
    with ground.log_of() as lines:
        with psycopg.connect(ground.address) as upheaval, ThreadPoolExecutor(READERS) as readers:
            upheaval.execute("LOCK TABLE proposals_proposal")
            waiting = [readers.submit(timed, lambda: ground.site.get("/proposals/")) for _reader in range(READERS)]
            healths = [timed(lambda: ground.site.get("/healthz")) for _time in range(10)]
            sent_away = [reader.result() for reader in waiting]
        statuses = Counter(answer[0] for answer, _seconds in sent_away)
        slowest = max(seconds for _answer, seconds in sent_away)
        is_soon = slowest < LONGEST_SECONDS["reader"]
        is_told = statuses == {503: READERS} and is_soon
        yield Figure(f"locked table, {READERS} readers", f"{told(statuses)}, the last after {slowest:.1f} s", is_told)
        slowest = max(seconds for _answer, seconds in healths)
        is_alive = {answer[0] for answer, _seconds in healths} == {200} and slowest < LONGEST_SECONDS["healthz"]
        yield Figure("  /healthz meanwhile, the slowest of 10", f"{slowest:.2f} s", is_alive)
        yield ground.afterwards()
    yield log_figure(lines, at_most=2)


def exhausted(ground: Ground) -> Iterator[Figure]:
    with ground.log_of() as lines, contextlib.ExitStack() as held:
        hogs = 0
        with contextlib.suppress(psycopg.OperationalError):
            while True:
                hog = held.enter_context(contextlib.closing(psycopg.connect(ground.address, autocommit=True)))
                hog.execute("SET application_name = 'hog'")
                ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                hog.execute(f"{ends} WHERE application_name <> 'hog' AND backend_type = 'client backend'")
                hogs += 1
        found = ground.statuses()
        yield Figure(f"no connection left ({hogs} held by others)", told(found), found == {503: AFTERWARDS})
        held.close()
        yield ground.afterwards()
    yield log_figure(lines, at_most=6)


def web_killed(ground: Ground) -> Iterator[Figure]:
    with ground.read_meanwhile() as seen:
        time.sleep(1)
        children = subprocess.run(
            ["pgrep", "-P", str(ground.site.process.pid)], capture_output=True, text=True, check=True
        )
        os.kill(int(children.stdout.split()[0]), signal.SIGKILL)
        time.sleep(5)
    is_bounded = {*seen} <= {200, 0} and seen[0] <= READERS
    yield Figure(f"kill -9 of one of two web processes, {READERS} readers", told(seen), is_bounded)
    yield ground.afterwards()


def worker_killed(ground: Ground) -> Iterator[Figure]:
    from django.contrib.auth.models import User

    from aspire.models import Upload
    from aspire.sheets.running import receive
    from proposals.intake.resource import ProposalResource

    call, data = file_for("CHAOS-CHECKED", ROWS)
    first = start_worker(ground)
    upload = receive(data, kind=ProposalResource(call), by=User.objects.get(username="officer"), file_name="chaos.csv")
    begun = time.monotonic()

    def now() -> Any:
        return Upload.objects.get(pk=upload.pk)

    wait(lambda: now().done > 0 or now().state != Upload.State.CHECKING)
    done = now().done
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    second = start_worker(ground)
    try:
        wait(lambda: now().state != Upload.State.CHECKING, seconds=LONGEST_SECONDS["worker"])
    finally:
        second.terminate()
        second.wait()
    seconds = time.monotonic() - begun
    is_whole = now().state == Upload.State.CHECKED and seconds < LONGEST_SECONDS["worker"]
    what = f"kill -9 of the worker at row {done:,} of {ROWS:,}, and another one"
    yield Figure(what, f"{now().state} after {seconds:.0f} s", is_whole)


def many_files(ground: Ground) -> Iterator[Figure]:
    """One officer sends many long files at once; another looks at the list of proposals meanwhile."""
    from django.contrib.auth.models import User

    from aspire.models import Upload
    from aspire.sheets.running import receive
    from proposals.intake.resource import ProposalResource

    def median() -> float:
        return statistics.median(timed(lambda: ground.site.get("/proposals/"))[1] for _time in range(30))

    call, data = file_for("CHAOS-MANY", LONG)
    by, quiet_seconds = User.objects.get(username="admin"), median()
    sent = [receive(data, kind=ProposalResource(call), by=by, file_name=f"{place}.csv").pk for place in range(FILES)]
    worker = start_worker(ground)
    try:
        wait(lambda: Upload.objects.filter(pk__in=sent, done__gt=0).exists())
        seconds = median()
        waiting = Upload.objects.filter(pk__in=sent, state=Upload.State.CHECKING).count()
    finally:
        worker.terminate()
        worker.wait()
    times = seconds / quiet_seconds
    what = f"{FILES} files of {LONG:,} rows by one officer, {waiting} still in line; another's list of proposals"
    yield Figure(what, f"{seconds * 1000:.0f} ms, {times:.1f} × its quiet time", waiting > 0 and times <= MOST_TIMES)


def written_meanwhile(ground: Ground) -> Iterator[Figure]:
    """Eight mark, through the site, each proposals of their own, while a file is imported by command."""
    from proposals.record.models import Proposal

    _call, data = file_for("CHAOS-SENT", ROWS)
    numbers = list(Proposal.objects.filter(call__code="DEMO-DECIDING").order_by("pk").values_list("number", flat=True))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "chaos.csv"
        path.write_bytes(data)
        command = [sys.executable, "manage.py", "import_proposals", str(path), "--call", "CHAOS-SENT"]
        began = time.monotonic()
        with (
            subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process,
            ThreadPoolExecutor(READERS) as writers,
        ):
            marking = [writers.submit(mark, ground, number, process) for number in numbers[:READERS]]
            code = process.wait()
            seconds = time.monotonic() - began
            marks = sum((writer.result()[0] for writer in marking), Counter[int]())
            slowest = max(writer.result()[1] for writer in marking)
    imported = Proposal.objects.filter(call__code="CHAOS-SENT").count()
    is_whole = code == 0 and imported == ROWS
    yield Figure(
        f"{READERS} writers beside an import of {ROWS:,} rows", f"{imported:,} rows in {seconds:.1f} s", is_whole
    )
    yield Figure("  marks meanwhile", f"{told(marks)}, the slowest {slowest:.1f} s", {*marks} <= {200, 409, 503})
    checked = subprocess.run(
        [sys.executable, "manage.py", "check_invariants"], cwd=ROOT, capture_output=True, check=False
    )
    yield Figure("  every rule afterwards", "holds" if not checked.returncode else "broken", not checked.returncode)


def mark(ground: Ground, number: str, importing: subprocess.Popen[bytes]) -> tuple[Counter[int], float]:
    """One proposal, marked to and fro until the import is over; statuses and the slowest answer in seconds."""
    from django.db import connection

    from proposals.record.models import Mark

    seen, slowest, decisions = Counter[int](), 0.0, ["reserve", "decline"]
    while importing.poll() is None or not seen:
        stored = Mark.objects.filter(proposal__number=number).first()
        decision = decisions[0] if not stored or stored.decision != decisions[0] else decisions[1]
        pick = f"{number}:{stored.version if stored else 0}"
        sent = {"decision": decision, "pick": pick, "reason": "chaos", "confirmed": "1"}
        answer, seconds = timed(lambda sent=sent: ground.site.post("/awards/DEMO-DECIDING/batch/", sent))
        seen[answer[0]] += 1
        slowest = max(slowest, seconds)
    connection.close()
    return seen, slowest


# --- what it stands on -----------------------------------------------------------------------------------------------


def file_for(code: str, rows: int) -> tuple[Any, bytes]:
    """A new call without proposals, and a file of so many."""
    from django.utils import timezone

    from tests.bench.imports import Contract, as_csv, content
    from tests.bench.rows import make_call

    call = make_call(code, 0, parts=[])
    call.opens_at, call.closes_at = timezone.now() - DAY, timezone.now() + DAY
    call.save()
    return call, as_csv(content(Contract(call), rows))


def start_worker(ground: Ground) -> subprocess.Popen[bytes]:
    command = [sys.executable, "manage.py", "procrastinate", "worker"]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def timed(act: Callable[[], Any]) -> tuple[Any, float]:
    started = time.monotonic()
    return act(), time.monotonic() - started


def wait(is_so: Callable[[], bool], *, seconds: float = 120) -> None:
    limit = time.monotonic() + seconds
    while not is_so() and time.monotonic() < limit:
        time.sleep(0.2)


@contextmanager
def engine() -> Iterator[tuple[Engine, str]]:
    """An engine of this run alone, with an empty database; the guardian stops it however the run ends."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)  # for the server, which is nobody's where root runs this
        own = Engine(Path(directory) / "postgres")
        try:
            sockets = str(own.start())
            with psycopg.connect(host=sockets, port=PORT, user="postgres", autocommit=True) as administration:
                administration.execute("CREATE DATABASE chaos")
            yield own, f"postgres://postgres@{quote(sockets, safe='')}:{PORT}/chaos"
        finally:
            own.leave()


BEFALLING = [quiet, restart, lock, exhausted, web_killed, worker_killed, many_files, written_meanwhile]


def main(*names: str) -> int:
    """All of it, or what is named."""
    with engine() as (own, address):
        os.environ |= {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "aspire.settings"}
        django.setup()
        from django.core.management import call_command

        from tests.serving import cookie_of, served

        sys.stdout.write(f"Preparing a database of its own (load {os.getloadavg()[0]:.1f}) …\n")
        for command in (["migrate"], ["load_briefing"], ["load_demo"], ["collectstatic", "--no-input"]):
            call_command(*command, verbosity=0)
        cookie = cookie_of("officer")
        failed = False
        with served(address) as site:
            site.cookie = cookie
            for befalls in [befalls for befalls in BEFALLING if not names or befalls.__name__ in names]:
                django.db.connections.close_all()  # which may have been ended with the others
                for figure in befalls(Ground(own, address, site)):
                    failed = failed or not figure.holds
                    sys.stdout.write(f"{figure}\n")
                    sys.stdout.flush()
        django.db.connections.close_all()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
