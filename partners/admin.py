"""How staff see and edit partners."""

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from aspire.kana import search_key
from aspire.keyset import key_of
from aspire.records import RefusingAdmin
from partners.models import Country, Dialogue, Funder, Initiative, Institution


class SearchedByKey(RefusingAdmin):
    """Search over the key in which width, case, kana script and published misprints make no difference."""

    search_fields = ["search_key"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Model], search_term: str
    ) -> tuple[QuerySet[Model], bool]:
        for word in filter(None, map(search_key, search_term.split())):
            queryset = queryset.filter(search_key__contains=word)
        return queryset, False


@admin.register(Country)
class CountryAdmin(SearchedByKey):
    list_display = ["alpha2", "name_ja", "name_en", "reading"]
    list_display_links = ["alpha2", "name_ja"]
    search_help_text = _("code, name or reading")
    fields = ["alpha2", "name_ja", "also_ja", "name_en", "reading"]


@admin.register(Funder)
class FunderAdmin(SearchedByKey):
    list_display = ["code", "country", "label_as_printed", "name_ja", "kind"]
    list_display_links = ["code", "label_as_printed"]
    list_filter = ["country", "kind"]
    list_select_related = ["country"]
    search_help_text = _("code, acronym, name, or the label as printed (CHIR finds CIHR)")
    autocomplete_fields = ["country"]
    fieldsets = [
        (None, {"fields": ["country", "kind", "code"]}),
        (_("Names"), {"fields": ["acronym", "name_ja", "name_en", "label_as_printed"]}),
        (_("Identifiers"), {"fields": ["ror_id", "crossref_funder_id", "note"]}),
    ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Model], search_term: str
    ) -> tuple[QuerySet[Model], bool]:
        """For a proposal's form (``?call=``), only funders that the call accepts; all where it names none."""
        found, has_duplicates = super().get_search_results(request, queryset, search_term)
        if call := key_of(request.GET.get("call")):
            eligible = found.filter(eligible_for__call=call)
            found = eligible if queryset.filter(eligible_for__call=call).exists() else found
        return found, has_duplicates


@admin.register(Dialogue)
class DialogueAdmin(RefusingAdmin):
    list_display = ["person_ja", "office_ja", "country", "held_on"]
    list_filter = ["country"]
    list_select_related = ["country"]
    search_fields = ["person_ja", "person_en", "office_ja", "office_en", "said_ja", "said_en"]
    autocomplete_fields = ["country", "funder"]
    fieldsets = [
        (_("Who"), {"fields": ["country", "funder", "person_ja", "person_en", "office_ja", "office_en", "held_on"]}),
        (_("What was said"), {"fields": ["said_ja", "said_en", "source"]}),
    ]


@admin.register(Initiative)
class InitiativeAdmin(RefusingAdmin):
    list_display = ["acronym", "name_ja", "country", "launched_on"]
    list_select_related = ["country"]
    autocomplete_fields = ["country"]


@admin.register(Institution)
class InstitutionAdmin(RefusingAdmin):
    list_display = ["name_ja", "name_en", "erad_code", "ror_id"]
    search_fields = ["name_ja", "name_en", "aliases", "erad_code", "ror_id"]
