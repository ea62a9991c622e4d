"""What waits for a person in the morning, and what changed lately: a sentence each, and the page where it is done."""

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aspire.accounts.history import entrusted
from aspire.models import Upload
from aspire.people import Person, in_their_order
from aspire.permissions import may_open
from aspire.refusals import NOTHING
from aspire.roles import STAFF, Role, roles_of
from aspire.yen import exact
from calls.models import Call, Programme
from proposals.assignment.suggestions import suggestions
from proposals.record.models import FollowUp, Packet
from proposals.record.querysets import ProposalQuerySet, by_call, corrected, logged, midnight, of_events
from proposals.record.status import COUNTED, PacketState
from proposals.tallies.figures import rows_url

CLOSES_SOON = datetime.timedelta(days=14)
TOLD = datetime.timedelta(days=7)  # so long a manager is told what an administrator changed


@dataclass(frozen=True)
class Task:
    """One thing to do, where, and about which call (none for a file)."""

    what: str
    href: str
    call: Call | None = None


def waiting(calls: Iterable[Call], proposals: ProposalQuerySet, *, reader: Person, at: datetime.datetime) -> list[Task]:
    """What waits for the person in their roles, over the proposals they may see; constant in queries."""
    roles, found = roles_of(reader), list[Task]()
    if Role.MANAGER in roles:
        found += [*_packets(), *_deciding(calls, proposals), *_limits(at), *_entrusted(reader, at)]
    if Role.ADMINISTRATOR in roles:
        found += _proposed()
    if roles & STAFF:
        found += [*_closing(calls, at), *_short(calls, proposals), *_suggested(calls, reader)]
        found += [*_raised(calls, reader), *_imports(reader, at)]
    return found


def together(tasks: Iterable[Task]) -> list[tuple[Call | None, list[Task]]]:
    """The tasks call by call, in the order in which each call first comes up; what is of no call comes last."""
    found: dict[Call | None, list[Task]] = {}
    for task in tasks:
        found.setdefault(task.call, []).append(task)
    return sorted(found.items(), key=lambda item: item[0] is None)


def in_stage(calls: Iterable[Call], progress: str) -> list[Call]:
    return [call for call in calls if call.progress == progress]


# --- managers --------------------------------------------------------------------------------------------------------


def _packets() -> Iterator[Task]:
    packets = Packet.objects.filter(state=PacketState.SUBMITTED).select_related("call").order_by("submitted_at")
    for packet in packets:
        what = _("Award decisions are awaiting release.")
        yield Task(what, reverse("awards:packet", args=[packet.call.code]), packet.call)


def _deciding(calls: Iterable[Call], proposals: ProposalQuerySet) -> Iterator[Task]:
    deciding = in_stage(calls, Call.Progress.DECIDING)
    total, paces = _received(deciding, proposals), list(proposals.paces_of(*deciding))
    for call in deciding:
        marked = sum(pace["proposals"] for pace in paces if pace["call"] == call.pk and pace["decision"])
        values = {"marked": exact(marked), "total": exact(total[call.pk])}
        what = _("Being decided: %(marked)s of %(total)s proposals are marked.") % values
        yield Task(what, reverse("awards:ranking", args=[call.code]), call)


def _limits(at: datetime.datetime) -> Iterator[Task]:
    """What an administrator changed lately in what the calls of a programme may allow at most."""
    lately = Programme.objects.filter(limits_changed_at__gte=at - TOLD, limits_changed_by__isnull=False)
    for programme in lately.select_related("limits_changed_by").prefetch_related("calls"):
        call = next(iter(programme.calls.all()), None)
        values = {
            "who": in_their_order(cast(Person, programme.limits_changed_by)),
            "day": date_format(timezone.localdate(programme.limits_changed_at)),
            "programme": programme,
            "yen": NOTHING if programme.limit_annual_yen is None else exact(programme.limit_annual_yen),
            "months": programme.limit_months or NOTHING,
            "reason": programme.limits_reason,
        }
        what = _(
            "%(who)s set the outer limits of %(programme)s to ¥%(yen)s a fiscal year and %(months)s months on %(day)s: "
            "%(reason)s"
        )
        yield Task(what % values, call.get_absolute_url() + "#terms-in-force" if call else reverse("fund:index"), call)


def _proposed() -> Iterator[Task]:
    """Programmes that an officer proposed, whose outer limits wait for an administrator."""
    for programme in Programme.objects.filter(limit_annual_yen=None):
        values = {"programme": programme, "reason": programme.limits_reason or NOTHING}
        what = _("Programme %(programme)s states no outer limits yet. Wished: %(reason)s") % values
        yield Task(what, reverse("admin:calls_programme_change", args=[programme.pk]))


def _entrusted(reader: Person, at: datetime.datetime) -> Iterator[Task]:
    """What somebody else could do in the manager's name since."""
    for each in entrusted(reader, at=at):
        yield Task(each.sentence, reverse("account_change_password"))


# --- officers and administrators -------------------------------------------------------------------------------------


def _closing(calls: Iterable[Call], at: datetime.datetime) -> Iterator[Task]:
    for call in calls:
        if call.closes_at and call.stage(at=at) == Call.Stage.OPEN and call.closes_at - at <= CLOSES_SOON:
            closes_on = timezone.localdate(call.closes_at)
            left = (closes_on - timezone.localdate(at)).days
            values = {"day": date_format(closes_on), "number": left}
            what = ngettext("Closes on %(day)s: %(number)s day left.", "Closes on %(day)s: %(number)s days left.", left)
            yield Task(what % values, call.get_absolute_url(), call)


def _short(calls: Iterable[Call], proposals: ProposalQuerySet) -> Iterator[Task]:
    in_review = in_stage(calls, Call.Progress.IN_REVIEW)
    total, paces = _received(in_review, proposals), list(proposals.paces_of(*in_review))
    for call in in_review:
        wanted = call.reviews_wanted
        enough = sum(pace["proposals"] for pace in paces if pace["call"] == call.pk and pace["reviewers"] >= wanted)
        if wanted and (number := total[call.pk] - enough):
            what = ngettext(
                "%(number)s proposal is short of reviewers.", "%(number)s proposals are short of reviewers.", number
            )
            href = reverse("assignment:assignments", args=[call.code]) + "?short=on"
            yield Task(what % {"number": exact(number)}, href, call)


def _received(calls: Iterable[Call], proposals: ProposalQuerySet) -> Counter[int]:
    """Call → how many of its proposals are counted."""
    cells = proposals.cells_by("call", by_lines=proposals.is_whole(), call__in=calls, status__in=COUNTED)
    return Counter({cell["call"]: cell["proposals"] for cell in cells})


def _suggested(calls: Iterable[Call], reader: Person) -> Iterator[Task]:
    in_review = in_stage(calls, Call.Progress.IN_REVIEW)
    found = suggestions(*in_review, reader=reader) if in_review else []
    numbers = Counter(each.proposal.call_id for each in found)
    for call in in_review:
        if number := numbers[call.pk]:
            what = ngettext(
                "%(number)s suggested conflict of interest is to be decided.",
                "%(number)s suggested conflicts of interest are to be decided.",
                number,
            )
            yield Task(what % {"number": exact(number)}, reverse("assignment:conflicts", args=[call.code]), call)


def _raised(calls: Iterable[Call], reader: Person) -> Iterator[Task]:
    """What was accepted and is to be looked into, call by call."""
    seen = FollowUp.objects.visible_to(reader).open().filter(proposal__call__in=calls).order_by()
    numbers = dict(seen.values_list("proposal__call").annotate(Count("pk")))
    for call in calls:
        if number := numbers.get(call.pk):
            what = ngettext("%(number)s follow-up is open.", "%(number)s follow-ups are open.", number)
            yield Task(what % {"number": exact(number)}, f"{reverse('intake:follow_ups')}?call={call.code}", call)


def _imports(reader: Person, at: datetime.datetime) -> Iterator[Task]:
    uploads = Upload.objects.visible_to(reader, at=at).filter(state=Upload.State.CHECKED)
    for upload in uploads.only("pk", "file_name"):
        what = _("The import “%(file)s” waits to be confirmed.") % {"file": upload.file_name}
        yield Task(what, reverse("sheets:preview", args=[upload.pk]))


# --- what changed lately ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Number:
    """How many, and where they are; no address where the reader may not look."""

    value: int
    href: str = ""


@dataclass(frozen=True)
class CallChanges:
    """What changed in one call."""

    call: Call
    numbers: list[Number]  # proposals logged, proposals corrected, reviews submitted, proposals marked

    @property
    def total(self) -> int:
        """Everything that changed in it."""
        return sum(number.value for number in self.numbers)


def changed(
    calls: Iterable[Call], proposals: ProposalQuerySet, *, since: datetime.date, reader: Person
) -> list[CallChanges]:
    """The calls in which something changed since a day; the number of queries is constant."""
    counts = [
        by_call(logged(proposals, since)),
        by_call(corrected(proposals, since)),
        of_events("Review", "assignment__proposal", proposals, since, state="submitted"),
        of_events("Mark", "proposal", proposals, since, marked_at__gte=midnight(since), packet__isnull=True),
    ]
    touched = [call for call in calls if any(call.pk in count for count in counts)]
    return [
        CallChanges(call, _linked(call, [count.get(call.pk, 0) for count in counts], since, reader)) for call in touched
    ]


def _linked(call: Call, values: list[int], since: datetime.date, reader: Person) -> list[Number]:
    day, pages = since.isoformat(), ("assignment:assignments", "awards:ranking")
    reviews, marks = (reverse(page, args=[call.code]) if may_open(page, reader) else "" for page in pages)
    rows = [rows_url(call.code, status="", **{name: day}) for name in ("logged_since", "corrected_since")]
    return [Number(value, href) for value, href in zip(values, [*rows, reviews or marks, marks], strict=True)]
