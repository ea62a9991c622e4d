"""What an officer typed about a proposal and its yearly costs."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext_lazy as _

from aspire.keyset import key_of
from aspire.records import RefusingForm
from aspire.untyped import Named, Passed
from calls.models import Call
from calls.terms import total_breaches
from proposals.record.models import Proposal


class WithinCallSelect(AutocompleteSelect):
    """An autocomplete that offers only what fits the proposal's call."""

    call: int | None = None

    def get_url(self) -> str:
        url = super().get_url()
        return f"{url}?call={self.call}" if self.call else url


NOTHING_TO_CHOOSE = {
    "call": _("There is no call yet. Record one first, with its terms, fields and eligible funders."),
    "field": _("There is no field yet. Record the fields first, and list those of the call on its record."),
    "primary_funder": _("There is no funder yet. Record the funders first, and list those that the call accepts."),
}


class ProposalForm(RefusingForm):
    """A proposal. New ones are pinned to the call's present terms and numbered where no number is given."""

    class Meta:
        model = Proposal
        exclude = ["terms", "is_reconstructed"]

    def __init__(self, *args: Passed, **kwargs: Passed) -> None:
        super().__init__(*args, **kwargs)
        if "number" in self.fields:
            self.fields["number"].required = False
        for name in ("field", "primary_funder"):
            widget = getattr(self.fields.get(name), "widget", None)
            widget = getattr(widget, "widget", widget)
            if isinstance(widget, WithinCallSelect):
                widget.call = self._call_id()
        if self.instance.pk is None:
            self._say_what_is_missing()

    def _say_what_is_missing(self) -> None:
        """Where there is nothing to choose from, what to record first."""
        for name, sentence in NOTHING_TO_CHOOSE.items():
            field: Named = self.fields.get(name)
            if field is not None and not field.queryset.exists():
                field.help_text = sentence

    def _call_id(self) -> int | None:
        return key_of(self.data.get("call") or self.initial.get("call") or self.instance.call_id)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        call = cleaned.get("call")
        if self.instance.pk is None and call is not None:
            self._pin(call)
            if not cleaned.get("number"):
                cleaned["number"] = Proposal.objects.next_number(call.code)
        return cleaned

    def _pin(self, call: Call) -> None:
        terms = call.current_terms
        if terms is None:
            raise ValidationError({"call": _("This call has no terms yet. Add its terms first.")}, code="call_terms")
        self.instance.terms = terms


class AnnualCostFormSet(BaseInlineFormSet):
    """All years of a proposal at once: the sum is judged as typed, not as stored."""

    def __init__(self, *args: Passed, **kwargs: Passed) -> None:
        super().__init__(*args, **kwargs)
        self.instance.siblings_judged_by = self

    @property
    def ceiling_yen(self) -> int | None:
        """The ceiling of one fiscal year, for what remains under it as one types."""
        return self.instance.terms.annual_ceiling_yen if self.instance.terms_id else None

    @property
    def kept_forms(self) -> list[forms.ModelForm]:
        return [form for form in self.forms if form not in self.deleted_forms and form.cleaned_data]

    def clean(self) -> None:
        super().clean()
        if any(self.errors) or not self.instance.terms_id:
            return
        typed = [form.cleaned_data for form in self.kept_forms]
        refusals = total_breaches(
            self.instance.terms.limits,
            "cost",
            direct_yen=sum(row["direct_yen"] for row in typed),
            indirect_yen=sum(row["indirect_yen"] for row in typed),
        )
        errors = [refusal.error() for refusal in refusals]
        if errors:
            raise ValidationError(errors)
