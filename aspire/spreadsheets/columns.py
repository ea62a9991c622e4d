"""The header's contract: which columns a file may and must have, found in either language, and the rows under them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.functional import Promise

from aspire.spreadsheets.faults import Fault
from aspire.spreadsheets.reading import Cell, Sheet


@dataclass(frozen=True)
class Column:
    """One column of a contract: its fixed English name, its label in the reader's language, and how a cell is read."""

    name: str
    label: Promise
    meaning: Promise
    example: str
    parse: Callable[[Cell], Any]
    is_required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    kind: Literal["text", "day", "yen", "code", "truth"] = "text"
    group: str = ""


@dataclass(frozen=True)
class GridRow:
    """One row under its Excel number: cells by column name, only of columns that the file has."""

    number: int
    cells: dict[str, Cell]


@dataclass(frozen=True)
class Grid:
    """The rows under a header, and for each column found its Excel letter and its header as it stands in the file."""

    rows: list[GridRow]
    letters: dict[str, str]
    headers: dict[str, str]
    faults: list[Fault]


def match(sheet: Sheet, columns: Sequence[Column]) -> Grid:
    """The sheet's rows by column name; whatever breaks the contract becomes a fault, all of them at once."""
    raise NotImplementedError
