"""Files to be read, made byte by byte: what tests of reading have in common."""

import datetime
import io
import zipfile
from typing import Any

from tests.workbook_files import packed, parts_of, row, sheet, table, text, workbook

CALL_TITLE = "量子の研究"


HEADER = "title,field,starts_on,yen,is_young,researcher"


def csv_of(*lines: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *lines]).encode()


def one(column: str, typed: str) -> bytes:
    """A CSV with one filled cell, B2, under its column."""
    return f'title,{column}\nQ,"{typed}"\n'.encode()


def cell(column: str, xml: str) -> bytes:
    """A workbook with one filled cell, B2, under its column."""
    return workbook(row(1, text("A1", "title"), text("B1", column)) + row(2, text("A2", "Q"), xml))


def flipped(data: bytes) -> bytes:
    """The workbook with one bit of its sheet's checksum turned over, in the directory."""
    place = data.rindex(b"PK\1\2") + 16
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def doubled() -> bytes:
    parts = parts_of(sheet(table(text("A2", "x"))))
    return packed({**parts, "XL/workbook.xml": parts["xl/workbook.xml"]})


def other_compression() -> bytes:
    made = io.BytesIO(workbook(table()))
    with zipfile.ZipFile(made, "a", zipfile.ZIP_LZMA) as package:
        package.writestr("x", "x")
    return made.getvalue()


def without(part: str) -> bytes:
    parts = parts_of(sheet(table(text("A2", "x"), header="title")))
    return packed({name: content for name, content in parts.items() if name != part})


def with_part(part: str, content: Any) -> bytes:
    return packed({**parts_of(sheet(table(text("A2", "x"), header="title"))), part: content})


def encrypted_zip() -> bytes:
    data = bytearray(workbook(table(text("A2", "x"))))
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


def merged(*ranges: str, rows: int = 3) -> bytes:
    found = "".join(f'<mergeCell ref="{place}"/>' for place in ranges)
    lines = "".join(row(n, text(f"A{n}", "title" if n == 1 else "Q")) for n in range(1, rows + 1))
    return workbook(lines, after=f"<mergeCells>{found}</mergeCells>")


MORNING = datetime.datetime.combine(datetime.date(2026, 4, 1), datetime.time(9))


OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)


FORMULA = '<c r="B2"><f>1+1</f></c>'


def japanese_workbook() -> bytes:
    """Texts with the reading that Excel keeps, runs, escapes and a line break, as a Japanese Excel saves them."""
    strings = (
        "<si><t>title</t></si>"
        '<si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh><phoneticPr fontId="1"/></si>'
        '<si><r><rPr><b/></rPr><t>量</t></r><r><t xml:space="preserve">子 A&amp;B&#x4E2D;</t></r></si>'
        "<si/><si><t/></si><si><t>x_x005F_x000D_\r\ny_x000D_</t></si>"
    )
    cells = "".join(row(n + 1, f'<c r="A{n + 1}" t="s"><v>{n}</v></c>') for n in range(6))
    return workbook(cells, strings=strings)


QUANTUM = [{"title": "Q"}]


DAY = datetime.date(2026, 4, 1)


SHEET_XML = sheet(table(text("A2", "Q"), header="title"))
