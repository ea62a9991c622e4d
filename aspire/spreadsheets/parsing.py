"""What one cell means: strict readings that refuse rather than guess, and say what was put into standard form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aspire.spreadsheets.reading import Cell


class BadCell(Exception):  # noqa: N818 - said of a cell, not of the program
    """A cell that cannot be taken as it is: a code of the catalogue and the values of its sentence."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code, self.values = code, values


class Clear:
    """The word that empties a value; a blank cell leaves it."""

    def __repr__(self) -> str:
        return "CLEAR"


CLEAR: Final = Clear()


@dataclass(frozen=True)
class Parsed:
    """A value, the typed text where it was put into standard form, and what to follow up: codes with their values."""

    value: Any
    normalised_from: str | None = None
    flags: tuple[tuple[str, dict[str, Any]], ...] = ()


Parser = Callable[[Cell], Parsed]


def normalised(text: str) -> str:
    """The form in which names and codes are compared: width, case, kana script, spaces and dots make no difference."""
    raise NotImplementedError


def text(max_length: int) -> Parser:
    """A text of at most so many signs, without the blanks around it."""
    raise NotImplementedError


def whole_yen() -> Parser:
    """Whole yen from 0 up, grouped by threes or not at all."""
    raise NotImplementedError


def day() -> Parser:
    """A day: a date cell, 2026-04-01, 2026/4/1, or with era, year, month and day in Japanese."""
    raise NotImplementedError


def code(choices: Mapping[str, str], what: str) -> Parser:
    """One of the choices, ``normalised`` text to code; ``what`` names them in the sentence."""
    raise NotImplementedError


def truth() -> Parser:
    """Yes or no: a circle or a cross, yes or no, true or false."""
    raise NotImplementedError


def researcher_number() -> Parser:
    """The eight digits of an e-Rad researcher number, leading zeros included."""
    raise NotImplementedError
