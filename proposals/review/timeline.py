"""What happened to one proposal, by whom and when: read from the trigger history, so commands and SQL are there too."""

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aspire.history import by_no_person
from aspire.people import in_their_order
from aspire.templatetags.figures import day, fiscal, moment
from aspire.untyped import Answered, Named, Recorded
from proposals.record.models import Proposal
from proposals.record.status import PacketState, Status

NOTHING = "\u2015"
Change = tuple[str, str, str]
# What the database counts or links by itself, or what another entry tells.
UNTOLD = {"id", "version", "packet", "proposal", "award", "assignment", "position"}
UNTOLD |= {"assigned_at", "recorded_at", "marked_at", "saved_at"}


@dataclass(frozen=True)
class Entry:
    """One act: when, who (a program for a command or SQL, a dash for nobody here), what it was, and what it changed."""

    at: datetime.datetime
    who: str
    what: str
    changes: tuple[Change, ...] = ()
    words: str = ""


@dataclass(frozen=True)
class Source:
    """One table of history, and what its inserts, updates and deletes are called."""

    model: str
    inserted: str | Promise
    updated: str | Promise = ""
    deleted: str | Promise = ""


# What the release of a packet and its undoing make of a proposal: told as that act, not as a correction.
MADE_BY = {
    Status.AWARDED: PacketState.RELEASED,
    Status.DECLINED: PacketState.RELEASED,
    Status.IN_REVIEW: PacketState.UNDONE,
}

SOURCES = [
    Source("Proposal", _("logged"), _("corrected"), _("deleted")),
    Source("AnnualCost", _("costs entered"), _("costs corrected"), _("costs taken out")),
    Source("Counterpart", _("counterpart entered"), _("counterpart corrected"), _("counterpart taken out")),
    Source(
        "CoInvestigator", _("co-investigator entered"), _("co-investigator corrected"), _("co-investigator taken out")
    ),
    Source("Document", _("document received"), _("document taken away")),
    Source("Assignment", _("assigned"), _("assignment changed"), _("assignment taken back")),
    Source("Conflict", _("interest recorded"), _("interest recorded anew"), _("interest taken out")),
    Source("Review", _("review begun")),
    Source("Mark", _("marked"), _("marked anew"), _("mark taken back")),
    Source("Award", _("award staged"), _("award changed"), _("award taken back")),
    Source("AnnualAward", _("amounts staged"), _("amounts changed"), _("amounts taken back")),
    Source("PacketStep", _("packet")),
]


@dataclass
class Timeline:
    """The entries of one proposal, the earliest first. The number of queries does not grow with them."""

    proposal: Proposal
    names: dict[int, str] = field(default_factory=dict)
    related: dict[type[models.Model], dict[int, str]] = field(default_factory=dict)
    steps: set[tuple[object, ...]] = field(default_factory=set)
    reviewers: dict[int, int] = field(default_factory=dict)

    def entries(self) -> list[Entry]:
        """Everything that happened, acts of one moment together."""
        events = {source.model: list(self._events(source.model)) for source in SOURCES}
        self._look_up(events)
        self.steps = {(*moment_of(event), event.state) for event in events["PacketStep"]}
        self.reviewers = {event.pgh_obj_id: event.reviewer_id for event in events["Assignment"]}
        told = [*self._received(), *self._told(events)]
        told.sort(key=lambda entry: entry.at)
        return list(together(told))

    def _received(self) -> Iterator[Entry]:
        """By the applicant's hand, so by nobody here; older calls do not state when."""
        if self.proposal.received_at:
            yield Entry(self.proposal.received_at, NOTHING, gettext("received"))

    def _told(self, events: dict[str, list[Recorded]]) -> Iterator[Entry]:
        for source in SOURCES:
            yield from self._of(source, events[source.model])

    def _events(self, model: str) -> Iterable[Recorded]:
        asked = WHERE.get(model, of_proposal)(self.proposal.pk)
        found = history(model).filter(**asked)
        rows: Iterable[Recorded] = found.order_by("pgh_id")
        return rows

    def _look_up(self, events: dict[str, list[Recorded]]) -> None:
        """The names behind every key that occurs, one query a table."""
        wanted: dict[type[models.Model], set[int]] = defaultdict(set)
        for event in (event for found in events.values() for event in found):
            wanted[User].add(event.pgh_user)
            for column in told_columns(event):
                if column.related_model:
                    wanted[column.related_model].add(getattr(event, column.attname))
        self.related = {model: named(model, keys - {None}) for model, keys in wanted.items()}
        self.names = self.related.get(User, {})

    # --- telling -----------------------------------------------------------------------------------------------

    def _of(self, source: Source, events: list[Recorded]) -> Iterator[Entry]:
        before: dict[object, Recorded] = {}
        for event in events:
            entry = self._entry(source, event, before.get(event.pgh_obj_id))
            before[event.pgh_obj_id] = event
            if entry:
                yield entry

    def _entry(self, source: Source, event: Recorded, before: Recorded) -> Entry | None:
        who = self.names[event.pgh_user] if event.pgh_user in self.names else by_no_person(event)
        if source.model == "Review":
            return self._of_review(event, before, who)
        if source.model == "PacketStep":
            return Entry(event.pgh_created_at, who, str(PacketState(event.state).label), words=event.comment)
        if event.pgh_label == "insert":
            changes = self._changes(event, None) if source.model != "Proposal" else ()
            return Entry(event.pgh_created_at, who, str(source.inserted), changes)
        if event.pgh_label == "delete":
            return Entry(event.pgh_created_at, who, str(source.deleted), self._changes(None, event))
        changes, what = self._changes(event, before), self._step_of(source, event, before) or source.updated
        return Entry(event.pgh_created_at, who, str(what), changes) if changes else None

    def _step_of(self, source: Source, event: Recorded, before: Recorded) -> str | Promise:
        """The release, or its undoing, of the same transaction that gave a proposal its new status; empty for none."""
        if source.model != "Proposal" or before is None or before.status == event.status:
            return ""
        step = MADE_BY.get(event.status)
        return step.label if step and (*moment_of(event), step) in self.steps else ""

    def _of_review(self, event: Recorded, before: Recorded, who: str) -> Entry | None:
        """A review is told by its steps, never by each draft that was saved."""
        if before is not None and before.state == event.state:
            return None
        what = gettext("review submitted") if event.state == "submitted" else gettext("review reopened")
        if before is None:
            what = gettext("review begun")
        reviewer = self.names.get(self.reviewers.get(event.assignment_id, 0), "")
        words = gettext("Review by %(name)s") % {"name": reviewer} if reviewer and reviewer != who else ""
        return Entry(event.pgh_created_at, who, what, words=words)

    def _changes(self, after: Recorded, before: Recorded) -> tuple[Change, ...]:
        one = after or before
        year = fiscal(one.fiscal_year) if hasattr(one, "fiscal_year") else ""
        found = []
        for column in told_columns(one):
            old, new = (self._shown(column, each) if each is not None else NOTHING for each in (before, after))
            if old != new and column.name != "fiscal_year":
                found.append((f"{year} {column.verbose_name}".strip(), old, new))
        return tuple(found)

    def _shown(self, column: Named, event: Recorded) -> str:
        value = getattr(event, column.attname)
        if value in (None, ""):
            return NOTHING
        if column.related_model:
            return self.related[column.related_model].get(value, NOTHING)
        return str(dict(column.flatchoices).get(value, value)) if column.choices else written(value)


def written(value: object) -> str:
    """A value as a reader wants it."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, datetime.datetime):
        return str(moment(value))
    if isinstance(value, datetime.date):
        return str(day(value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def history(model: str) -> Answered:
    """What the triggers wrote about a model's rows."""
    return apps.get_model(f"proposals.{model}Event")._default_manager


def of_proposal(pk: int) -> dict[str, Any]:
    return {"proposal": pk}


WHERE: dict[str, Callable[[int], dict[str, Any]]] = {
    "Proposal": lambda pk: {"pgh_obj_id": pk},
    "Review": lambda pk: {"assignment__proposal": pk},
    "AnnualAward": lambda pk: {"award__in": history("Award").filter(proposal=pk).values("id")},
    "PacketStep": lambda pk: {"packet__in": history("Mark").filter(proposal=pk, packet__gt=0).values("packet")},
}


def moment_of(event: Recorded) -> tuple[object, ...]:
    """What the events of one transaction have in common."""
    return event.pgh_created_at, event.pgh_context_id


def told_columns(event: Recorded) -> list[Named]:
    """The columns of the tracked row that a reader wants to know of, as the model names them."""
    tracked = event.pgh_tracked_model._meta
    names = [column.name for column in event._meta.fields if not column.name.startswith("pgh_")]
    return [tracked.get_field(name) for name in names if name not in UNTOLD]


def named(model: type[models.Model], keys: Iterable[int]) -> dict[int, str]:
    """Key → how the row is called."""
    if model is User:
        return {user.pk: in_their_order(user) for user in User.objects.filter(pk__in=keys)}
    return {pk: str(row) for pk, row in model._default_manager.in_bulk(keys).items()}


def together(entries: list[Entry]) -> Iterator[Entry]:
    """Acts of one moment, person and kind as one entry, where the last of them stands."""
    found: dict[tuple[datetime.datetime, str, str], list[Entry]] = {}
    for entry in entries:
        key = (entry.at, entry.who, entry.what)
        found[key] = [*found.pop(key, []), entry]
    for (at, who, what), acts in found.items():
        words = " ".join(dict.fromkeys(act.words for act in acts if act.words))
        yield Entry(at, who, what, tuple(change for act in acts for change in act.changes), words)
