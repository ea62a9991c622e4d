"""A board for outside: small numbers masked in every table, and as many more as keep them from being worked out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby

from django.conf import settings
from django.utils.translation import gettext as _

from proposals.boards.board import Board
from proposals.boards.explaining import Explanation
from proposals.boards.figures import MASK, MASKED, Figure, Row, Table, Tile
from proposals.boards.masking import Edge, Masking, Node, Place
from proposals.boards.tallies import Cells, Tallies

# The columns of a table as it is masked: awards, the others, and both together, which is the number of proposals.
AWARDS, OTHERS, PROPOSALS = COLUMNS = 0, 1, 2
WHOLE = "country", ""  # table and code of the row that counts the whole call
LISTED = {"country", "country_funder"}  # tables in which a row stands only if a proposal is counted in it
OF_A_TOTAL, OF_A_COUNTRY = 10**9, 10**6


@dataclass
class Block:
    """Rows that add up to one row more, which stands in another table too."""

    table: str
    rows: list[Row]
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


def edges(tables: list[Table]) -> dict[Place, Edge]:
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
    whole = [sum(column) for column in zip(*(numbers(row) for row in _all_of(parts)), strict=True)]
    for column, value in zip(COLUMNS, whole, strict=True):
        first = below[WHOLE].sum_of(column) if WHOLE in below else ("row", *WHOLE)
        last = beside[0].sum_of(column) if beside else ("row", *WHOLE)
        found[*WHOLE, column] = _edge((first, last), column, value, 0, OF_A_TOTAL)
    return found


def _all_of(parts: list[Block]) -> list[Row]:
    """The rows of a table that adds up to the whole."""
    return next((part.rows for part in parts if part.total == WHOLE), [])


def _edge(ways: tuple[Node, Node], column: int, value: int, least: int, dearness: int) -> Edge:
    start, end = reversed(ways) if column == PROPOSALS else ways
    return Edge(start, end, value, least, dearness)


def masked_places(tables: list[Table], *, threshold: int) -> set[Place]:
    """What to mask in all tables together."""
    return Masking(edges(tables), threshold=threshold).complete()


@dataclass
class MaskedTallies(Tallies):
    """The tables of a call, or of a briefing of it, with what is masked in them."""

    plain: Tallies = field(kw_only=True)
    threshold: int = field(kw_only=True)

    @property
    def explanations(self) -> list[Explanation]:
        return []

    @cached_property
    def cells(self) -> Cells:
        return self.plain.cells

    @property
    def is_reconstructed(self) -> bool:
        return self.plain.is_reconstructed

    @cached_property
    def tables(self) -> list[Table]:
        masked = masked_places(self.plain.tables, threshold=self.threshold)
        return [self._masked(table, masked) for table in self.plain.tables]

    @cached_property
    def total(self) -> Row:
        return self.tables[0].total

    @staticmethod
    def _masked(table: Table, masked: set[Place]) -> Table:
        rows = [hidden(row, (table.key, row.code), masked) for row in table.rows]
        return replace(table, rows=rows, total=hidden(table.total, WHOLE, masked))


def hidden(row: Row, place: tuple[str, str], masked: set[Place]) -> Row:
    """The row without the numbers that are masked, and without the links that would count them."""
    proposals, awards = (
        Figure(None, None, MASKED) if (*place, column) in masked else replace(figure, href="")
        for column, figure in ((PROPOSALS, row.proposals), (AWARDS, row.awards))
    )
    return replace(row, proposals=proposals, awards=awards)


@dataclass
class MaskedBoard(Board):
    """A board to hand outside. What was published before is public, and is not masked."""

    @property
    def threshold(self) -> int:
        return int(settings.SMALL_CELLS)

    @cached_property
    def tallies(self) -> Tallies:
        plain = super().tallies
        if plain.has_published:
            return plain
        return MaskedTallies(self.call, self.proposals, plain=plain, threshold=self.threshold)

    @property
    def is_masked(self) -> bool:
        return not self.has_published

    @property
    def tiles(self) -> list[Tile]:
        """None: each of them would tell a number."""
        return []

    headline = tiles

    @property
    def left_out(self) -> list[tuple[str, int, str]]:
        """Not by status, since these numbers are small."""
        return []

    @property
    def counting_rule(self) -> str:
        return " ".join([super().counting_rule, self.masking_rule])

    @property
    def masking_rule(self) -> str:
        if not self.is_masked:
            return _("These figures were published, so none of them is masked.")
        return _(
            "%(mask)s: masked. Numbers from 1 to %(most)s are masked, and further ones, nought among them, "
            "so that sums do not give them away."
        ) % {"mask": MASK, "most": self.threshold - 1}
