"""How a cell is written in a workbook's own XML: exact for any text, and ten times faster than through openpyxl."""

import datetime
import re
from dataclasses import dataclass
from decimal import Decimal

from openpyxl.utils import get_column_letter

from aspire.workbooks.roundtrip import is_live, unguarded

Value = str | int | Decimal | datetime.date | datetime.datetime | None
LONGEST_TEXT = 32_767  # what a cell of Excel holds, in UTF-16 units
MOST_SIGNS = 15  # a number with more would be rounded by Excel, so it is written as text
# A workbook's days have no zone. Excel counts a 29 February 1900, so the days of that year and earlier are text.
EPOCH = datetime.datetime(1899, 12, 30)  # noqa: DTZ001

# What XML cannot carry or would change is escaped as OOXML does (_x000D_), and so is what looks like an escape.
_UNSAFE = "\x00-\x08\x0b-\x1f\ufffe\uffff"
_SPECIAL = re.compile(f"[&<>{_UNSAFE}]|_x")
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")
_ESCAPES = re.compile(f"_x(?=[0-9A-Fa-f]{{4}}[_{_UNSAFE}])|[{_UNSAFE}]")


def why_unwritable(text: str) -> str | None:
    """The code of what keeps a text out of a cell, if anything does: its length, or half of a surrogate pair.

    Excel counts in UTF-16, so a sign outside the basic plane, such as an emoji, counts twice.
    """
    if _HALF_A_PAIR.search(text):
        return "character_unwritable"
    if len(text) * 2 > LONGEST_TEXT and len(text.encode("utf-16-le")) > LONGEST_TEXT * 2:
        return "text_too_long_to_write"
    return None


def escaped(text: str) -> str:
    """The text as the content of an element."""
    if not _SPECIAL.search(text):
        return text
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _ESCAPES.sub(lambda found: "_x005F_x" if found[0] == "_x" else f"_x{ord(found[0]):04X}_", text)


def plain_number(number: int | Decimal) -> str:
    """All digits, never an exponent."""
    return str(number) if isinstance(number, int) else f"{number:f}"


def text_cell(place: str, text: str, *, style: int | None = None, prefix: str = "") -> str:
    """A cell that is text and nothing else, whatever it begins with; ``prefix`` is that of the part's elements."""
    s, p = "" if style is None else f' s="{style}"', prefix
    space = "" if text.isprintable() and text == text.strip() else ' xml:space="preserve"'
    return f'<{p}c r="{place}"{s} t="inlineStr"><{p}is><{p}t{space}>{escaped(text)}</{p}t></{p}is></{p}c>'


@dataclass(frozen=True, slots=True)
class Styles:
    """Where a workbook keeps the look of each kind of value."""

    text: int
    live_text: int  # marked as text (quotePrefix), so that editing the cell makes no formula of it either
    number: int
    yen: int
    day: int
    instant: int


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes the cells of one column."""

    letter: str
    number_style: int
    styles: Styles

    def cell(self, row: int, value: Value) -> str:
        """The typed cell; an empty text is no cell."""
        place = f"{self.letter}{row}"
        match value:
            case None | "":
                return ""
            case str():
                return self._text(place, value)
            case datetime.date() if value.year <= EPOCH.year + 1:
                return self._text(place, value.isoformat())
            case datetime.datetime():
                days = (value - EPOCH) / datetime.timedelta(days=1)
                return f'<c r="{place}" s="{self.styles.instant}"><v>{days!r}</v></c>'
            case datetime.date():
                return f'<c r="{place}" s="{self.styles.day}"><v>{value.toordinal() - EPOCH.toordinal()}</v></c>'
            case _:
                return self._number(place, plain_number(value))

    def _number(self, place: str, number: str) -> str:
        if len(number) > MOST_SIGNS or not number[-1].isdigit():
            return self._text(place, number)
        return f'<c r="{place}" s="{self.number_style}"><v>{number}</v></c>'

    def _text(self, place: str, text: str) -> str:
        if not is_live(text):
            return text_cell(place, text, style=self.styles.text)
        if text != unguarded(text):
            text = f"'{text}"  # it would pass for a guarded one on its way in
        return text_cell(place, text, style=self.styles.live_text)


def pens(is_yen: list[bool], styles: Styles) -> list[Pen]:
    """A pen for each column."""
    return [
        Pen(get_column_letter(index), styles.yen if yen else styles.number, styles)
        for index, yen in enumerate(is_yen, 1)
    ]
