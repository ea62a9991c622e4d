"""What goes out: the proposals a person may see, in the columns an import takes, and the record that they went."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from aspire.models import ExportRecord
from aspire.spreadsheets.columns import Column
from aspire.spreadsheets.faults import Fault
from aspire.spreadsheets.writing import csv_bytes, template_bytes, workbook_bytes
from aspire.wareki import fiscal_years
from calls.models import Call
from proposals.models import Proposal
from proposals.querysets import ProposalQuerySet
from proposals.resources import ProposalResource, Value
from proposals.sheets.contract import Contract


def export_columns(call: Call, proposals: Sequence[Proposal], visible: frozenset[str]) -> list[Column]:
    """The import's columns with the years that these proposals touch, less what may not be read."""
    years = {cost.fiscal_year for proposal in proposals for cost in proposal.costs.all()}
    for proposal in proposals:
        if proposal.starts_on and proposal.ends_on:
            years |= set(fiscal_years(proposal.starts_on, proposal.ends_on))
    contract = Contract(call)
    contract.__dict__["years"] = sorted(years) or contract.years
    hidden = {"researcher_number", "young_researcher_plan"} - visible
    hidden |= {"counterpart_name", "counterpart_institution"} if "counterparts" not in visible else set()
    return [column for column in contract.columns if column.name not in hidden]


def with_related(proposals: ProposalQuerySet) -> list[Proposal]:
    """The proposals with everything a row shows."""
    return list(proposals.for_list().prefetch_related("costs", "counterparts"))


def rows(proposals: Iterable[Proposal], columns: Sequence[Column]) -> Iterator[list[Value]]:
    """One row of typed values for each proposal."""
    names = [column.name for column in columns]
    years = {int(name.rsplit("_", 1)[1]) for name in names if "_yen_" in name}
    resource = ProposalResource(sorted(years))
    for proposal in proposals:
        values = resource.values(proposal)
        yield [values[name] for name in names]


def written(
    proposals: Sequence[Proposal], columns: Sequence[Column], *, form: str, language: str, encoding: Any
) -> tuple[bytes, list[Fault]]:
    """The file, and what its encoding could not hold. Raises Unwritable for a text that no cell can hold."""
    values = list(rows(proposals, columns))
    with override(language):
        if form == "xlsx":
            book = workbook_bytes(_("Proposals"), columns, values, language=language, notes=notes(proposals))
            return book, []
        return csv_bytes([str(column.label) for column in columns], values, encoding=encoding)


def record(data: bytes, *, by: Any, filters: dict[str, Any], columns: Sequence[Column], count: int, form: str) -> None:
    """Remember who took what."""
    ExportRecord.objects.create(
        user=by,
        kind="proposals",
        filters=filters,
        columns=[column.name for column in columns],
        row_count=count,
        form=form,
        sha256=hashlib.sha256(data).hexdigest(),
        exported_at=timezone.now(),
    )


def chosen(columns: Sequence[Column], names: Sequence[str]) -> list[Column]:
    """The named columns in their own order; all of them where none is named."""
    return [column for column in columns if column.name in names] if names else list(columns)


def template_of(call: Call, proposals: ProposalQuerySet, *, language: str) -> bytes:
    """The workbook to fill in for a call, holding these proposals."""
    contract = Contract(call)
    filled = rows(with_related(proposals), contract.columns)
    with override(language):
        return template_bytes(contract.columns, filled, title=call.name, language=language)


def notes(proposals: Sequence[Proposal]) -> list[str]:
    """What whoever takes the file must know about its rows."""
    said = []
    if any(proposal.is_reconstructed for proposal in proposals):
        said.append(_("Rows without title are reconstructed from published totals; their pairings are arbitrary."))
    if any(proposal.call.is_synthetic for proposal in proposals):
        said.append(_("Proposals of demonstration calls are synthetic: people, institutions and amounts are invented."))
    return said
