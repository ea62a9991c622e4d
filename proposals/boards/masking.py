"""Which numbers to mask before tables go outside: small ones, and as many more as keep them from being derived.

Whatever a reader knows of a number is that it stands in sums. Each sum (of a row, of a column) is a node and each
number an edge between the two sums in which it stands, so that a change of a masked number goes on from sum to sum. It
is safe where it can come back along masked numbers to where it began, none falling below what everybody knows it to be
at least: then all of them can have other values, while everything shown stays as it is. And only then.
"""

import heapq
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

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
