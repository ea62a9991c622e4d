"""The pack as slides: title, outline of the call, results, each tally as table and chart, and what they mean."""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from pptx.enum.text import PP_ALIGN
from pptx.presentation import Presentation as Deck
from pptx.slide import Slide
from pptx.table import Table

from aspire.templatetags.figures import NOTHING, count, fiscal
from aspire.untyped import Passed
from aspire.workbooks.assembly import width as units
from proposals.pack import notes
from proposals.pack.deck import (
    COVER,
    COVER_SIZE,
    FOOT,
    INNER,
    MARGIN,
    PRIMARY,
    QUIET,
    TOP,
    Look,
    add_slide,
    add_text,
    new_deck,
    write,
)
from proposals.pack.drawing import SMALLEST, Columns, add_chart, add_table, row_height, row_lines
from proposals.pack.grids import PlainTable, Value, plain
from proposals.tallies.board import Board
from proposals.tallies.figures import Figure, compared

BODY = FOOT - TOP - 0.15
ACROSS_LABEL, SHORTEST_WORD, LONGEST_WORD = 1.9, 8, 24  # inches; signs of half width
WIDEST_ACROSS = 9  # how many fields stand side by side
TABLE_SHARE = 0.55


@dataclass
class Pack:
    """A deck and the board it shows."""

    deck: Deck
    board: Board

    def slide(self, title: str, **look: Passed) -> Slide:
        foot = "\n".join(_lines_of(self.board))
        return add_slide(self.deck, title, foot=foot, badge=notes.badge(self.board), **look)


def _lines_of(board: Board) -> list[str]:
    """The foot in three lines: what the data are with their source, the rule, the moment."""
    return [" ".join([*notes.warnings(board), notes.source(board)]), notes.rule(board), notes.counted(board)]


def as_pptx(board: Board) -> bytes:
    """The deck of the board in the active language."""
    pack = Pack(new_deck(board.title), board)
    _cover(pack)
    _outline(pack)
    _results(pack)
    for table in board.tables:
        _tally(pack, plain(board, table), has_awards=table.has_awards)
    _about(pack)
    file = io.BytesIO()
    pack.deck.save(file)
    return file.getvalue()


def _cover(pack: Pack) -> None:
    board, year = pack.board, fiscal(pack.board.fiscal_year)
    slide = pack.slide(board.title, layout=COVER)
    write(slide.shapes.title.text_frame, board.title, Look(COVER_SIZE))
    lines = [board.programme, _("%(year)s, %(stage)s") % {"year": year, "stage": board.stage}]
    write(slide.placeholders[1].text_frame, "\n".join([*lines, notes.counted(board)]), Look(20, colour=QUIET))


def _outline(pack: Pack) -> None:
    slide = pack.slide(_("Outline of the call"))
    lines = [[label, str(text)] for label, text in pack.board.outline]
    if lines:
        columns = Columns([2.4, 9.7], [False, False], has_header=False)
        add_table(slide, _("Outline of the call"), lines, (MARGIN, TOP, INNER, BODY), columns)


# --- results -----------------------------------------------------------------------------------------------------


def _results(pack: Pack) -> None:
    slide, board = pack.slide(_("Results")), pack.board
    total = board.total
    share = NOTHING if total.rate is None else f"{total.rate} %"
    numbers = {"awards": _shown(total.awards), "proposals": _shown(total.proposals)}
    of = _("%(awards)s of %(proposals)s") % numbers
    tiles = [
        (_("Proposals received"), numbers["proposals"], compared(total.proposals)),
        (_("Awards"), numbers["awards"], compared(total.awards)),
        (_("Success rate"), share, of),
    ]
    width = INNER / len(tiles)
    for place, (label, value, note) in enumerate(tiles):
        left = MARGIN + place * width
        add_text(slide, label, (left, TOP + 0.1, width - 0.3, 0.4), Look(16, bold=True))
        add_text(slide, value, (left, TOP + 0.5, width - 0.3, 1.0), Look(54, True, PRIMARY))
        add_text(slide, note, (left, TOP + 1.55, width - 0.3, 0.4), Look(14, colour=QUIET))
    fields = next((table for table in board.tables if table.key == "field"), None)
    if fields and fields.has_awards and 0 < len(fields.rows) <= WIDEST_ACROSS:
        _across(slide, plain(board, fields))


def _shown(figure: Figure) -> str:
    return figure.words or count(figure.recorded)


def _across(slide: Slide, grid: PlainTable) -> None:
    """The fields side by side, the total last."""
    rows = [*grid.rows, grid.total]
    lines = [[column.shown(row[place]) for row in rows] for place, column in enumerate(grid.columns)]
    lines = [[column.label, *line] for column, line in zip(grid.columns, lines, strict=True)]
    unit = _("%(caption)s (unit: proposals)") % {"caption": grid.caption}
    add_text(slide, unit, (MARGIN, 3.7, INNER, 0.3), Look(12))
    words = [min(LONGEST_WORD, max(map(units, text.split()), default=0)) for text in lines[0][1:]]
    shares = [max(SHORTEST_WORD, word + 2) for word in words]
    widths = [ACROSS_LABEL, *[(INNER - ACROSS_LABEL) * share / sum(shares) for share in shares]]
    add_table(slide, grid.caption, lines, (MARGIN, 4.05, INNER, 2.3), Columns(widths, [False, *[True] * len(rows)]))


# --- tallies -----------------------------------------------------------------------------------------------------


def _tally(pack: Pack, grid: PlainTable, *, has_awards: bool) -> None:
    parts = list(_parts(grid))
    for number, (part, is_last) in enumerate(parts, 1):
        title = grid.caption if len(parts) == 1 else f"{grid.caption} ({number}/{len(parts)})"
        slide = pack.slide(title)
        _table_of(slide, part, has_total=is_last)
        unpublished = [] if has_awards else [_("Awards are not published here.")]
        words, place = [*unpublished, _("(unit: proposals)")], (MARGIN, TOP - 0.24, INNER * TABLE_SHARE, 0.2)
        add_text(slide, " ".join(words), place, Look(10, colour=QUIET, align=PP_ALIGN.RIGHT))
        if part.rows and part.series:
            left = MARGIN + INNER * TABLE_SHARE + 0.3
            add_chart(slide, part, (left, TOP, INNER * (1 - TABLE_SHARE) - 0.3, BODY), longest=grid.longest)
        elif not part.rows:
            empty = _("No proposal is counted yet, so there is nothing to count.")
            add_text(slide, empty, (MARGIN, TOP + 1.2, INNER, 0.4), Look(16))


def _parts(grid: PlainTable) -> Iterator[tuple[PlainTable, bool]]:
    """The table in pieces that fit a slide in the smallest type; whether each is the last."""
    header = _height(grid, [column.label for column in grid.columns])
    heights = [_height(grid, _texts(grid, row)) for row in grid.rows]
    room, start = BODY - header - row_height(1, SMALLEST), 0
    slides = math.ceil(sum(heights) / room) or 1
    room = min(room, sum(heights) / slides + row_height(1, SMALLEST))  # about as much on every slide
    for number in range(len(heights)):
        if sum(heights[start : number + 1]) > room and number > start:
            yield grid.part(start, number), False
            start = number
    yield grid.part(start, len(grid.rows)), True


def _height(grid: PlainTable, texts: list[str]) -> float:
    return row_height(row_lines(texts, _widths(grid), SMALLEST), SMALLEST)


def _texts(grid: PlainTable, row: list[Value]) -> list[str]:
    return [column.shown(value) for column, value in zip(grid.columns, row, strict=True)]


def _widths(grid: PlainTable) -> list[float]:
    """Text columns take more than those of numbers; together they fill the table."""
    shares = [1.0 if column.kind != "text" else 1.8 for column in grid.columns]
    return [INNER * TABLE_SHARE * share / sum(shares) for share in shares]


def _table_of(slide: Slide, grid: PlainTable, *, has_total: bool) -> None:
    rows = [*grid.rows, grid.total] if has_total else grid.rows
    texts = [_texts(grid, row) for row in rows]
    header = [column.label for column in grid.columns]
    columns = Columns(_widths(grid), [column.kind != "text" for column in grid.columns], has_total=has_total)
    table = add_table(slide, grid.caption, [header, *texts], (MARGIN, TOP, INNER * TABLE_SHARE, BODY), columns)
    if grid.columns[0].name == "country":
        _merge_groups(table, [text[0] for text in texts[: len(grid.rows)]])
        if has_total:
            table.cell(len(texts), 1).text_frame.text = ""
            table.cell(len(texts), 0).merge(table.cell(len(texts), 1))


def _merge_groups(table: Table, groups: list[str]) -> None:
    """One cell for a country over its funders, as it was printed."""
    start = 0
    for number in range(1, len(groups) + 1):
        if number < len(groups) and groups[number] == groups[start]:
            table.cell(number + 1, 0).text_frame.text = ""
            continue
        if number - start > 1:
            table.cell(start + 1, 0).merge(table.cell(number, 0))
        start = number


# --- about -------------------------------------------------------------------------------------------------------


def _about(pack: Pack) -> None:
    slide, board = pack.slide(_("About these numbers")), pack.board
    lines = [list(line) for line in notes.definitions(board)]
    columns = Columns([2.6, 9.5], [False, False], has_header=False)
    add_table(slide, _("About these numbers"), lines, (MARGIN, TOP, INNER, BODY), columns)
