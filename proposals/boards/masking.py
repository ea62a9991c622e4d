"""Which cells of a table to mask before it goes outside: small ones, and as many more as keep them from being derived.

The table is a graph: rows and columns (the totals among them) are its nodes, masked cells its edges. A masked cell is
safe where some cycle of masked cells lets it take another value while everything shown stays as it is. Zeros may be
masked along, so all that a reader knows of a masked cell is that it is not below nought.
"""

import heapq
from collections import deque
from collections.abc import Sequence

Cell = tuple[int, int]
Values = dict[Cell, int]
Node = tuple[str, int]
OF_A_TOTAL = 10**9


class Masking:
    """A table with its totals in the last row and the last column."""

    def __init__(self, rows: Sequence[Sequence[int]], threshold: int) -> None:
        self.last_row, self.last_column = len(rows), len(rows[0]) if rows else 0
        self.values = with_totals(rows)
        self.beside: dict[Node, list[Cell]] = {}
        for cell in self.values:
            for node in self.ends(cell):
                self.beside.setdefault(node, []).append(cell)
        self.masked: set[Cell] = {cell for cell, value in self.values.items() if 0 < value < threshold}
        self.keeps_row_totals = True
        self.least: dict[Cell, int] = {}  # what masked cells are known to be; nought where nothing is said

    @staticmethod
    def ends(cell: Cell) -> tuple[Node, Node]:
        return ("row", cell[0]), ("column", cell[1])

    def moves(self, cell: Cell) -> list[tuple[Node, Node]]:
        """The directions in which a change may pass through a masked cell: up always, down while something is left."""
        row, column = self.ends(cell)
        is_total = (cell[0] == self.last_row) != (cell[1] == self.last_column)
        up, down = ((column, row), (row, column)) if is_total else ((row, column), (column, row))
        return [up, down] if self.values[cell] > self.least.get(cell, 0) else [up]

    def complete(self) -> set[Cell]:
        """Mask more until every masked cell is safe: each time what closes its cycle at the smallest price."""
        waiting = deque(sorted(self.masked))
        while waiting:
            cell = waiting.popleft()
            more = [other for other in self._cheapest_cycle(cell) if other not in self.masked]
            self.masked.update(more)
            waiting.extend(more)
        return self.masked

    def _cheapest_cycle(self, cell: Cell) -> list[Cell]:
        """The other cells of a cycle through a cell: along them a change of it comes back to where it began."""
        found = [path for start, end in self.moves(cell) if (path := self._path(end, start, without=cell))]
        return min(found)[1]

    def _path(self, start: Node, end: Node, *, without: Cell) -> tuple[int, list[Cell]] | None:
        """The cheapest way between two nodes, and its price: nothing for what is masked already."""
        best: dict[Node, int] = {}
        waiting: list[tuple[int, Node, list[Cell]]] = [(0, start, [])]
        while waiting:
            price, here, path = heapq.heappop(waiting)
            if here == end:
                return price, path
            if here in best:
                continue
            best[here] = price
            for cell in self.beside[here]:
                for leaves, arrives in self.moves(cell):
                    if leaves == here and arrives not in best and cell != without:
                        heapq.heappush(waiting, (price + self._price(cell), arrives, [*path, cell]))
        return None

    def _price(self, cell: Cell) -> int:
        """What hiding a cell costs the reader: its size, and far more where it is a total to keep."""
        if cell in self.masked:
            return 0
        is_total = cell[0] == self.last_row or (self.keeps_row_totals and cell[1] == self.last_column)
        return 1 + self.values[cell] + (OF_A_TOTAL if is_total else 0)


def with_totals(rows: Sequence[Sequence[int]]) -> Values:
    """Every cell by its place, with the totals of rows and columns after the last."""
    full = [[*row, sum(row)] for row in rows]
    full.append([sum(column) for column in zip(*full, strict=True)])
    return {(i, j): value for i, row in enumerate(full) for j, value in enumerate(row)}


def masked_cells(rows: Sequence[Sequence[int]], *, threshold: int) -> set[Cell]:
    """The places to mask in a two-way table; row ``len(rows)`` and column ``len(rows[0])`` are its totals."""
    return Masking(rows, threshold).complete() if rows else set()
