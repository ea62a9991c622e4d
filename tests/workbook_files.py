"""Files made by hand: workbooks as odd, damaged or hostile as no library would write them."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def relations(*targets: tuple[str, str]) -> str:
    one = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'<?xml version="1.0"?>\n<Relationships xmlns="{PACKAGE}/relationships">{one}</Relationships>'


def sheet(rows: str, *, before: str = "", after: str = "") -> str:
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    return f"{head}<worksheet {MAIN}>{before}<sheetData>{rows}</sheetData>{after}</worksheet>"


def text(reference: str, value: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{value}</t></is></c>'


def number(reference: str, value: Any, *, style: int = 0) -> str:
    return f'<c r="{reference}" s="{style}"><v>{value}</v></c>'


def row(place: int, *cells: str, **attributes: str) -> str:
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<row r="{place}"{more}>{"".join(cells)}</row>'


def table(cell: str = "", *, header: str = "a") -> str:
    """Rows of one column with a header and one cell under it."""
    return row(1, text("A1", header)) + row(2, cell)


def parts_of(*sheets: str, names: Sequence[str] = (), formats: Iterable[str] = (), **others: str) -> dict[str, Any]:
    """The parts of a workbook with these worksheets; ``formats`` are number formats, styles 1, 2, and so on."""
    names = list(names) or [f"Sheet{place}" for place in range(1, len(sheets) + 1)]
    places = range(1, len(sheets) + 1)
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in zip(places, names, strict=True)
    )
    formats = list(formats)
    codes = "".join(f'<numFmt numFmtId="{200 + n}" formatCode="{code}"/>' for n, code in enumerate(formats))
    styles = "".join(f'<xf numFmtId="{200 + n}"/>' for n, _code in enumerate(formats))
    targets = [("worksheet", f"worksheets/sheet{n}.xml") for n in places]
    return {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": relations(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="{OFFICE}">{others.get("book", "")}'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": relations(
            *targets, ("sharedStrings", "sharedStrings.xml"), ("styles", "styles.xml")
        ),
        "xl/sharedStrings.xml": f"<sst {MAIN}>{others.get('strings', '')}</sst>",
        "xl/styles.xml": f"<styleSheet {MAIN}><numFmts>{codes}</numFmts>"
        f'<cellXfs><xf numFmtId="0"/>{styles}</cellXfs></styleSheet>',
        **{f"xl/worksheets/sheet{n}.xml": xml for n, xml in zip(places, sheets, strict=True)},
    }


def packed(parts: dict[str, Any]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in parts.items():
            package.writestr(name, part)
    return made.getvalue()


def workbook(rows: str, **others: Any) -> bytes:
    """A workbook of one sheet with these rows."""
    around = {name: others.pop(name) for name in ("before", "after") if name in others}
    return packed(parts_of(sheet(rows, **around), **others))


def written(*rows: Sequence[Any], name: str = "Sheet") -> bytes:
    """A workbook as openpyxl writes it."""
    book = Workbook()
    book.active.title = name
    for values in rows:
        book.active.append(list(values))
    return saved(book)


def saved(book: Workbook) -> bytes:
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()
