"""What a file would do: every row judged by the pure rules against what is stored, and nothing written."""

import datetime
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from aspire.models import ImportRecord
from aspire.sheets.judging import Seen, fault_at
from aspire.sheets.kinds import Kind, New, records_for
from aspire.sheets.plans import BAD, Plan, PlannedRow, creates
from aspire.workbooks.columns import Grid, GridRow, match
from aspire.workbooks.faults import Fault, Tier
from aspire.workbooks.parsing import BadCell, likeness
from aspire.workbooks.reading import read

ROWS_A_STEP = 500
ParsedRow = tuple[GridRow, dict[str, Any]]


@dataclass
class Planner:
    """Plans one file of one kind. ``step`` is told how many rows are done, and may raise to stop."""

    kind: Kind
    received_at: datetime.datetime
    reason: str = ""
    step: Callable[[int], None] = lambda done: None
    total: int = field(default=0, init=False)  # rows of the file, once they are counted

    def plan(self, data: bytes, *, file_name: str) -> Plan:
        """The plan of the file. Raises Unreadable where the file as a whole cannot be read."""
        sheet = read(data, file_name=file_name)
        grid = match(sheet, self.kind.columns)
        self.total = len(grid.rows)
        faults = [*sheet.faults, *grid.faults]
        rows: list[PlannedRow] = []
        stored: dict[str, Any] = {}
        first = self.kind.first_key()
        if not any(fault.row is None and fault.tier == Tier.BLOCK for fault in faults):
            faults += self.kind.faults()
            parsed, found = self._parse(grid)
            faults += found
            keys = [self.kind.key_of(row, values) for row, values in parsed]
            stored = self.kind.stored(filter(None, keys))
            rows, found = self._rows(grid, parsed, keys, stored=stored, first=first)
            faults += found
            if creates(rows) and self.kind.new is New.UNNUMBERED:
                faults += self._imported_before(data)
        consequences: dict[str, Any] = {}
        if not any(fault.tier == Tier.BLOCK for fault in faults):
            found, consequences = self.kind.consequences(rows)
            faults += found
        faults.sort(key=lambda fault: (fault.row or 0, fault.tier))
        computed_from = basis(self.kind, stored, first if creates(rows) else "")
        form = (sheet.form, sheet.encoding, sheet.sheet_name)
        return Plan(*form, rows, faults, computed_from, consequences, self.kind.view())

    def label(self, name: str) -> str:
        """A column's name in the reader's language."""
        return next(str(column.label) for column in self.kind.columns if column.name == name)

    def _imported_before(self, data: bytes) -> Iterator[Fault]:
        records = records_for(self.kind.user) if self.kind.user else ImportRecord.objects.select_related("user")
        records = records.filter(kind=self.kind.name, call_code=self.kind.call_code, created__gt=0)
        record = records.filter(sha256=hashlib.sha256(data).hexdigest()).first()
        if record:
            who = record.user.get_full_name() if record.user else ""
            yield Fault(
                "file_imported_before",
                values={"day": f"{timezone.localtime(record.imported_at):%Y-%m-%d}", "who": who or "-"},
            )

    def _rows(
        self, grid: Grid, parsed: list[ParsedRow], keys: list[str | None], *, stored: Mapping[str, Any], first: str
    ) -> tuple[list[PlannedRow], list[Fault]]:
        """The rows as planned; ``first`` is the key of the first new record."""
        kind, new_keys = self.kind, self.kind.keys_from(first)
        alike = {likeness(key): key for key in kind.all_keys()} if any(keys) else {}
        planned, faults = [], list[Fault]()
        seen: Seen = {}
        for done, ((row, values), key) in enumerate(zip(parsed, keys, strict=True), start=1):
            if key is None:
                continue
            judge, before = kind.judge(self, grid, row, values), stored.get(key)
            if judge.accepts(key, before, seen, alike):
                planned.append(judge.plan(before, key or next(new_keys)))
            faults += judge.faults
            if done % ROWS_A_STEP == 0:
                self.step(done)
        return planned, faults

    def _parse(self, grid: Grid) -> tuple[list[ParsedRow], list[Fault]]:
        """Each row's values by column, of the cells that are filled; an unparsable one becomes a fault at its place."""
        parse = {column.name: column.parse for column in self.kind.columns if column.name in grid.letters}
        parsed: list[ParsedRow] = []
        faults: list[Fault] = []
        for done, row in enumerate(grid.rows):
            if done % ROWS_A_STEP == 0:
                self.step(0)
            values: dict[str, Any] = {}
            typed: dict[str, str] = {}
            for name, cell in row.cells.items():
                if cell.kind == "empty":
                    continue
                try:
                    found = parse[name](cell)
                except BadCell as bad:
                    faults.append(fault_at(grid, row, name, bad.code, cell.text, bad.values))
                    values[name] = BAD
                    continue
                values[name] = found.value
                if found.normalised_from is not None:
                    typed[name] = found.normalised_from
                if found.flags:
                    faults += [fault_at(grid, row, name, c, cell.text, v, tier=Tier.FLAG) for c, v in found.flags]
            values["_typed"] = typed
            parsed.append((row, values))
        return parsed, faults


def basis(kind: Kind, stored: Mapping[str, Any], next_key: str) -> str:
    """A fingerprint of everything stored that a plan was computed from; no ``next_key`` where it creates nothing."""
    state = {"state": kind.state(stored), "next": next_key}
    return hashlib.sha256(json.dumps(state, cls=DjangoJSONEncoder, sort_keys=True).encode()).hexdigest()
