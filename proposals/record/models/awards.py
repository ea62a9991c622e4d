"""What is given: awards with their amounts, staged until they are released."""

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _

from aspire.constraints import Unique
from aspire.history import track
from aspire.refusals import Refusal
from calls.models import Call, PotSlice
from calls.terms import Kind
from proposals.record.models.amounts import AnnualAmount, amount_fields
from proposals.record.models.proposals import Proposal, raise_all
from proposals.record.status import NOT_COUNTED, Status


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
