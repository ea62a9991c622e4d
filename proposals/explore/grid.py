"""The answer as a table: values by row and column with their totals, sorted as asked, shaded by size."""

import datetime
from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aspire.untyped import Held
from aspire.yen import rate
from calls.models import Call
from proposals.explore.counts import Cells, CrossLine, Value, cells, further_countries, walk, with_further_countries
from proposals.explore.dimensions import COUNTRY, DIMENSIONS, Dimension, Member
from proposals.explore.heat import Heat
from proposals.explore.question import MEASURES, OF_AWARDS, Question, states
from proposals.record.status import NOT_COUNTED
from proposals.tallies.counts import Tallies
from proposals.tallies.figures import counting_rule

PLACES = {COUNTRY, DIMENSIONS["funder"]}
WHOLE = None  # the key of a total


@dataclass
class Cross:
    """What a question comes to, over the proposals one reader may see, at one moment."""

    question: Question
    at: datetime.datetime

    @cached_property
    def _found(self) -> Cells:
        return cells(self.question)

    @cached_property
    def calls(self) -> list[Call]:
        """The calls of the proposals that match, whatever their status."""
        found = {cell["call"] for cell in self._found}
        return list(Call.objects.newest_first().filter(pk__in=found).prefetch_related("published_figures"))

    @cached_property
    def reconstructed(self) -> list[Call]:
        made = {cell["call"] for cell in self._found if cell["reconstructed"]}
        return [call for call in self.calls if call.pk in made]

    @property
    def synthetic(self) -> list[Call]:
        return [call for call in self.calls if call.is_synthetic]

    @cached_property
    def _tallies(self) -> dict[int, Tallies]:
        """What the sources of the reconstructed calls printed."""
        return {call.pk: Tallies(call, self.question.proposals) for call in self.reconstructed}

    @cached_property
    def left_aside(self) -> dict[Call, int]:
        """Calls that a table over several leaves out, since their source holds no such cross, with their proposals.

        A table over one call says in each place what its source states.
        """
        if len(self.calls) == 1:
            return {}
        sizes = {
            call: 0
            for call in self.reconstructed
            if not states(self._tallies[call.pk], self.question, self.question.dimensions)
        }
        of = {call.pk: call for call in sizes}
        for cell in self._counted_of(self._found):
            if cell["call"] in of:
                sizes[of[cell["call"]]] += cell["proposals"]
        return sizes

    def _counted_of(self, found: Cells) -> Cells:
        if self.question.has_own_statuses:
            return found
        return [cell for cell in found if cell["status"] not in NOT_COUNTED]

    @cached_property
    def _aside(self) -> set[int]:
        return {call.pk for call in self.left_aside}

    @cached_property
    def _without(self) -> dict[str, str]:
        """The filter by which lists leave out what the table does."""
        return self.question.without(call.code for call in self.left_aside)

    def _in_table(self, found: Cells) -> Cells:
        return [cell for cell in self._counted_of(found) if cell["call"] not in self._aside]

    @cached_property
    def counted(self) -> Cells:
        """Each proposal once."""
        return self._in_table(self._found)

    @cached_property
    def _shown(self) -> Cells:
        """Each proposal under every country it involves, where the reader asks for that."""
        if not self.question.is_involving:
            return self.counted
        return self.counted + self._in_table(further_countries(self.question))

    @property
    def counting_rule(self) -> str:
        if self.question.is_involving:
            return _(
                "Each proposal counts under every country that it involves: its primary funder's and its "
                "counterparts'. So the sum over countries may exceed the total, which counts each proposal once."
            )
        return counting_rule()

    @property
    def left_out(self) -> list[tuple[str, int, str]]:
        """What matches the filters and is not counted: status, number, address of the rows."""
        if self.question.has_own_statuses:
            return []
        return [
            (
                str(status.label),
                sum(
                    cell["proposals"]
                    for cell in self._found
                    if cell["status"] == status and cell["call"] not in self._aside
                ),
                self.question.other_rows(**self._without, status=status),
            )
            for status in NOT_COUNTED
        ]

    @property
    def further(self) -> int:
        """How many are counted and have partners in further countries."""
        if not PLACES & set(self.question.dimensions):
            return 0
        return with_further_countries(self.question, without=self._aside)

    @property
    def further_rows(self) -> str:
        return self.question.other_rows(**self._without, flag="further")

    @cached_property
    def decided(self) -> set[int]:
        """Calls that are released or hold awards: before that, no award is no rate of nought."""
        awarded = {cell["call"] for cell in self._found if cell["awards"]}
        released = {call.pk for call in self.calls if call.stage(at=self.at) == Call.Stage.RELEASED}
        return awarded | released

    @cached_property
    def rated(self) -> set[int]:
        """Those whose awards can be held against their proposals: not while a call is being decided again."""
        return self.decided - {call.pk for call in self.calls if call.progress == Call.Progress.DECIDING}

    # --- the values --------------------------------------------------------------------------------------------

    @cached_property
    def _by_place(self) -> dict[tuple[Held, Held], Cells]:
        """The cells behind each place of the table; a total's row or column is ``WHOLE``."""
        places: dict[tuple[Held, Held], Cells] = defaultdict(list)
        row, column = self.question.row, self.question.column
        for cell in self._shown:
            key = cell[row.path], cell[column.path] if column else WHOLE
            places[key].append(cell)
            if column and row is COUNTRY:
                places[key[0], WHOLE].append(cell)
            if column is COUNTRY:
                places[WHOLE, key[1]].append(cell)
        for cell in self.counted:
            if column and row is not COUNTRY:
                places[cell[row.path], WHOLE].append(cell)
            if column and column is not COUNTRY:
                places[WHOLE, cell[column.path]].append(cell)
        places[WHOLE, WHOLE] = self.counted
        return places

    def _value(self, row: Member | None, column: Member | None) -> Value:
        dimensions: list[Dimension] = [self.question.row] if row else []
        codes = {self.question.row.key: row.code} if row else {}
        if column and self.question.column:
            dimensions.append(self.question.column)
            codes[self.question.column.key] = column.code
        if not self._is_stated(dimensions):
            return Value(None, is_published=False)
        found = self._by_place.get((row.value if row else WHOLE, column.value if column else WHOLE), [])
        href = self.question.rows(**self._without, **codes)
        calls = {cell["call"] for cell in found}
        if self.question.measure in OF_AWARDS and calls and not calls & self.decided:
            return Value(None, self.question.proposals_of(**self._without, **codes))
        if self.question.measure != "rate":
            return Value(sum(cell[self.question.measure] for cell in found), href)
        proposals, awards = (sum(cell[name] for cell in found) for name in ("proposals", "awards"))
        known = rate(awards, proposals) if calls <= self.rated else None
        return Value(Decimal(known) if known else None, href if proposals else "", proposals, awards=awards)

    @property
    def undecided(self) -> list[Call]:
        """The calls in the table of which nothing is decided, where it matters to what is shown."""
        if self.question.measure not in OF_AWARDS | {"rate"}:
            return []
        counted = {cell["call"] for cell in self.counted}
        decided = self.rated if self.question.measure == "rate" else self.decided
        return [call for call in self.calls if call.pk in counted - decided]

    def _is_stated(self, dimensions: list[Dimension]) -> bool:
        """Whether the source of every reconstructed call in the table states such a figure."""
        within = (tallies for pk, tallies in self._tallies.items() if pk not in self._aside)
        return all(states(tallies, self.question, dimensions) for tallies in within)

    # --- words -------------------------------------------------------------------------------------------------

    @property
    def measure_label(self) -> str:
        return str(dict(MEASURES)[self.question.measure])

    @property
    def caption(self) -> str:
        labels = {"measure": self.measure_label, "row": self.question.row.label}
        if self.question.column is None:
            return _("%(row)s: %(measure)s") % labels
        return _("%(row)s × %(column)s: %(measure)s") % {**labels, "column": self.question.column.label}

    @property
    def unit(self) -> str:
        return _("(unit: %(unit)s)") % {"unit": {"rate": "%"}.get(self.question.measure) or self._counted_in}

    @property
    def _counted_in(self) -> str:
        return _("yen") if self.question.measure.endswith("_yen") else pgettext("unit", "proposals")

    @property
    def total_label(self) -> str:
        """The last column's header: the measure itself where it is the only one."""
        return _("Total") if self.question.column else self.measure_label

    @property
    def series(self) -> str:
        """How the chart knows the cells of the only column."""
        known = {"requested_yen": "yen-committed", "awarded_yen": "yen-committed"}
        return known.get(self.question.measure, f"{self.question.measure}-recorded")

    # --- rows and columns --------------------------------------------------------------------------------------

    @cached_property
    def columns(self) -> list[Member]:
        column = self.question.column
        if column is None:
            return []
        entries = column.entries({cell[column.path] for cell in self._shown})
        if not self.is_by_size:
            return entries
        return sorted(entries, key=lambda entry: -(self._value(None, entry).number or 0))

    @property
    def is_by_size(self) -> bool:
        """Whether rows and columns stand from the greatest down: a heat map of which no other order is asked."""
        return self.question.has_heat and not self.question.sort

    @cached_property
    def _printed(self) -> list[CrossLine]:
        """The lines in printed order, without shades."""
        row = self.question.row
        return [self._line(entry) for entry in row.entries({cell[row.path] for cell in self._shown})]

    @cached_property
    def heat(self) -> Heat:
        """The shades of its cells, of the totals where it has but one column; none unless asked for."""
        return Heat.of(walk(self._printed)) if self.question.has_heat else Heat()

    @cached_property
    def lines(self) -> list[CrossLine]:
        return self._sorted([self._shaded(line) for line in self._printed])

    def _shaded(self, line: CrossLine) -> CrossLine:
        if self.columns:
            return replace(line, cells=list(map(self.heat.shaded, line.cells)))
        return replace(line, total=self.heat.shaded(line.total))

    def _line(self, entry: Member) -> CrossLine:
        return CrossLine(entry, [self._value(entry, column) for column in self.columns], self._value(entry, None))

    @cached_property
    def total(self) -> CrossLine:
        return CrossLine(
            Member(WHOLE, "", ""), [self._value(None, column) for column in self.columns], self._value(None, None)
        )

    def _sorted(self, lines: list[CrossLine]) -> list[CrossLine]:
        """In printed order unless asked otherwise; where there is no number, last either way."""
        sort = "-total" if self.is_by_size else self.question.sort
        by, is_reversed = sort.removeprefix("-"), sort.startswith("-")
        if by == "label":
            return lines[::-1] if is_reversed else lines
        places = {column.code: place for place, column in enumerate(self.columns)}
        if by != "total" and by not in places:
            return lines
        keyed = [(line.total if by == "total" else line.cells[places[by]], line) for line in lines]
        known = [(value.number, line) for value, line in keyed if value.number is not None]
        known.sort(key=lambda pair: pair[0], reverse=is_reversed)
        return [line for _number, line in known] + [line for value, line in keyed if value.number is None]
