"""A call as one form: its dates, money and terms, fields, funders by country, and criteria; copied from another."""

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.forms.models import BaseInlineFormSet, inlineformset_factory
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aspire.entries import faults_of, sections_of
from aspire.records import RefusingForm
from aspire.refusals import all_or_nothing, judged_at_the_end
from aspire.typed import DayField, MomentField, YenField
from aspire.untyped import Answered, Passed
from aspire.wareki import fiscal_year
from calls.models import Call, CallField, Criterion, Field, Programme, Terms
from partners.models import Funder

SECTIONS: dict[str, list[str]] = {
    "call": ["code", "programme", "fiscal_year", "name_ja", "name_en"],
    "dates": ["opens_at", "closes_at", "reviews_due_on", "reviews_wanted", "own_numbers"],
    "money": ["pot_yen", "max_awards"],
    "outline": ["supported_ja", "supported_en", "partners_ja", "partners_en", "fields_note_ja", "fields_note_en"],
}
# What part of a call that is hidden from a person would tell of itself, were it theirs to move.
TELLING = ("opens_at", "closes_at", "pot_yen", "max_awards")
SLICES = 7  # fiscal years that may have a slice of the pot: a call, and six years of research
COPIED = [*SECTIONS["money"], *SECTIONS["outline"], "programme", "name_ja", "name_en", "reviews_wanted"]
COPIED_TERMS = ["annual_ceiling_yen", "max_months", "indirect_included", "indirect_percent", "source", "source_en"]
COPIED_TERMS += ["assumptions_ja", "assumptions_en"]


class CallForm(RefusingForm):
    """The call itself, with the fields that it asks for."""

    opens_at = MomentField(label=_("Opens"), required=False, help_text=_("Day and time in Tokyo."))
    closes_at = MomentField(label=_("Closes"), required=False, help_text=_("Day and time in Tokyo."))
    reviews_due_on = DayField(label=_("Reviews are due on"), required=False)
    pot_yen = YenField(label=_("Budget (yen)"), required=False, help_text=_("empty where none is set"))
    asked = forms.ModelMultipleChoiceField(
        Field.objects.all(), label=_("Fields"), required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Call
        fields = [name for names in SECTIONS.values() for name in names]
        widgets = {name: forms.Textarea({"rows": 3}) for name in ("supported_ja", "supported_en")}

    def __init__(self, *args: Passed, is_blind: bool = False, **kwargs: Passed) -> None:
        super().__init__(*args, **kwargs)
        for name in TELLING if is_blind else ():
            del self.fields[name]
        if self.instance.pk:
            self.initial["asked"] = list(self.instance.call_fields.values_list("field", flat=True))


class ProgrammeForm(RefusingForm):
    """A programme as it is proposed: its outer limits are set by an administrator, and before that it has no terms."""

    fund_yen = YenField(label=_("Fund (yen)"), required=False, help_text=_("empty where there is none"))

    class Meta:
        model = Programme
        fields = ["code", "name_ja", "name_en", "budget_source_ja", "budget_source_en", "fund_yen", "limits_reason"]
        labels = {"limits_reason": _("Outer limits that are wished, and why")}
        help_texts = {"limits_reason": _("yen a fiscal year and months, with the source; read by the administrator")}

    def __init__(self, *args: Passed, **kwargs: Passed) -> None:
        super().__init__(*args, **kwargs)
        self.fields["limits_reason"].required = True
        for name in ("name_en", "budget_source_en"):
            self.fields[name].required = False


class TermsForm(RefusingForm):
    """What may be requested and awarded. Those in use are frozen, and shown as they are."""

    annual_ceiling_yen = YenField(label=_("Ceiling a fiscal year (yen)"))

    class Meta:
        model = Terms
        fields = COPIED_TERMS
        widgets = {name: forms.Textarea({"rows": 2}) for name in ("assumptions_ja", "assumptions_en")}

    def __init__(self, *args: Passed, **kwargs: Passed) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.is_used:
            for name in COPIED_TERMS[:4]:
                self.fields[name].disabled = True


class CriterionForm(RefusingForm):
    class Meta:
        model = Criterion
        fields = ["name_ja", "name_en", "asks_ja", "asks_en", "weight"]


class Criteria(BaseInlineFormSet):
    """The criteria in their order; new ones come last."""

    def save_new(self, form: Answered, commit: bool = True) -> Answered:
        form.instance.position = 1 + max([0, *self.instance.criteria.values_list("position", flat=True)])
        return super().save_new(form, commit=commit)


CriteriaForms = inlineformset_factory(
    Call, Criterion, form=CriterionForm, formset=Criteria, extra=1, max_num=20, absolute_max=100, can_delete=True
)


class FundersForm(forms.Form):
    """The funders that the call accepts, country by country, each with its first day where that is later."""

    def __init__(self, *args: Passed, **kwargs: Passed) -> None:
        super().__init__(*args, **kwargs)
        self.funders = list(Funder.objects.in_printed_order().select_related("country"))
        for funder in self.funders:
            self.fields[f"accepts_{funder.pk}"] = forms.BooleanField(label=str(funder), required=False)
            label = gettext("%(funder)s: eligible from") % {"funder": funder}
            self.fields[f"from_{funder.pk}"] = DayField(label=label, required=False)

    @property
    def rows(self) -> Iterator[tuple[Funder, forms.BoundField, forms.BoundField]]:
        """Each funder with its two fields."""
        return ((each, self[f"accepts_{each.pk}"], self[f"from_{each.pk}"]) for each in self.funders)

    @property
    def accepted(self) -> dict[int, datetime.date | None]:
        """The funders chosen, each with its first day."""
        typed = self.cleaned_data
        return {each.pk: typed.get(f"from_{each.pk}") for each in self.funders if typed.get(f"accepts_{each.pk}")}


class SlicesForm(forms.Form):
    """What the call may spend by fiscal year (yen); empty where no slice is set."""

    def __init__(self, data: QueryDict | None, *, first: int, stored: Mapping[int, int]) -> None:
        super().__init__(data, initial={f"slice_{year}": yen for year, yen in stored.items()})
        self.years = sorted({*range(first, first + SLICES), *stored})
        for year in self.years:
            label = gettext("Limit of fiscal year %(year)s (yen)") % {"year": year}
            self.fields[f"slice_{year}"] = YenField(label=label, required=False)

    @property
    def slices(self) -> dict[int, int]:
        """Fiscal year → yen, of the years that have a slice."""
        typed = {year: self.cleaned_data.get(f"slice_{year}") for year in self.years}
        return {year: yen for year, yen in typed.items() if yen is not None}


class CallEntry:
    """All parts of the form together: of a call that is there, or of a new one made like another."""

    def __init__(self, call: Call, data: QueryDict | None = None, *, like: Call | None = None, is_blind: bool) -> None:
        self.call, self.is_blind, self.stored_code = call, is_blind, call.code
        pattern = call if call.pk else like
        self.form = CallForm(data, instance=call, initial=like_call(like) if like else {}, is_blind=is_blind)
        terms = (call.current_terms if call.pk else None) or Terms()
        self.terms = TermsForm(data, instance=terms, initial=like_terms(like) if like else {}, prefix="terms")
        chosen = pattern.eligible_from if pattern else {}
        if not call.pk:  # a copy's funders are there from the first day
            chosen = dict.fromkeys(chosen)
        accepted = {f"accepts_{pk}": True for pk in chosen} | {f"from_{pk}": day for pk, day in chosen.items()}
        self.funders = FundersForm(data, initial=accepted)
        stored = dict(call.slices.values_list("fiscal_year", "limit_yen")) if call.pk else {}
        first = pattern.fiscal_year + (0 if call.pk else 1) if pattern else fiscal_year(timezone.localdate())
        self.slices = SlicesForm(data, first=first, stored=stored)
        copied = list(like.criteria.values("name_ja", "name_en", "asks_ja", "asks_en", "weight")) if like else []
        shown = copied if data is None else None  # what is sent as it was shown would count as untouched
        self.criteria = CriteriaForms(data, instance=call, initial=shown, prefix="criterion")
        self.criteria.extra = max(self.criteria.extra, len(copied) + 1)

    @property
    def parts(self) -> list[Any]:
        return [self.form, self.terms, self.funders, *([] if self.is_blind else [self.slices, self.criteria])]

    @property
    def sections(self) -> dict[str, list[forms.BoundField]]:
        """The fields of the call itself, section by section."""
        return sections_of(self.form, SECTIONS)

    def is_valid(self) -> bool:
        """Whether all parts are; the terms are judged for the call as typed."""
        is_call_valid = self.form.is_valid()
        self.terms.instance.call = self.call
        return all([is_call_valid, *(part.is_valid() for part in self.parts[1:])])

    @property
    def faults(self) -> Iterator[tuple[str, str, str]]:
        """What is wrong with any part."""
        return faults_of(self.parts)

    def save(self) -> Call:
        """Write all of it, or nothing. Raises Refused where PostgreSQL refuses any of it."""
        with all_or_nothing(), judged_at_the_end():
            call: Call = self.form.save()
            if self.terms.has_changed() or not self.terms.instance.pk:
                self.terms.instance.call = call
                self.terms.save()
            save_rows(call.eligible_funders, "funder_id", "eligible_from", self.funders.accepted)
            if not self.is_blind:
                save_fields(call, list(self.form.cleaned_data["asked"]))
                save_rows(call.slices, "fiscal_year", "limit_yen", self.slices.slices)
                self.criteria.instance = call
                self.criteria.save()
        return call


# --- what is copied ----------------------------------------------------------------------------------------------


def like_call(call: Call) -> dict[str, Any]:
    """A call of the next fiscal year made like this one: a year later, under another code."""
    found = {name: getattr(call, name) for name in COPIED} | {"fiscal_year": call.fiscal_year + 1}
    found["programme"] = call.programme_id
    found["asked"] = list(call.call_fields.values_list("field", flat=True))
    for name in ("opens_at", "closes_at"):
        at = getattr(call, name)
        found[name] = at and a_year_later(at)
    return found


def a_year_later(at: datetime.datetime) -> datetime.datetime:
    """The same day and time of the next year; of 29 February, the day before."""
    is_leap_day = (at.month, at.day) == (2, 29)
    return at.replace(year=at.year + 1, day=28 if is_leap_day else at.day)


def like_terms(call: Call) -> dict[str, Any]:
    terms = call.current_terms
    return {name: getattr(terms, name) for name in COPIED_TERMS} if terms else {}


# --- what is written ---------------------------------------------------------------------------------------------


def save_fields(call: Call, fields: list[Field]) -> None:
    """List the fields; those that stay keep their place, printed label and lead reviewer."""
    call.call_fields.exclude(field__in=fields).delete()
    there = set(call.call_fields.values_list("field", flat=True))
    last = max([0, *call.call_fields.values_list("position", flat=True)])
    new = [field for field in fields if field.pk not in there]
    CallField.objects.bulk_create(
        CallField(call=call, field=field, position=last + place) for place, field in enumerate(new, 1)
    )


def save_rows(rows: Answered, key: str, value: str, wanted: Mapping[int, object]) -> None:
    """Make a call's rows of one kind those that are wanted, by the column that tells them apart; the others go."""
    rows.exclude(**{f"{key}__in": wanted}).delete()
    there = {getattr(each, key): each for each in rows.all()}
    for name, said in wanted.items():
        each = there.get(name)
        if each is None:
            rows.create(**{key: name, value: said})
        elif getattr(each, value) != said:
            setattr(each, value, said)
            each.save()
