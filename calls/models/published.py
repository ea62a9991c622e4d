"""The figures that were published about a call."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aspire.constraints import Check, Unique
from aspire.history import track
from calls.models.calls import Call
from calls.models.programmes import Field
from partners.models import Country, Funder, in_language

NAMES = {name: Q(**{f"{name}__isnull": False}) for name in ("country", "field", "funder")}
# A row names what its table goes by, a total and the whole call name nothing.
NAMES_ITS_ROW = (
    Q(dimension="") & ~NAMES["country"] & ~NAMES["field"] & ~NAMES["funder"]
    | Q(is_total=True) & ~NAMES["country"] & ~NAMES["field"] & ~NAMES["funder"]
    | Q(dimension="country", is_total=False) & NAMES["country"] & ~NAMES["field"] & ~NAMES["funder"]
    | Q(dimension="field", is_total=False) & NAMES["field"] & ~NAMES["country"] & ~NAMES["funder"]
    | Q(dimension="country_funder", is_total=False) & NAMES["country"] & NAMES["funder"] & ~NAMES["field"]
)


@track()
class PublishedFigure(models.Model):
    """One figure as it was printed, kept beside the live one. A total row (``is_total``) names no dimension's value.

    A number that no row states is not stated, which is not zero; ``derived`` is worked out from others, so that it is
    not published itself.
    """

    class Measure(models.TextChoices):
        PROPOSALS = "proposals", _("proposals")
        AWARDS = "awards", _("awards")

    class Dimension(models.TextChoices):
        NONE = "", _("whole call")
        COUNTRY = "country", _("by country")
        FIELD = "field", _("by field")
        FUNDER = "country_funder", _("by country and funder")

    class Status(models.TextChoices):
        PUBLISHED = "published", _("published")
        DERIVED = "derived", _("derived")
        NOT_PUBLISHED = "not_published", _("not published")

    call = models.ForeignKey(Call, models.PROTECT, related_name="published_figures", verbose_name=_("call"))
    measure = models.CharField(_("measure"), max_length=20, choices=Measure)
    dimension = models.CharField(_("dimension"), max_length=20, choices=Dimension, blank=True)
    is_total = models.BooleanField(_("total"), default=False)
    country = models.ForeignKey(
        Country, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("country or region")
    )
    funder = models.ForeignKey(
        Funder, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("funder")
    )
    field = models.ForeignKey(Field, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("field"))
    label_as_printed = models.CharField(_("label as printed"), max_length=80, blank=True)
    value = models.IntegerField(_("value"), null=True, blank=True, validators=[MinValueValidator(0)])
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.PUBLISHED)
    position = models.PositiveSmallIntegerField(_("place in print"))
    source = models.CharField(_("source"), max_length=200, help_text=_("the publication, as boards and files name it"))
    source_en = models.CharField(_("source (English)"), max_length=200, blank=True)
    location = models.CharField(_("table and row of the source"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("published figure")
        verbose_name_plural = _("published figures")
        ordering = ["call", "position"]
        constraints = [
            Unique(fields=["call", "position"], name="published_figure_once_a_place"),
            Unique(
                fields=["call", "measure", "dimension", "country", "field", "funder"],
                nulls_distinct=False,
                name="published_figure_once",
            ),
            Check(
                condition=Q(status="not_published", value__isnull=True)
                | Q(status__in=["published", "derived"], value__isnull=False),
                name="published_figure_has_value",
            ),
            Check(condition=Q(value__isnull=True) | Q(value__gte=0), name="published_figure_not_negative"),
            Check(condition=NAMES_ITS_ROW, name="published_figure_names_its_row"),
        ]

    def __str__(self) -> str:
        return f"{self.call} {self.get_measure_display()} {self.label_as_printed}"

    def clean(self) -> None:
        """The country of a funder's row is the funder's."""
        if self.funder:
            self.country = self.funder.country

    @property
    def stated_in(self) -> str:
        """The publication."""
        return in_language(self.source, self.source_en)

    @property
    def quoted_from(self) -> str:
        """The publication, and where in it the figure stands."""
        return ": ".join(filter(None, [self.stated_in, self.location]))
