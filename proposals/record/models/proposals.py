"""What is asked: proposals and their partners abroad."""

from collections.abc import Iterable

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, GeneratedField, Q, Value
from django.db.models.functions import Concat
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aspire.constraints import CODE, Check, Unique
from aspire.history import track
from aspire.kana import SearchKey
from aspire.refusals import Refusal
from aspire.text import WholeCharField, WholeTextField
from aspire.untyped import Above
from calls.models import Call, Field, Terms
from calls.terms import is_eligible, period_breaches, window_breaches
from partners.models import Country, Funder, in_language
from proposals.record.querysets import NEWEST_CALL, ProposalQuerySet
from proposals.record.status import NOT_COUNTED, Decision, PacketState, Status, may_move

ProposalManager = models.Manager.from_queryset(ProposalQuerySet)
BLANKS = " \t\n\r\u3000"
RESEARCHER_NUMBER = RegexValidator(r"^\d{8}$", _("A researcher number has exactly 8 digits, leading zeros included."))


def raise_all(refusals: Iterable[Refusal], **by_field: Iterable[Refusal]) -> None:
    """Raise the refusals as one ValidationError: plain ones for the whole row, the named ones at their field."""
    errors = {field: [refusal.error() for refusal in found] for field, found in by_field.items()}
    errors[NON_FIELD_ERRORS] = [refusal.error() for refusal in refusals]
    errors = {field: found for field, found in errors.items() if found}
    if errors:
        raise ValidationError(errors)


@track(exclude=("search_key", "institution_key", "requested_direct_yen", "requested_indirect_yen"))
class Proposal(models.Model):
    """A proposal for a call, pinned to the terms it was received under.

    Its country is that of its primary funder. The requested totals (yen) are kept by triggers.
    A reconstructed proposal states what was published and nothing else.
    """

    # The indexes below begin with the call, so it needs none of its own.
    call = models.ForeignKey(Call, models.PROTECT, related_name="proposals", verbose_name=_("call"), db_index=False)
    terms = models.ForeignKey(Terms, models.PROTECT, related_name="proposals", verbose_name=_("terms"))
    number = models.CharField(_("proposal number"), max_length=40, db_collation="C")
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.RECEIVED)
    title_ja = WholeCharField(_("title (Japanese)"), max_length=300, blank=True)
    title_en = WholeCharField(_("title (English)"), max_length=300, blank=True)
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
    funder_reason = WholeCharField(
        _("reason for accepting a funder outside the list"), max_length=300, blank=True, db_default="", default=""
    )
    set_aside_on = models.DateField(_("withdrawn or found ineligible on"), null=True, blank=True)
    set_aside_reason = WholeCharField(
        _("why it was withdrawn or is ineligible"), max_length=300, blank=True, db_default="", default=""
    )
    starts_on = models.DateField(_("research starts"), null=True, blank=True)
    ends_on = models.DateField(_("research ends"), null=True, blank=True)

    requested_direct_yen = models.BigIntegerField(_("direct costs requested (yen)"), default=0, editable=False)
    requested_indirect_yen = models.BigIntegerField(_("indirect costs requested (yen)"), default=0, editable=False)

    principal_investigator = WholeCharField(_("principal investigator"), max_length=100, blank=True)
    principal_investigator_reading = WholeCharField(
        _("reading of the name"), max_length=100, blank=True, help_text=_("in katakana")
    )
    principal_investigator_en = WholeCharField(
        _("name in English"), max_length=100, blank=True, db_default="", default=""
    )
    researcher_number = models.CharField(
        _("e-Rad researcher number"),
        max_length=8,
        blank=True,
        validators=[RESEARCHER_NUMBER],
    )
    email = models.EmailField(_("e-mail"), blank=True, db_default="", default="")
    institution = WholeCharField(_("research institution"), max_length=200, blank=True)
    primary_funder = models.ForeignKey(
        Funder, models.PROTECT, related_name="proposals", verbose_name=_("primary foreign funder")
    )
    young_researcher_plan = WholeTextField(_("plan for young researchers"), blank=True)
    erad_project_id = models.CharField(_("e-Rad project ID"), max_length=20, blank=True, db_default="", default="")
    abstract_ja = WholeTextField(_("abstract (Japanese)"), blank=True, db_default="", default="")
    abstract_en = WholeTextField(_("abstract (English)"), blank=True, db_default="", default="")
    keywords = WholeCharField(_("keywords"), max_length=300, blank=True, db_default="", default="")

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

    # Which institution that is, whatever its spelling, ``InstitutionName`` says.
    institution_key = GeneratedField(
        expression=SearchKey("institution"), output_field=models.TextField(db_collation="C"), db_persist=True
    )

    objects = ProposalManager()

    class Meta:
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        ordering = ["call", "number"]
        constraints = [
            Unique(fields=["number"], name="proposal_number_once"),
            Check(condition=Q(number__regex=CODE), name="proposal_number_form"),
            Check(condition=Q(status__in=Status.values), name="proposal_status_known"),
            Check(
                condition=Q(starts_on__isnull=True, ends_on__isnull=True)
                | Q(starts_on__isnull=False, ends_on__isnull=False),
                name="proposal_period_whole",
            ),
            Check(condition=Q(starts_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="proposal_period_ordered"),
            Check(condition=Q(is_reconstructed=True) | Q(received_at__isnull=False), name="proposal_received_recorded"),
            Check(
                condition=Q(set_aside_on__isnull=True, set_aside_reason="")
                | Q(set_aside_on__isnull=False) & ~Q(set_aside_reason=""),
                name="proposal_set_aside_whole",
            ),
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
                    principal_investigator_en="",
                    erad_project_id="",
                    abstract_ja="",
                    abstract_en="",
                    keywords="",
                    researcher_number="",
                    email="",
                    institution="",
                ),
                name="proposal_reconstructed_is_bare",
            ),
        ]
        indexes = [
            models.Index(fields=["call", "field", "primary_funder", "status"], name="proposal_tally"),
            models.Index(NEWEST_CALL, "number", name="proposal_list"),
            models.Index(fields=["call", "number"], name="proposal_list_of_call"),
            # What reviewers have led is sought among the proposals of all calls.
            models.Index(fields=["researcher_number"], name="proposal_led_by_number"),
            models.Index(fields=["email"], name="proposal_led_by_email"),
            models.Index(fields=["principal_investigator"], name="proposal_led_by_name"),
            models.Index(fields=["principal_investigator_reading"], name="proposal_led_by_reading"),
            models.Index(fields=["principal_investigator_en"], name="proposal_led_by_name_en"),
            models.Index(
                fields=["call", "received_at"],
                include=["status"],
                condition=~Q(late_reason=""),
                name="proposal_late",
            ),
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
    def released_award(self) -> Above:
        """Its award once that is released; a staged one counts and shows nowhere but on the award page."""
        return getattr(self, "award", None) if self.status == Status.AWARDED else None

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
            status=(list(self.status_breaches(stored)) if stored else []) or list(self._award_breaches()),
            funder_reason=list(self._funder_breaches(stored)),
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
        if self.pk and (award := self._stored_award()):
            for amount in award.amounts.all():
                amount.award.proposal = self
                yield from (breach for breach in amount.breaches() if breach.name == "award_inside_period")

    def _field_breaches(self) -> Iterable[Refusal]:
        if self.field_id is None:
            return
        fields = set(self.call.call_fields.values_list("field", flat=True))
        if fields and self.field_id not in fields:
            yield Refusal("proposal_field_of_call", {"field": self.field.code, "call": self.call.code})

    def _funder_breaches(self, stored: "Proposal | None") -> Iterable[Refusal]:
        """Of what is typed; PostgreSQL takes it from any other door, and raises it to be looked into."""
        if self.primary_funder_id is None or self.is_reconstructed or self.funder_reason.strip(BLANKS):
            return
        is_moved = stored is None or stored.primary_funder_id != self.primary_funder_id
        if is_moved and not is_eligible(self.call.eligible_from, self.primary_funder_id, self.received_at):
            yield Refusal("proposal_funder_eligible", {"funder": self.primary_funder.code, "call": self.call.code})

    def status_breaches(self, stored: "Proposal") -> Iterable[Refusal]:
        """What stands against going from the status that is stored to this one."""
        if self.status in NOT_COUNTED and self._stored_award():
            yield Refusal("proposal_awarded_stays", {"proposal": self.number, "value": self.status})
        elif stored.status == Status.AWARDED != self.status and not self.is_reconstructed and self.is_released:
            yield Refusal("proposal_released_stays", {"proposal": self.number})
        elif self.status in Status.values and not may_move(stored.status, self.status):
            yield Refusal("proposal_status_moves", {"status": stored.status, "value": self.status})
        elif stored.status != self.status in NOT_COUNTED and not self.set_aside_reason.strip(BLANKS):
            yield Refusal("proposal_set_aside_says_why", {"proposal": self.number, "value": self.status})

    def _award_breaches(self) -> Iterable[Refusal]:
        if self.status != Status.AWARDED:
            return
        if self.is_reconstructed and not self._stored_award():
            yield Refusal("proposal_reconstructed_has_award", {"proposal": self.number})
        elif not self.is_reconstructed and not self.is_released:
            yield Refusal("proposal_awarded_by_release", {"proposal": self.number})

    @property
    def is_released(self) -> bool:
        """Whether a second person has released its award, as stored."""
        released = Proposal.objects.filter(
            pk=self.pk, award__isnull=False, mark__decision=Decision.AWARD, mark__packet__state=PacketState.RELEASED
        )
        return bool(self.pk) and released.exists()

    def _stored_award(self) -> Above:
        return getattr(Proposal.objects.select_related("award").get(pk=self.pk), "award", None) if self.pk else None

    # A form that edits all costs at once sets this to itself and judges their sum and place as typed, not as stored.
    siblings_judged_by: Above = None
