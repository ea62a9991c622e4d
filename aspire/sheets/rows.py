"""One row of a file against what is stored: what it would do, and everything that is wrong with it."""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, ClassVar, Final, Self

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from import_export.results import RowResult

from aspire.refusals import Refusal
from aspire.sheets import sentences  # noqa: F401 - what is said of rows
from aspire.workbooks.cells import BLANKS, Cell
from aspire.workbooks.faults import Fault, Tier
from aspire.workbooks.widgets import CLEAR, BadCell, likeness

CREATE, CHANGE, LEAVE, BLOCKED = "create", "change", "leave", "blocked"
# What the library calls it → what we do, as records keep it.
ACTIONS: Final = {
    RowResult.IMPORT_TYPE_NEW: CREATE,
    RowResult.IMPORT_TYPE_UPDATE: CHANGE,
    RowResult.IMPORT_TYPE_SKIP: LEAVE,
    RowResult.IMPORT_TYPE_INVALID: BLOCKED,
}


class New(Enum):
    """Which rows make something new."""

    UNNUMBERED = "unnumbered"  # those that name nothing: the kind numbers them
    NAMED = "named"  # those that name what is not there yet
    EITHER = "either"  # both: a name of their own, or none and a number
    NEVER = "never"  # none: a file of this kind only changes what is there

    @property
    def numbers(self) -> bool:
        """Whether a row that names nothing makes something."""
        return self in (New.UNNUMBERED, New.EITHER)

    @property
    def names(self) -> bool:
        """Whether a row makes what it names."""
        return self in (New.NAMED, New.EITHER)


BAD: Final = object()  # stands for a cell that has a fault already, so that nothing else is said of it
Seen = dict[str, tuple[int, str]]  # likeness → row and key as written
KEPT = (
    *("row", "import_type", "key", "object_id", "object_repr"),
    *("values", "dropped_years", "differences", "normalised", "twin"),
)
TWINS = ("same", "another", "correction")  # what a likely twin may be


class SheetRow(RowResult):
    """One row's result: the record as it would be, and what the row changes. A kind judges in a subclass of its own.

    ``kind`` is the resource that reads the file; a row that was kept and taken up again has none.
    """

    column_of: ClassVar[Mapping[str, str]] = {}  # the column under which a rule's sentence is shown
    kind: Any
    cells: Mapping[str, Cell]

    def __init__(self, row: int) -> None:
        super().__init__()
        self.row = row
        self.key = ""
        self.object_repr = ""  # what a new record is called
        self.values: dict[str, Any] = {}  # the record as it would be
        self.costs: dict[int, tuple[int, int]] = {}  # fiscal year → direct, indirect yen
        self.dropped_years: list[int] = []
        self.differences: list[tuple[str, str, str]] = []  # column, before, after
        self.normalised: list[tuple[str, str, str]] = []  # column, as typed, as taken
        self.given: dict[str, Any] = {}  # what the filled cells say
        self.typed: dict[str, str] = {}  # as typed, where that was put into standard form
        self.faults: list[Fault] = []
        self.twin = ""  # what it seems to be: the key of a record, or the number of a row before it
        self.is_judged = False
        self.is_left_out = False
        self.is_undecided = False  # whether it is a likely twin of which nothing was said

    @property
    def action(self) -> str:
        action: str = ACTIONS[self.import_type]
        return action

    @property
    def title(self) -> str:
        return self.object_repr or ""

    def kept(self) -> dict[str, Any]:
        """The row as JSON keeps it until it is confirmed."""
        return {**{name: getattr(self, name) for name in KEPT}, "costs": self.costs}

    @classmethod
    def restored(cls, kept: Mapping[str, Any]) -> Self:
        """The row as it was kept."""
        found = cls(kept["row"])
        for name in KEPT:
            setattr(found, name, kept[name])
        found.costs = {int(year): tuple(yen) for year, yen in kept["costs"].items()}
        return found

    # --- reading ---------------------------------------------------------------------------------------------------

    def read(self, kind: Any, cells: Mapping[str, Cell]) -> None:
        """What the filled cells say; one that cannot be read becomes a fault at its place."""
        self.kind, self.cells = kind, cells
        for name, cell in cells.items():
            if cell.kind == "empty":
                continue
            try:
                found = kind.widgets[name].parse(cell)
            except BadCell as bad:
                self.say(name, bad.code, bad.values)
                self.given[name] = BAD
                continue
            self.given[name] = found.value
            if found.normalised_from is not None:
                self.typed[name] = found.normalised_from
            for code, values in found.flags:
                self.say(name, code, values, tier=Tier.FLAG)

    def say(
        self, name: str | None, code: str, values: Mapping[str, Any] | None = None, *, tier: Tier = Tier.BLOCK
    ) -> None:
        """A finding about one cell, or about the row where no column is named."""
        self.faults.append(self._found(name, code, values, tier=tier))

    def _found(self, name: str | None, code: str, values: Mapping[str, Any] | None = None, **how: Any) -> Fault:
        grid, cell = self.kind.grid, self.cells.get(name) if name else None
        letter, header = (grid.letters.get(name), grid.headers.get(name)) if name else (None, None)
        return Fault(code, self.row, letter, header, cell.text if cell else None, values or {}, **how)

    def accepts(self, before: Any, seen: Seen, alike: Mapping[str, str]) -> bool:
        """Whether the row may be about its key: known or allowed to be new, and not another row's."""
        kind, key, like = self.kind, self.key, likeness(self.key)
        if not key:
            return self._may_be_unnamed()
        if like in seen:
            other, written = seen[like]
            same = {"other": other} if written == key else {"alike": written}
            self.say(kind.key[0], "key_twice" if written == key else "key_alike", same)
            return False
        seen[like] = (self.row, key)
        if before is not None:
            return True
        if like in alike:
            self.say(kind.key[0], "key_alike", {"alike": alike[like]})
        elif not kind.new.names:
            self.say(kind.key[0], kind.unknown)
        elif cleared := [name for name in kind.key if self.given.get(name) is CLEAR]:
            self.say(cleared[0], "key_cleared")
        else:
            return True
        return False

    def _may_be_unnamed(self) -> bool:
        kind = self.kind
        if kind.new.numbers:
            return True
        missing = next(name for name in kind.key if not self.given.get(name))
        self.say(missing, "value_missing", {"header": self.header(missing)})
        return False

    @property
    def is_blocked(self) -> bool:
        return any(fault.tier == Tier.BLOCK for fault in self.faults)

    def judge(self, before: Any) -> None:
        """The row's effect on the record that was there before, or on a new one; faults say what is wrong."""
        self.object_id = before.pk if before is not None else None
        self.fill(before)
        self.object_repr = self.name_of_new()
        self.normalised = [(name, typed, shown(self.given[name])) for name, typed in self.typed.items()]
        self._complete(before)
        for refusal in self.refusals(before):
            self.refuse(refusal)
        self.flag(before)
        self.differences = list(self.differs(before)) if before is not None else []

    def forget(self) -> None:
        """Let go of what the row was judged by: thousands of rows wait together until they are saved."""
        self.kind = None
        self.cells, self.given, self.typed = {}, {}, {}

    @property
    def filled(self) -> list[tuple[str, str]]:
        """What a new record would hold: column and value, less what stays empty."""
        return [(name, text) for name, value in self.after(None).items() if (text := shown(value))]

    @property
    def validation_error(self) -> ValidationError | None:
        """What the library shows of an invalid row: its blocking faults, by column."""
        found: dict[str, list[ValidationError]] = {}
        for fault in self.faults if self.import_type == self.IMPORT_TYPE_INVALID else ():
            if fault.tier == Tier.BLOCK:
                found.setdefault(fault.header or NON_FIELD_ERRORS, []).append(
                    ValidationError(fault.sentence, fault.code)
                )
        return ValidationError(found) if found else None

    @validation_error.setter
    def validation_error(self, _error: None) -> None:
        """The library begins with none."""

    # --- what a kind may say otherwise -----------------------------------------------------------------------------

    def fill(self, before: Any) -> None:
        """The record after the row: its values by column."""
        stored = self.kind.values(before) if before is not None else {}
        for column in self.kind.columns:
            empty = None if column.kind in {"day", "yen", "truth"} else ""
            self.values[column.name] = self.take(column.name, stored.get(column.name, empty), cleared=empty)

    def after(self, before: Any) -> Mapping[str, Any]:
        """The values by column that are compared with the stored ones."""
        return self.values

    def name_of_new(self) -> str:
        """What a new record is called."""
        return str(self.values.get(self.kind.named_by, ""))

    def refusals(self, before: Any) -> Iterable[Refusal]:
        """The rules that the row breaks."""
        return ()

    def flag(self, before: Any) -> None:
        """Say what is accepted and marked for follow-up."""

    def stored_values(self, before: Any) -> Mapping[str, Any]:
        """What is stored, by column."""
        values: Mapping[str, Any] = self.kind.values(before)
        return values

    # --- what is the same for every kind ---------------------------------------------------------------------------

    def take(self, name: str, stored: Any, *, cleared: Any) -> Any:
        """The value of a column: an empty cell leaves what is stored, the clearing word empties it.

        A stored text that is itself the clearing word stays: a cell that says just this comes from an export.
        """
        value = self.given.get(name)
        if value is None or value is BAD:
            return stored
        if isinstance(stored, str):
            written = self.cells[name].text.strip(BLANKS) if value is CLEAR else value
            if written == as_in_a_cell(stored):
                return stored
        return cleared if value is CLEAR else value

    def header(self, name: str) -> str:
        """A column's header as it stands in the file, or else its label."""
        header: str = self.kind.grid.headers.get(name) or self.kind.label(name)
        return header

    def years_with_a_bad_amount(self, columns: Iterable[tuple[int, str, str]]) -> set[int]:
        """The fiscal years of which an amount has a fault already: nothing that rests on it can be judged."""
        return {year for year, *names in columns if any(self.given.get(name) is BAD for name in names)}

    def has_fault(self, name: str) -> bool:
        return any(fault.column == self.kind.grid.letters.get(name) for fault in self.faults)

    def _complete(self, before: Any) -> None:
        kind = self.kind
        needed = kind.required if before is None else kind.never_empty
        code = "value_missing" if before is None else "value_never_empty"
        after = self.after(before)
        for name in needed:
            if after[name] in (None, "") and self.given.get(name) is not BAD and not self.has_fault(name):
                self.say(name, code, {"header": self.header(name)})

    def refuse(self, refusal: Refusal) -> None:
        """Say a rule's sentence at its place."""
        pattern = self.column_of.get(refusal.name, "")
        name = pattern.format(**refusal.values) if pattern else None
        name = name if name in self.kind.grid.letters else None
        self.faults.append(self._found(name, refusal.name, refusal=refusal))

    def differs(self, before: Any) -> Iterator[tuple[str, str, str]]:
        """What the row changes, column by column."""
        stored = self.stored_values(before)
        for name, value in self.after(before).items():
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
