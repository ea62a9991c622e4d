"""A small contract of columns, and what is said of a file that is read by it: one string for each fault, exactly."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from aspire.workbooks.codes import Code, ResearcherNumber, Truth
from aspire.workbooks.columns import StrictField, match
from aspire.workbooks.faults import Fault, Tier, Unreadable
from aspire.workbooks.reading import Cell, read
from aspire.workbooks.widgets import BadCell, Day, Parsed, Text, WholeYen, normalised

FIELDS = {normalised(name): code for name, code in {"bio": "bio", "AI・情報": "ai", "量子": "quantum"}.items()}


class OfAFile(Code):
    """As in a file of its own, in which only so many nearest codes are named."""

    def read(self, cell: Cell) -> Parsed:
        return Code(self.choices, self.what).read(cell)


COLUMNS = [
    StrictField("number", _("proposal number"), _("number"), "D-001", Text(40)),
    StrictField("title", _("title (Japanese)"), _("title"), "Quanta", Text(30), is_required=True),
    StrictField("field", _("field"), _("field"), "bio", OfAFile(FIELDS, "field")),
    StrictField("starts_on", _("research starts"), _("first day"), "2026-04-01", Day()),
    StrictField("yen", _("ceiling (yen a fiscal year)"), _("yen"), "100", WholeYen()),
    StrictField("is_young", _("reconstructed"), _("yes or no"), "yes", Truth()),
    StrictField("researcher", _("e-Rad researcher number"), _("8 digits"), "00123456", ResearcherNumber()),
]
BY_NAME = {column.name: column for column in COLUMNS}


def said(fault: Fault) -> str:
    """Code, place and value of a fault; a flag's code in brackets."""
    assert fault.sentence
    code = fault.code if fault.tier == Tier.BLOCK else f"[{fault.code}]"
    return " ".join(filter(None, (code, fault.place, fault.value)))


def verdict(data: bytes, *, file_name: str) -> tuple[list[str], list[dict[str, Any]]]:
    """Everything said of the file, and the values of its rows by column."""
    try:
        sheet = read(data, file_name=file_name)
    except Unreadable as unreadable:
        return [said(unreadable.fault)], []
    grid = match(sheet, COLUMNS)
    faults, rows = [*sheet.faults, *grid.faults], []
    for row in grid.rows:
        values = {}
        for name, cell in row.cells.items():
            place = {"row": row.number, "column": grid.letters[name], "header": grid.headers[name], "value": cell.text}
            try:
                parsed = BY_NAME[name].parse(cell)
            except BadCell as bad:
                faults.append(Fault(bad.code, **place, values=bad.values))
                continue
            faults += [Fault(code, **place, values=found, tier=Tier.FLAG) for code, found in parsed.flags]
            if parsed.value is not None:
                values[name] = parsed.value
        rows.append(values)
    return [said(fault) for fault in faults], rows
