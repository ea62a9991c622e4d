"""How a plan is saved: under lock, by COPY, all of it or nothing; PostgreSQL's own rules are the last judge."""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from aspire.models import ImportRecord
from aspire.spreadsheets.faults import Tier
from calls.models import Call
from partners.models import Funder
from proposals.models import AnnualCost, Counterpart, Proposal
from proposals.resources import PLAIN
from proposals.sheets.contract import Contract
from proposals.sheets.planning import CHANGE, CREATE, LEAVE, Plan, PlannedRow, basis, creates, stored_proposals
from proposals.status import Status


class LookAgain(Exception):  # noqa: N818 - what the officer is asked to do
    """Something the plan was computed from has changed since it was shown."""


class IsBlocked(Exception):  # noqa: N818 - said of the plan
    """The plan has a fault that blocks it."""


@transaction.atomic
def save(
    plan: Plan,
    *,
    call: Call,
    by: Any,
    file_name: str,
    sha256: str,
    received_at: datetime.datetime,
    reason: str = "",
) -> ImportRecord:
    """Save the whole plan and record it. Raises LookAgain, IsBlocked or what PostgreSQL refuses: nothing is saved.

    ``received_at`` is when the new proposals count as received; ``reason`` excuses a time outside the call's window.
    """
    if plan.is_blocked:
        raise IsBlocked
    contract = Contract(Call.objects.select_for_update(no_key=True).get(pk=call.pk))
    stored = stored_proposals(contract, (row.number for row in plan.rows if row.action != CREATE))
    next_number = Proposal.objects.next_number(call.code) if creates(plan.rows) else ""
    if basis(contract, stored, next_number) != plan.basis:
        raise LookAgain
    execute("SET CONSTRAINTS ALL DEFERRED")
    create(contract, [row for row in plan.rows if row.action == CREATE], received_at=received_at, reason=reason)
    change(contract, [row for row in plan.rows if row.action == CHANGE])
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    flags = {fault.row: fault.code for fault in plan.faults if fault.tier == Tier.FLAG}
    return ImportRecord.objects.create(
        user=by,
        kind="proposals",
        call_code=call.code,
        file_name=file_name,
        sha256=sha256,
        created=plan.count(CREATE),
        changed=plan.count(CHANGE),
        unchanged=plan.count(LEAVE),
        rows=[[r.row, r.action, r.number, flags.get(r.row, "")] for r in plan.rows if r.action != LEAVE],
        imported_at=timezone.now(),
    )


def create(contract: Contract, rows: Sequence[PlannedRow], *, received_at: datetime.datetime, reason: str) -> None:
    """Write new proposals with their costs and first counterparts, each table by one COPY."""
    if not rows or contract.terms is None:
        return
    fields = {field.code: field.pk for field in contract.fields}
    funders = {funder.code: funder for funder in contract.funders}
    for row, pk in zip(rows, next_ids("proposals_proposal", len(rows)), strict=True):
        row.pk = pk
    common = (contract.call.pk, contract.terms.pk, Status.RECEIVED.value, False, received_at, reason)
    columns: tuple[str, ...] = ("call_id", "terms_id", "status", "is_reconstructed", "received_at", "late_reason")
    columns += ("id", "number", "field_id", "primary_funder_id", "requested_direct_yen", "requested_indirect_yen")
    copy(
        Proposal,
        (*columns, *PLAIN.values()),
        (
            (
                *common,
                *(row.pk, row.number, fields[row.values["field"]], funders[row.values["funder"]].pk, 0, 0),
                *(row.values[attribute] for attribute in PLAIN.values()),
            )
            for row in rows
        ),
    )
    costs = ((row.pk, year, *yen) for row in rows for year, yen in row.costs.items())
    copy(AnnualCost, ("proposal_id", "fiscal_year", "direct_yen", "indirect_yen"), costs)
    counterparts = (
        (row.pk, funders[row.values["funder"]].country_id, funders[row.values["funder"]].pk, *row.counterpart)
        for row in rows
        if row.counterpart and any(row.counterpart)
    )
    copy(Counterpart, ("proposal_id", "country_id", "funder_id", "person", "institution"), counterparts)


def change(contract: Contract, rows: Sequence[PlannedRow]) -> None:
    """Write changed proposals through a staging table: one UPDATE, one DELETE, one upsert of costs."""
    if not rows:
        return
    fields = {field.code: field.pk for field in contract.fields}
    funders = {funder.code: funder for funder in contract.funders}
    attributes = list(PLAIN.values())
    names = ", ".join(f'"{name}"' for name in attributes)
    execute(
        f"CREATE TEMP TABLE changed_proposals ON COMMIT DROP AS "
        f"SELECT id, field_id, primary_funder_id, {names} FROM proposals_proposal WITH NO DATA"
    )
    stage(
        "changed_proposals",
        ("id", "field_id", "primary_funder_id", *attributes),
        (
            (
                *(row.pk, fields[row.values["field"]], funders[row.values["funder"]].pk),
                *(row.values[attribute] for attribute in attributes),
            )
            for row in rows
        ),
    )
    assignments = ", ".join(f'"{name}" = c."{name}"' for name in ("field_id", "primary_funder_id", *attributes))
    execute(f"UPDATE proposals_proposal p SET {assignments} FROM changed_proposals c WHERE p.id = c.id")
    _change_costs(rows)
    _change_counterparts([row for row in rows if row.counterpart is not None], funders)
    execute("DROP TABLE changed_proposals")


def _change_costs(rows: Sequence[PlannedRow]) -> None:
    execute(
        "CREATE TEMP TABLE changed_costs ON COMMIT DROP AS "
        "SELECT proposal_id, fiscal_year, direct_yen, indirect_yen FROM proposals_annualcost WITH NO DATA"
    )
    costs = ((row.pk, year, *yen) for row in rows for year, yen in row.costs.items())
    stage("changed_costs", ("proposal_id", "fiscal_year", "direct_yen", "indirect_yen"), costs)
    dropped = [(row.pk, year) for row in rows for year in row.dropped_years]
    execute(
        """
        DELETE FROM proposals_annualcost a USING unnest(%s::bigint[], %s::integer[]) AS d (proposal_id, fiscal_year)
         WHERE a.proposal_id = d.proposal_id AND a.fiscal_year = d.fiscal_year
        """,
        [pk for pk, _year in dropped],
        [year for _pk, year in dropped],
    )
    execute(
        """
        INSERT INTO proposals_annualcost AS a (proposal_id, fiscal_year, direct_yen, indirect_yen)
        SELECT proposal_id, fiscal_year, direct_yen, indirect_yen FROM changed_costs
        ON CONFLICT (proposal_id, fiscal_year)
        DO UPDATE SET direct_yen = EXCLUDED.direct_yen, indirect_yen = EXCLUDED.indirect_yen
        WHERE (a.direct_yen, a.indirect_yen) <> (EXCLUDED.direct_yen, EXCLUDED.indirect_yen)
        """
    )
    execute("DROP TABLE changed_costs")


def _change_counterparts(rows: Sequence[PlannedRow], funders: dict[str, Funder]) -> None:
    """Correct the counterpart who stands first, or add one where there is none."""
    if not rows:
        return
    columns = ("proposal_id", "country_id", "funder_id", "person", "institution")
    names = ", ".join(columns)
    execute(
        f"CREATE TEMP TABLE changed_counterparts ON COMMIT DROP AS "
        f"SELECT {names} FROM proposals_counterpart WITH NO DATA"
    )
    changed = ((row, funders[row.values["funder"]], row.counterpart or ("", "")) for row in rows)
    stage("changed_counterparts", columns, ((row.pk, f.country_id, f.pk, *named) for row, f, named in changed))
    execute(
        """
        UPDATE proposals_counterpart p SET person = c.person, institution = c.institution
          FROM changed_counterparts c
         WHERE p.id = (SELECT min(id) FROM proposals_counterpart f WHERE f.proposal_id = c.proposal_id)
           AND (p.person, p.institution) <> (c.person, c.institution)
        """
    )
    execute(
        f"""
        INSERT INTO proposals_counterpart ({names}) SELECT {names} FROM changed_counterparts c
         WHERE c.person || c.institution <> ''
           AND NOT EXISTS (SELECT FROM proposals_counterpart f WHERE f.proposal_id = c.proposal_id)
        """
    )
    execute("DROP TABLE changed_counterparts")


def execute(sql: str, *values: Any) -> None:
    """Run one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)


def next_ids(table: str, count: int) -> list[int]:
    """So many keys from the table's own sequence."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count])
        return [pk for (pk,) in cursor.fetchall()]


def copy(model: Any, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY rows into a model's table."""
    stage(model._meta.db_table, columns, rows)


def stage(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY rows into a table by name."""
    names = ", ".join(f'"{name}"' for name in columns)
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as stream,
    ):
        for row in rows:
            stream.write_row(row)
