"""Freezing a board as it stands at one moment: figures, words in both languages, the proposals behind them."""

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation

from aspire.people import Person
from calls.hidden import withheld_from
from calls.models import Call, PublishedFigure
from proposals.boards.board import CallBoard
from proposals.briefings.changes import FrozenProposal
from proposals.record.models import Briefing, Proposal
from proposals.record.querysets import ProposalQuerySet, conflicts_of
from proposals.tallies.board import Board
from proposals.tallies.figures import NOT_DECIDED, NOT_PUBLISHED, Figure, Row, Table

Words = dict[str, Any]


def said(boards: Mapping[str, Board]) -> Words:
    """Everything that the pages and files of a board say, by language."""
    board = next(iter(boards.values()))
    facts: Words = {
        "code": board.code,
        "fiscal_year": board.fiscal_year,
        "is_reconstructed": board.is_reconstructed,
        "is_synthetic": board.is_synthetic,
        "is_decided": board.is_decided,
        "has_rates": board.has_rates,
    }
    return facts | {language: _words(board) for language, board in boards.items()}


def _words(board: Board) -> Words:
    return {
        "title": board.title,
        "programme": board.programme,
        "stage": board.stage,
        "window": board.window,
        "between": board.between,
        "facts": board.facts,
        "sources": board.sources,
        "counting_rule": board.counting_rule,
        "left_out": board.left_out,
        "not_published": board.not_published,
        "headline": [[tile.label, tile.value, tile.note, tile.href, tile.exact] for tile in board.headline],
    }


MEASURES = ("proposals", "awards")
Cell = dict[str, Any]
# The dimensions of the tables of a board, by the table's key.
DIMENSION = {"country": "country", "field": "field", "country_funder": "funder"}


def briefings_for(user: Person) -> QuerySet[Briefing]:
    """Those of calls whose results are out for the person, less those that held something hidden from them.

    What was printed is known to everybody, whatever it held.
    """
    briefings = Briefing.objects.all()
    for call in withheld_from(user):
        briefings = briefings.exclude(calls__contains=[call])
    hidden = conflicts_of(user)
    if hidden:
        numbers = list(Proposal.objects.filter(pk__in=hidden).values_list("number", flat=True))
        briefings = briefings.exclude(source="", rows__has_any_keys=numbers)
    return briefings


@transaction.atomic
def freeze(call: Call, *, code: str, name_ja: str, name_en: str, by: Person, at: datetime.datetime) -> Briefing:
    """Keep the call's board under a name. The person must see every proposal of it, so that nothing is missing."""
    return _kept(call, {"code": code, "name_ja": name_ja, "name_en": name_en, "frozen_by": by}, at)


def printed(call: Call, *, code: str, name_ja: str, name_en: str, as_of: datetime.datetime, source: str) -> None:
    """Keep what was printed about a call as its briefing, beside the proposals recorded for it."""
    has_figures = PublishedFigure.objects.filter(call=call).exists()
    if has_figures and not Briefing.objects.filter(code=code).exists():
        _kept(call, {"code": code, "name_ja": name_ja, "name_en": name_en, "source": source}, as_of)


def _kept(call: Call, values: dict[str, Any], at: datetime.datetime) -> Briefing:
    proposals = Proposal.objects.filter(call=call)
    boards = by_language(call, proposals, as_of=at)
    return Briefing.objects.create(
        **values,
        call=call,
        as_of=at,
        query=call.get_absolute_url(),
        figures=list(cells(boards, as_printed="source" in values)),
        rows={number: standing.as_json() for number, standing in standings(proposals).items()},
        about=said(boards),
        calls=[call.pk],
    )


def by_language(call: Call, proposals: ProposalQuerySet, *, as_of: datetime.datetime) -> dict[str, Board]:
    """The call's board in each language."""
    found = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found[language] = CallBoard(call, proposals, as_of=as_of).board
    return found


def cells(boards: Mapping[str, Board], *, as_printed: bool = False) -> Iterator[Cell]:
    """Every cell of the tables of a board with its labels in both languages.

    ``value`` is what is held against other days: the number recorded, or ``as_printed`` the one that was printed.
    """
    english, japanese = (_of_board(boards[language], as_printed=as_printed) for language in ("en", "ja"))
    for ja, en in zip(japanese, english, strict=True):
        words = {name: en.pop(name) for name in ("caption", "header", "label", "group")}
        yield en | {f"{name}_en": text for name, text in words.items()} | {f"{name}_ja": ja[name] for name in words}


def _of_board(board: Board, *, as_printed: bool) -> Iterator[Cell]:
    return (cell for table in board.tables for cell in _of(table, as_printed=as_printed))


def _of(table: Table, *, as_printed: bool) -> Iterator[Cell]:
    group = ""
    for row in [*table.rows, table.total]:
        group = row.group or group
        shown = group if table.key == "country_funder" and row is not table.total else ""
        for measure in MEASURES:
            figure: Figure = getattr(row, measure)
            value = figure.published if as_printed else figure.recorded
            value = 0 if figure.status == NOT_DECIDED else value  # the stage says that it is none yet
            numbers = {"value": None if figure.status == NOT_PUBLISHED else value, "query": figure.href}
            numbers |= {"recorded": figure.recorded, "published": figure.published, "status": figure.status}
            numbers |= {"derived": figure.derived, "source": figure.source}
            yield _cell(table, row, measure, group=shown) | numbers


def _cell(table: Table, row: Row, measure: str, *, group: str) -> Cell:
    is_total = row is table.total
    return {
        "table": table.key,
        "caption": table.caption,
        "header": table.header,
        "has_awards": table.has_awards,
        "code": row.code,
        "codes": row.codes,
        "label": row.label,
        "group": group,
        "is_total": is_total,
        "place": {} if is_total else {DIMENSION[table.key]: row.code},
        "measure": measure,
    }


def standings(proposals: ProposalQuerySet) -> dict[str, FrozenProposal]:
    """How each proposal of a board stands: what its tallies are made of, by number."""
    columns = ("status", "field__code", "primary_funder__code", "primary_funder__country__alpha2")
    yen = ("requested_direct_yen", "requested_indirect_yen", "award__awarded_direct_yen", "award__awarded_indirect_yen")
    found: dict[str, FrozenProposal] = {}
    for number, status, *places, direct, indirect, given, overhead in proposals.order_by("number").values_list(
        "number", *columns, *yen
    ):
        codes = {name: [code] for name, code in zip(("field", "funder", "country"), places, strict=True)}
        awarded = (given or 0) + (overhead or 0)
        found[number] = FrozenProposal.of(status, codes, (direct or 0) + (indirect or 0), awarded)
    return found
