"""Files as the library takes them in and out: a table read strictly and within bounds, and one written exactly."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

from import_export.formats.base_formats import Format
from tablib import Dataset

from aspire.sheets.mapping import Meaning, described, translated
from aspire.untyped import Held, Passed
from aspire.workbooks.cells import Cell, Line, Sheet, cell_of
from aspire.workbooks.columns import Grid, GridRow, StrictField, headed, match
from aspire.workbooks.faults import Fault, Tier
from aspire.workbooks.reading import read
from aspire.workbooks.writing import csv_bytes, workbook_bytes


class SheetDataset(Dataset):
    """A table as it was read: its cells under the headers of the file, and once those are matched, by column."""

    headers: list[str] = []
    fields: Sequence[StrictField] = ()

    def __init__(self, sheet: Sheet, *, sha256: str = "") -> None:
        super().__init__()
        self.sheet, self.sha256 = sheet, sha256
        self.headers = [cell.text for cell in sheet.lines[0].cells] if sheet.lines else []
        self.lines: list[GridRow] = []
        self.is_headless = False
        self.described: list[tuple[str, str, list[str], str]] = []  # its columns, as it calls them

    def match(
        self, columns: Sequence[StrictField], *, key: Sequence[str], meaning: Meaning, unnamed: Sequence[str] = ()
    ) -> Grid:
        """Find the columns; the rows are there only under a header that has what it must have.

        ``meaning``: what is called otherwise than ours; ``unnamed``: columns that such a file may lack.
        """
        self.sheet = headed(self.sheet, columns, meaning.headers)
        self.described = described(self.sheet, columns, meaning.headers) if self.sheet.lines else []
        if meaning.is_said and self.sheet.lines:
            self.sheet = translated(self.sheet, meaning, unnamed=unnamed)
        grid = match(self.sheet, columns)
        found = [*self.sheet.faults, *grid.faults]
        self.is_headless = any(fault.row is None and fault.tier == Tier.BLOCK for fault in found)
        self.lines, self.headers = ([], list(key)) if self.is_headless else (grid.rows, list(grid.letters))
        return grid

    @property
    def faults(self) -> list[Fault]:
        """What is said of the file as such."""
        return self.sheet.faults

    def __len__(self) -> int:
        return len(self.lines)

    def __iter__(self) -> Iterator[tuple[Cell, ...]]:
        return (tuple(line.cells.values()) for line in self.lines)


def dataset_of(data: bytes, *, file_name: str) -> SheetDataset:
    """The table of a file. Raises Unreadable."""
    return SheetDataset(read(data, file_name=file_name), sha256=hashlib.sha256(data).hexdigest())


def strictly(dataset: Dataset) -> SheetDataset:
    """A table that came by another way, such as the library's own formats, to be read as strictly."""
    if isinstance(dataset, SheetDataset):
        return dataset
    rows = [dataset.headers or [], *dataset]
    lines = [Line(number, tuple(map(cell_of, row))) for number, row in enumerate(rows, 1)]
    return SheetDataset(Sheet("xlsx", "", "", "", lines, []))


class StrictFormat(Format):
    """One form of file. ``fields`` of a dataset that goes out are its columns, where a resource made it."""

    form: ClassVar[Literal["csv", "xlsx"]]
    CONTENT_TYPE: ClassVar[str]

    def __init__(self, encoding: str | None = None) -> None:
        self.encoding = encoding

    def get_title(self) -> str:
        return self.form

    def get_extension(self) -> str:
        return self.form

    def get_content_type(self) -> str:
        return self.CONTENT_TYPE

    def can_import(self) -> bool:
        return True

    def can_export(self) -> bool:
        return True

    def create_dataset(self, in_stream: Any, **_kwargs: Passed) -> SheetDataset:
        """The table of a file's bytes. Raises Unreadable."""
        data = in_stream if isinstance(in_stream, bytes) else in_stream.read()
        return dataset_of(data, file_name=f"file.{self.form}")


class StrictCSV(StrictFormat):
    form, CONTENT_TYPE = "csv", "text/csv"

    def export_data(self, dataset: Dataset, **_kwargs: Passed) -> Held:
        """The bytes of a CSV for Excel."""
        data, _lost = csv_bytes(dataset.headers, dataset, encoding="utf-8-sig")
        return data


class StrictXLSX(StrictFormat):
    form, CONTENT_TYPE = "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def export_data(self, dataset: Dataset, **_kwargs: Passed) -> Held:
        """The bytes of a workbook of typed cells."""
        return workbook_bytes(dataset.title or "", dataset.fields, dataset, language="en")


FORMATS = (StrictXLSX, StrictCSV)
