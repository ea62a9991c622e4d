"""What stands around the rows of a workbook: the header, its comments, drop-down lists, the sheets that explain."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from aspire.workbooks import assembly, roundtrip
from aspire.workbooks.columns import StrictField
from aspire.workbooks.reading import BOUNDS, Cell
from aspire.workbooks.widgets import BadCell

Offer = Mapping[str, str]  # from a choice's code to what a drop-down offers for it

YES, NO = "\u25cb", "\u00d7"
LONGEST_CHOICES = 255  # signs of a drop-down list that stands in the cell's own rule
FEW_CHOICES = 12  # how many are spelt out beside the column's explanation
WIDTHS = {"text": 24, "day": 13, "yen": 15, "code": 16, "truth": 9}
WIDEST = 44
FORMATS = {"yen": assembly.YEN_FORMAT, "day": assembly.DAY_FORMAT}
HEADER_FILL = PatternFill("solid", fgColor="FFE8EBF0")
A4 = 9
COMMENT_WIDTH, COMMENT_LINE = 340, 20  # pixels


def add_header(sheet: Worksheet, columns: Sequence[StrictField], *, language: str) -> list[str]:
    """Labels in Japanese, fixed names in English; columns of a sensible width and format; a header always in sight."""
    header = [str(column.label) if language == "ja" else column.name for column in columns]
    for index, (column, text) in enumerate(zip(columns, header, strict=True), 1):
        _heading(sheet, 1, index, text)
        dimension = sheet.column_dimensions[get_column_letter(index)]
        dimension.width = min(max(WIDTHS[column.kind], assembly.width(text) + 2), WIDEST)
        dimension.number_format = FORMATS.get(column.kind, assembly.TEXT_FORMAT)
    sheet.freeze_panes = "B2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    return header


def add_comments(sheet: Worksheet, columns: Sequence[StrictField], *, needed: Collection[str]) -> None:
    """On each header: the fixed English name, whether the file must have it, the meaning, an example."""
    for index, column in enumerate(columns, 1):
        lines = [
            column.name,
            _need(column, needed),
            str(column.meaning),
            _("Example: %(example)s") % {"example": column.example},
        ]
        comment = Comment("\n".join(lines), "ASPIRE", width=COMMENT_WIDTH)
        comment.height = COMMENT_LINE * sum(1 + assembly.width(line) // 44 for line in lines) + COMMENT_LINE
        sheet.cell(1, index).comment = comment


def add_notes(book: Workbook, notes: Iterable[str]) -> Worksheet:
    """The second sheet, which is not read on the way in, with a line for each note."""
    sheet = book.create_sheet(str(roundtrip.NOTES_SHEET))
    for row, note in enumerate(notes, 1):
        assembly.put(sheet, row, 1, note).alignment = Alignment(vertical="top")
    return sheet


def add_explanations(
    book: Workbook,
    columns: Sequence[StrictField],
    *,
    header: Sequence[str],
    offers: Sequence[Offer],
    notes: Sequence[str],
    needed: Collection[str],
) -> None:
    """The second sheet: how to fill in the first, then a row for each column."""
    sheet = add_notes(book, [*notes, *_how_to()])
    first = sheet.max_row + 2
    titles = [_("Column"), _("English name"), _("In the file"), _("Meaning"), _("Example"), _("Choices")]
    for index, (title, width) in enumerate(zip(titles, [24, 26, 20, 60, 26, 44], strict=True), 1):
        _heading(sheet, first, index, title)
        sheet.column_dimensions[get_column_letter(index)].width = width
    for row, (column, text, offer) in enumerate(zip(columns, header, offers, strict=True), first + 1):
        need, example = _need(column, needed), str(column.example)
        cells = [text, column.name, need, str(column.meaning), example, _choices(column, offer)]
        for index, cell in enumerate(cells, 1):
            assembly.put(sheet, row, index, cell)
    sheet["A1"].font = Font(bold=True, size=14)


def add_drop_downs(book: Workbook, sheet: Worksheet, *, header: Sequence[str], offers: Sequence[Offer]) -> None:
    """A list for each column with choices: in the cell's rule if it is short, or else on a third sheet in plain sight.

    A list warns and does not forbid, since a cell may also say that the value is to be emptied.
    """
    for index, (text, offer) in enumerate(zip(header, offers, strict=True), 1):
        if not offer:
            continue
        source = _in_the_rule(offer) or _on_the_lists_sheet(book, text, offer)
        rule = DataValidation("list", formula1=source, allow_blank=True, errorStyle="warning", showErrorMessage=True)
        rule.errorTitle = _("Not on the list")
        rule.error = _("Choose one of the list, or write [clear] to empty the value.")
        letter = get_column_letter(index)
        rule.add(f"{letter}2:{letter}{BOUNDS.rows + 1}")
        sheet.add_data_validation(rule)


def offers(column: StrictField) -> Offer:
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


def _in_the_rule(offer: Offer) -> str | None:
    entries = list(offer.values())
    joined = ",".join(entries)
    fits = len(joined.encode("utf-16-le")) <= LONGEST_CHOICES * 2
    return f'"{joined}"' if fits and not any(set(entry) & {",", '"'} for entry in entries) else None


def _on_the_lists_sheet(book: Workbook, text: str, offer: Offer) -> str:
    name = str(roundtrip.LISTS_SHEET)
    sheet = book[name] if name in book.sheetnames else book.create_sheet(name)
    index = sheet.max_column + 1 if sheet["A1"].value else 1
    _heading(sheet, 1, index, text)
    letter = get_column_letter(index)
    sheet.column_dimensions[letter].width = WIDEST
    for row, entry in enumerate(offer.values(), 2):
        assembly.put(sheet, row, index, entry)
    return f"{quote_sheetname(name)}!${letter}$2:${letter}${len(offer) + 1}"


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


def _heading(sheet: Worksheet, row: int, column: int, text: str) -> None:
    cell = assembly.put(sheet, row, column, text)
    cell.font, cell.fill = Font(bold=True), HEADER_FILL


def _how_to() -> list[str]:
    return [
        _("One row is one record. Fill in the first sheet only; the other sheets are not read."),
        _("Headers may be in Japanese or English, in any order. A column that is not required may be left out."),
        _("In a record that exists, an empty cell leaves the value as it is; write [clear] to empty it."),
        _("Write yen as whole digits, days as 2026-04-01, yes and no as a circle and a cross (see the examples)."),
        _("Do not merge cells, hide rows or add a row of totals. Before anything is saved, every fault is named."),
    ]
