"""The pack as a workbook: the call, one sheet a table with its native chart, and what every term means."""

import io
import math
from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.chart import BarChart, Reference
from openpyxl.chart._chart import ChartBase as Chart
from openpyxl.chart.data_source import AxDataSource, MultiLevelStrRef, StrRef
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from aspire.templatetags.figures import NOTHING
from aspire.workbooks.assembly import TEXT_FORMAT, in_a_frame, sheet_name, width
from aspire.workbooks.roundtrip import is_live
from proposals.pack import notes
from proposals.pack.deck import AWARD, COUNT, EAST_ASIAN, INK, LINE, PALE, QUIET
from proposals.pack.grids import DIFFERENCE, PUBLISHED, PlainTable, Series, Value, full
from proposals.tallies.board import Board

HEADER_ROW = 5
FORMATS = {"count": "#,##0", DIFFERENCE: "+#,##0;-#,##0;0", "rate": "0.0"}
NARROW, HEADER_WIDE, WIDE = 11, 16, 90
ROW, ON_ONE_PAGE = 17, 40  # points; rows
HEADS = (24, 14)  # points: how high a line of the title is, and one under it
CHART_WIDTH, BAR_HEIGHT = 20, 0.7  # centimetres
A4 = 9


def as_xlsx(board: Board) -> bytes:
    """The workbook of the board in the active language."""
    book, overview = new_book(_("Overview"))
    _overview(overview, board)
    for table in board.tables:
        _table(book.create_sheet(sheet_name(table.caption)), board, full(board, table))
    _definitions(book.create_sheet(sheet_name(_("Definitions"))), board)
    book.properties.title = board.title
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def new_book(name: str) -> tuple[Workbook, Worksheet]:
    """A workbook with one sheet of that name."""
    book = Workbook()
    book.properties.creator = "ASPIRE"
    sheet = book.active
    sheet.title = sheet_name(name)
    return book, sheet


def put(sheet: Worksheet, row: int, column: int, text: str) -> Cell:
    """A cell that is text, whatever it begins with; what no cell can hold is replaced and cut."""
    cell = sheet.cell(row, column)
    cell.value, cell.data_type = in_a_frame(text), "s"
    cell.number_format, cell.quotePrefix = TEXT_FORMAT, int(is_live(text))
    cell.alignment = Alignment(vertical="top", wrap_text=True)
    return cell


# --- sheets ------------------------------------------------------------------------------------------------------


def _overview(sheet: Worksheet, board: Board) -> None:
    total = board.total
    rows: list[Sequence[Value]] = [(_("Call code"), board.code), (_("Stage"), board.stage), *board.outline]
    for label, figure in ((_("Proposals"), total.proposals), (_("Awards"), total.awards)):
        rows.append((label, figure.words or figure.recorded or 0))
    rows.append((_("Success rate (%)"), NOTHING if total.rate is None else Decimal(total.rate)))
    rows += [(_("Source"), notes.source(board)), (_("Counting rule"), notes.rule(board))]
    _fill(sheet, board, board.title, [[_("Item"), _("Content")], *rows])


def _definitions(sheet: Worksheet, board: Board) -> None:
    _fill(sheet, board, _("Definitions"), [[_("Term"), _("Meaning")], *notes.definitions(board)])


def _table(sheet: Worksheet, board: Board, grid: PlainTable) -> None:
    kinds = [column.kind for column in grid.columns]
    header = [column.label for column in grid.columns]
    _fill(sheet, board, grid.caption, [header, *grid.rows, grid.total], kinds=kinds)
    last = HEADER_ROW + len(grid.rows) + 1
    for cell in sheet[last]:
        cell.font, cell.border = Font(name=EAST_ASIAN, bold=True), Border(top=Side("medium", color=INK))
    if grid.rows and grid.series:
        sheet.add_chart(_chart(sheet, grid), f"A{last + 2}")


def _fill(
    sheet: Worksheet,
    board: Board,
    title: str,
    lines: Sequence[Sequence[Value]],
    *,
    kinds: Sequence[str] = (),
) -> None:
    """A title, what the data are, the unit, the header, and one value a cell, on a page that fits A4."""
    header, rows = [str(label) for label in lines[0]], lines[1:]
    for place, label in enumerate(header, 1):
        cell = put(sheet, HEADER_ROW, place, label)
        cell.font, cell.fill = Font(name=EAST_ASIAN, bold=True), PatternFill("solid", fgColor=PALE)
        cell.border = Border(bottom=Side("thin", color=INK))
    for number, row in enumerate(rows, HEADER_ROW + 1):
        for place, value in enumerate(row, 1):
            _write(sheet, number, place, value, kinds[place - 1] if kinds else "text")
    _fit(sheet, header, rows)
    _head(sheet, [title, _("Unit: as each header says; without one, proposals."), " ".join(notes.footer(board))])


def _head(sheet: Worksheet, lines: Sequence[str]) -> None:
    looks = [Font(name=EAST_ASIAN, bold=True, size=14), Font(name=EAST_ASIAN, color=QUIET, size=9)]
    for number, line in enumerate(lines, 1):
        cell = put(sheet, number, 1, line)
        cell.font, cell.alignment = looks[min(number, len(looks)) - 1], Alignment(vertical="top", wrap_text=True)
        sheet.merge_cells(start_row=number, end_row=number, start_column=1, end_column=sheet.max_column)
        room = sum(sheet.column_dimensions[get_column_letter(n + 1)].width for n in range(sheet.max_column))
        sheet.row_dimensions[number].height = HEADS[min(number, len(HEADS)) - 1] * math.ceil(width(line) / room * 0.9)


def _write(sheet: Worksheet, row: int, column: int, value: Value, kind: str) -> None:
    """A typed cell; text is text whatever it begins with."""
    cell = put(sheet, row, column, value) if isinstance(value, str) else sheet.cell(row, column, value)
    cell.font, cell.border = Font(name=EAST_ASIAN), Border(bottom=Side("thin", color=LINE))
    if isinstance(value, str):
        cell.alignment = Alignment(horizontal="left" if kind == "text" else "right", vertical="top", wrap_text=True)
    else:
        cell.number_format = FORMATS.get(kind, "General")
        cell.alignment = Alignment(horizontal="left" if kind == "text" else "right", vertical="top")


def _fit(sheet: Worksheet, header: Sequence[str], rows: Sequence[Sequence[Value]]) -> None:
    """Columns as wide and rows as high as what they hold, and a sheet of A4 across."""
    for place, label in enumerate(header, 1):
        widest = max((width(str(row[place - 1])) for row in rows), default=0)
        room = max(widest + 3, min(width(label) + 2, HEADER_WIDE), NARROW)
        sheet.column_dimensions[get_column_letter(place)].width = min(room, WIDE)
    for number, row in enumerate([header, *rows], HEADER_ROW):
        lines = max(_lines(sheet, place, str(value)) for place, value in enumerate(row, 1))
        sheet.row_dimensions[number].height = ROW * lines
    sheet.freeze_panes = f"A{HEADER_ROW + 1}"
    sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
    sheet.page_setup.paperSize, sheet.page_setup.orientation = A4, "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, int(len(rows) <= ON_ONE_PAGE)
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _lines(sheet: Worksheet, column: int, text: str) -> int:
    return math.ceil(width(text) / (sheet.column_dimensions[get_column_letter(column)].width - 1)) or 1


# --- charts ------------------------------------------------------------------------------------------------------


def _chart(sheet: Worksheet, grid: PlainTable) -> BarChart:
    """Bars that read their numbers from the cells beside them."""
    chart, names = BarChart(), [column.name for column in grid.columns]
    first, last = HEADER_ROW + 1, HEADER_ROW + len(grid.rows)
    chart.type, chart.title, chart.style, chart.gapWidth = "bar", None, 10, 50
    for series in grid.series:
        place = names.index(f"{series.measure}_{series.kind}") + 1
        chart.add_data(Reference(sheet, min_col=place, min_row=HEADER_ROW, max_row=last), titles_from_data=True)
        _look(chart.series[-1], series)
    labels = names.index("country") + 1 if "country" in names else names.index("label") + 1
    place = Reference(sheet, min_col=labels, max_col=names.index("label") + 1, min_row=first, max_row=last)
    for one in chart.series:
        is_nested = "country" in names
        one.cat = (
            AxDataSource(multiLvlStrRef=MultiLevelStrRef(f=str(place)))
            if is_nested
            else AxDataSource(strRef=StrRef(f=str(place)))
        )
    chart.x_axis.scaling.orientation, chart.x_axis.delete = "maxMin", False
    chart.y_axis.delete, chart.y_axis.majorGridlines, chart.y_axis.scaling.min = True, None, 0
    chart.legend.position = "t"
    chart.width, chart.height = CHART_WIDTH, max(6, BAR_HEIGHT * len(grid.rows) * max(1, len(grid.series) * 0.6) + 2)
    return chart


def _look(drawn: Chart, series: Series) -> None:
    """Awards darker than proposals; what was published as an outline; the number at the end of its bar."""
    colour = AWARD if series.measure == "awards" else COUNT
    drawn.graphicalProperties = GraphicalProperties(solidFill=None if series.kind == PUBLISHED else colour)
    drawn.graphicalProperties.noFill = True if series.kind == PUBLISHED else None
    drawn.graphicalProperties.line.solidFill = colour
    drawn.dLbls = DataLabelList(showVal=True, showSerName=False, showCatName=False, showLegendKey=False)
