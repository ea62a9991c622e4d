"""How staff see and edit calls."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aspire.records import RefusingAdmin, RefusingForm
from aspire.roles import Role
from aspire.templatetags.figures import day, fiscal
from aspire.yen import exact, readable
from calls.embargo import withheld_from
from calls.models import (
    Call,
    CallField,
    Criterion,
    EligibleFunder,
    Field,
    PotSlice,
    Programme,
    PublishedFigure,
    Terms,
)


def is_withheld(request: HttpRequest, call: str) -> Case:
    """Whether the results of the row's call are withheld from whoever asks."""
    return Case(When(**{f"{call}__in": list(withheld_from(request.user))}, then=Value(True)), default=Value(False))


class CallFieldInline(admin.TabularInline):  # type: ignore[type-arg]
    model = CallField
    form = RefusingForm
    extra = 0
    fields = ["position", "field", "label_as_printed", "lead_reviewer"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "lead_reviewer":
            kwargs["queryset"] = User.objects.filter(groups__name=Role.REVIEWER, is_active=True).order_by("username")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class CriterionInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Criterion
    form = RefusingForm
    extra = 0


class PotSliceInline(admin.TabularInline):  # type: ignore[type-arg]
    model = PotSlice
    form = RefusingForm
    extra = 0
    fields = ["fiscal_year", "limit_yen", "taken"]
    readonly_fields = ["taken"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(is_withheld=is_withheld(request, "call"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not under embargo: what a slice may fall to would tell what is taken from it."""
        return super().has_change_permission(request, obj) and not (obj and obj.pk in withheld_from(request.user))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and not (obj and obj.pk in withheld_from(request.user))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.pk in withheld_from(request.user))

    @admin.display(description=_("taken so far (yen)"))
    def taken(self, place: PotSlice) -> str:
        if getattr(place, "is_withheld", False):
            return gettext("under embargo")
        return exact(place.taken_yen) if place.pk else "\u2015"


class TermsInline(admin.StackedInline):  # type: ignore[type-arg]
    """The terms of a call. Those in use are frozen: new terms are added beside them."""

    model = Terms
    form = RefusingForm
    extra = 0
    fieldsets = [
        (None, {"fields": ["annual_ceiling_yen", "max_months", "indirect_included", "indirect_percent"]}),
        (_("Where they come from"), {"fields": ["source", "source_en", "assumptions_ja", "assumptions_en"]}),
    ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class EligibleFunderInline(admin.TabularInline):  # type: ignore[type-arg]
    model = EligibleFunder
    form = RefusingForm
    extra = 0
    autocomplete_fields = ["funder"]


@admin.register(Call)
class CallAdmin(RefusingAdmin):
    list_display = ["code", "name_ja", "programme", "year", "stage_now", "pot"]
    list_display_links = ["code", "name_ja"]
    list_filter = ["programme", "fiscal_year"]
    list_select_related = ["programme"]
    search_fields = ["code", "name_ja", "name_en"]
    readonly_fields = ["progress", "stage_now", "awarded"]
    inlines = [CallFieldInline, TermsInline, PotSliceInline, CriterionInline, EligibleFunderInline]
    fieldsets = [
        (None, {"fields": ["code", "programme", "fiscal_year", "name_ja", "name_en"]}),
        (_("Window and stage"), {"fields": ["opens_at", "closes_at", "progress", "stage_now", "embargo_until"]}),
        (_("Money"), {"fields": ["pot_yen", "max_awards", "awarded"]}),
        (
            _("Outline"),
            {
                "fields": [
                    *("supported_ja", "supported_en", "partners_ja", "partners_en"),
                    *("fields_note_ja", "fields_note_en", "is_synthetic"),
                ]
            },
        ),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Once results wait for its end, an embargo is the managers' to move.

        Until then nor does the pot move for whom results are withheld: how far it may fall would tell what is taken.
        """
        found = super().get_readonly_fields(request, obj)
        waits = obj is not None and Call.objects.under_embargo(at=timezone.now()).filter(pk=obj.pk).exists()
        told = ["pot_yen", "max_awards"] if obj is not None and obj.pk in withheld_from(request.user) else []
        return [*found, *(["embargo_until"] if waits else []), *told]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(is_withheld=is_withheld(request, "pk"))

    @admin.display(description=_("fiscal year"), ordering="fiscal_year")
    def year(self, call: Call) -> str:
        return fiscal(call.fiscal_year)

    @admin.display(description=_("stage today"))
    def stage_now(self, call: Call) -> str:
        return str(call.stage(at=timezone.now()).label) if call.pk else "\u2015"

    @admin.display(description=_("pot"), ordering="pot_yen")
    def pot(self, call: Call) -> str:
        return readable(call.pot_yen) if call.pot_yen is not None else "\u2015"

    @admin.display(description=_("staged and released awards"))
    def awarded(self, call: Call) -> str:
        if getattr(call, "is_withheld", False):
            return gettext("under embargo until %(at)s") % {"at": day(call.embargo_until)}
        return _("%(count)s awards, ¥%(yen)s") % {"count": call.taken_count, "yen": exact(call.taken_yen)}


@admin.register(Field)
class FieldAdmin(RefusingAdmin):
    list_display = ["code", "name_ja", "name_en"]
    search_fields = ["code", "name_ja", "name_en"]

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """For a proposal's form (``?call=``), only the fields of the call; all where it names none."""
        found, has_duplicates = super().get_search_results(request, queryset, search_term)
        call = request.GET.get("call", "")
        if call.isdecimal():
            of_call = found.filter(call_fields__call=call).order_by("call_fields__position")
            found = of_call if queryset.filter(call_fields__call=call).exists() else found
        return found, has_duplicates


@admin.register(Programme)
class ProgrammeAdmin(RefusingAdmin):
    list_display = ["code", "name_ja", "budget_source_ja", "fund"]

    @admin.display(description=_("fund"), ordering="fund_yen")
    def fund(self, programme: Programme) -> str:
        return readable(programme.fund_yen) if programme.fund_yen is not None else "\u2015"


@admin.register(PublishedFigure)
class PublishedFigureAdmin(RefusingAdmin):
    list_display = ["position", "call", "measure", "dimension", "label_as_printed", "value", "status", "source"]
    list_display_links = ["position", "label_as_printed"]
    list_filter = ["call", "measure", "dimension"]
    list_select_related = ["call"]
    search_fields = ["label_as_printed", "source"]
