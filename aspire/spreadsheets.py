"""Reading a table as it was sent, and never guessing: every cell is text, every fault names its place."""

import csv
import datetime
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+|-?\d+")
DAY = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")


@dataclass(frozen=True)
class SheetRow:
    """One row under the header: its number as a spreadsheet shows it, and its cells by column."""

    number: int
    cells: dict[str, str]


def read_table(path: Path, *, required: Sequence[str], known: Iterable[str]) -> list[SheetRow]:
    """The rows of a CSV (UTF-8 or CP932) or XLSX file with exactly the columns agreed on.

    Raises ValidationError, naming the place and the remedy, for a file, header or row that is not as agreed.
    """
    lines = _read_xlsx(path) if path.suffix.lower() == ".xlsx" else _read_csv(path)
    numbered = [(number, [cell.strip() for cell in line]) for number, line in enumerate(lines, start=1)]
    filled = [(number, line) for number, line in numbered if any(line)]
    if not filled:
        raise ValidationError(_("The file is empty. Send one with a header row and at least one row under it."))
    (_first, header), *rows = filled
    while header and not header[-1]:
        header.pop()
    _check_header(header, required=required, known=set(known))
    return list(_under(header, rows))


def _under(header: list[str], rows: Iterable[tuple[int, list[str]]]) -> Iterator[SheetRow]:
    for number, line in rows:
        cells, beyond = line[: len(header)], line[len(header) :]
        if any(beyond):
            message = _("Row %(row)s has more cells than the header. Remove what stands beyond the last column.")
            raise ValidationError(message % {"row": number})
        yield SheetRow(number, dict(zip(header, [*cells, *[""] * (len(header) - len(cells))], strict=True)))


def _check_header(header: list[str], *, required: Sequence[str], known: set[str]) -> None:
    faults = [
        (_("Column “%(name)s” is missing. Add it."), [name for name in required if name not in header]),
        (_("Column “%(name)s” is not known. Remove or rename it."), [name for name in header if name not in known]),
        (
            _("Column “%(name)s” stands twice. Keep one."),
            sorted({name for name in header if name in known and header.count(name) > 1}),
        ),
    ]
    errors = [message % {"name": name} for message, names in faults for name in names]
    if errors:
        raise ValidationError(errors)


def _read_csv(path: Path) -> list[list[str]]:
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = raw.decode(encoding)
            if "\0" in text:  # UTF-16 passes for CP932 otherwise
                continue
            return list(csv.reader(io.StringIO(text, newline=""), strict=True))
        except UnicodeDecodeError:
            continue
        except csv.Error as error:
            raise ValidationError(_("The file is not a well-formed CSV. Save it again as CSV.")) from error
    raise ValidationError(_("The file is neither UTF-8 nor CP932. Save it as “CSV UTF-8”."))


def _read_xlsx(path: Path) -> list[list[str]]:
    try:
        workbook = CalamineWorkbook.from_path(str(path))
        rows = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, OSError) as error:
        raise ValidationError(_("The file cannot be read as a workbook. Save it again as .xlsx.")) from error
    return [[_as_text(cell) for cell in row] for row in rows]


def _as_text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, datetime.date) else str(cell)


def whole_yen(text: str) -> int | None:
    """A whole number of yen, thousands grouped or not, in any width; None for an empty cell; refuses the rest."""
    if not text:
        return None
    if not GROUPED.fullmatch(text):
        message = _("“%(value)s” is not a whole number of yen. Write digits only, without unit or decimals.")
        raise ValidationError(message % {"value": text})
    return int(text.replace(",", ""))


def day(text: str) -> datetime.date | None:
    """A day as 2026-04-01 or 2026/4/1; None for an empty cell. Refuses everything else."""
    found = DAY.fullmatch(text)
    if not text:
        return None
    try:
        year, month, number = map(int, found.groups()) if found else (0, 0, 0)
        return datetime.date(year, month, number)
    except ValueError as error:
        raise ValidationError(_("“%(value)s” is not a day. Write it as 2026-04-01.") % {"value": text}) from error
