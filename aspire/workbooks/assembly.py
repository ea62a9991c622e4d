"""A workbook of ours as XlsxWriter writes it: row by row, every text a text, days and yen in their own formats."""

import datetime
import io
import re
import unicodedata
from decimal import Decimal
from functools import cache
from typing import Any, Self

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from aspire.workbooks.markup import LONGEST_TEXT, Value, plain_number, spelt
from aspire.workbooks.roundtrip import is_live, unguarded

TEXT_FORMAT, YEN_FORMAT, DAY_FORMAT, INSTANT_FORMAT = "@", "#,##0", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
LONGEST_NAME = 31
MOST_SIGNS = 15  # a number with more would be rounded by Excel, so it is written as text
# Excel counts a 29 February 1900, so the days of that year and earlier are text.
LAST_YEAR_AS_TEXT = 1900
LAST_ROW = 1_048_576
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_NOT_IN_A_FRAME = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")


class ExactSheet(Worksheet):
    """The library's own, which would lose a part of texts such as ``_x005F_x0041_``."""

    _escape_control_characters = staticmethod(spelt)


class Book:
    """A workbook being written; each sheet from its first row to its last, since nothing of a row is kept."""

    def __init__(self) -> None:
        self._file = io.BytesIO()
        self._book = Workbook(self._file, {"constant_memory": True})
        self._book.set_properties({"author": "ASPIRE"})
        self.look = cache(self._look)

    def add(self, name: str) -> Worksheet:
        """A new sheet of that name, as far as Excel allows it as one."""
        return self._book.add_worksheet(sheet_name(name), worksheet_class=ExactSheet)

    def _look(self, number_format: str = TEXT_FORMAT, **how: Any) -> Format:
        return self._book.add_format({"num_format": number_format, **how})

    def put(self, sheet: Worksheet, row: int, column: int, text: str, **how: Any) -> None:
        """A cell of the frame that is text, whatever it begins with; what no cell can hold is replaced and cut."""
        how = {"text_wrap": True, "valign": "top", "quote_prefix": is_live(text), **how}
        if text:
            sheet.write_string(row, column, in_a_frame(text), self.look(**how))

    def write(self, sheet: Worksheet, row: int, column: int, value: Value, *, number_format: str = "General") -> None:
        """The typed cell of a value; an empty text is no cell. ``number_format`` is that of a number."""
        match value:
            case None | "":
                return
            case datetime.date() if value.year <= LAST_YEAR_AS_TEXT:
                self._write_text(sheet, row, column, value.isoformat())
            case datetime.datetime():
                sheet.write_datetime(row, column, value, self.look(INSTANT_FORMAT))
            case datetime.date():
                sheet.write_datetime(row, column, value, self.look(DAY_FORMAT))
            case int() | Decimal():
                number = plain_number(value)
                if len(number) > MOST_SIGNS or not number[-1].isdigit():
                    self._write_text(sheet, row, column, number)
                else:
                    sheet.write_number(row, column, value, self.look(number_format))
            case _:
                self._write_text(sheet, row, column, value)

    def _write_text(self, sheet: Worksheet, row: int, column: int, text: str) -> None:
        """Marked as text (quotePrefix) where it looks like a formula, so that editing the cell makes none of it."""
        if not is_live(text):
            sheet.write_string(row, column, text, self.look())
            return
        guarded = text if text == unguarded(text) else f"'{text}"  # it would pass for a guarded one on its way in
        sheet.write_string(row, column, guarded, self.look(quote_prefix=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        """Finish it, also where something could not be written: its rows lie in a file of their own until then."""
        self._book.close()

    @property
    def content(self) -> bytes:
        """The bytes of the finished workbook."""
        return self._file.getvalue()


def in_a_frame(text: str) -> str:
    """The text as a cell can hold it: what none can hold is replaced and cut."""
    return _NOT_IN_A_FRAME.sub("\ufffd", text)[:LONGEST_TEXT]


def sheet_name(name: str) -> str:
    """The name as far as Excel allows it for a sheet."""
    return _NOT_IN_A_NAME.sub("_", name).strip("' ")[:LONGEST_NAME] or "ASPIRE"


def width(text: str) -> int:
    """How many half-width signs wide the longest line of a text is."""
    return max(
        sum(2 if unicodedata.east_asian_width(sign) in "FWA" else 1 for sign in line) for line in text.split("\n")
    )
