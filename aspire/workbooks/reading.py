"""From bytes to lines: what a file holds, with Excel's own row numbers, within bounds, or one sentence why not."""

import codecs
import contextlib
import csv
import gc
import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath

from aspire.workbooks.cells import (
    BOUNDS,
    EMPTY,
    HEADER_WITHIN,
    Bounds,
    Cell,
    Deadline,
    Kind,
    Line,
    Sheet,
    empty,
    letters,
    refusal,
    text_cell,
    text_faults,
)
from aspire.workbooks.faults import Fault, Tier
from aspire.workbooks.workbooks import read_workbook

_DELIMITERS = ",\t;"
_BEGINNING = 100_000  # signs in which the first record is looked for
_NOT_CP932 = re.compile("[\x80\uf8f0-\uf8f3]")  # what Python makes of bytes that CP932 does not use
_SEP = re.compile("sep=([,;\t|])[,;\t|]*(?:\r\n|\n|\r|$)", re.IGNORECASE)  # what some programs write for Excel
_LEADS = {*range(0x81, 0x99), 0xED, 0xEE}  # first bytes of kana, signs, common kanji, and kanji of names
_AMID_LATIN = re.compile("(?<=[a-z])[^\x00-\x7f]|[^\x00-\x7f](?=[a-z])")
_USUAL = 0.6  # of the signs that are not ASCII
_KANA_OR_KANJI = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class _Cells(dict[str, Cell]):
    """The cell of each text, made once."""

    def __missing__(self, text: str) -> Cell:
        self[text] = cell = text_cell(text)
        return cell


def read_delimited(data: bytes, bounds: Bounds) -> Sheet:
    """The table of a CSV file. Raises Unreadable."""
    text, encoding = _decoded(data)
    said = _SEP.match(text)
    delimiter, cells = said[1] if said else _delimiter(text), _Cells()
    lines = list(_lines(text, delimiter, cells, bounds))
    faults = text_faults(lines, cells.values(), bounds)
    if said:
        lines = [line for line in lines if line.number > 1]
        faults.append(Fault("sep_line", row=1, value=said[0].strip(), tier=Tier.NOTE))
    return Sheet("csv", encoding, delimiter, "", lines, faults)


def _decoded(data: bytes) -> tuple[str, str]:
    """The text and the name of its encoding; a byte that does not belong to it refuses the file."""
    if data.startswith(codecs.BOM_UTF8):
        attempts = {"UTF-8 (BOM)": "utf-8-sig"}
    elif data.startswith(_UTF_16):
        attempts = {"UTF-16": "utf-16"}
    elif data.count(0) * 4 > len(data):  # UTF-16 that does not say so
        attempts = {}
    else:
        attempts = {"UTF-8": "utf-8", "CP932": "cp932"}
    for name, codec in attempts.items():
        with contextlib.suppress(UnicodeDecodeError):
            text = data.decode(codec)
            if codec != "cp932" or _is_japanese(text, data):
                return text, name
    raise refusal("encoding_unknown")


def _is_japanese(text: str, data: bytes) -> bool:
    """Whether what CP932 makes of the bytes can be what was written. Raises Unreadable where it looks like another.

    Kana, signs and the kanji of the first level are most of any Japanese text; what another code page is taken for are
    half-width kana, rare kanji, and kanji amid Latin letters.
    """
    if _NOT_CP932.search(text):
        return False
    signs = {sign: count for sign, count in Counter(text).items() if not sign.isascii()}
    usual = sum(count for sign, count in signs.items() if sign.encode("cp932")[0] in _LEADS)
    amid = sum(len(found[0]) for found in _AMID_LATIN.finditer(text))
    if usual >= _USUAL * sum(signs.values()) and amid <= sum(signs.values()) / 2:
        return True
    raise refusal("encoding_guessed", nearest="EUC-JP" if _is_euc(data) else "Windows-1252")


def _is_euc(data: bytes) -> bool:
    try:
        text = data.decode("euc_jp")
    except UnicodeDecodeError:
        return False
    signs = [sign for sign in text if not sign.isascii()]
    return 2 * sum(_KANA_OR_KANJI.match(sign) is not None for sign in signs) > len(signs)


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _delimiter(text: str) -> str:
    """The delimiter that divides the first line with anything in it into the most cells.

    Where none divides it, as with a title above the table, the first line that one does.
    """
    rest = text[:_BEGINNING].lstrip("\r\n")
    for _line in range(HEADER_WITHIN):
        widths = {delimiter: _width(rest, delimiter) for delimiter in _DELIMITERS}
        if max(widths.values()) > 1:
            return max(widths, key=widths.__getitem__)
        rest = rest.partition("\n")[2].lstrip("\r\n")
    return _DELIMITERS[0]


def _width(text: str, delimiter: str) -> int:
    try:
        return len(next(_records(text, delimiter), []))
    except csv.Error:
        return 0


def _lines(text: str, delimiter: str, cells: _Cells, bounds: Bounds) -> Iterator[Line]:
    """The filled lines. As in Excel, a record is a row, whatever line ends its quoted cells hold."""
    deadline, number = Deadline(bounds), 0
    try:
        for number, record in enumerate(_records(text, delimiter), start=1):
            deadline.check()
            row = tuple(map(cells.__getitem__, record))
            if row.count(EMPTY) < len(row):
                yield Line(number, _within(row, number, bounds))
    except csv.Error as error:
        code = "cell_too_long" if "field larger" in str(error) else "quote_unclosed"
        raise refusal(code, row=number + 1, characters=csv.field_size_limit(), limit=bounds.characters) from error


def _within(row: tuple[Cell, ...], number: int, bounds: Bounds) -> tuple[Cell, ...]:
    """The row, where it is inside the bounds; empty cells far out are dropped."""
    if number > bounds.rows + 1:
        raise refusal("rows_too_many", row=number, rows=number, limit=bounds.rows)
    if any(cell is not EMPTY for cell in row[bounds.columns :]):
        column = letters(len(row))
        raise refusal("columns_too_many", row=number, column=column, columns=len(row), limit=bounds.columns)
    return row[: bounds.columns]


__all__ = ["BOUNDS", "EMPTY", "Bounds", "Cell", "Kind", "Line", "Sheet", "read"]

_TEXT_SUFFIXES = {".csv", ".tsv", ".txt"}
_OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1")  # .xls, and every workbook with a password
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_ZIP = (b"PK\3\4", b"PK\5\6")


@contextlib.contextmanager
def _collector_at_rest() -> Iterator[None]:
    """A million cells and no cycle among them: looking for cycles again and again would take longer than reading."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def read(data: bytes, *, file_name: str, bounds: Bounds = BOUNDS) -> Sheet:
    """The one table of a CSV or XLSX file. Raises Unreadable, and nothing else, where there is none to be had."""
    suffix = PurePath(file_name).suffix.lower()
    if not data:
        empty()
    if len(data) > bounds.file_bytes:
        raise refusal("file_too_large", limit=bounds.file_bytes // 2**20)
    if data.startswith(_OLD_OFFICE):
        raise refusal("file_protected" if _ENCRYPTED in data else "file_old_excel")
    if suffix == ".xls":
        raise refusal("file_old_excel")
    if suffix not in {".xlsx", *_TEXT_SUFFIXES}:
        raise refusal("file_form_unknown")
    if data.startswith(_ZIP) != (suffix == ".xlsx"):
        raise refusal("file_renamed", suffix=suffix)
    with _collector_at_rest():
        sheet = read_workbook(data, bounds) if suffix == ".xlsx" else read_delimited(data, bounds)
    return sheet if sheet.lines else empty()
