"""A board for outside: small numbers masked in every table, and as many more as keep them from being worked out."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import groupby

from django.conf import settings
from django.utils.translation import gettext as _

from proposals.boards.board import Board
from proposals.boards.explaining import Explanation
from proposals.boards.figures import MASKED, Figure, Row, Table, Tile
from proposals.boards.masking import Cell, Masking, with_totals
from proposals.boards.tallies import Tallies

# The columns of a table as it is masked: awards, the others, and both together, which is the number of proposals.
AWARDS, OTHERS, PROPOSALS = 0, 1, 2
Place = tuple[str, str, int]  # table, code of the row (empty for its total), column
WHOLE = ""


@dataclass
class Block:
    """Rows that add up to one row more, which may stand in another table too."""

    rows: list[Place]
    total: Place
    values: list[list[int]]

    def masked(self, known: set[Place], least: Callable[[Place], int], *, threshold: int) -> set[Place]:
        """Everything to mask here, given what is masked already and what each place is known to be at least."""
        if not self.rows:
            return set()
        masking = Masking(self.values, threshold)
        masking.masked |= {cell for cell in masking.values if self.place(cell) in known}
        masking.keeps_row_totals = False  # the number of proposals is one more column
        masking.least = {cell: least(self.place(cell)) for cell in masking.values}
        return {self.place(cell) for cell in masking.complete()}

    def in_column(self, column: int) -> list[Place]:
        return [(table, code, column) for table, code, _none in self.rows]

    @cached_property
    def numbers(self) -> dict[Place, int]:
        return {self.place(cell): value for cell, value in with_totals(self.values).items()}

    def place(self, cell: Cell) -> Place:
        row, column = cell
        table, code, _none = self.rows[row] if row < len(self.rows) else self.total
        return table, code, column


def blocks(tables: Iterable[Table]) -> Iterator[Block]:
    """Each table against its total; funders against their country, whose row stands in the table of countries."""
    for table in tables:
        total = "country", WHOLE, 0
        if table.key != "country_funder":
            yield _block(table.key, table.rows, total)
            continue
        for country, rows in groupby(table.rows, key=lambda row: row.codes["country"]):
            yield _block(table.key, list(rows), ("country", country, 0))


def _block(key: str, rows: list[Row], total: Place) -> Block:
    values = [[row.awards.recorded or 0, (row.proposals.recorded or 0) - (row.awards.recorded or 0)] for row in rows]
    return Block([(key, row.code, 0) for row in rows], total, values)


def masked_places(tables: list[Table], *, threshold: int) -> set[Place]:
    """What to mask in all tables together: a number that stands in two of them is masked in both or in neither."""
    parts = [part for part in blocks(tables) if part.rows]
    parts.sort(key=lambda part: part.total[1] == WHOLE)  # what stands in another table as a row comes first
    numbers = {place: number for part in parts for place, number in part.numbers.items()}
    found = {place for place, number in numbers.items() if 0 < number < threshold}

    def least(place: Place, besides: Block) -> int:
        """Once it is masked: what its parts in the other tables come to at least."""
        others = [part for part in parts if part is not besides and place[:2] == part.total[:2]]
        return max([0, *(sum(known(row, part) for row in part.in_column(place[2])) for part in others)])

    def known(place: Place, besides: Block) -> int:
        return least(place, besides) if place in found else numbers[place]

    before = None
    while before != len(found):
        before = len(found)
        for part in parts:
            found |= part.masked(found, partial(least, besides=part), threshold=threshold)
    return found


@dataclass
class MaskedTallies(Tallies):
    """The tables of a call with what is masked in them."""

    threshold: int = field(kw_only=True)

    @property
    def explanations(self) -> list[Explanation]:
        return []

    @cached_property
    def tables(self) -> list[Table]:
        plain = Tallies(self.call, self.proposals).tables
        masked = masked_places(plain, threshold=self.threshold)
        return [self._masked(table, masked) for table in plain]

    @cached_property
    def total(self) -> Row:
        return self.tables[0].total

    @staticmethod
    def _masked(table: Table, masked: set[Place]) -> Table:
        rows = [hidden(row, (table.key, row.code), masked) for row in table.rows]
        return replace(table, rows=rows, total=hidden(table.total, ("country", WHOLE), masked))


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
        plain = Tallies(self.call, self.proposals)
        return plain if plain.has_published else MaskedTallies(self.call, self.proposals, threshold=self.threshold)

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
            "*: masked. Numbers from 1 to %(most)s are masked, and further ones, nought among them, "
            "so that sums do not give them away."
        ) % {"most": self.threshold - 1}
