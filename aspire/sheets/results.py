"""What a file would do: the library's result of an import, as it is shown, kept until it is confirmed, and saved."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from import_export.results import Result

from aspire.refusals import Refusal
from aspire.sheets.rows import CREATE, SheetRow
from aspire.workbooks.faults import Fault, Tier

KEPT = ("form", "encoding", "sheet_name", "basis", "consequences", "view", "rows_sha256", "columns")  # as they are


class SheetResult(Result):
    """Also: everything that is said of the file, and the control totals to compare with the sender's own sheet."""

    rows: list[SheetRow]

    def __init__(self, *, form: str = "", encoding: str = "", sheet_name: str = "") -> None:
        super().__init__()
        self.form, self.encoding, self.sheet_name = form, encoding, sheet_name
        self.faults: list[Fault] = []
        self.basis = ""  # what it was computed from; another one means: look again
        self.consequences: dict[str, Any] = {}  # what comes of all rows together
        self.rows_sha256 = ""  # of its new rows
        self.columns: list[Any] = []  # of the file: letter, header, samples, what each is taken for
        self.view: object = None  # which records its sender saw then

    def append_row_result(self, row_result: SheetRow) -> None:
        """A row that is about no record has faults and no effect to be shown."""
        if row_result.is_judged:
            super().append_row_result(row_result)

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
        """The result as it is kept between preview and confirmation."""
        kept = {name: getattr(self, name) for name in KEPT}
        kept |= {"rows": [row.kept() for row in self.rows], "faults": [stored_fault(fault) for fault in self.faults]}
        loaded: dict[str, Any] = json.loads(json.dumps(kept, cls=DjangoJSONEncoder))
        return loaded


def unreadable(fault: Fault) -> SheetResult:
    """The result of a file that cannot be read as a whole."""
    result = SheetResult()
    result.faults.append(fault)
    return result


def restore(stored: dict[str, Any], row_class: type[SheetRow] = SheetRow) -> SheetResult:
    """The result as it was kept; its rows as those of a kind, where more than their effect is asked for."""
    result = SheetResult()
    for name in KEPT:
        setattr(result, name, stored[name])
    for kept in stored["rows"]:
        row = row_class.restored(kept)
        row.is_judged = True
        result.append_row_result(row)
        result.increment_row_result_total(row)
    result.total_rows = len(result.rows)
    result.faults = [restored_fault(fault) for fault in stored["faults"]]
    return result


def is_outdated(stored: dict[str, Any]) -> bool:
    """Whether an older release kept it, in another form: it is made anew."""
    return not {*KEPT, "rows", "faults"} <= stored.keys()


def stored_fault(fault: Fault) -> dict[str, Any]:
    stored = {name: getattr(fault, name) for name in ("code", "row", "column", "header", "value", "tier")}
    refusal = fault.refusal and {"name": fault.refusal.name, "values": dict(fault.refusal.values)}
    return {**stored, "values": dict(fault.values), "refusal": refusal}


def restored_fault(stored: dict[str, Any]) -> Fault:
    """The finding as it was kept."""
    refusal = stored["refusal"] and Refusal(**stored["refusal"])
    return Fault(**{**stored, "tier": Tier(stored["tier"]), "refusal": refusal})


def creates(rows: Iterable[SheetRow]) -> bool:
    """Whether any of the rows makes a new record."""
    return any(row.action == CREATE for row in rows)
