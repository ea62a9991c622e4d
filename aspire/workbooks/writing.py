"""What goes out: CSV and workbooks that hold exactly what they were given, never a live formula, and the template."""

import csv
import datetime
import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from django.utils.translation import override
from xlsxwriter.utility import xl_col_to_name

from aspire.refusals import TOKYO
from aspire.workbooks import assembly, markup, roundtrip
from aspire.workbooks.annotating import annotated
from aspire.workbooks.columns import StrictField
from aspire.workbooks.faults import Fault, Tier
from aspire.workbooks.layout import NO, YES, Frame, offers_of
from aspire.workbooks.markup import Value
from aspire.workbooks.widgets import ABSENT

__all__ = ["Unwritable", "annotated", "csv_bytes", "safe", "template_bytes", "workbook_bytes"]

Row = Sequence[Value]

# CP932 lacks these signs; a reader takes the twin for the same. What has none becomes the printer's mark for absence.
TWINS = {"\u2014": "\u2015", "\u00a5": "\uffe5", "\u00b7": "\u30fb"}


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
        frame = Frame.begun(sheet_name, columns, language=language)
        with frame.book as book:
            _fill(frame, _numbered(rows, header=frame.header))
            if notes:
                frame.add_notes(notes)
        return book.content


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
        frame = Frame.begun(title, columns, language=language)
        offers = [offers_of(column) for column in columns]
        offered = ([_offered(value, offer) for value, offer in zip(row, offers, strict=True)] for row in rows)
        with frame.book as book:
            frame.add_comments(needed)
            frame.add_drop_downs(offers)
            _fill(frame, _numbered(offered, header=frame.header))
            frame.add_explanations(offers, title=title, notes=notes, needed=needed)
            frame.add_lists()
        return book.content


def _offered(value: Value, offer: Mapping[str, str]) -> Value:
    return offer.get(value, value) if isinstance(value, str) else value


def _fill(frame: Frame, rows: Iterable[tuple[int, list[Value]]]) -> None:
    book, sheet = frame.book, frame.sheet
    formats = [assembly.YEN_FORMAT if column.kind == "yen" else "General" for column in frame.columns]
    for number, row in rows:
        if number > assembly.LAST_ROW:
            raise Unwritable(Fault("too_many_rows_to_write", values={"limit": f"{assembly.LAST_ROW - 1:,}"}))
        for index, (value, number_format) in enumerate(zip(row, formats, strict=True)):
            book.write(sheet, number - 1, index, value, number_format=number_format)


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
            raise Unwritable(Fault(code, row, xl_col_to_name(column), header[column], values=values))
        return value
    if isinstance(value, bool):
        return YES if value else NO
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
                letter = xl_col_to_name(index)
                yield Fault("not_in_cp932", row, letter, header[index], value=sign, values=values, tier=Tier.NOTE)
