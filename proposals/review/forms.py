"""What a reviewer typed: a declaration, a reason for declining, a review."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aspire.choices import offer
from aspire.refusals import Refusal
from aspire.untyped import Passed
from calls.models import Criterion
from proposals.record.models import Conflict
from proposals.review.decisions import SCALE, Draft

CLEAR = "clear"
NO_INTEREST = (CLEAR, _("I have none of these interests"))
INTERESTS = [
    (Conflict.Kind.KIN, _("relative of somebody named here")),
    (Conflict.Kind.SAME_INSTITUTION, _("same laboratory or company as somebody named here")),
    (Conflict.Kind.JOINT_WORK, _("joint work with somebody named here within 5 years")),
    (Conflict.Kind.TEACHER, _("supervisor or student of somebody named here")),
    (Conflict.Kind.OTHER, _("another interest, in words below")),
]
# A draft needs no comment.
OF_COMMENTS: dict[str, Any] = {"required": False, "max_length": 10_000, "widget": forms.Textarea({"rows": 7})}


class DeclarationForm(forms.Form):
    """No interest, or which; one that was cleared before can only add an interest."""

    kind = forms.ChoiceField(label=_("Your interest"), widget=forms.RadioSelect)
    words = forms.CharField(
        label=_("The interest in words"), required=False, max_length=500, widget=forms.Textarea({"rows": 3})
    )

    def __init__(self, data: QueryDict | None = None, *, is_clear: bool = False) -> None:
        super().__init__(data, auto_id="declare_%s")
        offer(self, "kind", INTERESTS if is_clear else [NO_INTEREST, *INTERESTS])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("kind") == Conflict.Kind.OTHER and not cleaned.get("words"):
            self.add_error("words", ValidationError(Refusal("conflict_other_in_words").sentence))
        return cleaned

    @property
    def declared(self) -> dict[str, str]:
        """The kind of interest, empty for none, and the words for it."""
        kind = self.cleaned_data["kind"]
        return {"kind": "", "words": ""} if kind == CLEAR else {"kind": kind, "words": self.cleaned_data["words"]}


class DeclineForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.TextInput({"autocomplete": "off"}))

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="decline_%s")


class ReviewForm(forms.Form):
    """A review: a score for each criterion and two comments, none of which a draft needs."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    comment_to_panel = forms.CharField(
        label=_("Comment to the panel"),
        help_text=_("Read by the lead reviewer, the managers and the office; never by the applicant."),
        **OF_COMMENTS,
    )
    comment_to_applicant = forms.CharField(
        label=_("Comment to the applicant"), help_text=_("Sent to the applicant without your name."), **OF_COMMENTS
    )

    def __init__(self, criteria: Sequence[Criterion], *args: Passed, **kwargs: Passed) -> None:
        super().__init__(*args, **kwargs)
        self.criteria = list(criteria)
        for criterion in self.criteria:
            self.fields[f"score_{criterion.pk}"] = score_field(criterion)

    @property
    def scores(self) -> list[tuple[Criterion, forms.BoundField]]:
        """Each criterion beside its field."""
        return [(criterion, self[f"score_{criterion.pk}"]) for criterion in self.criteria]

    @property
    def comments(self) -> list[forms.BoundField]:
        return [self["comment_to_panel"], self["comment_to_applicant"]]

    @property
    def draft(self) -> Draft:
        """What was typed."""
        typed = self.cleaned_data
        named = {criterion.pk: typed.get(f"score_{criterion.pk}") for criterion in self.criteria}
        scores = {criterion: int(value) for criterion, value in named.items() if value}
        return Draft(scores, typed["comment_to_panel"], typed["comment_to_applicant"])

    def anchors(self, names: Sequence[str]) -> list[tuple[str, str]]:
        """Fields by name: where each stands on the page, and what it is called there."""
        return [(f"field_{name}", str(self.fields[name].label)) for name in names]


def score_field(criterion: Criterion) -> forms.ChoiceField:
    words = [(str(value), gettext("%(score)s: %(words)s") % {"score": value, "words": word})
             for value, word in SCALE.items()]  # fmt: skip
    return forms.ChoiceField(label=criterion.name, required=False, choices=words, widget=forms.RadioSelect)


def initial_of(draft: Draft, version: int) -> dict[str, Any]:
    """A stored review as the form shows it first."""
    scores = {f"score_{criterion}": str(value) for criterion, value in draft.scores.items()}
    comments = {"comment_to_panel": draft.comment_to_panel, "comment_to_applicant": draft.comment_to_applicant}
    return {**scores, **comments, "version": version}
