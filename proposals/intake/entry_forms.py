"""The parts of the form of a proposal: itself, its costs by fiscal year, and who takes part."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from django import forms
from django.forms.models import BaseInlineFormSet, inlineformset_factory
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from aspire.records import RefusingForm
from aspire.typed import DayField, ResearcherNumberField, TypedField, YenField
from aspire.untyped import Answered, Passed
from aspire.workbooks.moments import written
from aspire.workbooks.widgets import WholeYen
from aspire.yen import exact
from calls.terms import Amount, annual_breaches, total_breaches
from proposals.intake import saving
from proposals.intake.contract import Contract
from proposals.intake.fields import CostField, Receipt
from proposals.intake.forms import ProposalForm
from proposals.intake.people import Percent
from proposals.record.models import CoInvestigator, Counterpart, Proposal

# The sections of the paper form, and what stands in each.
SECTIONS: dict[str, list[str]] = {
    "receipt": ["number", "received_at", "late_reason", "erad_project_id"],
    "project": ["title_ja", "title_en", "field", "keywords", "abstract_ja", "abstract_en"],
    "leader": [
        *("principal_investigator", "principal_investigator_reading", "principal_investigator_en"),
        *("researcher_number", "institution", "email"),
    ],
    "partner": ["primary_funder", "funder_reason"],
    "period": ["starts_on", "ends_on"],
    "young": ["young_researcher_plan"],
}


class EntryForm(ProposalForm):
    """The proposal itself. Its call is chosen before, and never changes."""

    starts_on = DayField(label=_("Research starts"), required=False)
    ends_on = DayField(label=_("Research ends"), required=False)
    researcher_number = ResearcherNumberField()
    is_another = forms.BooleanField(label=_("This is another proposal than the one named above"), required=False)

    class Meta:
        model = Proposal
        fields = [name for names in SECTIONS.values() for name in names]
        widgets = {name: forms.Textarea({"rows": 5}) for name in ("abstract_ja", "abstract_en")}

    def __init__(self, *args: Passed, contract: Contract, **kwargs: Passed) -> None:
        super().__init__(*args, **kwargs)
        self.contract = contract
        shown = self.fields
        shown["received_at"] = TypedField(
            Receipt(contract.call),
            label=_("Received"),
            required=False,
            shown=written,
            help_text=_("Day, or day and time in Tokyo; empty for now."),
        )
        if self.instance.pk:
            del shown["number"]
        else:
            shown["number"].help_text = _("Empty for the next number of the call.")
        field: Answered = shown["field"]
        field.choices = [("", "---------"), *((each.pk, str(each)) for each in contract.fields)]
        funder: Answered = shown["primary_funder"]
        funder.choices = self._funders(contract)
        shown["institution"].widget.attrs["list"] = "institutions"
        shown["erad_project_id"].label = _("e-Rad project ID")
        shown["keywords"].help_text = _("Separated by commas.")
        for name in SECTIONS["period"]:
            shown[name].help_text = _("As 2027-04-01, 2027/4/1, or with the Japanese era.")

    @staticmethod
    def _funders(contract: Contract) -> list[Any]:
        """Those of the call first; the others need a reason."""
        offered: dict[bool, list[tuple[int, str]]] = {True: [], False: []}
        for each in contract.funders:
            offered[not contract.eligible or each.pk in contract.eligible].append((each.pk, str(each)))
        others = [(gettext("Not eligible: needs a reason"), offered[False])] if offered[False] else []
        return [("", "---------"), (gettext("Eligible for the call"), offered[True]), *others]

    @cached_property
    def twin(self) -> str:
        """The number of the proposal that this one seems to be; empty for none."""
        if self.instance.pk or not self.is_bound:
            return ""
        typed = self.cleaned_data
        who = ("researcher_number", "principal_investigator", "institution")
        given = [typed.get(name) or "" for name in ("title_ja", "title_en", *who)]
        known, found = saving.known_identities(self.contract), saving.identities_of(self.contract, *given)
        return next((known[identity] for identity in found if identity in known), "")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("received_at") and "received_at" not in self.errors:
            cleaned["received_at"] = self.instance.received_at or timezone.now()
        if not self.instance.pk and not cleaned.get("number"):
            cleaned["number"] = Proposal.objects.next_number(self.contract.call.code)
        if self.twin and not cleaned.get("is_another"):
            self.add_error(
                None, gettext("This seems to be proposal %(number)s, which is there already. Open that one, or say "
                              "that this is another.") % {"number": self.twin})  # fmt: skip
        return cleaned


class CounterpartForm(RefusingForm):
    """A partner abroad, with the grant of their own funder."""

    grant_amount = TypedField(WholeYen(), label=_("Amount"), required=False, shown=exact)
    grant_starts_on = DayField(label=_("Grant starts"), required=False)
    grant_ends_on = DayField(label=_("Grant ends"), required=False)

    class Meta:
        model = Counterpart
        fields = [
            *("person", "institution", "country", "funder", "email", "grant_state", "grant_number", "grant_amount"),
            *("grant_currency", "grant_starts_on", "grant_ends_on", "grant_document"),
        ]

    def __init__(self, *args: Passed, choices: Mapping[str, list[Any]], **kwargs: Passed) -> None:
        super().__init__(*args, **kwargs)
        for name, offered in choices.items():
            field: Answered = self.fields[name]
            field.choices = offered
        self.fields["country"].required = False

    def clean_grant_currency(self) -> str:
        return str(self.cleaned_data["grant_currency"]).upper()

    @property
    def people(self) -> list[forms.BoundField]:
        return [self[name] for name in ("person", "institution", "country", "funder", "email")]

    @property
    def has_grant(self) -> bool:
        """Whether anything is said of it, right or wrong."""
        return any(field.value() or field.errors for field in self.grant)

    @property
    def grant(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("grant_")]


class CoInvestigatorForm(RefusingForm):
    """Who does part of the research at home."""

    researcher_number = ResearcherNumberField()
    effort_percent = TypedField(Percent(), label=_("Effort (%)"), required=False)

    class Meta:
        model = CoInvestigator
        fields = ["person", "researcher_number", "institution", "effort_percent"]


class People(BaseInlineFormSet):  # type: ignore[type-arg]  # it has none when it runs
    """Those who take part; a section of the form for each, and one that is empty."""

    deletion_widget = forms.CheckboxInput

    def add_fields(self, form: Answered, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].label = pgettext_lazy("a person", "Take out")


Counterparts = inlineformset_factory(
    Proposal, Counterpart, form=CounterpartForm, formset=People, extra=1, max_num=20, absolute_max=100, can_delete=True
)
CoInvestigators = inlineformset_factory(
    Proposal,
    CoInvestigator,
    form=CoInvestigatorForm,
    formset=People,
    extra=1,
    max_num=50,
    absolute_max=100,
    can_delete=True,
)


class CostsForm(forms.Form):
    """Direct and indirect costs (yen) of each fiscal year that the period touches."""

    def __init__(self, *args: Passed, years: Sequence[int], **kwargs: Passed) -> None:
        super().__init__(*args, **kwargs)
        self.years = years
        for column in (CostField(kind, year) for year in years for kind in ("direct", "indirect")):
            self.fields[column.name] = YenField(label=column.label, required=False)

    @property
    def rows(self) -> list[tuple[int, forms.BoundField, forms.BoundField]]:
        """Each fiscal year with its two fields."""
        return [(year, self[f"direct_yen_{year}"], self[f"indirect_yen_{year}"]) for year in self.years]

    @property
    def template(self) -> tuple[forms.BoundField, forms.BoundField]:
        """The two fields of a year that is not there yet, for the page's script."""
        blank = CostsForm(years=[0])
        return blank["direct_yen_0"], blank["indirect_yen_0"]

    @property
    def amounts(self) -> dict[int, tuple[int, int]]:
        """Fiscal year → direct and indirect yen, of the years in which anything stands."""
        typed = {year: (self.cleaned_data.get(f"direct_yen_{year}"), self.cleaned_data.get(f"indirect_yen_{year}"))
                 for year in self.years}  # fmt: skip
        return {year: (direct or 0, indirect or 0) for year, (direct, indirect) in typed.items()
                if direct is not None or indirect is not None}  # fmt: skip

    def judge(self, proposal: Proposal) -> None:
        """Say what the terms say against these amounts, each at its field, the sum above all."""
        limits = proposal.terms.limits
        period = {"starts_on": proposal.starts_on, "ends_on": proposal.ends_on}
        for year, (direct, indirect) in self.amounts.items():
            for breach in annual_breaches(limits, "cost", Amount(year, direct, indirect), **period):
                kind = "indirect" if breach.name == "cost_indirect_within_rate" else "direct"
                self.add_error(f"{kind}_yen_{year}", breach.error())
        direct, indirect = (sum(pair[place] for pair in self.amounts.values()) for place in (0, 1))
        if not self.errors:
            for breach in total_breaches(limits, "cost", direct_yen=direct, indirect_yen=indirect):
                self.add_error(None, breach.error())
