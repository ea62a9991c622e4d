"""The rows of a worksheet in one canonical spelling: what the fast engine is given instead of what was sent.

Cells that the engine would lose or misread (texts, truths, errors, formulas without a value) are handed over as texts
that name them. So is every shared text, which is thus made once, however often it is used.
"""

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from aspire.workbooks.cells import EMPTY, Bounds, Cell, Deadline, column_number, letters, refusal, text_cell
from aspire.workbooks.faults import Unreadable
from aspire.workbooks.formats import Formats, percent, seen
from aspire.workbooks.packages import attributes, damaged, unescaped

# A row as Excel, LibreOffice, Google and most libraries write it, with numbers and texts alone. The column is below CA,
# since a cell far out would have the engine lay out everything before it.
_PLAIN_CELL = (
    rb"(?: s=\"[0-9]{1,5}\")?(?:/>| t=\"s\"><v>[0-9]{1,7}</v></c>| t=\"b\"><v>[01]</v></c>"
    rb"| t=\"inlineStr\"><is><t(?: xml:space=\"preserve\")?>[^<]*+</t></is></c>"
    rb"| t=\"inlineStr\"></c>"
    rb"|(?: t=\"n\")?><v>-?[0-9]{1,20}(?:\.[0-9]{1,20})?</v></c>)"
)
# What is no character by its name or number as many libraries write it: a control character, one of Excel's escapes.
_ODD_SIGN = re.compile(
    rb"&(?!(?:amp|lt|gt|quot|apos|#10|#1[6-9][0-9]|#[2-9][0-9]{2}|#[1-9][0-9]{3,5}|#x[1-9a-fA-F][0-9a-fA-F]{2,4});)"
)
# Atomic groups, never possessive ones, which some Pythons 3.11 match wrongly (CPython issues 100061 and 106052);
# counted, since each repetition of a group takes memory. What goes beyond is read the slow way.
_PLAIN_ROW = re.compile(
    rb"<row r=\"([1-9][0-9]{0,6})\"([^<>]*)>((?>(?:<c r=\"[AB]?[A-Z]\1\"" + _PLAIN_CELL + rb"){0,78}))</row>\s*"
)
_UNPLACED_ROW = re.compile(rb"<row(?=[\s>])([^<>]*)(?<!/)>((?>(?:<c" + _PLAIN_CELL + rb"){0,78}))</row>\s*")
_EMPTY_ROWS = re.compile(rb"(?>(?:<row r=\"([1-9][0-9]{0,6})\"[^<>]*(?:/>|></row>)\s*){1,1000})")
_ROW = re.compile(rb"<row(?=[\s/>])([^<>]*)(?:(?<=/)>|>(.*?)</row>)\s*", re.DOTALL)
_CELL = re.compile(rb"\s*<c(?=[\s/>])([^<>]*)(?:(?<=/)>|>(.*?)</c>)\s*", re.DOTALL)
_USUAL = re.compile(rb"(?: r=\"(\w{1,10})\")?(?: s=\"(\w{1,5})\")?(?: t=\"(\w{1,9})\")?/?")
_REST_OF_ROW = re.compile(rb"\s*(?:<extLst.*)?", re.DOTALL)
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_VALUE = re.compile(rb"<v(?:\s[^<>]*)?>([^<]*)</v>")
_TEXT = re.compile(r"<t(?:\s[^<>]*)?(?<!/)>([^<]*)</t>")
_PHONETIC = re.compile(r"<rPh(?=[\s>]).*?(?:</rPh>|\Z)", re.DOTALL)
_ESCAPED = re.compile("_x(?![dD][89A-Fa-f])([0-9A-Fa-f]{4})_")
_SPACED_TEXT_BEGINS, _TEXT_BEGINS = b' t="inlineStr"><is><t xml:space="preserve">', b' t="str"><v>t'
_SHOWN = 60  # signs of a number that is quoted
_ODD_AT_MOST = 100_000  # rows without a value that are written as no program writes them
_NUMBER = re.compile(rb"[-+]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][-+]?[0-9]{1,4})?")
_INDEX, _STYLE = re.compile(rb"[0-9]{1,7}"), re.compile("[0-9]{1,5}")
_HIDDEN = re.compile(rb"\shidden\s*=\s*[\"'](?:1|true)[\"']")
_NAMED_CELL = re.compile(rb" t=\"str\"><v>([^<]*)</v>")
_FORMULA = re.compile(rb"<f(?=[\s/>])")


@dataclass
class Rows:
    """The canonical rows, and what they name: shared texts by number, inline ones by themselves, others by a mark."""

    texts: list[str]
    marked: list[Cell] = field(default_factory=list)
    rows: list[bytes] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    values: int = 0
    formats: Formats = field(default_factory=Formats)
    disguised: dict[int, tuple[int, str, str, int]] = field(default_factory=dict)  # column → row, stored, shown, cells

    def mark(self, cell: Cell) -> bytes:
        """A name for the cell."""
        self.marked.append(cell)
        return b"m%d" % (len(self.marked) - 1)

    def cell(self, name: str) -> Cell:
        """The cell of that name."""
        if name.startswith("t"):
            return text_cell(name[1:])
        if name.startswith("m"):
            return self.marked[int(name[1:])]
        if name.startswith("b"):
            return Cell("truth", "TRUE" if name == "b1" else "FALSE")
        try:
            return text_cell(rich_text(self.texts[int(name)]))
        except IndexError:
            damaged()


def rich_text(item: str) -> str:
    """The text of a shared or inline string: its runs joined, without the reading that Excel keeps with kanji."""
    if item.startswith("<si><t>") and item.find("<", len("<si><t>")) == len(item) - len("</t>"):
        text = item[len("<si><t>") : -len("</t>")]
    else:
        text = "".join(_TEXT.findall(_PHONETIC.sub("", item)))
    if "&" in text:
        text = unescaped(text)
    return _ESCAPED.sub(lambda sign: chr(int(sign[1], 16)), text) if "_x" in text else text


def canonical(data: bytes, texts: list[str], bounds: Bounds, *, formats: Formats) -> Rows:
    """The rows between ``<sheetData>`` and its end. Raises Unreadable."""
    found, deadline = Rows(texts, formats=formats), Deadline(bounds)
    is_plain = _is_plain(formats)
    position, previous, data = 0, 0, data.strip()
    odd = 0
    if data.count(b"<c") > (bounds.rows + 1) * bounds.columns:
        raise refusal("file_unpacks_too_large", limit=bounds.unpacked_bytes // 2**20)
    while position < len(data):
        deadline.check()
        if empty := _EMPTY_ROWS.match(data, position):
            position, previous = empty.end(), _after(int(empty[1]), previous)
            continue
        row = _PLAIN_ROW.match(data, position)
        unplaced = None if row else _UNPLACED_ROW.match(data, position)
        if row and is_plain(row[3]):
            number, tag, cells = int(row[1]), row[2], _named(row[3])
        elif unplaced and is_plain(unplaced[2]) and unplaced[2].count(b"<c") <= bounds.columns:
            row, tag = unplaced, unplaced[1]
            number = _row_number(tag, previous)
            cells = _named(unplaced[2])
            odd += b"<v>" not in cells
        else:
            row = _ROW.match(data, position) or damaged()
            tag = row[1]
            number = _row_number(tag, previous)
            cells = _rebuilt(row[2] or b"", number, found, bounds)
            odd += not cells
        if odd > _ODD_AT_MOST:
            raise refusal("file_unpacks_too_large", limit=bounds.unpacked_bytes // 2**20)
        position, previous = row.end(), _after(number, previous)
        if values := cells.count(b"<v>"):
            if number > bounds.rows + 1:
                raise refusal("rows_too_many", row=number, rows=number, limit=bounds.rows)
            found.rows.append(b'<row r="%d">%b</row>' % (number, cells))
            found.values += values
            if b"hidden" in tag and _HIDDEN.search(tag):
                found.hidden.add(number)
    return found


def first_texts(data: bytes, texts: list[str], bounds: Bounds) -> tuple[str, ...]:
    """The texts of the first row, wherever it stands; none where it cannot be read."""
    try:
        found = canonical(data[: data.find(b"</row>") + len(b"</row>")], texts, bounds, formats=Formats())
    except Unreadable:
        return ()
    names = _NAMED_CELL.findall(b"".join(found.rows))
    return tuple(found.cell(unescaped(name.decode())).text for name in names)


def _is_plain(formats: Formats) -> Callable[[bytes], bool]:
    """Whether cells can be handed over as they are: the engine has its own way with Excel's escapes, and no formats."""
    misleading = b"|".join(b"%d" % style for style in [*formats.percents, *formats.disguises])
    found = re.compile(rb' s="0*(?:%b)"(?: t="n")?><v>' % misleading) if misleading else None
    return lambda cells: not (b"_x" in cells or _ODD_SIGN.search(cells) or (found and found.search(cells)))


def _named(cells: bytes) -> bytes:
    """The cells of a plain row, whose texts become names: a shared one its number, an inline one ``t`` and itself."""
    cells = cells.replace(b' t="s"><v>', b' t="str"><v>')  # with a tag in it, which no text has
    if b' t="b"' in cells:
        cells = cells.replace(b' t="b"><v>', b' t="str"><v>b')
    if b"inlineStr" not in cells:
        return cells
    cells = cells.replace(b' t="inlineStr"></c>', b"/>").replace(b' t="inlineStr"><is><t>', _TEXT_BEGINS)
    cells = cells.replace(_SPACED_TEXT_BEGINS, _TEXT_BEGINS)
    return cells.replace(b"</t></is></c>", b"</v></c>")


def _after(number: int, previous: int) -> int:
    if number <= previous:
        damaged()
    return number


def _row_number(tag: bytes, previous: int) -> int:
    number = attributes(tag).get("r")
    if number is None:
        return previous + 1
    return int(number) if re.fullmatch("[1-9][0-9]{0,6}", number) else damaged()


def _rebuilt(cells: bytes, number: int, rows: Rows, bounds: Bounds) -> bytes:
    """The cells of a row, one by one, each with its place and in the canonical spelling."""
    rebuilt, position, column = [], 0, 0
    while cell := _CELL.match(cells, position):
        position, given = cell.end(), _attributes(cell[1])
        column = _column(given.get("r"), number, column)
        if value := _canonical(given, cell[2] or b"", rows):
            if column > bounds.columns:
                values = {"columns": column, "limit": bounds.columns}
                raise refusal("columns_too_many", row=number, column=letters(column), **values)
            if rows.formats.disguises and given.get("t", "n") == "n":
                _disguised(given, value, number, column, rows)
            rebuilt.append(b'<c r="%b%d"%b' % (letters(column).encode(), number, value))
    if not _REST_OF_ROW.fullmatch(cells, position):
        damaged()
    return b"".join(rebuilt)


def _attributes(tag: bytes) -> dict[str, str]:
    """As of any tag, but fast where they stand as nearly all programs write them."""
    usual = _USUAL.fullmatch(tag)
    if usual is None:
        return attributes(tag)
    return {name: value.decode() for name, value in zip("rst", usual.groups(), strict=True) if value}


def _column(reference: str | None, number: int, previous: int) -> int:
    """The column (from 1) that a reference tells; without one, the next. It must lie in the row and after the last."""
    if reference is None:
        return previous + 1
    found = _REFERENCE.fullmatch(reference)
    if not found or int(found[2]) != number:
        damaged()
    return _after(column_number(found[1]), previous)


def _canonical(given: dict[str, str], content: bytes, rows: Rows) -> bytes:
    """Kind and value of a cell from its attributes and content; nothing where it is empty."""
    kind, found = given.get("t", "n"), _VALUE.search(content)
    value = found[1].strip() if found else b""
    if kind == "n" and value:
        style, number = _style(given), value if _NUMBER.fullmatch(value) else damaged()
        if style in rows.formats.percents:
            return b' t="str"><v>%b</v></c>' % rows.mark(Cell("text", percent(Decimal(number.decode()))))
        return b' s="%d"><v>%b</v></c>' % (style, number)
    if kind == "s" and value:
        return b' t="str"><v>%b</v></c>' % (value if _INDEX.fullmatch(value) else damaged())
    if value or kind == "inlineStr":
        cell = _cell(kind, found[1] if found else b"", content)
    else:  # a formula that gave an empty text has its value, an empty one
        is_unsaved = _FORMULA.search(content) and not (found and kind == "str")
        cell = Cell("formula", "") if is_unsaved else EMPTY
    return b"" if cell is EMPTY else b' t="str"><v>%b</v></c>' % rows.mark(cell)


def _style(given: dict[str, str]) -> int:
    style = given.get("s", "0")
    return int(style) if _STYLE.fullmatch(style) else 0


def _disguised(given: dict[str, str], value: bytes, row: int, column: int, rows: Rows) -> None:
    """Remember the first number of a column that its format shows as another one, and how many there are."""
    code = rows.formats.disguises.get(_style(given))
    if code is None:
        return
    if column in rows.disguised:
        *first, cells = rows.disguised[column]
        rows.disguised[column] = (*first, cells + 1)  # type: ignore[assignment]
    else:
        stored = Decimal(value.partition(b"<v>")[2].partition(b"</v>")[0].decode())
        rows.disguised[column] = (row, f"{stored:f}"[:_SHOWN], seen(stored, code)[:_SHOWN], 1)


def _cell(kind: str, value: bytes, content: bytes) -> Cell:
    """The cell of a kind that is neither a number nor a shared text."""
    if kind == "inlineStr":
        return text_cell(rich_text(content.decode()))
    text = unescaped(value.decode())
    if kind == "str":
        return text_cell(rich_text(f"<t>{value.decode()}</t>"))
    if kind == "b":
        return Cell("truth", "TRUE" if text.strip() in {"1", "true"} else "FALSE")
    if kind == "e":
        return Cell("error", text)
    return _dated(text) if kind == "d" else damaged()


def _dated(text: str) -> Cell:
    """The cell of a date that is written out, as strict workbooks do."""
    try:
        instant = datetime.datetime.fromisoformat(text)
    except ValueError:
        damaged()
    if instant.time() == datetime.time():
        return Cell("day", instant.date().isoformat(), instant.date())
    return Cell("instant", instant.isoformat(" "))
