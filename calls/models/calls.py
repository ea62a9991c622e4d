"""A call for proposals, with its fields and the funders it accepts."""

import datetime
from collections.abc import Collection

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aspire.constraints import CODE, Check, Unique
from aspire.history import track
from aspire.refusals import Refusal
from aspire.untyped import Above, Named
from calls.models.programmes import Field, Programme
from calls.terms import outer_breaches
from partners.models import Funder, in_language


class CallQuerySet(models.QuerySet["Call"]):
    def newest_first(self) -> "CallQuerySet":
        """By fiscal year, the latest first; those of one year by code."""
        return self.order_by("-fiscal_year", "code")

    def under_embargo(self, *, at: datetime.datetime) -> "CallQuerySet":
        """Calls with a released packet, or released as a whole, whose embargo has not ended."""
        is_released = Q(progress="released") | Q(packets__state="released")
        return self.filter(is_released, embargo_until__gt=at).distinct()

    def open(self, *, at: datetime.datetime) -> "CallQuerySet":
        """Calls whose application window holds the instant."""
        return self.filter(opens_at__lte=at, closes_at__gte=at)


CallManager = models.Manager.from_queryset(CallQuerySet)


@track(exclude=("taken_yen", "taken_count"))
class Call(models.Model):
    """A call for proposals. Without a window it is in preparation and takes none.

    ``taken_yen`` and ``taken_count`` count staged and released awards alike; triggers keep them, and they hold the pot
    under any number of writers.
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

    class Scope(models.TextChoices):
        """Which proposals a reviewer sees in a stage."""

        ASSIGNED = "assigned", _("only what is assigned to them")
        FIELD = "field", _("all proposals of their fields")

    class Others(models.TextChoices):
        """When a reviewer sees what the others wrote about a proposal."""

        NEVER = "never", _("never")
        AFTER_OWN = "after_own", _("once their own is submitted")
        ALWAYS = "always", _("always")

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
    in_review_shows = models.CharField(
        _("in review, reviewers see"), max_length=10, choices=Scope, default=Scope.ASSIGNED
    )
    in_review_others = models.CharField(
        _("in review, others' reviews are shown"), max_length=10, choices=Others, default=Others.NEVER
    )
    deciding_shows = models.CharField(
        _("deciding, reviewers see"), max_length=10, choices=Scope, default=Scope.ASSIGNED
    )
    deciding_others = models.CharField(
        _("deciding, others' reviews are shown"), max_length=10, choices=Others, default=Others.AFTER_OWN
    )
    reviews_due_on = models.DateField(_("reviews are due on"), null=True, blank=True)
    reviews_wanted = models.PositiveSmallIntegerField(_("reviews wanted a proposal"), default=3)
    fields: Named = models.ManyToManyField(Field, through="CallField", related_name="calls", verbose_name=_("fields"))
    own_numbers = models.BooleanField(
        _("files bring the numbers of proposals"),
        default=False,
        db_default=False,
        help_text=_("a row with a new number makes a proposal of that number; otherwise the desk numbers them"),
    )
    embargo_until = models.DateTimeField(
        _("embargo until"), null=True, blank=True, help_text=_("before it, only managers see released results")
    )
    pot_yen = models.BigIntegerField(_("budget (yen)"), null=True, blank=True, help_text=_("empty where none is set"))
    max_awards = models.PositiveIntegerField(
        _("number of awards"), null=True, blank=True, help_text=_("at most; empty where none is set")
    )
    taken_yen = models.BigIntegerField(_("taken from the budget (yen)"), default=0, editable=False)
    taken_count = models.IntegerField(_("staged and released awards"), default=0, editable=False)

    objects = CallManager()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        ordering = ["-fiscal_year", "code"]
        constraints = [
            Unique(fields=["code"], name="call_code_once"),
            Check(condition=Q(code__regex=CODE), name="call_code_form"),
            Check(
                condition=Q(opens_at__isnull=True, closes_at__isnull=True)
                | Q(opens_at__isnull=False, closes_at__isnull=False),
                name="call_window_whole",
            ),
            Check(condition=Q(opens_at__isnull=True) | Q(opens_at__lt=F("closes_at")), name="call_window_ordered"),
            Check(condition=Q(pot_yen__isnull=True) | Q(pot_yen__gte=0), name="call_pot_not_negative"),
            Check(condition=Q(pot_yen__isnull=True) | Q(taken_yen__lte=F("pot_yen")), name="call_awards_within_pot"),
            Check(
                condition=Q(max_awards__isnull=True) | Q(taken_count__lte=F("max_awards")),
                name="call_awards_within_number",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return reverse("boards:board", args=[self.code])

    @property
    def name(self) -> str:
        return in_language(self.name_ja, self.name_en)

    @property
    def current_terms(self) -> Above:
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
        if self.pot_yen is not None and self.pot_yen >= 0 and (over := stored.taken_yen - self.pot_yen) > 0:
            values = {"value_yen": stored.taken_yen, "limit_yen": self.pot_yen, "over_yen": over}
            errors["pot_yen"] = Refusal("call_awards_within_pot", {"call": self.code, **values}).error()
        if self.max_awards is not None and 0 <= self.max_awards < stored.taken_count:
            numbers = {"value": stored.taken_count, "limit": self.max_awards}
            errors["max_awards"] = Refusal("call_awards_within_number", {"call": self.code, **numbers}).error()
        errors |= self._window_errors(stored)
        if self.programme_id != stored.programme_id and (breach := self._breach_of_programme()):
            errors["programme"] = breach.error()
        if errors:
            raise ValidationError(dict(errors))

    @property
    def eligible_from(self) -> dict[int, datetime.date | None]:
        """The funders that are eligible, each with the first day on which it is; none where the call names none."""
        return dict(self.eligible_funders.values_list("funder", "eligible_from"))

    def _breach_of_programme(self) -> Refusal | None:
        """Terms of the call that are above what its new programme allows."""
        found = (breach for terms in self.terms.all() for breach in outer_breaches(terms.limits, self.programme.outer))
        return next(found, None)

    def _window_errors(self, stored: "Call") -> dict[str, ValidationError]:
        if (stored.opens_at, stored.closes_at) == (self.opens_at, self.closes_at):
            return {}
        outside = self.proposals.outside_window(self.opens_at, self.closes_at).first()
        if outside is None:
            return {}
        values = {"proposal": outside.number, "value_at": outside.received_at}
        return {"opens_at": Refusal("call_window_covers_received", values).error()}

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """The checks on the counters are judged in ``clean`` with the stored counters, not with this stale copy."""
        super().validate_constraints(exclude={*(exclude or ()), "taken_yen", "taken_count"})


@track()
class CallField(models.Model):
    """A field of a call, at its printed place."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="call_fields", verbose_name=_("call"))
    field = models.ForeignKey(Field, models.PROTECT, related_name="call_fields", verbose_name=_("field"))
    position = models.PositiveSmallIntegerField(_("position"))
    label_as_printed = models.CharField(_("label as printed"), max_length=80, blank=True)
    lead_reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="led_fields",
        verbose_name=_("lead reviewer"),
        help_text=_("marks the awards of this field"),
    )

    class Meta:
        verbose_name = _("field of a call")
        verbose_name_plural = _("fields of a call")
        ordering = ["call", "position"]
        constraints = [Unique(fields=["call", "field"], name="call_field_once")]

    def __str__(self) -> str:
        return self.label_as_printed or str(self.field)


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
