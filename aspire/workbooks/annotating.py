"""The sender's own file with a column of errors at its end: everything else in it stays as it was sent.

A workbook is not opened and saved again, which would lose saved formula values, pictures and much else: the cells are
put into the XML of the one sheet, and the marks into that of the styles.
"""

import codecs
import csv
import io
import re
from collections import defaultdict
from collections.abc import Sequence
from xml.parsers import expat

from django.utils.translation import gettext as _
from openpyxl.utils import column_index_from_string

from aspire.workbooks import markup
from aspire.workbooks.assembly import Book
from aspire.workbooks.faults import Fault, Tier
from aspire.workbooks.markup import Value
from aspire.workbooks.patching import Marks, Unusual, patched
from aspire.workbooks.reading import Cell, Sheet
from aspire.workbooks.roundtrip import ERRORS_HEADER, guarded, is_errors_header

IN_CP932 = str.maketrans({"\u00a5": "\uffe5", "\u2014": "\u2015"})  # what our own sentences may hold
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # a fault may quote one, and the copy must not be refused for it
LONGEST_ERRORS = markup.LONGEST_TEXT // 2


def annotated(data: bytes, sheet: Sheet, faults: Sequence[Fault]) -> tuple[bytes, str]:
    """The file with the faults of each row joined in a last column, and the extension of its name.

    Faults of the whole file stand in the column's header. A column of errors from an earlier copy is replaced.
    """
    if sheet.form == "csv":
        return _annotated_csv(data, sheet, _marks(sheet, faults, between=" / ")), "csv"
    marks = _marks(sheet, faults, between="\n")
    try:
        return patched(data, sheet.sheet_name, marks), "xlsx"
    except (Unusual, LookupError, ValueError, expat.ExpatError):
        return _rewritten_workbook(sheet, marks), "xlsx"


def _marks(sheet: Sheet, faults: Sequence[Fault], *, between: str) -> Marks:
    numbers = {line.number for line in sheet.lines}
    first = sheet.header.number
    texts: dict[int, list[str]] = defaultdict(list, {first: [str(ERRORS_HEADER)]})
    cells: dict[int, dict[int, Tier]] = defaultdict(dict)
    for fault in sorted(faults, key=lambda fault: fault.tier):
        row = fault.row if fault.row in numbers else first
        texts[row].append(_text(fault))
        if fault.column and fault.row == row:
            cells[row].setdefault(column_index_from_string(fault.column), fault.tier)
    return Marks(_errors_column(sheet), {row: _cut(between.join(lines)) for row, lines in texts.items()}, cells)


def _errors_column(sheet: Sheet) -> int:
    """The column after the last filled one, or that of the errors if the file has one already."""
    for index, cell in enumerate(sheet.header.cells, 1):
        if is_errors_header(cell.text):
            return index
    return 1 + max(len(line.cells) for line in sheet.lines)


def _text(fault: Fault) -> str:
    kinds = {Tier.BLOCK: "", Tier.FLAG: _("[follow up] "), Tier.NOTE: _("[note] ")}
    where = " ".join(filter(None, [fault.column, fault.header]))
    said = f"{where}: {fault.sentence}" if where else fault.sentence
    return kinds[fault.tier] + _CONTROL.sub("\ufffd", said)


def _cut(text: str) -> str:
    """A very long list of errors is cut; the page that offers the copy has them all."""
    return text if len(text) <= LONGEST_ERRORS else f"{text[:LONGEST_ERRORS]}\u2026"


def _annotated_csv(data: bytes, sheet: Sheet, marks: Marks) -> bytes:
    """Short rows are filled up to the errors' column where they have a fault, and else stay as short as they were."""
    end = _line_end(data)
    text = io.StringIO(newline="")
    lines, written = csv.writer(text, delimiter=sheet.delimiter, lineterminator=end), 0
    for line in sheet.lines:
        text.write(end * (line.number - written - 1))
        row = [guarded(cell.text) for cell in line.cells]
        errors = marks.texts.get(line.number, "")
        if errors or len(row) >= marks.column - 1:
            row += [""] * (marks.column - 1 - len(row))
            row[marks.column - 1 : marks.column] = [guarded(errors)]
        lines.writerow(row)
        written = line.number
    return _encoded(text.getvalue(), data=data, encoding=sheet.encoding)


def _line_end(data: bytes) -> str:
    signs = data.replace(b"\0", b"")  # in UTF-16 each sign of ASCII is beside one
    return next((end for end in ("\r\n", "\n", "\r") if end.encode() in signs), "\r\n")


def _encoded(text: str, *, data: bytes, encoding: str) -> bytes:
    """The text as the file was encoded; one that was pure ASCII becomes UTF-8 with a BOM, or Excel would misread it."""
    if encoding.startswith("UTF-16"):
        order = "utf-16-be" if data.startswith(codecs.BOM_UTF16_BE) else "utf-16-le"
        return f"\ufeff{text}".encode(order)
    if encoding == "CP932" and not data.isascii():
        return text.translate(IN_CP932).encode("cp932", "replace")
    has_bom = data.startswith(codecs.BOM_UTF8) or data.isascii()
    return text.encode("utf-8-sig" if has_bom else "utf-8")


def _rewritten_workbook(sheet: Sheet, marks: Marks) -> bytes:
    """The values alone with the errors, in a workbook of ours, where the sender's cannot be written into."""
    with Book() as book:
        first = book.add(sheet.sheet_name)
        first.set_column(marks.column - 1, marks.column - 1, 80)
        for line in sheet.lines:
            values = dict(enumerate(map(_value, line.cells))) | {marks.column - 1: marks.texts.get(line.number)}
            for index, value in sorted(values.items()):
                book.write(first, line.number - 1, index, value)
    return book.content


def _value(cell: Cell) -> Value:
    if cell.kind == "number":
        return cell.number
    return cell.day if cell.kind == "day" else cell.text
