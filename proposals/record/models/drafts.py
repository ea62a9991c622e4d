"""What somebody has begun to type and not yet saved."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aspire.constraints import Unique
from calls.models import Call
from proposals.record.models.proposals import Proposal


class ProposalDraft(models.Model):
    """A form of a proposal as it stands on somebody's screen: of a new one, or of changes to one that is there.

    It is its writer's alone, counts nowhere, and goes when the form is saved or let go.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("user"))
    call = models.ForeignKey(Call, models.CASCADE, related_name="+", verbose_name=_("call"))
    proposal = models.ForeignKey(Proposal, models.CASCADE, null=True, related_name="drafts", verbose_name=_("proposal"))
    typed = models.JSONField(_("what was typed"))
    saved_at = models.DateTimeField(_("saved"))

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [
            Unique(fields=["user", "call"], condition=Q(proposal__isnull=True), name="draft_once_a_call"),
            Unique(fields=["user", "proposal"], name="draft_once_a_proposal"),
        ]

    def __str__(self) -> str:
        return f"{self.call_id} {self.saved_at}"
