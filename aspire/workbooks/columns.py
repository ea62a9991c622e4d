"""The header's contract: which columns a file may and must have, found in either language, and the rows under them."""

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import override
from import_export import fields

from aspire.kana import search_key
from aspire.untyped import Held
from aspire.workbooks.cells import BLANKS, EMPTY, HEADER_WITHIN, WORD_AT_MOST, Cell, Line, Sheet, letters
from aspire.workbooks.faults import Fault, Tier
from aspire.workbooks.roundtrip import is_errors_header
from aspire.workbooks.widgets import Choices, Kind, Parsed, StrictWidget

LANGUAGES = ("ja", "en")
_COMPARED = 100  # signs of a header that are compared with the names known
_WITHOUT_BLANKS = str.maketrans(dict.fromkeys(BLANKS, ""))
_FIGURE = re.compile("[-+\u25b2\u25b3\u00a5]?[0-9][0-9,.]*\u5186?")
# Words for a total, in any decoration: of all kinds in Japanese (also "so many cases"), then in English. Before them
# may stand grand, sub-, cumulative, of the year, month or part; after them sum, value or number.
_OF, _PLUS = (
    "[\u7dcf\u5c0f\u4e2d\u5927\u7d2f\u5e74\u5ea6\u6708\u671f\u9805\u76ee\u90e8\u9580\u5225\u5168\u4f53\u5404]*",
    "[\u5408\u96c6\u7d2f\u5c0f\u7dcf]?\u8a08|\u7dcf\u984d",
)
_TOTAL = re.compile(
    f"{_OF}(?:{_PLUS})(?:\u91d1?\u984d|\u6570|\u4ef6\u6570|\u5024)?(?:[0-9]+\u4ef6)?"
    "|[\u5168\u8a08]?[0-9]+\u4ef6|\u7dcf?\u4ef6\u6570|(?:grand|sub|overall|running)?(?:totals?|sum)(?:amount)?(?:jpy|yen)?"
)
_DECORATION = re.compile(
    r"[\s:*=~\-_.\u3001\u3002|/<>()\[\]{}\u3008-\u3011\u3014-\u301b\u203b\u2500-\u25ff\u301c\uff5e]+|[\u5343\u4e07]?\u5186"
)
_MARKS = re.compile(
    "^[*\u203b\u25cb\u25cf\u25ce\u2605\u2606]+|[*\u203b]+$|[(\\[](?:\u5fc5\u9808|\u4efb\u610f|required|optional)[)\\]]"
)


class StrictField(fields.Field):
    """One column of a kind of file: its fixed English name, its label in the reader's language, how a cell is read.

    ``choices`` are the codes offered, each with its label, where the widget does not know them by itself.
    """

    attribute: Held

    def __init__(
        self,
        name: str,
        label: str | Promise,
        meaning: str | Promise,
        example: str | Promise,
        widget: StrictWidget,
        *,
        attribute: str | None = None,
        is_required: bool = False,
        choices: Choices = (),
        kind: Kind | None = None,
        group: str = "",
    ) -> None:
        super().__init__(attribute=attribute, column_name=name or None, widget=widget)
        self.label, self.meaning, self.example = label, meaning, example
        self.is_required, self.kind, self.group = is_required, kind or widget.kind, group
        self.offered = choices

    @property
    def name(self) -> str:
        """The fixed English name."""
        name: str = self.column_name
        return name

    @property
    def choices(self) -> list[tuple[str, str]]:
        """The codes offered, each with its label in the reader's language."""
        return [(code, str(label)) for code, label in self.offered or self.widget.offered]

    def get_value(self, instance: Held) -> Held:
        """The record's value; where no attribute is named, the one of its own name."""
        self.attribute = self.attribute or self.column_name
        return super().get_value(instance)

    def parse(self, cell: Cell) -> Parsed:
        """What a cell of it says. Raises BadCell."""
        found: Parsed = self.widget.parse(cell)
        return found


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


def match(sheet: Sheet, columns: Sequence[StrictField]) -> Grid:
    """The sheet's rows by column name; whatever breaks the contract becomes a fault, all of them at once.

    Rows that have another shape than the header, and totals, are faults and left out of the grid.
    """
    if not sheet.lines:
        return Grid([], {}, {}, [Fault("file_empty")])
    header, lines = sheet.header, _without_errors(sheet)
    places, faults = _places(header, columns)
    faults += [
        Fault("column_missing", header=column.name, values={"label": column.label, "name": column.name})
        for column in columns
        if column.is_required and column.name not in places
    ]
    if not lines:
        faults.append(Fault("rows_missing"))
    if others := [name for name, texts in sheet.asides if _is_a_header(texts, columns)]:
        faults.append(Fault("sheets_several", values={"sheets": ", ".join([sheet.sheet_name, *others])}))
    headed = [index for index, cell in enumerate(header.cells) if cell is not EMPTY]
    shape = _Shape(header, [index for index in headed if not is_errors_header(header.cells[index].text)], sheet.form)
    rows = []
    for line in lines:
        found = list(shape.faults(line))
        faults += found
        if not found:
            rows.append(GridRow(line.number, {name: line.cells[index] for name, index in places.items()}))
    stood = {name: sheet.origins.get(index, (index, header.cells[index].text)) for name, index in places.items()}
    found_letters = {name: letters(index + 1) for name, (index, _text) in stood.items()}
    return Grid(rows, found_letters, {name: text for name, (_index, text) in stood.items()}, faults)


def headed(sheet: Sheet, columns: Sequence[StrictField], also: Collection[str] = ()) -> Sheet:
    """The sheet with its header found: rows of title and units above it are passed over, and that is told.

    The header is the first row as it stands, unless that names at most one column and a row near it several. ``also``:
    other headers that are known, as they are compared.
    """
    known = {key for column in columns for key in keys_of(column)}.union(also)
    named = [_named(line, known) for line in sheet.lines[:HEADER_WITHIN]]
    best = max(range(len(named)), key=named.__getitem__, default=0)
    if not best or named[0] > 1 or named[best] <= 1:
        return sheet
    number = sheet.lines[best].number
    faults = [fault for fault in sheet.faults if fault.row is None or fault.row >= number]
    said = Fault("header_found", row=number, values={"rows": best}, tier=Tier.NOTE)
    return replace(sheet, header_at=best, faults=[*faults, said])


def _named(line: Line, known: Collection[str]) -> int:
    return len({header_key(cell.text) for cell in line.cells if len(cell.text) <= WORD_AT_MOST}.intersection(known))


def _without_errors(sheet: Sheet) -> list[Line]:
    """The rows under the header, without what an annotated copy added: a row with nothing else in it is blank."""
    header, lines = sheet.header, sheet.body
    added = {index for index, cell in enumerate(header.cells) if is_errors_header(cell.text)}
    if not added:
        return lines
    bare = (tuple(EMPTY if index in added else cell for index, cell in enumerate(line.cells)) for line in lines)
    kept = zip(lines, bare, strict=True)
    return [replace(line, cells=cells) for line, cells in kept if cells.count(EMPTY) < len(cells)]


def _places(header: Line, columns: Sequence[StrictField]) -> tuple[dict[str, int], list[Fault]]:
    """Where each column stands, and what is wrong with the other headers."""
    known = {key: column for column in columns for key in keys_of(column)}
    places: dict[str, int] = {}
    faults = []
    for index, cell in enumerate(header.cells):
        column = known.get(header_key(cell.text)) if len(cell.text) <= WORD_AT_MOST else None
        fault = partial(Fault, row=header.number, column=letters(index + 1), header=cell.text, value=cell.text)
        if cell is EMPTY or is_errors_header(cell.text):
            continue
        if column is None:
            faults.append(fault("column_unknown", values=_nearest(cell.text, known)))
        elif column.name in places:
            faults.append(fault("column_duplicate", values={"first": letters(places[column.name] + 1)}))
        else:
            places[column.name] = index
    return places, faults


def _is_a_header(texts: Sequence[str], columns: Sequence[StrictField]) -> bool:
    """Whether a row names every column that a file must have."""
    named = {header_key(text) for text in texts}
    required = [column for column in columns if column.is_required]
    return bool(required) and all(named & set(keys_of(column)) for column in required)


def keys_of(column: StrictField) -> Iterator[str]:
    """Every way in which the column may be named."""
    yield header_key(column.name)
    for language in LANGUAGES:
        with override(language):
            yield header_key(str(column.label))


def header_key(text: str) -> str:
    """A header as it is compared: without width, case, blanks, and the marks that say what must be filled in."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", text).casefold().translate(_WITHOUT_BLANKS))


def _nearest(text: str, known: dict[str, StrictField]) -> dict[str, Any]:
    found = difflib.get_close_matches(header_key(text[:_COMPARED]), known, n=1, cutoff=0.0)
    column = known[found[0]] if found else None
    return {"nearest": column.label if column else "", "name": column.name if column else ""}


@dataclass(frozen=True)
class _Shape:
    """What a row must look like under a header: ``headed`` are the places that have one."""

    header: Line
    headed: list[int]
    form: Literal["csv", "xlsx"]

    def faults(self, line: Line) -> Iterator[Fault]:
        """What is wrong with the row as a whole: the first of these, or each cell without a header."""
        filled = [cell for cell in line.cells if cell is not EMPTY]
        width = max(self.headed, default=-1) + 1
        values = {"cells": len(line.cells), "columns": width}
        strays = [index for index, cell in enumerate(line.cells) if cell is not EMPTY and not self._is_headed(index)]
        if is_totals(filled):
            yield Fault("totals_row", row=line.number, value=filled[0].text)
        elif len(line.cells) < width:
            yield Fault("row_short", row=line.number, column=letters(len(line.cells)), values=values)
        elif self.form == "csv" and strays and strays[-1] >= len(self.header.cells):
            yield Fault("row_long", row=line.number, column=letters(strays[-1] + 1), values=values)
        else:
            for index in strays:
                text = line.cells[index].text
                yield Fault("cell_without_header", row=line.number, column=letters(index + 1), value=text)

    def _is_headed(self, index: int) -> bool:
        return index < len(self.header.cells) and self.header.cells[index] is not EMPTY


def is_totals(filled: Sequence[Cell]) -> bool:
    """Whether the row's filled cells are a word for a total, and figures."""
    first, *others = filled
    if len(first.text) > WORD_AT_MOST:
        return False
    word = _DECORATION.sub("", search_key(first.text))
    return bool(_TOTAL.fullmatch(word)) and all(_is_figure(cell) for cell in others)


def _is_figure(cell: Cell) -> bool:
    if cell.kind != "text":
        return True
    return len(cell.text) <= WORD_AT_MOST and bool(_FIGURE.fullmatch(unicodedata.normalize("NFKC", cell.text)))
