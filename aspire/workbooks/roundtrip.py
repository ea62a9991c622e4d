"""What we add to a file on its way out and take off on its way in: a guard before a text, a column, two sheets."""

import re
import unicodedata

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

# What a spreadsheet program takes for the beginning of a formula, also full-width, small, or behind what nobody sees.
_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"
_UNSEEN = "\\s\\x00-\\x1f\\x7f-\\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff"
_LIVE = re.compile(f"'*(?:[\t\r\n]|[{_UNSEEN}]*[{_SIGNS}])")

NOTES_SHEET = _("Columns explained")
LISTS_SHEET = _("lists")
ERRORS_HEADER = _("Errors (not read)")


def is_live(text: str) -> bool:
    """Whether a spreadsheet program might take the text for a formula, with or without apostrophes before it."""
    return _LIVE.match(text) is not None


def guarded(text: str) -> str:
    """The text with an apostrophe before it where it might become a formula; ``unguarded`` takes it off again."""
    return f"'{text}" if is_live(text) else text


def unguarded(text: str) -> str:
    """The text as it was before ``guarded``: for every text, ``unguarded(guarded(text)) == text``.

    A workbook needs no guard but keeps that of a CSV saved as one, so both forms are read through this.
    """
    return text[1:] if text.startswith("'") and is_live(text[1:]) else text


_HEAD = 100  # signs of a header that are looked at


def is_errors_header(header: str) -> bool:
    """Whether the column is the one that an annotated copy added: left out when the mended copy comes in.

    In a copy the words may be followed by what is wrong with the file as a whole.
    """
    return _plain(header[:_HEAD]).startswith(tuple(_in_either_language(ERRORS_HEADER)))


def is_own_sheet(name: str) -> bool:
    """Whether the sheet is one of a template's explaining ones, which are not read."""
    return _plain(name) in {*_in_either_language(NOTES_SHEET), *_in_either_language(LISTS_SHEET)}


def _in_either_language(words: Promise) -> list[str]:
    found = []
    for language in ("ja", "en"):
        with override(language):
            found.append(_plain(str(words)))
    return found


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()
