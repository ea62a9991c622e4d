"""Six numbers for each stage of a call: what somebody who opens its board now wants to know first."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from aspire.permissions import may_open
from aspire.templatetags.figures import signed
from aspire.yen import exact, readable
from calls.hidden import is_partly_hidden
from calls.models import Call
from partners.models import in_language
from proposals.awards.desk import ANY_MARK, STAGED
from proposals.awards.spending import spending
from proposals.boards.arrivals import Arrivals
from proposals.boards.board import CallBoard
from proposals.record.models import FollowUp, Mark, Packet
from proposals.record.querysets import ProposalQuerySet
from proposals.record.status import Decision, PacketState
from proposals.review.progress import CONFLICT, DONE, LEFT, OVERDUE, is_overdue
from proposals.tallies.counts import add_up
from proposals.tallies.figures import NOTHING, Tile, rows_url

RECENT_DAYS = 7
AWARD_PAGE = "awards:ranking"
# The stages in which what was accepted is still looked into.
TAKEN_IN = (Call.Stage.OPEN, Call.Stage.CLOSED, Call.Stage.IN_REVIEW)


def tiles_of(board: CallBoard) -> list[Tile]:
    """The tiles of the board's stage; those of the result where the reader sees nothing that is staged."""
    asked = Tiles(board)
    by_stage: dict[str, Callable[[], list[Tile]]] = {
        Call.Stage.PREPARING: asked.preparing,
        Call.Stage.OPEN: asked.open,
        Call.Stage.CLOSED: asked.closed,
        Call.Stage.IN_REVIEW: asked.in_review,
        Call.Stage.DECIDING: asked.deciding if asked.opens(AWARD_PAGE) else lambda: board.headline,
    }
    found = by_stage.get(board.at_stage, lambda: board.headline)()
    return [*found, *asked.follow_ups] if board.at_stage in TAKEN_IN else found


@dataclass
class Tiles:
    """The tiles of one board, over the proposals its reader may see."""

    board: CallBoard

    @cached_property
    def call(self) -> Call:
        return self.board.call

    @cached_property
    def counted(self) -> ProposalQuerySet:
        return self.board.proposals.filter(call=self.call).counted()

    @cached_property
    def received(self) -> int:
        """How many are counted, from the tallies."""
        return add_up(self.board.tallies.counted, "proposals")

    @cached_property
    def paces(self) -> list[dict[str, Any]]:
        """How many counted proposals have come how far in review and decision."""
        return list(self.board.proposals.paces_of(self.call))

    @cached_property
    def today(self) -> datetime.date:
        return timezone.localdate(self.board.as_of)

    def opens(self, name: str) -> bool:
        return self.board.reader is not None and may_open(name, self.board.reader)

    def rows(self, **filters: str) -> str:
        return rows_url(self.call.code, **filters)

    def page(self, name: str, query: str = "") -> str:
        """A page of the call, where the reader may open it; else the rows behind the number."""
        if self.opens(name):
            return reverse(name, args=[self.call.code]) + query
        return reverse(AWARD_PAGE, args=[self.call.code]) if self.opens(AWARD_PAGE) else self.rows()

    # --- one method a stage ------------------------------------------------------------------------------------

    def preparing(self) -> list[Tile]:
        """What the call will offer."""
        call, terms, offer = self.call, self.board.terms, "#terms"
        fields = [in_language(place.field.name_ja, place.field.name_en) for place in self.board.tallies.fields]
        ceiling, months = (terms.annual_ceiling_yen, terms.max_months) if terms else (None, None)
        eligible = self.board.eligible
        eligible_note = _("whose researchers are accepted") if eligible else _("not stated")
        pot_note = _("no budget is set") if call.pot_yen is None else _("for the whole call")
        number_note = _("no number is set") if call.max_awards is None else _("for the whole call")
        return [
            Tile(_("Fields"), stated(len(fields) or None), named(fields) if fields else _("not stated"), offer),
            Tile(_("Eligible funders"), stated(len(eligible) or None), eligible_note, "#eligible"),
            money(_("Ceiling"), ceiling, _("a fiscal year per project"), offer),
            Tile(_("Longest period"), NOTHING if months is None else exact(months), _("in months"), offer),
            money(_("Budget"), call.pot_yen, pot_note, offer),
            Tile(_("Awards at most"), stated(call.max_awards), number_note, offer),
        ]

    def open(self) -> list[Tile]:
        """How it comes in, and how long it still may."""
        cells, tallies, everything = self.board.tallies.counted, self.board.tallies, self.rows()
        since = self.today - datetime.timedelta(days=RECENT_DAYS - 1)
        arrivals = self.board.arrivals
        by_day = arrivals.by_day if arrivals else {}
        recent = sum(number for day, number in by_day.items() if day >= since)
        there = {cell["field"] for cell in cells}
        empty = [in_language(p.field.name_ja, p.field.name_en) for p in tallies.fields if p.field_id not in there]
        closes_on = timezone.localdate(self.call.closes_at)
        requested, week = add_up(cells, "requested_yen"), self.rows(received_since=since.isoformat())
        closing = _("closes on %(day)s") % {"day": date_format(closes_on)}
        return [
            Tile(
                _("Proposals received"),
                exact(self.received),
                self.left_out_note,
                everything,
                course=course_of(arrivals),
            ),
            Tile(_("Received in the last 7 days"), exact(recent), _("today included"), week),
            Tile(_("Days left"), exact((closes_on - self.today).days), closing, "#terms"),
            money(_("Amount requested"), requested, _("over all fiscal years"), everything),
            against(arrivals),
            Tile(_("Fields without any yet"), exact(len(empty)), named(empty), "#field" if cells else "#terms"),
        ]

    def closed(self) -> list[Tile]:
        """Whether what came in is complete."""
        late, incomplete = self.counted.late().count(), add_up(self.board.tallies.counted, "incomplete")
        everything = f"{reverse('proposals:list')}?call={self.call.code}"
        return [
            Tile(_("Proposals received"), exact(self.received + self.left_out), _("everything logged"), everything),
            Tile(_("Counted"), exact(self.received), self.left_out_note, self.rows()),
            Tile(
                _("Complete"),
                exact(self.received - incomplete),
                _("with a period and costs"),
                self.rows(flag="complete"),
            ),
            Tile(_("Accepted late"), exact(late), _("with an officer's reason"), self.rows(flag="late")),
            Tile(
                _("Incomplete"),
                exact(incomplete),
                _("without a period or costs"),
                self.rows(flag="incomplete"),
            ),
            self.short_tile,
        ]

    def in_review(self) -> list[Tile]:
        """How far the reviews are."""
        given, done = (sum(pace[what] * pace["proposals"] for pace in self.paces) for what in ("reviewers", "reviews"))
        left, due = given - done, self.call.reviews_due_on
        overdue = left if is_overdue(self.call, self.today) else 0
        standing = add_up(self.paces, "conflicts")
        due_note = _("due on %(day)s") % {"day": date_format(due)} if due else _("no due date is set")
        of = _("of %(number)s assigned") % {"number": exact(given)}
        return [
            Tile(_("Reviews done"), exact(done), of, self.reviews(DONE)),
            Tile(_("Reviews left"), exact(left), due_note, self.reviews(LEFT)),
            Tile(_("Reviews overdue"), exact(overdue), _("still missing after the due date"), self.reviews(OVERDUE)),
            self.short_tile,
            Tile(
                _("Standing conflicts of interest"),
                exact(standing),
                _("person and proposal"),
                self.reviews(CONFLICT),
            ),
            Tile(_("Proposals"), exact(self.received), self.left_out_note, self.rows()),
        ]

    def deciding(self) -> list[Tile]:
        """What is marked and staged, with the yen as they stand on the award page."""
        marks, released = self.marks, self.released_marks
        waiting = {decision: number - released.get(decision, 0) for decision, number in marks.items()}
        released_yen, staged_yen = self.taken_yen
        left = None if self.call.pot_yen is None else self.call.pot_yen - released_yen - staged_yen
        pot = self.call.pot_yen
        of_pot = _("no budget is set") if pot is None else _("of a budget of %(pot)s") % {"pot": readable(pot)}
        marked = _("of %(number)s counted") % {"number": exact(self.received)}
        awards, staged = self.of_mark(Decision.AWARD, STAGED), _("not released yet")
        return [
            Tile(_("Marked"), exact(sum(marks.values())), marked, self.of_mark(ANY_MARK)),
            Tile(_("Staged awards"), exact(waiting[Decision.AWARD]), staged, awards),
            money(_("Staged"), staged_yen, _("over all fiscal years"), awards),
            money(_("Left of the budget"), left, of_pot, self.page(AWARD_PAGE)),
            Tile(_("Reserves"), exact(waiting[Decision.RESERVE]), staged, self.of_mark(Decision.RESERVE, STAGED)),
            Tile(_("Declines"), exact(waiting[Decision.DECLINE]), staged, self.of_mark(Decision.DECLINE, STAGED)),
        ]

    # --- parts -------------------------------------------------------------------------------------------------

    @property
    def left_out(self) -> int:
        return add_up(self.board.tallies.cells, "proposals") - self.received

    @property
    def left_out_note(self) -> str:
        return _("%(number)s left out") % {"number": exact(self.left_out)}

    @property
    def short(self) -> int:
        """How many are counted and have fewer active reviewers than the call wants."""
        wanted = self.call.reviews_wanted
        enough = add_up([pace for pace in self.paces if pace["reviewers"] >= wanted], "proposals")
        return self.received - enough if wanted else 0

    @property
    def short_tile(self) -> Tile:
        page = "assignment:assignments"
        href = self.page(page, "?short=on") if self.opens(page) else self.rows(flag="short")
        wanted = _("wanted for each: %(number)s") % {"number": exact(self.call.reviews_wanted)}
        return Tile(_("Short of reviewers"), exact(self.short), wanted, href)

    @property
    def follow_ups(self) -> list[Tile]:
        """How much of what was accepted is still to be looked into, where anything is."""
        open_ones = FollowUp.objects.open().filter(proposal__in=self.board.proposals.filter(call=self.call)).count()
        page = "intake:follow_ups"
        href = f"{reverse(page)}?call={self.call.code}" if self.opens(page) else self.rows(flag="open", status="")
        return [Tile(_("Follow-ups"), exact(open_ones), _("still open"), href)] if open_ones else []

    def reviews(self, state: str) -> str:
        """The call's reviews in that state, where the reader may open them."""
        return self.page("boards:reviews", f"?state={state}")

    def of_mark(self, decision: str, release: str = "") -> str:
        return self.page(AWARD_PAGE, f"?decision={decision}" + (f"&release={release}" if release else ""))

    @property
    def marks(self) -> dict[str, int]:
        """How many counted proposals are marked how, whether that is released or not."""
        return {
            decision: add_up([pace for pace in self.paces if pace["decision"] == decision], "proposals")
            for decision in Decision.values
        }

    @property
    def released_marks(self) -> dict[str, int]:
        """Those of them that a released packet holds: none, unless the call is being decided again."""
        packets = Packet.objects.filter(call=self.call, state=PacketState.RELEASED)
        marks = Mark.objects.filter(packet__in=packets, proposal__in=self.counted.order_by().values("pk"))
        return dict(marks.order_by().values_list("decision").annotate(Count("pk")))

    @property
    def taken_yen(self) -> tuple[int, int]:
        """What released and staged awards take from the pot: by the counters where the reader sees all of the call."""
        reader = self.board.reader
        if reader is not None and is_partly_hidden(self.call, reader):
            total = spending(self.call, reader=reader).total
            return total.released_yen, total.staged_yen
        released = add_up(self.board.tallies.cells, "awarded_yen")
        return released, self.call.taken_yen - released


def course_of(arrivals: Arrivals | None) -> tuple[int, ...]:
    """How many had come in by the end of each day."""
    return tuple(day.so_far for day in arrivals.days) if arrivals else ()


def against(arrivals: Arrivals | None) -> Tile:
    """What came in so far, held compared with the last call on the same day of its window."""
    label, now = _("Compared with the last call"), arrivals.now if arrivals else None
    if arrivals is None or now is None or now.last is None or arrivals.last is None:
        return Tile(label, NOTHING, _("no earlier call to compare with"), "#received")
    values = {"call": arrivals.last.code, "number": exact(now.last), "day": exact(now.number)}
    note = _("%(call)s had %(number)s on day %(day)s of its window") % values
    return Tile(label, signed(now.so_far - now.last), note, "#received")


def money(label: str, yen: int | None, note: str, href: str) -> Tile:
    """An amount in the unit staff would choose, with the exact one behind it."""
    if yen is None:
        return Tile(label, NOTHING, note, href)
    return Tile(label, readable(yen), note, href, f"¥{exact(yen)}")


def stated(number: int | None) -> str:
    return NOTHING if number is None else exact(number)


def named(things: list[str]) -> str:
    """The things by name, and a dash where there is none."""
    return _(", ").join(things) or NOTHING
