"""The pack on a sheet of A4: the same tables as the slides, ready for a template."""

from dataclasses import dataclass

from proposals.pack import notes
from proposals.pack.grids import Grid, Value, plain
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
class Sheet:
    """What the sheet says beside the board's own facts and tiles."""

    tables: list[PaperTable]
    warnings: list[str]
    notes: list[str]


def printed(board: Board) -> Sheet:
    """The board as a sheet of paper."""
    tables = [_table(plain(board, table), lacks_awards=not table.has_awards) for table in board.tables]
    return Sheet(tables, notes.warnings(board), [notes.source(board), notes.rule(board), notes.counted(board)])


def _table(grid: Grid, *, lacks_awards: bool) -> PaperTable:
    numbers = [column.kind != "text" for column in grid.columns]
    header = [Cell(column.label, is_number) for column, is_number in zip(grid.columns, numbers, strict=True)]
    rows, above = [], ""
    for row in grid.rows:
        cells = _cells(grid, row, repeated=above if grid.columns[0].name == "country" else "")
        rows.append(cells)
        above = cells[0].text
    total = _cells(grid, grid.total, repeated="")
    return PaperTable(grid.key, grid.caption, header, rows, total, lacks_awards)


def _cells(grid: Grid, row: list[Value], *, repeated: str) -> list[Cell]:
    texts = [column.shown(value) for column, value in zip(grid.columns, row, strict=True)]
    numbers = [column.kind != "text" for column in grid.columns]
    return [
        Cell(text, is_number, (place == 0 and text == repeated) or (place > 0 and not is_number and text == texts[0]))
        for place, (text, is_number) in enumerate(zip(texts, numbers, strict=True))
    ]
