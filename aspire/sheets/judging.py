"""One row of a file against what is stored: what it would change, and everything that is wrong with it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from aspire.refusals import Refusal
from aspire.sheets.kinds import New
from aspire.sheets.plans import BAD, BLOCKED, CHANGE, CREATE, LEAVE, PlannedRow
from aspire.workbooks.cells import BLANKS
from aspire.workbooks.columns import Grid, GridRow
from aspire.workbooks.faults import SENTENCES, Fault, Tier
from aspire.workbooks.parsing import CLEAR, likeness

SENTENCES.update(
    {
        "key_unknown": _("There is no “%(value)s” here. Correct it."),
        "key_twice": _("“%(value)s” stands in row %(other)s already. Keep one of the two rows."),
        "key_cleared": _("“%(value)s” empties a cell, but this one names the row. Write what it is to be called."),
        "key_alike": _(
            "“%(value)s” differs from “%(alike)s” only by width, case, hyphen or invisible characters. "
            "Write it as the system does."
        ),
        "value_missing": _("“%(header)s” is empty, but a new row needs it. Fill it in."),
        "value_never_empty": _("“%(header)s” cannot be emptied. Fill it in, or leave the cell blank to keep it."),
        "file_imported_before": _(
            "This very file was imported on %(day)s by %(who)s and would create its rows a second time. "
            "Send a changed file."
        ),
    }
)
Seen = dict[str, tuple[int, str]]  # likeness → row and key as written


def fault_at(  # noqa: PLR0917 - a place has that many parts
    grid: Grid,
    row: GridRow,
    name: str | None,
    code: str,
    value: str | None,
    values: Mapping[str, Any] | None = None,
    *,
    tier: Tier = Tier.BLOCK,
) -> Fault:
    """A fault of one cell, or of the row where no column is named."""
    letter, header = (grid.letters.get(name), grid.headers.get(name)) if name else (None, None)
    return Fault(code, row.number, letter, header, value, values or {}, tier)


@dataclass
class RowJudge:
    """One row against what is stored and what the rules allow. A kind says more in ``refusals`` and ``flag``."""

    planner: Any
    grid: Grid
    row: GridRow
    values: dict[str, Any]
    faults: list[Fault] = field(default_factory=list)
    column_of: ClassVar[Mapping[str, str]] = {}  # the column under which a rule's sentence is shown

    def say(
        self, name: str | None, code: str, values: Mapping[str, Any] | None = None, *, tier: Tier = Tier.BLOCK
    ) -> None:
        cell = self.row.cells.get(name) if name else None
        self.faults.append(fault_at(self.grid, self.row, name, code, cell.text if cell else None, values, tier=tier))

    def accepts(self, key: str, before: Any, seen: Seen, alike: Mapping[str, str]) -> bool:
        """Whether the row may be about this key: known or allowed to be new, and not another row's."""
        kind, like = self.planner.kind, likeness(key)
        if not key:
            return self._may_be_unnamed()
        if like in seen:
            other, written = seen[like]
            same = {"other": other} if written == key else {"alike": written}
            self.say(kind.key[0], "key_twice" if written == key else "key_alike", same)
            return False
        seen[like] = (self.row.number, key)
        if before is not None:
            return True
        if like in alike:
            self.say(kind.key[0], "key_alike", {"alike": alike[like]})
        elif kind.new is not New.NAMED:
            self.say(kind.key[0], kind.unknown)
        elif cleared := [name for name in kind.key if self.values.get(name) is CLEAR]:
            self.say(cleared[0], "key_cleared")
        return not self.faults

    def _may_be_unnamed(self) -> bool:
        kind = self.planner.kind
        if kind.new is not New.UNNUMBERED:
            missing = next(name for name in kind.key if not self.values.get(name))
            self.say(missing, "value_missing", {"header": self.header(missing)})
        return not self.faults

    def plan(self, before: Any, key: str) -> PlannedRow:
        """The row's effect; whatever is wrong with it stands in ``faults``."""
        planned = PlannedRow(self.row.number, CREATE if before is None else CHANGE, key, before.pk if before else None)
        self.fill(planned, before)
        planned.title = self.title(planned)
        planned.normalised = [(name, typed, shown(self.values[name])) for name, typed in self.values["_typed"].items()]
        self._complete(planned, before)
        for refusal in self.refusals(planned, before):
            self.refuse(refusal)
        self.flag(planned, before)
        planned.differences = list(self.differences(planned, before)) if before is not None else []
        if BAD in self.values.values() or any(fault.tier == Tier.BLOCK for fault in self.faults):
            planned.action = BLOCKED
        elif before is not None and not planned.differences:
            planned.action = LEAVE
        return planned

    # --- what a kind may say otherwise -----------------------------------------------------------------------------

    def fill(self, planned: PlannedRow, before: Any) -> None:
        """The record after the row: its values by column."""
        stored = self.planner.kind.values(before) if before is not None else {}
        for column in self.planner.kind.columns:
            empty = None if column.kind in {"day", "yen"} else ""
            planned.values[column.name] = self.take(column.name, stored.get(column.name, empty), cleared=empty)

    def after(self, planned: PlannedRow, before: Any) -> Mapping[str, Any]:
        """The values by column that are compared with the stored ones."""
        return planned.values

    def title(self, planned: PlannedRow) -> str:
        """What a new record is called."""
        return ""

    def refusals(self, planned: PlannedRow, before: Any) -> Iterator[Refusal]:
        """The rules that the row breaks; every kind has some."""
        raise NotImplementedError

    def flag(self, planned: PlannedRow, before: Any) -> None:
        """Say what is accepted and marked for follow-up."""

    def stored_values(self, planned: PlannedRow, before: Any) -> Mapping[str, Any]:
        """What is stored, by column."""
        values: Mapping[str, Any] = self.planner.kind.values(before)
        return values

    # --- what is the same for every kind ---------------------------------------------------------------------------

    def take(self, name: str, stored: Any, *, cleared: Any) -> Any:
        """The value of a column: an empty cell leaves what is stored, the clearing word empties it.

        A stored text that is itself the clearing word stays: a cell that says just this comes from an export.
        """
        value = self.values.get(name)
        if value is None or value is BAD:
            return stored
        if isinstance(stored, str):
            written = self.row.cells[name].text.strip(BLANKS) if value is CLEAR else value
            if written == as_in_a_cell(stored):
                return stored
        return cleared if value is CLEAR else value

    def header(self, name: str) -> str:
        """A column's header as it stands in the file, or else its label."""
        return self.grid.headers.get(name) or self.planner.label(name)

    def years_with_a_bad_amount(self, columns: Iterable[tuple[int, str, str]]) -> set[int]:
        """The fiscal years of which an amount has a fault already: nothing that rests on it can be judged."""
        return {year for year, *names in columns if any(self.values.get(name) is BAD for name in names)}

    def has_fault(self, name: str) -> bool:
        return any(fault.column == self.grid.letters.get(name) for fault in self.faults)

    def _complete(self, planned: PlannedRow, before: Any) -> None:
        kind = self.planner.kind
        needed = kind.required if before is None else kind.never_empty
        code = "value_missing" if before is None else "value_never_empty"
        after = self.after(planned, before)
        for name in needed:
            if after[name] in (None, "") and self.values.get(name) is not BAD and not self.has_fault(name):
                self.say(name, code, {"header": self.header(name)})

    def refuse(self, refusal: Refusal) -> None:
        """Say a rule's sentence at its place."""
        pattern = self.column_of.get(refusal.name, "")
        name = pattern.format(**refusal.values) if pattern else None
        name = name if name in self.grid.letters else None
        cell = self.row.cells.get(name) if name else None
        place = fault_at(self.grid, self.row, name, refusal.name, cell.text if cell else None)
        self.faults.append(Fault(refusal.name, place.row, place.column, place.header, place.value, refusal=refusal))

    def differences(self, planned: PlannedRow, before: Any) -> Iterator[tuple[str, str, str]]:
        """What the row changes, column by column."""
        stored = self.stored_values(planned, before)
        for name, value in self.after(planned, before).items():
            if shown(stored[name]) != shown(value):
                yield name, shown(stored[name]), shown(value)


def as_in_a_cell(text: str) -> str:
    """A stored text as a cell gives it back: without blanks around it, its lines ended in one way."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip(BLANKS)


def shown(value: Any) -> str:
    """A value as a difference shows it."""
    if value is None or value is CLEAR or value is BAD:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value)
