"""The pack as files: the sheet of A4, its forms, their names, and the record that somebody took one."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from aspire.models import ExportRecord
from aspire.people import Person
from proposals.pack import notes
from proposals.pack.exports import as_csv, as_json, columns_of
from proposals.pack.grids import PlainTable, Value, plain
from proposals.pack.slides import as_pptx
from proposals.pack.workbook import as_xlsx
from proposals.tallies.board import Board


@dataclass(frozen=True)
class Cell:
    """A cell as shown. ``is_repeated`` is a label that stands above already."""

    text: str
    is_number: bool
    is_repeated: bool = False


@dataclass(frozen=True)
class PaperTable:
    """A table whose total comes last."""

    key: str
    caption: str
    header: list[Cell]
    rows: list[list[Cell]]
    total: list[Cell]
    lacks_awards: bool


@dataclass(frozen=True)
class Paper:
    """What the sheet says beside the board's own facts and tiles."""

    tables: list[PaperTable]
    warnings: list[str]
    notes: list[str]


def printed(board: Board) -> Paper:
    """The board as a sheet of paper."""
    tables = [_table(plain(board, table), lacks_awards=not table.has_awards) for table in board.tables]
    return Paper(tables, notes.warnings(board), [notes.source(board), notes.rule(board), notes.counted(board)])


def _table(grid: PlainTable, *, lacks_awards: bool) -> PaperTable:
    numbers = [column.kind != "text" for column in grid.columns]
    header = [Cell(column.label, is_number) for column, is_number in zip(grid.columns, numbers, strict=True)]
    rows, above = [], ""
    for row in grid.rows:
        cells = _cells(grid, row, repeated=above if grid.columns[0].name == "country" else "")
        rows.append(cells)
        above = cells[0].text
    total = _cells(grid, grid.total, repeated="")
    return PaperTable(grid.key, grid.caption, header, rows, total, lacks_awards)


def _cells(grid: PlainTable, row: list[Value], *, repeated: str) -> list[Cell]:
    texts = [column.shown(value) for column, value in zip(grid.columns, row, strict=True)]
    numbers = [column.kind != "text" for column in grid.columns]
    return [
        Cell(text, is_number, (place == 0 and text == repeated) or (place > 0 and not is_number and text == texts[0]))
        for place, (text, is_number) in enumerate(zip(texts, numbers, strict=True))
    ]


# --- the forms of a pack ---------------------------------------------------------------------------------------------
ROWS_AT_ONCE = 300  # of the tables of a pack; a longer one is written by a worker
OFFICE = "application/vnd.openxmlformats-officedocument"


@dataclass(frozen=True)
class Form:
    """A form of the pack: what it is called, its media type, and what writes it in the active language."""

    label: Promise
    content_type: str
    write: Callable[[Board], bytes]


def _json(board: Board) -> bytes:
    return json.dumps(as_json(board), ensure_ascii=False).encode()


FORMS = {
    "pptx": Form(_("Slides"), f"{OFFICE}.presentationml.presentation", as_pptx),
    "xlsx": Form(_("Workbook"), f"{OFFICE}.spreadsheetml.sheet", as_xlsx),
    "csv": Form(_("One row a figure"), "text/csv; charset=utf-8", lambda board: as_csv(board).encode()),
    "json": Form(_("For programs"), "application/json", _json),
}


def labels() -> list[tuple[str, Promise]]:
    """The forms with what they are called."""
    return [(name, form.label) for name, form in FORMS.items()]


def name_of(board: Board, form: str, language: str) -> str:
    """Call, day in Tokyo and language: ``R4-TRIAL_2023-04-27_ja.pptx``."""
    masked = "_masked" if board.is_masked else ""
    return f"{board.code}_{timezone.localdate(board.as_of):%Y-%m-%d}{masked}_{language}.{form}"


def row_count(board: Board) -> int:
    """How many rows the tables of the board have, totals included."""
    return sum(len(table.rows) + 1 for table in board.tables)


def hand_out(board: Board, *, form: str, language: str, by: Person) -> bytes:
    """The file in that language, remembered as taken by that person."""
    with override(language):
        data = FORMS[form].write(board)
    ExportRecord.objects.create(
        user=by,
        kind="tallies",
        filters={"call": board.code, "lang": language, "masked": board.is_masked},
        columns=columns_of(board) if form == "csv" else [table.key for table in board.tables],
        row_count=row_count(board),
        form=form,
        sha256=hashlib.sha256(data).hexdigest(),
        exported_at=timezone.now(),
    )
    return data
