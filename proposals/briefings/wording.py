"""What a board says beside its figures, stored in both languages, since names, terms and stages move on."""

from collections.abc import Mapping
from typing import Any

from proposals.tallies.board import Board

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
