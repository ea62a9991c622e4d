"""What a file is made of once it is read: cells, lines, one sheet; and how much of it is read at all."""

import datetime
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any, Literal, NamedTuple, NoReturn

from aspire.untyped import Held
from aspire.workbooks.faults import Fault, Unreadable
from aspire.workbooks.roundtrip import unguarded

Kind = Literal["empty", "text", "number", "day", "instant", "truth", "error", "formula"]
# Spaces of every width, and what has no width at all: a cell with nothing else in it is empty.
BLANKS = " \t\n\u00a0\u2028\u2029\u202f\u205f\u2060\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200C)))
_VISIBLE = re.compile(f"[^{BLANKS}]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Signs of a code, a day, an amount, a word for a total: what is longer is none, and is not brought into standard form,
# which costs milliseconds for the 32,767 signs that a cell may have.
WORD_AT_MOST = 500
HEADER_WITHIN = 20  # rows in which the header, and what divides a line, is looked for
FAULTS_AT_MOST = 1_000  # of one kind: a file of a million stray signs must not become a million faults


@dataclass(frozen=True)
class Bounds:
    """How much of a file is read at all: bytes as sent and unpacked, data rows, columns, signs in a cell, seconds."""

    file_bytes: int = 5 * 2**20
    unpacked_bytes: int = 20 * 2**20
    rows: int = 20_000
    columns: int = 90
    characters: int = 32_767
    seconds: float = 10.0


BOUNDS = Bounds()


class Cell(NamedTuple):
    """One cell. ``text`` is what a person sees; a "formula" has no saved value. CSV has text and empty only.

    A named tuple rather than a dataclass: there may be a million, and these are made four times as fast.
    """

    kind: Kind
    text: str
    day: datetime.date | None = None
    number: Decimal | None = None


EMPTY = Cell("empty", "")
new_cell = tuple.__new__  # for the two places that make them by the hundred thousand


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
    # Sheets called as ours, which explain: the name of each and the texts of its first row.
    asides: tuple[tuple[str, tuple[str, ...]], ...] = ()
    header_at: int = 0  # which of the lines is the header
    # Of columns under names of ours: where each stands in the file, and its header there.
    origins: Mapping[int, tuple[int, str]] = field(default_factory=dict)

    @property
    def header(self) -> Line:
        return self.lines[self.header_at]

    @property
    def body(self) -> list[Line]:
        """The lines under the header."""
        return self.lines[self.header_at + 1 :]


class Deadline:
    """The moment after which reading stops."""

    def __init__(self, bounds: Bounds) -> None:
        self.seconds, self.ends = bounds.seconds, time.monotonic() + bounds.seconds

    def check(self) -> None:
        if time.monotonic() > self.ends:
            raise refusal("file_too_slow", limit=self.seconds)


def refusal(code: str, *, row: int | None = None, column: str | None = None, **values: object) -> Unreadable:
    """The whole file refused, for one reason."""
    return Unreadable(Fault(code, row=row, column=column, values=values))


def empty() -> NoReturn:
    """There is nothing in the file."""
    raise refusal("file_empty")


def letters(column: int) -> str:
    """Excel's letters of a column counted from 1: 1 → A, 27 → AA."""
    found = ""
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(ord("A") + rest) + found
    return found


def column_number(letters: str) -> int:
    """The column counted from 1 of Excel's letters: A → 1, AA → 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def text_cell(text: str) -> Cell:
    """The cell of a text: one kind of line end, our own guard taken off, nothing visible is empty."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.startswith("'"):
        text = unguarded(text)
    is_seen = _VISIBLE.search(text) or _CONTROL.search(text)
    return new_cell(Cell, ("text", text, None, None)) if is_seen else EMPTY


def cell_of(value: Held) -> Cell:
    """The cell that holds a value of Python; a cell itself stays one."""
    match value:
        case Cell():
            found = value
        case bool():
            found = Cell("truth", str(value).upper())
        case datetime.datetime() if value.time() != datetime.time():
            found = Cell("instant", f"{value:%Y-%m-%d %H:%M:%S}")
        case datetime.date():
            found = Cell("day", f"{value:%Y-%m-%d}", datetime.date(value.year, value.month, value.day))
        case int() | float() | Decimal():
            number = Decimal(str(value))
            found = Cell("number", f"{number:f}".removesuffix(".0"), number=number)
        case _:
            found = text_cell("" if value is None else str(value))
    return found


def text_faults(lines: Iterable[Line], cells: Iterable[Cell], bounds: Bounds) -> list[Fault]:
    """Control characters and texts too long, each at its place. ``cells`` are the distinct ones of the lines."""
    texts = [cell.text for cell in cells]
    if max(map(len, texts), default=0) <= bounds.characters and not _CONTROL.search("".join(texts)):
        return []
    return list(islice(_text_faults(lines, bounds), FAULTS_AT_MOST))


def _text_faults(lines: Iterable[Line], bounds: Bounds) -> Iterator[Fault]:
    for line in lines:
        for index, cell in enumerate(line.cells, start=1):
            if complaint := _complaint(cell.text, bounds):
                code, value, values = complaint
                yield Fault(code, row=line.number, column=letters(index), value=value, values=values)


def _complaint(text: str, bounds: Bounds) -> tuple[str, str, dict[str, Any]] | None:
    """The code, the value shown and the sentence's values of what is wrong with any text at all."""
    if len(text) > bounds.characters:
        return "cell_too_long", f"{text[:20]}\u2026", {"characters": len(text), "limit": bounds.characters}
    if control := _CONTROL.search(text):
        return "cell_has_control_character", _CONTROL.sub("\u2423", text), {"sign": f"U+{ord(control[0]):04X}"}
    return None
