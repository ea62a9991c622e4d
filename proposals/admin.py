"""How officers see and edit proposals and awards: fieldsets in the order of the paper form."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aspire import keyset
from aspire.people import Person
from aspire.records import RefusingAdmin, Rows
from aspire.untyped import Answered, Passed
from aspire.yen import exact, readable
from calls.models import Call
from proposals.intake.forms import AnnualCostFormSet, ProposalForm, WithinCallSelect
from proposals.record.models import AnnualAward, AnnualCost, Award, Counterpart, Proposal, Reviewer
from proposals.record.querysets import NEWEST_CALL

NOTHING = "\u2015"


class AnnualCostInline(Rows):
    model = AnnualCost
    formset = AnnualCostFormSet
    fields = ["fiscal_year", "direct_yen", "indirect_yen", "total", "remaining"]
    readonly_fields = ["total", "remaining"]
    read_with = ["proposal__terms"]

    @admin.display(description=_("total (yen)"))
    def total(self, cost: AnnualCost) -> str:
        return exact(cost.total_yen) if cost.pk else NOTHING

    @admin.display(description=_("left under the ceiling (yen)"))
    def remaining(self, cost: AnnualCost) -> str:
        if not cost.pk:
            return NOTHING
        return exact(cost.proposal.terms.limits.remaining_yen(cost.direct_yen, cost.indirect_yen))


class CounterpartInline(Rows):
    model = Counterpart
    read_with = ["country", "funder__country"]
    fields = ["country", "funder", "person", "email", "institution"]  # grants are kept on the proposal's own form
    autocomplete_fields = ["country", "funder"]


class ProposalList(ChangeList):
    """Divides by days what is counted to its end; to find the days of more would read every one of them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if self.result_count >= keyset.ADMIN_COUNTED_UP_TO:
            self.date_hierarchy = None


@admin.register(Proposal)
class ProposalAdmin(RefusingAdmin):
    form = ProposalForm
    list_display = ["number", "short_title", "principal_investigator", "field", "primary_funder", "requested", "status"]
    list_display_links = ["number", "short_title"]
    list_filter = ["call", "status", "field", "primary_funder__country"]
    search_fields = ["search_key"]
    search_help_text = _("number, title, name, reading, institution, funder or country; in any width or kana")
    ordering = ["call", "number"]
    date_hierarchy = "received_at"
    inlines = [AnnualCostInline, CounterpartInline]
    fieldsets = [
        (
            _("Receipt"),
            {
                "fields": [
                    "call",
                    "number",
                    "status",
                    "received_at",
                    "late_reason",
                    ("set_aside_on", "set_aside_reason"),
                    "pinned_terms",
                    "is_reconstructed",
                ]
            },
        ),
        (
            _("Project"),
            {
                "fields": [
                    *("title_ja", "title_en", "field", ("starts_on", "ends_on"), "requested_exact"),
                    *("abstract_ja", "abstract_en", "keywords", "erad_project_id"),
                ]
            },
        ),
        (
            _("Principal investigator"),
            {
                "fields": [
                    ("principal_investigator", "principal_investigator_reading"),
                    "principal_investigator_en",
                    ("researcher_number", "institution"),
                    "email",
                ]
            },
        ),
        (_("Partner abroad"), {"fields": ["primary_funder", "funder_reason"]}),
        (_("Young researchers"), {"fields": ["young_researcher_plan"]}),
    ]

    class Media:
        js = ["aspire/proposal_form.js"]

    def get_fieldsets(self, request: HttpRequest, obj: Proposal | None = None) -> Answered:
        """Only a reconstructed proposal says that it is one."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj and obj.is_reconstructed:
            return fieldsets
        shown = [(name, [f for f in of["fields"] if f != "is_reconstructed"]) for name, of in fieldsets]
        return [(name, {"fields": fields}) for name, fields in shown]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Proposal]:
        return Proposal.objects.visible_to(cast(Person, request.user)).for_list().select_related("terms__call")

    def get_ordering(self, request: HttpRequest) -> Answered:
        """As the list of proposals goes."""
        return [NEWEST_CALL.asc(), "number"]

    def get_changelist(self, request: HttpRequest, **kwargs: Passed) -> type[ChangeList]:
        return ProposalList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, which says where its rows are not of real proposals."""
        marks = {
            "has_synthetic": Call.objects.filter(is_synthetic=True).exists(),
            "has_reconstructed": any(
                cell["reconstructed"] for cell in Proposal.objects.cells_by("call", by_lines=True)
            ),
        }
        return super().changelist_view(request, {**(extra_context or {}), **marks})

    def get_search_results(self, request: HttpRequest, queryset: Passed, search_term: str) -> tuple[QuerySet, bool]:
        return queryset.search(search_term), False

    def get_readonly_fields(self, request: HttpRequest, obj: Proposal | None = None) -> list[str]:
        computed = ["pinned_terms", "is_reconstructed", "requested_exact"]
        return [*computed, "call"] if obj else computed

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"received_at": timezone.now(), **super().get_changeform_initial_data(request)}

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Passed) -> Answered:
        if db_field.name in {"field", "primary_funder"}:
            kwargs["widget"] = WithinCallSelect(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description=_("title"), ordering="title_ja")
    def short_title(self, proposal: Proposal) -> str:
        return proposal.title or (gettext("(reconstructed)") if proposal.is_reconstructed else NOTHING)

    @admin.display(description=_("requested"), ordering="requested_direct_yen")
    def requested(self, proposal: Proposal) -> str:
        return readable(proposal.requested_yen) if proposal.requested_yen else NOTHING

    @admin.display(description=_("requested in all (yen)"))
    def requested_exact(self, proposal: Proposal) -> str:
        if not proposal.pk:
            return NOTHING
        limit = proposal.terms.limits.total_ceiling_yen
        return gettext("%(yen)s of at most %(limit)s") % {"yen": exact(proposal.requested_yen), "limit": exact(limit)}

    @admin.display(description=_("terms"))
    def pinned_terms(self, proposal: Proposal) -> str:
        if not proposal.terms_id:
            return gettext("pinned when the proposal is saved")
        limits = proposal.terms.limits
        values = {"yen": exact(limits.annual_ceiling_yen), "months": limits.max_months}
        return gettext("at most ¥%(yen)s a fiscal year, %(months)s months") % values


class AnnualAwardInline(Rows):
    model = AnnualAward
    can_delete = False


@admin.register(Award)
class AwardAdmin(RefusingAdmin):
    list_display = ["proposal", "call", "awarded", "awarded_on"]
    list_filter = ["proposal__call"]
    list_select_related = ["proposal__call"]
    search_fields = ["proposal__search_key"]
    autocomplete_fields = ["proposal"]
    inlines = [AnnualAwardInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Award]:
        """Less the awards of proposals that a conflict of interest hides."""
        return (
            super().get_queryset(request).filter(proposal__in=Proposal.objects.visible_to(cast(Person, request.user)))
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Award | None = None) -> list[str]:
        return ["proposal", "awarded"] if obj else ["awarded"]

    @admin.display(description=_("call"))
    def call(self, award: Award) -> str:
        return award.proposal.call.code

    @admin.display(description=_("awarded in all (yen)"))
    def awarded(self, award: Award) -> str:
        return exact(award.awarded_yen) if award.pk and award.awarded_yen else NOTHING


@admin.register(Reviewer)
class ReviewerAdmin(RefusingAdmin):
    list_display = ["name_ja", "institution", "researcher_number"]
    search_fields = ["name_ja", "name_en", "reading", "institution"]
    filter_horizontal = ["fields"]
    fields = ["user", "name_ja", "name_en", "reading", "researcher_number", "institution", "fields"]
