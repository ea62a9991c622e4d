"""What the demonstration is made of: the rows of the data files beside this package's code."""

import csv
import functools
from pathlib import Path

FOLDER = Path(__file__).parent / "data"
Rows = tuple[dict[str, str], ...]


@functools.cache
def rows(name: str) -> Rows:
    """The rows of one file, by column; read once."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def texts(name: str) -> list[str]:
    """The only column of a file with one."""
    return [next(iter(row.values())) for row in rows(name)]
