"""From bytes to lines: what a file holds, with Excel's own row numbers, within bounds, or one sentence why not."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from aspire.spreadsheets.faults import Fault

Kind = Literal["empty", "text", "number", "day", "instant", "truth", "error", "formula"]


@dataclass(frozen=True)
class Bounds:
    """How much of a file is read at all: bytes as sent and unpacked, data rows, columns, signs in a cell, seconds."""

    file_bytes: int = 5 * 2**20
    unpacked_bytes: int = 20 * 2**20
    rows: int = 20_000
    columns: int = 60
    characters: int = 32_767
    seconds: float = 10.0


BOUNDS = Bounds()


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. ``text`` is what a person sees; a "formula" has no saved value. CSV has text and empty only."""

    kind: Kind
    text: str
    day: datetime.date | None = None
    number: Decimal | None = None


EMPTY = Cell("empty", "")


@dataclass(frozen=True, slots=True)
class Line:
    """One filled row under the number that Excel shows."""

    number: int
    cells: tuple[Cell, ...]
    is_hidden: bool = False


@dataclass(frozen=True)
class Sheet:
    """What was found: the form and encoding, the lines (blank ones left out, numbers kept), what to say about them."""

    form: Literal["csv", "xlsx"]
    encoding: str
    delimiter: str
    sheet_name: str
    lines: list[Line]
    faults: list[Fault]


def read(data: bytes, *, file_name: str, bounds: Bounds = BOUNDS) -> Sheet:
    """The one table of a CSV or XLSX file. Raises Unreadable, and nothing else, where there is none to be had."""
    raise NotImplementedError
