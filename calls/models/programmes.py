"""What pays for calls, and the fields they speak of."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aspire.constraints import CODE_IN_A_QUESTION, Check
from aspire.history import track
from aspire.refusals import Refusal
from calls.terms import OuterLimits, outer_breaches
from partners.models import in_language


@track()
class Programme(models.Model):
    """What pays for calls: the trial (the President's discretionary money) or ASPIRE (a fund over many years).

    The outer limits are what the terms of its calls may never exceed. Without them it has no terms. Who changed them
    and why is stated with each change; the moment is the server's.
    """

    code = models.CharField(_("programme code"), max_length=20, unique=True, db_collation="C")
    name_ja = models.CharField(_("Japanese name"), max_length=100)
    name_en = models.CharField(_("English name"), max_length=200)
    budget_source_ja = models.CharField(_("budget source (Japanese)"), max_length=200)
    budget_source_en = models.CharField(_("budget source (English)"), max_length=200)
    fund_yen = models.BigIntegerField(_("fund (yen)"), null=True, blank=True, help_text=_("empty where there is none"))
    limit_annual_yen = models.BigIntegerField(
        _("outer limit a fiscal year (yen)"), null=True, blank=True, help_text=_("no call may allow a project more")
    )
    limit_months = models.PositiveSmallIntegerField(
        _("outer limit of the period (months)"), null=True, blank=True, help_text=_("no call may allow a longer one")
    )
    limits_reason = models.CharField(_("reason for the outer limits"), max_length=300, blank=True)
    limits_changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("outer limits changed by"),
    )
    limits_changed_at = models.DateTimeField(_("outer limits changed at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")
        ordering = ["pk"]
        constraints = [
            Check(condition=Q(code__regex=CODE_IN_A_QUESTION), name="programme_code_form"),
            Check(
                condition=Q(limit_annual_yen__isnull=True, limit_months__isnull=True)
                | Q(limit_annual_yen__isnull=False, limit_months__isnull=False),
                name="programme_limits_whole",
            ),
            Check(
                condition=Q(limit_annual_yen__isnull=True) | Q(limit_annual_yen__gt=0, limit_months__gt=0),
                name="programme_limits_positive",
            ),
            Check(
                condition=Q(limit_annual_yen__isnull=True) | ~Q(limits_reason=""), name="programme_limits_have_reason"
            ),
        ]

    def __str__(self) -> str:
        return in_language(self.name_ja, self.name_en)

    @property
    def budget_source(self) -> str:
        return in_language(self.budget_source_ja, self.budget_source_en)

    @property
    def outer(self) -> OuterLimits:
        return OuterLimits(self.code, self.limit_annual_yen, self.limit_months)

    def clean(self) -> None:
        """Ask what the database will: a change has its own reason, and no terms are left above the limits."""
        stored = Programme.objects.filter(pk=self.pk).first() if self.pk else None
        if stored is None or stored.outer == self.outer:
            return
        errors: dict[str, Any] = {}
        if self.limits_reason.strip() in {"", stored.limits_reason}:
            errors["limits_reason"] = Refusal("programme_limits_have_reason").error()
        if covered := self._uncovered():
            errors["limit_annual_yen"] = covered.error()
        if errors:
            raise ValidationError(errors)

    def _uncovered(self) -> Refusal | None:
        """Terms of one of its calls that would be left above the limits."""
        for call in self.calls.order_by("code").prefetch_related("terms"):
            for terms in call.terms.all():
                if next(outer_breaches(terms.limits, self.outer), None):
                    values: dict[str, int | None] = {"value_yen": terms.annual_ceiling_yen, "months": terms.max_months}
                    values |= {"limit_yen": self.limit_annual_yen, "limit": self.limit_months}
                    return Refusal("programme_limits_cover_terms", {"call": call.code, **values})
        return None


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
        constraints = [Check(condition=Q(code__regex=CODE_IN_A_QUESTION), name="field_code_form")]

    def __str__(self) -> str:
        return in_language(self.name_ja, self.name_en)
