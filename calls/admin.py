"""How staff see and edit calls."""

from collections.abc import Sequence
from typing import cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Case, ForeignKey, Model, QuerySet, Value, When
from django.forms import BaseModelFormSet, ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aspire.keyset import key_of
from aspire.records import RefusingAdmin, RefusingForm, Rows
from aspire.roles import Role
from aspire.templatetags.figures import day, fiscal
from aspire.untyped import Answered, Passed
from aspire.yen import exact, readable
from calls.hidden import is_partly_hidden, partly_hidden_from, withheld_from
from calls.lacking import lacking
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


def why_hidden(request: HttpRequest, call: str) -> Case:
    """By what part of the row's call is hidden from whoever asks, who then is not told what its awards take."""
    by = {"embargo": list(withheld_from(request.user)), "conflict": list(partly_hidden_from(request.user))}
    hidden = [When(**{f"{call}__in": calls}, then=Value(why)) for why, calls in by.items()]
    return Case(*hidden, default=Value(""))


class KeptFromTheBlind(Rows):
    """Rows that do not move for whom part of the call is hidden: what may become of them would tell of that part."""

    def has_change_permission(self, request: HttpRequest, obj: Call | None = None) -> bool:
        return super().has_change_permission(request, obj) and not is_blind(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Call | None = None) -> bool:
        return super().has_add_permission(request, obj) and not is_blind(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Call | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not is_blind(request, obj)


def is_blind(request: HttpRequest, call: Call | None) -> bool:
    """Whether part of the call is hidden from whoever asks."""
    return call is not None and is_partly_hidden(call, request.user)


class CallFieldInline(KeptFromTheBlind):
    model = CallField
    read_with = ["field"]
    fields = ["position", "field", "label_as_printed", "lead_reviewer"]

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Passed) -> Answered:
        if db_field.name == "lead_reviewer":
            kwargs["queryset"] = User.objects.filter(groups__name=Role.REVIEWER, is_active=True).order_by("username")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class CriterionInline(KeptFromTheBlind):
    model = Criterion


class PotSliceInline(KeptFromTheBlind):
    model = PotSlice
    read_with = ["call"]
    fields = ["fiscal_year", "limit_yen", "taken"]
    readonly_fields = ["taken"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        found: QuerySet = super().get_queryset(request).annotate(why_hidden=why_hidden(request, "call"))
        return found

    @admin.display(description=_("taken so far (yen)"))
    def taken(self, place: PotSlice) -> str:
        if why := getattr(place, "why_hidden", ""):
            return gettext("under embargo") if why == "embargo" else gettext("not shown to you")
        return exact(place.taken_yen) if place.pk else "\u2015"


class TermsInline(admin.StackedInline):
    """The terms of a call. Those in use are frozen: new terms are added beside them."""

    model = Terms
    form = RefusingForm
    extra = 0
    fieldsets = [
        (None, {"fields": ["annual_ceiling_yen", "max_months", "indirect_included", "indirect_percent"]}),
        (_("Where they come from"), {"fields": ["source", "source_en", "assumptions_ja", "assumptions_en"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("call")

    def has_delete_permission(self, request: HttpRequest, obj: Call | None = None) -> bool:
        return False


class EligibleFunderInline(Rows):
    model = EligibleFunder
    read_with = ["funder__country"]
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
        (_("Files"), {"fields": ["own_numbers"]}),
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

    def get_readonly_fields(self, request: HttpRequest, obj: Call | None = None) -> list[str]:
        """Once results wait for its end, an embargo is the managers' to move.

        Nor do pot and window move for whom part of the call is hidden: how far they may would tell of that part.
        """
        found = super().get_readonly_fields(request, obj)
        waits = obj is not None and Call.objects.under_embargo(at=timezone.now()).filter(pk=obj.pk).exists()
        told = ["opens_at", "closes_at", "pot_yen", "max_awards"] if is_blind(request, obj) else []
        return [*found, *(["embargo_until"] if waits else []), *told]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        found: QuerySet = super().get_queryset(request).annotate(why_hidden=why_hidden(request, "pk"))
        return found

    def save_related(
        self, request: HttpRequest, form: ModelForm, formsets: Sequence[BaseModelFormSet], change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        for sentence in lacking(form.instance):
            messages.warning(request, sentence)

    @admin.display(description=_("fiscal year"), ordering="fiscal_year")
    def year(self, call: Call) -> str:
        return fiscal(call.fiscal_year)

    @admin.display(description=_("stage today"))
    def stage_now(self, call: Call) -> str:
        return str(call.stage(at=timezone.now()).label) if call.pk else "\u2015"

    @admin.display(description=_("budget"), ordering="pot_yen")
    def pot(self, call: Call) -> str:
        return readable(call.pot_yen) if call.pot_yen is not None else "\u2015"

    @admin.display(description=_("staged and released awards"))
    def awarded(self, call: Call) -> str:
        why = getattr(call, "why_hidden", "")
        if why == "embargo":
            return gettext("under embargo until %(at)s") % {"at": day(call.embargo_until)}
        if why:
            return gettext("not shown to you: a conflict of interest hides part of the call")
        return _("%(count)s awards, ¥%(yen)s") % {"count": call.taken_count, "yen": exact(call.taken_yen)}


@admin.register(Field)
class FieldAdmin(RefusingAdmin):
    list_display = ["code", "name_ja", "name_en"]
    search_fields = ["code", "name_ja", "name_en"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Model], search_term: str
    ) -> tuple[QuerySet[Model], bool]:
        """For a proposal's form (``?call=``), only the fields of the call; all where it names none."""
        found, has_duplicates = super().get_search_results(request, queryset, search_term)
        if call := key_of(request.GET.get("call")):
            of_call = found.filter(call_fields__call=call).order_by("call_fields__position")
            found = of_call if queryset.filter(call_fields__call=call).exists() else found
        return found, has_duplicates


@admin.register(Programme)
class ProgrammeAdmin(RefusingAdmin):
    list_display = ["code", "name_ja", "budget_source_ja", "fund"]
    fieldsets = [
        (None, {"fields": ["code", "name_ja", "name_en"]}),
        (_("Money"), {"fields": ["budget_source_ja", "budget_source_en", "fund_yen"]}),
        (_("Outer limits"), {"fields": ["limit_annual_yen", "limit_months", "limits_reason"]}),
    ]

    def save_model(self, request: HttpRequest, obj: Passed, form: Passed, change: bool) -> None:
        """Whoever saves has changed the limits; where they stayed, PostgreSQL keeps who changed them last."""
        obj.limits_changed_by = cast(User, request.user)
        super().save_model(request, obj, form, change)

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
