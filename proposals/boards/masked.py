"""A board for outside: small numbers masked in every table, and as many more as keep them from being worked out."""

import heapq
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from django.conf import settings
from django.utils.translation import gettext as _

from proposals.tallies.board import Board
from proposals.tallies.figures import DERIVED, MASK, MASKED, RECORDED_ONLY, Figure, Row, Table

Node = tuple[str, ...]
Place = tuple[str, str, int]  # table, code of the row (empty for its total), column


@dataclass(frozen=True)
class Edge:
    """A number between two sums: where it grows, so does what flows from ``start`` to ``end``."""

    start: Node
    end: Node
    value: int
    least: int = 0  # what everybody knows of it though it is masked
    dearness: int = 0  # what hiding it costs beside its size

    @property
    def ways(self) -> Iterator[tuple[Node, Node]]:
        """The directions in which a change may pass: it may always grow, and fall while something is left."""
        yield self.start, self.end
        if self.value > self.least:
            yield self.end, self.start


class Masking:
    """The numbers of tables that belong together, by their places."""

    def __init__(self, edges: Mapping[Place, Edge], *, threshold: int, known: Collection[Place] = ()) -> None:
        """``known``: the numbers that readers have from elsewhere, which can take no other value."""
        self.edges = {place: edge for place, edge in edges.items() if place not in known}
        self.masked = {place for place, edge in self.edges.items() if 0 < edge.value < threshold}
        self.leaving: dict[Node, list[tuple[Node, Place]]] = {}
        for place, edge in self.edges.items():
            for here, there in edge.ways:
                self.leaving.setdefault(here, []).append((there, place))

    def complete(self) -> set[Place]:
        """Mask more until every masked number is safe: each time what closes its way back at the smallest price."""
        waiting = deque(place for place in self.edges if place in self.masked)
        while waiting:
            self.masked.update(self._way_back(waiting.popleft()))
        return self.masked

    def _way_back(self, place: Place) -> list[Place]:
        """The other numbers through which a change of this one comes back to where it began.

        None where what is known gives it away: then it is as good as published, and no further mask would help.
        """
        found = [path for start, end in self.edges[place].ways if (path := self._path(end, start, without=place))]
        return min(found, key=lambda path: path[0], default=(0, []))[1]

    def _path(self, start: Node, end: Node, *, without: Place) -> tuple[int, list[Place]] | None:
        """The cheapest way between two sums, and its price: nothing for what is masked already."""
        came: dict[Node, tuple[Node, Place]] = {}
        waiting: list[tuple[int, int, Node]] = [(0, 0, start)]
        done, best, step = set(), {start: 0}, 0
        while waiting:
            price, _step, here = heapq.heappop(waiting)
            if here == end:
                return price, self._walked(came, start, end)
            if here in done:
                continue
            done.add(here)
            for there, place in self.leaving.get(here, []):
                further = price + self._price(place)
                if place != without and further < best.get(there, further + 1):
                    step += 1
                    best[there], came[there] = further, (here, place)
                    heapq.heappush(waiting, (further, step, there))
        return None

    @staticmethod
    def _walked(came: dict[Node, tuple[Node, Place]], start: Node, end: Node) -> list[Place]:
        path = []
        while end != start:
            end, place = came[end]
            path.append(place)
        return path

    def _price(self, place: Place) -> int:
        """What hiding a number costs the reader: its size, and more where a total would go."""
        return 0 if place in self.masked else 1 + self.edges[place].value + self.edges[place].dearness


# The columns of a table as it is masked: awards, the others, and both together, which is the number of proposals.
AWARDS, OTHERS, PROPOSALS = COLUMNS = 0, 1, 2
# --- the tables of a board as a graph --------------------------------------------------------------------------------
WHOLE = "country", ""  # table and code of the row that counts the whole call
LISTED = {"country", "country_funder"}  # tables in which a row stands only if a proposal is counted in it
OF_A_TOTAL, OF_A_COUNTRY = 10**9, 10**6


@dataclass
class Block:
    """Rows that add up to one row more, which stands in another table too."""

    table: str
    rows: Sequence[Row]
    total: tuple[str, str]

    def sum_of(self, column: int) -> Node:
        return ("sum", self.table, *self.total, str(column))


def blocks(tables: Iterable[Table]) -> Iterator[Block]:
    """Each table against the whole; funders against their country, whose row stands in the table of countries."""
    for table in tables:
        if table.key != "country_funder":
            yield Block(table.key, table.rows, WHOLE)
            continue
        for country, rows in groupby(table.rows, key=lambda row: row.codes["country"]):
            yield Block(table.key, list(rows), ("country", country))


def numbers(row: Row) -> tuple[int, int, int]:
    """Awards, the others, and both."""
    proposals, awards = row.proposals.recorded or 0, row.awards.recorded or 0
    return awards, proposals - awards, proposals


def edges(tables: Sequence[Table]) -> dict[Place, Edge]:
    """Every number of the tables between the two sums in which it stands.

    Awards and others flow from the rows of funders into their countries, on into the whole, and from there into the
    rows of fields; numbers of proposals flow the other way.
    """
    parts = [block for block in blocks(tables) if block.rows]
    below = {part.total: part for part in parts if part.table != "field"}
    beside = [part for part in parts if part.table == "field"]
    found: dict[Place, Edge] = {}
    for part in parts:
        for row in part.rows:
            place = part.table, row.code
            for column, value in zip(COLUMNS, numbers(row), strict=True):
                inner = below[place].sum_of(column) if place in below else ("row", *place)
                ways = (inner, part.sum_of(column)) if part not in beside else (part.sum_of(column), inner)
                least = int(part.table in LISTED and column == PROPOSALS)
                found[*place, column] = _edge(ways, column, value, least, OF_A_COUNTRY if place in below else 0)
    rows = [numbers(row) for row in _all_of(parts)]  # none where the call has no proposals, nor fields
    whole = [sum(row[column] for row in rows) for column in COLUMNS]
    for column, value in zip(COLUMNS, whole, strict=True):
        first = below[WHOLE].sum_of(column) if WHOLE in below else ("row", *WHOLE)
        last = beside[0].sum_of(column) if beside else ("row", *WHOLE)
        found[*WHOLE, column] = _edge((first, last), column, value, 0, OF_A_TOTAL)
    return found


def _all_of(parts: list[Block]) -> Sequence[Row]:
    """The rows of a table that adds up to the whole."""
    return next((part.rows for part in parts if part.total == WHOLE), [])


def _edge(ways: tuple[Node, Node], column: int, value: int, least: int, dearness: int) -> Edge:
    start, end = reversed(ways) if column == PROPOSALS else ways
    return Edge(start, end, value, least, dearness)


def public_places(tables: Iterable[Table], whole: Row) -> set[Place]:
    """The numbers that everybody knows: published as they are recorded, or awards before anything is decided."""
    rows = [(WHOLE, whole), *((WHOLE, table.total) for table in tables)]
    rows += [((table.key, row.code), row) for table in tables for row in table.rows]
    return {
        (*place, column)
        for place, row in rows
        for column, figure in ((PROPOSALS, row.proposals), (AWARDS, row.awards))
        if figure.is_public
    }


def masked_places(tables: Sequence[Table], *, threshold: int, public: Collection[Place] = ()) -> set[Place]:
    """What to mask in all tables together, where the outside knows what is public."""
    return Masking(edges(tables), threshold=threshold, known=public).complete()


def masked(board: Board, *, known: Collection[Place] = ()) -> Board:
    """The board to hand outside: small numbers masked, and no number that would tell one.

    The very numbers that were published are public, and are not masked; ``known``: those that are public though the
    tables do not say so.
    """
    threshold = int(settings.SMALL_CELLS)
    public = public_places(board.tables, board.total).union(known)
    places = masked_places(board.tables, threshold=threshold, public=public)
    tables = [_masked(table, places) for table in board.tables]
    rule = masking_rule(threshold, has_published=board.has_published)
    return replace(
        board,
        tables=tables,
        total=tables[0].total,
        headline=[],  # each of them would tell a number
        left_out=[],  # not by status, since these numbers are small
        explanations=[],
        counting_rule=" ".join([board.counting_rule, rule]),
        masking_rule=rule,
    )


def _masked(table: Table, places: set[Place]) -> Table:
    rows = [hidden(row, (table.key, row.code), places) for row in table.rows]
    return replace(table, rows=rows, total=hidden(table.total, WHOLE, places))


def masking_rule(threshold: int, *, has_published: bool) -> str:
    """What is masked, in a sentence or two."""
    rule = _(
        "%(mask)s: masked. Numbers from 1 to %(most)s are masked, and further ones, nought among them, "
        "so that sums do not give them away."
    ) % {"mask": MASK, "most": threshold - 1}
    public = _("Only a number that was itself published as it is recorded stands unmasked.")
    return " ".join([rule, public]) if has_published else rule


def hidden(row: Row, place: tuple[str, str], masked: set[Place]) -> Row:
    """The row without the numbers that are masked, and without what leads to the proposals behind the others."""
    proposals, awards = (
        shown(figure, is_masked=(*place, column) in masked)
        for column, figure in ((PROPOSALS, row.proposals), (AWARDS, row.awards))
    )
    return replace(row, proposals=proposals, awards=awards, explanations=[])


def shown(figure: Figure, *, is_masked: bool) -> Figure:
    """A number to hand outside: where nothing is said in its place, masked or without its rows and what was derived."""
    if figure.recorded is None:
        return figure
    if is_masked:
        return Figure(None, None, MASKED)
    status = RECORDED_ONLY if figure.status == DERIVED else figure.status
    return replace(figure, href="", derived=None, status=status)
