"""What one cell means: widgets that refuse rather than guess, and say what was put into standard form."""

import datetime
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, NoReturn

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from import_export import widgets

from aspire.kana import search_key
from aspire.refusals import CONTROL
from aspire.text import lost_sign, mended
from aspire.untyped import Held, Passed
from aspire.wareki import HEISEI, REIWA
from aspire.workbooks.cells import BLANKS, WORD_AT_MOST, Cell, cell_of
from aspire.workbooks.faults import SENTENCES

YEN_AT_MOST = 999_999_999_999
_DIGITS_KEPT = 10**15  # by Excel
_CLEARING = {"[\u7a7a]", "[clear]"}  # "empty" in Japanese
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d", "-"))
_PLAIN = {0xFEE0 + sign: chr(sign) for sign in range(0x21, 0x7F)} | {0x3000: " ", 0xFFE5: "\u00a5"}
_PLAIN |= {0x32FF: "\u4ee4\u548c", 0x337B: "\u5e73\u6210"}  # the eras in one square sign
_STANDS_FOR_OTHERS = re.compile("<(?!wide|narrow|noBreak)")

_YEN = re.compile("0|[1-9][0-9]{0,17}")
_GROUPED_YEN = re.compile("[1-9][0-9]{0,2}(?:,[0-9]{3}){1,5}")
# What an amount that is refused may look like, in this order; the units are yen, thousand, million and hundred million.
_NOT_YEN = {
    "yen_exponent": re.compile(r"[-+]?[0-9.]+e[-+]?[0-9]+", re.IGNORECASE),
    "yen_negative": re.compile("[-\u25b2\u25b3][0-9.,]+|\\([0-9.,]+\\)"),
    "yen_not_whole": re.compile(r"[0-9,]*\.[0-9]*"),
    "yen_grouping": re.compile("[0-9,]*,[0-9,]*"),
    "yen_has_unit": re.compile(
        "[\u00a5$]\\s*[-0-9.,]+|[-0-9.,]+\\s*(?:[\u5341\u767e\u5343\u4e07\u5104]+\u5186?|\u5186|[kmb%]|yen|jpy|usd)",
        re.IGNORECASE,
    ),
}

_YEAR, _MONTH, _DAY = "\u5e74", "\u6708", "\u65e5"
_WESTERN = re.compile(
    f"([0-9]{{4}})(?:([-/.])([0-9]{{1,2}})\\2([0-9]{{1,2}})|{_YEAR}([0-9]{{1,2}}){_MONTH}([0-9]{{1,2}}){_DAY})"
)
_JAPANESE = re.compile(
    "(\u4ee4\u548c|\u5e73\u6210|[rh])(\u5143|[0-9]{1,2})"
    f"(?:([-/.])([0-9]{{1,2}})\\3([0-9]{{1,2}})|{_YEAR}([0-9]{{1,2}}){_MONTH}([0-9]{{1,2}}){_DAY})"
)
_FIRST_YEAR = "\u5143"
_ERAS = {
    **dict.fromkeys(("\u4ee4\u548c", "r"), (2018, REIWA, datetime.date.max)),
    **dict.fromkeys(("\u5e73\u6210", "h"), (1988, HEISEI, REIWA - datetime.timedelta(days=1))),
}
_NOT_DAY = {
    "day_two_digit_year": re.compile(
        r"'?[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2}"
    ),
    "day_order_ambiguous": re.compile(r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}"),
    "day_serial": re.compile(r"[0-9]{1,6}(?:\.[0-9]+)?"),
    "day_with_time": re.compile(r".*[0-9]:[0-9]{2}.*"),
}
# What Excel shows in place of a value, where that was kept as text.
_ERROR = re.compile(
    r"#(?:REF!|N/A|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|BUSY!|GETTING_DATA)|#{3,}"
)
ABSENT = "\u3013"  # what printers put where a sign is missing


class BadCell(ValidationError):  # noqa: N818 - said of a cell, not of the program
    """A cell that cannot be taken as it is: a code of the catalogue and the values of its sentence."""

    code: str

    def __init__(self, code: str, **values: object) -> None:
        said: Held = SENTENCES.get(code, code)
        super().__init__(said, code=code, params={"value": "", "header": "", **values})
        self.values = values


class Clear:
    """The word that empties a value; a blank cell leaves it."""

    def __repr__(self) -> str:
        return "CLEAR"


CLEAR: Final = Clear()


@dataclass(frozen=True)
class Parsed:
    """A value, the typed text where it was put into standard form, and what to follow up: codes with their values."""

    value: Held
    normalised_from: str | None = None
    flags: tuple[tuple[str, dict[str, Any]], ...] = ()


NOTHING, CLEARED = Parsed(None), Parsed(CLEAR)


def normalised(text: str) -> str:
    """The form in which names and codes are compared: width, case, kana script, spaces and dots make no difference."""
    return search_key(text)


def likeness(text: str) -> str:
    """The form in which two numbers are one to the eye: as ``normalised``, and without what nobody sees."""
    kept = (sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) not in {"Cf", "Cc"})
    return search_key("".join(kept).translate(_HYPHENS))


def plain(text: str) -> str:
    """Full-width signs and those of an era as plain ones, without the blanks around; no other sign is guessed at."""
    return text if text.isascii() and text.strip() == text else text.translate(_PLAIN).strip(BLANKS)


def is_spelt_out(text: str) -> bool:
    """Whether every sign stands for itself, in whatever width: a circled or raised digit does not."""
    return text.isascii() or not any(_STANDS_FOR_OTHERS.match(unicodedata.decomposition(sign)) for sign in text)


Kind = Literal["text", "day", "yen", "code", "truth"]
Choices = Sequence[tuple[str, str | Promise]]


class StrictWidget(widgets.Widget):
    """Reads a cell of whatever column: what is the same for all is decided here, the rest by ``read``.

    A word has a length that is looked at first, so that no long text is brought into standard form only to be refused.
    """

    kind: ClassVar[Kind] = "text"
    is_word: ClassVar[bool] = True
    is_telling: ClassVar[bool] = False  # whether what it takes is taken for little else

    @property
    def offered(self) -> Choices:
        """The codes that a drop-down offers, each with its label."""
        return ()

    def read(self, cell: Cell) -> Parsed:
        """The value of a cell that has one. Raises BadCell."""
        raise NotImplementedError

    def parse(self, cell: Cell) -> Parsed:
        """The value of any cell, and what is to be said of it. Raises BadCell."""
        if cell.kind == "empty":
            return NOTHING
        if cell.kind == "error":
            raise BadCell("cell_error")
        if cell.kind == "formula":
            raise BadCell("formula_without_value")
        length = len(cell.text) if len(cell.text) <= WORD_AT_MOST else len(cell.text.strip(BLANKS))
        if self.is_word and length > WORD_AT_MOST:
            raise BadCell("text_too_long", length=length, limit=WORD_AT_MOST)
        if length <= WORD_AT_MOST and cell.text[-1:] in "]\uff3d" + BLANKS and plain(cell.text).casefold() in _CLEARING:
            return CLEARED
        return self.read(cell)

    def clean(self, value: Held, row: object = None, **_kwargs: Passed) -> Held:
        """As the library asks: the value alone, of a cell or of anything a cell may hold. Raises BadCell."""
        cell = cell_of(value)
        try:
            return self.parse(cell).value
        except BadCell as bad:
            raise BadCell(bad.code, **{"value": cell.text, **bad.values}) from None

    def render(self, value: Held, obj: object = None, **_kwargs: Passed) -> Held:
        """A value keeps its type: a day stays a day, yen stay a number."""
        return value


class Text(StrictWidget):
    """A text of at most so many signs, without the blanks around it."""

    is_word = False

    def __init__(self, max_length: int) -> None:
        super().__init__()
        self.max_length = max_length

    def read(self, cell: Cell) -> Parsed:
        if cell.kind in {"day", "instant"}:
            raise BadCell("cell_became_date")
        if cell.number is not None and abs(cell.number) >= _DIGITS_KEPT:
            raise BadCell("number_lost_digits")
        found = cell.text.strip(BLANKS)
        if len(found) > self.max_length:
            raise BadCell("text_too_long", length=len(found), limit=self.max_length)
        if _ERROR.fullmatch(found):
            raise BadCell("cell_error")
        found = mended(found)
        if (sign := lost_sign(found)) and not CONTROL.search(found):  # of which the whole file's reader has said so
            raise BadCell("text_is_lost", sign=sign)
        flags = [("text_has_mark_of_absence", dict[str, Any]())] if ABSENT in found else []
        return Parsed(found, None if found == cell.text else cell.text, tuple(flags))


class WholeYen(StrictWidget):
    """Whole yen from 0 up, grouped by threes or not at all."""

    kind = "yen"

    def read(self, cell: Cell) -> Parsed:
        typed = plain(cell.text).translate(_HYPHENS)
        if cell.kind not in {"text", "number"}:
            raise BadCell("yen_not_number")
        if not (_YEN.fullmatch(typed) or _GROUPED_YEN.fullmatch(typed)):
            raise BadCell(_first_like(_NOT_YEN, typed, otherwise="yen_not_number"))
        yen = int(typed.replace(",", ""))
        if yen > YEN_AT_MOST:
            raise BadCell("yen_too_large", limit=f"{YEN_AT_MOST:,}")
        return Parsed(yen, None if cell.text == str(yen) else cell.text)


def _first_like(patterns: Mapping[str, re.Pattern[str]], typed: str, *, otherwise: str) -> str:
    return next((code for code, pattern in patterns.items() if pattern.fullmatch(typed)), otherwise)


class Day(StrictWidget):
    """A day: a date cell, 2026-04-01, 2026/4/1, or with era, year, month and day in Japanese."""

    kind, is_telling = "day", True

    def read(self, cell: Cell) -> Parsed:
        if cell.day is not None:
            return Parsed(cell.day)
        if cell.kind != "text":
            raise BadCell({"number": "day_serial", "instant": "day_with_time"}.get(cell.kind, "day_not_read"))
        typed = "".join(plain(cell.text).translate(_HYPHENS).casefold().split())
        if found := _WESTERN.fullmatch(typed):
            value = _calendar(int(found[1]), found[3] or found[5], found[4] or found[6])
        elif found := _JAPANESE.fullmatch(typed):
            value = _in_era(found[1], found[2], found[4] or found[6], found[5] or found[7])
        else:
            raise BadCell(_first_like(_NOT_DAY, typed, otherwise="day_not_read"))
        return Parsed(value, None if cell.text == value.isoformat() else cell.text)


def _calendar(year: int, month: str, day: str) -> datetime.date:
    try:
        return datetime.date(year, int(month), int(day))
    except ValueError:
        _refuse("day_impossible")


def _in_era(era: str, year: str, month: str, day: str) -> datetime.date:
    before, first, last = _ERAS[era]
    found = _calendar(before + (1 if year == _FIRST_YEAR else int(year)), month, day)
    return found if first <= found <= last else _refuse("day_outside_era")


def _refuse(code: str) -> NoReturn:
    raise BadCell(code) from None
