"""Who we work with: countries, their funders, what their officials said and what they launched."""

from collections.abc import Iterable
from functools import reduce
from operator import or_

from django.db import models
from django.db.models import Case, Count, GeneratedField, Q, Value, When
from django.db.models.functions import Concat
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from aspire.constraints import Check, Unique
from aspire.history import track
from aspire.kana import GojuonKey, SearchKey
from aspire.text import WholeCharField, WholeTextField

FUNDER_CODE = r"^[A-Z]{2}-[A-Z0-9-]+$"
ROR_ID = r"^0[0-9a-hjkmnp-tv-z]{6}[0-9]{2}$"  # as https://ror.org/facts/ says: in base 32 by Crockford, then a checksum
CROSSREF_ID = r"^[0-9]{9,12}$"
ERAD_CODE = r"^[0-9]{10}$"


class CountryQuerySet(models.QuerySet["Country"]):
    def in_gojuon_order(self) -> "CountryQuerySet":
        """By reading, as the briefing prints them."""
        return self.order_by("sort_key", "alpha2")

    def for_index(self) -> "CountryQuerySet":
        """In printed order, with the number of dialogues."""
        return self.in_gojuon_order().annotate(dialogue_count=Count("dialogues"))


def funder_order(prefix: str = "") -> list[str | models.expressions.Combinable]:
    """Order of funders: countries in gojuon order; inside one A to Z, the categories last."""
    is_category = Case(When(**{f"{prefix}kind": "agency"}, then=Value(0)), default=Value(1))
    return [f"{prefix}country__sort_key", is_category, f"{prefix}code"]


class FunderQuerySet(models.QuerySet["Funder"]):
    def in_printed_order(self) -> "FunderQuerySet":
        """By country in gojuon order, agencies A to Z, categories such as private funders last."""
        return self.order_by(*funder_order())

    def named_by(self, words: Iterable[str]) -> dict[str, list[int]]:
        """Leaves the queryset: by word, as ``search_key`` makes it, the funders that hold it or whose country does."""
        keys = ("search_key", "country__search_key")
        holding = [Q(**{f"{key}__contains": word}) for word in words for key in keys]
        found = list(self.filter(reduce(or_, holding)).values_list("pk", *keys)) if holding else []
        return {word: [pk for pk, *texts in found if any(word in text for text in texts)] for word in words}


CountryManager = models.Manager.from_queryset(CountryQuerySet)
FunderManager = models.Manager.from_queryset(FunderQuerySet)


def in_language(ja: str, en: str) -> str:
    """The wording of the active language, or the other where that one is empty."""
    first, second = (ja, en) if (get_language() or "ja").startswith("ja") else (en, ja)
    return first or second


@track(exclude=("sort_key", "search_key"))
class Country(models.Model):
    """A country or region, by ISO 3166-1 alpha-2; ordered by its katakana reading."""

    alpha2 = models.CharField(_("country code"), max_length=2, db_collation="C", help_text=_("ISO 3166-1 alpha-2"))
    name_ja = WholeCharField(_("Japanese name"), max_length=80)
    name_en = WholeCharField(_("English name"), max_length=80)
    reading = WholeCharField(_("reading"), max_length=80, help_text=_("in katakana; decides the order of lists"))
    also_ja = WholeCharField(
        _("other Japanese name"), max_length=80, blank=True, help_text=_("as used in running text, such as Beikoku")
    )
    sort_key = GeneratedField(
        expression=GojuonKey("reading"), output_field=models.TextField(db_collation="C"), db_persist=True
    )
    search_key = GeneratedField(
        expression=SearchKey(
            Concat("alpha2", Value("|"), "name_ja", Value("|"), "also_ja", Value("|"), "name_en", Value("|"), "reading")
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects = CountryManager()

    class Meta:
        verbose_name = _("country or region")
        verbose_name_plural = _("countries and regions")
        ordering = ["sort_key", "alpha2"]
        constraints = [
            Unique(fields=["alpha2"], name="country_alpha2_once"),
            Check(condition=Q(alpha2__regex=r"^[A-Z]{2}$"), name="country_alpha2_form"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("partnerships:country", args=[self.alpha2])

    @property
    def name(self) -> str:
        return in_language(self.name_ja, self.name_en)


@track(exclude=("search_key",))
class Funder(models.Model):
    """A foreign funding agency, or a category such as "private and other" inside one country.

    A funder is identified by country and label, never by the label alone.
    """

    class Kind(models.TextChoices):
        AGENCY = "agency", _("funding agency")
        PRIVATE = "private", _("private and other")
        PUBLIC_INSTITUTION = "public_institution", _("public research institution")

    country = models.ForeignKey(Country, models.PROTECT, related_name="funders", verbose_name=_("country or region"))
    code = models.CharField(_("funder code"), max_length=40, db_collation="C", help_text=_("such as US-NSF"))
    acronym = WholeCharField(_("acronym"), max_length=20, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.AGENCY)
    name_ja = WholeCharField(_("Japanese name"), max_length=200)
    name_en = WholeCharField(_("English name"), max_length=200)
    label_as_printed = WholeCharField(
        _("label as printed"), max_length=80, help_text=_("misprints are kept: either spelling finds the funder")
    )
    ror_id = models.CharField(_("ROR ID"), max_length=20, blank=True, help_text="https://ror.org/…")
    crossref_funder_id = models.CharField(_("Crossref Funder ID"), max_length=20, blank=True)
    note = WholeCharField(_("note"), max_length=200, blank=True)
    search_key = GeneratedField(
        expression=SearchKey(
            Concat(
                "code",
                Value("|"),
                "acronym",
                Value("|"),
                "label_as_printed",
                Value("|"),
                "name_ja",
                Value("|"),
                "name_en",
            )
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects = FunderManager()

    class Meta:
        verbose_name = _("funder")
        verbose_name_plural = _("funders")
        ordering = ["country__sort_key", "code"]
        constraints = [
            Unique(fields=["code"], name="funder_code_once"),
            Unique(fields=["country", "label_as_printed"], name="funder_label_once_a_country"),
            Check(condition=~Q(kind="agency") | ~Q(acronym=""), name="funder_agency_has_acronym"),
            Check(condition=Q(code__regex=FUNDER_CODE), name="funder_code_form"),
            Check(condition=Q(ror_id="") | Q(ror_id__regex=ROR_ID), name="funder_ror_form"),
            Check(
                condition=Q(crossref_funder_id="") | Q(crossref_funder_id__regex=CROSSREF_ID),
                name="funder_crossref_form",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.label}"

    def get_absolute_url(self) -> str:
        return reverse("partnerships:funder", args=[self.country.alpha2, self.code])

    @property
    def is_category(self) -> bool:
        return self.kind != self.Kind.AGENCY

    @property
    def label(self) -> str:
        """What stands in a table: the acronym, or the category's name."""
        return self.acronym or self.name

    @property
    def name(self) -> str:
        return in_language(self.name_ja, self.name_en)

    @property
    def ror_url(self) -> str:
        """Where the Research Organization Registry describes it; empty without an identifier."""
        return f"https://ror.org/{self.ror_id}" if self.ror_id else ""

    @property
    def crossref_url(self) -> str:
        """Where the Funder Registry of Crossref describes it; empty without an identifier."""
        return f"https://doi.org/10.13039/{self.crossref_funder_id}" if self.crossref_funder_id else ""


@track()
class Dialogue(models.Model):
    """What an official of a partner country said, as the source reports it."""

    country = models.ForeignKey(Country, models.PROTECT, related_name="dialogues", verbose_name=_("country or region"))
    funder = models.ForeignKey(
        Funder, models.PROTECT, null=True, blank=True, related_name="dialogues", verbose_name=_("funder")
    )
    held_on = models.DateField(
        _("date"), null=True, blank=True, help_text=_("empty where the source does not state it")
    )
    person_ja = models.CharField(_("person (Japanese)"), max_length=80)
    person_en = models.CharField(_("person (English)"), max_length=80, blank=True)
    office_ja = models.CharField(_("office (Japanese)"), max_length=200)
    office_en = models.CharField(_("office (English)"), max_length=200, blank=True)
    said_ja = models.TextField(_("what was said (Japanese)"), blank=True)
    said_en = models.TextField(_("what was said (English)"), blank=True, help_text=_("our translation"))
    source = models.CharField(_("source"), max_length=200)

    class Meta:
        verbose_name = _("dialogue")
        verbose_name_plural = _("dialogues")
        ordering = ["country__sort_key", "pk"]

    def __str__(self) -> str:
        return f"{self.office} {self.person}"

    @property
    def person(self) -> str:
        return in_language(self.person_ja, self.person_en)

    @property
    def office(self) -> str:
        return in_language(self.office_ja, self.office_en)

    @property
    def said(self) -> str:
        return in_language(self.said_ja, self.said_en)


@track()
class Initiative(models.Model):
    """A partner's own scheme that our calls can meet, such as the ISPF of the United Kingdom."""

    country = models.ForeignKey(
        Country, models.PROTECT, related_name="initiatives", verbose_name=_("country or region")
    )
    acronym = WholeCharField(_("acronym"), max_length=20, unique=True)
    name_ja = WholeCharField(_("Japanese name"), max_length=200)
    name_en = WholeCharField(_("English name"), max_length=200)
    launched_on = models.DateField(
        _("launched in"), help_text=_("the first day of the month where only that is stated")
    )
    initial_yen = models.BigIntegerField(_("initial funds (yen, about)"))
    source = models.CharField(_("source"), max_length=200)

    class Meta:
        verbose_name = _("partner's initiative")
        verbose_name_plural = _("partners' initiatives")
        ordering = ["acronym"]

    def __str__(self) -> str:
        return self.acronym

    @property
    def name(self) -> str:
        return in_language(self.name_ja, self.name_en)


class InstitutionQuerySet(models.QuerySet["Institution"]):
    def known_names(self) -> dict[str, str]:
        """Leaves the queryset: every name and code it goes by, as ``search_key`` makes it → its Japanese name."""
        return dict(self.filter(names__isnull=False).values_list("names__key", "name_ja"))


InstitutionManager = models.Manager.from_queryset(InstitutionQuerySet)


@track()
class Institution(models.Model):
    """A research institution by all its names and codes, so that what is written in many ways is known as one."""

    name_ja = WholeCharField(_("Japanese name"), max_length=200)
    name_en = WholeCharField(_("English name"), max_length=200, blank=True)
    aliases = WholeTextField(_("other names"), blank=True, help_text=_("one a line"))
    erad_code = models.CharField(
        _("e-Rad institution code"), max_length=10, blank=True, db_default="", default="", help_text=_("10 digits")
    )
    ror_id = models.CharField(_("ROR ID"), max_length=60, blank=True, help_text="https://ror.org/…")

    objects = InstitutionManager()

    class Meta:
        verbose_name = _("institution")
        verbose_name_plural = _("institutions")
        ordering = ["name_ja"]
        constraints = [
            Unique(fields=["name_ja"], name="institution_once"),
            Check(condition=Q(erad_code="") | Q(erad_code__regex=ERAD_CODE), name="institution_erad_form"),
            Check(condition=Q(ror_id="") | Q(ror_id__regex=ROR_ID), name="institution_ror_form"),
        ]

    def __str__(self) -> str:
        return in_language(self.name_ja, self.name_en)

    @property
    def names_written(self) -> list[str]:
        """Every name it goes by."""
        return [name for name in (self.name_ja, self.name_en, *self.aliases.splitlines()) if name.strip()]


class InstitutionName(models.Model):
    """A name or code of an institution as text is compared: each means one institution alone.

    PostgreSQL keeps the rows (partners/rules/institutions.sql).
    """

    key = models.TextField(primary_key=True, db_collation="C")
    institution = models.ForeignKey(Institution, models.CASCADE, related_name="names")

    class Meta:
        verbose_name = _("name of an institution")
        verbose_name_plural = _("names of institutions")

    def __str__(self) -> str:
        return self.key
