"""Yen by fiscal year: the amounts that proposals ask for and awards give."""

from collections.abc import Iterable

from django.db import models
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from aspire.constraints import Check, Unique
from aspire.history import track
from aspire.refusals import Refusal
from calls.terms import Amount, Kind, annual_breaches, total_breaches
from proposals.record.models.proposals import Proposal, raise_all


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

    def siblings(self) -> "models.QuerySet[models.Model]":
        """The other amounts of the same parent, as stored."""
        raise NotImplementedError

    def breaches(self) -> Iterable[Refusal]:
        """What the terms say against this amount by itself."""
        proposal = self.judged_proposal
        return annual_breaches(
            proposal.terms.limits,
            self.kind,
            Amount(self.fiscal_year, self.direct_yen, self.indirect_yen),
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


def amount_fields(kind: Kind) -> list[models.BaseConstraint]:
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

    @property
    def judged_proposal(self) -> Proposal:
        return self.proposal

    def siblings(self) -> "models.QuerySet[AnnualCost]":
        return AnnualCost.objects.filter(proposal=self.proposal_id).exclude(pk=self.pk)

    def clean(self) -> None:
        if hasattr(self, "proposal") and self.proposal.terms_id:
            self.judge(with_siblings=self.proposal.siblings_judged_by is None)
