"""When a proposal was received, as a file says it: a day, or a day and a time, in Tokyo."""

import datetime
import re

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aspire.workbooks import parsing
from aspire.workbooks.cells import Cell
from aspire.workbooks.faults import SENTENCES
from aspire.workbooks.parsing import BadCell, Parsed, Parser
from calls.models import Call

SENTENCES.update(
    {"moment_not_read": _("“%(value)s” is no time. Write day and time like 2026-04-01 10:30, or the day alone.")}
)
TIME = re.compile(r"[T\s]*([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.0+)?)?$", re.IGNORECASE)


def receipt(call: Call) -> Parser:
    """A day in any spelling that files may use, with or without a time behind it.

    A day alone is its beginning, or on the first day of the call's window the moment at which that opens.
    """
    read_day = parsing.day()

    def read(cell: Cell) -> Parsed:
        text = parsing.plain(cell.text)
        found = TIME.search(text) if cell.kind in {"text", "instant"} else None
        day = read_day(Cell("text", text[: found.start()]) if found else cell)
        if not isinstance(day.value, datetime.date):
            return day
        try:
            hour, minute, second = (int(part or 0) for part in (found.groups() if found else (0, 0, 0)))
            time = datetime.time(hour, minute, second)
        except ValueError:
            raise BadCell("moment_not_read") from None
        at = timezone.make_aware(datetime.datetime.combine(day.value, time))
        if found is None and call.opens_at and timezone.localdate(call.opens_at) == day.value:
            at = call.opens_at
        return Parsed(at, None if cell.text == written(at) else cell.text)

    return read


def written(at: object) -> str:
    """The moment as files have it, to the second where it has any; empty where none is stated."""
    if not isinstance(at, datetime.datetime):
        return ""
    local = timezone.localtime(at)
    return local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")
