"""The embedded PostgreSQL serves whoever needs it, ends with its last user, and leaves nothing behind."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured

from aspire.embedded import guardian
from aspire.embedded.base import socket_directory
from aspire.embedded.engine import Engine, EngineError

ROOT = Path(__file__).parents[2]
USER = """
import sys
from pathlib import Path
from aspire.embedded.engine import Engine
print(Engine(Path(sys.argv[1])).start(), flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cluster's directory, shared because making one takes the longest."""
    data = tmp_path_factory.mktemp("embedded") / "postgres"
    engine = Engine(data)
    engine.start()
    engine.leave()
    return data


@contextmanager
def user(data: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the engine until the block ends; its first line is the socket's directory."""
    command = [sys.executable, "-c", USER, str(data)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.sockets = process.stdout.readline().strip()
        yield process
        process.stdin.close()


def answers(sockets: Path | str) -> bool:
    try:
        psycopg.connect(host=str(sockets), port=5432, user="postgres", dbname="postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def soon(is_so: Callable[[], bool]) -> bool:
    limit = time.monotonic() + 15
    while time.monotonic() < limit:
        if is_so():
            return True
        time.sleep(0.05)
    return False


def test_engine_runs_from_start_to_leave(cluster: Path) -> None:
    engine = Engine(cluster)
    sockets = engine.start()

    assert answers(sockets)
    engine.leave()
    assert not answers(sockets)
    assert not (cluster / "postmaster.pid").exists()


def test_engine_sorts_and_folds_alike_on_every_machine(cluster: Path) -> None:
    engine = Engine(cluster)
    with psycopg.connect(host=str(engine.start()), port=5432, user="postgres", dbname="postgres") as connection:
        row = connection.execute("SELECT lower('É'), 'a' > 'B', getdatabaseencoding()").fetchone()
    engine.leave()

    assert row == ("é", True, "UTF8")


def test_engine_stays_while_somebody_uses_it(cluster: Path) -> None:
    with user(cluster) as first, user(cluster) as second:
        assert second.sockets == first.sockets
        first.stdin.close()
        first.wait()

        assert answers(second.sockets)

    assert not answers(second.sockets)


def test_engine_ends_when_its_last_user_is_killed(cluster: Path) -> None:
    with user(cluster) as only:
        only.send_signal(signal.SIGKILL)
        only.wait()

        assert soon(lambda: not (cluster / "postmaster.pid").exists())
        assert not answers(only.sockets)


def test_engine_starts_after_a_crash_whose_process_id_is_taken(cluster: Path) -> None:
    """A recorded process id that now belongs to another program, as after a restart of the machine."""
    owner = cluster.stat()
    stale = cluster / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{cluster}\n0\n5432\n{cluster}\n\n")
    os.chown(stale, owner.st_uid, owner.st_gid)

    with user(cluster) as process:
        assert answers(process.sockets)


def test_forked_child_does_not_stop_the_engine(cluster: Path) -> None:
    engine = Engine(cluster)
    sockets = engine.start()
    child = os.fork()
    if child == 0:
        engine.leave()
        os._exit(0)
    os.waitpid(child, 0)

    assert answers(sockets)
    engine.leave()


@pytest.mark.parametrize("name", ["x" * 100, "with space, comma"])
def test_socket_lies_elsewhere_when_the_path_does_not_suit(tmp_path: Path, name: str) -> None:
    data = tmp_path / name / "postgres"
    engine = Engine(data)
    sockets = engine._socket_directory()

    assert sockets.parent != data.parent
    assert len(os.fsencode(sockets / ".s.PGSQL.5432")) <= 107
    assert sockets.stat().st_mode & 0o077 == 0
    sockets.rmdir()


def test_refusal_names_the_way_out_when_the_engine_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "somebody's file").touch()

    with pytest.raises(ImproperlyConfigured, match=r"could not start.*set DATABASE_URL to a PostgreSQL 15 or newer"):
        socket_directory(tmp_path / "postgres")


def test_cluster_of_another_version_is_refused_with_the_reason(cluster: Path) -> None:
    (cluster / "PG_VERSION").write_text("16\n")

    with pytest.raises(EngineError, match="incompatible"):
        Engine(cluster).start()

    (cluster / "PG_VERSION").write_text("18\n")


def test_engine_that_starts_too_slowly_is_stopped_all_the_same(cluster: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever started it has given up; the guardian, who was called before, finds it without a user."""
    monkeypatch.setattr("aspire.embedded.engine.WAIT_SECONDS", 0)

    with pytest.raises(EngineError):
        Engine(cluster).start()

    assert soon(lambda: not (cluster / "postmaster.pid").exists())


def test_engine_that_cannot_end_in_good_order_is_ended_without(tmp_path: Path) -> None:
    """As on a full disk, where PostgreSQL cannot write the last it has to say."""
    script = tmp_path / "pg_ctl"
    script.write_text('echo "$4" >> "$0.asked"; test "$4" = immediate')

    guardian.stop(["/bin/sh", str(script), "stop", "-w", "-m", "fast"])

    assert (tmp_path / "pg_ctl.asked").read_text() == "fast\nimmediate\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small disk")
def test_full_disk_is_one_sentence_and_nothing_keeps_running(tmp_path: Path) -> None:
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(tmp_path)], check=False)
    if made.returncode:
        pytest.skip("this machine makes no small disk")
    try:
        tmp_path.chmod(0o755)
        with pytest.raises(EngineError, match=r"initdb: .*could not"):
            Engine(tmp_path / "postgres").start()
        running = subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, check=False).stdout
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)

    assert running == b""


def test_interrupted_making_of_a_cluster_is_begun_anew(cluster: Path) -> None:
    making = cluster.with_name("postgres.making")
    making.mkdir()
    (making / "half").touch()
    shutil.rmtree(cluster)
    engine = Engine(cluster)

    assert answers(engine.start())
    engine.leave()
