"""From bytes to lines: what a file holds, with Excel's own row numbers, within bounds, or one sentence why not."""

import contextlib
import gc
from collections.abc import Iterator
from pathlib import PurePath

from aspire.workbooks.cells import BOUNDS, EMPTY, Bounds, Cell, Kind, Line, Sheet, empty, refusal
from aspire.workbooks.delimited import read_delimited
from aspire.workbooks.workbooks import read_workbook

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
