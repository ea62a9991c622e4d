"""Countries and funders as kinds of files."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, cast

from django.db.models import CharField, Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aspire.kana import search_key
from aspire.refusals import Refusal
from aspire.sheets.derived import names_of_choices
from aspire.sheets.records import RecordResource, Reference
from aspire.sheets.rows import BAD, SheetRow
from aspire.untyped import Held, Passed
from aspire.workbooks.codes import Code
from aspire.workbooks.columns import StrictField
from aspire.workbooks.widgets import Text
from partners.models import (
    CROSSREF_ID,
    ERAD_CODE,
    FUNDER_CODE,
    ROR_ID,
    Country,
    CountryQuerySet,
    Funder,
    FunderQuerySet,
    Institution,
    InstitutionQuerySet,
)

ALPHA2 = r"[A-Z]{2}"
FORMS = [("ror_id", ROR_ID, "funder_ror_form"), ("crossref_funder_id", CROSSREF_ID, "funder_crossref_form")]


def text(
    model: type[Model],
    name: str,
    meaning: Promise,
    example: str | Promise,
    *,
    label: Promise,
    is_required: bool = False,
) -> StrictField:
    """A column of free text, as long as the model's field."""
    length = cast("CharField[str, str]", model._meta.get_field(name)).max_length or 0
    return StrictField(name, label, meaning, example, Text(length), is_required=is_required)


class CountryRow(SheetRow):
    column_of = {"country_alpha2_form": "alpha2"}

    def refusals(self, before: Country | None) -> Iterator[Refusal]:
        if not re.fullmatch(ALPHA2, self.key):
            yield Refusal("country_alpha2_form")


class CountryResource(RecordResource):
    """Countries and regions by their code."""

    name, title, row_class = "countries", _("Countries and regions"), CountryRow
    required = never_empty = ("name_ja", "name_en", "reading")

    alpha2 = text(
        Country,
        "alpha2",
        _("ISO 3166-1 alpha-2. A code that is known changes that country; a new one creates it."),
        "GB",
        label=_("Country code"),
        is_required=True,
    )
    name_ja = text(Country, "name_ja", _("The name in Japanese."), "\u82f1\u56fd", label=_("Japanese name"))
    also_ja = text(
        Country,
        "also_ja",
        _("Another name used in running text."),
        "\u30a4\u30ae\u30ea\u30b9",
        label=_("Other Japanese name"),
    )
    name_en = text(Country, "name_en", _("The name in English."), "United Kingdom", label=_("English name"))
    reading = text(
        Country,
        "reading",
        _("In katakana; it decides the order of lists."),
        "\u30a8\u30a4\u30b3\u30af",
        label=_("Reading"),
    )

    class Meta:
        model = Country
        import_id_fields = ["alpha2"]
        fields = ["alpha2", "name_ja", "also_ja", "name_en", "reading"]

    def for_export(self, records: CountryQuerySet) -> list[Country]:
        return list(records.in_gojuon_order())


def by_country() -> Reference:
    """A country by its code or one of its names."""
    return Reference(Country.objects.in_gojuon_order, "alpha2", ["name_ja", "also_ja", "name_en"], "country")


class FunderRow(SheetRow):
    column_of = {
        "funder_agency_has_acronym": "acronym",
        "funder_label_once_a_country": "label_as_printed",
        "funder_code_form": "code",
        "funder_ror_form": "ror_id",
        "funder_crossref_form": "crossref_funder_id",
    }

    def refusals(self, before: Funder | None) -> Iterator[Refusal]:
        kind: FunderResource = self.kind
        values = self.values
        if values["kind"] == Funder.Kind.AGENCY and not values["acronym"] and self.given.get("acronym") is not BAD:
            yield Refusal("funder_agency_has_acronym")
        if not re.fullmatch(FUNDER_CODE, self.key):
            yield Refusal("funder_code_form")
        for name, form, rule in FORMS:
            if values[name] and not re.fullmatch(form, values[name]):
                yield Refusal(rule)
        holders = kind.taken[values["country"], values["label_as_printed"]]
        others = holders - {self.key}
        holders.add(self.key)
        if others:
            yield Refusal("funder_label_once_a_country")


class FunderResource(RecordResource):
    """Funders by their code; each belongs to one country."""

    name, title, row_class = "funders", _("Funders"), FunderRow
    required = never_empty = ("country", "kind", "name_ja", "name_en", "label_as_printed")

    code = text(
        Funder,
        "code",
        _("A code that is known changes that funder; a new one creates it."),
        "GB-UKRI",
        label=_("Funder code"),
        is_required=True,
    )
    country = StrictField(
        "country", _("Country or region"), _("Its code or name."), "GB", by_country(), attribute="country__alpha2"
    )
    kind = StrictField(
        "kind",
        _("Kind"),
        _("An agency, or a category inside the country."),
        "agency",
        Code(lambda: names_of_choices(dict(Funder.Kind.choices)), "kind"),
        choices=Funder.Kind.choices,
    )
    acronym = text(Funder, "acronym", _("An agency needs one."), "UKRI", label=_("Acronym"))
    name_ja = text(
        Funder,
        "name_ja",
        _("The name in Japanese."),
        "\u82f1\u56fd\u7814\u7a76\u9769\u65b0\u6a5f\u69cb",
        label=_("Japanese name"),
    )
    name_en = text(Funder, "name_en", _("The name in English."), "UK Research and Innovation", label=_("English name"))
    label_as_printed = text(Funder, "label_as_printed", _("Misprints are kept."), "UKRI", label=_("Label as printed"))
    ror_id = text(Funder, "ror_id", _("Of the Research Organization Registry."), "001aqnf71", label=_("ROR ID"))
    crossref_funder_id = text(
        Funder, "crossref_funder_id", _("Of Crossref."), "100014013", label=_("Crossref Funder ID")
    )
    note = text(Funder, "note", _("For colleagues."), _("Calls every spring."), label=_("Note"))

    class Meta:
        model = Funder
        import_id_fields = ["code"]
        fields = [
            *("code", "country", "kind", "acronym", "name_ja", "name_en", "label_as_printed", "ror_id"),
            *("crossref_funder_id", "note"),
        ]

    @cached_property
    def taken(self) -> dict[tuple[str, str], set[str]]:
        """Who has a label in a country, stored or in the rows of the file so far: codes of funders."""
        taken: dict[tuple[str, str], set[str]] = defaultdict(set)
        for code, values in self.recorded.items():
            taken[str(values["country"]), str(values["label_as_printed"])].add(code)
        return taken

    def for_export(self, records: FunderQuerySet) -> list[Funder]:
        return list(records.in_printed_order().select_related("country"))


BETWEEN_NAMES = "|"  # in a cell; a record has one a line


class OtherNames(Text):
    """Further names of an institution, with bars between them."""

    def render(self, value: Held, obj: object = None, **_kwargs: Passed) -> Held:
        return BETWEEN_NAMES.join(str(value or "").splitlines())


class InstitutionRow(SheetRow):
    column_of = {
        "institution_erad_form": "erad_code",
        "institution_ror_form": "ror_id",
        "institution_name_once": "name_ja",
    }

    def refusals(self, before: Institution | None) -> Iterator[Refusal]:
        kind: InstitutionResource = self.kind
        values = self.values
        if values["erad_code"] and not re.fullmatch(ERAD_CODE, values["erad_code"]):
            yield Refusal("institution_erad_form")
        if values["ror_id"] and not re.fullmatch(ROR_ID, values["ror_id"]):
            yield Refusal("institution_ror_form")
        others = values["aliases"].split(BETWEEN_NAMES)
        for name in filter(None, (self.key, values["name_en"], *others, values["erad_code"], values["ror_id"])):
            holder = kind.taken.setdefault(search_key(name), self.key)
            if holder != self.key:
                yield Refusal("institution_name_once", {"name": name, "institution": holder})


class InstitutionResource(RecordResource):
    """Institutions by their Japanese name, with every other name and code that they go by."""

    name, title, row_class = "institutions", _("Institutions"), InstitutionRow

    name_ja = text(
        Institution,
        "name_ja",
        _("A name that is known changes that institution; a new one creates it."),
        "\u6771\u90fd\u5927\u5b66",
        label=_("Japanese name"),
        is_required=True,
    )
    name_en = text(Institution, "name_en", _("The name in English."), "Toto University", label=_("English name"))
    aliases = StrictField(
        "aliases",
        _("Other names"),
        _("With a bar between them."),
        "\u56fd\u7acb\u5927\u5b66\u6cd5\u4eba\u6771\u90fd\u5927\u5b66|\u6771\u90fd\u5927",
        OtherNames(2000),
    )
    erad_code = text(
        Institution, "erad_code", _("The 10 digits of e-Rad."), "0123456789", label=_("e-Rad institution code")
    )
    ror_id = text(Institution, "ror_id", _("Of the Research Organization Registry."), "057zh3y96", label=_("ROR ID"))

    class Meta:
        model = Institution
        import_id_fields = ["name_ja"]
        fields = ["name_ja", "name_en", "aliases", "erad_code", "ror_id"]

    @cached_property
    def taken(self) -> dict[str, str]:
        """Who goes by a name or code, stored or in the rows of the file so far: Japanese names."""
        return Institution.objects.known_names()

    def for_export(self, records: InstitutionQuerySet) -> list[Institution]:
        return list(records.order_by("name_ja"))

    def _as_columns(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {**super()._as_columns(values), "aliases": values["aliases"].replace(BETWEEN_NAMES, "\n")}
