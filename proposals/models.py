"""What is asked, and what is given: proposals with their yearly costs and partners, awards with their amounts."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, GeneratedField, Q, Sum, Value
from django.db.models.functions import Concat
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aspire.history import track
from aspire.kana import SearchKey
from aspire.refusals import Refusal
from aspire.rules import Check, Unique, never_truncated
from calls.models import Call, Field, Terms
from calls.terms import Kind, annual_breaches, period_breaches, total_breaches, window_breaches
from partners.models import Country, Funder, in_language
from proposals import rules
from proposals.querysets import ProposalQuerySet
from proposals.status import NOT_COUNTED, Status, may_move

ProposalManager = models.Manager.from_queryset(ProposalQuerySet)
BLANKS = " \t\n\r\u3000"


def raise_all(refusals: Iterable[Refusal], **by_field: Iterable[Refusal]) -> None:
    """Raise the refusals as one ValidationError: plain ones for the whole row, the named ones at their field."""
    errors = {field: [refusal.error() for refusal in found] for field, found in by_field.items()}
    errors[NON_FIELD_ERRORS] = [refusal.error() for refusal in refusals]
    errors = {field: found for field, found in errors.items() if found}
    if errors:
        raise ValidationError(errors)


@track(exclude=("search_key", "requested_direct_yen", "requested_indirect_yen"))
class Proposal(models.Model):
    """A proposal for a call, pinned to the terms it was received under.

    Its country is that of its primary funder. The requested totals (yen) are kept by triggers.
    A reconstructed proposal states what was published and nothing else.
    """

    call = models.ForeignKey(Call, models.PROTECT, related_name="proposals", verbose_name=_("call"))
    terms = models.ForeignKey(Terms, models.PROTECT, related_name="proposals", verbose_name=_("terms"))
    number = models.CharField(_("proposal number"), max_length=40, db_collation="C")
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.RECEIVED)
    title_ja = models.CharField(_("title (Japanese)"), max_length=300, blank=True)
    title_en = models.CharField(_("title (English)"), max_length=300, blank=True)
    field = models.ForeignKey(Field, models.PROTECT, related_name="proposals", verbose_name=_("field"))
    is_reconstructed = models.BooleanField(
        _("reconstructed"), default=False, help_text=_("made from published totals; states nothing else")
    )

    received_at = models.DateTimeField(_("received at"), null=True, blank=True)
    late_reason = models.CharField(
        _("reason for accepting it outside the window"),
        max_length=300,
        blank=True,
        help_text=_("recorded by an officer"),
    )
    starts_on = models.DateField(_("research starts"), null=True, blank=True)
    ends_on = models.DateField(_("research ends"), null=True, blank=True)

    requested_direct_yen = models.BigIntegerField(_("direct costs requested (yen)"), default=0, editable=False)
    requested_indirect_yen = models.BigIntegerField(_("indirect costs requested (yen)"), default=0, editable=False)

    principal_investigator = models.CharField(_("principal investigator"), max_length=100, blank=True)
    principal_investigator_reading = models.CharField(
        _("reading of the name"), max_length=100, blank=True, help_text=_("in katakana")
    )
    researcher_number = models.CharField(
        _("e-Rad researcher number"),
        max_length=8,
        blank=True,
        validators=[RegexValidator(r"^\d{8}$", _("A researcher number has exactly 8 digits, leading zeros included."))],
    )
    institution = models.CharField(_("research institution"), max_length=200, blank=True)
    primary_funder = models.ForeignKey(
        Funder, models.PROTECT, related_name="proposals", verbose_name=_("primary foreign funder")
    )
    young_researcher_plan = models.TextField(_("plan for young researchers"), blank=True)

    search_key = GeneratedField(
        expression=SearchKey(
            Concat(
                "number", Value("|"), "title_ja", Value("|"), "title_en", Value("|"), "principal_investigator",
                Value("|"), "principal_investigator_reading", Value("|"), "researcher_number", Value("|"),
                "institution",
            )
        ),
        output_field=models.TextField(),
        db_persist=True,
    )  # fmt: skip

    objects = ProposalManager()

    class Meta:
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        ordering = ["call", "number"]
        constraints = [
            Unique(fields=["number"], name="proposal_number_once"),
            Check(condition=Q(status__in=Status.values), name="proposal_status_known"),
            Check(
                condition=Q(starts_on__isnull=True, ends_on__isnull=True)
                | Q(starts_on__isnull=False, ends_on__isnull=False),
                name="proposal_period_whole",
            ),
            Check(condition=Q(starts_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="proposal_period_ordered"),
            Check(condition=Q(is_reconstructed=True) | Q(received_at__isnull=False), name="proposal_received_recorded"),
            Check(
                condition=Q(is_reconstructed=False)
                | Q(
                    title_ja="",
                    title_en="",
                    received_at__isnull=True,
                    starts_on__isnull=True,
                    ends_on__isnull=True,
                    principal_investigator="",
                    principal_investigator_reading="",
                    researcher_number="",
                    institution="",
                ),
                name="proposal_reconstructed_is_bare",
            ),
        ]
        indexes = [
            models.Index(fields=["call", "field", "primary_funder", "status"], name="proposal_tally"),
            models.Index(fields=["call", "number"], name="proposal_list"),
        ]
        triggers = [
            *rules.requested_totals_kept,
            *rules.proposals_within_terms,
            rules.period_covers_amounts,
            rules.requests_within_total,
            never_truncated(),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("proposals:detail", args=[self.number])

    @property
    def title(self) -> str:
        return in_language(self.title_ja, self.title_en)

    @property
    def country(self) -> Country:
        return self.primary_funder.country

    @property
    def requested_yen(self) -> int:
        """What is requested over all fiscal years, direct and indirect, in yen."""
        return self.requested_direct_yen + self.requested_indirect_yen

    def clean(self) -> None:
        """Judge what PostgreSQL judges: terms, window, field and status against what is stored."""
        if self.call_id is None or self.terms_id is None:
            return
        stored = Proposal.objects.filter(pk=self.pk).first() if self.pk else None
        raise_all(
            [],
            terms=self._terms_breaches(stored),
            received_at=list(self._window_breaches()),
            ends_on=list(self._period_breaches()),
            field=list(self._field_breaches()),
            status=list(self._status_breaches(stored)) if stored else [],
        )

    def _terms_breaches(self, stored: "Proposal | None") -> list[Refusal]:
        if stored and stored.call_id != self.call_id:
            return [Refusal("proposal_terms_pinned")]
        if self.terms.call_id != self.call_id:
            values = {"terms_call": self.terms.call.code, "call": self.call.code}
            return [Refusal("proposal_terms_of_call", values)]
        if stored and stored.terms_id != self.terms_id:
            return [Refusal("proposal_terms_pinned")]
        return []

    def _window_breaches(self) -> Iterable[Refusal]:
        call, has_reason = self.call, bool(self.late_reason.strip(BLANKS))
        return window_breaches(
            call=call.code,
            opens_at=call.opens_at,
            closes_at=call.closes_at,
            received_at=self.received_at,
            has_reason=has_reason,
        )

    def _period_breaches(self) -> Iterable[Refusal]:
        yield from period_breaches(self.terms.limits, starts_on=self.starts_on, ends_on=self.ends_on)
        if self.pk and self.siblings_judged_by is None:
            for cost in self.costs.all():
                yield from (breach for breach in cost.breaches() if breach.name == "cost_inside_period")
        if self.pk and (award := Award.objects.filter(proposal=self).first()):
            for amount in award.amounts.all():
                amount.award.proposal = self
                yield from (breach for breach in amount.breaches() if breach.name == "award_inside_period")

    def _field_breaches(self) -> Iterable[Refusal]:
        if self.field_id is None:
            return
        fields = set(self.call.call_fields.values_list("field", flat=True))
        if fields and self.field_id not in fields:
            yield Refusal("proposal_field_of_call", {"field": self.field.code, "call": self.call.code})

    def _status_breaches(self, stored: "Proposal") -> Iterable[Refusal]:
        if self.status in NOT_COUNTED and Award.objects.filter(proposal=self).exists():
            yield Refusal("proposal_awarded_stays", {"proposal": self.number, "value": self.status})
        elif self.status in Status.values and not may_move(stored.status, self.status):
            yield Refusal("proposal_status_moves", {"status": stored.status, "value": self.status})

    # A form that edits all costs at once sets this to itself and judges their sum and place as typed, not as stored.
    siblings_judged_by: Any = None


class AnnualAmount(models.Model):
    """Direct and indirect costs of one fiscal year (April to March), in whole yen."""

    fiscal_year = models.PositiveSmallIntegerField(_("fiscal year"))
    direct_yen = models.BigIntegerField(_("direct costs (yen)"))
    indirect_yen = models.BigIntegerField(_("indirect costs (yen)"), default=0)

    kind: Kind

    class Meta:
        abstract = True
        ordering = ["fiscal_year"]

    def __str__(self) -> str:
        return str(self.fiscal_year)

    @property
    def total_yen(self) -> int:
        return self.direct_yen + self.indirect_yen

    @property
    def judged_proposal(self) -> Proposal:
        """The proposal whose terms and period this amount must keep to."""
        raise NotImplementedError

    def siblings(self) -> "models.QuerySet[Any]":
        """The other amounts of the same parent, as stored."""
        raise NotImplementedError

    def breaches(self) -> Iterable[Refusal]:
        """What the terms say against this amount by itself."""
        proposal = self.judged_proposal
        return annual_breaches(
            proposal.terms.limits,
            self.kind,
            fiscal_year=self.fiscal_year,
            direct_yen=self.direct_yen,
            indirect_yen=self.indirect_yen,
            starts_on=proposal.starts_on,
            ends_on=proposal.ends_on,
        )

    def total_breaches(self) -> Iterable[Refusal]:
        """What the terms say against the sum of this amount and its stored siblings."""
        others = self.siblings().aggregate(direct=Sum("direct_yen", default=0), indirect=Sum("indirect_yen", default=0))
        return total_breaches(
            self.judged_proposal.terms.limits,
            self.kind,
            direct_yen=self.direct_yen + others["direct"],
            indirect_yen=self.indirect_yen + others["indirect"],
        )

    def judge(self, *, with_siblings: bool) -> None:
        """Raise every breach of the terms as one ValidationError."""
        if None not in (self.fiscal_year, self.direct_yen, self.indirect_yen):
            raise_all([*self.breaches(), *(self.total_breaches() if with_siblings else ())])


def amount_fields(kind: Kind) -> list[Any]:
    """The row rules of an annual amount: no negative yen."""
    return [
        Check(condition=Q(direct_yen__gte=0), name=f"{kind}_direct_not_negative"),
        Check(condition=Q(indirect_yen__gte=0), name=f"{kind}_indirect_not_negative"),
    ]


@track()
class AnnualCost(AnnualAmount):
    """What a proposal requests for one fiscal year."""

    kind: Kind = "cost"

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="costs", verbose_name=_("proposal"))

    class Meta(AnnualAmount.Meta):
        verbose_name = _("cost of a fiscal year")
        verbose_name_plural = _("costs by fiscal year")
        constraints = [
            Unique(fields=["proposal", "fiscal_year"], name="cost_once_a_fiscal_year"),
            *amount_fields("cost"),
        ]
        triggers = [*rules.requested_amounts, never_truncated()]

    @property
    def judged_proposal(self) -> Proposal:
        return self.proposal

    def siblings(self) -> "models.QuerySet[AnnualCost]":
        return AnnualCost.objects.filter(proposal=self.proposal_id).exclude(pk=self.pk)

    def clean(self) -> None:
        if hasattr(self, "proposal") and self.proposal.terms_id:
            self.judge(with_siblings=self.proposal.siblings_judged_by is None)


@track()
class Counterpart(models.Model):
    """A partner abroad. The first stands under the primary funder; further ones are shown, never added to a tally."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="counterparts", verbose_name=_("proposal"))
    country = models.ForeignKey(
        Country, models.PROTECT, related_name="counterparts", verbose_name=_("country or region")
    )
    funder = models.ForeignKey(
        Funder, models.PROTECT, null=True, blank=True, related_name="counterparts", verbose_name=_("funder")
    )
    person = models.CharField(_("name"), max_length=100)
    institution = models.CharField(_("research institution"), max_length=200)

    class Meta:
        verbose_name = _("counterpart")
        verbose_name_plural = _("counterparts")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.person


@track(exclude=("awarded_direct_yen", "awarded_indirect_yen"))
class Award(models.Model):
    """The award of a proposal; its amounts stand by fiscal year. Never deleted; totals (yen) are kept by triggers."""

    proposal = models.OneToOneField(Proposal, models.PROTECT, related_name="award", verbose_name=_("proposal"))
    awarded_on = models.DateField(_("awarded on"), null=True, blank=True, help_text=_("empty where it is not stated"))
    note = models.CharField(_("note"), max_length=300, blank=True)
    awarded_direct_yen = models.BigIntegerField(_("direct costs awarded (yen)"), default=0, editable=False)
    awarded_indirect_yen = models.BigIntegerField(_("indirect costs awarded (yen)"), default=0, editable=False)

    class Meta:
        verbose_name = _("award")
        verbose_name_plural = _("awards")
        ordering = ["proposal__call", "proposal__number"]
        triggers = [
            *rules.awarded_totals_kept,
            rules.awards_stay,
            *rules.awards_of_eligible_proposals,
            rules.awards_within_total,
            never_truncated(),
        ]

    def __str__(self) -> str:
        return str(self.proposal)

    @property
    def awarded_yen(self) -> int:
        """What is awarded over all fiscal years, direct and indirect, in yen."""
        return self.awarded_direct_yen + self.awarded_indirect_yen

    def clean(self) -> None:
        if not hasattr(self, "proposal"):
            return
        stored = Award.objects.filter(pk=self.pk).first() if self.pk else None
        if stored and stored.proposal_id != self.proposal_id:
            raise_all([], proposal=[Refusal("award_keeps_proposal")])
        if stored is None:
            raise_all(self._number_breaches(), proposal=self._status_breaches())

    def _status_breaches(self) -> list[Refusal]:
        proposal = self.proposal
        if Award.objects.filter(proposal=proposal).exists():
            return [Refusal("award_once")]
        if proposal.status not in NOT_COUNTED:
            return []
        return [Refusal("award_of_eligible_proposal", {"proposal": proposal.number, "status": proposal.status})]

    def _number_breaches(self) -> Iterable[Refusal]:
        call = Call.objects.get(pk=self.proposal.call_id)
        if call.max_awards is not None and call.awarded_count >= call.max_awards:
            values = {"call": call.code, "value": call.awarded_count + 1, "limit": call.max_awards}
            yield Refusal("call_awards_within_number", values)


@track()
class AnnualAward(AnnualAmount):
    """What an award gives for one fiscal year. Corrected, never deleted."""

    kind: Kind = "award"

    award = models.ForeignKey(Award, models.PROTECT, related_name="amounts", verbose_name=_("award"))

    class Meta(AnnualAmount.Meta):
        verbose_name = _("award of a fiscal year")
        verbose_name_plural = _("awards by fiscal year")
        constraints = [
            Unique(fields=["award", "fiscal_year"], name="award_once_a_fiscal_year"),
            *amount_fields("award"),
        ]
        triggers = [*rules.awarded_amounts, never_truncated()]

    @property
    def judged_proposal(self) -> Proposal:
        return self.award.proposal

    def siblings(self) -> "models.QuerySet[AnnualAward]":
        return AnnualAward.objects.filter(award=self.award_id).exclude(pk=self.pk)

    def clean(self) -> None:
        if hasattr(self, "award"):
            self.judge(with_siblings=True)

    def breaches(self) -> Iterable[Refusal]:
        yield from super().breaches()
        yield from self._pot_breaches()

    def _pot_breaches(self) -> Iterable[Refusal]:
        call = Call.objects.get(pk=self.award.proposal.call_id)
        stored = AnnualAward.objects.filter(pk=self.pk).first() if self.pk else None
        added = self.total_yen - (stored.total_yen if stored else 0)
        if call.pot_yen is not None and added > 0 and call.awarded_yen + added > call.pot_yen:
            value = call.awarded_yen + added
            values = {"value_yen": value, "limit_yen": call.pot_yen, "over_yen": value - call.pot_yen}
            yield Refusal("call_awards_within_pot", {"call": call.code, **values})
