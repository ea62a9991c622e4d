"""What is said about a file: a place as Excel shows it, the value found, and one sentence with the remedy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aspire.refusals import Refusal


class Tier(IntEnum):
    """How much a finding weighs: it blocks the file, is accepted and marked for follow-up, or is only told."""

    BLOCK = 1
    FLAG = 2
    NOTE = 3


# One sentence a code: what is wrong, the value or limit, and what to do. A literal percent sign is doubled.
SENTENCES: dict[str, Promise] = {
    "file_empty": _("The file is empty. Send one with a header row and at least one row under it."),
    # --- what goes out -----------------------------------------------------------------------------------------
    "text_too_long_to_write": _(
        "The text has %(length)s characters, and a cell of Excel holds %(limit)s. Shorten it, then export again."
    ),
    "character_unwritable": _("The text holds half a character, which no file can keep. Type the text anew."),
    "too_many_rows_to_write": _(
        "A sheet of Excel holds %(limit)s rows under its header. Narrow the filter, or export as CSV."
    ),
    "not_in_cp932": _(
        "CP932 (Shift JIS) has no “%(value)s” (%(code_point)s); the file says “%(written)s” instead. "
        "Export as UTF-8 to keep it, and do not import this file again."
    ),
}


@dataclass(frozen=True)
class Fault:
    """One finding about a file. ``row`` and ``column`` (letters) are Excel's own; None where it is about the file."""

    code: str
    row: int | None = None
    column: str | None = None
    header: str | None = None
    value: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    tier: Tier = Tier.BLOCK
    refusal: Refusal | None = None  # a rule of the programme: its own sentence is said instead

    @property
    def sentence(self) -> str:
        """The sentence in the active language."""
        if self.refusal:
            return self.refusal.sentence
        return str(SENTENCES[self.code]) % {"value": self.value or "", "header": self.header or "", **self.values}

    @property
    def place(self) -> str:
        """``B7`` or ``row 7``, as far as there is a place; an empty string for the whole file."""
        return f"{self.column or ''}{self.row or ''}"


class Unreadable(Exception):  # noqa: N818 - said of a file, not of the program
    """The file as a whole cannot be read; ``fault`` says why and what to do."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault
