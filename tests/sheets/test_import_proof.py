"""Imports under stress: at once, killed in the middle, with any cells at all, and with as many rows as are taken."""

import contextlib
import csv
import hashlib
import io
import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openpyxl
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, event, example, given, settings
from hypothesis import strategies as st
from openpyxl.utils.exceptions import IllegalCharacterError

from aspire.models import ImportRecord, Upload
from aspire.sheets import running
from aspire.sheets.results import restore
from aspire.sheets.saving import LookAgain, save
from aspire.workbooks.faults import Unreadable
from proposals.intake.resource import ProposalResource
from proposals.record.models import AnnualCost, Counterpart, Proposal
from tests.doors import run
from tests.effort import tries
from tests.factories import (
    NOON,
    AnnualAwardFactory,
    AnnualCostFactory,
    AwardFactory,
    CountryFactory,
    FunderFactory,
    ProposalFactory,
    TermsFactory,
)

ROOT = Path(__file__).resolve().parents[2]
KILLS = tries(5, sweep=20)
PATIENCE = 20  # seconds until a test that hangs fails
HEADER = "number,title_ja,field,funder,counterpart_name,starts_on,ends_on,direct_yen_2024,indirect_yen_2024"
ROW = ",量子網,quantum,GB-UKRI,Ada King,2024-04-01,2029-03-31,10000000,3000000"
WRITTEN = (Proposal, AnnualCost, Counterpart, ImportRecord)


def several(count):
    """As many rows, each of a proposal of its own."""
    return [ROW.replace("量子網", f"量子網{place}") for place in range(count)]


def lines(*rows):
    return "\r\n".join([HEADER, *rows]).encode()


def make_call():
    FunderFactory()
    return TermsFactory(call__code="IN").call


def planned(data, *, file_name="file.csv"):
    return ProposalResource.open("IN").check(data, file_name=file_name, received_at=NOON)


def saved(plan, data):
    sha256 = hashlib.sha256(data).hexdigest()
    return save(plan, kind=ProposalResource.open("IN"), by=None, file_name="f.csv", sha256=sha256, received_at=NOON)


def at_once(action, times):
    """What came of the same action begun so many times at the same moment: its answer, or what it raised."""
    start = threading.Barrier(times, timeout=PATIENCE)

    def attempt():
        try:
            return action(start.wait)
        except LookAgain as look_again:
            return look_again
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return [tried.result() for tried in [pool.submit(attempt) for _ in range(times)]]


# --- at once ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_one_file_at_once_create_one_set():
    make_call()
    data = lines(*several(30))

    def imported(wait):
        plan = planned(data)
        wait()
        return saved(plan, data)

    came = at_once(imported, 3)

    assert sorted(type(outcome).__name__ for outcome in came) == ["ImportRecord", "LookAgain", "LookAgain"]
    assert (Proposal.objects.count(), ImportRecord.objects.count()) == (30, 1)
    assert [fault.code for fault in planned(data).faults] == ["file_imported_before"]


@pytest.mark.django_db(transaction=True)
def test_confirmations_of_one_upload_at_once_save_once(officer):
    call = make_call()
    upload = running.receive(
        lines(*several(30)), kind=ProposalResource(call), by=officer, file_name="file.csv", reason="Proof"
    )

    def confirmed(wait):
        wait()
        return running.confirm(Upload.objects.get(pk=upload.pk), by=officer)

    records = at_once(confirmed, 3)

    assert set(records) == {ImportRecord.objects.get()}
    assert Proposal.objects.count() == 30


# --- killed -------------------------------------------------------------------------------------------------------

# For every line it is sent it runs the import command in a process of its own, says when that begins to save, and
# lets it wait for its end with all of it written; after the line "finish", it does not wait.
NURSERY = """
import os, sys, time, types
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from aspire.sheets import commands, resources
connection.settings_dict["NAME"] = sys.argv[1]
save = commands.save

def announced(*args, **kwargs):
    print(os.getpid(), flush=True)
    return save(*args, **kwargs)

commands.save = announced
for line in sys.stdin:
    if os.fork():
        os.wait()
        print("ended", flush=True)
        continue
    if line.strip() != "finish":
        resources.timezone = types.SimpleNamespace(now=lambda: time.sleep(60))
    call_command("import_proposals", sys.argv[2], call="IN", reason="Proof", stdout=open(os.devnull, "w"))
    os._exit(0)
"""


@contextlib.contextmanager
def nursery(file):
    """Ask it for a process that saves: gives its number."""
    command = [sys.executable, "-c", NURSERY, connection.settings_dict["NAME"], str(file)]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "aspire.settings"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def begin(how):
            process.stdin.write(f"{how}\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        yield begin, process.stdout.readline
        process.stdin.close()


def wait_until_alone():
    """Until PostgreSQL has noticed that nobody is at the other end."""
    others = "datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    ends = time.monotonic() + PATIENCE
    with connection.cursor() as cursor:
        while cursor.execute(f"SELECT count(*) FROM pg_stat_activity WHERE {others}").fetchone() != (0,):
            assert time.monotonic() < ends
            time.sleep(0.005)


def counts():
    return [model.objects.count() for model in WRITTEN]


@pytest.mark.more
@pytest.mark.django_db(transaction=True)
def test_a_process_killed_while_it_saves_leaves_nothing(tmp_path):
    make_call()
    file, rows = tmp_path / "file.csv", 100
    data = lines(*several(rows))
    file.write_bytes(data)
    plan, started = planned(data), time.perf_counter()
    with transaction.atomic():
        saved(plan, data)
        transaction.set_rollback(True)
    whole = time.perf_counter() - started

    with nursery(file) as (begin, ended):
        for _ in range(KILLS):
            number = begin("wait")
            time.sleep(random.uniform(0, 1.3 * whole))
            os.kill(number, signal.SIGKILL)
            assert ended() == "ended\n"
            wait_until_alone()
            assert counts() == [0, 0, 0, 0]
        begin("finish")
        assert ended() == "ended\n"
    assert counts() == [rows, rows, rows, 1]


# --- any cells ----------------------------------------------------------------------------------------------------

few = settings(
    max_examples=tries(12, sweep=60),
    suppress_health_check=list(HealthCheck),
    phases=set(Phase) - {Phase.explain},
)
NAMES = ["number", "title_ja", "title_en", "pi_name", "pi_reading", "researcher_number", "institution", "field"]
NAMES += ["country", "funder", "counterpart_name", "counterpart_institution", "starts_on", "ends_on"]
NAMES += ["young_researcher_plan", "direct_yen_2024", "indirect_yen_2024", "direct_yen_2028", "indirect_yen_2028"]
ODD = [
    "[clear]",
    "[空]",
    "IN-001",
    "IN-002",
    "IN-R01",
    "in-001",
    "2024-02-29",
    "0001-01-01",
    "9999-12-31",
    "令和6年4月1日",
]
ODD += ["GB-UKRI", "民間等", "GB", "quantum", "0", "26000000", "999999999999", "=1", "\0", "\u200b", "00123456", "１"]
odd = st.sampled_from(ODD)
cells = st.one_of(st.just(""), odd, st.text(max_size=8))
typed = st.one_of(cells, st.none(), st.integers(), st.floats(), st.booleans(), st.dates(), st.datetimes())
yen = st.sampled_from(["", "[clear]", "0", "1", "1000000", "3000000", "10000000", "26000000"])
texts = st.sampled_from(["", "題", "[clear]", "\\N", "\t", "a\\b", "\u3000x ", "'", "\U0001f600", "\ud7ff"])
likely = {
    "researcher_number": st.sampled_from(["", "[clear]", "00123456", "12345678"]),
    "country": st.sampled_from(["", "", "GB", "[clear]"]),
    "field": st.sampled_from(["", "quantum", "量子", "[clear]"]),
    "funder": st.sampled_from(["", "GB-UKRI", "DK-PRIVATE", "[clear]"]),
    "starts_on": st.sampled_from(["", "2024-02-29", "2024-04-01", "[clear]"]),
    "ends_on": st.sampled_from(["", "2027-03-31", "2028-04-01", "2029-02-28", "2029-03-31", "[clear]"]),
}
to_create = {
    "title_ja": st.sampled_from(["題", "\\N", "a\\b"]),
    "field": st.just("quantum"),
    "funder": st.sampled_from(["GB-UKRI", "DK-PRIVATE"]),
    "starts_on": st.sampled_from(["2024-02-29", "2024-04-01", "9999-01-01"]),
    "ends_on": st.sampled_from(["2028-04-01", "2029-02-28", "9999-12-31"]),
}


@st.composite
def likely_grids(draw):
    """Rows that change what is stored, or rows that create; often what the terms allow."""
    is_new = draw(st.booleans())
    others = draw(st.lists(st.sampled_from(NAMES[1:]), unique=True, max_size=4))
    names = list(dict.fromkeys(["number", *(to_create if is_new else ()), *others]))
    known = likely | (to_create if is_new else {})
    numbers = [""] * 3 if is_new else draw(st.lists(st.sampled_from(["IN-001", "IN-002", "IN-R01"]), unique=True))
    row = st.tuples(*(known.get(name, yen if "_yen_" in name else texts) for name in names[1:]))
    return names, [(number, *draw(row)) for number in numbers[: draw(st.integers(1, 3))]]


@st.composite
def any_grids(draw):
    names = ["number", *draw(st.lists(st.sampled_from(NAMES[1:]) | cells, unique=True, max_size=8))]
    row = st.lists(typed, min_size=len(names), max_size=len(names)) | st.lists(typed, max_size=9)
    return names, draw(st.lists(row, max_size=5))


def in_csv(names, rows):
    out = io.StringIO()
    csv.writer(out).writerows([names, *rows])
    return out.getvalue().encode("utf-8", "surrogatepass"), "file.csv"


def in_workbook(names, rows):
    book = openpyxl.Workbook()
    for row in [names, *rows]:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue(), "file.xlsx"


@pytest.fixture
def stored(db):
    """An awarded proposal, one that says little, and one that is reconstructed."""
    terms = make_call().terms.get()
    FunderFactory(
        country=CountryFactory(alpha2="DK"), code="DK-PRIVATE", acronym="", kind="private", label_as_printed="民間等"
    )
    awarded = ProposalFactory(terms=terms, number="IN-001")
    AnnualCostFactory(proposal=awarded, fiscal_year=2028)
    AnnualAwardFactory(award=AwardFactory(proposal=awarded), fiscal_year=2028)
    Counterpart.objects.create(
        proposal=awarded, country=awarded.country, funder=awarded.primary_funder, person="Ada", institution="-"
    )
    ProposalFactory(terms=terms, number="IN-002", starts_on=None, ends_on=None)
    nothing = ("title_ja", "title_en", "principal_investigator", "principal_investigator_reading", "institution")
    nothing = dict.fromkeys([*nothing, "researcher_number"], "")
    never = dict.fromkeys(("received_at", "starts_on", "ends_on"))
    ProposalFactory(terms=terms, number="IN-R01", is_reconstructed=True, **nothing, **never)


def judge(data, name):
    """A plan, kept and taken up again, or a refusal of the file; what the plan lets pass PostgreSQL lets pass."""
    try:
        plan = planned(data, file_name=name)
    except Unreadable as unreadable:
        event(f"unreadable: {unreadable.fault.code}")
        return
    assert all(str(fault.sentence) for fault in plan.faults)
    plan = restore(plan.as_json())
    event("blocked" if plan.is_blocked else f"saved: {sorted({row.action for row in plan.rows})}")
    if not plan.is_blocked:
        with transaction.atomic():
            saved(plan, data)
            run("SET CONSTRAINTS ALL IMMEDIATE")
            transaction.set_rollback(True)


@few
@given(any_grids(), st.booleans())
def test_any_grid_becomes_a_plan_or_is_unreadable(stored, grid, is_workbook):
    try:
        file = in_workbook(*grid) if is_workbook else in_csv(*grid)
    except (IllegalCharacterError, UnicodeEncodeError, ValueError):
        return  # no file can hold it
    judge(*file)


@few
@given(likely_grids())
@example((["number", "ends_on", "direct_yen_2028"], [("IN-001", "2028-03-31", "[clear]")]))
@example((["number", "counterpart_name"], [("IN-002", "[clear]")]))
@example((["number"], [("[clear]",)]))
@example((["number", "field"], [("IN-001", "[clear]")]))
@example((["number", "funder", "country"], [("IN-001", "[clear]", "[clear]")]))
def test_what_a_plan_lets_pass_the_database_lets_pass(stored, grid):
    judge(*in_csv(*grid))
