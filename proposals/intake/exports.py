"""What goes out of proposals: the columns that these touch and a person may read, and one row for each."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from import_export import fields

from aspire.people import Person
from aspire.sheets.kinds import TypedResource, TypedWidget, column
from aspire.untyped import Held
from aspire.wareki import fiscal_years
from aspire.workbooks.columns import Column
from aspire.workbooks.markup import Value
from calls.models import Call
from proposals.intake.contract import COSTS, LABELS, Contract
from proposals.intake.receipt import written
from proposals.record.models import AnnualCost, Counterpart, Proposal
from proposals.record.querysets import FIELDS, ProposalQuerySet


class CostField(fields.Field):
    """The direct or indirect costs (yen) of one fiscal year; empty where the proposal has none."""

    def __init__(self, kind: str, year: int) -> None:
        super().__init__(column_name=f"{kind}_yen_{year}", widget=TypedWidget())
        self.kind, self.year = kind, year

    def get_value(self, instance: Proposal) -> int | None:
        costs = (cost for cost in instance.costs.all() if cost.fiscal_year == self.year)
        return next((getattr(cost, f"{self.kind}_yen") for cost in costs), None)


class CounterpartField(fields.Field):
    """A detail of the counterpart who stands first; empty where there is none."""

    def get_value(self, instance: Proposal) -> str:
        first = next(iter(instance.counterparts.all()), None)
        return getattr(first, self.attribute) if first else ""


class ReceiptField(fields.Field):
    """When the proposal was received, as files have it."""

    def get_value(self, instance: Proposal) -> str:
        return written(instance.received_at)


class ProposalResource(TypedResource):
    """One row a proposal: its own columns, then a pair of costs for each of the fiscal years given."""

    number = column("number", "number")
    title_ja = column("title_ja", "title_ja")
    title_en = column("title_en", "title_en")
    pi_name = column("pi_name", "principal_investigator")
    pi_reading = column("pi_reading", "principal_investigator_reading")
    researcher_number = column("researcher_number", "researcher_number")
    institution = column("institution", "institution")
    field = column("field", "field__code")
    country = column("country", "primary_funder__country__alpha2")
    funder = column("funder", "primary_funder__code")
    counterpart_name = column("counterpart_name", "person", CounterpartField)
    counterpart_institution = column("counterpart_institution", "institution", CounterpartField)
    starts_on = column("starts_on", "starts_on")
    ends_on = column("ends_on", "ends_on")
    young_researcher_plan = column("young_researcher_plan", "young_researcher_plan")
    received_at = column("received_at", "received_at", ReceiptField)
    email = column("email", "email")
    pi_name_en = column("pi_name_en", "principal_investigator_en")
    erad_project_id = column("erad_project_id", "erad_project_id")
    abstract_ja = column("abstract_ja", "abstract_ja")
    abstract_en = column("abstract_en", "abstract_en")
    keywords = column("keywords", "keywords")

    class Meta:
        model = Proposal
        fields = [
            *("number", "title_ja", "title_en", "pi_name", "pi_reading", "researcher_number", "institution"),
            *("field", "country", "funder", "counterpart_name", "counterpart_institution", "starts_on", "ends_on"),
            *("young_researcher_plan", "received_at", "email", "pi_name_en", "erad_project_id"),
            *("abstract_ja", "abstract_en", "keywords"),
        ]

    def __init__(self, years: Iterable[int] = ()) -> None:
        super().__init__()
        for year in years:
            for kind in ("direct", "indirect"):
                self.fields[f"{kind}_yen_{year}"] = CostField(kind, year)


COUNTERPART = ("counterpart_name", "counterpart_institution")
# Columns that stand for one plain column of the proposal.
PLAIN: dict[str, str] = {
    name: ProposalResource.fields[name].attribute
    for name in ProposalResource.Meta.fields
    if name
    not in {"number", "field", "country", "funder", "counterpart_name", "counterpart_institution", "received_at"}
}


class Exported(NamedTuple):
    """A proposal as a file holds it; ``values`` by column, of the costs those of its own ``years``."""

    call: int
    is_reconstructed: bool
    is_synthetic: bool
    years: list[int]
    values: dict[str, Value]


# Columns that one statement reads for all proposals; costs and counterparts have a statement each.
READ = {
    name: field.attribute for name, field in ProposalResource.fields.items() if not isinstance(field, CounterpartField)
}
KNOWN = ("pk", "call", "is_reconstructed", "call__is_synthetic")


def exported(proposals: ProposalQuerySet) -> list[Exported]:
    """The proposals in the order of a list. No model is built: of thousands, that would take most of the time."""
    found = {
        pk: Exported(call, is_reconstructed, is_synthetic, [], dict(zip(READ, values, strict=True)))
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
    counterparts = Counterpart.objects.filter(proposal__in=list(found)).order_by("-pk")  # the first is written last
    for pk, person, institution in counterparts.values_list("proposal", "person", "institution"):
        found[pk].values.update(counterpart_name=person, counterpart_institution=institution)
    return list(found.values())


def export_columns(call: Call, proposals: Sequence[Exported], user: Person | None) -> list[Column]:
    """The import's columns with the years that these proposals touch, less what the person may not read."""
    years = {year for proposal in proposals for year in proposal.years}
    periods: set[tuple[Held, Held]] = {
        (proposal.values["starts_on"], proposal.values["ends_on"]) for proposal in proposals
    }
    for starts_on, ends_on in periods:
        if starts_on and ends_on:
            years |= set(fiscal_years(starts_on, ends_on))
    contract = Contract(call, user)
    contract.__dict__["years"] = sorted(years) or contract.years
    hidden = hidden_from(user)
    return [column for column in contract.columns if column.name not in hidden]


def hidden_from(user: Person | None) -> set[str]:
    """The columns that the person may not read; nothing is hidden from a command, which has no user."""
    visible = frozenset(FIELDS) if user is None else Proposal.objects.fields_visible_to(user)
    hidden = {"researcher_number", "email", "erad_project_id", "young_researcher_plan"} - visible
    return hidden | ({"counterpart_name", "counterpart_institution"} if "counterparts" not in visible else set())


def choices_for(user: Person) -> list[tuple[str, Promise]]:
    """The columns that an export form offers the person, costs of all fiscal years as one, whatever the call."""
    hidden = hidden_from(user)
    return [(name, label) for name, label in (LABELS | COSTS).items() if name not in hidden]


def rows(proposals: Iterable[Exported], columns: Sequence[Column]) -> Iterator[list[Value]]:
    """One row of typed values for each proposal; of a fiscal year without costs, empty cells."""
    empty = dict.fromkeys(column.name for column in columns)
    empty |= {"counterpart_name": "", "counterpart_institution": ""}
    for proposal in proposals:
        values = empty | proposal.values
        yield [values[column.name] for column in columns]


def notes(proposals: Sequence[Exported]) -> list[str]:
    """What whoever takes the file must know about its rows."""
    said = []
    if any(proposal.is_reconstructed for proposal in proposals):
        said.append(_("Rows without title are reconstructed from published totals; their pairings are arbitrary."))
    if any(proposal.is_synthetic for proposal in proposals):
        said.append(_("Proposals of demonstration calls are synthetic: people, institutions and amounts are invented."))
    return said
