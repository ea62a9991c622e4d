"""What was accepted and is to be looked into: each a row that somebody works off."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aspire.constraints import Check, Unique
from aspire.history import track
from aspire.people import Person
from aspire.sheets.results import restored_fault
from aspire.text import WholeCharField
from aspire.workbooks.faults import Fault
from proposals.record.models.proposals import Proposal


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def visible_to(self, user: Person) -> "FollowUpQuerySet":
        """Of proposals that exist for the person."""
        return self.filter(proposal__in=Proposal.objects.visible_to(user))

    def open(self) -> "FollowUpQuerySet":
        """Nobody has done them yet."""
        return self.filter(done_at__isnull=True)


FollowUpManager = models.Manager.from_queryset(FollowUpQuerySet)


@track()
class FollowUp(models.Model):
    """One thing about a proposal that was accepted and is to be looked into; with who did, and what came of it."""

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="follow_ups", verbose_name=_("proposal"))
    code = models.CharField(_("what it is about"), max_length=40)
    column = models.CharField(_("header"), max_length=60, blank=True)
    value = models.CharField(_("value"), max_length=300, blank=True)  # what stood there, which may name a person
    finding = models.JSONField(_("finding"))  # the rest, as a file's is stored, so that it is said in either language
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("raised by")
    )
    raised_at = models.DateTimeField(_("raised"))
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("done by")
    )
    done_at = models.DateTimeField(_("done"), null=True)
    comment = WholeCharField(_("what came of it"), max_length=300, blank=True)

    objects = FollowUpManager()

    class Meta:
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        ordering = ["raised_at", "pk"]
        constraints = [
            Unique(fields=["proposal", "code", "column"], condition=Q(done_at__isnull=True), name="follow_up_once"),
            Check(
                condition=Q(done_at__isnull=True, done_by__isnull=True, comment="")
                | Q(done_at__isnull=False, done_by__isnull=False) & ~Q(comment=""),
                name="follow_up_done_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal.number} {self.code}"

    @property
    def fault(self) -> Fault:
        """The finding, to be said in the language of the reader."""
        return restored_fault({**self.finding, "value": self.value})
