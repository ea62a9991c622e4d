"""A moment in Tokyo: a day in any spelling that files may use, with or without a time."""

import datetime
import re
import zoneinfo

from django.utils.translation import gettext_lazy as _

from aspire.workbooks.cells import Cell
from aspire.workbooks.faults import SENTENCES
from aspire.workbooks.widgets import BadCell, Day, Parsed, StrictWidget, plain

SENTENCES.update(
    {"moment_not_read": _("“%(value)s” is no time. Write day and time like 2026-04-01 10:30, or the day alone.")}
)
TOKYO = zoneinfo.ZoneInfo("Asia/Tokyo")
TIME = re.compile(r"[T\s]*([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.0+)?)?$", re.IGNORECASE)


class Moment(StrictWidget):
    """A day, and a time where one is said; a day alone is its beginning."""

    def read(self, cell: Cell) -> Parsed:
        text = plain(cell.text)
        found = TIME.search(text) if cell.kind in {"text", "instant"} else None
        day = Day().parse(Cell("text", text[: found.start()]) if found else cell)
        if not isinstance(day.value, datetime.date):
            return day
        if found is None:
            at = self.of_day(day.value)
        else:
            try:
                hour, minute, second = (int(part or 0) for part in found.groups())
                time = datetime.time(hour, minute, second)
            except ValueError:
                raise BadCell("moment_not_read") from None
            at = datetime.datetime.combine(day.value, time, tzinfo=TOKYO)
        return Parsed(at, None if cell.text == written(at) else cell.text)

    def of_day(self, day: datetime.date) -> datetime.datetime:
        """The moment that a day without a time stands for."""
        return datetime.datetime.combine(day, datetime.time(0), tzinfo=TOKYO)


def written(at: object) -> str:
    """The moment as files have it, to the second where it has any; empty where none is stated."""
    if not isinstance(at, datetime.datetime):
        return ""
    local = at.astimezone(TOKYO)
    return local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")
