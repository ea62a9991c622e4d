"""Freezing a board: its figures, and the proposals behind them, as they stand at one moment."""

import datetime
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import translation

from calls.models import Call, PublishedFigure
from proposals.boards.board import Board
from proposals.boards.figures import NOT_DECIDED, NOT_PUBLISHED, Figure, Row, Table
from proposals.models import Briefing, Proposal
from proposals.querysets import ProposalQuerySet

MEASURES = ("proposals", "awards")
Cell = dict[str, Any]


@transaction.atomic
def freeze(call: Call, *, code: str, name_ja: str, name_en: str, by: User, at: datetime.datetime) -> Briefing:
    """Keep the call's board under a name. The person must see every proposal of it, so that nothing is missing."""
    proposals = Proposal.objects.filter(call=call)
    return Briefing.objects.create(
        call=call,
        code=code,
        name_ja=name_ja,
        name_en=name_en,
        as_of=at,
        frozen_by=by,
        query=call.get_absolute_url(),
        figures=list(cells(Board(call, Proposal.objects.filter(call=call), as_of=at))),
        rows=rows_of(proposals),
    )


def printed(call: Call, *, code: str, name_ja: str, name_en: str, as_of: datetime.datetime, source: str) -> None:
    """Keep what was printed about a call as its briefing, beside the proposals recorded for it."""
    board = Board(call, Proposal.objects.filter(call=call), as_of=as_of)
    has_figures = PublishedFigure.objects.filter(call=call).exists()
    if has_figures and not Briefing.objects.filter(code=code).exists():
        Briefing.objects.create(
            call=call,
            code=code,
            name_ja=name_ja,
            name_en=name_en,
            as_of=as_of,
            query=call.get_absolute_url(),
            source=source,
            figures=list(cells(board, as_printed=True)),
            rows=rows_of(Proposal.objects.filter(call=call)),
        )


def cells(board: Board, *, as_printed: bool = False) -> Iterator[Cell]:
    """Every cell of the board's tables, as recorded or as printed, with its labels in both languages."""
    english, japanese = (_in(language, board, as_printed=as_printed) for language in ("en", "ja"))
    for ja, en in zip(japanese, english, strict=True):
        labels = {"caption_ja": ja["caption"], "caption_en": en["caption"]}
        labels |= {"label_ja": ja["label"], "label_en": en["label"], "group_ja": ja["group"], "group_en": en["group"]}
        yield {key: en[key] for key in ("table", "code", "is_total", "measure", "value", "query")} | labels


def _in(language: str, board: Board, *, as_printed: bool) -> list[Cell]:
    """The cells as one language names them."""
    with translation.override(language):
        fresh = Board(board.call, board.proposals, as_of=board.as_of)
        return [cell for table in fresh.tables for cell in _of(table, as_printed=as_printed)]


def _of(table: Table, *, as_printed: bool) -> Iterator[Cell]:
    group = ""
    for row in [*table.rows, table.total]:
        group = row.group or group
        shown = group if table.key == "country_funder" and row is not table.total else ""
        for measure in MEASURES:
            figure: Figure = getattr(row, measure)
            value = figure.published if as_printed else figure.recorded
            value = 0 if figure.status == NOT_DECIDED else value  # the stage says that it is none yet
            value = None if figure.status == NOT_PUBLISHED else value
            yield _cell(table, row, measure, group=shown) | {"value": value, "query": figure.href}


def _cell(table: Table, row: Row, measure: str, *, group: str) -> Cell:
    return {
        "table": table.key,
        "caption": table.caption,
        "code": row.code,
        "label": row.label,
        "group": group,
        "is_total": row is table.total,
        "measure": measure,
    }


def rows_of(proposals: ProposalQuerySet) -> dict[str, list[Any]]:
    """Number → status, field, funder, yen requested and awarded: what a tally is made of."""
    columns = ("status", "field__code", "primary_funder__code")
    yen = ("requested_direct_yen", "requested_indirect_yen", "award__awarded_direct_yen", "award__awarded_indirect_yen")
    found: dict[str, list[Any]] = {}
    for number, status, field, funder, *amounts in proposals.order_by("number").values_list("number", *columns, *yen):
        direct, indirect, given, overhead = (amount or 0 for amount in amounts)
        is_awarded = status == "awarded"
        found[number] = [status, field, funder, direct + indirect, (given + overhead) if is_awarded else 0]
    return found
