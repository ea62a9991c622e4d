"""What one may ask of the list of proposals in its address, and what is said to a question it cannot answer."""

import django_filters
from django.utils.translation import gettext_lazy as _

from calls.models import Call, Field
from partners.models import Country, Funder
from proposals.models import Proposal
from proposals.querysets import ProposalQuerySet
from proposals.status import Status

COUNTED, NOT_COUNTED = "counted", "not_counted"
STATUS_CHOICES = [(COUNTED, _("counted in tallies")), (NOT_COUNTED, _("left out of tallies")), *Status.choices]


class ProposalFilter(django_filters.FilterSet):  # type: ignore[misc]
    """The filters of ``/proposals/``, by the codes that boards put into their links."""

    q = django_filters.CharFilter(label=_("Search"), method="search")
    call = django_filters.ModelChoiceFilter(label=_("Call"), queryset=Call.objects.all(), to_field_name="code")
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

    class Meta:
        model = Proposal
        fields = ["q", "call", "field", "country", "funder", "status", "awarded"]

    def search(self, proposals: ProposalQuerySet, _name: str, value: str) -> ProposalQuerySet:
        return proposals.search(value)

    def with_status(self, proposals: ProposalQuerySet, _name: str, value: str) -> ProposalQuerySet:
        if value == COUNTED:
            return proposals.counted()
        if value == NOT_COUNTED:
            return proposals.not_counted()
        return proposals.filter(status=value)

    def with_award(self, proposals: ProposalQuerySet, _name: str, value: str) -> ProposalQuerySet:
        return proposals.filter(award__isnull=value == "0")

    @property
    def problems(self) -> list[str]:
        """What in the address could not be understood, one sentence each; unknown names among them."""
        found = [f"{self.form.fields[name].label}: {' '.join(messages)}" for name, messages in self.form.errors.items()]
        unknown = set(self.data) - set(self.filters) - {"page"}
        return found + [str(_("There is no filter called “%(name)s”.")) % {"name": name} for name in sorted(unknown)]

    @property
    def asks_unpublished_cross(self) -> bool:
        """Whether it crosses field or outcome with country or funder, which no source holds for reconstructed rows."""
        asked = {name for name, value in self.form.cleaned_data.items() if value}
        is_outcome = self.form.cleaned_data.get("status") in {Status.AWARDED, Status.DECLINED}
        return bool(asked & {"country", "funder", "q"}) and (bool(asked & {"field", "awarded"}) or is_outcome)

    def answer(self) -> ProposalQuerySet:
        """The proposals asked for; where part of the question is malformed, the understood part of it decides."""
        proposals: ProposalQuerySet = self.queryset
        self.form.is_valid()
        for name, value in self.form.cleaned_data.items():
            proposals = self.filters[name].filter(proposals, value)
        return proposals
