"""What is stored of proposals that a file names, and how planned ones are written: by COPY and staging tables."""

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from aspire.kana import search_key
from aspire.people import Person
from aspire.sheets.results import stored_fault
from aspire.sheets.rows import SheetRow
from aspire.sheets.tables import copy, execute, next_ids, stage, update
from aspire.workbooks.faults import Fault, Tier
from partners.models import Funder
from proposals.intake.contract import Contract
from proposals.intake.exports import PLAIN, values_of
from proposals.intake.people import GROUPS, Group, Written, change_people, create_people
from proposals.record.models import AnnualCost, FollowUp, Proposal
from proposals.record.status import Status

WITH_IT = ("costs", "counterparts__country", "counterparts__funder", "co_investigators", "award__amounts")


def numbers_of(contract: Contract) -> list[str]:
    """The numbers of the call's proposals."""
    return list(contract.proposals.values_list("number", flat=True))


def awarded_years(proposal: Proposal | None) -> list[int]:
    """The fiscal years for which the proposal has been awarded something."""
    award = getattr(proposal, "award", None)
    return [amount.fiscal_year for amount in award.amounts.all()] if award else []


def stored_proposals(contract: Contract, numbers: Iterable[str]) -> dict[str, Proposal]:
    """Those of the call's proposals that are named, with what a row is compared with."""
    named = {number for number in numbers if isinstance(number, str) and number}
    if not named:
        return {}
    known = named.intersection(numbers_of(contract))
    found = contract.proposals.filter(number__in=known).select_related(
        "field", "primary_funder__country", "terms", "award"
    )
    return {p.number: p for p in found.prefetch_related(*WITH_IT)}


def state(contract: Contract, proposals: Mapping[str, Proposal]) -> dict[str, Any]:
    """Everything stored that a plan is computed from."""
    call, terms = contract.call, contract.terms
    found: dict[str, Any] = {
        "call": [call.opens_at, call.closes_at, call.code],
        "terms": terms and [terms.pk, *asdict(terms.limits).values()],
        "fields": contract.field_by_name,
        "funders": [[funder.pk, funder.code, funder.country.alpha2] for funder in contract.funders],
        "names": {name: [funder.pk for funder in found] for name, found in contract.funders_by_name.items()},
        "eligible": sorted(contract.eligible.items()),
        "proposals": {},
    }
    for number, proposal in proposals.items():
        found["proposals"][number] = [*values_of(proposal).items(), *awarded_years(proposal)]
    return found


def identities_of(contract: Contract, *said: str) -> Iterator[str]:
    """What makes two proposals likely twins: a title, and the researcher by number, or by name and institution.

    ``said``: titles in Japanese and English, number, name and institution of the researcher.
    """
    title_ja, title_en, number, name, institution = said
    at = search_key(contract.institution(institution))
    for title in filter(None, map(search_key, (title_ja, title_en))):
        if number:
            yield f"{title}|{number}"
        yield f"{title}|{search_key(name)}|{at}"


def known_identities(contract: Contract) -> dict[str, str]:
    """Those of the call's proposals, as far as they exist for whoever sends a file; each with the number."""
    columns = ("title_ja", "title_en", "researcher_number", "principal_investigator", "institution")
    known = contract.proposals.exclude(title_ja="", title_en="").values_list("number", *columns)
    return {identity: number for number, *values in known for identity in identities_of(contract, *values)}


def create(contract: Contract, rows: Sequence[SheetRow], *, received_at: datetime.datetime, reason: str) -> None:
    """Write new proposals with their costs and first counterparts, each table by one COPY."""
    if not rows or contract.terms is None:
        return
    fields = {field.code: field.pk for field in contract.fields}
    funders = contract.funder_by_code
    for row, pk in zip(rows, next_ids("proposals_proposal", len(rows)), strict=True):
        row.object_id = pk
    pinned = (contract.call.pk, contract.terms.pk, Status.RECEIVED.value, False)
    columns: tuple[str, ...] = ("call_id", "terms_id", "status", "is_reconstructed", "received_at", "late_reason")
    columns += ("id", "number", "field_id", "primary_funder_id", "requested_direct_yen", "requested_indirect_yen")
    copy(
        Proposal,
        (*columns, *PLAIN.values()),
        (
            (
                *(*pinned, *_receipt(contract, row, received_at, reason)),
                *(row.object_id, row.key, fields[row.values["field"]], funders[row.values["funder"]].pk, 0, 0),
                *(row.values[attribute] for attribute in PLAIN.values()),
            )
            for row in rows
        ),
    )
    costs = ((row.object_id, year, *yen) for row in rows for year, yen in row.costs.items())
    copy(AnnualCost, ("proposal_id", "fiscal_year", "direct_yen", "indirect_yen"), costs)
    for group in GROUPS:
        create_people(group, _people(group, rows, funders), contract)


def _people(group: Group, rows: Sequence[SheetRow], funders: Mapping[str, Funder]) -> Iterator[Written]:
    """Who takes part, of the rows that say so."""
    for row in rows:
        people = row.values[group.name]
        if people is not None:
            yield int(row.object_id or 0), funders[row.values["funder"]], people


def _receipt(
    contract: Contract, row: SheetRow, sent_at: datetime.datetime, reason: str
) -> tuple[datetime.datetime, str]:
    """When a new proposal was received, and the reason where that is outside the window: each row by itself."""
    stated, call = row.values["received_at"], contract.call
    received_at = datetime.datetime.fromisoformat(stated) if stated else sent_at
    is_inside = call.opens_at and call.closes_at and call.opens_at <= received_at <= call.closes_at
    return received_at, "" if is_inside and stated else reason


def change(contract: Contract, rows: Sequence[SheetRow]) -> None:
    """Write changed proposals through a staging table: one UPDATE, one DELETE, one upsert of costs."""
    if not rows:
        return
    fields = {field.code: field.pk for field in contract.fields}
    funders = contract.funder_by_code
    attributes = list(PLAIN.values())
    update(
        Proposal,
        ("field_id", "primary_funder_id", "received_at", *attributes),
        (
            (
                *(
                    row.object_id,
                    fields[row.values["field"]],
                    funders[row.values["funder"]].pk,
                    row.values["received_at"],
                ),
                *(row.values[attribute] for attribute in attributes),
            )
            for row in rows
        ),
    )
    _change_costs(rows)
    for group in GROUPS:
        change_people(group, _people(group, rows, funders), contract)


def _change_costs(rows: Sequence[SheetRow]) -> None:
    execute(
        "CREATE TEMP TABLE changed_costs ON COMMIT DROP AS "
        "SELECT proposal_id, fiscal_year, direct_yen, indirect_yen FROM proposals_annualcost WITH NO DATA"
    )
    costs = ((row.object_id, year, *yen) for row in rows for year, yen in row.costs.items())
    stage("changed_costs", ("proposal_id", "fiscal_year", "direct_yen", "indirect_yen"), costs)
    dropped = [(row.object_id, year) for row in rows for year in row.dropped_years]
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


def nameless(fault: Fault) -> dict[str, Any]:
    """A finding without what stood in the cell."""
    values = {name: value for name, value in fault.values.items() if name != "value"}
    return {**stored_fault(fault), "value": None, "values": values}


def follow_up(marked: Iterable[tuple[int, Iterable[Fault]]], *, by: Person | None) -> None:
    """Keep what was marked of proposals, by their keys; what is open of them already is not kept twice."""
    now = timezone.now()
    found = [
        FollowUp(
            proposal_id=proposal,
            code=fault.code,
            column=(fault.header or "")[:60],
            value=(fault.value or "")[:300],
            finding=nameless(fault),
            raised_by=by,
            raised_at=now,
        )
        for proposal, faults in marked
        for fault in faults
        if fault.tier == Tier.FLAG and fault.code != "funder_not_eligible"  # which PostgreSQL raises
    ]
    FollowUp.objects.bulk_create(found, ignore_conflicts=True)
