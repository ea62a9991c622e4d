"""A workbook whose frame openpyxl makes (header, comments, lists, widths) and whose rows are written as XML."""

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment
from openpyxl.worksheet.worksheet import Worksheet

from aspire.workbooks.markup import LONGEST_TEXT, Styles
from aspire.workbooks.roundtrip import is_live

DATA_PART = "xl/worksheets/sheet1.xml"  # where openpyxl puts the first sheet
TEXT_FORMAT, YEN_FORMAT, DAY_FORMAT, INSTANT_FORMAT = "@", "#,##0", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
LONGEST_NAME = 31
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_NOT_IN_A_FRAME = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
LAST_ROW = 1_048_576


def new_book(name: str) -> tuple[Workbook, Worksheet]:
    """A workbook with one sheet of the given name, as far as Excel allows it as one."""
    book = Workbook()
    book.properties.creator = "ASPIRE"
    sheet = book.active
    sheet.title = sheet_name(name)
    return book, sheet


def sheet_name(name: str) -> str:
    """The name as far as Excel allows it for a sheet."""
    return _NOT_IN_A_NAME.sub("_", name).strip("' ")[:LONGEST_NAME] or "ASPIRE"


def styles_of(sheet: Worksheet) -> Styles:
    """The looks of the rows to come, added to the workbook."""

    def index(number_format: str, *, is_live: bool = False) -> int:
        cell = WriteOnlyCell(sheet)
        cell.number_format = number_format
        cell.quotePrefix = int(is_live)
        return int(cell.style_id)

    return Styles(
        text=index(TEXT_FORMAT),
        live_text=index(TEXT_FORMAT, is_live=True),
        number=index("General"),
        yen=index(YEN_FORMAT),
        day=index(DAY_FORMAT),
        instant=index(INSTANT_FORMAT),
    )


def put(sheet: Worksheet, row: int, column: int, text: str) -> Cell:
    """A cell of the frame that is text, whatever it begins with; what no cell can hold is replaced and cut."""
    cell = sheet.cell(row, column)
    cell.value = _NOT_IN_A_FRAME.sub("\ufffd", text)[:LONGEST_TEXT]
    cell.data_type, cell.number_format, cell.quotePrefix = "s", TEXT_FORMAT, int(is_live(text))
    cell.alignment = Alignment(vertical="top", wrap_text=True)
    return cell


def width(text: str) -> int:
    """How many half-width signs wide the longest line of a text is."""
    return max(
        sum(2 if unicodedata.east_asian_width(sign) in "FWA" else 1 for sign in line) for line in text.split("\n")
    )


def filled(book: Workbook, rows: Iterable[str], *, text_columns: Iterable[str] = ()) -> bytes:
    """The saved workbook with the rows, each the XML of a ``<row>``, under what its first sheet already has.

    In the text columns (letters) Excel does not remark that a number stands there as text.
    """
    frame, result = io.BytesIO(), io.BytesIO()
    book.save(frame)
    with (
        zipfile.ZipFile(frame) as source,
        zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as target,
    ):
        for name in source.namelist():
            if name != DATA_PART:
                target.writestr(name, source.read(name))
        head, end, tail = source.read(DATA_PART).decode().partition("</sheetData>")
        if places := " ".join(f"{letter}1:{letter}{LAST_ROW}" for letter in text_columns):
            ignored = f'<ignoredErrors><ignoredError sqref="{places}" numberStoredAsText="1"/></ignoredErrors>'
            tail = re.sub("(?=<legacyDrawing|</worksheet>)", ignored, tail, count=1)
        with target.open(DATA_PART, "w") as part:
            part.write(re.sub("<dimension[^>]*/>", "", head).encode())  # optional, and counted without the rows
            for row in rows:
                part.write(row.encode())
            part.write((end + tail).encode())
    return result.getvalue()
