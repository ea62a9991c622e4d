"""What is decided before it is told: marks on proposals, and the packets they are released in."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from aspire.constraints import Check, Unique
from aspire.history import track
from aspire.people import Person
from calls.models import Call
from proposals.record.models.proposals import Proposal
from proposals.record.status import Decision, PacketState


def actor(label: Any, **options: Any) -> Any:
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
