"""Countries and funders as kinds of sheets."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, cast

from django.db.models import CharField, Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from aspire.kana import search_key
from aspire.refusals import Refusal
from aspire.sheets.judging import RowJudge
from aspire.sheets.kinds import TypedResource, column
from aspire.sheets.plans import BAD, PlannedRow
from aspire.sheets.recording import RecordKind
from aspire.workbooks import parsing
from aspire.workbooks.columns import LANGUAGES, Column
from partners.models import CROSSREF_ID, FUNDER_CODE, ROR_ID, Country, CountryQuerySet, Funder, FunderQuerySet

ALPHA2 = r"[A-Z]{2}"
FORMS = [("ror_id", ROR_ID, "funder_ror_form"), ("crossref_funder_id", CROSSREF_ID, "funder_crossref_form")]


class CountryResource(TypedResource):
    """One row a country or region."""

    class Meta:
        model = Country
        fields = ["alpha2", "name_ja", "also_ja", "name_en", "reading"]


class FunderResource(TypedResource):
    """One row a funder; its country by code."""

    country = column("country", "country__alpha2")

    class Meta:
        model = Funder
        fields = [
            *("code", "country", "kind", "acronym", "name_ja", "name_en", "label_as_printed", "ror_id"),
            *("crossref_funder_id", "note"),
        ]


def text(
    model: type[Model],
    name: str,
    meaning: Promise,
    example: str | Promise,
    *,
    label: Promise,
    is_required: bool = False,
) -> Column:
    """A column of free text, as long as the model's field."""
    length = cast("CharField[str, str]", model._meta.get_field(name)).max_length or 0
    return Column(name, label, meaning, example, parsing.text(length), is_required=is_required)


class CountryJudge(RowJudge):
    column_of = {"country_alpha2_form": "alpha2"}

    def title(self, planned: PlannedRow) -> str:
        return str(planned.values["name_ja"])

    def refusals(self, planned: PlannedRow, before: Country | None) -> Iterator[Refusal]:
        if not re.fullmatch(ALPHA2, planned.key):
            yield Refusal("country_alpha2_form")


class Countries(RecordKind):
    """Countries and regions by their code."""

    name, title, model, judge = "countries", _("Countries and regions"), Country, CountryJudge
    key, resource = ("alpha2",), CountryResource
    required = never_empty = ("name_ja", "name_en", "reading")

    @cached_property
    def columns(self) -> list[Column]:
        code = _("ISO 3166-1 alpha-2. A code that is known changes that country; a new one creates it.")
        reading = _("In katakana; it decides the order of lists.")
        other = _("Another name used in running text.")
        return [
            text(Country, "alpha2", code, "GB", label=_("Country code"), is_required=True),
            text(Country, "name_ja", _("The name in Japanese."), "\u82f1\u56fd", label=_("Japanese name")),
            text(Country, "also_ja", other, "\u30a4\u30ae\u30ea\u30b9", label=_("Other Japanese name")),
            text(Country, "name_en", _("The name in English."), "United Kingdom", label=_("English name")),
            text(Country, "reading", reading, "\u30a8\u30a4\u30b3\u30af", label=_("Reading")),
        ]

    def for_export(self, records: CountryQuerySet) -> list[Country]:
        return list(records.in_gojuon_order())


class FunderJudge(RowJudge):
    column_of = {
        "funder_agency_has_acronym": "acronym",
        "funder_label_once_a_country": "label_as_printed",
        "funder_code_form": "code",
        "funder_ror_form": "ror_id",
        "funder_crossref_form": "crossref_funder_id",
    }

    def title(self, planned: PlannedRow) -> str:
        return str(planned.values["name_ja"])

    def refusals(self, planned: PlannedRow, before: Funder | None) -> Iterator[Refusal]:
        kind: Funders = self.planner.kind
        values = planned.values
        if values["kind"] == Funder.Kind.AGENCY and not values["acronym"] and self.values.get("acronym") is not BAD:
            yield Refusal("funder_agency_has_acronym")
        if not re.fullmatch(FUNDER_CODE, planned.key):
            yield Refusal("funder_code_form")
        for name, form, rule in FORMS:
            if values[name] and not re.fullmatch(form, values[name]):
                yield Refusal(rule)
        holders = kind.taken[values["country"], values["label_as_printed"]]
        others = holders - {planned.key}
        holders.add(planned.key)
        if others:
            yield Refusal("funder_label_once_a_country")


class Funders(RecordKind):
    """Funders by their code; each belongs to one country."""

    name, title, model, judge = "funders", _("Funders"), Funder, FunderJudge
    key, resource = ("code",), FunderResource
    required = never_empty = ("country", "kind", "name_ja", "name_en", "label_as_printed")

    @cached_property
    def countries(self) -> list[Country]:
        return list(Country.objects.in_gojuon_order())

    @cached_property
    def country_ids(self) -> dict[str, int]:
        return {country.alpha2: country.pk for country in self.countries}

    @cached_property
    def taken(self) -> dict[tuple[str, str], set[str]]:
        """Who has a label in a country, stored or in the rows of the file so far: codes of funders."""
        taken: dict[tuple[str, str], set[str]] = defaultdict(set)
        for code, values in self.recorded.items():
            taken[str(values["country"]), str(values["label_as_printed"])].add(code)
        return taken

    @cached_property
    def columns(self) -> list[Column]:
        code = _("A code that is known changes that funder; a new one creates it.")
        return [
            text(Funder, "code", code, "GB-UKRI", label=_("Funder code"), is_required=True),
            *self._place(),
            text(Funder, "acronym", _("An agency needs one."), "UKRI", label=_("Acronym")),
            text(
                Funder,
                "name_ja",
                _("The name in Japanese."),
                "\u82f1\u56fd\u7814\u7a76\u9769\u65b0\u6a5f\u69cb",
                label=_("Japanese name"),
            ),
            text(Funder, "name_en", _("The name in English."), "UK Research and Innovation", label=_("English name")),
            text(Funder, "label_as_printed", _("Misprints are kept."), "UKRI", label=_("Label as printed")),
            text(Funder, "ror_id", _("Of the Research Organization Registry."), "001aqnf71", label=_("ROR ID")),
            text(Funder, "crossref_funder_id", _("Of Crossref."), "100014013", label=_("Crossref Funder ID")),
            text(Funder, "note", _("For colleagues."), _("Calls every spring."), label=_("Note")),
        ]

    def _place(self) -> Iterator[Column]:
        countries = tuple((country.alpha2, str(country)) for country in self.countries)
        by_name = names_of_countries(self.countries)
        where, parse = _("Its code or name."), parsing.code(by_name, "country")
        yield Column("country", _("Country or region"), where, "GB", parse, choices=countries, kind="code")
        kinds = tuple((kind.value, str(kind.label)) for kind in Funder.Kind)
        what = _("An agency, or a category inside the country.")
        yield Column(
            "kind", _("Kind"), what, "agency", parsing.code(names_of_kinds(), "kind"), choices=kinds, kind="code"
        )

    def for_export(self, records: FunderQuerySet) -> list[Funder]:
        return list(records.in_printed_order().select_related("country"))

    def state(self, stored: Mapping[str, Funder]) -> object:
        return [self.recorded, sorted(self.country_ids)]

    def written(self, values: Mapping[str, Any]) -> dict[str, Any]:
        plain = {name: value for name, value in values.items() if name != "country"}
        return {"country_id": self.country_ids[values["country"]], **plain}


def named(pairs: Iterable[tuple[str, Iterable[str]]]) -> dict[str, str]:
    """Normalised name → code."""
    return {search_key(name): code for code, names in pairs for name in names if name}


def names_of_countries(countries: Iterable[Country]) -> dict[str, str]:
    """Every way to name a country → its code."""
    return named((c.alpha2, (c.alpha2, c.name_ja, c.also_ja, c.name_en)) for c in countries)


def names_of_kinds() -> dict[str, str]:
    """Every way to name a kind of funder, in either language → its value."""
    found: dict[str, str] = {}
    for language in LANGUAGES:
        with override(language):
            found |= named((kind.value, (kind.value, str(kind.label))) for kind in Funder.Kind)
    return found
