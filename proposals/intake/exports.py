"""What goes out of proposals: the columns that these touch and a person may read, and one row for each."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from aspire.people import Person
from aspire.permissions import may_open
from aspire.untyped import Held
from aspire.wareki import fiscal_years
from aspire.workbooks.columns import StrictField
from aspire.workbooks.faults import Fault
from aspire.workbooks.markup import Value
from aspire.workbooks.moments import written
from proposals.intake.people import GROUPS, by_column, members, stored_people
from proposals.record.models import AnnualCost, FollowUp, Proposal
from proposals.record.querysets import FIELDS, ProposalQuerySet

# Columns that stand for one plain column of the proposal.
PLAIN: dict[str, str] = {
    **{name: name for name in ("title_ja", "title_en")},
    "pi_name": "principal_investigator",
    "pi_reading": "principal_investigator_reading",
    **{name: name for name in ("researcher_number", "institution", "starts_on", "ends_on", "young_researcher_plan")},
    **{"email": "email", "pi_name_en": "principal_investigator_en"},
    **{name: name for name in ("erad_project_id", "abstract_ja", "abstract_en", "keywords", "funder_reason")},
}
# Columns that one statement reads for all proposals; costs and counterparts have a statement each.
READ = PLAIN | {
    "number": "number",
    "field": "field__code",
    "country": "primary_funder__country__alpha2",
    "funder": "primary_funder__code",
    "received_at": "received_at",
}
KNOWN = ("pk", "call", "is_reconstructed", "call__is_synthetic")


class Exported(NamedTuple):
    """A proposal as a file holds it; ``values`` by column, of the costs those of its own ``years``."""

    call: int
    is_reconstructed: bool
    is_synthetic: bool
    years: list[int]
    values: dict[str, Value]
    raised: list[Fault]  # what is to be looked into, said in the language of the file


def exported(proposals: ProposalQuerySet) -> list[Exported]:
    """The proposals in the order of a list. No model is built: of thousands, that would take most of the time."""
    found = {
        pk: Exported(call, is_reconstructed, is_synthetic, [], dict(zip(READ, values, strict=True)), [])
        for pk, call, is_reconstructed, is_synthetic, *values in proposals.for_list()
        .select_related(None)
        .values_list(*KNOWN, *READ.values())
    }
    for each in found.values():
        each.values["received_at"] = written(each.values["received_at"])
    costs = AnnualCost.objects.filter(proposal__in=list(found)).order_by("fiscal_year")
    for pk, year, direct_yen, indirect_yen in costs.values_list(
        "proposal", "fiscal_year", "direct_yen", "indirect_yen"
    ):
        found[pk].years.append(year)
        found[pk].values.update({f"direct_yen_{year}": direct_yen, f"indirect_yen_{year}": indirect_yen})
    for pk, values in stored_people(list(found)):
        found[pk].values.update(values)
    for raised in FollowUp.objects.open().filter(proposal__in=list(found)):
        found[raised.proposal_id].raised.append(raised.fault)
    return list(found.values())


def values_of(proposal: Proposal) -> dict[str, Value]:
    """A proposal's values by column; of costs those of its own fiscal years."""
    values: dict[str, Value] = {name: getattr(proposal, attribute) for name, attribute in PLAIN.items()}
    funder = proposal.primary_funder
    values |= {"number": proposal.number, "field": proposal.field.code, "received_at": written(proposal.received_at)}
    values |= {"country": funder.country.alpha2, "funder": funder.code}
    for group in GROUPS:
        values |= by_column(group, members(group, proposal))
    for cost in proposal.costs.all():
        values[f"direct_yen_{cost.fiscal_year}"] = cost.direct_yen
        values[f"indirect_yen_{cost.fiscal_year}"] = cost.indirect_yen
    return values


def years_of(proposals: Sequence[Exported]) -> list[int]:
    """The fiscal years that these proposals touch, by their costs or their periods."""
    years = {year for proposal in proposals for year in proposal.years}
    periods: set[tuple[Held, Held]] = {
        (proposal.values["starts_on"], proposal.values["ends_on"]) for proposal in proposals
    }
    for starts_on, ends_on in periods:
        if starts_on and ends_on:
            years |= set(fiscal_years(starts_on, ends_on))
    return sorted(years)


def hidden_from(user: Person | None) -> set[str]:
    """The columns that the person may not read; nothing is hidden from a command, which has no user."""
    visible = frozenset(FIELDS) if user is None else Proposal.objects.fields_visible_to(user)
    hidden = {"researcher_number", "email", "erad_project_id", "young_researcher_plan"} - visible
    of_people = frozenset[str]().union(*(group.names for group in GROUPS))
    of_one = {"email": "_email", "researcher_number": "_number"}
    ends = [end for name, end in of_one.items() if name not in visible] if "counterparts" in visible else [""]
    hidden |= set() if user is None or may_open("intake:follow_ups", user) else {"follow_ups"}
    return hidden | {name for name in of_people if name.endswith(tuple(ends))}


def rows(proposals: Iterable[Exported], columns: Sequence[StrictField]) -> Iterator[list[Value]]:
    """One row of typed values for each proposal; of a fiscal year without costs, empty cells."""
    empty = dict.fromkeys(column.name for column in columns)
    for group in GROUPS:
        empty |= by_column(group, [])
    for proposal in proposals:
        values = empty | proposal.values | {"follow_ups": "\n".join(fault.sentence for fault in proposal.raised)}
        yield [values[column.name] for column in columns]


def notes(proposals: Sequence[Exported]) -> list[str]:
    """What whoever takes the file must know about its rows."""
    said = []
    if any(proposal.is_reconstructed for proposal in proposals):
        said.append(_("Rows without title are reconstructed from published totals; their pairings are arbitrary."))
    if any(proposal.is_synthetic for proposal in proposals):
        said.append(_("Proposals of demonstration calls are synthetic: people, institutions and amounts are invented."))
    return said
