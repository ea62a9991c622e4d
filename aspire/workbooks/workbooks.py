"""XLSX at the speed of python-calamine, which sees only a package made here: bounded, canonical, one sheet.

What the engine does not tell (hidden rows, errors, formulas without a value, merged cells, further sheets) and what
could harm it (bombs, lying sizes, cells far out) are dealt with before it runs.
"""

import datetime
import io
import math
import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice

import python_calamine

from aspire.untyped import Held
from aspire.workbooks.cells import (
    EMPTY,
    FAULTS_AT_MOST,
    Bounds,
    Cell,
    Line,
    Sheet,
    column_number,
    empty,
    letters,
    new_cell,
    refusal,
    text_faults,
)
from aspire.workbooks.faults import Fault, Tier
from aspire.workbooks.formats import formats_of
from aspire.workbooks.packages import Package, attributes, damaged, elements
from aspire.workbooks.roundtrip import is_own_sheet
from aspire.workbooks.sheetdata import Rows, canonical, first_texts

_BEGIN_DATA, _END_DATA = re.compile(rb"<sheetData(?=[\s/>])[^<>]*>"), b"</sheetData>"
_FILLED = re.compile(rb"<[vt](?:\s[^<>]*)?>[^<]|<f[\s/>]")
_RANGE = re.compile("([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})")
_NAMES_SHOWN = 10
_WHOLE = re.compile("[1-9][0-9]{0,4}")
_DAY_STYLE = 22  # day and time: the engine gives a day where the time is midnight
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_EXACT = 10**15  # Excel keeps 15 digits

Part = tuple[str, bytes]  # the name of a sheet and its XML
Value = float | str | datetime.time | datetime.date  # as the engine reads a cell


class _Cells(dict[Value, Cell]):
    """The cell of each value that the engine hands over, made once."""

    def __init__(self, rows: Rows) -> None:
        super().__init__({"": EMPTY})
        self._rows = rows

    def __missing__(self, value: Value) -> Cell:
        if isinstance(value, str):
            cell = self._rows.cell(value)
        else:
            cell = _number(value) if isinstance(value, float) else _moment(value)
        self[value] = cell
        return cell


def read_workbook(data: bytes, bounds: Bounds) -> Sheet:
    """The one filled sheet of a workbook. Raises Unreadable."""
    package = Package(data, bounds)
    place = next((name for _id, kind, name in package.related("") if kind == "officeDocument"), "")
    book, related = package.part(place), package.related(place)
    if b"<workbook" not in book:
        raise refusal("file_renamed", suffix=".xlsx")
    (name, xml), asides, unseen = _sheets(package, book, related)
    parts = {kind: package.part(part) for _id, kind, part in related if kind in {"sharedStrings", "styles"}}
    formats = formats_of(parts.get("styles", b""))
    rows = canonical(_data(xml), _texts(parts.get("sharedStrings", b""), bounds), bounds, formats=formats)
    cells = _Cells(rows)
    for_engine = _rebuilt(rows, formats.is_day, is_1904=_is_1904(book))
    lines = list(_lines(_engine_rows(for_engine, bounds), rows, cells))
    faults = [*text_faults(lines, cells.values(), bounds), *_hidden(lines), *_hidden_columns(xml, lines)]
    faults += [*_merged(xml, lines), *_disguised(rows)]
    if unseen:
        faults.append(Fault("sheets_hidden", values={"sheets": ", ".join(unseen[:_NAMES_SHOWN])}, tier=Tier.NOTE))
    left_out = tuple((aside, first_texts(_data(part), rows.texts, bounds)) for aside, part in asides)
    return Sheet("xlsx", "", "", name, lines, faults, left_out)


def _sheets(package: Package, book: bytes, related: list[tuple[str, str, str]]) -> tuple[Part, list[Part], list[str]]:
    """The one sheet that is seen with anything in it, those called as a template calls its own, and the names of
    hidden ones, which are passed over beside one that is seen.
    """
    parts = {identity: name for identity, kind, name in related if kind == "worksheet"}
    sheets = [attributes(tag) for tag in elements(book, b"sheet")]
    names = {parts.get(sheet.get("id", ""), ""): sheet.get("name", "") for sheet in sheets}
    found = [(name, package.part(part)) for part, name in names.items()]
    filled = [(name, xml) for name, xml in found if _FILLED.search(_data(xml))]
    others = [each for each in filled if len(found) == 1 or not is_own_sheet(each[0])]
    unseen = {sheet.get("name", "") for sheet in sheets if sheet.get("state", "visible") != "visible"}
    seen = [each for each in others if each[0] not in unseen] or others
    if not seen:
        empty()
    if len(seen) > 1:
        raise refusal("sheets_several", sheets=", ".join(name for name, _xml in seen[:_NAMES_SHOWN]))
    own = [each for each in filled if each not in others]
    return seen[0], own, [name for name, _xml in others if name != seen[0][0]]


def _data(xml: bytes) -> bytes:
    """What stands between ``<sheetData>`` and its end."""
    begin = _BEGIN_DATA.search(xml)
    if begin is None or begin[0].endswith(b"/>"):
        return b""
    end = xml.find(_END_DATA, begin.end())
    return xml[begin.end() : end] if end >= 0 else damaged()


def _texts(part: bytes, bounds: Bounds) -> list[str]:
    """The shared texts as they stand, made into text only when a cell needs them."""
    if part.count(b"<si") > (bounds.rows + 1) * bounds.columns:
        raise refusal("file_unpacks_too_large", limit=bounds.unpacked_bytes // 2**20)
    return part.decode().replace("<si/>", "<si></si>").split("</si>")[:-1]


def _is_1904(book: bytes) -> bool:
    return any(attributes(tag).get("date1904") in {"1", "true"} for tag in elements(book, b"workbookPr"))


def _rebuilt(rows: Rows, styles: list[bool], *, is_1904: bool) -> bytes:
    """The package that the engine is given."""
    formats = "".join(f'<xf numFmtId="{_DAY_STYLE if is_day else 0}"/>' for is_day in styles)
    book = f"""<workbook {_MAIN} xmlns:r="{_OFFICE}"><workbookPr date1904="{is_1904:d}"/>
        <sheets><sheet name="data" sheetId="1" r:id="r1"/></sheets></workbook>"""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
        "_rels/.rels": _relations(officeDocument="xl/workbook.xml"),
        "xl/workbook.xml": book,
        "xl/_rels/workbook.xml.rels": _relations(worksheet="sheet.xml", styles="styles.xml"),
        "xl/styles.xml": f"<styleSheet {_MAIN}><cellXfs>{formats}</cellXfs></styleSheet>",
        "xl/sheet.xml": b"<worksheet %b><sheetData>%b</sheetData></worksheet>" % (_MAIN.encode(), b"".join(rows.rows)),
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        for name, part in parts.items():
            package.writestr(name, part)
    return made.getvalue()


def _relations(**targets: str) -> str:
    one = "".join(
        f'<Relationship Id="r{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets.items(), start=1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{one}</Relationships>'


def _engine_rows(package: bytes, bounds: Bounds) -> list[list[Held]]:
    """The rows from the first of the sheet on, blank ones too."""
    try:
        with python_calamine.load_workbook(io.BytesIO(package)) as book:
            sheet = book.get_sheet_by_index(0)
            width, rows = sheet.end[1] + 1 if sheet.end else 0, sheet.to_python(skip_empty_area=False)
    except Exception:  # whatever troubles the engine, it is the file, and one sentence says so
        damaged()
    if width > bounds.columns:
        raise refusal("columns_too_many", column=letters(width), columns=width, limit=bounds.columns)
    return rows


def _lines(engine_rows: list[list[Held]], rows: Rows, cells: _Cells) -> Iterator[Line]:
    """The filled lines. Raises Unreadable where two values claim one place."""
    values = 0
    for number, row in enumerate(engine_rows, start=1):
        values += len(row) - row.count("")
        line = tuple(map(cells.__getitem__, row))
        if line.count(EMPTY) < len(line):
            yield Line(number, line, number in rows.hidden)
    if values != rows.values:
        damaged()


def _moment(value: datetime.date | datetime.time) -> Cell:
    """The cell of a day, of a day with a time, or of a time alone."""
    if isinstance(value, datetime.datetime):
        return Cell("instant", value.isoformat(" ", "seconds"))
    if isinstance(value, datetime.date):
        return Cell("day", value.isoformat(), value)
    return Cell("instant", str(value))


def _number(value: float) -> Cell:
    """As Excel keeps and shows it: 15 digits, no exponent."""
    if value % 1 == 0 and -_EXACT < value < _EXACT:
        whole = int(value)
        return new_cell(Cell, ("number", str(whole), None, Decimal(whole)))
    if not math.isfinite(value):
        return Cell("error", "#NUM!")
    number = Decimal(f"{value:.15g}")
    return Cell("number", f"{number:f}", None, number)


def _hidden(lines: list[Line]) -> Iterator[Fault]:
    hidden = [line.number for line in lines if line.is_hidden]
    if hidden:
        yield Fault("rows_hidden", row=hidden[0], values={"rows": len(hidden)}, tier=Tier.FLAG)


def _hidden_columns(xml: bytes, lines: list[Line]) -> Iterator[Fault]:
    """A flag where filled columns are hidden, at the first of them."""
    hidden, width = list[int](), max((len(line.cells) for line in lines), default=0)
    for tag in map(attributes, elements(xml.partition(b"<sheetData")[0], b"col")):
        first, last = tag.get("min", ""), tag.get("max", "")
        if tag.get("hidden") in {"1", "true"} and _WHOLE.fullmatch(first) and _WHOLE.fullmatch(last):
            hidden += range(int(first), min(int(last), width) + 1)
    filled = [
        column for column in hidden if any(line.cells[column - 1 : column] not in ((), (EMPTY,)) for line in lines)
    ]
    if filled:
        yield Fault("columns_hidden", column=letters(filled[0]), values={"columns": len(filled)}, tier=Tier.FLAG)


def _disguised(rows: Rows) -> Iterator[Fault]:
    """A fault for each column in which numbers are shown as other ones, at the first of them."""
    for column, (row, stored, shown, cells) in sorted(rows.disguised.items()):
        values = {"shown": shown, "cells": cells}
        yield Fault("number_disguised", row=row, column=letters(column), value=stored, values=values, tier=Tier.FLAG)


def _merged(xml: bytes, lines: list[Line]) -> Iterator[Fault]:
    """A fault for each merged range that touches the filled rows and columns."""
    ranges = (attributes(tag).get("ref", "") for tag in elements(xml.partition(_END_DATA)[2], b"mergeCell"))
    last, width = (lines[-1].number, len(lines[-1].cells)) if lines else (0, 0)
    for found in islice(filter(None, map(_RANGE.fullmatch, ranges)), FAULTS_AT_MOST):
        if int(found[2]) <= last and column_number(found[1]) <= width:
            yield Fault("cells_merged", row=int(found[2]), column=found[1], value=found[0])
