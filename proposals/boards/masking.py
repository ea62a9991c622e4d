"""Which cells of a table to mask before it goes outside: small ones, and as many more as keep them from being derived.

The table is a graph: rows and columns (the totals among them) are its nodes, masked cells its edges. A masked cell is
safe where some cycle of masked cells lets it take another value while everything shown stays as it is. A reader knows
that nothing masked is zero, so a cell of 1 never goes down.
"""

from collections import deque
from collections.abc import Iterable, Sequence

Cell = tuple[int, int]
Values = dict[Cell, int]


class Masking:
    """A table with its totals in the last row and the last column."""

    def __init__(self, rows: Sequence[Sequence[int]], threshold: int) -> None:
        self.last_row, self.last_column = len(rows), len(rows[0]) if rows else 0
        self.values = with_totals(rows)
        self.beside: dict[tuple[str, int], list[Cell]] = {}
        for cell, value in self.values.items():
            if value:
                for node in self.ends(cell):
                    self.beside.setdefault(node, []).append(cell)
        self.masked: set[Cell] = {cell for cell, value in self.values.items() if 0 < value < threshold}
        self.least: dict[Cell, int] = {}  # what a reader knows a masked cell to be at least; 1 where nothing is said

    @staticmethod
    def ends(cell: Cell) -> tuple[tuple[str, int], tuple[str, int]]:
        return ("row", cell[0]), ("column", cell[1])

    def moves(self, cell: Cell) -> Iterable[tuple[tuple[str, int], tuple[str, int]]]:
        """The directions in which a change may pass through a masked cell: up always, down while something is left."""
        row, column = self.ends(cell)
        is_total = (cell[0] == self.last_row) != (cell[1] == self.last_column)
        up, down = ((column, row), (row, column)) if is_total else ((row, column), (column, row))
        return [up, down] if self.values[cell] > self.least.get(cell, 1) else [up]

    def is_safe(self, cell: Cell) -> bool:
        """Whether another value is possible: a change through the cell comes back to where it began by other cells."""
        return any(self._reaches(end, start, without=cell) for start, end in self.moves(cell))

    def _reaches(self, start: tuple[str, int], end: tuple[str, int], *, without: Cell) -> bool:
        seen, waiting = {start}, deque([start])
        while waiting:
            here = waiting.popleft()
            if here == end:
                return True
            for cell in self.beside.get(here, []):
                if cell in self.masked and cell != without:
                    for leaves, arrives in self.moves(cell):
                        if leaves == here and arrives not in seen:
                            seen.add(arrives)
                            waiting.append(arrives)
        return False

    def complete(self) -> set[Cell]:
        """Mask more, the smallest beside an unsafe cell first and totals last, until every masked cell is safe."""
        waiting = deque(sorted(self.masked))
        while waiting:
            cell = waiting.popleft()
            while not self.is_safe(cell):
                more = self._next(cell)
                self.masked.add(more)
                waiting.append(more)
        return self.masked

    def _next(self, cell: Cell) -> Cell:
        near = {other for node in self.ends(cell) for other in self.beside[node]} - self.masked
        return min(near or set(self._shown()), key=self._price)

    def _shown(self) -> Iterable[Cell]:
        return (cell for cell, value in self.values.items() if value and cell not in self.masked)

    def _price(self, cell: Cell) -> tuple[int, int, Cell]:
        totals = (cell[0] == self.last_row) + (cell[1] == self.last_column)
        return totals, self.values[cell], cell


def with_totals(rows: Sequence[Sequence[int]]) -> Values:
    """Every cell by its place, with the totals of rows and columns after the last."""
    full = [[*row, sum(row)] for row in rows]
    full.append([sum(column) for column in zip(*full, strict=True)])
    return {(i, j): value for i, row in enumerate(full) for j, value in enumerate(row)}


def masked_cells(rows: Sequence[Sequence[int]], *, threshold: int) -> set[Cell]:
    """The places to mask in a two-way table; row ``len(rows)`` and column ``len(rows[0])`` are its totals."""
    return Masking(rows, threshold).complete() if rows else set()


def masked_in_list(values: Sequence[int], *, threshold: int) -> set[int]:
    """The places to mask in a list with its total, which is at the place after the last."""
    whole = [*values, sum(values)]
    masked = {place for place, value in enumerate(whole) if 0 < value < threshold}
    others = sorted((value, place) for place, value in enumerate(values) if value and place not in masked)
    spare = [place for _value, place in others] + [len(values)]
    while masked and len(values) not in masked and not _varies([values[place] for place in masked]):
        masked.add(spare.pop(0))
    return masked


def _varies(hidden: Sequence[int]) -> bool:
    """Whether values of at least 1 with a known sum could each be another."""
    return len(hidden) > 1 and sum(hidden) > len(hidden)
