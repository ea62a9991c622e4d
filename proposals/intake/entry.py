"""A proposal as one form: itself, its costs by fiscal year, and who takes part; in the order of the paper."""

import datetime
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.serializers import serialize
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.urls import reverse

from aspire.entries import faults_of, sections_of
from aspire.people import Person
from aspire.refusals import Refused, all_or_nothing, judged_at_the_end
from aspire.templatetags.figures import fiscal
from aspire.typed import DayField
from aspire.wareki import fiscal_years
from aspire.workbooks.faults import Fault, Tier
from partners.models import Country, Funder
from proposals.intake import saving
from proposals.intake.contract import Contract
from proposals.intake.entry_forms import SECTIONS, CoInvestigators, CostsForm, Counterparts, EntryForm
from proposals.intake.fields import COST_COLUMN
from proposals.record.models import AnnualCost, Document, Proposal

SENT_AGAIN = ("add_years", "add_counterpart", "add_co_investigator")  # buttons that ask for more of the form

OFFERED = 500  # institutions, in the list that the field completes from


class Entry:
    """All parts of the form together, as stored, as typed, or as a draft has them."""

    def __init__(
        self,
        proposal: Proposal,
        contract: Contract,
        data: QueryDict | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        self.proposal, self.contract, self.data = proposal, contract, data
        self.stored_number, self.is_outdated = proposal.number, False
        proposal.siblings_judged_by = self
        self.form = EntryForm(data, instance=proposal, initial=dict(initial or {}), contract=contract)
        parts: dict[str, Any] = {"data": data, "instance": proposal}
        self.counterparts = Counterparts(**parts, prefix="counterpart", form_kwargs={"choices": self._choices()})
        self.co_investigators = CoInvestigators(**parts, prefix="co_investigator")
        stored = {cost.fiscal_year: cost for cost in proposal.costs.all()} if proposal.pk else {}
        values = {f"{kind}_{year}": getattr(cost, kind) for year, cost in stored.items()
                  for kind in ("direct_yen", "indirect_yen")}  # fmt: skip
        self.costs = CostsForm(data, initial=values, years=self._years(stored))

    def _years(self, stored: Mapping[int, AnnualCost]) -> list[int]:
        """The fiscal years of the period as typed or stored, and those in which anything stands."""
        period = [self._day(name) for name in ("starts_on", "ends_on")]
        starts_on, ends_on = period
        years = set(stored)
        if starts_on and ends_on and starts_on <= ends_on <= self._latest(starts_on):
            years |= set(fiscal_years(starts_on, ends_on))
        named = (COST_COLUMN.fullmatch(name) for name, text in (self.data or {}).items() if text)
        return sorted(years | {int(found[2]) for found in named if found})

    @staticmethod
    def _latest(starts_on: datetime.date) -> datetime.date:
        """Beyond which a period is a slip, and makes no rows."""
        return datetime.date(min(starts_on.year + 20, datetime.MAXYEAR), 12, 31)

    def _day(self, name: str) -> datetime.date | None:
        if self.data is None:
            found: datetime.date | None = getattr(self.proposal, name)
            return found
        typed: datetime.date | None = None
        with suppress(forms.ValidationError):
            typed = DayField(required=False).clean(self.data.get(name, ""))
        return typed

    def _choices(self) -> dict[str, list[Any]]:
        """What the selects of all counterparts offer, read once."""
        documents = Document.objects.none() if not self.proposal.pk else self.proposal.documents.present()
        nothing = ("", "---------")
        return {
            "country": [nothing, *((each.pk, str(each)) for each in Country.objects.in_gojuon_order())],
            "funder": [nothing, *((each.pk, str(each)) for each in self.contract.funders)],
            "grant_document": [nothing, *((each.pk, str(each)) for each in documents)],
        }

    @property
    def sections(self) -> dict[str, list[forms.BoundField]]:
        """The fields of the proposal itself, section by section."""
        return sections_of(self.form, SECTIONS)

    @property
    def institutions(self) -> list[str]:
        """The institutions that the field completes from, as many as a page may bring."""
        return sorted(set(self.contract.institutions.values()))[:OFFERED]

    @property
    def year_labels(self) -> dict[int, str]:
        """What each fiscal year is called that a period may touch."""
        first = self.contract.years[0]
        return {year: fiscal(year) for year in range(first - 5, first + 40)}

    @property
    def url(self) -> str:
        """Where the form is sent."""
        return self._address("new", "edit")

    @property
    def draft_url(self) -> str:
        """Where its draft is kept."""
        return self._address("draft", "draft_of")

    def _address(self, of_new: str, of_stored: str) -> str:
        if self.proposal.pk:
            return reverse(f"intake:{of_stored}", args=[self.stored_number])
        return f"{reverse(f'intake:{of_new}')}?{urlencode({'call': self.contract.call.code})}"

    @cached_property
    def as_of(self) -> str:
        """The fingerprint of what is stored, by which a change made meanwhile is noticed."""
        if not self.proposal.pk:
            return ""
        stored = Proposal.objects.get(pk=self.proposal.pk)
        rows = [stored, *stored.costs.all(), *stored.counterparts.all(), *stored.co_investigators.all()]
        return hashlib.sha256(serialize("json", rows).encode()).hexdigest()

    @property
    def shown_as_of(self) -> str:
        """The fingerprint that the form goes on with: that of what was stored when it was opened, until somebody has
        been told that this has changed."""
        opened = self.data.get("as_of", "") if self.data is not None else ""
        return opened if opened and not self.is_outdated else self.as_of

    # --- judging ---------------------------------------------------------------------------------------------------

    @property
    def parts(self) -> list[Any]:
        return [self.form, self.costs, self.counterparts, self.co_investigators]

    def unjudged(self) -> "Entry":
        """As typed, without a word about what is wrong: a draft is not finished."""
        parts: list[Any] = [self.form, self.costs, *self.counterparts.forms, *self.co_investigators.forms]
        for form in parts:
            form._errors, form.cleaned_data = ErrorDict(), {}
        people: Any
        for people in (self.counterparts, self.co_investigators):
            people._errors, people._non_form_errors = [{} for _form in people.forms], people.error_class()
        return self

    def is_valid(self) -> bool:
        """Whether all parts are; the costs are judged against the period as typed."""
        are_valid = [part.is_valid() for part in self.parts]
        if all(are_valid[:2]):
            self.costs.judge(self.proposal)
        if are_valid[0] and are_valid[2]:
            self._judge_counterparts(self.form.cleaned_data["primary_funder"])
        return all(are_valid) and all(part.is_valid() for part in self.parts)

    def _judge_counterparts(self, primary: Funder) -> None:
        """Who stands first is of the primary funder where nothing else is said; of the others the country is said."""
        kept = [form for form in self.counterparts.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        for place, form in enumerate(kept):
            if form.cleaned_data.get("country"):
                continue
            if place:
                form.add_error("country", form.fields["country"].error_messages["required"])
            else:
                form.instance.country, form.instance.funder = primary.country, form.instance.funder or primary

    @property
    def faults(self) -> Iterator[tuple[str, str, str]]:
        """What is wrong with any part."""
        return faults_of(self.parts)

    # --- saving ----------------------------------------------------------------------------------------------------

    def save(self, by: Person) -> Proposal:
        """Write all of it, or nothing. Raises Refused where PostgreSQL refuses any of it."""
        with all_or_nothing(), judged_at_the_end():
            if self.proposal.pk:
                Proposal.objects.select_for_update().get(pk=self.proposal.pk)
                if self.data is not None and self.data.get("as_of") != self.as_of:
                    self.is_outdated = True
                    raise Refused.by("proposal_changed_meanwhile", proposal=self.stored_number)
            proposal: Proposal = self.form.save()
            self._save_costs(proposal)
            for people in (self.counterparts, self.co_investigators):
                people.instance = proposal
                people.save()
            saving.follow_up([(proposal.pk, self._flags())], by=by)
        return proposal

    def _save_costs(self, proposal: Proposal) -> None:
        stored = {cost.fiscal_year: cost for cost in proposal.costs.all()}
        amounts = self.costs.amounts
        for year, cost in stored.items():
            if year not in amounts:
                cost.delete()
        for year, (direct, indirect) in amounts.items():
            cost = stored.get(year) or AnnualCost(proposal=proposal, fiscal_year=year)
            if (cost.direct_yen, cost.indirect_yen) != (direct, indirect) or not cost.pk:
                cost.direct_yen, cost.indirect_yen = direct, indirect
                cost.save()

    def _flags(self) -> list[Fault]:
        """What was accepted and is to be looked into."""
        found = []
        for form in (self.form, *self.co_investigators.forms):
            for name in form.changed_data:
                field = form.fields[name]
                for code, values in getattr(field, "flags", ()):
                    said = str(form.data.get(form.add_prefix(name), ""))
                    found.append(Fault(code, header=str(field.label), value=said, values=values, tier=Tier.FLAG))
        if self.form.twin:
            other = {"other": self.form.twin}
            found.append(Fault("twin_kept", header=str(self.form["title_ja"].label), values=other, tier=Tier.FLAG))
        reach = self.contract.out_of_reach(self.proposal.starts_on)
        if reach and "starts_on" in self.form.changed_data:
            found.append(Fault("starts_out_of_reach", header=str(self.form["starts_on"].label),
                               value=str(self.proposal.starts_on), values=reach, tier=Tier.FLAG))  # fmt: skip
        return found
