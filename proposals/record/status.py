"""What can happen to a proposal, in what order."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    RECEIVED = "received", _("received")
    IN_REVIEW = "in_review", _("in review")
    AWARDED = "awarded", _("awarded")
    DECLINED = "declined", _("declined")
    INELIGIBLE = "ineligible", _("ineligible")
    WITHDRAWN = "withdrawn", _("withdrawn")


# Left out of every tally, and never awarded.
NOT_COUNTED = (Status.INELIGIBLE, Status.WITHDRAWN)
COUNTED = tuple(status for status in Status if status not in NOT_COUNTED)

# The moves the procedure allows, beside staying as it is. An awarded proposal stays awarded while its award stands.
MOVES: dict[Status, tuple[Status, ...]] = {
    Status.RECEIVED: (Status.IN_REVIEW, Status.AWARDED, Status.DECLINED, Status.INELIGIBLE, Status.WITHDRAWN),
    Status.IN_REVIEW: (Status.RECEIVED, Status.AWARDED, Status.DECLINED, Status.INELIGIBLE, Status.WITHDRAWN),
    Status.AWARDED: (Status.IN_REVIEW, Status.WITHDRAWN),
    Status.DECLINED: (Status.IN_REVIEW, Status.AWARDED, Status.WITHDRAWN),
    Status.INELIGIBLE: (Status.RECEIVED, Status.WITHDRAWN),
    Status.WITHDRAWN: (Status.RECEIVED,),
}


def may_move(before: str, after: str) -> bool:
    """Whether a proposal may go from one status to the other."""
    return before == after or after in MOVES[Status(before)]


class Decision(models.TextChoices):
    """What is marked on a proposal until the packet is released."""

    AWARD = "award", _("award")
    RESERVE = "reserve", _("reserve")
    DECLINE = "decline", _("decline")


class PacketState(models.TextChoices):
    """How far the marks of a call have come on their way to a released result."""

    SUBMITTED = "submitted", _("submitted for release")
    SENT_BACK = "sent_back", _("sent back")
    RELEASED = "released", _("released")
    UNDONE = "undone", _("release undone")


PACKET_MOVES: dict[str, tuple[str, ...]] = {
    "submitted": ("sent_back", "released"),
    "released": ("undone",),
}
