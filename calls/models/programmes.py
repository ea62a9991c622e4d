"""What pays for calls, and the fields they speak of."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from aspire.history import track
from partners.models import in_language


@track()
class Programme(models.Model):
    """What pays for calls: the trial (the President's discretionary money) or ASPIRE (a fund over many years)."""

    code = models.CharField(_("programme code"), max_length=20, unique=True, db_collation="C")
    name_ja = models.CharField(_("Japanese name"), max_length=100)
    name_en = models.CharField(_("English name"), max_length=200)
    budget_source_ja = models.CharField(_("budget source (Japanese)"), max_length=200)
    budget_source_en = models.CharField(_("budget source (English)"), max_length=200)
    fund_yen = models.BigIntegerField(_("fund (yen)"), null=True, blank=True, help_text=_("empty where there is none"))

    class Meta:
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")
        ordering = ["pk"]

    def __str__(self) -> str:
        return in_language(self.name_ja, self.name_en)

    @property
    def budget_source(self) -> str:
        return in_language(self.budget_source_ja, self.budget_source_en)


@track()
class Field(models.Model):
    """A research field, such as quantum."""

    code = models.CharField(_("field code"), max_length=20, unique=True, db_collation="C")
    name_ja = models.CharField(_("Japanese name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=80)

    class Meta:
        verbose_name = _("field")
        verbose_name_plural = _("fields")
        ordering = ["pk"]

    def __str__(self) -> str:
        return in_language(self.name_ja, self.name_en)
