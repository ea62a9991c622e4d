"""A frozen board read back as a board, so that pages and pack say exactly what was said then."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from calls.models import Call, PublishedFigure
from partners.models import in_language
from proposals.boards.masked import AWARDS, PROPOSALS, WHOLE, Place, masked
from proposals.record.models import Briefing
from proposals.tallies.board import Board
from proposals.tallies.figures import DERIVED, LEFT_UNPUBLISHED, NOT_PUBLISHED, NOT_STATED, Figure, Row, Table, Tile

Cell = dict[str, Any]
BESIDE = {NOT_STATED, LEFT_UNPUBLISHED, DERIVED}


def board_of(briefing: Briefing) -> Board:
    """The board of a briefing: every number and every word as of its moment, in the active language."""
    about = briefing.about
    words: dict[str, Any] = about[(get_language() or "ja")[:2]]
    has_rates = bool(about.get("has_rates", about["is_decided"]))
    tables = list(_tables(briefing.figures, has_rates=has_rates))
    named = _("Briefing “%(name)s”, %(address)s") % {"name": briefing.name, "address": briefing.get_absolute_url()}
    return Board(
        code=str(about["code"]),
        title=str(words["title"]),
        programme=str(words["programme"]),
        fiscal_year=int(about["fiscal_year"]),
        stage=str(words["stage"]),
        window=str(words["window"]),
        between=str(words["between"]),
        as_of=briefing.as_of,
        address=briefing.query,
        facts=[(label, text) for label, text in words["facts"]],
        headline=[Tile(*tile) for tile in words["headline"]],
        tables=tables,
        total=_total(tables),
        left_out=[(label, number, href) for label, number, href in words["left_out"]],
        not_published=list(words["not_published"]),
        sources=[named, *words["sources"]],  # the briefing itself, by name and address, and what it rested on
        counting_rule=str(words["counting_rule"]),
        is_reconstructed=bool(about["is_reconstructed"]),
        is_synthetic=bool(about["is_synthetic"]),
        is_decided=bool(about["is_decided"]),
        has_rates=has_rates,
        has_published=any(cell["published"] is not None or cell["status"] in BESIDE for cell in briefing.figures),
    )


def masked_board_of(briefing: Briefing) -> Board:
    """The same to hand outside, its small numbers masked; what was published since is known outside all the same."""
    board = board_of(briefing)
    assert briefing.call is not None  # noqa: S101 - a table that was explored is no board
    return masked(board, known=published_by_now(briefing.call, board.tables))


def _tables(cells: list[Cell], *, has_rates: bool) -> Iterator[Table]:
    for key, found in groupby(cells, key=lambda cell: cell["table"]):
        own = list(found)
        rows, above = [], ""
        for _place, pair in groupby(own, key=lambda cell: (cell["code"], cell["is_total"])):
            row = _row({cell["measure"]: cell for cell in pair}, has_rates=has_rates)
            rows.append(replace(row, group="" if row.group == above else row.group))
            above = row.group
        caption, header = (_said(own[0], name) for name in ("caption", "header"))
        yield Table(key, caption, header, rows[:-1], rows[-1], own[0]["has_awards"])


def _row(cells: dict[str, Cell], *, has_rates: bool) -> Row:
    one = cells["proposals"]
    proposals, awards = (_figure(cells[measure]) for measure in ("proposals", "awards"))
    label, group = _said(one, "label"), _said(one, "group")
    return Row(one["code"], label, proposals, awards, one["codes"], group, is_decided=has_rates)


def _total(tables: list[Table]) -> Row:
    """The whole call, from whichever table states it."""
    totals = [table.total for table in tables]

    def known(measure: str) -> Figure:
        stated = (one for one in (getattr(row, measure) for row in totals) if one.status != NOT_PUBLISHED)
        figure: Figure = next(stated, getattr(totals[0], measure))
        return figure

    return replace(totals[0], proposals=known("proposals"), awards=known("awards"))


def _said(cell: Cell, name: str) -> str:
    return in_language(cell[f"{name}_ja"], cell[f"{name}_en"])


def _figure(cell: Cell) -> Figure:
    beside = {name: cell[name] for name in ("derived", "source") if name in cell}
    return Figure(cell["recorded"], cell["published"], cell["status"], cell["query"], **beside)


def published_by_now(call: Call, tables: Sequence[Table]) -> set[Place]:
    """The numbers of a briefing that some publication states today."""
    figures = PublishedFigure.objects.filter(call=call, status=PublishedFigure.Status.PUBLISHED)
    stated = {
        (dimension, measure, funder or field or country or "", value)
        for dimension, measure, value, funder, field, country in figures.values_list(
            "dimension", "measure", "value", "funder__code", "field__code", "country__alpha2"
        )
    }
    columns = ("proposals", PROPOSALS), ("awards", AWARDS)
    return {
        (*((table.key, row.code) if row is not table.total else WHOLE), column)
        for table in tables
        for row in table.all_rows
        for measure, column in columns
        for dimension in ((table.key,) if row.code else (table.key, ""))
        if (dimension, measure, row.code, getattr(row, measure).recorded) in stated
    }
