"""How a time is taken: several of each, in turns and in alternating order, and the median of those."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass(frozen=True)
class Sizes:
    """On how many rows everything is measured; ``rounds``: how often at most, where not as often as each asks for."""

    calls: tuple[int, int, int, int] = (43, 10_000, 100_000, 1_000_000)
    whole_up_to: int = 100_000  # what a board never reads is not copied for more proposals
    judged: tuple[int, int] = (10_000, 1_000_000)  # of a call with its reviews and marks, at every stage
    saved: int = 20
    copied: int = 10_000  # with costs in five fiscal years
    compared: tuple[int, int] = (50, 1_000)  # of the pages that show or assign a whole call
    imported: int = 10_000
    remembered: int = 20_000  # imported by a process whose memory is measured
    rounds: int | None = None


FULL = Sizes()
SMALL = Sizes((5, 10, 20, 30), 20, (10, 20), saved=2, copied=20, compared=(5, 10), imported=20, remembered=20, rounds=1)
chosen = FULL


def choose(sizes: Sizes) -> None:
    """Measure on these sizes from now on."""
    global chosen  # noqa: PLW0603 - one program, one choice
    chosen = sizes


Around = Callable[[], AbstractContextManager[None]]


def medians(works: Mapping[str, Work], *, rounds: int, around: Mapping[str, Around] | None = None) -> dict[str, float]:
    """Median seconds of each work. Every round runs all of them, every second one backwards; the first is not counted.

    ``around``: what a work needs about it, which is not measured.
    """
    rounds = min(rounds, chosen.rounds or rounds)
    times: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name in works if number % 2 else reversed(works):
            with (around or {}).get(name, nullcontext)():
                taken = seconds(works[name])
            if number:
                times[name].append(taken)
    return {name: statistics.median(taken) for name, taken in times.items()}


def seconds(work: Work) -> float:
    gc.collect()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@dataclass(frozen=True)
class Line:
    """One line of the report. ``goal`` is the largest ratio that meets it; without one the line only informs."""

    what: str
    seconds: float
    against: str
    base_seconds: float
    goal: float | None = None

    @property
    def ratio(self) -> float:
        return self.seconds / self.base_seconds

    def cells(self) -> list[str]:
        goal = "-" if self.goal is None else f"<= {self.goal:.2f}"
        verdict = "" if self.goal is None else "met" if self.ratio <= self.goal else "MISSED"
        times = f"{self.seconds * 1000:,.2f} ms", f"{self.base_seconds * 1000:,.2f} ms"
        return [self.what, times[0], self.against, times[1], f"{self.ratio:.2f}", goal, verdict]


def table(lines: list[Line]) -> str:
    """The report in aligned columns."""
    head = ["measured", "median", "against", "median", "ratio", "goal", ""]
    rows = [head, *(line.cells() for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    left = {0, 2, 6}
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
