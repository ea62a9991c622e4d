"""Then, now and the difference, with the very proposals that make it: added, left out, corrected."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from partners.models import in_language
from proposals.boards.board import Board
from proposals.models import Briefing, Proposal
from proposals.snapshots.freezing import MEASURES, cells, rows_of
from proposals.status import NOT_COUNTED, Status

NOTHING = "\u2015"

Place = tuple[str, str, bool]


@dataclass(frozen=True)
class Compared:
    """One figure then and now; either is None where it was or is not published or not there."""

    then: int | None
    now: int | None
    href: str = ""

    @property
    def difference(self) -> int | None:
        return None if self.then is None or self.now is None else self.now - self.then


@dataclass
class ComparedRow:
    label: str
    group: str
    is_total: bool
    proposals: Compared
    awards: Compared


@dataclass
class ComparedTable:
    key: str
    caption: str
    rows: list[ComparedRow]


@dataclass(frozen=True)
class Change:
    """What became of one proposal since the briefing."""

    number: str
    kind: str
    words: str
    is_there: bool = True


@dataclass
class Comparison:
    """A frozen briefing beside the board of the same call as its reader may see it now."""

    briefing: Briefing
    board: Board
    tables: list[ComparedTable] = field(init=False)
    changes: list[Change] = field(init=False)

    def __post_init__(self) -> None:
        """Hold every cell and every proposal of then against now."""
        now = list(cells(self.board))
        self.tables = list(_tables(self.briefing.figures, now))
        visible = self.board.proposals.filter(call=self.briefing.call)
        rows = rows_of(visible)
        hidden = Proposal.objects.filter(number__in=self.briefing.rows.keys() - rows.keys())
        self.changes = list(_changes(self.briefing.rows, rows, frozenset(hidden.values_list("number", flat=True))))

    @property
    def differs(self) -> bool:
        return any(row.proposals.difference or row.awards.difference for table in self.tables for row in table.rows)


def _place(cell: dict[str, Any]) -> Place:
    return cell["table"], cell["code"], cell["is_total"]


def _tables(then: list[dict[str, Any]], now: list[dict[str, Any]]) -> Iterator[ComparedTable]:
    before = {(_place(cell), cell["measure"]): cell["value"] for cell in then}
    after = {(_place(cell), cell["measure"]): cell["value"] for cell in now}
    hrefs = {(_place(cell), cell["measure"]): cell["query"] for cell in now}
    places = {_place(cell): cell for cell in [*now, *then]}
    order = {key: place for place, key in enumerate(dict.fromkeys(cell["table"] for cell in [*then, *now]))}
    known = {place: number for number, place in enumerate(dict.fromkeys(_place(cell) for cell in [*then, *now]))}
    in_order = sorted(places.items(), key=lambda item: (order[item[0][0]], item[0][2], known[item[0]]))
    for key, found in groupby(in_order, key=lambda item: item[0][0]):
        rows = [_row(place, cell, before, after, hrefs) for place, cell in found]
        captions = next(cell for (table, _code, _total), cell in in_order if table == key)
        yield ComparedTable(key, in_language(captions["caption_ja"], captions["caption_en"]), rows)


def _row(
    place: Place, cell: dict[str, Any], before: dict[Any, Any], after: dict[Any, Any], hrefs: dict[Any, str]
) -> ComparedRow:
    def compared(measure: str) -> Compared:
        key = (place, measure)
        is_new, is_gone = key not in before, key not in after
        then, now = 0 if is_new else before[key], 0 if is_gone else after[key]
        return Compared(then, now, hrefs.get(key, ""))

    proposals, awards = (compared(measure) for measure in MEASURES)
    label, group = in_language(cell["label_ja"], cell["label_en"]), in_language(cell["group_ja"], cell["group_en"])
    return ComparedRow(label, group, place[2], proposals, awards)


def _changes(then: dict[str, list[Any]], now: dict[str, list[Any]], hidden: frozenset[str]) -> Iterator[Change]:
    """What the reader may not see is a change without a number, so that the difference is still accounted for."""
    for number in sorted(then.keys() | now.keys()):
        before, after = then.get(number), now.get(number)
        was, is_now = _counts(before), _counts(after)
        if after is None:
            if was:
                shown = NOTHING if number in hidden else number
                yield Change(shown, "gone", _("no longer there, or not for you to see"), is_there=False)
        elif is_now and not was:
            yield Change(number, "added", _("counted now: %(status)s") % {"status": Status(after[0]).label})
        elif was and not is_now:
            yield Change(number, "left_out", _("left out now: %(status)s") % {"status": Status(after[0]).label})
        elif was and before is not None and before != after:
            yield Change(number, "corrected", ", ".join(_corrections(before, after)))


def _counts(row: list[Any] | None) -> bool:
    return row is not None and row[0] not in NOT_COUNTED


def _corrections(before: list[Any], after: list[Any]) -> Iterator[str]:
    names = [_("status"), _("field"), _("funder"), _("yen requested"), _("yen awarded")]
    for place, (name, old, new) in enumerate(zip(names, before, after, strict=True)):
        if old != new:
            shown = [Status(each).label if place == 0 else f"{each:,}" if place > 2 else each for each in (old, new)]  # noqa: PLR2004
            yield f"{name}: {shown[0]} → {shown[1]}"
