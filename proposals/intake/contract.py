"""The columns of a call's spreadsheet: fixed names, Japanese and English headers, one pair of costs a fiscal year."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.functional import Promise, lazy
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from aspire.kana import search_key
from aspire.people import Person
from aspire.wareki import fiscal_year, fiscal_years
from aspire.workbooks import parsing
from aspire.workbooks.cells import Cell
from aspire.workbooks.columns import Column
from aspire.workbooks.faults import SENTENCES
from aspire.workbooks.parsing import Nearest
from calls.models import Call, Field, Terms
from calls.terms import add_months
from partners.models import Country, Funder
from partners.sheets import named, names_of_countries
from proposals.intake.receipt import receipt
from proposals.record.models import Proposal
from proposals.record.querysets import ProposalQuerySet

SENTENCES.update({"email_form": _("“%(value)s” is no e-mail address. Write one like hanako@example.org.")})
# Research starts within this many months after the call closes; a later start can still be logged by hand.
LATEST_START_MONTHS = 18
# What each column is called, whatever the call; those of costs are called so for all fiscal years together.
LABELS: dict[str, Promise] = {
    "number": _("Proposal number"),
    "title_ja": _("Title (Japanese)"),
    "title_en": _("Title (English)"),
    "pi_name": _("Principal investigator"),
    "pi_reading": _("Reading of the name"),
    "researcher_number": _("e-Rad researcher number"),
    "institution": _("Research institution"),
    "field": _("Field"),
    "country": _("Country or region"),
    "funder": _("Primary foreign funder"),
    "counterpart_name": _("Counterpart"),
    "counterpart_institution": _("Counterpart's institution"),
    "starts_on": _("Research starts"),
    "ends_on": _("Research ends"),
    "young_researcher_plan": _("Plan for young researchers"),
    "received_at": _("Received"),
    "email": _("e-mail"),
    "pi_name_en": _("Name in English"),
    "erad_project_id": _("e-Rad project ID"),
    "abstract_ja": _("Abstract (Japanese)"),
    "abstract_en": _("Abstract (English)"),
    "keywords": _("Keywords"),
}
COSTS: dict[str, Promise] = {
    "direct_yen": _("Direct costs, every fiscal year"),
    "indirect_yen": _("Indirect costs, every fiscal year"),
}

REQUIRED_TO_CREATE = ("title_ja", "field", "funder", "starts_on", "ends_on")


@dataclass(frozen=True)
class Contract:
    """What a spreadsheet of one call may say, with everything that names are looked up in, read once."""

    call: Call
    reader: Person | None = None  # who writes it or takes it away; None for a command

    @property
    def proposals(self) -> ProposalQuerySet:
        """The call's proposals, as far as they exist for the reader."""
        return Proposal.objects.filter(call=self.call).seen_by(self.reader)

    @cached_property
    def terms(self) -> Terms | None:
        terms: Terms | None = self.call.current_terms
        return terms

    @cached_property
    def fields(self) -> list[Field]:
        """The call's own fields; all of them where it names none."""
        own = list(self.call.fields.order_by("call_fields__position"))
        return own or list(Field.objects.all())

    @cached_property
    def countries(self) -> list[Country]:
        return list(Country.objects.in_gojuon_order())

    @cached_property
    def funders(self) -> list[Funder]:
        return list(Funder.objects.in_printed_order().select_related("country"))

    @cached_property
    def eligible(self) -> set[int]:
        """The funders the call names as eligible; empty where it names none."""
        return set(self.call.eligible_funders.values_list("funder", flat=True))

    @cached_property
    def years(self) -> list[int]:
        """The fiscal years that the call can touch, and those that its proposals already do."""
        first = fiscal_year(self.call.opens_at.date()) if self.call.opens_at else self.call.fiscal_year
        years = {first}
        if self.call.closes_at and self.terms:
            latest = add_months(self.call.closes_at.date(), LATEST_START_MONTHS)
            years |= set(fiscal_years(self.call.closes_at.date(), self.terms.limits.last_day(latest)))
        stored = self.proposals.filter(starts_on__isnull=False, ends_on__isnull=False).order_by()
        for starts_on, ends_on in stored.values_list("starts_on", "ends_on").distinct():
            years |= set(fiscal_years(starts_on, ends_on)) if starts_on and ends_on else set()
        return sorted(years)

    @cached_property
    def cost_columns(self) -> list[tuple[int, str, str]]:
        """Each fiscal year with its columns of direct and indirect costs."""
        return [(year, f"direct_yen_{year}", f"indirect_yen_{year}") for year in self.years]

    @cached_property
    def field_by_name(self) -> dict[str, str]:
        """Every way to name a field → its code."""
        places = {place.field_id: place.label_as_printed for place in self.call.call_fields.all()}
        return named((f.code, (f.code, f.name_ja, f.name_en, places.get(f.pk, ""))) for f in self.fields)

    @cached_property
    def country_by_name(self) -> dict[str, str]:
        return names_of_countries(self.countries)

    @cached_property
    def funders_by_name(self) -> dict[str, list[Funder]]:
        """Every way to name a funder → those it may mean: a category's label means one in each country."""
        found: dict[str, list[Funder]] = {}
        for funder in self.funders:
            names = {funder.code, funder.acronym, funder.label_as_printed, funder.name_ja, funder.name_en}
            names |= {f"{funder.country.name_ja} {name}" for name in names if name}
            for name in {search_key(name) for name in names if name}:
                found.setdefault(name, []).append(funder)
        return found

    @cached_property
    def reach(self) -> tuple[datetime.date, datetime.date] | None:
        """The days between which research of the call is expected to start."""
        if not (self.call.opens_at and self.call.closes_at):
            return None
        closes_on = localdate(self.call.closes_at)
        return localdate(self.call.opens_at), add_months(closes_on, LATEST_START_MONTHS)

    @cached_property
    def funder_near(self) -> Nearest:
        """The code of the funder whose name comes nearest."""
        return Nearest({name: funders[0].code for name, funders in self.funders_by_name.items()})

    @cached_property
    def columns(self) -> list[Column]:
        """The columns in the order of the paper form, then one pair of costs a fiscal year."""
        return [*self._project(), *self._people(), *self._partners(), *self._plan(), *self._costs()]

    def _project(self) -> Iterable[Column]:
        number = _("The number of a proposal to change; leave it empty to create one.")
        yield Column("number", LABELS["number"], number, f"{self.call.code}-001", parsing.text(40), is_required=True)
        yield text(
            "title_ja",
            _("The title of the project in Japanese."),
            300,
            "\u91cf\u5b50\u4e2d\u7d99\u306e\u56fd\u969b\u5171\u540c\u7814\u7a76",
        )
        yield text("title_en", _("The title of the project in English."), 300, "Joint research on quantum repeaters")

    def _people(self) -> Iterable[Column]:
        yield text("pi_name", _("Family name and given name, with a space between."), 100, "\u9752\u6728 \u82b1\u5b50")
        yield text("pi_reading", _("In katakana."), 100, "\u30a2\u30aa\u30ad \u30cf\u30ca\u30b3")
        number = _("The 8 digits of e-Rad, leading zeros included: format the column as text.")
        researcher = parsing.researcher_number()
        yield Column("researcher_number", LABELS["researcher_number"], number, "00123456", researcher)
        yield text("institution", _("Of the principal investigator."), 200, "\u6771\u90fd\u5927\u5b66")

    def _partners(self) -> Iterable[Column]:
        fields = tuple((field.code, str(field)) for field in self.fields)
        countries = tuple((country.alpha2, str(country)) for country in self.countries)
        offered = [f for f in self.funders if not self.eligible or f.pk in self.eligible]
        funders = tuple((funder.code, str(funder)) for funder in offered)
        field = parsing.code(self.field_by_name, "field")
        country = parsing.code(self.country_by_name, "country")
        example = next((code for code, _label in fields), "quantum")
        yield Column("field", LABELS["field"], _("A field of the call."), example, field, choices=fields, kind="code")
        yield Column(
            "country",
            LABELS["country"],
            _("Of the primary foreign funder; needed where the funder is a category such as private."),
            "GB",
            country,
            choices=countries,
            kind="code",
        )
        yield Column(
            "funder",
            LABELS["funder"],
            _("Its code, acronym or name; a proposal counts under the country of this funder."),
            "GB-UKRI",
            parsing.text(200),
            choices=funders,
            kind="code",
        )
        yield text("counterpart_name", _("The researcher abroad who stands first."), 100, "Ada King")
        yield text("counterpart_institution", _("Where that researcher works."), 200, "University of Oxbridge")

    def _plan(self) -> Iterable[Column]:
        starts, ends = _("The first day of the research period."), _("The last day of the research period.")
        yield Column("starts_on", LABELS["starts_on"], starts, "2027-04-01", parsing.day(), kind="day")
        yield Column("ends_on", LABELS["ends_on"], ends, "2032-03-31", parsing.day(), kind="day")
        plan = _("Sending young researchers abroad, training, degrees; receiving people.")
        yield text("young_researcher_plan", plan, 32_767, _("Two doctoral students spend a year abroad."))
        received = _("Day, or day and time in Tokyo; where it is empty, when the file is sent.")
        yield Column("received_at", LABELS["received_at"], received, "2026-10-01 10:30", receipt(self.call))
        yield Column("email", LABELS["email"], _("Of the principal investigator."), "hanako@example.org", address())
        yield text("pi_name_en", _("Of the principal investigator."), 100, "Hanako Aoki")
        yield text("erad_project_id", _("By which e-Rad knows the application."), 20, "26000123")
        yield text("abstract_ja", _("What is to be found out, and how."), 32_767, _("We join two laboratories."))
        yield text("abstract_en", _("What is to be found out, and how."), 32_767, "We join two laboratories.")
        yield text("keywords", _("Separated by commas."), 300, "quantum repeaters, photonics")

    def _costs(self) -> Iterable[Column]:
        for year, direct_name, indirect_name in self.cost_columns:
            direct, indirect = _("Direct costs FY%(year)s (yen)"), _("Indirect costs FY%(year)s (yen)")
            yield cost(direct_name, format_lazy_year(direct, year), _("Whole yen, without the unit."))
            yield cost(indirect_name, format_lazy_year(indirect, year), _("Whole yen, without the unit."))


def text(name: str, meaning: Promise, length: int, example: str | Promise) -> Column:
    """A column of free text."""
    return Column(name, LABELS[name], meaning, example, parsing.text(length))


def address() -> parsing.Parser:
    """An e-mail address."""
    read = parsing.text(254)

    def parse(cell: Cell) -> parsing.Parsed:
        found = read(cell)
        if isinstance(found.value, str):
            try:
                validate_email(found.value)
            except ValidationError:
                raise parsing.BadCell("email_form") from None
        return found

    return parse


def cost(name: str, label: str | Promise, meaning: Promise) -> Column:
    """A column of yen, of the group of those costs in every fiscal year."""
    group = name.rsplit("_", 1)[0]
    return Column(name, label, meaning, "10000000", parsing.whole_yen(), kind="yen", group=group)


def _with_year(label: Promise, year: int) -> str:
    return str(label) % {"year": year}


format_lazy_year = lazy(_with_year, str)
