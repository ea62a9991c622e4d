"""What goes out: CSV and workbooks that hold exactly what they were given, never a live formula, and the template."""

import csv
import datetime
import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from django.utils.translation import override
from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from aspire.refusals import TOKYO
from aspire.workbooks import assembly, markup, roundtrip
from aspire.workbooks import layout as frames
from aspire.workbooks.annotating import annotated
from aspire.workbooks.columns import StrictField
from aspire.workbooks.faults import Fault, Tier
from aspire.workbooks.markup import Pen, Value

__all__ = ["Unwritable", "annotated", "csv_bytes", "safe", "template_bytes", "workbook_bytes"]

Row = Sequence[Value]

# CP932 lacks these signs; a reader takes the twin for the same. What has none becomes the printer's mark for absence.
TWINS = {"\u2014": "\u2015", "\u00a5": "\uffe5", "\u00b7": "\u30fb"}
ABSENT = "\u3013"


class Unwritable(Exception):  # noqa: N818 - said of a value, not of the program
    """A value that no spreadsheet can hold as it is; ``fault`` says which and what to do. Nothing is ever cut short."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


def safe(value: Value) -> Value:
    """The value as it may stand in a CSV: a text that might become a formula has an apostrophe before it."""
    return roundtrip.guarded(value) if isinstance(value, str) else value


def csv_bytes(
    header: Sequence[str], rows: Iterable[Row], *, encoding: Literal["utf-8-sig", "cp932"] = "utf-8-sig"
) -> tuple[bytes, list[Fault]]:
    """A CSV for Excel, and what CP932 could not hold: each character with its place and what stands there instead.

    Raises Unwritable for a text that a cell cannot hold.
    """
    file, faults = io.StringIO(newline=""), list[Fault]()
    lines = csv.writer(file)
    for number, row in _numbered(rows, header=header, first=header):
        written = [_as_text(value) for value in row]
        if encoding == "cp932" and _in_cp932(whole := "".join(written)) != whole:
            faults += _not_in_cp932(written, row=number, header=header)
            written = [_in_cp932(text) for text in written]
        lines.writerow(written)
    return file.getvalue().encode(encoding), faults


def workbook_bytes(
    sheet_name: str, columns: Sequence[StrictField], rows: Iterable[Row], *, language: str, notes: Sequence[str] = ()
) -> bytes:
    """A workbook of typed cells under Japanese labels or fixed English names; ``notes`` are lines of a second sheet.

    Raises Unwritable for a text that a cell cannot hold, or for more rows than a sheet has.
    """
    with override(language):
        book, sheet = assembly.new_book(sheet_name)
        header = frames.add_header(sheet, columns, language=language)
        if notes:
            frames.add_notes(book, notes)
        return _filled(book, sheet, columns, _numbered(rows, header=header))


def template_bytes(
    columns: Sequence[StrictField],
    rows: Iterable[Row] = (),
    *,
    title: str,
    language: str = "ja",
    notes: Sequence[str] = (),
    needed: Collection[str] = (),
) -> bytes:
    """The workbook that an officer fills in: explained headers, drop-down lists, and a sheet that explains each column.

    A drop-down offers a choice's label where the column reads the label as that choice, and else its code; rows hold
    codes. ``needed``: the columns that a new row fills in. Raises Unwritable as ``workbook_bytes`` does.
    """
    with override(language):
        book, sheet = assembly.new_book(title)
        header = frames.add_header(sheet, columns, language=language)
        frames.add_comments(sheet, columns, needed=needed)
        offers = [frames.offers(column) for column in columns]
        frames.add_explanations(book, columns, header=header, offers=offers, notes=[title, *notes], needed=needed)
        frames.add_drop_downs(book, sheet, header=header, offers=offers)
        offered = ([_offered(value, offer) for value, offer in zip(row, offers, strict=True)] for row in rows)
        return _filled(book, sheet, columns, _numbered(offered, header=header))


def _offered(value: Value, offer: Mapping[str, str]) -> Value:
    return offer.get(value, value) if isinstance(value, str) else value


def _filled(
    book: Workbook, sheet: Worksheet, columns: Sequence[StrictField], rows: Iterable[tuple[int, list[Value]]]
) -> bytes:
    pens = markup.pens([column.kind == "yen" for column in columns], assembly.styles_of(sheet))
    texts = [pen.letter for pen, column in zip(pens, columns, strict=True) if column.kind in {"text", "code"}]
    return assembly.filled(book, (_row(number, row, pens) for number, row in rows), text_columns=texts)


def _row(number: int, row: Sequence[Value], pens: Sequence[Pen]) -> str:
    if number > assembly.LAST_ROW:
        raise Unwritable(Fault("too_many_rows_to_write", values={"limit": f"{assembly.LAST_ROW - 1:,}"}))
    cells = "".join([pen.cell(number, value) for pen, value in zip(pens, row, strict=True)])
    return f'<row r="{number}">{cells}</row>'


# --- values ------------------------------------------------------------------------------------------------------


def _numbered(
    rows: Iterable[Row], *, header: Sequence[str], first: Sequence[str] | None = None
) -> Iterator[tuple[int, list[Value]]]:
    """Excel's row numbers with values that a cell can hold: the rows from 2 on, after the ``first`` if it is given."""
    if first is not None:
        yield 1, [_held(value, row=1, column=index, header=header) for index, value in enumerate(first)]
    for number, row in enumerate(rows, 2):
        yield number, [_held(value, row=number, column=index, header=header) for index, value in enumerate(row)]


def _held(value: Value, *, row: int, column: int, header: Sequence[str]) -> Value:
    if isinstance(value, str):
        if code := markup.why_unwritable(value):
            values = {"limit": f"{markup.LONGEST_TEXT:,}", "length": f"{len(value):,}"}
            raise Unwritable(Fault(code, row, get_column_letter(column + 1), header[column], values=values))
        return value
    if isinstance(value, bool):
        return frames.YES if value else frames.NO
    if isinstance(value, datetime.datetime) and value.tzinfo:
        return value.astimezone(TOKYO).replace(tzinfo=None)
    return value


def _as_text(value: Value) -> str:
    match value:
        case None:
            return ""
        case str():
            return roundtrip.guarded(value)
        case datetime.datetime():
            return value.isoformat(" ", "seconds")
        case datetime.date():
            return value.isoformat()
        case _:
            return markup.plain_number(value)


def _in_cp932(text: str) -> str:
    """The text as CP932 can hold it. Python's codec has twins of its own, so it is believed only after a way back."""
    try:
        return text.encode("cp932").decode("cp932")
    except UnicodeEncodeError:
        return TWINS.get(text, ABSENT) if len(text) == 1 else "".join(map(_in_cp932, text))


def _not_in_cp932(texts: Sequence[str], *, row: int, header: Sequence[str]) -> Iterator[Fault]:
    for index, text in enumerate(texts):
        for sign in dict.fromkeys(text):
            if (written := _in_cp932(sign)) != sign:
                values = {"code_point": f"U+{ord(sign):04X}", "written": written}
                letter = get_column_letter(index + 1)
                yield Fault("not_in_cp932", row, letter, header[index], value=sign, values=values, tier=Tier.NOTE)
