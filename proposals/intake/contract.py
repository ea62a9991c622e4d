"""What a file of one call may name: its fields, funders and countries, and the fiscal years that it can touch."""

import datetime
from dataclasses import dataclass
from functools import cached_property

from django.utils.timezone import localdate

from aspire.kana import search_key
from aspire.people import Person
from aspire.sheets.derived import named
from aspire.wareki import fiscal_year, fiscal_years
from aspire.workbooks.codes import Nearest
from calls.models import Call, Field, Terms
from calls.terms import add_months
from partners.models import Country, Funder, Institution
from proposals.record.models import Proposal
from proposals.record.querysets import ProposalQuerySet

# Research starts within this many months after the call closes; a later start can still be logged by hand.
LATEST_START_MONTHS = 18


@dataclass(frozen=True)
class Contract:
    """Everything that names in a file of one call are looked up in, read once."""

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
    def funders(self) -> list[Funder]:
        return list(Funder.objects.in_printed_order().select_related("country"))

    @cached_property
    def countries(self) -> dict[str, int]:
        """The key of each country, by its alpha-2 code."""
        return dict(Country.objects.values_list("alpha2", "pk"))

    @cached_property
    def funder_by_code(self) -> dict[str, Funder]:
        return {funder.code: funder for funder in self.funders}

    @cached_property
    def eligible(self) -> dict[int, datetime.date | None]:
        """The funders the call names as eligible, each with its first day; empty where it names none."""
        return self.call.eligible_from

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
    def institutions(self) -> dict[str, str]:
        """Every name and code of an institution, as text is compared → its Japanese name."""
        return Institution.objects.known_names()

    def institution(self, written: str) -> str:
        """The institution that goes by the name; what is written where no record has it."""
        return self.institutions.get(search_key(written), written)

    @cached_property
    def institution_near(self) -> Nearest:
        """The institution whose name comes nearest."""
        return Nearest(self.institutions)

    @cached_property
    def reach(self) -> tuple[datetime.date, datetime.date] | None:
        """The days between which research of the call is expected to start."""
        if not (self.call.opens_at and self.call.closes_at):
            return None
        closes_on = localdate(self.call.closes_at)
        return localdate(self.call.opens_at), add_months(closes_on, LATEST_START_MONTHS)

    def out_of_reach(self, starts_on: datetime.date | None) -> dict[str, str] | None:
        """Between which days the research is expected to start, where the day lies outside; None where it does not."""
        if starts_on is None or self.reach is None or self.reach[0] <= starts_on <= self.reach[1]:
            return None
        return dict(zip(("first", "last"), map(datetime.date.isoformat, self.reach), strict=True))

    @cached_property
    def funder_near(self) -> Nearest:
        """The code of the funder whose name comes nearest."""
        return Nearest({name: funders[0].code for name, funders in self.funders_by_name.items()})
