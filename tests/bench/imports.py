"""A file of proposals, previewed and confirmed, against django-import-export as it comes and against COPY alone."""

import csv
import datetime
import hashlib
import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import python_calamine
from django.db import connection, transaction
from django.utils import timezone
from import_export import resources
from tablib import Dataset

from aspire.sheets.results import restore
from aspire.sheets.saving import save
from aspire.sheets.tables import copy, execute, next_ids
from aspire.wareki import fiscal_year_ends_on, fiscal_year_starts_on
from aspire.workbooks.reading import read
from aspire.workbooks.writing import workbook_bytes
from calls.models import Call
from proposals.intake.contract import Contract
from proposals.intake.resource import ProposalResource
from proposals.record.models import AnnualCost, Proposal
from proposals.record.status import Status
from tests.bench.measuring import Line, medians, seconds

ROUNDS = 3
STOCK_ROWS = 300
YEARS = 5
AT_MOST_OF_STOCK = 0.1  # of its seconds a row: ten times its rows a second
AT_MOST_OF_COPY = 5.0  # times its seconds: a fifth of its rows a second
# Of the seconds of others. The engine inside is faster alone, for it sees no hidden row, error, control character or
# formula without a value, and stops at no bomb: to look at every cell before and after it takes about three times its
# own time. openpyxl takes five times ours.
READ_AT_MOST = {"python-calamine": 4.0, "openpyxl, read-only": 0.25}
MEMORY_AT_MOST_MIB = 200
Rows = list[list[Any]]


class StockProposals(resources.ModelResource):
    """What the library does by itself."""

    class Meta:
        model = Proposal


class StockCosts(resources.ModelResource):
    class Meta:
        model = AnnualCost


def content(contract: Contract, count: int) -> Rows:
    """A header and so many proposals with costs in five fiscal years."""
    years = contract.years[-YEARS:]
    period = [fiscal_year_starts_on(years[0]), fiscal_year_ends_on(years[-1])]
    named = ["number", "title_ja", "title_en", "pi_name", "pi_reading", "researcher_number", "institution"]
    named += ["field", "funder", "counterpart_name", "counterpart_institution", "starts_on", "ends_on"]
    named += [f"{kind}_yen_{year}" for year in years for kind in ("direct", "indirect")]
    fields, funders = contract.fields, contract.funders
    rows: Rows = [named]
    for place in range(count):
        people = ["青木 花子", "アオキ ハナコ", "00123456", f"第{place % 90}大学"]
        partners = [fields[place % len(fields)].code, funders[place % len(funders)].code, "Ada King", "Oxbridge"]
        costs = [yen for year in years for yen in (10_000_000 + place + year, 3_000_000)]
        rows.append(["", f"国際共同研究 {place}", f"Joint research {place}", *people, *partners, *period, *costs])
    return rows


def as_csv(rows: Rows) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(rows: Rows) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("提案")
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def taken_back(work: Callable[[], object]) -> Callable[[], None]:
    """The work in a transaction that ends as if it had not been."""

    def run() -> None:
        with transaction.atomic():
            work()
            transaction.set_rollback(True)

    return run


def preview(call: Call, data: bytes, name: str, received_at: datetime.datetime) -> Any:
    kind = ProposalResource(Call.objects.get(pk=call.pk))
    return kind.check(data, file_name=name, received_at=received_at)


def through_us(call: Call, data: bytes, name: str) -> Callable[[], None]:
    """Read and judge the file, keep the plan as the preview does, take it up again and save it."""
    received_at = call.opens_at
    assert received_at is not None

    def work() -> None:
        kept = preview(call, data, name, received_at).as_json()
        plan = restore(kept)
        assert not plan.is_blocked, plan.faults[:3]
        sha256 = hashlib.sha256(data).hexdigest()
        save(plan, kind=ProposalResource(call), by=None, file_name=name, sha256=sha256, received_at=received_at)

    return taken_back(work)


def through_stock(contract: Contract, rows: Rows) -> Callable[[], None]:
    """The same proposals and costs by the library's own resources; the officer has looked every key up by hand."""
    call, terms = contract.call, contract.terms
    assert terms is not None
    fields = {field.code: field.pk for field in contract.fields}
    funders = {funder.code: funder.pk for funder in contract.funders}

    received_at = f"{timezone.localtime(call.opens_at):%Y-%m-%d %H:%M:%S}"

    def work() -> None:
        proposals = Dataset(headers=["call", "terms", "number", "status", "title_ja", "title_en", "field"])
        proposals.headers += ["is_reconstructed", "received_at", "late_reason", "starts_on", "ends_on"]
        proposals.headers += ["principal_investigator", "principal_investigator_reading", "researcher_number"]
        proposals.headers += ["institution", "primary_funder", "young_researcher_plan", "id"]
        for place, row in enumerate(rows[1:]):
            one = dict(zip(rows[0], row, strict=True))
            fixed = [call.pk, terms.pk, f"{call.code}-S{place}", Status.RECEIVED.value]
            proposals.append(
                [
                    *(*fixed, one["title_ja"], one["title_en"], fields[one["field"]], "0", received_at, ""),
                    *(str(one["starts_on"]), str(one["ends_on"]), one["pi_name"], one["pi_reading"]),
                    *(one["researcher_number"], one["institution"], funders[one["funder"]], "", ""),
                ]
            )
        assert not StockProposals().import_data(proposals, raise_errors=True).has_errors()
        keys = dict(Proposal.objects.filter(call=call).values_list("number", "pk"))
        costs = Dataset(headers=["id", "proposal", "fiscal_year", "direct_yen", "indirect_yen"])
        for place, row in enumerate(rows[1:]):
            one = dict(zip(rows[0], row, strict=True))
            for year in contract.years[-YEARS:]:
                yen = one[f"direct_yen_{year}"], one[f"indirect_yen_{year}"]
                costs.append(["", keys[f"{call.code}-S{place}"], year, *yen])
        assert not StockCosts().import_data(costs, raise_errors=True).has_errors()

    return taken_back(work)


def by_copy(contract: Contract, rows: Rows) -> Callable[[], None]:
    """The same rows straight into the tables, their rules on."""
    call, terms = contract.call, contract.terms
    assert terms is not None
    fields = {field.code: field.pk for field in contract.fields}
    funders = {funder.code: funder.pk for funder in contract.funders}
    named = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    columns = ["call_id", "terms_id", "status", "is_reconstructed", "received_at", "late_reason", "id", "number"]
    columns += ["field_id", "primary_funder_id", "requested_direct_yen", "requested_indirect_yen", "title_ja"]
    columns += ["title_en", "principal_investigator", "principal_investigator_reading", "researcher_number"]
    columns += ["institution", "starts_on", "ends_on", "young_researcher_plan"]
    plain = ["title_ja", "title_en", "pi_name", "pi_reading", "researcher_number", "institution"]
    plain += ["starts_on", "ends_on"]

    def work() -> None:
        execute("SET CONSTRAINTS ALL DEFERRED")
        keys = next_ids("proposals_proposal", len(named))
        common = (call.pk, terms.pk, Status.RECEIVED.value, False, call.opens_at, "")
        copy(
            Proposal,
            columns,
            (
                (
                    *(*common, pk, f"{call.code}-C{pk}", fields[one["field"]], funders[one["funder"]], 0, 0),
                    *(one[name] for name in plain),
                    "",
                )
                for pk, one in zip(keys, named, strict=True)
            ),
        )
        costs = (
            (pk, year, one[f"direct_yen_{year}"], one[f"indirect_yen_{year}"])
            for pk, one in zip(keys, named, strict=True)
            for year in contract.years[-YEARS:]
        )
        copy(AnnualCost, ("proposal_id", "fiscal_year", "direct_yen", "indirect_yen"), costs)
        execute("SET CONSTRAINTS ALL IMMEDIATE")

    return taken_back(work)


def measure(call: Call, count: int) -> list[Line]:
    """``call`` has no proposals. The stock resources are timed on fewer rows, and scaled to as many."""
    contract = Contract(call)
    rows = content(contract, count)
    files = {"CSV": as_csv(rows), "XLSX": as_xlsx(rows)}
    works = {form: through_us(call, data, f"bench.{form.lower()}") for form, data in files.items()}
    works["COPY"] = by_copy(contract, rows)
    few = min(STOCK_ROWS, count)
    taken = medians(works, rounds=ROUNDS)
    stock = seconds(through_stock(contract, rows[: few + 1])) * count / few
    what = f"import of {count:,} proposals × {YEARS} fiscal years"
    return [
        line
        for form in files
        for line in (
            Line(f"{what}, {form}", taken[form], "stock import-export", stock, AT_MOST_OF_STOCK),
            Line(f"{what}, {form}", taken[form], "plain COPY", taken["COPY"], AT_MOST_OF_COPY),
        )
    ]


def reading(call: Call, count: int) -> list[Line]:
    """One workbook read by us, checks of every cell included, against the engine alone and openpyxl's quickest way."""
    rows = content(Contract(call), count)
    columns = ProposalResource(call).fields
    ours = workbook_bytes("提案", [columns[name] for name in rows[0]], rows[1:], language="en")
    files = {"openpyxl": as_xlsx(rows), "us": ours}
    lines: list[Line] = []
    for writer, data in files.items():
        works: dict[str, Callable[[], object]] = {
            "ours": partial(read, data, file_name="bench.xlsx"),
            "python-calamine": partial(by_calamine, data),
            "openpyxl, read-only": partial(by_openpyxl, data),
        }
        taken = medians(works, rounds=ROUNDS)
        what = f"reading {count:,} rows of a workbook written by {writer}"
        lines += [Line(what, taken["ours"], than, taken[than], limit) for than, limit in READ_AT_MOST.items()]
    return lines


def by_calamine(data: bytes) -> object:
    return python_calamine.load_workbook(io.BytesIO(data)).get_sheet_by_index(0).to_python()


def by_openpyxl(data: bytes) -> object:
    return list(openpyxl.load_workbook(io.BytesIO(data), read_only=True).worksheets[0].iter_rows(values_only=True))


def memory(call: Call, count: int) -> str:
    """How much a process of its own takes to preview and save that many rows, above what it takes idle."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "bench.csv")
        file.write_bytes(as_csv(content(Contract(call), count)))
        command = [sys.executable, "-m", "tests.bench.memory", connection.settings_dict["NAME"], call.code, str(file)]
        said = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ})
    idle, peak = map(int, said.stdout.split())
    above = peak - idle
    verdict = "met" if above <= MEMORY_AT_MOST_MIB else "MISSED"
    goal = f"goal <= {MEMORY_AT_MOST_MIB} MiB  {verdict}"
    return f"import of {count:,} proposals: {above} MiB above the {idle} MiB of an idle process  {goal}"
