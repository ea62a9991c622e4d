"""What we offer: programmes, fields, calls, their terms, and the figures that were published about them."""

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aspire.history import track
from aspire.refusals import Refusal
from aspire.rules import Check, Unique, never_truncated
from calls import rules
from calls.querysets import CallQuerySet
from calls.terms import Limits
from partners.models import Country, Funder, in_language


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


CallManager = models.Manager.from_queryset(CallQuerySet)


@track(exclude=("awarded_yen", "awarded_count"))
class Call(models.Model):
    """A call for proposals. Without a window it is in preparation and takes none.

    ``awarded_yen`` and ``awarded_count`` are kept by triggers and hold the pot under any number of writers.
    """

    class Stage(models.TextChoices):
        PREPARING = "preparing", _("in preparation")
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")
        IN_REVIEW = "in_review", _("in review")
        DECIDING = "deciding", _("deciding")
        RELEASED = "released", _("released")

    class Progress(models.TextChoices):
        """How far an officer has declared a closed call to be."""

        NONE = "", _("by its dates")
        IN_REVIEW = "in_review", _("in review")
        DECIDING = "deciding", _("deciding")
        RELEASED = "released", _("released")

    code = models.CharField(_("call code"), max_length=20, db_collation="C")
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="calls", verbose_name=_("programme"))
    name_ja = models.CharField(_("Japanese name"), max_length=100)
    name_en = models.CharField(_("English name"), max_length=200, blank=True)
    supported_ja = models.TextField(_("who is supported (Japanese)"), blank=True)
    supported_en = models.TextField(_("who is supported (English)"), blank=True)
    partners_ja = models.CharField(_("partner countries in words (Japanese)"), max_length=200, blank=True)
    partners_en = models.CharField(_("partner countries in words (English)"), max_length=200, blank=True)
    fields_note_ja = models.CharField(_("fields in words (Japanese)"), max_length=200, blank=True)
    fields_note_en = models.CharField(_("fields in words (English)"), max_length=200, blank=True)
    is_synthetic = models.BooleanField(
        _("synthetic"), default=False, help_text=_("demonstration data; every page says so")
    )
    fiscal_year = models.PositiveSmallIntegerField(_("fiscal year"), help_text=_("April to March; 2022 is Reiwa 4"))
    opens_at = models.DateTimeField(_("opens"), null=True, blank=True)
    closes_at = models.DateTimeField(_("closes"), null=True, blank=True)
    progress = models.CharField(_("progress"), max_length=20, choices=Progress, default=Progress.NONE, blank=True)
    fields: Any = models.ManyToManyField(Field, through="CallField", related_name="calls", verbose_name=_("fields"))
    pot_yen = models.BigIntegerField(_("pot (yen)"), null=True, blank=True, help_text=_("empty where none is set"))
    max_awards = models.PositiveIntegerField(
        _("number of awards"), null=True, blank=True, help_text=_("at most; empty where none is set")
    )
    awarded_yen = models.BigIntegerField(_("awarded so far (yen)"), default=0, editable=False)
    awarded_count = models.IntegerField(_("awards so far"), default=0, editable=False)

    objects = CallManager()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        ordering = ["-fiscal_year", "code"]
        constraints = [
            Unique(fields=["code"], name="call_code_once"),
            Check(
                condition=Q(opens_at__isnull=True, closes_at__isnull=True)
                | Q(opens_at__isnull=False, closes_at__isnull=False),
                name="call_window_whole",
            ),
            Check(condition=Q(opens_at__isnull=True) | Q(opens_at__lt=F("closes_at")), name="call_window_ordered"),
            Check(condition=Q(pot_yen__isnull=True) | Q(pot_yen__gte=0), name="call_pot_not_negative"),
            Check(condition=Q(pot_yen__isnull=True) | Q(awarded_yen__lte=F("pot_yen")), name="call_awards_within_pot"),
            Check(
                condition=Q(max_awards__isnull=True) | Q(awarded_count__lte=F("max_awards")),
                name="call_awards_within_number",
            ),
        ]
        triggers = [
            *rules.counters_kept,
            rules.calls_stay,
            rules.limits_not_negative,
            rules.awards_fit,
            rules.window_covers_received,
        ]

    def __str__(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return reverse("calls:board", args=[self.code])

    @property
    def name(self) -> str:
        return in_language(self.name_ja, self.name_en)

    @property
    def current_terms(self) -> "Terms | None":
        """The terms a proposal received now is pinned to: the latest."""
        return self.terms.order_by("-pk").first()

    def stage(self, *, at: datetime.datetime) -> Stage:
        """Where the call stands: by its dates until it closes, by an officer's word afterwards."""
        if not (self.opens_at and self.closes_at) or at < self.opens_at:
            return self.Stage.PREPARING
        if at <= self.closes_at:
            return self.Stage.OPEN
        return self.Stage(self.progress) if self.progress else self.Stage.CLOSED

    def clean(self) -> None:
        """Judge against the counters as stored, which only the database knows: what is awarded must still fit."""
        stored = Call.objects.filter(pk=self.pk).first() if self.pk else None
        if stored is None:
            return
        errors: dict[str, ValidationError] = {}
        if self.pot_yen is not None and self.pot_yen >= 0 and (over := stored.awarded_yen - self.pot_yen) > 0:
            values = {"value_yen": stored.awarded_yen, "limit_yen": self.pot_yen, "over_yen": over}
            errors["pot_yen"] = Refusal("call_awards_within_pot", {"call": self.code, **values}).error()
        if self.max_awards is not None and 0 <= self.max_awards < stored.awarded_count:
            numbers = {"value": stored.awarded_count, "limit": self.max_awards}
            errors["max_awards"] = Refusal("call_awards_within_number", {"call": self.code, **numbers}).error()
        errors |= self._window_errors(stored)
        if errors:
            raise ValidationError(dict(errors))

    def _window_errors(self, stored: "Call") -> dict[str, ValidationError]:
        if (stored.opens_at, stored.closes_at) == (self.opens_at, self.closes_at):
            return {}
        outside = self.proposals.outside_window(self.opens_at, self.closes_at).first()
        if outside is None:
            return {}
        values = {"proposal": outside.number, "value_at": outside.received_at}
        return {"opens_at": Refusal("call_window_covers_received", values).error()}

    def validate_constraints(self, exclude: Any = None) -> None:
        """The checks on the counters are judged in ``clean`` with the stored counters, not with this stale copy."""
        super().validate_constraints(exclude={*(exclude or ()), "awarded_yen", "awarded_count"})


@track()
class CallField(models.Model):
    """A field of a call, at its printed place."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="call_fields", verbose_name=_("call"))
    field = models.ForeignKey(Field, models.PROTECT, related_name="call_fields", verbose_name=_("field"))
    position = models.PositiveSmallIntegerField(_("position"))
    label_as_printed = models.CharField(_("label as printed"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("field of a call")
        verbose_name_plural = _("fields of a call")
        ordering = ["call", "position"]
        constraints = [Unique(fields=["call", "field"], name="call_field_once")]
        triggers = [rules.fields_keep_proposals, never_truncated()]

    def __str__(self) -> str:
        return self.label_as_printed or str(self.field)


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

    class Meta:
        verbose_name = _("terms")
        verbose_name_plural = _("terms")
        ordering = ["call", "pk"]
        constraints = [
            Check(condition=Q(annual_ceiling_yen__gt=0), name="terms_ceiling_positive"),
            Check(condition=Q(max_months__gt=0), name="terms_months_positive"),
            Check(condition=Q(indirect_percent__lte=100), name="terms_indirect_percent_sane"),
        ]
        triggers = [rules.terms_frozen_once_used, rules.terms_stay, never_truncated()]

    def __str__(self) -> str:
        return f"{self.call.code} ¥{self.annual_ceiling_yen:,} × {self.max_months}"

    @property
    def limits(self) -> Limits:
        return Limits(self.annual_ceiling_yen, self.max_months, self.indirect_included, self.indirect_percent)

    @property
    def assumptions(self) -> str:
        """What these terms take for granted although the source does not state it."""
        return in_language(self.assumptions_ja, self.assumptions_en)

    def clean(self) -> None:
        stored = Terms.objects.filter(pk=self.pk).first() if self.pk else None
        if stored and stored.pinned != self.pinned and stored.is_used:
            raise Refusal("terms_frozen_once_used", {"call": stored.call.code}).error()

    @property
    def pinned(self) -> tuple[Any, ...]:
        """What may not move under a proposal."""
        return self.call_id, self.limits

    @property
    def is_used(self) -> bool:
        return bool(self.pk) and self.proposals.exists()


@track()
class EligibleFunder(models.Model):
    """A funder whose researchers a call accepts as partners; the trial call added some while it was open."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="eligible_funders", verbose_name=_("call"))
    funder = models.ForeignKey(Funder, models.PROTECT, related_name="eligible_for", verbose_name=_("funder"))
    eligible_from = models.DateField(_("from"), null=True, blank=True)

    class Meta:
        verbose_name = _("eligible funder")
        verbose_name_plural = _("eligible funders")
        ordering = ["call", "pk"]
        constraints = [Unique(fields=["call", "funder"], name="eligible_funder_once_a_call")]

    def __str__(self) -> str:
        return str(self.funder)


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
