"""What changed lately on a reviewer's desk: what was assigned or asked again, and results of a field they lead."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Exists, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _

from calls.models import Call
from proposals.models import Assignment, Proposal
from proposals.querysets import led_by, midnight
from proposals.status import PacketState


@dataclass(frozen=True)
class News:
    """One thing that changed, where it is, and its title or call."""

    what: str
    href: str
    about: str


def news(user: Any, *, since: datetime.date, at: datetime.datetime) -> list[News]:
    """What changed since a day, as far as the reviewer may see it; constant in queries."""
    return [*_given(user, since), *_released(user, since, at)]


def _given(user: Any, since: datetime.date) -> Iterator[News]:
    """Read from the history: what was given by command or SQL is there too."""
    history = apps.get_model("proposals.AssignmentEvent")._default_manager.order_by()
    events = history.filter(pgh_obj=OuterRef("pk"), pgh_created_at__gte=midnight(since))
    before = history.filter(pgh_obj=OuterRef("pgh_obj"), pgh_id__lt=OuterRef("pgh_id")).order_by("-pgh_id")
    opened = events.filter(pgh_label="update", declined_at__isnull=True)
    again = opened.alias(declined=Subquery(before.values("declined_at")[:1])).filter(declined__isnull=False)
    own = Assignment.objects.filter(reviewer=user, declined_at__isnull=True)
    own = own.filter(proposal__in=Proposal.objects.for_reviewer(user).order_by())
    own = own.annotate(is_new=Exists(events.filter(pgh_label="insert")), is_again=Exists(again))
    found = own.filter(Q(is_new=True) | Q(is_again=True)).select_related("proposal").order_by("proposal__number")
    for each in found:
        number = {"number": each.proposal.number}
        what = _("%(number)s: asked again") if each.is_again else _("%(number)s: newly assigned")
        yield News(what % number, reverse("review:sheet", args=[each.proposal.number]), each.proposal.title)


def _released(user: Any, since: datetime.date, at: datetime.datetime) -> Iterator[News]:
    """Results that came out, or whose embargo ended, where the reviewer leads a field; others see no result."""
    led = Proposal.objects.without_conflicts_of(user).filter(Exists(led_by(user)))
    out = led.filter(mark__packet__state=PacketState.RELEASED)
    out = out.filter(Q(call__embargo_until__isnull=True) | Q(call__embargo_until__lte=at))
    day = midnight(since)
    out = out.filter(Q(mark__packet__decided_at__gte=day) | Q(call__embargo_until__gte=day))
    for call in Call.objects.filter(pk__in=out.order_by().values("call")).newest_first():
        yield News(_("Results of your field are released"), reverse("awards:ranking", args=[call.code]), call.name)
