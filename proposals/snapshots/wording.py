"""What a board says beside its figures, kept in both languages, since names, terms and stages move on."""

from typing import Any

from django.conf import settings
from django.utils import translation

from proposals.boards.board import Board

Words = dict[str, Any]


def said(board: Board) -> Words:
    """Everything that the pages and files of a board say, by language."""
    facts: Words = {
        "code": board.code,
        "fiscal_year": board.fiscal_year,
        "is_reconstructed": board.is_reconstructed,
        "is_synthetic": board.is_synthetic,
        "is_decided": board.tallies.is_decided,
    }
    return facts | {language: _in(language, board) for language, _name in settings.LANGUAGES}


def _in(language: str, board: Board) -> Words:
    with translation.override(language):
        fresh = Board(board.call, board.proposals, as_of=board.as_of)
        return {
            "title": fresh.title,
            "programme": fresh.programme,
            "stage": fresh.stage,
            "window": fresh.window,
            "between": fresh.between,
            "facts": fresh.facts,
            "sources": fresh.sources,
            "counting_rule": fresh.counting_rule,
            "left_out": fresh.left_out,
            "not_published": fresh.not_published,
            "headline": [[tile.label, tile.value, tile.note, tile.href, tile.exact] for tile in fresh.headline],
        }
