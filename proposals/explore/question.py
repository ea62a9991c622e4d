"""What a reader asks: two dimensions, a measure, a counting rule, an order, and filters as those of the list."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aspire.choices import offer
from aspire.people import Person
from aspire.records import RefusingForm
from aspire.untyped import Answered
from calls.hidden import withheld_from
from proposals.explore.dimensions import COUNTRY, DIMENSIONS, INSTITUTION, Dimension
from proposals.filters import ProposalFilter
from proposals.record.models import Proposal, SavedView
from proposals.record.querysets import ProposalQuerySet, conflicts_of, withheld
from proposals.record.status import Status
from proposals.tallies.counts import Tallies
from proposals.tallies.figures import rows_url

MEASURES = [
    ("proposals", _("proposals")),
    ("awards", _("awards")),
    ("rate", _("rate")),
    ("requested_yen", _("yen requested")),
    ("awarded_yen", _("yen awarded")),
]
OF_AWARDS = {"awards", "awarded_yen"}
PRIMARY, INVOLVING = "primary", "involving"
RULES = [
    (PRIMARY, _("under the country of the primary funder")),
    (INVOLVING, _("proposals involving a country, counterparts included")),
]
DEFAULTS = {"row": COUNTRY.key, "column": "", "measure": "proposals", "rule": PRIMARY, "sort": "", "heat": ""}
# The filters that the page offers; the others of the list are kept where the address has them.
OFFERED = ("call", "fiscal_year", "country", "funder", "field", "status", "institution", "involving")


class QuestionForm(forms.Form):
    """Row, column, measure and rule; what cannot be understood falls back to how the page opens."""

    row = forms.ChoiceField(label=_("Rows"))
    column = forms.ChoiceField(label=_("Columns"), required=False)
    measure = forms.ChoiceField(label=_("Measure"), choices=MEASURES)
    rule = forms.ChoiceField(label=_("Countries counted"), choices=RULES)
    heat = forms.BooleanField(label=_("Colour the cells"), required=False)
    sort = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, asked: dict[str, str]) -> None:
        super().__init__(DEFAULTS | asked)
        choices = [(dimension.key, dimension.label) for dimension in DIMENSIONS.values()]
        offer(self, "row", choices)
        offer(self, "column", [("", _("one column only")), *choices])


@dataclass
class Question:
    """One address of the page, understood."""

    asked: QueryDict
    proposals: ProposalQuerySet  # those the reader may see
    request: HttpRequest

    @cached_property
    def form(self) -> QuestionForm:
        own = {name: str(self.asked[name]) for name in DEFAULTS if name in self.asked}
        return QuestionForm(own)

    @cached_property
    def filter(self) -> ProposalFilter:
        rest = self.asked.copy()
        for name in (*DEFAULTS, "page"):
            rest.pop(name, None)
        return ProposalFilter(rest, queryset=self.proposals, request=self.request)

    @cached_property
    def problems(self) -> list[str]:
        """What in the address could not be understood, one sentence each."""
        found = [
            f"{self.form.fields[name].label}: {' '.join(map(str, said))}" for name, said in self.form.errors.items()
        ]
        return found + self.filter.problems

    def _chosen(self, name: str) -> str:
        self.form.is_valid()
        value = self.form.cleaned_data.get(name, DEFAULTS[name])
        return str(value) if value else DEFAULTS[name]

    @cached_property
    def row(self) -> Dimension:
        return self._dimensions[0]

    @cached_property
    def column(self) -> Dimension | None:
        return self._dimensions[1]

    @property
    def _dimensions(self) -> tuple[Dimension, Dimension | None]:
        """Institutions are too many for columns, so they always make the rows."""
        row, column = DIMENSIONS[self._chosen("row")], DIMENSIONS.get(self._chosen("column"))
        if column is None or column is row:
            return row, None
        return (column, row) if column is INSTITUTION else (row, column)

    @property
    def dimensions(self) -> list[Dimension]:
        return [self.row, self.column] if self.column else [self.row]

    @cached_property
    def measure(self) -> str:
        return self._chosen("measure")

    @cached_property
    def is_involving(self) -> bool:
        """Whether a country also counts the proposals of its counterparts."""
        return self._chosen("rule") == INVOLVING and COUNTRY in self.dimensions

    @property
    def sort(self) -> str:
        return self._chosen("sort")

    @property
    def has_heat(self) -> bool:
        return bool(self._chosen("heat"))

    @cached_property
    def filters(self) -> dict[str, Any]:
        """What the list's filters understood, without the empty ones."""
        return self.filter.asked

    @property
    def has_own_statuses(self) -> bool:
        """Whether the address says which statuses count, instead of all that tallies count."""
        return "status" in self.filters

    @property
    def kind(self) -> str:
        """How wide its cells are: those of a heat map as narrow as their numbers, so that all of it is in sight."""
        if not self.column:
            return ""
        return "figures--heat" if self.has_heat else "figures--wide"

    @property
    def kept(self) -> dict[str, Any] | None:
        """The filters as lookups of the kept tallies; None where these do not hold the answer."""
        is_kept = not self.is_involving and all(dimension.is_kept for dimension in self.dimensions)
        return self.filter.kept if is_kept else None

    def matching(self) -> ProposalQuerySet:
        """The proposals that the filters leave, of whatever status where the address names none."""
        return self.filter.answer()

    @property
    def offered(self) -> list[forms.BoundField]:
        return [self.filter.form[name] for name in OFFERED]

    @property
    def kept_along(self) -> dict[str, str]:
        """Filters in the address that the page does not offer."""
        return {name: text for name, text in self.filter.in_address.items() if name not in OFFERED}

    # --- addresses ---------------------------------------------------------------------------------------------

    def without(self, calls: Iterable[str]) -> dict[str, str]:
        """The filter that leaves calls out of a list, besides those that the address leaves out."""
        codes = [*filter(None, self.filter.in_address.get("without", "").split(",")), *calls]
        return {"without": ",".join(dict.fromkeys(codes))} if codes else {}

    def rows(self, **codes: str) -> str:
        """The list of exactly the proposals behind a number; of awards, those awarded."""
        return self.proposals_of(**({"awarded": "1"} if self.measure in OF_AWARDS else {}), **codes)

    def proposals_of(self, **codes: str) -> str:
        """The list of the proposals at a place of the table, awarded or not."""
        country = codes.pop(COUNTRY.key, None)
        if country:
            codes[INVOLVING if self.is_involving else COUNTRY.key] = country
        return self.other_rows(**codes)

    def other_rows(self, **codes: str) -> str:
        """The list of what matches the filters and something more, whatever the measure."""
        return rows_url(**{**self.filter.in_address, **codes})

    def address(self, **changed: str) -> str:
        """This page with part of the question changed."""
        parts = {name: self._chosen(name) for name in DEFAULTS} | self.filter.in_address | changed
        parts = {name: value for name, value in parts.items() if value != DEFAULTS.get(name, "")}
        return f"{reverse('explore:index')}?{urlencode(parts)}" if parts else reverse("explore:index")

    @property
    def keeping(self) -> str:
        """The page that keeps this question under a name."""
        return self.address().replace(reverse("explore:index"), reverse("explore:keep"), 1)

    @property
    def freezing(self) -> str:
        """The page that freezes its answer of now."""
        return self.address().replace(reverse("explore:index"), reverse("briefings:freeze_explored"), 1)


def sees_all(question: Question, user: Person) -> bool:
    """Whether nothing that answers the question is hidden from the person, by conflict of interest or embargo."""
    conflicts, calls = conflicts_of(user), withheld_from(user)
    if not (conflicts or calls):
        return True
    hidden = Proposal.objects.filter(Q(pk__in=conflicts) | (withheld(calls) if calls else Q(pk__in=[])))
    return not Question(question.asked, hidden, question.request).matching().exists()


# --- which figures of a reconstructed call its source states ---------------------------------------------------------

YEN = {"requested_yen", "awarded_yen"}
OUTCOME = {"awards", "rate"}
# What every proposal of a call shares, so that asking for it crosses nothing.
OF_THE_CALL = {"call", "fiscal_year", "programme", "synthetic", "without"}
PRINTED = {
    frozenset[str](): "",
    frozenset({"country"}): "country",
    frozenset({"funder"}): "country_funder",
    frozenset({"country", "funder"}): "country_funder",
    frozenset({"field"}): "field",
}


def states(tallies: Tallies, question: Question, dimensions: Iterable[Dimension]) -> bool:
    """Whether the source of a reconstructed call states the measure by these dimensions under the filters."""
    if question.measure in YEN or question.is_involving:
        return False
    names = {dimension.key for dimension in dimensions} | set(question.filters)
    is_outcome = question.measure in OUTCOME or "awarded" in names or ("status" in names and asks_outcome(question))
    table = PRINTED.get(frozenset(names - OF_THE_CALL - {"status", "awarded"}))
    return table is not None and tallies.states(table, "awards" if is_outcome else "proposals")


def asks_outcome(question: Question) -> bool:
    """Whether statuses are told apart by more than being counted."""
    return question.filters.get("status") in set(Status) or any(one.key == "status" for one in question.dimensions)


class SavedViewForm(RefusingForm):
    """Its name, and whether the others see it too."""

    class Meta:
        model = SavedView
        fields = ["name", "is_shared"]

    def _get_validation_exclusions(self) -> Answered:
        """A name is once a person, whom the form does not show."""
        return super()._get_validation_exclusions() - {"owner"}  # type: ignore[misc]
