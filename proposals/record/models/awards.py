"""What is given: marks, the packets they are released in, and awards with their amounts, staged until then."""

from collections.abc import Iterable

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from aspire.constraints import Check, Unique
from aspire.history import track
from aspire.people import Person
from aspire.refusals import Refusal
from aspire.untyped import Answered, Passed
from calls.models import Call, PotSlice
from calls.terms import Kind
from proposals.record.models.amounts import AnnualAmount, amount_fields
from proposals.record.models.proposals import Proposal, raise_all
from proposals.record.status import NOT_COUNTED, Decision, PacketState, Status


@track(exclude=("awarded_direct_yen", "awarded_indirect_yen"))
class Award(models.Model):
    """The award of a proposal; its amounts stand by fiscal year, its totals (yen) are kept by triggers.

    Staged until a second person releases it: only then is the proposal's status *awarded*. From the first it takes
    from the pot; a staged award can be taken back, a released one only by undoing the release.
    """

    proposal = models.OneToOneField(Proposal, models.PROTECT, related_name="award", verbose_name=_("proposal"))
    awarded_on = models.DateField(_("awarded on"), null=True, blank=True, help_text=_("empty where it is not stated"))
    note = models.CharField(_("note"), max_length=300, blank=True)
    awarded_direct_yen = models.BigIntegerField(_("direct costs awarded (yen)"), default=0, editable=False)
    awarded_indirect_yen = models.BigIntegerField(_("indirect costs awarded (yen)"), default=0, editable=False)

    class Meta:
        verbose_name = _("award")
        verbose_name_plural = _("awards")
        ordering = ["proposal__call", "proposal__number"]

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

    @property
    def is_released(self) -> bool:
        return self.proposal.status == Status.AWARDED

    def _number_breaches(self) -> Iterable[Refusal]:
        call = Call.objects.get(pk=self.proposal.call_id)
        if call.max_awards is not None and call.taken_count >= call.max_awards:
            values = {"call": call.code, "value": call.taken_count + 1, "limit": call.max_awards}
            yield Refusal("call_awards_within_number", values)


@track()
class AnnualAward(AnnualAmount):
    """What an award gives for one fiscal year; changed only while it is staged."""

    kind: Kind = "award"

    award = models.ForeignKey(Award, models.PROTECT, related_name="amounts", verbose_name=_("award"))

    class Meta(AnnualAmount.Meta):
        verbose_name = _("award of a fiscal year")
        verbose_name_plural = _("awards by fiscal year")
        constraints = [
            Unique(fields=["award", "fiscal_year"], name="award_once_a_fiscal_year"),
            *amount_fields("award"),
        ]

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
        if call.pot_yen is not None and added > 0 and call.taken_yen + added > call.pot_yen:
            value = call.taken_yen + added
            values = {"value_yen": value, "limit_yen": call.pot_yen, "over_yen": value - call.pot_yen}
            yield Refusal("call_awards_within_pot", {"call": call.code, **values})
            return
        place = PotSlice.objects.filter(call=call, fiscal_year=self.fiscal_year).first()
        if place and added > 0 and place.taken_yen + added > place.limit_yen:
            value = place.taken_yen + added
            values = {"value_yen": value, "limit_yen": place.limit_yen, "over_yen": value - place.limit_yen}
            yield Refusal("call_awards_within_slice", {"call": call.code, "fiscal_year": self.fiscal_year, **values})


def actor(label: Passed, **options: Passed) -> Answered:
    """A foreign key to whoever acted."""
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=label, **options)


@track()
class Packet(models.Model):
    """The marks of a call on their way to release: submitted by one person, released or sent back by another.

    While it is submitted, and for good once it is released, its marks and amounts do not move.
    """

    call = models.ForeignKey(Call, models.PROTECT, related_name="packets", verbose_name=_("call"))
    state = models.CharField(_("state"), max_length=10, choices=PacketState, default=PacketState.SUBMITTED)
    submitted_by = actor(_("submitted by"))
    submitted_at = models.DateTimeField(_("submitted at"))
    decided_by = actor(_("decided by"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    class Meta:
        verbose_name = _("packet")
        verbose_name_plural = _("packets")
        ordering = ["call", "pk"]
        constraints = [
            Unique(fields=["call"], condition=Q(state="submitted"), name="packet_once_a_call"),
            Check(condition=Q(state__in=PacketState.values), name="packet_state_known"),
            Check(
                condition=~Q(state__in=["released", "undone"])
                | Q(decided_by__isnull=False) & ~Q(decided_by=F("submitted_by")),
                name="release_by_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.call.code} {self.pk}"


@track()
class PacketStep(models.Model):
    """One act on a packet, with its reason: submitted, sent back, released, undone. Kept as it was written."""

    packet = models.ForeignKey(Packet, models.PROTECT, related_name="steps", verbose_name=_("packet"))
    state = models.CharField(_("state"), max_length=10, choices=PacketState)
    by = actor(_("by"))
    at = models.DateTimeField(_("at"))
    comment = models.TextField(_("comment"), blank=True)

    class Meta:
        verbose_name = _("step of a packet")
        verbose_name_plural = _("steps of packets")
        ordering = ["packet", "pk"]
        constraints = [
            Unique(fields=["packet", "state"], name="packet_step_once"),
            Check(condition=Q(state__in=PacketState.values), name="packet_step_known"),
            Check(condition=~Q(state__in=["sent_back", "undone"]) | ~Q(comment=""), name="packet_step_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.packet} {self.state}"


class MarkQuerySet(models.QuerySet["Mark"]):
    def set_by(self, person: Person) -> "MarkQuerySet":
        """Marks that the person set at any time since the proposal was last unmarked, as the rule of release asks."""
        history = apps.get_model("proposals.MarkEvent")._default_manager
        return self.filter(Exists(history.filter(pgh_obj=OuterRef("pk"), marked_by=person)))


@track()
class Mark(models.Model):
    """What is proposed for a proposal: award, reserve or decline, with the reason. Staged until its packet is released.

    ``version`` grows with each change by trigger, so that nobody overwrites what they have not seen.
    """

    proposal = models.OneToOneField(Proposal, models.PROTECT, related_name="mark", verbose_name=_("proposal"))
    decision = models.CharField(_("decision"), max_length=10, choices=Decision)
    reason = models.CharField(_("reason"), max_length=1000, blank=True)
    marked_by = actor(_("marked by"))
    marked_at = models.DateTimeField(_("marked at"))
    packet = models.ForeignKey(
        Packet, models.PROTECT, null=True, blank=True, related_name="marks", verbose_name=_("packet")
    )
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    objects = MarkQuerySet.as_manager()

    class Meta:
        verbose_name = _("mark")
        verbose_name_plural = _("marks")
        ordering = ["proposal__call", "proposal__number"]
        constraints = [Check(condition=Q(decision__in=Decision.values), name="mark_decision_known")]

    def __str__(self) -> str:
        return f"{self.proposal} {self.decision}"
