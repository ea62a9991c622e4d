"""How a slide draws a grid: a native table, and a native chart whose numbers can be edited in Office."""

import math
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from pptx.chart.chart import Chart
from pptx.chart.data import CategoryChartData
from pptx.chart.plot import BarPlot
from pptx.chart.xlsx import CategoryWorkbookWriter
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_LEGEND_POSITION, XL_TICK_MARK
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.slide import Slide
from pptx.table import Table
from pptx.table import _Cell as Cell
from pptx.util import Inches, Pt
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from proposals.pack.deck import (
    AWARD,
    COUNT,
    INK,
    LINE,
    PALE,
    Look,
    clean,
    describe,
    write,
)
from proposals.pack.grids import PUBLISHED, PlainTable, Series

Place = tuple[float, float, float, float]  # left, top, width, height in inches
NO_STYLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"  # "No Style, No Grid": lines are drawn cell by cell
SIZES = (16, 14, 13, 12, 11, 10)  # points
SMALLEST = SIZES[-1]
UNBROKEN = 12  # points at which a table of numbers is better on single lines than larger
LINE_HEIGHT = 1.5  # of the type, in Japanese faces
PADDING, AIR = (
    0.08,
    1.3,
)  # inches left and right in a cell; how much higher a row is than its lines, where there is room
POINTS = 72  # an inch
BOLD = 1.15  # how much wider a bold word may be than a plain one
FEW_BARS, MANY_BARS = 12, 24


def lines_needed(text: str, width: float, size: float) -> int:
    """How many lines a text takes in a cell of that width, by the widths of its signs, a little on the safe side."""
    signs = sum(1.0 if unicodedata.east_asian_width(sign) in "FWA" else 0.54 for sign in text)
    return max(1, math.ceil(signs * size / POINTS / max(width - 2 * PADDING, 0.1) - 0.02))


def row_lines(line: Sequence[str], widths: Sequence[float], size: float) -> int:
    """How many lines the longest of a row's texts takes."""
    return max(lines_needed(text, width, size) for text, width in zip(line, widths, strict=True))


def _breaks(line: Sequence[str], widths: Sequence[float], size: float) -> bool:
    """Whether a single word of a row would not fit its column; Japanese breaks anywhere."""
    words = [(word, width) for text, width in zip(line, widths, strict=True) for word in text.split()]
    return any(word.isascii() and lines_needed(word, width, size * BOLD) > 1 for word, width in words)


def row_height(lines: int, size: float) -> float:
    """How high a row of so many lines is, in inches."""
    return (lines * LINE_HEIGHT + 0.2) * size / POINTS


def _fitting(
    lines: Sequence[Sequence[str]], widths: Sequence[float], height: float, *, is_prose: bool
) -> tuple[int, list[float]]:
    """The largest type in which the rows fit, numbers if possible unbroken, and the height of each row."""
    found = None
    for size in SIZES:
        needed = [row_lines(line, widths, size) for line in lines]
        if size != SMALLEST and any(_breaks(line, widths, size) for line in lines):
            continue
        heights = [row_height(number, size) for number in needed]
        if sum(heights) > height and size != SMALLEST:
            continue
        found = found or (size, heights)
        if is_prose or (max(needed) == 1 and size >= UNBROKEN):
            found = size, heights
            break
    size, heights = found or (SMALLEST, [])
    air = min(AIR, max(1.0, height / sum(heights)))
    return size, [one * air for one in heights]


# --- tables ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Columns:
    """What each column of a table takes of its width, which hold numbers, and which lines are no rows."""

    shares: Sequence[float]
    numbers: Sequence[bool]
    has_total: bool = False
    has_header: bool = True


def add_table(slide: Slide, name: str, lines: Sequence[Sequence[str]], place: Place, columns: Columns) -> Table:
    """A native table: header, rows, total; lines between rows only, numbers at the right."""
    left, top, width, height = place
    has_total, has_header = columns.has_total, columns.has_header
    widths = [width * share / sum(columns.shares) for share in columns.shares]
    size, heights = _fitting(lines, widths, height, is_prose=not any(columns.numbers))
    frame = slide.shapes.add_table(len(lines), len(widths), *map(Inches, (left, top, width, sum(heights))))
    describe(frame, name, name)
    table = frame.table
    table.first_row, table.horz_banding, table.last_row = has_header, False, has_total
    frame._element.find(".//" + qn("a:tableStyleId")).text = NO_STYLE
    for column, its_width in zip(table.columns, widths, strict=True):
        column.width = Inches(its_width)
    for number, line in enumerate(lines):
        table.rows[number].height = Inches(heights[number])
        is_head, is_total = has_header and number == 0, has_total and number == len(lines) - 1
        for cell, text, is_number in zip(table.rows[number].cells, line, columns.numbers, strict=True):
            align = PP_ALIGN.RIGHT if is_number else PP_ALIGN.LEFT
            _cell(cell, text, Look(size, is_head or is_total, INK, align), fill=PALE if is_head else "")
            _line(cell, "lnB", INK if is_head else LINE, 1.0 if is_head else 0.5)
            if is_total:
                _line(cell, "lnT", INK, 1.5)
    return table


def _cell(cell: Cell, text: str, look: Look, *, fill: str) -> None:
    write(cell.text_frame, text, look)
    cell.text_frame.word_wrap = True
    cell.vertical_anchor = MSO_ANCHOR.MIDDLE
    cell.margin_top = cell.margin_bottom = Inches(0.01)
    cell.margin_left = cell.margin_right = Inches(PADDING)
    if fill:
        cell.fill.solid()
        cell.fill.fore_color.rgb = RGBColor.from_string(fill)


def _line(cell: Cell, side: str, colour: str, points: float) -> None:
    """A line at the top (lnT) or bottom (lnB) of a cell; PowerPoint wants them before the fill, top first."""
    line = parse_xml(
        f'<a:{side} {nsdecls("a")} w="{int(points * 12700)}" cap="flat" cmpd="sng" algn="ctr"><a:solidFill>'
        f'<a:srgbClr val="{colour}"/></a:solidFill><a:prstDash val="solid"/></a:{side}>'
    )
    cell._tc.get_or_add_tcPr().insert(0, line)


# --- charts ------------------------------------------------------------------------------------------------------


class _TextOnlyWriter(CategoryWorkbookWriter):
    """The workbook behind a chart, in which a label that begins like a formula is text all the same."""

    @contextmanager
    def _open_worksheet(self, xlsx_file: IO[bytes]) -> Iterator[tuple[Workbook, Worksheet]]:
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        workbook = Workbook(xlsx_file, options)
        yield workbook, workbook.add_worksheet()
        workbook.close()


class _TextOnlyData(CategoryChartData):
    @property
    def _workbook_writer(self) -> _TextOnlyWriter:
        return _TextOnlyWriter(self)


def add_chart(slide: Slide, grid: PlainTable, place: Place, *, longest: int) -> Chart:
    """Bars from the top down in the order of the rows, each with its number; ``longest`` is that of the whole table."""
    data = _TextOnlyData(number_format="#,##0")
    data.categories = [clean(label) for label in grid.categories]
    for series in grid.series:
        data.add_series(clean(series.label), series.values)
    frame = slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, *map(Inches, place), data)
    numbers = "; ".join(f"{label} {value}" for label, value in zip(grid.categories, grid.series[0].values, strict=True))
    describe(frame, f"{grid.caption} - chart", f"{grid.caption}: {numbers}")
    chart = frame.chart
    chart.has_title, chart.has_legend = False, len(grid.series) > 1
    if chart.has_legend:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
    chart.font.size = Pt(11 if len(grid.rows) <= FEW_BARS else 10)
    chart.font.color.rgb = RGBColor.from_string(INK)
    _axes(chart, longest)
    _bars(chart.plots[0], grid.series)
    return chart


def _axes(chart: Chart, longest: int) -> None:
    rows, numbers = chart.category_axis, chart.value_axis
    rows.reverse_order, rows.has_major_gridlines = True, False
    rows.major_tick_mark = rows.minor_tick_mark = XL_TICK_MARK.NONE
    rows.format.line.color.rgb = RGBColor.from_string(LINE)
    numbers.visible, numbers.has_major_gridlines, numbers.minimum_scale = False, False, 0
    numbers.maximum_scale = max(1, longest) * 1.12  # room for the number at its end


def _bars(plot: BarPlot, series: Sequence[Series]) -> None:
    plot.gap_width, plot.overlap, plot.vary_by_categories = 45, 0, False
    plot.has_data_labels = True
    bars_drawn = len(series) * len(series[0].values)
    plot.data_labels.font.size = Pt(10 if bars_drawn <= MANY_BARS else 8)
    plot.data_labels.show_value, plot.data_labels.position = True, XL_LABEL_POSITION.OUTSIDE_END
    for bars, one in zip(plot.series, series, strict=True):
        colour = RGBColor.from_string(AWARD if one.measure == "awards" else COUNT)
        bars.format.line.color.rgb = colour
        if one.kind == PUBLISHED:
            bars.format.fill.background()
        else:
            bars.format.fill.solid()
            bars.format.fill.fore_color.rgb = colour
