"""What one cell means that says one of few things: a code, yes or no, the number of a researcher."""

import difflib
import re
from collections.abc import Callable, Mapping
from functools import cached_property

from aspire.workbooks.cells import BLANKS, Cell
from aspire.workbooks.widgets import BadCell, Choices, Parsed, StrictWidget, is_spelt_out, normalised, plain

HINTS = 100  # different texts of a file for which the nearest code is named
_YES = {"\u25cb", "\u25ef", "\u3007", "yes", "true"}  # circles, also large and as a numeral
_NO = {"\u00d7", "\u2715", "\u2716", "\u2717", "no", "false"}  # crosses, also heavy and as a multiplication sign
_MONTH, _DAY = "\u6708", "\u65e5"
_LIKE_DATE = re.compile(
    f"[0-9]{{1,4}}[-/][0-9]{{1,2}}(?:[-/][0-9]{{1,4}})?|[0-9]{{1,2}}{_MONTH}[0-9]{{1,2}}{_DAY}|[0-9]{{1,2}}-[a-z]{{3}}(?:-[0-9]+)?|[a-z]{{3}}-[0-9]{{2}}"
)
_RESEARCHER = re.compile("[0-9]{8}")


class Code(StrictWidget):
    """One of the choices, ``normalised`` text to code, or what finds them once; ``what`` names them in the sentence."""

    kind, is_telling = "code", True

    def __init__(
        self, choices: Mapping[str, str] | Callable[[], Mapping[str, str]], what: str, *, offered: Choices = ()
    ) -> None:
        super().__init__()
        self._choices, self.what, self._offered = choices, what, offered

    @property
    def offered(self) -> Choices:
        return self._offered

    @cached_property
    def choices(self) -> Mapping[str, str]:
        """Every way to write a code, as names are compared → the code."""
        return self._choices() if callable(self._choices) else self._choices

    @cached_property
    def nearest_to(self) -> "Nearest":
        """The code whose name comes nearest."""
        return Nearest(self.choices)

    def read(self, cell: Cell) -> Parsed:
        if cell.kind in {"day", "instant"}:
            raise BadCell("cell_became_date")
        found = self.choices.get(normalised(cell.text.strip(BLANKS))) if is_spelt_out(cell.text) else None
        if found is None and _LIKE_DATE.fullmatch(plain(cell.text).casefold()):
            raise BadCell("cell_became_date")
        if found is None:
            near = self.nearest_to(cell.text)
            raise BadCell("code_unknown" if near else "code_not_listed", what=self.what, nearest=near)
        return Parsed(found)


def nearest(text: str, choices: Mapping[str, str]) -> str:
    """The code whose name comes nearest to the text."""
    found = difflib.get_close_matches(normalised(text[:100]), choices, n=1, cutoff=0.0)
    return choices[found[0]] if found else ""


class Nearest:
    """As ``nearest``, but for the first 100 different texts alone: a file of 20,000 must not take a minute."""

    def __init__(self, choices: Mapping[str, str]) -> None:
        self._choices, self._found = choices, dict[str, str]()

    def __call__(self, text: str) -> str:
        """The code, or nothing where it is not sought."""
        if text not in self._found and len(self._found) < HINTS:
            self._found[text] = nearest(text, self._choices)
        return self._found.get(text, "")


class Truth(StrictWidget):
    """Yes or no: a circle or a cross, yes or no, true or false."""

    kind = "truth"

    def read(self, cell: Cell) -> Parsed:
        typed = plain(cell.text).casefold()
        if typed not in _YES | _NO:
            raise BadCell("truth_unknown")
        return Parsed(typed in _YES)


class ResearcherNumber(StrictWidget):
    """The eight digits of an e-Rad researcher number, leading zeros included."""

    is_telling = True

    def read(self, cell: Cell) -> Parsed:
        typed = plain(cell.text)
        if cell.kind not in {"text", "number"}:
            raise BadCell("cell_became_date" if cell.kind in {"day", "instant"} else "researcher_number_form")
        if not _RESEARCHER.fullmatch(typed):
            if typed.isdecimal() and len(typed) < len("00000000"):
                raise BadCell("researcher_number_lost_zeros", digits=len(typed))
            raise BadCell("researcher_number_form")
        flags = () if has_check_digit(typed) else (("researcher_number_check_digit", {"value": typed}),)
        return Parsed(typed, None if typed == cell.text else cell.text, flags)


def has_check_digit(number: str) -> bool:
    """Whether a researcher number begins with the digit that the others call for."""
    return int(number[0]) == check_digit(number[1:])


def check_digit(others: str) -> int:
    """The first digit of a researcher number: the last one of the sum of the others, every second of them doubled."""
    return sum(int(digit) * (1 + place % 2) for place, digit in enumerate(others)) % 10
