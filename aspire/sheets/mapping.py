"""What a sender's files mean, where columns and values are called otherwise than ours."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from aspire.workbooks.cells import EMPTY, HEADER_WITHIN, WORD_AT_MOST, Cell, Line, Sheet, letters
from aspire.workbooks.columns import StrictField, header_key, keys_of
from aspire.workbooks.faults import Fault, Tier
from aspire.workbooks.roundtrip import is_errors_header
from aspire.workbooks.widgets import BadCell

Names = Mapping[str, str]  # of headers or values, as they are compared
YEAR, FOLDED = "fiscal_year", ("fiscal_year", "direct_yen", "indirect_yen")
PARTED = "|"
FEW = 2  # headers that a mapping must know of its own, so that it is no accident
SAMPLES = 3
NEAR = 0.6  # how alike a header must be to what is known
_YEAR = re.compile("(20[0-9]{2})(?:\u5e74\u5ea6?)?")


@dataclass(frozen=True)
class Meaning:
    """What a file means. ``headers`` go to the name of our column; to two names parted by ``|``, where each cell holds
    both so parted; to one of ``FOLDED``, where there is a row for each fiscal year; or to nothing: left out.
    """

    headers: Names = field(default_factory=dict)
    every_row: Mapping[str, str] = field(default_factory=dict)  # of every new one, what the file does not say
    values: Mapping[str, Names] = field(default_factory=dict)  # by our column: theirs → ours

    @property
    def is_said(self) -> bool:
        """Whether anything is said."""
        return bool(self.headers or self.every_row or self.values)


NOTHING_SAID = Meaning()


def recognised(sheet: Sheet, columns: Sequence[StrictField], mappings: Iterable[tuple[str, Names]]) -> str:
    """The name of the first mapping that, with our own names, knows every header of the file; empty without one."""
    ours = {key for column in columns for key in keys_of(column)}
    for line in sheet.lines[:HEADER_WITHIN]:
        texts = (cell.text[:WORD_AT_MOST] for cell in line.cells if cell is not EMPTY)
        keys = {header_key(text) for text in texts if not is_errors_header(text)}
        for name, names in mappings:
            if len(keys & names.keys() - ours) >= FEW and keys <= names.keys() | ours:
                return name
    return ""


def described(sheet: Sheet, columns: Sequence[StrictField], names: Names) -> list[tuple[str, str, list[str], str]]:
    """Each column of the file: letter, header, some of its values, and which of ours it is taken for."""
    ours = {key: column.name for column in columns for key in keys_of(column)}
    found = []
    for index, cell in enumerate(sheet.header.cells):
        if cell is EMPTY or is_errors_header(cell.text):
            continue
        values = (line.cells[index].text for line in sheet.body if index < len(line.cells))
        samples = [value[:40] for value, _more in groupby(filter(None, values))][:SAMPLES]
        key = header_key(cell.text)
        found.append((letters(index + 1), cell.text, samples, names.get(key, ours.get(key, ""))))
    return found


def translated(sheet: Sheet, meaning: Meaning, *, unnamed: Sequence[str] = ()) -> Sheet:
    """The sheet under our names, each cell where it stood; ``unnamed``: columns that may be missing, then empty."""
    table = _Table(sheet, meaning.headers)
    for target, indexes in table.places.items():
        if target not in FOLDED:
            table.rename(target, indexes)
    for name in unnamed:
        table.add(name, EMPTY)
    for name, value in meaning.every_row.items():
        table.add(name, Cell("text", value), but_where=unnamed)
    for name, known in meaning.values.items():
        table.replace(name, known)
    lines, faults = table.folded()
    header = replace(sheet.header, cells=tuple(table.head))
    everything = [*sheet.lines[: sheet.header_at], header, *lines]
    return replace(sheet, lines=everything, faults=[*sheet.faults, *faults], origins=table.origins)


class _Table:
    """The cells of a sheet while they are put under our names."""

    def __init__(self, sheet: Sheet, names: Names) -> None:
        self.header, self.body = sheet.header, sheet.body
        self.head = list(self.header.cells)
        self.origins: dict[int, tuple[int, str]] = {}
        self.places: dict[str, list[int]] = {}  # of what a header is taken for; several of one are joined
        taken = set()
        for index, cell in enumerate(self.header.cells):
            if (target := names.get(header_key(cell.text[:WORD_AT_MOST]))) is not None:
                taken.add(index)
                self.head[index] = EMPTY
                if target:
                    self.places.setdefault(target, []).append(index)
        self.rows = [[EMPTY if at in taken else cell for at, cell in enumerate(line.cells)] for line in self.body]

    def added(self) -> int:
        """A column more at the end; rows that end early stay so, and are told."""
        width = len(self.head)
        self.head.append(EMPTY)
        for row in self.rows:
            if len(row) >= width:
                row.append(EMPTY)
        return width

    def add(self, name: str, cell: Cell, *, but_where: Sequence[str] = ()) -> None:
        """A column that the file lacks, with the same in every row, but for those that fill one of ``but_where``."""
        heads = [header_key(cell.text) for cell in self.head]
        if name in heads:
            return
        place, others = self.added(), [at for at, head in enumerate(heads) if head in but_where]
        self.head[place] = Cell("text", name)
        for row in self.rows:
            if place < len(row) and all(row[at] is EMPTY for at in others):
                row[place] = cell

    def replace(self, name: str, known: Names) -> None:
        """Put our values for theirs in a column of ours."""
        for place in [at for at, cell in enumerate(self.head) if header_key(cell.text) == name]:
            for row in self.rows:
                if place < len(row) and (ours := known.get(header_key(row[place].text[:WORD_AT_MOST]))):
                    row[place] = Cell("text", ours)

    def rename(self, target: str, indexes: Sequence[int]) -> None:
        """Put the cells of these columns under one name of ours, or those of one under two."""
        names = target.split(PARTED)
        for part, name in enumerate(names):
            place = self.added() if part else indexes[0]
            self.head[place], self.origins[place] = Cell("text", name), (indexes[0], self.text(indexes[0]))
            for row, line in zip(self.rows, self.body, strict=True):
                if place < len(row):
                    filled = [line.cells[i] for i in indexes if i < len(line.cells) and line.cells[i] is not EMPTY]
                    row[place] = _part(filled, part) if len(names) > 1 else _joined(filled)

    def text(self, index: int) -> str:
        """A header as it stands in the file."""
        return self.header.cells[index].text

    def folded(self) -> tuple[list[Line], list[Fault]]:
        """The rows; one for all that differ by fiscal year and amounts alone, with a pair of columns for each year."""
        lines = [replace(line, cells=tuple(row)) for line, row in zip(self.body, self.rows, strict=True)]
        if YEAR not in self.places:
            return lines, []
        year_at = self.places[YEAR][0]
        amounts = {name: self.places[name][0] for name in FOLDED[1:] if name in self.places}
        faults: list[Fault] = []
        found: dict[tuple[Cell, ...], tuple[Line, dict[str, Cell]]] = {}
        for line, sent in zip(lines, self.body, strict=True):
            said = sent.cells[year_at].text if year_at < len(sent.cells) else ""
            year = _YEAR.fullmatch(said.strip())
            if year is None:
                faults.append(Fault("year_not_read", line.number, letters(year_at + 1), self.text(year_at), said))
                continue
            _first, filled = found.setdefault(line.cells, (line, {}))
            for name, index in amounts.items():
                if (column := f"{name}_{year[1]}") in filled:
                    faults.append(Fault("year_twice", line.number, value=year[1]))
                filled[column] = sent.cells[index] if index < len(sent.cells) else EMPTY
        names = sorted({name for _line, filled in found.values() for name in filled})
        for name in names:
            source = amounts[name.rpartition("_")[0]]
            self.origins[len(self.head)] = (source, self.text(source))
            self.head.append(Cell("text", name))
        if len(found) < len(lines):
            values = {"rows": len(lines), "folded": len(found)}
            faults.append(Fault("rows_folded", self.header.number, values=values, tier=Tier.NOTE))
        cells = ((line, (filled.get(name, EMPTY) for name in names)) for line, filled in found.values())
        return [replace(line, cells=(*line.cells, *more)) for line, more in cells], faults


def _part(cells: Sequence[Cell], part: int) -> Cell:
    """The part of a cell that holds two."""
    pieces = [piece.strip() for piece in cells[0].text.split(PARTED)] if cells else []
    return Cell("text", pieces[part]) if part < len(pieces) and pieces[part] else EMPTY


def _joined(cells: Sequence[Cell]) -> Cell:
    """One cell of those that mean one column, with a blank between."""
    if len(cells) <= 1:
        return cells[0] if cells else EMPTY
    return Cell("text", " ".join(cell.text.strip() for cell in cells))


def suggested(header: str, samples: Sequence[str], columns: Sequence[StrictField], mappings: Iterable[Names]) -> str:
    """Which of our columns a header may mean, by its likeness to what is known, or else the first whose cells can hold
    all of the samples where few others could; empty where none comes near."""
    known = {key: name for names in mappings for key, name in names.items()}
    known |= {key: column.name for column in columns for key in keys_of(column)}
    near = difflib.get_close_matches(header_key(header[:WORD_AT_MOST]), known, n=1, cutoff=NEAR)
    return known[near[0]] if near else next((c.name for c in columns if _holds(c, samples)), "")


def _holds(column: StrictField, samples: Sequence[str]) -> bool:
    """Whether the column is told by its content, and takes each of these."""
    if not (samples and column.widget.is_telling):
        return False
    try:
        return all(column.parse(Cell("text", sample)).value is not None for sample in samples)
    except BadCell:
        return False


def targets(columns: Sequence[StrictField]) -> Iterator[tuple[str, str]]:
    """What a column of a file may be taken for, with what that is called."""
    names = {column.name: str(column.label) for column in columns}
    folded = {column.group for column in columns if column.group}
    yield from names.items()
    if "title_ja" in names:
        yield "title_ja|title_en", f"{names['title_ja']} {PARTED} {names['title_en']}"
    if folded:
        yield from ((name, name) for name in FOLDED)
