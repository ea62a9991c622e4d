"""What goes out of proposals: the columns that these touch and a person may read, and one row for each."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from aspire.spreadsheets.columns import Column
from aspire.spreadsheets.markup import Value
from aspire.wareki import fiscal_years
from calls.models import Call
from proposals.models import Proposal
from proposals.querysets import FIELDS, ProposalQuerySet
from proposals.resources import ProposalResource
from proposals.sheets.contract import COSTS, LABELS, Contract


def export_columns(call: Call, proposals: Sequence[Proposal], user: Any) -> list[Column]:
    """The import's columns with the years that these proposals touch, less what the person may not read."""
    years = {cost.fiscal_year for proposal in proposals for cost in proposal.costs.all()}
    for proposal in proposals:
        if proposal.starts_on and proposal.ends_on:
            years |= set(fiscal_years(proposal.starts_on, proposal.ends_on))
    contract = Contract(call)
    contract.__dict__["years"] = sorted(years) or contract.years
    hidden = hidden_from(user)
    return [column for column in contract.columns if column.name not in hidden]


def hidden_from(user: Any) -> set[str]:
    """The columns that the person may not read; nothing is hidden from a command, which has no user."""
    visible = frozenset(FIELDS) if user is None else Proposal.objects.fields_visible_to(user)
    hidden = {"researcher_number", "young_researcher_plan"} - visible
    return hidden | ({"counterpart_name", "counterpart_institution"} if "counterparts" not in visible else set())


def choices_for(user: Any) -> list[tuple[str, Promise]]:
    """The columns that an export form offers the person, costs of all fiscal years as one, whatever the call."""
    hidden = hidden_from(user)
    return [(name, label) for name, label in (LABELS | COSTS).items() if name not in hidden]


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


def notes(proposals: Sequence[Proposal]) -> list[str]:
    """What whoever takes the file must know about its rows."""
    said = []
    if any(proposal.is_reconstructed for proposal in proposals):
        said.append(_("Rows without title are reconstructed from published totals; their pairings are arbitrary."))
    if any(proposal.call.is_synthetic for proposal in proposals):
        said.append(_("Proposals of demonstration calls are synthetic: people, institutions and amounts are invented."))
    return said
