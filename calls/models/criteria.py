"""What reviewers judge a proposal by."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aspire.constraints import Check, Unique
from aspire.history import track
from calls.models.calls import Call
from partners.models import in_language


@track()
class Criterion(models.Model):
    """One criterion of a call, scored from 1 to 5. Its weight counts in the mean; frozen once a score exists."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="criteria", verbose_name=_("call"))
    position = models.PositiveSmallIntegerField(_("position"))
    name_ja = models.CharField(_("Japanese name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=80)
    asks_ja = models.CharField(_("what it asks (Japanese)"), max_length=300, blank=True)
    asks_en = models.CharField(_("what it asks (English)"), max_length=300, blank=True)
    weight = models.PositiveSmallIntegerField(_("weight"), default=1)

    class Meta:
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        ordering = ["call", "position"]
        constraints = [
            Unique(fields=["call", "position"], name="criterion_once_a_place"),
            Check(condition=Q(weight__gte=1), name="criterion_weight_positive"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return in_language(self.name_ja, self.name_en)

    @property
    def asks(self) -> str:
        """The question behind the criterion, in the reader's language."""
        return in_language(self.asks_ja, self.asks_en)
