"""What is said about a file: a place as Excel shows it, the value found, and one sentence with the remedy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aspire.refusals import Refusal

QUOTED_AT_MOST = 60  # signs


class Tier(IntEnum):
    """How much a finding weighs: it blocks the file, is accepted and marked for follow-up, or is only told."""

    BLOCK = 1
    FLAG = 2
    NOTE = 3


# One sentence a code: what is wrong, the value or limit, and what to do. A literal percent sign is doubled.
SENTENCES: dict[str, Promise] = {
    "file_empty": _("The file is empty. Send one with a header row and at least one row under it."),
    # --- the file ----------------------------------------------------------------------------------------------
    "file_too_large": _("The file is larger than %(limit)s MiB. Split it, or take out pictures and unused sheets."),
    "file_unpacks_too_large": _(
        "The workbook unpacks to more than %(limit)s MiB. Split it, or copy the table alone into a new workbook."
    ),
    "file_too_slow": _("Reading the file took longer than %(limit)s seconds and was stopped. Split it into parts."),
    "file_protected": _("The workbook is protected by a password. Save it without the password, then send it again."),
    "file_old_excel": _("This is a workbook of old Excel (.xls). Save it as .xlsx, then send it again."),
    "file_form_unknown": _("Only .xlsx, .csv, .tsv and .txt files are read. Save the table as .xlsx or .csv."),
    "file_renamed": _(
        "The content is not what the ending “%(suffix)s” says: the file was renamed or damaged. "
        "Open it in Excel and save it as .xlsx or .csv."
    ),
    "file_damaged": _("The workbook is damaged. Open it in Excel, let Excel repair it, and save it as .xlsx again."),
    "encoding_unknown": _(
        "The text is neither UTF-8 nor CP932 (Shift JIS) throughout. Save it as “CSV UTF-8” in Excel, or send .xlsx."
    ),
    "encoding_guessed": _(
        "The text is not Japanese in CP932 (Shift JIS); it may be %(nearest)s. "
        "Save it as “CSV UTF-8” in Excel, or send .xlsx."
    ),
    "quote_unclosed": _(
        "A quotation mark in this row is not closed, or a closed one is followed by text. "
        "Close it; within a text, write it twice."
    ),
    "rows_too_many": _(
        "The table reaches down to row %(rows)s; %(limit)s rows under the header are read at once. "
        "Split the file, or delete what stands far below the table."
    ),
    "columns_too_many": _(
        "Something stands in column number %(columns)s; %(limit)s columns are read. "
        "Delete what stands far to the right of the table."
    ),
    "sheets_several": _("Several sheets have something in them (%(sheets)s). Leave only the one to be read."),
    "sheets_hidden": _("Hidden sheets (%(sheets)s) were passed over. Please check that nothing of them is meant."),
    "sep_line": _("The first row only says “%(value)s”. It was followed and passed over; nothing is to be done."),
    "header_found": _(
        "The header is this row; %(rows)s rows above it were passed over. Please check that they are only titles."
    ),
    "rows_hidden": _("%(rows)s rows are hidden, and are read like the others. Please check that they belong."),
    "columns_hidden": _("%(columns)s columns are hidden, and are read like the others. Please check that they belong."),
    "cells_merged": _("Cells %(value)s are merged. Unmerge them, and fill in the value in each row."),
    "rows_missing": _("There is a header, but no row under it. Fill in at least one row."),
    # --- the header and the shape of rows ----------------------------------------------------------------------
    "column_unknown": _(
        "“%(value)s” is not a column of this table. The nearest is “%(nearest)s” (%(name)s). "
        "Correct the header, or delete the column."
    ),
    "column_missing": _("Column “%(label)s” (%(name)s) is missing. Add it, or start from the template."),
    "column_duplicate": _("“%(value)s” stands in column %(first)s already. Delete one of the two columns."),
    "row_short": _(
        "The row ends after %(cells)s of %(columns)s cells. Fill in the missing delimiters, or close a quotation mark."
    ),
    "row_long": _(
        "The row has %(cells)s cells, but the header %(columns)s. "
        "Put quotation marks around a text that has the delimiter in it."
    ),
    "cell_without_header": _("“%(value)s” stands under no header. Delete it, or name the column."),
    "totals_row": _("This looks like a row of totals (“%(value)s”). Delete the row; totals are worked out here."),
    # --- one cell, whatever its column -------------------------------------------------------------------------
    "cell_too_long": _("The cell has %(characters)s characters or more; at most %(limit)s are read. Shorten it."),
    "cell_has_control_character": _(
        "The cell has an invisible control character (%(sign)s), shown here as “\u2423”. Type the text anew."
    ),
    "cell_error": _("The cell shows the error “%(value)s”. Correct the formula, or type the value."),
    "formula_without_value": _(
        "The cell has a formula without a saved value. Open the file in Excel and save it, or type the value."
    ),
    "cell_became_date": _(
        "Excel made the date “%(value)s” of what was typed. Format the cell as text, and type it again."
    ),
    "number_disguised": _(
        "The cell shows “%(shown)s”, but %(value)s is stored in it and is what is read "
        "(%(cells)s cells in this column). Please check the unit."
    ),
    "number_lost_digits": _(
        "Excel keeps 15 digits of a number, and this has more: “%(value)s”. Format the cell as text, and type it again."
    ),
    "text_is_lost": _(
        "The text holds a sign that was lost on the way or cannot be seen (%(sign)s). Type the text anew."
    ),
    "text_has_mark_of_absence": _(
        "“%(value)s” holds 〓, which stands where a sign was lost. Please check it, and type the sign."
    ),
    "text_too_long": _("The text has %(length)s characters; at most %(limit)s fit. Shorten it."),
    # --- yen ---------------------------------------------------------------------------------------------------
    "yen_has_unit": _("“%(value)s” has a unit. Enter whole yen as digits alone, such as 26000000."),
    "yen_not_whole": _("“%(value)s” is not a whole number of yen. Enter it without a decimal point."),
    "yen_negative": _("“%(value)s” is below ¥0. Enter 0 or more."),
    "yen_exponent": _("“%(value)s” is in scientific notation. Enter all digits, such as 26000000."),
    "yen_grouping": _("The commas of “%(value)s” do not group by threes. Enter 26,000,000 or 26000000."),
    "yen_too_large": _("“%(value)s” is above ¥%(limit)s. Enter whole yen, and check the number of zeros."),
    "yen_not_number": _("“%(value)s” is not an amount. Enter whole yen as digits alone, such as 26000000."),
    # --- days --------------------------------------------------------------------------------------------------
    "day_impossible": _("The calendar has no day “%(value)s”. Correct it."),
    "day_two_digit_year": _("“%(value)s” has a year of two digits. Write all four, such as 2026/4/1."),
    "day_order_ambiguous": _("“%(value)s” could be read in two ways. Write the year first, such as 2026/4/1."),
    "day_serial": _("“%(value)s” is a bare number, not a date. Format the cell as a date, or write 2026/4/1."),
    "day_with_time": _("“%(value)s” has a time of day. Enter the date alone, such as 2026/4/1."),
    "day_outside_era": _("“%(value)s” lies outside its era. Write the year in the western calendar, such as 2026/4/1."),
    "day_not_read": _("“%(value)s” is not read as a date. Write it as 2026/4/1 or 2026-04-01."),
    # --- codes, yes and no, researcher numbers -----------------------------------------------------------------
    "code_unknown": _(
        "“%(value)s” is not in the list of “%(header)s”. The nearest is “%(nearest)s”. Choose one of the list."
    ),
    "code_not_listed": _("“%(value)s” is not in the list of “%(header)s”. Choose one of the list."),
    "truth_unknown": _("“%(value)s” is not taken for yes or no. Enter ○ or ×, or yes or no."),
    "researcher_number_lost_zeros": _(
        "“%(value)s” has %(digits)s digits instead of 8: Excel drops leading zeros. "
        "Format the cell as text, and type the number again."
    ),
    "researcher_number_form": _("“%(value)s” is no researcher number. Enter the 8 digits of e-Rad alone."),
    "researcher_number_check_digit": _(
        "The check digit of researcher number “%(value)s” does not fit: a digit may be wrong. Please check it."
    ),
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
        said = {"value": self.value or "", "header": self.header or "", **self.values}
        return str(SENTENCES[self.code]) % {name: quoted(value) for name, value in said.items()}

    @property
    def place(self) -> str:
        """``B7`` or ``row 7``, as far as there is a place; an empty string for the whole file."""
        return f"{self.column or ''}{self.row or ''}"


def quoted(value: object) -> object:
    """A value as a sentence quotes it: of a long text only the beginning."""
    text = str(value)
    return value if len(text) <= QUOTED_AT_MOST else f"{text[:QUOTED_AT_MOST]}\u2026"


class Unreadable(Exception):  # noqa: N818 - said of a file, not of the program
    """The file as a whole cannot be read; ``fault`` says why and what to do."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault
