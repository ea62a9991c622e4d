"""What one may ask of the list of proposals in its address, and what is said to a question it cannot answer."""

import datetime
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import BigIntegerField, Case, F, OuterRef, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, Extract
from django.utils.translation import gettext_lazy as _

from aspire.choices import remember_choices
from aspire.keyset import POSITION, counted
from aspire.untyped import Answered
from calls.models import Call, CallField, Field, Programme
from partners.models import Country, Funder
from proposals.assignment.stages import short_in
from proposals.record.models import FollowUp, Proposal
from proposals.record.querysets import ProposalQuerySet, corrected, logged
from proposals.record.status import COUNTED as COUNTED_STATUSES
from proposals.record.status import NOT_COUNTED as NOT_COUNTED_STATUSES
from proposals.record.status import Status

LARGEST_KEY = 2**63 - 1
# Days and years that an address may name: beyond them no proposal can be, and some days end outside all calendars.
DAY: dict[str, Any] = {
    "widget": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    "validators": [MinValueValidator(datetime.date(1900, 1, 1)), MaxValueValidator(datetime.date(2199, 12, 31))],
}
COUNTED, NOT_COUNTED = "counted", "not_counted"
NOT_STATED = "-"  # in the address: the proposals that state no institution
YEARS = {"min_value": 1900, "max_value": 2199}
# Where the address has no other filter than these, the kept tallies hold the answer.
KEPT = {
    "call": "call",
    "fiscal_year": "call__fiscal_year",
    "programme": "call__programme",
    "field": "field",
    "country": "primary_funder__country",
    "funder": "primary_funder",
}
OF_STATUS = {"status", "awarded"}
OF_CALLS = {"synthetic", "without"}
OF_ORDER = {"order"}
FLAGS = [
    ("late", _("accepted late")),
    ("complete", _("with a period and costs")),
    ("incomplete", _("without a period or costs")),
    ("short", _("short of reviewers")),
    ("undocumented", _("without an application to read")),
    ("further", _("with partners in further countries")),
    ("terms", _("that the terms now in force would refuse")),
    ("open", _("with open follow-ups")),
]
ORDER_CHOICES = [
    ("field", _("in the order of fields")),
    ("country", _("by country or region")),
    ("status", _("by status")),
    ("requested", _("largest request first")),
    ("awarded", _("largest award first")),
    ("received", _("received last first")),
]
STATUS_CHOICES = [(COUNTED, _("counted")), (NOT_COUNTED, _("left out of the counts")), *Status.choices]


def _largest(direct: str, indirect: str, **known: object) -> Case:
    """A key by which the largest sum (yen) comes first, and what is not known last."""
    total = Value(0) - Coalesce(F(direct), 0) - Coalesce(F(indirect), 0)
    return Case(When(is_reconstructed=False, **known, then=total), default=1, output_field=BigIntegerField())


PLACE_OF_FIELD = CallField.objects.filter(call=OuterRef("call"), field=OuterRef("field")).values("position")
# What else a list may be sorted by: the kind of its key, and the key.
ORDERS: dict[str, tuple[type, Any]] = {
    "field": (int, Coalesce(Subquery(PLACE_OF_FIELD), 0)),
    "country": (str, F("primary_funder__country__sort_key")),
    "status": (int, Case(*(When(status=one, then=place) for place, one in enumerate(Status)), default=len(Status))),
    "requested": (int, _largest("requested_direct_yen", "requested_indirect_yen")),
    "awarded": (int, _largest("award__awarded_direct_yen", "award__awarded_indirect_yen", status=Status.AWARDED)),
    "received": (int, Coalesce(Value(0) - Cast(Extract("received_at", "epoch"), BigIntegerField()), 1)),
}


def sorted_by(proposals: ProposalQuerySet, order: str) -> ProposalQuerySet:
    """Ready for the pages of a list by one of ``ORDERS``, and within equals newest call first, by number."""
    ordered: ProposalQuerySet = proposals.in_order().annotate(order_key=ORDERS[order][1])
    return ordered


class YearFilter(django_filters.NumberFilter):
    """Rows of one fiscal year, a whole number."""

    field_class = forms.IntegerField


def known_calls(codes: str) -> None:
    """Refuses codes, separated by commas, of which any names no call."""
    unknown = set(codes.split(",")) - set(Call.objects.values_list("code", flat=True))
    if unknown:
        raise ValidationError(_("There is no call %(codes)s."), params={"codes": ", ".join(sorted(unknown))})


class ProposalFilter(django_filters.FilterSet):
    """The filters of ``/proposals/``, by the codes that boards put into their links."""

    first = {"q", "call", "field", "country", "status"}  # those that always stand there

    q = django_filters.CharFilter(label=_("Search"), method="search")
    call = django_filters.ModelChoiceFilter(
        label=_("Call"), queryset=Call.objects.all(), to_field_name="code", method="of_call"
    )
    fiscal_year = YearFilter(label=_("Fiscal year"), field_name="call__fiscal_year", **YEARS)
    field = django_filters.ModelChoiceFilter(label=_("Field"), queryset=Field.objects.all(), to_field_name="code")
    country = django_filters.ModelChoiceFilter(
        label=_("Country or region"),
        queryset=Country.objects.in_gojuon_order(),
        to_field_name="alpha2",
        field_name="primary_funder__country",
    )
    funder = django_filters.ModelChoiceFilter(
        label=_("Funder"),
        queryset=Funder.objects.in_printed_order().select_related("country"),
        to_field_name="code",
        field_name="primary_funder",
    )
    status = django_filters.ChoiceFilter(label=_("Status"), choices=STATUS_CHOICES, method="with_status")
    awarded = django_filters.ChoiceFilter(
        label=_("Award"), choices=[("1", _("awarded")), ("0", _("not awarded"))], method="with_award"
    )

    involving = django_filters.ModelChoiceFilter(
        label=_("Involving a country"),
        queryset=Country.objects.in_gojuon_order(),
        to_field_name="alpha2",
        method="with_partners_in",
    )
    institution = django_filters.CharFilter(label=_("Institution"), method="with_institution")
    programme = django_filters.ModelChoiceFilter(
        label=_("Programme"), queryset=Programme.objects.all(), to_field_name="code", field_name="call__programme"
    )
    synthetic = django_filters.ChoiceFilter(
        label=_("Data"),
        choices=[("0", _("without synthetic ones")), ("1", _("synthetic ones only"))],
        method="with_synthetic",
    )
    without = django_filters.CharFilter(
        label=_("Without calls"),
        method="without_calls",
        validators=[known_calls],
        help_text=_("codes, separated by commas"),
    )
    terms = django_filters.NumberFilter(label=_("Terms no."), min_value=1, max_value=LARGEST_KEY)
    paid_in = YearFilter(label=_("Paid in fiscal year"), method="with_payment", **YEARS)
    received_since = django_filters.DateFilter(label=_("Received since"), method="with_receipt", **DAY)
    received_on = django_filters.DateFilter(label=_("Received on"), method="with_receipt_on", **DAY)
    logged_since = django_filters.DateFilter(label=_("Logged since"), method="with_logging", **DAY)
    corrected_since = django_filters.DateFilter(label=_("Corrected since"), method="with_correction", **DAY)
    flag = django_filters.ChoiceFilter(label=_("To follow up"), choices=FLAGS, method="with_flag")
    order = django_filters.ChoiceFilter(
        label=_("Order"), choices=ORDER_CHOICES, empty_label=_("by number"), method="in_any_order"
    )

    class Meta:
        model = Proposal
        fields = [
            "q",
            "call",
            "fiscal_year",
            "field",
            "country",
            "funder",
            "status",
            "awarded",
            "involving",
            "institution",
            "programme",
            "synthetic",
            "without",
            "terms",
            "paid_in",
            "received_since",
            "received_on",
            "logged_since",
            "corrected_since",
            "flag",
            "order",
        ]

    def search(self, proposals: ProposalQuerySet, _name: str, value: str) -> ProposalQuerySet:
        return proposals.search(value, by=getattr(self.request, "user", None))

    def of_call(self, proposals: ProposalQuerySet, _name: str, value: Call) -> ProposalQuerySet:
        return proposals.of_call(value)

    def with_status(self, proposals: ProposalQuerySet, _name: str, value: str) -> ProposalQuerySet:
        if value == COUNTED:
            return proposals.counted()
        if value == NOT_COUNTED:
            return proposals.not_counted()
        return proposals.filter(status=value)

    def with_award(self, proposals: ProposalQuerySet, _name: str, value: str) -> ProposalQuerySet:
        return proposals.filter(status=Status.AWARDED) if value == "1" else proposals.exclude(status=Status.AWARDED)

    def with_partners_in(self, proposals: ProposalQuerySet, _name: str, value: Country) -> ProposalQuerySet:
        return proposals.involving(value)

    def with_institution(self, proposals: ProposalQuerySet, _name: str, value: str) -> ProposalQuerySet:
        return proposals.of_institution("" if value == NOT_STATED else value)

    def with_synthetic(self, proposals: ProposalQuerySet, _name: str, value: str) -> ProposalQuerySet:
        return proposals.filter(call__is_synthetic=value == "1")

    def without_calls(self, proposals: ProposalQuerySet, _name: str, value: str) -> ProposalQuerySet:
        return proposals.exclude(call__code__in=value.split(","))

    def with_payment(self, proposals: ProposalQuerySet, _name: str, value: int) -> ProposalQuerySet:
        return proposals.paid_in(value)

    def with_receipt(self, proposals: ProposalQuerySet, _name: str, value: datetime.date) -> ProposalQuerySet:
        return proposals.received_since(value)

    def with_receipt_on(self, proposals: ProposalQuerySet, _name: str, value: datetime.date) -> ProposalQuerySet:
        return proposals.received_on(value)

    def with_logging(self, proposals: ProposalQuerySet, _name: str, value: datetime.date) -> ProposalQuerySet:
        return logged(proposals, value)

    def with_correction(self, proposals: ProposalQuerySet, _name: str, value: datetime.date) -> ProposalQuerySet:
        return corrected(proposals, value)

    def with_flag(self, proposals: ProposalQuerySet, _name: str, value: str) -> ProposalQuerySet:
        if value == "short":
            return proposals.filter(pk__in=short_in(Call.objects.all()).values("pk"))
        if value == "open":
            return proposals.filter(pk__in=FollowUp.objects.open().values("proposal"))
        flagged = {
            "late": proposals.late,
            "complete": proposals.complete,
            "incomplete": proposals.incomplete,
            "undocumented": proposals.without_application,
            "further": proposals.in_further_countries,
            "terms": proposals.beyond_current_terms,
        }
        return flagged[value]()

    def in_any_order(self, proposals: ProposalQuerySet, _name: str, _value: str) -> ProposalQuerySet:
        """The same rows: the page puts them in order."""
        return proposals

    @property
    def form(self) -> Answered:
        if not hasattr(self, "_form"):
            remember_choices(super().form)
        return super().form

    @property
    def problems(self) -> list[str]:
        """What in the address could not be understood, one sentence each; unknown names among them."""
        found = [f"{self.form.fields[name].label}: {' '.join(messages)}" for name, messages in self.form.errors.items()]
        unknown = set(self.data) - set(self.filters) - {"page", *POSITION}
        return found + [str(_("There is no filter called “%(name)s”.")) % {"name": name} for name in sorted(unknown)]

    @property
    def asks_unpublished_cross(self) -> bool:
        """Whether it crosses field or outcome with country or funder, which no source holds for reconstructed rows."""
        asked = {name for name, value in self.form.cleaned_data.items() if value}
        is_outcome = self.form.cleaned_data.get("status") in {Status.AWARDED, Status.DECLINED}
        return bool(asked & {"country", "funder", "involving", "q"}) and (
            bool(asked & {"field", "awarded"}) or is_outcome
        )

    @property
    def asked(self) -> dict[str, Any]:
        """What was understood, without the empty ones."""
        self.form.is_valid()
        return {name: value for name, value in self.form.cleaned_data.items() if value not in (None, "")}

    @property
    def asks_more(self) -> bool:
        """Whether any of the rest is asked; a heading of the table asks for an order too."""
        return bool(self.asked.keys() - self.first - OF_ORDER)

    @property
    def chips(self) -> list[tuple[str, str, str]]:
        """Each filter in force: what it is called, what is asked, and the address without it."""
        found = []
        for name, value in self.asked.items():
            rest = self.data.copy()
            for gone in (name, "page", *POSITION):
                rest.pop(gone, None)
            words = dict(getattr(self.filters[name], "extra", {}).get("choices") or ())
            found.append((str(self.form.fields[name].label), str(words.get(value, value)), f"?{rest.urlencode()}"))
        return found

    @property
    def in_address(self) -> dict[str, str]:
        """The same as the address has it."""
        return {name: self.data[name] for name in self.asked}

    @property
    def statuses(self) -> tuple[Status, ...] | None:
        """The statuses that the address asks for; None where it asks for any."""
        status, awarded = self.asked.get("status"), self.asked.get("awarded")
        if status is None and awarded is None:
            return None
        named = {None: tuple(Status), COUNTED: COUNTED_STATUSES, NOT_COUNTED: NOT_COUNTED_STATUSES}
        chosen = named[status] if status in named else (Status(str(status)),)
        return tuple(one for one in chosen if awarded is None or (one == Status.AWARDED) == (awarded == "1"))

    @property
    def kept(self) -> dict[str, Any] | None:
        """The question as lookups of the kept tallies; None where it goes past them."""
        if not self.asked.keys() <= KEPT.keys() | OF_STATUS | OF_CALLS | OF_ORDER:
            return None
        found = {KEPT[name]: value for name, value in self.asked.items() if name in KEPT}
        if "synthetic" in self.asked:
            found["call__is_synthetic"] = self.asked["synthetic"] == "1"
        if "without" in self.asked:
            found["call__in"] = Call.objects.exclude(code__in=self.asked["without"].split(","))
        return found if self.statuses is None else found | {"status__in": self.statuses}

    def number(self) -> int:
        """How many match, as far as ``counted`` counts; exact where the kept tallies know."""
        if self.kept is None:
            return counted(self.answer())
        return sum(
            cell["proposals"]
            for cell in self.queryset.cells_by("status", by_lines=self.queryset.is_whole(), **self.kept)
        )

    def answer(self) -> ProposalQuerySet:
        """The proposals asked for; where part of the question is malformed, the understood part of it decides."""
        proposals: ProposalQuerySet = self.queryset
        self.form.is_valid()
        for name, value in self.form.cleaned_data.items():
            proposals = self.filters[name].filter(proposals, value)
        return proposals
