"""The columns of proposals in files: fixed names, Japanese and English headers; costs have a pair each fiscal year."""

import datetime
import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _

from aspire.workbooks.cells import Cell
from aspire.workbooks.columns import StrictField
from aspire.workbooks.faults import SENTENCES
from aspire.workbooks.widgets import NOTHING, BadCell, Day, Parsed, StrictWidget, Text, WholeYen, plain
from calls.models import Call

SENTENCES.update(
    {
        "email_form": _("“%(value)s” is no e-mail address. Write one like hanako@example.org."),
        "moment_not_read": _("“%(value)s” is no time. Write day and time like 2026-04-01 10:30, or the day alone."),
    }
)
TIME = re.compile(r"[T\s]*([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.0+)?)?$", re.IGNORECASE)
WHOLE = _("Whole yen, without the unit.")
COST_COLUMN = re.compile(r"(direct|indirect)_yen_([12][0-9]{3})")
COSTS: dict[str, Promise] = {
    "direct_yen": _("Direct costs, every fiscal year"),
    "indirect_yen": _("Indirect costs, every fiscal year"),
}


class Address(Text):
    """An e-mail address."""

    def __init__(self) -> None:
        super().__init__(max_length=254)

    def read(self, cell: Cell) -> Parsed:
        found = super().read(cell)
        try:
            validate_email(found.value)
        except ValidationError:
            raise BadCell("email_form") from None
        return found


class Receipt(StrictWidget):
    """When a proposal was received: a day in any spelling that files may use, with or without a time, in Tokyo.

    A day alone is its beginning, or on the first day of the call's window the moment at which that opens.
    """

    def __init__(self, call: Call | None = None) -> None:
        super().__init__()
        self.call = call

    def read(self, cell: Cell) -> Parsed:
        text = plain(cell.text)
        found = TIME.search(text) if cell.kind in {"text", "instant"} else None
        day = Day().parse(Cell("text", text[: found.start()]) if found else cell)
        if not isinstance(day.value, datetime.date):
            return day
        try:
            hour, minute, second = (int(part or 0) for part in (found.groups() if found else (0, 0, 0)))
            time = datetime.time(hour, minute, second)
        except ValueError:
            raise BadCell("moment_not_read") from None
        at = timezone.make_aware(datetime.datetime.combine(day.value, time))
        opens_at = self.call and self.call.opens_at
        if found is None and opens_at and timezone.localdate(opens_at) == day.value:
            at = opens_at
        return Parsed(at, None if cell.text == written(at) else cell.text)


def written(at: object) -> str:
    """The moment as files have it, to the second where it has any; empty where none is stated."""
    if not isinstance(at, datetime.datetime):
        return ""
    local = timezone.localtime(at)
    return local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")


class Told(StrictWidget):
    """What an export tells and no file can change: whatever stands in the cell is passed over."""

    is_word = False

    def parse(self, cell: Cell) -> Parsed:
        return NOTHING


class CostField(StrictField):
    """The direct or indirect costs (yen) of one fiscal year."""

    def __init__(self, kind: str, year: int, meaning: str | Promise = WHOLE) -> None:
        label = {"direct": _("Direct costs FY%(year)s (yen)"), "indirect": _("Indirect costs FY%(year)s (yen)")}[kind]
        group = f"{kind}_yen"
        super().__init__(f"{group}_{year}", filled(label, year=year), meaning, "10000000", WholeYen(), group=group)


def _filled(label: Promise, **values: object) -> str:
    return str(label) % values


filled = lazy(_filled, str)  # a label with its values, in the language of whoever reads it


def text(
    label: Promise, meaning: Promise, length: int, example: str | Promise, *, attribute: str | None = None
) -> StrictField:
    """A column of free text; its name is that under which it is declared."""
    return StrictField("", label, meaning, example, Text(length), attribute=attribute)
