"""What changed lately on a reviewer's desk: what was assigned or asked again, and results of a field they lead."""

import datetime
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db.models import Exists, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _

from aspire.people import Person
from aspire.untyped import Annotated
from calls.models import Call
from proposals.record.models import Assignment, Proposal
from proposals.record.querysets import led_by, midnight
from proposals.record.status import PacketState


@dataclass(frozen=True)
class News:
    """What happened in one call, and where: a label and an address each."""

    what: str
    call: Call
    links: list[tuple[str, str]]


def news(user: Person, *, since: datetime.date, at: datetime.datetime) -> list[News]:
    """What changed since a day, as far as the reviewer may see it; constant in queries."""
    return [*_given(user, since), *_released(user, since, at)]


def _given(user: Person, since: datetime.date) -> Iterator[News]:
    """Read from the history: what was given by command or SQL is there too."""
    history = apps.get_model("proposals.AssignmentEvent")._default_manager.order_by()
    events = history.filter(pgh_obj=OuterRef("pk"), pgh_created_at__gte=midnight(since))
    before = history.filter(pgh_obj=OuterRef("pgh_obj"), pgh_id__lt=OuterRef("pgh_id")).order_by("-pgh_id")
    opened = events.filter(pgh_label="update", declined_at__isnull=True)
    again = opened.alias(declined=Subquery(before.values("declined_at")[:1])).filter(declined__isnull=False)
    own: Annotated = Assignment.objects.filter(reviewer=user, declined_at__isnull=True)
    own = own.filter(proposal__in=Proposal.objects.for_reviewer(user).order_by())
    own = own.annotate(is_new=Exists(events.filter(pgh_label="insert")), is_again=Exists(again))
    found = own.filter(Q(is_new=True) | Q(is_again=True)).select_related("proposal__call")
    parts: dict[tuple[str, Call], list[tuple[str, str]]] = defaultdict(list)
    for each in found.order_by("proposal__call__code", "proposal__number"):
        number = each.proposal.number
        what = _("asked again") if each.is_again else _("newly assigned")
        parts[what, each.proposal.call].append((number, reverse("review:proposal", args=[number])))
    for (what, call), links in parts.items():
        yield News(what, call, links)


def _released(user: Person, since: datetime.date, at: datetime.datetime) -> Iterator[News]:
    """Results that came out, or whose embargo ended, where the reviewer leads a field; others see no result."""
    led = Proposal.objects.without_conflicts_of(user).filter(Exists(led_by(user)))
    out = led.filter(mark__packet__state=PacketState.RELEASED)
    out = out.filter(Q(call__embargo_until__isnull=True) | Q(call__embargo_until__lte=at))
    day = midnight(since)
    out = out.filter(Q(mark__packet__decided_at__gte=day) | Q(call__embargo_until__gte=day))
    for call in Call.objects.filter(pk__in=out.order_by().values("call")).newest_first():
        yield News(_("results released"), call, [(_("Ranking"), reverse("awards:ranking", args=[call.code]))])
