"""The figures that were published about a call."""

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from aspire.history import track
from aspire.rules import Unique
from calls.models.calls import Call
from calls.models.programmes import Field
from partners.models import Country, Funder


@track()
class PublishedFigure(models.Model):
    """One figure as it was printed, kept beside the live one. A total row (``is_total``) names no dimension's value."""

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
    source = models.CharField(_("source"), max_length=200)

    class Meta:
        verbose_name = _("published figure")
        verbose_name_plural = _("published figures")
        ordering = ["call", "position"]
        constraints = [Unique(fields=["call", "position"], name="published_figure_once_a_place")]

    def __str__(self) -> str:
        return f"{self.call} {self.get_measure_display()} {self.label_as_printed}"
