"""What a file would do, as it is shown, kept between preview and confirmation, and saved."""

import datetime
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder

from aspire.refusals import Refusal
from aspire.workbooks.faults import Fault, Tier

CREATE, CHANGE, LEAVE, BLOCKED = "create", "change", "leave", "blocked"
BAD: Final = object()  # stands for a cell that has a fault already, so that nothing else is said of it


@dataclass(frozen=True)
class Sending:
    """When a file was sent, and what excuses a time outside a call's window."""

    received_at: datetime.datetime
    reason: str = ""


@dataclass
class PlannedRow:
    """What one row of the file would do to one record."""

    row: int
    action: str
    key: str
    pk: int | None = None
    title: str = ""  # what a new record is called
    values: dict[str, Any] = field(default_factory=dict)  # the record as it would be
    costs: dict[int, tuple[int, int]] = field(default_factory=dict)  # fiscal year → direct, indirect yen
    dropped_years: list[int] = field(default_factory=list)
    differences: list[tuple[str, str, str]] = field(default_factory=list)  # column, before, after
    normalised: list[tuple[str, str, str]] = field(default_factory=list)  # column, as typed, as taken


@dataclass
class Plan:
    """What a whole file would do, its faults, and the control totals to compare with the sender's own sheet."""

    form: str
    encoding: str
    sheet_name: str
    rows: list[PlannedRow]
    faults: list[Fault]
    basis: str  # what it was computed from; another one means: look again
    consequences: dict[str, Any] = field(default_factory=dict)  # what comes of all rows together
    view: Any = None  # which records its sender saw then

    @property
    def is_blocked(self) -> bool:
        return any(fault.tier == Tier.BLOCK for fault in self.faults)

    def count(self, action: str) -> int:
        return sum(row.action == action for row in self.rows)

    @property
    def yen_by_year(self) -> dict[int, int]:
        """Yen in the rows of the file, by fiscal year."""
        total: Counter[int] = Counter()
        for row in self.rows:
            for year, (direct, indirect) in row.costs.items():
                total[year] += direct + indirect
        return dict(sorted(total.items()))

    def as_json(self) -> dict[str, Any]:
        """The plan as it is kept between preview and confirmation."""
        parts = {"rows": [vars(row) for row in self.rows], "faults": [stored_fault(fault) for fault in self.faults]}
        text = json.dumps({**vars(self), **parts}, cls=DjangoJSONEncoder)
        loaded: dict[str, Any] = json.loads(text)
        return loaded


def stored_fault(fault: Fault) -> dict[str, Any]:
    stored = {name: getattr(fault, name) for name in ("code", "row", "column", "header", "value", "tier")}
    refusal = fault.refusal and {"name": fault.refusal.name, "values": dict(fault.refusal.values)}
    return {**stored, "values": dict(fault.values), "refusal": refusal}


def restore(stored: dict[str, Any]) -> Plan:
    """The plan as it was kept."""
    rows = [
        PlannedRow(**{**row, "costs": {int(year): tuple(yen) for year, yen in row["costs"].items()}})
        for row in stored["rows"]
    ]
    return Plan(**{**stored, "rows": rows, "faults": [restored_fault(fault) for fault in stored["faults"]]})


def restored_fault(stored: dict[str, Any]) -> Fault:
    """The finding as it was kept."""
    refusal = stored["refusal"] and Refusal(**stored["refusal"])
    return Fault(**{**stored, "tier": Tier(stored["tier"]), "refusal": refusal})


def creates(rows: Iterable[PlannedRow]) -> bool:
    """Whether any of the rows makes a new record."""
    return any(row.action == CREATE for row in rows)
