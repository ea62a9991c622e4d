"""A frozen board read back as a board, so that pages and pack say exactly what was said then."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from partners.models import in_language
from proposals.boards.board import Board
from proposals.boards.explaining import Explanation
from proposals.boards.figures import NOT_PUBLISHED, Figure, Row, Table, Tile
from proposals.boards.masked import MaskedBoard
from proposals.boards.tallies import Cells, Tallies
from proposals.models import Briefing

Cell = dict[str, Any]


@dataclass
class FrozenTallies(Tallies):
    """The tables of a briefing, with what had been printed by then beside what was recorded."""

    briefing: Briefing

    @cached_property
    def cells(self) -> Cells:
        """None: the figures are kept as they were counted."""
        return []

    @property
    def is_reconstructed(self) -> bool:
        return bool(self.briefing.about["is_reconstructed"])

    @property
    def is_decided(self) -> bool:
        return bool(self.briefing.about["is_decided"])

    @cached_property
    def has_published(self) -> bool:
        return any(cell["published"] is not None for cell in self.briefing.figures)

    @property
    def explanations(self) -> list[Explanation]:
        """A board beside itself differs in nothing."""
        return []

    @cached_property
    def tables(self) -> list[Table]:
        found = groupby(self.briefing.figures, key=lambda cell: cell["table"])
        return [self._frozen_table(key, list(cells)) for key, cells in found]

    @cached_property
    def total(self) -> Row:
        """The whole call, from whichever table states it."""
        totals = [table.total for table in self.tables]
        known = {
            measure: next(
                (one for one in (getattr(row, measure) for row in totals) if one.status != NOT_PUBLISHED), None
            )
            for measure in ("proposals", "awards")
        }
        first = totals[0]
        return replace(first, proposals=known["proposals"] or first.proposals, awards=known["awards"] or first.awards)

    def _frozen_table(self, key: str, cells: list[Cell]) -> Table:
        rows, above = [], ""
        for _place, pair in groupby(cells, key=lambda cell: (cell["code"], cell["is_total"])):
            row = self._frozen_row({cell["measure"]: cell for cell in pair})
            row.group, above = "" if row.group == above else row.group, row.group
            rows.append(row)
        caption, header = (_said(cells[0], name) for name in ("caption", "header"))
        return Table(key, caption, header, rows[:-1], rows[-1], cells[0]["has_awards"])

    def _frozen_row(self, cells: dict[str, Cell]) -> Row:
        one = cells["proposals"]
        proposals, awards = (_figure(cells[measure]) for measure in ("proposals", "awards"))
        label, group = _said(one, "label"), _said(one, "group")
        return Row(one["code"], label, proposals, awards, one["codes"], group, is_decided=self.is_decided)


def _said(cell: Cell, name: str) -> str:
    return in_language(cell[f"{name}_ja"], cell[f"{name}_en"])


def _figure(cell: Cell) -> Figure:
    return Figure(cell["recorded"], cell["published"], cell["status"], cell["query"])


@dataclass
class FrozenBoard(Board):
    """The board of a briefing: every number and every word as of its moment."""

    briefing: Briefing = field(kw_only=True)

    @cached_property
    def tallies(self) -> Tallies:
        return FrozenTallies(self.call, self.proposals, self.briefing)

    @cached_property
    def _words(self) -> dict[str, Any]:
        about: dict[str, Any] = self.briefing.about
        words: dict[str, Any] = about[(get_language() or "ja")[:2]]
        return words

    @property
    def code(self) -> str:
        return str(self.briefing.about["code"])

    @property
    def fiscal_year(self) -> int:
        return int(self.briefing.about["fiscal_year"])

    @property
    def is_synthetic(self) -> bool:
        return bool(self.briefing.about["is_synthetic"])

    @property
    def title(self) -> str:
        return str(self._words["title"])

    @property
    def programme(self) -> str:
        return str(self._words["programme"])

    @property
    def stage(self) -> str:
        return str(self._words["stage"])

    @property
    def window(self) -> str:
        return str(self._words["window"])

    @property
    def between(self) -> str:
        return str(self._words["between"])

    @property
    def facts(self) -> list[tuple[str, str]]:
        return [(label, text) for label, text in self._words["facts"]]

    @property
    def counting_rule(self) -> str:
        return str(self._words["counting_rule"])

    @property
    def left_out(self) -> list[tuple[str, int, str]]:
        return [(label, number, href) for label, number, href in self._words["left_out"]]

    @property
    def not_published(self) -> list[str]:
        return list(self._words["not_published"])

    @property
    def tiles(self) -> list[Tile]:
        return [Tile(*tile) for tile in self._words["headline"]]

    headline = tiles

    @property
    def sources(self) -> list[str]:
        """The briefing itself, by name and address, and what it rested on."""
        named = _("Briefing “%(name)s”, %(address)s") % {
            "name": self.briefing.name,
            "address": self.briefing.get_absolute_url(),
        }
        return [named, *self._words["sources"]]


@dataclass
class MaskedFrozenBoard(MaskedBoard, FrozenBoard):
    """The same to hand outside, its small numbers masked."""


def board_of(briefing: Briefing, proposals: Any, *, is_masked: bool = False) -> FrozenBoard:
    """The briefing as a board."""
    assert briefing.call is not None  # noqa: S101 - a table that was explored is no board
    kind = MaskedFrozenBoard if is_masked else FrozenBoard
    return kind(briefing.call, proposals, as_of=briefing.as_of, briefing=briefing)
