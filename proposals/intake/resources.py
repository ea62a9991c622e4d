"""What a spreadsheet column of proposals means: which value of a proposal stands in it."""

from collections.abc import Iterable

from import_export import fields

from aspire.sheets.resources import TypedResource, TypedWidget, column
from proposals.record.models import Proposal


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

    class Meta:
        model = Proposal
        fields = [
            *("number", "title_ja", "title_en", "pi_name", "pi_reading", "researcher_number", "institution"),
            *("field", "country", "funder", "counterpart_name", "counterpart_institution", "starts_on", "ends_on"),
            "young_researcher_plan",
        ]

    def __init__(self, years: Iterable[int] = ()) -> None:
        super().__init__()
        for year in years:
            for kind in ("direct", "indirect"):
                self.fields[f"{kind}_yen_{year}"] = CostField(kind, year)


# Columns that stand for one plain column of the proposal.
PLAIN: dict[str, str] = {
    name: ProposalResource.fields[name].attribute
    for name in ProposalResource.Meta.fields
    if name not in ("number", "field", "country", "funder", "counterpart_name", "counterpart_institution")
}
