"""What a call allows to be requested and awarded."""

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from aspire.constraints import Check, Unique
from aspire.history import track
from aspire.refusals import Refusal
from calls.models.calls import Call
from calls.terms import Limits, outer_breaches
from partners.models import in_language


@track()
class Terms(models.Model):
    """What a call allows to be requested and awarded. Frozen once a proposal is received under them."""

    call = models.ForeignKey(Call, models.PROTECT, related_name="terms", verbose_name=_("call"))
    annual_ceiling_yen = models.BigIntegerField(_("ceiling a fiscal year (yen)"), help_text=_("per project"))
    max_months = models.PositiveSmallIntegerField(_("longest period (months)"), default=60)
    indirect_included = models.BooleanField(_("ceiling includes indirect costs"), default=True)
    indirect_percent = models.PositiveSmallIntegerField(_("indirect costs at most (percent of direct)"), default=30)
    assumptions_ja = models.TextField(_("assumptions (Japanese)"), blank=True)
    assumptions_en = models.TextField(_("assumptions (English)"), blank=True)
    source = models.CharField(_("source"), max_length=200, blank=True)
    source_en = models.CharField(_("source (English)"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("terms")
        verbose_name_plural = _("terms")
        ordering = ["call", "pk"]
        constraints = [
            Check(condition=Q(annual_ceiling_yen__gt=0), name="terms_ceiling_positive"),
            Check(condition=Q(max_months__gt=0), name="terms_months_positive"),
            Check(condition=Q(indirect_percent__lte=100), name="terms_indirect_percent_sane"),
        ]

    def __str__(self) -> str:
        return f"{self.call.code} ¥{self.annual_ceiling_yen:,} × {self.max_months}"

    @property
    def limits(self) -> Limits:
        return Limits(self.annual_ceiling_yen, self.max_months, self.indirect_included, self.indirect_percent)

    @property
    def stated_in(self) -> str:
        """Where the terms are stated, and in which words."""
        return in_language(self.source, self.source_en)

    @property
    def assumptions(self) -> str:
        """What these terms take for granted although the source does not state it."""
        return in_language(self.assumptions_ja, self.assumptions_en)

    def clean(self) -> None:
        stored = Terms.objects.filter(pk=self.pk).first() if self.pk else None
        if stored and stored.pinned != self.pinned and stored.is_used:
            raise Refusal("terms_frozen_once_used", {"call": stored.call.code}).error()
        if self._is_stated and (breach := next(outer_breaches(self.limits, self.call.programme.outer), None)):
            raise breach.error()

    @property
    def _is_stated(self) -> bool:
        """Whether a form filled in everything that the programme's limits are asked about."""
        has_programme = hasattr(self, "call") and self.call.programme_id is not None
        return has_programme and None not in (self.annual_ceiling_yen, self.max_months)

    @property
    def pinned(self) -> tuple[object, ...]:
        """What may not move under a proposal."""
        return self.call_id, self.limits

    @property
    def is_used(self) -> bool:
        return bool(self.pk) and self.proposals.exists()


@track(exclude=("taken_yen",))
class PotSlice(models.Model):
    """What a call may spend in one fiscal year (April to March). Years without a slice are bound by the pot alone.

    ``taken_yen`` is kept by triggers: what staged and released awards take in that year.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="slices", verbose_name=_("call"))
    fiscal_year = models.PositiveSmallIntegerField(_("fiscal year"))
    limit_yen = models.BigIntegerField(_("annual limit (yen)"))
    taken_yen = models.BigIntegerField(_("taken so far (yen)"), default=0, editable=False)

    class Meta:
        verbose_name = _("annual limit")
        verbose_name_plural = _("annual limits")
        ordering = ["call", "fiscal_year"]
        constraints = [
            Unique(fields=["call", "fiscal_year"], name="pot_slice_once_a_fiscal_year"),
            Check(condition=Q(limit_yen__gte=0), name="pot_slice_not_negative"),
            # A slice below ¥0 is refused as such: PostgreSQL asks its checks in the order of their names.
            Check(condition=Q(limit_yen__lt=0) | Q(taken_yen__lte=F("limit_yen")), name="call_awards_within_slice"),
        ]

    def __str__(self) -> str:
        return f"{self.call.code} {self.fiscal_year}"

    def clean(self) -> None:
        """Judge against what is taken as stored: it must still fit."""
        stored = PotSlice.objects.filter(pk=self.pk).first() if self.pk else None
        if stored and self.limit_yen is not None and 0 <= self.limit_yen < stored.taken_yen:
            values = {"fiscal_year": self.fiscal_year, "value_yen": stored.taken_yen, "limit_yen": self.limit_yen}
            values["over_yen"] = stored.taken_yen - self.limit_yen
            raise ValidationError({"limit_yen": Refusal("call_awards_within_slice", values).error()})

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """The check on what is taken is judged in ``clean`` with the stored counter, not with this stale copy."""
        super().validate_constraints(exclude={*(exclude or ()), "taken_yen"})
