"""Who takes part beside the principal investigator: co-investigators, and the partners abroad with their grants."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from aspire.constraints import Check, Unique
from aspire.history import track
from aspire.text import WholeCharField
from partners.models import Country, Funder
from proposals.record.models.documents import Document
from proposals.record.models.proposals import RESEARCHER_NUMBER, Proposal

CURRENCY = r"^[A-Z]{3}$"  # as ISO 4217 has them


@track()
class CoInvestigator(models.Model):
    """Who does part of the research at home, and how much of their working time in a year goes into it (percent)."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="co_investigators", verbose_name=_("proposal"))
    person = WholeCharField(_("name"), max_length=100)
    researcher_number = models.CharField(
        _("e-Rad researcher number"), max_length=8, blank=True, validators=[RESEARCHER_NUMBER]
    )
    institution = WholeCharField(_("research institution"), max_length=200, blank=True)
    effort_percent = models.PositiveSmallIntegerField(_("effort (%)"), null=True, blank=True)

    class Meta:
        verbose_name = _("co-investigator")
        verbose_name_plural = _("co-investigators")
        ordering = ["pk"]
        constraints = [
            Check(condition=Q(effort_percent__isnull=True) | Q(effort_percent__lte=100), name="effort_at_most_whole"),
            Unique(
                fields=["proposal", "researcher_number"],
                condition=~Q(researcher_number=""),
                name="co_investigator_once",
            ),
        ]

    def __str__(self) -> str:
        return self.person


@track()
class Counterpart(models.Model):
    """A partner abroad. The first stands under the primary funder; further ones are shown, never added to a tally.

    The grant is what the counterpart's own funder gives: unknown is not nothing, so every part of it may be empty.
    """

    class GrantState(models.TextChoices):
        CONFIRMED = "confirmed", _("confirmed")
        PENDING = "pending", _("pending")

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="counterparts", verbose_name=_("proposal"))
    country = models.ForeignKey(
        Country, models.PROTECT, related_name="counterparts", verbose_name=_("country or region")
    )
    funder = models.ForeignKey(
        Funder, models.PROTECT, null=True, blank=True, related_name="counterparts", verbose_name=_("funder")
    )
    person = WholeCharField(_("name"), max_length=100)
    email = models.EmailField(_("e-mail"), blank=True, db_default="", default="")
    institution = WholeCharField(_("research institution"), max_length=200)

    grant_state = models.CharField(
        _("funding of the counterpart"), max_length=10, blank=True, choices=GrantState, db_default="", default=""
    )
    grant_number = WholeCharField(_("grant number"), max_length=60, blank=True, db_default="", default="")
    grant_amount = models.BigIntegerField(_("amount, in whole units of its currency"), null=True, blank=True)
    grant_currency = models.CharField(
        _("currency"), max_length=3, blank=True, db_default="", default="", help_text=_("as in USD, EUR, GBP")
    )
    grant_starts_on = models.DateField(_("grant starts"), null=True, blank=True)
    grant_ends_on = models.DateField(_("grant ends"), null=True, blank=True)
    grant_document = models.ForeignKey(
        Document,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("document of the grant"),
    )

    class Meta:
        verbose_name = _("counterpart")
        verbose_name_plural = _("counterparts")
        ordering = ["pk"]
        constraints = [
            Check(condition=Q(grant_state__in=["", "confirmed", "pending"]), name="grant_state_known"),
            Check(
                condition=Q(grant_amount__isnull=True, grant_currency="")
                | Q(grant_amount__gte=0, grant_currency__regex=CURRENCY),
                name="grant_amount_has_currency",
            ),
            Check(
                condition=Q(grant_starts_on__isnull=True)
                | Q(grant_ends_on__isnull=True)
                | Q(grant_ends_on__gte=F("grant_starts_on")),
                name="grant_period_ordered",
            ),
        ]

    def __str__(self) -> str:
        return self.person
