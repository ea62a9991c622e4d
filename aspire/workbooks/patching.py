"""How cells and marks are put into a workbook that is not ours: byte by byte into two parts, the rest as it came.

Opening and saving it through a library would lose saved formula values, pictures, and all that the library ignores.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from xml.parsers import expat

from openpyxl.utils import column_index_from_string, get_column_letter

from aspire.workbooks.faults import Tier
from aspire.workbooks.markup import text_cell
from aspire.workbooks.packages import Package, attributes, elements
from aspire.workbooks.reading import BOUNDS

FILLS = {Tier.BLOCK: "FFFFC7CE", Tier.FLAG: "FFFFEB9C", Tier.NOTE: "FFDDEBF7"}
ERRORS_WIDTH = 80
Edit = tuple[int, int, str]  # from where to where a part's bytes are replaced, and by what


class Unusual(Exception):  # noqa: N818 - said of a workbook, not of the program
    """A workbook that is put together in a way we do not write into."""


@dataclass(frozen=True)
class Marks:
    """What goes into a sheet: the column of errors, its texts by row, and by row the columns to mark."""

    column: int
    texts: Mapping[int, str]
    cells: Mapping[int, Mapping[int, Tier]]


def patched(data: bytes, sheet_name: str, marks: Marks) -> bytes:
    """The workbook with the marks in one of its sheets.

    Raises Unusual, LookupError, ValueError or ExpatError where its parts are not as those of Excel.
    """
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as target:
        sheet_part, styles_part = _parts(Package(data, BOUNDS), sheet_name)
        styles = _Styles(source.read(styles_part))
        sheet = _Sheet(source.read(sheet_part), marks, styles).edited()
        ours = {sheet_part: sheet, styles_part: styles.edited()}
        for name in source.namelist():
            target.writestr(name, ours.get(name) or source.read(name))
    return result.getvalue()


def _parts(package: Package, sheet_name: str) -> tuple[str, str]:
    """Where the sheet and the styles are kept."""
    book = {kind: name for _id, kind, name in package.related("")}["officeDocument"]
    names = {identity: name for identity, _kind, name in package.related(book)}
    kinds = {kind: name for _identity, kind, name in package.related(book)}
    sheets = {sheet["name"]: sheet["id"] for sheet in map(attributes, elements(package.part(book), b"sheet"))}
    return names[sheets[sheet_name]], kinds["styles"]


class _Part:
    """A part of a workbook whose bytes are kept but for a few edits."""

    def __init__(self, xml: bytes) -> None:
        self.xml, self.edits = xml, list[Edit]()
        self.parser = expat.ParserCreate()
        self.parser.XmlDeclHandler = self._declare
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end

    def _declare(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() != "utf-8":
            raise Unusual(encoding)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        raise NotImplementedError

    def end(self, name: str) -> None:
        raise NotImplementedError

    @property
    def here(self) -> int:
        """Where the tag at hand begins."""
        return self.parser.CurrentByteIndex

    def behind(self, tag: int) -> int:
        """Where a tag ends."""
        return self.xml.index(b">", tag) + 1

    def close(self, start: int) -> int:
        """Where the element that began at ``start`` ends, asked at its end."""
        begun = self.behind(start)
        return begun if self.xml[begun - 2 : begun] == b"/>" else self.behind(self.here)

    def tag(self, at: int) -> str:
        return self.xml[at : self.behind(at)].decode()

    def change_tag(self, at: int, tag: str) -> None:
        self.edits.append((at, self.behind(at), tag))

    def edited(self) -> bytes:
        pieces, done = [], 0
        for start, end, text in sorted(self.edits, key=lambda edit: edit[:2]):
            pieces += [self.xml[done:start], text.encode()]
            done = end
        return b"".join([*pieces, self.xml[done:]])


def _local(name: str) -> str:
    """An element's name without its prefix."""
    return name.rpartition(":")[2]


def _with(tag: str, **attributes: object) -> str:
    """The start tag with these attributes in place of those of the same name."""
    tag = re.sub(rf"""\s({"|".join(attributes)})\s*=\s*("[^"]*"|'[^']*')""", "", tag)
    added = "".join(f' {name}="{value}"' for name, value in attributes.items() if value is not None)
    return re.sub(r"^<[^\s/>]+", lambda name: name[0] + added, tag)


class _Styles(_Part):
    """The styles, with a filled twin of every style whose cell is marked."""

    def __init__(self, xml: bytes) -> None:
        super().__init__(xml)
        self.path: list[str] = []
        self.at: dict[str, int] = {}
        self.fills, self.xfs = 0, list[tuple[int, int]]()
        self.twins: dict[tuple[int, Tier], int] = {}
        self.added: list[str] = []
        self.parser.Parse(xml, True)
        if not self.fills or not self.xfs:
            raise Unusual("styles")
        p = self.prefix
        wrapped = f'<{p}alignment vertical="top" wrapText="1"/>'
        looks = f'numFmtId="49" fontId="0" fillId="{self.fills}" borderId="0" xfId="0" applyFill="1" applyAlignment="1"'
        self.errors_style = self._add(f"<{p}xf {looks}>{wrapped}</{p}xf>")

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self.path.append(_local(name))
        match self.path:
            case [_, "fills" | "cellXfs" as found]:
                self.at[found], self.prefix = self.here, name[: -len(found)]
            case [_, "fills", "fill"]:
                self.fills += 1
            case [_, "cellXfs", "xf"]:
                self.at["xf"] = self.here

    def end(self, _name: str) -> None:
        match self.path:
            case [_, "fills" | "cellXfs" as found]:
                self.at[f"/{found}"] = self.here
            case [_, "cellXfs", "xf"]:
                self.xfs.append((self.at["xf"], self.close(self.at["xf"])))
        self.path.pop()

    def marked(self, style: int, tier: Tier) -> int:
        """The style that looks as the given one, on the colour of the tier."""
        if (style, tier) not in self.twins:
            start, end = self.xfs[style]
            tag = self.tag(start)
            fill = self.fills + list(FILLS).index(tier)
            twin = _with(tag, fillId=fill, applyFill=1) + self.xml[self.behind(start) : end].decode()
            self.twins[style, tier] = self._add(twin)
        return self.twins[style, tier]

    def _add(self, xf: str) -> int:
        self.added.append(xf)
        return len(self.xfs) + len(self.added) - 1

    def edited(self) -> bytes:
        p = self.prefix
        fills = [
            f'<{p}fill><{p}patternFill patternType="solid"><{p}fgColor rgb="{colour}"/></{p}patternFill></{p}fill>'
            for colour in FILLS.values()
        ]
        self._extend("fills", fills, before=self.fills)
        self._extend("cellXfs", self.added, before=len(self.xfs))
        return super().edited()

    def _extend(self, name: str, added: list[str], *, before: int) -> None:
        self.change_tag(self.at[name], _with(self.tag(self.at[name]), count=before + len(added)))
        self.edits.append((self.at[f"/{name}"], self.at[f"/{name}"], "".join(added)))


class _Sheet(_Part):
    """A sheet with the column of errors, and with marks on the cells they are about."""

    def __init__(self, xml: bytes, marks: Marks, styles: _Styles) -> None:
        super().__init__(xml)
        self.marks, self.styles, self.letter = marks, styles, get_column_letter(marks.column)
        self.row = self.column = self.widths_to = 0
        self.missing = set(marks.texts)
        self.pending: list[int] = []  # the columns of the row at hand that are still to be written, in order
        self.dropped: int | None = None  # where the cell or element began that is being left out
        self.parser.Parse(xml, True)
        if self.missing:
            raise Unusual("rows")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        match _local(name):
            case "c":
                self._start_cell(attributes)
            case "row":
                self._start_row(name, attributes)
            case "dimension":
                self.dropped = self.here
            case "col":
                self.widths_to = max(self.widths_to, int(attributes["max"]))
            case "sheetData":
                self.prefix = name[: -len("sheetData")]
                if not self.widths_to:
                    p = self.prefix
                    self.edits.append((self.here, self.here, f"<{p}cols>{self._width(p)}</{p}cols>"))

    def end(self, name: str) -> None:
        match _local(name):
            case "c" | "dimension" if self.dropped is not None:
                self.edits.append((self.dropped, self.close(self.dropped), ""))
                self.dropped = None
            case "row":
                self._write_pending(self.here, before=None)
            case "cols" if self.widths_to < self.marks.column:
                self.edits.append((self.here, self.here, self._width(name[: -len("cols")])))

    def _width(self, p: str) -> str:
        column = self.marks.column
        return f'<{p}col min="{column}" max="{column}" width="{ERRORS_WIDTH}" customWidth="1"/>'

    def _start_row(self, name: str, attributes: dict[str, str]) -> None:
        self.row, self.column = int(attributes.get("r", self.row + 1)), 0
        if self.row not in self.missing:
            return
        self.missing.remove(self.row)
        self.pending = sorted({*self.marks.cells.get(self.row, ()), self.marks.column})
        tag = _with(self.tag(self.here), spans=None)
        if tag.endswith("/>"):
            tag = f"{tag[:-2]}>{self._pending_cells(before=None)}</{name}>"
        self.change_tag(self.here, tag)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        letter = attributes.get("r", "").rstrip("0123456789")
        self.column = column_index_from_string(letter) if letter else self.column + 1
        self._write_pending(self.here, before=self.column)
        if self.column == self.marks.column:
            self.dropped = self.here
        elif self.pending and self.pending[0] == self.column:
            tier = self.marks.cells[self.row][self.pending.pop(0)]
            style = self.styles.marked(int(attributes.get("s", 0)), tier)
            self.change_tag(self.here, _with(self.tag(self.here), s=style))

    def _write_pending(self, at: int, *, before: int | None) -> None:
        if self.pending and (cells := self._pending_cells(before=before)):
            self.edits.append((at, at, cells))

    def _pending_cells(self, *, before: int | None) -> str:
        cells = []
        while self.pending and (before is None or self.pending[0] < before):
            cells.append(self._cell(self.pending.pop(0)))
        return "".join(cells)

    def _cell(self, column: int) -> str:
        place, p = f"{get_column_letter(column)}{self.row}", self.prefix
        if column == self.marks.column:
            return text_cell(place, self.marks.texts[self.row], style=self.styles.errors_style, prefix=p)
        return f'<{p}c r="{place}" s="{self.styles.marked(0, self.marks.cells[self.row][column])}"/>'
