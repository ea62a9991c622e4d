"""What stands around the rows of a workbook: the header, its comments, drop-down lists, the sheets that explain."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Self

from django.utils.translation import gettext as _
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from aspire.workbooks import roundtrip
from aspire.workbooks.assembly import DAY_FORMAT, LAST_ROW, TEXT_FORMAT, YEN_FORMAT, Book, sheet_name, width
from aspire.workbooks.columns import StrictField
from aspire.workbooks.reading import BOUNDS, Cell
from aspire.workbooks.widgets import BadCell

Offer = Mapping[str, str]  # from a choice's code to what a drop-down offers for it

YES, NO = "\u25cb", "\u00d7"
LONGEST_CHOICES = 255  # signs of a drop-down list that stands in the cell's own rule
FEW_CHOICES = 12  # how many are spelt out beside the column's explanation
WIDTHS = {"text": 24, "day": 13, "yen": 15, "code": 16, "truth": 9}
WIDEST = 44
FORMATS = {"yen": YEN_FORMAT, "day": DAY_FORMAT}
HEADING = {"bold": True, "bg_color": "#E8EBF0"}
A4 = 9
COMMENT_WIDTH, COMMENT_LINE = 340, 20  # pixels


@dataclass(frozen=True)
class Frame:
    """A workbook with the sheet of the rows, its header written; ``lists`` are those that a third sheet will hold."""

    book: Book
    sheet: Worksheet
    columns: Sequence[StrictField]
    header: list[str]
    lists: list[tuple[str, list[str]]] = field(default_factory=list)

    @classmethod
    def begun(cls, name: str, columns: Sequence[StrictField], *, language: str) -> Self:
        """Labels in Japanese, fixed names in English; columns of a sensible width and format; a header in sight."""
        book = Book()
        frame = cls(book, book.add(name), columns, [str(c.label) if language == "ja" else c.name for c in columns])
        sheet = frame.sheet
        for index, (column, text) in enumerate(zip(columns, frame.header, strict=True)):
            wide = min(max(WIDTHS[column.kind], width(text) + 2), WIDEST)
            sheet.set_column(index, index, wide, book.look(FORMATS.get(column.kind, TEXT_FORMAT)))
            book.put(sheet, 0, index, text, **HEADING)
        sheet.freeze_panes(1, 1)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        texts = [index for index, column in enumerate(columns) if column.kind in {"text", "code"}]
        if texts:  # there Excel does not remark that a number stands as text
            places = " ".join(f"{(letter := xl_col_to_name(index))}1:{letter}{LAST_ROW}" for index in texts)
            sheet.ignore_errors({"number_stored_as_text": places})
        return frame

    def add_comments(self, needed: Collection[str]) -> None:
        """On each header: the fixed English name, whether the file must have it, the meaning, an example."""
        for index, column in enumerate(self.columns):
            example = _("Example: %(example)s") % {"example": column.example}
            lines = [column.name, _need(column, needed), str(column.meaning), example]
            height = COMMENT_LINE * sum(1 + width(line) // 44 for line in lines) + COMMENT_LINE
            how = {"author": "ASPIRE", "width": COMMENT_WIDTH, "height": height}
            self.sheet.write_comment(0, index, "\n".join(lines), how)

    def add_notes(self, notes: Iterable[str]) -> Worksheet:
        """The second sheet, which is not read on the way in, with a line for each note."""
        sheet = self.book.add(str(roundtrip.NOTES_SHEET))
        for row, note in enumerate(notes):
            self.book.put(sheet, row, 0, note, text_wrap=False)
        return sheet

    def add_explanations(
        self, offers: Sequence[Offer], *, title: str, notes: Sequence[str], needed: Collection[str]
    ) -> None:
        """The second sheet: how to fill in the first, then a row for each column."""
        book, lines = self.book, [*notes, *_how_to()]
        sheet = book.add(str(roundtrip.NOTES_SHEET))
        titles = [_("Column"), _("English name"), _("In the file"), _("Meaning"), _("Example"), _("Choices")]
        for index, wide in enumerate([24, 26, 20, 60, 26, 44]):
            sheet.set_column(index, index, wide)
        book.put(sheet, 0, 0, title, text_wrap=False, bold=True, font_size=14)
        for row, note in enumerate(lines, 1):
            book.put(sheet, row, 0, note, text_wrap=False)
        first = len(lines) + 2
        for index, text in enumerate(titles):
            book.put(sheet, first, index, text, **HEADING)
        for row, (column, text, offer) in enumerate(zip(self.columns, self.header, offers, strict=True), first + 1):
            need, example = _need(column, needed), str(column.example)
            cells = [text, column.name, need, str(column.meaning), example, _choices(column, offer)]
            for index, cell in enumerate(cells):
                book.put(sheet, row, index, cell)

    def add_drop_downs(self, offers: Sequence[Offer]) -> None:
        """A list for each column with choices: in the cell's rule if it is short, or else on a third sheet in sight.

        A list warns and does not forbid, since a cell may also say that the value is to be emptied.
        """
        said = {"error_title": _("Not on the list"), "error_type": "warning", "ignore_blank": True}
        said["error_message"] = _("Choose one of the list, or write [clear] to empty the value.")
        for index, (text, offer) in enumerate(zip(self.header, offers, strict=True)):
            if offer:
                source = _in_the_rule(offer) or self._on_the_lists_sheet(text, offer)
                self.sheet.data_validation(1, index, BOUNDS.rows, index, {"validate": "list", "source": source, **said})

    def _on_the_lists_sheet(self, text: str, offer: Offer) -> str:
        self.lists.append((text, list(offer.values())))
        letter = xl_col_to_name(len(self.lists) - 1)
        name = sheet_name(str(roundtrip.LISTS_SHEET)).replace("'", "''")
        return f"='{name}'!${letter}$2:${letter}${len(offer) + 1}"

    def add_lists(self) -> None:
        """The third sheet, where a drop-down needs it."""
        if not self.lists:
            return
        sheet = self.book.add(str(roundtrip.LISTS_SHEET))
        sheet.set_column(0, len(self.lists) - 1, WIDEST)
        for index, (text, _entries) in enumerate(self.lists):
            self.book.put(sheet, 0, index, text, **HEADING)
        for row, entries in enumerate(zip_longest(*(entries for _text, entries in self.lists), fillvalue=""), 1):
            for index, entry in enumerate(entries):
                self.book.put(sheet, row, index, entry)


def offers_of(column: StrictField) -> Offer:
    """What a drop-down offers for each code: the label where the column reads it as that code, or else the code."""
    if column.kind == "truth" and not column.choices:
        return {YES: YES, NO: NO}
    labels = Counter(label for _code, label in column.choices)
    return {
        code: label if labels[label] == 1 and _is_read_alike(column, label, code) else code
        for code, label in column.choices
    }


def _is_read_alike(column: StrictField, label: str, code: str) -> bool:
    try:
        return bool(column.parse(Cell("text", label)).value == column.parse(Cell("text", code)).value)
    except BadCell:
        return False


def _in_the_rule(offer: Offer) -> list[str] | None:
    entries = list(offer.values())
    fits = len(",".join(entries).encode("utf-16-le")) <= LONGEST_CHOICES * 2
    return entries if fits and not any(set(entry) & {",", '"'} for entry in entries) else None


def _choices(column: StrictField, offer: Offer) -> str:
    if len(offer) > FEW_CHOICES:
        return _("Choose from the list in the cell.")
    labels = dict(column.choices)
    return "\n".join(
        entry if labels.get(code, entry) in {entry, ""} else f"{entry} ({labels[code]})"
        for code, entry in offer.items()
    )


def _need(column: StrictField, needed: Collection[str]) -> str:
    if column.is_required:
        return _("Required column")
    return _("Needed in a new row") if column.name in needed else _("May be left out")


def _how_to() -> list[str]:
    return [
        _("One row is one record. Fill in the first sheet only; the other sheets are not read."),
        _("Headers may be in Japanese or English, in any order. A column that is not required may be left out."),
        _("In a record that exists, an empty cell leaves the value as it is; write [clear] to empty it."),
        _("Write yen as whole digits, days as 2026-04-01, yes and no as a circle and a cross (see the examples)."),
        _("Do not merge cells, hide rows or add a row of totals. Before anything is saved, every fault is named."),
    ]
