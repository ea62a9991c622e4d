"""A frozen board read back as a board, so that the pack says exactly what was said then."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.utils.translation import gettext as _

from partners.models import Funder, in_language
from proposals.boards.board import Board
from proposals.boards.explaining import Explanation
from proposals.boards.figures import NOT_DECIDED, NOT_PUBLISHED, PUBLISHED, RECORDED_ONLY, Figure, Row, Table
from proposals.boards.tallies import Cells, Tallies
from proposals.models import Briefing
from proposals.status import NOT_COUNTED, Status

Cell = dict[str, Any]
IN_LINKS = ("country", "funder")


@dataclass
class FrozenTallies(Tallies):
    """The tables of a briefing. What was printed stands beside what was recorded on the same day."""

    briefing: Briefing

    @cached_property
    def cells(self) -> Cells:
        """The proposals of then, one a cell, by the keys that the codes have now."""
        funders = dict(Funder.objects.values_list("code", "pk"))
        fields = {place.field.code: place.field_id for place in self.fields}
        return [
            {
                **{"status": status, "field": fields.get(field), "primary_funder": funders.get(funder)},
                **{"proposals": 1, "awards": int(status == Status.AWARDED), "reconstructed": 0},
                **{"requested_yen": requested, "awarded_yen": awarded},
            }
            for status, field, funder, requested, awarded in self.briefing.rows.values()
        ]

    @property
    def is_printed(self) -> bool:
        return self.briefing.frozen_by_id is None

    @cached_property
    def is_reconstructed(self) -> bool:
        """What was not published then stays so."""
        return any(cell["value"] is None for cell in self.briefing.figures)

    @property
    def has_published(self) -> bool:
        return self.is_printed

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
            row = self._frozen_row(key, {cell["measure"]: cell for cell in pair})
            row.group, above = "" if row.group == above else row.group, row.group
            rows.append(row)
        caption = in_language(cells[0]["caption_ja"], cells[0]["caption_en"])
        has_awards = any(cell["value"] is not None for cell in cells if cell["measure"] == "awards" and cell["code"])
        return Table(key, caption, self._header(key), rows[:-1], rows[-1], has_awards or not self.is_reconstructed)

    @staticmethod
    def _header(key: str) -> str:
        return {"country": _("Country or region"), "field": _("Field"), "country_funder": _("Funder")}[key]

    def _frozen_row(self, key: str, cells: dict[str, Cell]) -> Row:
        one = cells["proposals"]
        linked = dict(parse_qsl(urlsplit(one["query"]).query))
        codes = {name: linked[name] for name in IN_LINKS if name in linked} if key != "field" else {}
        proposals, awards = (self._frozen_figure(key, cells[measure]) for measure in ("proposals", "awards"))
        label, group = in_language(one["label_ja"], one["label_en"]), in_language(one["group_ja"], one["group_en"])
        return Row(one["code"], label, proposals, awards, codes, group, is_decided=self.is_decided)

    def _frozen_figure(self, key: str, cell: Cell) -> Figure:
        value, href = cell["value"], cell["query"]
        if value is None:
            return Figure(None, None, NOT_PUBLISHED)
        if cell["measure"] == "awards" and not self.is_decided and not self.is_printed:
            return Figure(None, None, NOT_DECIDED)
        if not self.is_printed:
            return Figure(value, None, RECORDED_ONLY, href)
        return Figure(self._recorded(key, cell), value, PUBLISHED, href)

    def _recorded(self, key: str, cell: Cell) -> int:
        """How many proposals of then stand behind a printed figure."""
        column = "funder" if key == "country_funder" else key
        places = [number for number, place in self._places if cell["is_total"] or place[column] == cell["code"]]
        rows = (self.briefing.rows[number] for number in places)
        return sum(1 for status, *_rest in rows if cell["measure"] == "proposals" or status == Status.AWARDED)

    @cached_property
    def _places(self) -> list[tuple[str, dict[str, str]]]:
        """Each counted proposal of then with the codes of its field, funder and country."""
        countries = dict(Funder.objects.values_list("code", "country__alpha2"))
        return [
            (number, {"field": field, "funder": funder, "country": countries.get(funder, "")})
            for number, (status, field, funder, *_yen) in self.briefing.rows.items()
            if status not in NOT_COUNTED
        ]


@dataclass
class FrozenBoard(Board):
    """The board of a briefing, as of its moment."""

    briefing: Briefing = field(kw_only=True)

    @cached_property
    def tallies(self) -> FrozenTallies:
        return FrozenTallies(self.call, self.proposals, self.briefing)

    @property
    def stage(self) -> str:
        return _("as of a briefing")

    @property
    def sources(self) -> list[str]:
        """The briefing itself, by name and address."""
        named = _("Briefing “%(name)s”, %(address)s") % {
            "name": self.briefing.name,
            "address": self.briefing.get_absolute_url(),
        }
        return [named]


def board_of(briefing: Briefing, proposals: Any) -> FrozenBoard:
    """The briefing as a board."""
    return FrozenBoard(briefing.call, proposals, as_of=briefing.as_of, briefing=briefing)
