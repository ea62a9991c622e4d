"""What a cell may hold, and how one is written in the XML of a sender's own workbook: exact for any text."""

import datetime
import re
from decimal import Decimal

Value = str | int | Decimal | datetime.date | datetime.datetime | None
LONGEST_TEXT = 32_767  # what a cell of Excel holds, in UTF-16 units

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
    return spelt(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def spelt(text: str) -> str:
    """The text with what XML cannot carry, or would change, spelt out as OOXML does."""
    return _ESCAPES.sub(lambda found: "_x005F_x" if found[0] == "_x" else f"_x{ord(found[0]):04X}_", text)


def plain_number(number: int | Decimal) -> str:
    """All digits, never an exponent."""
    return str(number) if isinstance(number, int) else f"{number:f}"


def text_cell(place: str, text: str, *, style: int | None = None, prefix: str = "") -> str:
    """A cell that is text and nothing else, whatever it begins with; ``prefix`` is that of the part's elements."""
    s, p = "" if style is None else f' s="{style}"', prefix
    space = "" if text.isprintable() and text == text.strip() else ' xml:space="preserve"'
    return f'<{p}c r="{place}"{s} t="inlineStr"><{p}is><{p}t{space}>{escaped(text)}</{p}t></{p}is></{p}c>'
