"""The shades of a heat map: as many cells to each, so that one outlier does not make the rest alike."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from proposals.explore.counts import Value

STEPS = 5
Number = int | Decimal


@dataclass(frozen=True)
class Heat:
    """``ends``: the greatest number of each shade, the palest first; where numbers are few there are fewer shades."""

    ends: Sequence[Number] = ()

    @classmethod
    def of(cls, values: Iterable[Value]) -> "Heat":
        numbers = sorted(value.number for value in values if value.number)
        if not numbers:
            return cls()
        return cls(sorted({numbers[-(-len(numbers) * step // STEPS) - 1] for step in range(1, STEPS + 1)}))

    def shaded(self, value: Value) -> Value:
        """The value with its shade: none for nothing, else one of ``STEPS``, the greatest the darkest."""
        if not value.number or not self.ends:
            return value
        return replace(value, step=STEPS - len(self.ends) + bisect_left(self.ends, value.number) + 1)

    @property
    def legend(self) -> list[tuple[int, str]]:
        """Each shade with the numbers that it stands for, the palest first."""
        found, below = [], ""
        for step, end in enumerate(self.ends, STEPS - len(self.ends) + 1):
            found.append((step, f"{below}\u2264 {end:,}"))
            below = f"{end:,} < … "
        return found
