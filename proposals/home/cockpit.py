"""What the first page says of the whole: the current call, its partners, its rates, the fund, and what is due next."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from aspire.operations import readiness
from aspire.people import Person
from calls.hidden import withheld_from
from calls.models import Call
from proposals.assignment.invitations import waiting as invited
from proposals.boards.board import CallBoard
from proposals.boards.tiles import tiles_of
from proposals.fund.fund import Ledger, fund
from proposals.pack import files
from proposals.partnerships.worldmap import Counted, world_map
from proposals.record.querysets import ProposalQuerySet, conflicts_of
from proposals.tallies.figures import Table

# Which call the page is about: the first that has one of these stages, in this order.
BY_STAGE = (
    Call.Stage.OPEN,
    Call.Stage.DECIDING,
    Call.Stage.IN_REVIEW,
    Call.Stage.CLOSED,
    Call.Stage.RELEASED,
    Call.Stage.PREPARING,
)
AT_MOST = 5  # deadlines


@dataclass(frozen=True)
class Deadline:
    """A day that something is due, of which call, and what."""

    on: datetime.date
    what: str
    call: Call
    href: str
    days: int  # from today


def deadlines(calls: Iterable[Call], *, at: datetime.datetime) -> list[Deadline]:
    """What is due next: windows that close, reviews, and results that become known."""
    today, found = timezone.localdate(at), list[Deadline]()
    for call in calls:
        days = [
            (call.closes_at and timezone.localdate(call.closes_at), _("Applications close"), call.get_absolute_url()),
            (call.reviews_due_on, _("Reviews are due"), reverse("boards:reviews", args=[call.code])),
            (
                call.embargo_until and timezone.localdate(call.embargo_until),
                _("The result may be told"),
                call.get_absolute_url(),
            ),
        ]
        found += [Deadline(on, what, call, href, (on - today).days) for on, what, href in days if on and on >= today]
    return sorted(found, key=lambda deadline: (deadline.on, deadline.call.code))[:AT_MOST]


def current(calls: Sequence[Call], *, at: datetime.datetime) -> Call | None:
    """The call that the page is about; none where there is none."""
    stages = {call.pk: call.stage(at=at) for call in calls}
    ranked = sorted(calls, key=lambda call: BY_STAGE.index(stages[call.pk]))
    return ranked[0] if ranked else None


def cockpit(
    calls: Sequence[Call], proposals: ProposalQuerySet, reader: Person, at: datetime.datetime
) -> dict[str, Any]:
    """Everything that the page shows of the current call and its fund."""
    seen = [call for call in calls if call.pk not in withheld_from(reader)]
    call = current(seen, at=at)
    if call is None:
        return {}
    board = CallBoard(call, proposals, as_of=at, reader=reader)
    tables = {table.key: table for table in board.tallies.tables}
    found = {"current": call, "stage": board.stage, "tiles": tiles_of(board)[:5], "pack_forms": files.labels()}
    found |= {"board": board.board, "map": _map(tables["country"]), "ledger": _ledger(call, proposals, reader)}
    decided = next((each for each in seen if each.progress == Call.Progress.RELEASED), None)
    if decided is not None:
        of_decided = CallBoard(decided, proposals, as_of=at, reader=reader).tallies
        rates = next(table for table in of_decided.tables if table.key == "field")
        found |= {"decided": decided, "rates": rates if rates.shows_awards else None}
    return found


def _map(table: Table) -> Any:
    numbers = (Counted(row.code, row.label, row.proposals.recorded, row.proposals.href) for row in table.rows)
    return world_map(numbers)


def _ledger(call: Call, proposals: ProposalQuerySet, reader: Person) -> Ledger | None:
    """The fund that the call is paid from, with the calls of its kind."""
    found = fund(proposals, without=withheld_from(reader), hidden=conflicts_of(reader))
    own = [each for each in found.ledgers if each.programme.pk == call.programme_id]
    return next((each for each in own if each.is_synthetic == call.is_synthetic), None)


@dataclass(frozen=True)
class OfHouse:
    """One line about the people and machines of the site."""

    label: str
    value: str
    href: str = ""


def house() -> list[OfHouse]:
    """People, invitations, and what the site stands on, for the administrator."""
    faults = [each for each in readiness.answers() if each.fault]
    return [
        OfHouse(_("Accounts"), str(User.objects.filter(is_active=True).count()), reverse("admin:auth_user_changelist")),
        OfHouse(_("Invitations not taken up"), str(invited().count()), reverse("assignment:invite")),
        OfHouse(_("What the site stands on"), "; ".join(map(str, faults)) or _("all well"), reverse("readyz")),
    ]
