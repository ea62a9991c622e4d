"""A briefing of a board beside the board of today: then, now, the difference, and the proposals that explain it."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from typing import Any, Protocol
from urllib.parse import urlencode

from partners.models import in_language
from proposals.briefings.changes import Change, FrozenProposal, Place, changes_between, place_of, shape_of
from proposals.briefings.decisions import MEASURES, by_language, cells, standings
from proposals.record.models import Briefing, Proposal
from proposals.record.querysets import ProposalQuerySet


@dataclass(frozen=True)
class Compared:
    """One figure then and now; either is None where it was or is not published or not there.

    ``is_unstated``: what was printed did not state it, which is not zero.
    """

    place: Place
    measure: str
    then: int | Decimal | None
    now: int | Decimal | None
    href: str = ""
    is_unstated: bool = False
    points: Decimal | None = None  # between rates

    @property
    def difference(self) -> int | Decimal | None:
        if self.points is not None:
            return self.points
        return None if self.then is None or self.now is None else self.now - self.then

    @property
    def explaining(self) -> str:
        """The address of the changes that make this difference."""
        return f"?{urlencode({'measure': self.measure, **dict(self.place)})}#differences"


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


class HasFigures(Protocol):
    """A briefing held against today, whatever its tables look like."""

    @property
    def figures(self) -> Iterator[Compared]: ...

    @property
    def changes(self) -> list[Change]: ...


class Explained:
    """The changes that explain differences, apart from those that move no figure."""

    def __init__(self, compared: HasFigures) -> None:
        """Hold every change against the figures that differ."""
        figures = {(each.place, each.measure): each for each in compared.figures}
        self.differing = {where: each for where, each in figures.items() if each.difference}
        self._shapes = {shape_of(place) for place, _measure in self.differing}
        self._moves = [(change, set(change.moves(self._shapes)) & self.differing.keys()) for change in compared.changes]

    @cached_property
    def changes(self) -> list[Change]:
        """Those behind any figure that differs."""
        return [change for change, moved in self._moves if moved]

    @cached_property
    def others(self) -> list[Change]:
        """Those behind none."""
        return [change for change, moved in self._moves if not moved]

    def of(self, figure: Compared) -> list[Change]:
        """Those behind one figure."""
        return [change for change, moved in self._moves if (figure.place, figure.measure) in moved]

    def asked(self, names: dict[str, str]) -> Compared | None:
        """The figure that an address names, where it differs."""
        codes = dict(names)
        measure = codes.pop("measure", "")
        return self.differing.get((place_of(codes), measure))


@dataclass
class Comparison:
    """A frozen briefing beside the board of the same call over the proposals that its reader may see at a moment."""

    briefing: Briefing
    proposals: ProposalQuerySet
    at: datetime.datetime
    tables: list[ComparedTable] = field(init=False)
    changes: list[Change] = field(init=False)

    def __post_init__(self) -> None:
        """Hold every cell and every proposal of then against now."""
        is_printed = bool(self.briefing.source)
        call = self.briefing.call
        assert call is not None  # noqa: S101 - a table that was explored is no board
        today = list(cells(by_language(call, self.proposals, as_of=self.at)))
        self.tables = list(_tables(self.briefing.figures, today, is_printed=is_printed))
        then = standings_of(self.briefing)
        now = standings(self.proposals.filter(call=call))
        self.changes = list(changes_between(then, now, hidden=hidden_among(then.keys() - now.keys()), elsewhere={}))

    @property
    def figures(self) -> Iterator[Compared]:
        for table in self.tables:
            for row in table.rows:
                yield from (row.proposals, row.awards)

    @property
    def differs(self) -> bool:
        return any(figure.difference for figure in self.figures)


def standings_of(briefing: Briefing) -> dict[str, FrozenProposal]:
    """The proposals behind a briefing as they stood."""
    return {number: FrozenProposal(*row) for number, row in briefing.rows.items()}


def hidden_among(numbers: Iterable[str]) -> frozenset[str]:
    """Those that are there, though not for everybody."""
    return frozenset(Proposal.objects.filter(number__in=numbers).values_list("number", flat=True))


def _key(cell: dict[str, Any]) -> tuple[str, str, bool]:
    return cell["table"], cell["code"], cell["is_total"]


def _tables(then: list[dict[str, Any]], now: list[dict[str, Any]], *, is_printed: bool) -> Iterator[ComparedTable]:
    """What was printed holds nothing of a row that it did not print; of what was recorded, there was none."""
    before = {(_key(cell), cell["measure"]): cell["value"] for cell in then}
    after = {(_key(cell), cell["measure"]): (cell["value"], cell["query"]) for cell in now}
    places = {_key(cell): cell for cell in [*now, *then]}
    order = {key: place for place, key in enumerate(dict.fromkeys(cell["table"] for cell in [*then, *now]))}
    known = {place: number for number, place in enumerate(dict.fromkeys(_key(cell) for cell in [*then, *now]))}
    in_order = sorted(places.items(), key=lambda item: (order[item[0][0]], item[0][2], known[item[0]]))
    for key, found in groupby(in_order, key=lambda item: item[0][0]):
        rows = [_row(place, cell, before, after, is_printed=is_printed) for place, cell in found]
        captions = next(cell for (table, _code, _total), cell in in_order if table == key)
        yield ComparedTable(key, in_language(captions["caption_ja"], captions["caption_en"]), rows)


Where = tuple[tuple[str, str, bool], str]  # table, code and whether it is a total, and the measure


def _row(
    key: tuple[str, str, bool],
    cell: dict[str, Any],
    before: dict[Where, int],
    after: dict[Where, tuple[int, str]],
    *,
    is_printed: bool,
) -> ComparedRow:
    def compared(measure: str) -> Compared:
        where, absent = (key, measure), None if is_printed else 0
        then, (now, href) = before.get(where, absent), after.get(where, (0, ""))
        is_unstated = is_printed and where not in before
        return Compared(place_of(cell["place"]), measure, then, now, href, is_unstated)

    proposals, awards = (compared(measure) for measure in MEASURES)
    label, group = in_language(cell["label_ja"], cell["label_en"]), in_language(cell["group_ja"], cell["group_en"])
    return ComparedRow(label, group, key[2], proposals, awards)
