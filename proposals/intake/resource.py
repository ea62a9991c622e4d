"""Proposals of one call as a kind of file."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import count
from pathlib import Path

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aspire.people import Person
from aspire.permissions import LOOKS
from aspire.sheets.rows import New, SheetRow
from aspire.untyped import Answered, Passed
from aspire.workbooks.codes import Code, ResearcherNumber
from aspire.workbooks.columns import StrictField
from aspire.workbooks.faults import Fault
from aspire.workbooks.markup import LONGEST_TEXT, Value
from aspire.workbooks.widgets import Day, Text
from calls.sheets import CallResource
from partners.sheets import by_country
from proposals.intake import exports as exporting
from proposals.intake import saving
from proposals.intake.contract import Contract
from proposals.intake.fields import COSTS, Address, CostField, Receipt, Told, text
from proposals.intake.judging import ProposalRow
from proposals.intake.people import GROUPS, people_fields, used
from proposals.record.models import Proposal
from proposals.record.querysets import ProposalQuerySet

# What e-Rad calls the columns of its tables, in either script.
ERAD: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("erad.json").read_text(encoding="utf-8"))


class ProposalResource(CallResource):
    """A row with a number changes that proposal; one without creates the next."""

    name, title, row_class = "proposals", _("Proposals"), ProposalRow
    new, unknown, named_by = New.UNNUMBERED, "number_unknown", "title_ja"
    required = ("title_ja", "field", "funder", "starts_on", "ends_on")
    never_empty = ("field", "funder", "received_at")
    takes_reason, exporters = True, LOOKS
    twin_column = "title_ja"
    shipped_mappings = ERAD
    compared = ("title_ja", "title_en", "pi_name", "researcher_number", "institution", "field", "funder", "starts_on")

    number = StrictField(
        "number",
        _("Proposal number"),
        _("The number of a proposal to change; leave it empty to create one."),
        "",
        Text(40),
        is_required=True,
    )
    title_ja = text(
        _("Title (Japanese)"),
        _("The title of the project in Japanese."),
        300,
        "\u91cf\u5b50\u4e2d\u7d99\u306e\u56fd\u969b\u5171\u540c\u7814\u7a76",
    )
    title_en = text(
        _("Title (English)"), _("The title of the project in English."), 300, "Joint research on quantum repeaters"
    )
    pi_name = text(
        _("Principal investigator"),
        _("Family name and given name, with a space between."),
        100,
        "\u9752\u6728 \u82b1\u5b50",
        attribute="principal_investigator",
    )
    pi_reading = text(
        _("Reading of the name"),
        _("In katakana."),
        100,
        "\u30a2\u30aa\u30ad \u30cf\u30ca\u30b3",
        attribute="principal_investigator_reading",
    )
    researcher_number = StrictField(
        "researcher_number",
        _("e-Rad researcher number"),
        _("The 8 digits of e-Rad, leading zeros included: format the column as text."),
        "00123456",
        ResearcherNumber(),
    )
    institution = text(_("Research institution"), _("Of the principal investigator."), 200, "\u6771\u90fd\u5927\u5b66")
    field = StrictField(
        "field", _("Field"), _("A field of the call."), "quantum", Code({}, "field"), attribute="field__code"
    )
    country = StrictField(
        "country",
        _("Country or region"),
        _("Of the primary foreign funder; needed where the funder is a category such as private."),
        "GB",
        by_country(),
        attribute="primary_funder__country__alpha2",
    )
    funder = StrictField(
        "funder",
        _("Primary foreign funder"),
        _("Its code, acronym or name; a proposal counts under the country of this funder."),
        "GB-UKRI",
        Text(200),
        attribute="primary_funder__code",
        kind="code",
    )
    counterpart_name = StrictField(
        "counterpart_name",
        _("Counterpart"),
        _("The researcher abroad who stands first."),
        "Ada King",
        Text(100),
    )
    counterpart_institution = StrictField(
        "counterpart_institution",
        _("Counterpart's institution"),
        _("Where that researcher works."),
        "University of Oxbridge",
        Text(200),
    )
    starts_on = StrictField(
        "starts_on", _("Research starts"), _("The first day of the research period."), "2027-04-01", Day()
    )
    ends_on = StrictField("ends_on", _("Research ends"), _("The last day of the research period."), "2032-03-31", Day())
    counterpart_email = StrictField(
        "counterpart_email", _("Counterpart's e-mail"), _("Of that researcher."), "ada@example.org", Address()
    )
    young_researcher_plan = text(
        _("Plan for young researchers"),
        _("Sending young researchers abroad, training, degrees; receiving people."),
        LONGEST_TEXT,
        _("Two doctoral students spend a year abroad."),
    )
    received_at = StrictField(
        "received_at",
        _("Received"),
        _("Day, or day and time in Tokyo; where it is empty, when the file is sent."),
        "2026-10-01 10:30",
        Receipt(),
    )
    email = StrictField("email", _("e-mail"), _("Of the principal investigator."), "hanako@example.org", Address())
    pi_name_en = text(
        _("Name in English"),
        _("Of the principal investigator."),
        100,
        "Hanako Aoki",
        attribute="principal_investigator_en",
    )
    erad_project_id = text(_("e-Rad project ID"), _("By which e-Rad knows the application."), 20, "26000123")
    abstract_ja = text(
        _("Abstract (Japanese)"),
        _("What is to be found out, and how."),
        LONGEST_TEXT,
        _("We join two laboratories."),
    )
    abstract_en = text(
        _("Abstract (English)"), _("What is to be found out, and how."), LONGEST_TEXT, "We join two laboratories."
    )
    keywords = text(_("Keywords"), _("Separated by commas."), 300, "quantum repeaters, photonics")

    funder_reason = text(
        _("Reason for a funder outside the list"),
        _("Why the funder is accepted though the call does not list it; without one it is raised as a follow-up."),
        300,
        _("Accepted by the programme officer."),
    )

    follow_ups = StrictField(
        "follow_ups", _("Open follow-ups"), _("What is to be looked into; it is told, and not read."), "-", Told()
    )

    class Meta:
        model = Proposal
        import_id_fields = ["number"]
        fields = [
            *("number", "title_ja", "title_en", "pi_name", "pi_reading", "researcher_number", "institution"),
            *("field", "country", "funder", "counterpart_name", "counterpart_institution", "starts_on", "ends_on"),
            *("young_researcher_plan", "received_at", "email", "pi_name_en", "erad_project_id"),
            *("abstract_ja", "abstract_en", "keywords", "funder_reason"),
            *("counterpart_email", "follow_ups"),
        ]

    def __init__(self, *args: Passed, **kwargs: Passed) -> None:
        super().__init__(*args, **kwargs)
        self.new = New.EITHER if self.call.own_numbers else New.UNNUMBERED

    @cached_property
    def contract(self) -> Contract:
        return Contract(self.call, self.user)

    def opened_fields(self, declared: dict[str, StrictField]) -> Mapping[str, StrictField]:
        """Also: the call's own fields and funders, and a pair of costs for each fiscal year that it can touch."""
        contract, found = self.contract, dict(declared)
        fields = [(field.code, str(field)) for field in contract.fields]
        found["number"].example = f"{self.call_code}-001"
        found["field"].widget = Code(contract.field_by_name, "field", offered=fields)
        found["field"].example = next((code for code, _label in fields), "quantum")
        offered = (f for f in contract.funders if not contract.eligible or f.pk in contract.eligible)
        found["funder"].offered = [(funder.code, str(funder)) for funder in offered]
        found["received_at"].widget = Receipt(self.call)
        people = {name: field for name, field in people_fields().items() if name not in found}
        return found | people | costs_of(contract.years)

    @classmethod
    def export_choices(cls, user: Person) -> list[tuple[str, Promise]]:
        """The columns that an export form offers the person, costs of all fiscal years as one, whatever the call."""
        hidden = exporting.hidden_from(user)
        declared: Answered = cls.fields
        labels: dict[str, Answered] = {name: declared[name].label for name in cls._meta.fields} | COSTS
        return [(name, label) for name, label in labels.items() if name not in hidden]

    def cannot_be_taken(self) -> Iterable[Fault]:
        if self.contract.terms is None:
            yield Fault("call_without_terms", values={"call": self.call_code})

    def listed(self, user: Person | None) -> ProposalQuerySet:
        proposals: ProposalQuerySet = Proposal.objects.filter(call=self.call)
        return proposals if user is None else proposals.visible_to(user)

    def stored(self, keys: Iterable[str]) -> dict[str, Proposal]:
        """The proposals of the file's numbers; one that is hidden from its sender is not there."""
        return saving.stored_proposals(self.contract, keys)

    def values(self, record: Proposal) -> Mapping[str, Value]:
        return exporting.values_of(record)

    def all_keys(self) -> list[str]:
        return saving.numbers_of(self.contract)

    def state(self, stored: Mapping[str, Proposal]) -> object:
        countries = self.widgets["country"].choices
        return {**saving.state(self.contract, stored), "countries": countries}

    def identities(self, row: SheetRow) -> Iterable[str]:
        value = row.values
        who = value["researcher_number"], value["principal_investigator"], value["institution"]
        return saving.identities_of(self.contract, value["title_ja"], value["title_en"], *who)

    def known_identities(self) -> dict[str, str]:
        return saving.known_identities(self.contract)

    def first_key(self) -> str:
        return Proposal.objects.next_number(self.call_code)

    def keys_from(self, first: str) -> Iterator[str]:
        """From that on, less those that the file itself brings."""
        prefix, last = first.rsplit("-", 1)
        brought = {row.cells[self.key[0]].text.strip() for row in self.grid.rows if self.key[0] in row.cells}
        return (key for number in count(int(last)) if (key := f"{prefix}-{number:03}") not in brought)

    def write(self, new: Sequence[SheetRow], changed: Sequence[SheetRow]) -> None:
        saving.create(self.contract, new, received_at=self.received_at, reason=self.reason)
        saving.change(self.contract, changed)

    def follow_up(self, marked: Sequence[tuple[SheetRow, Sequence[Fault]]]) -> None:
        saving.follow_up(((int(row.object_id or 0), faults) for row, faults in marked), by=self.user)

    def url_of(self, key: str) -> str:
        return reverse("proposals:detail", args=[key])

    def list_url(self) -> str:
        return f"{reverse('proposals:list')}?call={self.call_code}"

    def export_columns(self, records: Sequence[exporting.Exported], user: Person | None) -> list[StrictField]:
        """The columns with the years that these proposals touch, less what the person may not read."""
        years, hidden = exporting.years_of(records) or self.contract.years, exporting.hidden_from(user)
        values = [record.values for record in records]
        names = [*self._meta.fields, *(name for group in GROUPS for name in used(group, values))]
        columns = {name: self.fields[name] for name in names} | costs_of(years)
        return [column for name, column in columns.items() if name not in hidden]

    def template_columns(self, records: Sequence[exporting.Exported]) -> list[StrictField]:
        """The columns less those of further people than a template begins with, where nobody is stored."""
        values = [record.values for record in records]
        further = {name for group in GROUPS for place, name, _end in group.all_columns if place > group.offered}
        kept = {name for group in GROUPS for name in used(group, values)}
        return [column for column in self.columns if column.name not in (further | {"follow_ups"}) - kept]

    def for_export(self, records: ProposalQuerySet) -> list[exporting.Exported]:
        return exporting.exported(records)

    def rows(self, records: Iterable[exporting.Exported], columns: Sequence[StrictField]) -> Iterator[list[Value]]:
        return exporting.rows(records, columns)

    def heading(self) -> str:
        return self.call.name

    def notes(self, records: Sequence[exporting.Exported]) -> list[str]:
        return exporting.notes(records)


def costs_of(years: Iterable[int]) -> dict[str, StrictField]:
    """The columns of direct and indirect costs in those fiscal years."""
    found = (CostField(kind, year) for year in years for kind in ("direct", "indirect"))
    return {field.name: field for field in found}
