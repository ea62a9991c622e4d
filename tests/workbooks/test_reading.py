"""Every file is read for what it holds or refused with its reason: a catalogue of bad and of awkward files."""

import ast
import contextlib
import csv
import datetime
import gc
import io
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
import python_calamine
import xlsxwriter
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from aspire.refusals import Refusal
from aspire.workbooks import parsing
from aspire.workbooks.cells import BLANKS, EMPTY, Bounds, Cell, letters
from aspire.workbooks.faults import Fault, Unreadable
from aspire.workbooks.formats import is_day_format, is_disguise, seen
from aspire.workbooks.reading import read
from aspire.workbooks.roundtrip import ERRORS_HEADER, NOTES_SHEET, guarded
from tests.contracts import verdict
from tests.effort import tries
from tests.workbook_files import MAIN, number, packed, parts_of, row, saved, sheet, table, text, workbook, written

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

# Bad files: what it is, the file, its name, and everything that is said of it.
BAD: list[tuple[str, bytes, str, list[str]]] = [
    # --- the file
    ("nothing", b"", "a.csv", ["file_empty"]),
    ("nothing under .xlsx", b"", "a.xlsx", ["file_empty"]),
    ("a byte order mark alone", b"\xef\xbb\xbf", "a.csv", ["file_empty"]),
    ("blank lines alone", "\n \n,,\n　,\n".encode(), "a.csv", ["file_empty"]),
    ("a workbook without a value", workbook(""), "a.xlsx", ["file_empty"]),
    (
        "a workbook without data",
        with_part("xl/worksheets/sheet1.xml", f"<worksheet {MAIN}/>"),
        "a.xlsx",
        ["file_empty"],
    ),
    (
        "empty sheet data",
        with_part("xl/worksheets/sheet1.xml", "<worksheet><sheetData/></worksheet>"),
        "a.xlsx",
        ["file_empty"],
    ),
    ("a header alone", csv_of(), "a.csv", ["rows_missing"]),
    ("old Excel", OLD_OFFICE, "a.xls", ["file_old_excel"]),
    ("old Excel renamed", OLD_OFFICE, "a.xlsx", ["file_old_excel"]),
    ("text called .xls", b"title\nQ", "a.xls", ["file_old_excel"]),
    ("a password", OLD_OFFICE + "EncryptedPackage".encode("utf-16-le"), "a.xlsx", ["file_protected"]),
    ("an encrypted zip", encrypted_zip(), "a.xlsx", ["file_protected"]),
    ("a CSV called .xlsx", csv_of("Q"), "a.xlsx", ["file_renamed"]),
    ("a workbook called .csv", workbook(table()), "a.csv", ["file_renamed"]),
    (
        "a document called .xlsx",
        packed({"_rels/.rels": "", "word/document.xml": "<document/>"}),
        "a.xlsx",
        ["file_renamed"],
    ),
    ("another form", b"%PDF-1.7", "a.pdf", ["file_form_unknown"]),
    ("macros", workbook(table()), "a.xlsm", ["file_form_unknown"]),
    ("no ending", csv_of("Q"), "proposals", ["file_form_unknown"]),
    ("6 MiB", b"x" * (5 * 2**20 + 1), "a.csv", ["file_too_large"]),
    # --- the package
    ("half a zip", workbook(table())[:200], "a.xlsx", ["file_damaged"]),
    ("a zip of noise", b"PK\3\4" + b"x" * 90, "a.xlsx", ["file_damaged"]),
    ("a flipped bit", flipped(workbook(table(text("A2", "x")))), "a.xlsx", ["file_damaged"]),
    ("a part twice", doubled(), "a.xlsx", ["file_damaged"]),
    ("a compression of its own", other_compression(), "a.xlsx", ["file_damaged"]),
    ("a missing workbook part", without("xl/workbook.xml"), "a.xlsx", ["file_renamed"]),
    ("a missing sheet part", without("xl/worksheets/sheet1.xml"), "a.xlsx", ["file_empty"]),
    (
        "sheet data without an end",
        with_part("xl/worksheets/sheet1.xml", "<worksheet><sheetData><row>"),
        "a.xlsx",
        ["file_damaged"],
    ),
    (
        "a sheet in CP932",
        with_part("xl/worksheets/sheet1.xml", sheet(table(text("A2", "量子"))).encode("cp932")),
        "a.xlsx",
        ["file_damaged"],
    ),
    ("text between rows", workbook("x" + table(text("A2", "x"))), "a.xlsx", ["file_damaged"]),
    ("text between cells", workbook(row(1, text("A1", "title"), "x", text("B1", "y"))), "a.xlsx", ["file_damaged"]),
    ("rows out of order", workbook(row(2, text("A2", "x")) + row(1, text("A1", "y"))), "a.xlsx", ["file_damaged"]),
    ("a row twice", workbook(row(1, text("A1", "x")) + row(1, text("A1", "y"))), "a.xlsx", ["file_damaged"]),
    ("a cell twice", workbook(row(1, text("A1", "x"), text("A1", "y"))), "a.xlsx", ["file_damaged"]),
    ("a number twice", workbook(row(1, number("A1", 1), number("A1", 2))), "a.xlsx", ["file_damaged"]),
    ("a cell of another row", workbook(row(1, text("A2", "x"))), "a.xlsx", ["file_damaged"]),
    ("a row without a number", workbook('<row r="x"><c r="A1"><v>1</v></c></row>'), "a.xlsx", ["file_damaged"]),
    ("a cell without a place", workbook(row(1, text("1A", "x"))), "a.xlsx", ["file_damaged"]),
    ("a shared text that is not there", workbook(row(1, '<c r="A1" t="s"><v>7</v></c>')), "a.xlsx", ["file_damaged"]),
    ("a shared text of no number", workbook(row(1, '<c r="A1" t="s"><v>x</v></c>')), "a.xlsx", ["file_damaged"]),
    ("a number of letters", workbook(row(1, '<c r="A1"><v>x</v></c>')), "a.xlsx", ["file_damaged"]),
    ("a cell of no known kind", workbook(row(1, '<c r="A1" t="q"><v>x</v></c>')), "a.xlsx", ["file_damaged"]),
    ("a written date that is none", workbook(row(1, '<c r="A1" t="d"><v>soon</v></c>')), "a.xlsx", ["file_damaged"]),
    ("an unknown entity", workbook(row(1, text("A1", "&x;"))), "a.xlsx", ["file_damaged"]),
    ("half a character", workbook(row(1, text("A1", "&#xD800;"))), "a.xlsx", ["file_damaged"]),
    ("a character beyond all", workbook(row(1, text("A1", "&#9999999;"))), "a.xlsx", ["file_damaged"]),
    (
        "a DTD",
        with_part("xl/worksheets/sheet1.xml", "<!DOCTYPE x>" + sheet(table(text("A2", "x")))),
        "a.xlsx",
        ["file_damaged"],
    ),
    (
        "a DTD in the shared texts",
        with_part("xl/sharedStrings.xml", '<!DOCTYPE x [<!ENTITY a "b">]><sst/>'),
        "a.xlsx",
        ["file_damaged"],
    ),
    (
        "two thousand parts",
        packed({**parts_of(sheet("")), **{f"x{n}": "" for n in range(2_000)}}),
        "a.xlsx",
        ["file_damaged"],
    ),
    (
        "70,000 styles",
        with_part("xl/styles.xml", f"<styleSheet><cellXfs>{'<xf/>' * 70_000}</cellXfs></styleSheet>"),
        "a.xlsx",
        ["file_damaged"],
    ),
    (
        "100,001 rows without a number",
        workbook("<row></row>" * 100_001 + row(200_000, number("A200000", 1))),
        "a.xlsx",
        ["file_unpacks_too_large"],
    ),
    (
        "two million cells",
        workbook(f"<row>{'<c/>' * 2_000_000}</row>" + row(2, text("A2", "x"))),
        "a.xlsx",
        ["file_unpacks_too_large"],
    ),
    (
        "70,000 merged ranges",
        merged(*["A2:A3"] * 70_000),
        "a.xlsx",
        ["file_damaged"],
    ),
    (
        "a merged range whose tag has no end",
        workbook(table(text("A2", "x"), header="title"), after='<mergeCells><mergeCell ref="A1:A2</mergeCells>'),
        "a.xlsx",
        ["file_damaged"],
    ),
    (
        "a merged range with 2,000 attributes",
        workbook(table(text("A2", "x"), header="title"), after="<mergeCell" + ' a="1"' * 2_000 + "/>"),
        "a.xlsx",
        ["file_damaged"],
    ),
    (
        "20,000 comments",
        with_part("xl/worksheets/sheet1.xml", "<!---->" * 20_000 + sheet("")),
        "a.xlsx",
        ["file_damaged"],
    ),
    (
        "several sheets",
        packed(parts_of(sheet(table()), sheet(table(text("A2", "x"))), names=["Day", "Night"])),
        "a.xlsx",
        ["sheets_several"],
    ),
    # --- the bounds
    ("20,001 rows", csv_of(*["Q"] * 20_001, header="title"), "a.csv", ["rows_too_many 20002"]),
    (
        "a row far down",
        workbook(row(1, text("A1", "title")) + row(1_048_576, number("A1048576", 1))),
        "a.xlsx",
        ["rows_too_many 1048576"],
    ),
    ("61 columns", csv_of(",".join("x" * 61), header="title"), "a.csv", ["columns_too_many BI2"]),
    ("61 columns of a workbook", workbook(row(1, number("BI1", 1))), "a.xlsx", ["columns_too_many BI"]),
    ("a column far out", workbook(row(1, text("A1", "title"), number("XFD1", 1))), "a.xlsx", ["columns_too_many XFD1"]),
    (
        "32,768 signs",
        b"title\n" + b"x" * 32_768,
        "a.csv",
        ["cell_too_long A2 xxxxxxxxxxxxxxxxxxxx…", "text_too_long A2 " + "x" * 32_768],
    ),
    # --- the text of a CSV
    ("neither UTF-8 nor CP932", b"title\n\x82\xff", "a.csv", ["encoding_unknown"]),
    ("bytes that CP932 does not use", b"title\n\x80\xa0", "a.csv", ["encoding_unknown"]),
    ("UTF-16 that does not say so", "title\nQ".encode("utf-16-le"), "a.csv", ["encoding_unknown"]),
    ("a broken byte under a mark", b"\xef\xbb\xbftitle\n\x82\xa0", "a.csv", ["encoding_unknown"]),
    ("half of a UTF-16 character", "title\nQ".encode("utf-16")[:-1], "a.csv", ["encoding_unknown"]),
    ("an unclosed quote", b'title,field\nQ,bio\n"Q,bio\n', "a.csv", ["quote_unclosed 3"]),
    ("text after a quote", b'title,field\n"Q"x,bio\n', "a.csv", ["quote_unclosed 2"]),
    ("an endless cell", b"title\n" + b"x" * 140_000, "a.csv", ["cell_too_long 2"]),
    ("NUL", b"title\nQ\0Q", "a.csv", ["cell_has_control_character A2 Q␣Q"]),
    ("escape", b"title\nQ\x1bQ", "a.csv", ["cell_has_control_character A2 Q␣Q"]),
    ("a control character alone", b"title\nQ\n\x1f", "a.csv", ["cell_has_control_character A3 ␣"]),
    (
        "a bell in a workbook",
        workbook(table(text("A2", "Q&#7;"), header="title")),
        "a.xlsx",
        ["cell_has_control_character A2 Q␣"],
    ),
    (
        "an escaped NUL in a workbook",
        workbook(table(text("A2", "Q_x0000_"), header="title")),
        "a.xlsx",
        ["cell_has_control_character A2 Q␣"],
    ),
    # --- the header and the shape of rows
    ("an unknown column", csv_of("Q,1", header="title,yens"), "a.csv", ["column_unknown B1 yens"]),
    ("a missing column", csv_of("1", header="yen"), "a.csv", ["column_missing"]),
    ("a column twice", csv_of("Q,R", header="title,ＴＩＴＬＥ"), "a.csv", ["column_duplicate B1 ＴＩＴＬＥ"]),
    (
        "a column in both languages",
        csv_of("1,2,Q", header="field,分野,title"),
        "a.csv",
        ["column_duplicate B1 分野", "code_unknown A2 1"],
    ),
    (
        "data on a second sheet that is called as one of ours",
        packed(
            parts_of(
                *(sheet(table(text("A2", value), header=header)) for value, header in (("Q", "title"), ("R", "title"))),
                names=["Data", "Lists"],
            )
        ),
        "a.xlsx",
        ["sheets_several"],
    ),
    ("a short row", csv_of("Q", header="title,yen"), "a.csv", ["row_short A2"]),
    ("a long row", csv_of("Q,1,2", header="title,yen"), "a.csv", ["row_long C2"]),
    ("a cell without a header", csv_of("Q,1,2", header="title,,yen"), "a.csv", ["cell_without_header B2 1"]),
    ("a cell beside the table", written(["title"], ["Q"], ["Q", None, "x"]), "a.xlsx", ["cell_without_header C3 x"]),
    (
        "a title above the header",
        written([CALL_TITLE], ["title"], ["Q"]),
        "a.xlsx",
        ["column_unknown A1 " + CALL_TITLE, "column_missing"],
    ),
    ("totals", csv_of("Q,1", "合計,1", header="title,yen"), "a.csv", ["totals_row 3 合計"]),
    (
        "totals in English",
        written(["title", "yen"], ["Q", 1], ["Grand total", 1]),
        "a.xlsx",
        ["totals_row 3 Grand total"],
    ),
    ("merged rows", merged("A2:A3"), "a.xlsx", ["cells_merged A2 A2:A3"]),
    ("a merged header", merged("A1:C1"), "a.xlsx", ["cells_merged A1 A1:C1"]),
    # --- yen
    *[
        (f"yen {typed}", one("yen", typed), "a.csv", [f"{code} B2 {typed}"])
        for typed, code in {
            "¥1,000": "yen_has_unit",
            "￥1000": "yen_has_unit",
            "1,000円": "yen_has_unit",
            "26000千円": "yen_has_unit",
            "26百万円": "yen_has_unit",
            "1億": "yen_has_unit",
            "5M": "yen_has_unit",
            "2.9": "yen_not_whole",
            "２．９": "yen_not_whole",
            "1.0": "yen_not_whole",
            "1e5": "yen_exponent",
            "1.5E+07": "yen_exponent",
            "NaN": "yen_not_number",
            "−1": "yen_negative",
            "-1": "yen_negative",
            "▲1,000": "yen_negative",
            "(1,000)": "yen_negative",
            "1,00": "yen_grouping",
            "1,0000": "yen_grouping",
            "26,00,000": "yen_grouping",
            "1000000000000": "yen_too_large",
            "007": "yen_not_number",
            "1 000": "yen_not_number",
            "tbd": "yen_not_number",
            "٣": "yen_not_number",
        }.items()
    ],
    ("2.9 in a workbook", cell("yen", number("B2", "2.9")), "a.xlsx", ["yen_not_whole B2 2.9"]),
    ("−1 in a workbook", cell("yen", number("B2", "-1")), "a.xlsx", ["yen_negative B2 -1"]),
    ("a number without bounds", cell("yen", number("B2", "1e999")), "a.xlsx", ["cell_error B2 #NUM!"]),
    (
        "a date among yen",
        written(["title", "yen"], ["Q", datetime.date(2026, 4, 1)]),
        "a.xlsx",
        ["yen_not_number B2 2026-04-01"],
    ),
    ("a truth among yen", written(["title", "yen"], ["Q", True]), "a.xlsx", ["yen_not_number B2 TRUE"]),
    # --- days
    *[
        (f"day {typed}", one("starts_on", typed), "a.csv", [f"{code} B2 {typed}"])
        for typed, code in {
            "2026/02/30": "day_impossible",
            "2026-13-01": "day_impossible",
            "令和8年4月31日": "day_impossible",
            "26/4/1": "day_two_digit_year",
            "'26/4/1": "day_two_digit_year",
            "4/1/26": "day_two_digit_year",
            "04/05/2026": "day_order_ambiguous",
            "31.12.2026": "day_order_ambiguous",
            "46113": "day_serial",
            "46113.5": "day_serial",
            "2026/4/1 9:00": "day_with_time",
            "平成31年5月1日": "day_outside_era",
            "R1.4.30": "day_outside_era",
            "20260401": "day_not_read",
            "4月1日": "day_not_read",
            "2026/4-1": "day_not_read",
            "明日": "day_not_read",
        }.items()
    ],
    ("a bare serial", cell("starts_on", number("B2", 46113)), "a.xlsx", ["day_serial B2 46113"]),
    (
        "a date with a time",
        written(["title", "starts_on"], ["Q", MORNING]),
        "a.xlsx",
        ["day_with_time B2 2026-04-01 09:00:00"],
    ),
    ("a time alone", written(["title", "starts_on"], ["Q", datetime.time(9)]), "a.xlsx", ["day_with_time B2 09:00:00"]),
    ("a truth among days", written(["title", "starts_on"], ["Q", True]), "a.xlsx", ["day_not_read B2 TRUE"]),
    # --- codes, yes and no, researcher numbers, text
    ("an unknown code", one("field", "biology"), "a.csv", ["code_unknown B2 biology"]),
    (
        "a code that became a date",
        written(["title", "field"], ["Q", datetime.date(2026, 4, 1)]),
        "a.xlsx",
        ["cell_became_date B2 2026-04-01"],
    ),
    ("a code that became a date in a CSV", one("field", "1-Apr"), "a.csv", ["cell_became_date B2 1-Apr"]),
    (
        "a title that became a date",
        written(["title"], [datetime.date(2026, 4, 1)]),
        "a.xlsx",
        ["cell_became_date A2 2026-04-01"],
    ),
    ("はい", one("is_young", "はい"), "a.csv", ["truth_unknown B2 はい"]),
    ("1 for yes", one("is_young", "1"), "a.csv", ["truth_unknown B2 1"]),
    ("lost zeros", one("researcher", "123456"), "a.csv", ["researcher_number_lost_zeros B2 123456"]),
    (
        "lost zeros in a workbook",
        cell("researcher", number("B2", 123456)),
        "a.xlsx",
        ["researcher_number_lost_zeros B2 123456"],
    ),
    ("nine digits", one("researcher", "001234567"), "a.csv", ["researcher_number_form B2 001234567"]),
    (
        "a hyphen in a researcher number",
        one("researcher", "0012-3456"),
        "a.csv",
        ["researcher_number_form B2 0012-3456"],
    ),
    (
        "a truth for a researcher number",
        written(["title", "researcher"], ["Q", True]),
        "a.xlsx",
        ["researcher_number_form B2 TRUE"],
    ),
    (
        "a date for a researcher number",
        written(["title", "researcher"], ["Q", datetime.date(2026, 4, 1)]),
        "a.xlsx",
        ["cell_became_date B2 2026-04-01"],
    ),
    ("a check digit", one("researcher", "10123456"), "a.csv", ["[researcher_number_check_digit] B2 10123456"]),
    ("a long title", csv_of("量" * 31, header="title"), "a.csv", ["text_too_long A2 " + "量" * 31]),
    (
        "twenty digits as a number",
        cell("number", number("B2", "12345678901234567890")),
        "a.xlsx",
        ["number_lost_digits B2 12345678901234600000"],
    ),
    # --- cells without a value of their own
    ("a formula without a value", cell("yen", FORMULA), "a.xlsx", ["formula_without_value B2"]),
    ("a formula in the title", written(["title"], ["=A1"]), "a.xlsx", ["formula_without_value A2"]),
    *[
        (
            f"the error {error}",
            cell("yen", f'<c r="B2" t="e"><f>1/0</f><v>{error}</v></c>'),
            "a.xlsx",
            [f"cell_error B2 {error}"],
        )
        for error in ["#DIV/0!", "#N/A", "#REF!", "#NAME?", "#VALUE!", "#SPILL!"]
    ],
    (
        "hidden rows",
        workbook(
            row(1, text("A1", "title")) + row(2, text("A2", "Q"), hidden="1") + row(3, text("A3", "Q"), hidden="true")
        ),
        "a.xlsx",
        ["[rows_hidden] 2"],
    ),
    (
        "hidden columns, of which one is filled",
        packed(
            parts_of(
                sheet(
                    row(1, text("A1", "title"), text("B1", "yen")) + row(2, text("A2", "Q"), number("B2", 1)),
                    before='<cols><col min="2" max="16384" hidden="1"/></cols>',
                )
            )
        ),
        "a.xlsx",
        ["[columns_hidden] B"],
    ),
    (
        "hidden rows of numbers",
        workbook(row(1, text("A1", "title")) + row(2, number("A2", 1), hidden="1")),
        "a.xlsx",
        ["[rows_hidden] 2"],
    ),
]


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


def plain_rows(sheet_xml: str) -> bytes:
    return with_part("xl/worksheets/sheet1.xml", sheet_xml)


def named(name: str, second: str) -> bytes:
    rows = table(text("A2", "Q"), header="title")
    return packed(parts_of(sheet(rows), sheet(table(text("A2", "x"))), names=[name, second]))


QUANTUM = [{"title": "Q"}]
DAY = datetime.date(2026, 4, 1)
SHEET_XML = sheet(table(text("A2", "Q"), header="title"))

# Good but awkward files: what it is, the file, its name, the values of its rows.
NUMBERED = row(3, text("A3", "title")) + '<row r="4" ht="30"/>' + row(5, text("A5", "Q"))
OF_LIBREOFFICE = {"customFormat": "false", "ht": "15", "hidden": "false", "customHeight": "false", "collapsed": "false"}


def with_a_high_row() -> bytes:
    """Row 2 has a height and nothing else."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        page = book.add_worksheet()
        page.write("A1", "title")
        page.set_row(1, 30)
        page.write("A3", "Q")
    return made.getvalue()


GOOD: list[tuple[str, bytes, str, list[dict[str, Any]]]] = [
    ("a byte order mark", b"\xef\xbb\xbf" + csv_of("Q", header="title"), "a.csv", QUANTUM),
    ("CP932", "title\n高橋①髙\n".encode("cp932"), "a.csv", [{"title": "高橋①髙"}]),
    ("UTF-16 with tabs", "title\tyen\nQ\t1\n".encode("utf-16"), "a.txt", [{"title": "Q", "yen": 1}]),
    ("UTF-16, big end first", b"\xfe\xff" + "title\n量\n".encode("utf-16-be"), "a.csv", [{"title": "量"}]),
    ("tabs", b"title\tyen\nQ\t1,000", "a.tsv", [{"title": "Q", "yen": 1000}]),
    ("semicolons", b"title;yen\nQ;1,000", "a.csv", [{"title": "Q", "yen": 1000}]),
    ("CR line ends", b"title,yen\rQ,1\r", "a.csv", [{"title": "Q", "yen": 1}]),
    ("CRLF line ends", b"title,yen\r\nQ,1\r\n", "a.CSV", [{"title": "Q", "yen": 1}]),
    ("no last line end", b"title\nQ", "a.csv", QUANTUM),
    ("line breaks in a cell", b'title\r\n"Q\r\nR\rS"\r\n', "a.csv", [{"title": "Q\nR\nS"}]),
    ("blank lines", "\n\ntitle,yen\n\n,\nQ,1\n　,　\n\n".encode(), "a.csv", [{"title": "Q", "yen": 1}]),
    ("padding of any width", "　ｔｉｔｌｅ , YEN\u200b\n　Q\u00a0, １\n".encode(), "a.csv", [{"title": "Q", "yen": 1}]),
    (
        "Japanese headers",
        "提案番号,課題名（日本語）,分野\nD-1,Q,bio".encode(),
        "a.csv",
        [{"number": "D-1", "title": "Q", "field": "bio"}],
    ),
    ("English labels", b"Title ( JAPANESE ),Field\nQ,bio", "a.csv", [{"title": "Q", "field": "bio"}]),
    (
        "empty columns at the end",
        b"title,yen,,\nQ,1,,\nR,2,",
        "a.csv",
        [{"title": "Q", "yen": 1}, {"title": "R", "yen": 2}],
    ),
    (
        "the errors' column of a copy",
        f"title,yen,{ERRORS_HEADER}: x\nQ,1\nR,2,bad\n".encode(),
        "a.csv",
        [{"title": "Q", "yen": 1}, {"title": "R", "yen": 2}],
    ),
    ("a guarded text", b"title\n'=1+1\n''=1\n'tis", "a.csv", [{"title": "=1+1"}, {"title": "'=1"}, {"title": "'tis"}]),
    ("quotes within a text", b'title\n"say ""Q"""', "a.csv", [{"title": 'say "Q"'}]),
    (
        "a total among titles",
        csv_of("合計,x,,,,", header="title,number,field,starts_on,yen,researcher"),
        "a.csv",
        [{"title": "合計", "number": "x"}],
    ),
    *[
        (f"yen {typed}", one("yen", typed), "a.csv", [{"title": "Q", "yen": yen}])
        for typed, yen in {
            "１，０００": 1000,
            "26,000,000": 26_000_000,
            "0": 0,
            " 5 ": 5,
            "999999999999": 999_999_999_999,
        }.items()
    ],
    *[
        (f"day {typed}", one("starts_on", typed), "a.csv", [{"title": "Q", "starts_on": DAY}])
        for typed in [
            "2026-04-01",
            "2026/4/1",
            "2026.4.1",
            "２０２６／４／１",
            "2026年4月1日",
            "令和8年4月1日",
            "令和８年 ４月 １日",
            "R8.4.1",
            "r8/4/1",
            "㋿8年4月1日",
            "2026−04−01",
        ]
    ],
    (
        "the first year of Reiwa",
        one("starts_on", "令和元年5月1日"),
        "a.csv",
        [{"title": "Q", "starts_on": datetime.date(2019, 5, 1)}],
    ),
    (
        "the last day of Heisei",
        one("starts_on", "平成31年4月30日"),
        "a.csv",
        [{"title": "Q", "starts_on": datetime.date(2019, 4, 30)}],
    ),
    *[
        (f"truth {typed}", one("is_young", typed), "a.csv", [{"title": "Q", "is_young": value}])
        for typed, value in {
            "○": True,
            "◯": True,
            "〇": True,
            "Yes": True,
            "TRUE": True,
            "×": False,
            "✕": False,
            "No": False,
            "Ｆａｌｓｅ": False,
        }.items()
    ],
    *[
        (f"code {typed}", one("field", typed), "a.csv", [{"title": "Q", "field": code}])
        for typed, code in {"BIO": "bio", "ＡＩ·情報": "ai", " 量子 ": "quantum"}.items()
    ],
    (
        "a full-width researcher number",
        one("researcher", "００１２３４５６"),
        "a.csv",
        [{"title": "Q", "researcher": "00123456"}],
    ),
    (
        "a researcher number as a number",
        cell("researcher", number("B2", 90050426)),
        "a.xlsx",
        [{"title": "Q", "researcher": "90050426"}],
    ),
    (
        "clearing words",
        csv_of("[空],[CLEAR],［空］,[clear],[空],[空]"),
        "a.csv",
        [dict.fromkeys(HEADER.split(","), parsing.CLEAR)],
    ),
    (
        "a workbook of openpyxl",
        written(["title", "yen", "starts_on", "is_young"], ["Q", 10**8, DAY, True]),
        "a.XLSX",
        [{"title": "Q", "yen": 10**8, "starts_on": DAY, "is_young": True}],
    ),
    (
        "a sheet of lists beside the table",
        packed(
            parts_of(
                *(
                    sheet(table(text("A2", value), header=header))
                    for value, header in (("Q", "title"), ("bio", "field"))
                ),
                names=["Data", "Lists"],
            )
        ),
        "a.xlsx",
        [{"title": "Q"}],
    ),
    (
        "a table that stands alone under the name of a sheet of ours",
        packed(parts_of(sheet(table(text("A2", "Q"), header="title")), names=["Lists"])),
        "a.xlsx",
        [{"title": "Q"}],
    ),
    (
        "a 1904 workbook",
        workbook(
            row(1, text("A1", "title"), text("B1", "starts_on"))
            + row(2, text("A2", "Q"), number("B2", 44651, style=1)),
            book='<workbookPr date1904="1"/>',
            formats=["yyyy/m/d"],
        ),
        "a.xlsx",
        [{"title": "Q", "starts_on": DAY}],
    ),
    (
        "a day of Japanese Excel",
        workbook(
            row(1, text("A1", "title"), text("B1", "starts_on"))
            + row(2, text("A2", "Q"), number("B2", 46113, style=1)),
            formats=["[$-411]ggge&quot;年&quot;m&quot;月&quot;d&quot;日&quot;;@"],
        ),
        "a.xlsx",
        [{"title": "Q", "starts_on": DAY}],
    ),
    (
        "a day by Excel's own number",
        packed(
            {
                **parts_of(
                    sheet(
                        row(1, text("A1", "title"), text("B1", "starts_on"))
                        + row(2, text("A2", "Q"), number("B2", 46113))
                    )
                ),
                "xl/styles.xml": '<styleSheet><cellXfs><xf numFmtId="58"/></cellXfs></styleSheet>',
            }
        ),
        "a.xlsx",
        [{"title": "Q", "starts_on": DAY}],
    ),
    (
        "a day written out",
        cell("starts_on", '<c r="B2" t="d"><v>2026-04-01</v></c>'),
        "a.xlsx",
        [{"title": "Q", "starts_on": DAY}],
    ),
    (
        "yen of a formula",
        cell("yen", '<c r="B2"><f>A1*1.3</f><v>26000000.000000004</v></c>'),
        "a.xlsx",
        [{"title": "Q", "yen": 26_000_000}],
    ),
    ("yen with an exponent in the file", cell("yen", number("B2", "1E+5")), "a.xlsx", [{"title": "Q", "yen": 100_000}]),
    ("a formula that gave nothing", cell("yen", '<c r="B2" t="str"><f>""</f><v></v></c>'), "a.xlsx", QUANTUM),
    (
        "a text of a formula",
        cell("field", '<c r="B2" t="str"><f>"b"</f><v>bio</v></c>'),
        "a.xlsx",
        [{"title": "Q", "field": "bio"}],
    ),
    (
        "a truth in a workbook",
        cell("is_young", '<c r="B2" t="b"><v>0</v></c>'),
        "a.xlsx",
        [{"title": "Q", "is_young": False}],
    ),
    (
        "texts as Japanese Excel saves them",
        japanese_workbook(),
        "a.xlsx",
        [{"title": "東京"}, {"title": "量子 A&B中"}, {"title": "x_x000D_\ny"}],
    ),
    (
        "no places of cells",
        plain_rows(
            sheet(
                '<row><c t="inlineStr"><is><t>title</t></is></c></row><row><c t="inlineStr"><is><t>Q</t></is></c></row>'
            )
        ),
        "a.xlsx",
        QUANTUM,
    ),
    (
        "a lying dimension",
        plain_rows(sheet(table(text("A2", "Q"), header="title"), before='<dimension ref="A1:XFD1048576"/>')),
        "a.xlsx",
        QUANTUM,
    ),
    (
        "prefixes",
        plain_rows(
            SHEET_XML.replace("<", "<x:").replace("<x:/", "</x:").replace("<x:?", "<?").replace("xmlns=", "xmlns:x=")
        ),
        "a.xlsx",
        QUANTUM,
    ),
    (
        "comments and quoted sections",
        plain_rows(SHEET_XML.replace("<sheetData>", "<!-- <row> --><sheetData>").replace("Q", "<![CDATA[Q]]>")),
        "a.xlsx",
        QUANTUM,
    ),
    (
        "apostrophes around attributes",
        plain_rows(SHEET_XML.split("?>")[0] + "?>" + SHEET_XML.split("?>")[1].replace('"', "'")),
        "a.xlsx",
        QUANTUM,
    ),
    ("a byte order mark in a part", plain_rows("\ufeff" + SHEET_XML), "a.xlsx", QUANTUM),
    (
        "rows without cells",
        plain_rows(
            sheet(
                '<row><c t="inlineStr"><is><t>title</t></is></c></row><row></row><row/>'
                '<row><c t="inlineStr"><is><t>Q</t></is></c></row>'
            )
        ),
        "a.xlsx",
        QUANTUM,
    ),
    ("an empty row before a filled one, by openpyxl", written(["title"], [None], ["Q"]), "a.xlsx", QUANTUM),
    ("an empty row with a height, by XlsxWriter", with_a_high_row(), "a.xlsx", QUANTUM),
    (
        "an empty row with every attribute, by LibreOffice",
        workbook(
            row(1, text("A1", "title"), **OF_LIBREOFFICE)
            + row(2, '<c r="A2" s="0"></c>', '<c r="B2" s="0"/>', **OF_LIBREOFFICE)
            + row(3, **OF_LIBREOFFICE)
            + row(4, text("A4", "Q"), **OF_LIBREOFFICE)
        ),
        "a.xlsx",
        QUANTUM,
    ),
    ("an empty row above the header", workbook('<row r="1" thickBot="1"/>' + NUMBERED), "a.xlsx", QUANTUM),
    ("empty rows closed in both ways", workbook('<row r="1"></row> <row r="2"/>' + NUMBERED), "a.xlsx", QUANTUM),
    ("CRLF between tags", plain_rows(SHEET_XML.replace("><", ">\r\n<")), "a.xlsx", QUANTUM),
    (
        "formatted cells far out",
        workbook(
            row(1, text("A1", "title"), '<c r="XFD1" s="0"/>')
            + row(2, text("A2", "Q"))
            + row(3, '<c r="A3" s="0"/>')
            + '<row r="9"/><row r="1048576" s="1"/>'
        ),
        "a.xlsx",
        QUANTUM,
    ),
    ("a merged range below the table", merged("A7:B9"), "a.xlsx", [{"title": "Q"}] * 2),
    ("a merged range beside the table", merged("C1:D1"), "a.xlsx", [{"title": "Q"}] * 2),
    (
        "an empty second sheet",
        packed(parts_of(sheet(table(text("A2", "Q"), header="title")), sheet(""))),
        "a.xlsx",
        QUANTUM,
    ),
    ("a template's own sheets", named("提案", str(NOTES_SHEET)), "a.xlsx", QUANTUM),
    (
        "a template's own sheet that nobody could read",
        packed(
            parts_of(
                sheet(table(text("A2", "Q"), header="title")),
                sheet('<row r="x"><c r="A1"><v>1</v></c></row>'),
                names=["Data", str(NOTES_SHEET)],
            )
        ),
        "a.xlsx",
        QUANTUM,
    ),
    (
        "odd names of parts",
        packed(
            {
                name.replace("xl/sharedStrings", "xl/SharedStrings").replace("worksheets/", "worksheets\\"): part
                for name, part in parts_of(SHEET_XML).items()
            }
        ),
        "a.xlsx",
        QUANTUM,
    ),
]


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(("data", "file_name", "expected"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_file_is_told_what_is_wrong(data: bytes, file_name: str, expected: list[str], language: str) -> None:
    with override(language):
        assert verdict(data, file_name=file_name)[0] == expected


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(("data", "file_name", "rows"), [case[1:] for case in GOOD], ids=[case[0] for case in GOOD])
def test_awkward_file_is_read(data: bytes, file_name: str, rows: list[dict[str, Any]], language: str) -> None:
    with override(language):
        assert verdict(data, file_name=file_name) == ([], rows)


def test_catalogue_is_large_enough() -> None:
    assert (len(BAD) >= 80, len(GOOD) >= 30) == (True, True)


# --- what is read ----------------------------------------------------------------------------------------------


def test_sheet_tells_encoding_delimiter_and_real_rows() -> None:
    found = read("\n課題;1\n\nx;\n".encode("cp932"), file_name="a.csv")

    assert (found.form, found.encoding, found.delimiter, found.faults) == ("csv", "CP932", ";", [])
    assert [(line.number, [cell.text for cell in line.cells]) for line in found.lines] == [
        (2, ["課題", "1"]),
        (4, ["x", ""]),
    ]


def test_workbook_tells_sheet_and_typed_cells() -> None:
    found = read(
        written(["x", None, 1, 2.5, -0.1, 1e20], [DAY, MORNING, False], name="提案"),
        file_name="a.xlsx",
    )

    assert (found.form, found.encoding, found.delimiter, found.sheet_name) == ("xlsx", "", "", "提案")
    assert found.lines[0].cells == (
        Cell("text", "x"),
        EMPTY,
        *(Cell("number", text, None, Decimal(text)) for text in ["1", "2.5", "-0.1", "1" + "0" * 20]),
    )
    assert found.lines[1].cells[:3] == (
        Cell("day", "2026-04-01", DAY),
        Cell("instant", "2026-04-01 09:00:00"),
        Cell("truth", "FALSE"),
    )


def test_written_moment_is_no_day() -> None:
    found = read(workbook(row(1, '<c r="A1" t="d"><v>2026-04-01T09:00:00</v></c>')), file_name="a.xlsx")

    assert found.lines[0].cells == (Cell("instant", "2026-04-01 09:00:00"),)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("yyyy/mm/dd", True),
        ('ggge"年"m"月"', True),
        ("[h]:mm", True),
        ("[Red]#,##0;[Blue]-#,##0", False),
        ('#,##0"days"', False),
        ("0.00E+00", False),
        (r"0\d", False),
        ("_d0", False),
        ("[$-411]General", False),
        ("0;yyyy", False),
    ],
)
def test_number_format_shows_a_day(code: str, expected: bool) -> None:
    assert is_day_format(code) == expected


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("#,##0", None),
        ("#,##0;[Red]-#,##0", None),
        ('#,##0"円"', None),
        ('"¥"#,##0', None),
        ("[$¥-411]#,##0", None),
        ('_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ ', None),
        ("0.00E+00", None),
        ("General", None),
        ("@", None),
        ("00000000", None),
        ("#,##0,", "26,000"),
        ('#,##0,,"百万円"', "26百万円"),
        ('#,##0"千円"', "26,000,000千円"),
        ('0.0,"k"', "26,000k"),
        ("[$$-409]#,##0", "$26,000,000"),
        (r"#,##0\k", "26,000,000k"),
        (";;;", ""),
    ],
)
def test_number_format_that_shows_another_number_is_known(code: str, shown: str | None) -> None:
    assert (seen(Decimal(26_000_000), code) if is_disguise(code) else None) == shown


@pytest.mark.parametrize(
    ("code", "value", "said", "rows"),
    [
        ("0%", "0.3", ["yen_has_unit A2 30%"], [{}, {}]),
        ("#,##0,", "26000000", ["[number_disguised] A2 26000000"], [{"yen": 26_000_000}] * 2),
        ("#,##0&quot;千円&quot;", "26000", ["[number_disguised] A2 26000"], [{"yen": 26_000}] * 2),
        ("#,##0&quot;円&quot;", "26000", [], [{"yen": 26_000}] * 2),
    ],
)
def test_amount_is_not_taken_for_another_one_than_is_seen(
    code: str, value: str, said: list[str], rows: list[dict[str, Any]]
) -> None:
    lines = row(1, text("A1", "yen"), text("B1", "title"))
    lines += "".join(row(n, number(f"A{n}", value, style=1), text(f"B{n}", "Q")) for n in (2, 3))
    found = verdict(workbook(lines, formats=[code]), file_name="a.xlsx")

    blocked = [one.replace("A2", "A3") for one in said if "[" not in one]
    assert found == (said + blocked, [{**one, "title": "Q"} for one in rows])


def test_number_beside_a_disguised_one_is_read_as_it_stands() -> None:
    lines = row(1, text("A1", "yen"), text("B1", "title"))
    lines += row(2, number("A2", "26000", style=1), number("B2", "7", style=0))

    found = verdict(workbook(lines, formats=["#,##0&quot;千円&quot;"]), file_name="a.xlsx")

    assert found == (["[number_disguised] A2 26000"], [{"yen": 26_000, "title": "7"}])


@pytest.mark.parametrize("end", ["/>", "></row>"])
def test_empty_rows_end_before_the_filled_one(end: str) -> None:
    """Some Pythons 3.11 match a repeated possessive group half into the row that ends the repetition."""
    rows = "".join(f'<row r="{n}"{end}' for n in range(2, 3_500)) + row(3_500, text("A3500", "Q"))

    found = read(workbook(row(1, text("A1", "title")) + rows), file_name="a.xlsx")

    assert [(line.number, line.cells[0].text) for line in found.lines] == [(1, "title"), (3_500, "Q")]


def with_long_cells(rows: int) -> bytes:
    """Each row has one shared text of 32,000 signs in every column."""
    columns = HEADER.split(",")
    header = row(1, *(text(f"{letters(place)}1", name) for place, name in enumerate(columns, 1)))
    cells = [f'<c r="{letters(place)}%d" t="s"><v>0</v></c>' for place in range(1, len(columns) + 1)]
    body = "".join(row(number, *(cell % number for cell in cells)) for number in range(2, rows + 2))
    return workbook(header + body, strings=f"<si><t>{'あ' * 32_000}</t></si>")


def test_long_text_is_refused_before_it_is_brought_into_standard_form() -> None:
    """Work is counted, not time: reading one more row of long cells normalises, translates and takes apart nothing."""

    def work(rows: int) -> tuple[dict[str, int], set[str]]:
        data, calls = with_long_cells(rows), dict.fromkeys(["normalize", "translate", "decomposition", "casefold"], 0)

        def count(_frame: Any, event: str, called: Any) -> None:
            if event == "c_call" and called.__name__ in calls:
                calls[called.__name__] += 1

        before = sys.getprofile()
        sys.setprofile(count)
        try:
            said = verdict(data, file_name="a.xlsx")[0]
        finally:
            sys.setprofile(before)
        return calls, {fault.split()[0] for fault in said}

    assert work(40) == work(1)
    assert work(1)[1] == {"text_too_long"}


def test_no_pattern_repeats_a_group_possessively() -> None:
    """CPython issues 100061 and 106052: Debian 12's Python matches such a pattern wrongly."""
    possessive = re.compile(r"\)(?:[*+?]|\{[0-9]*,?[0-9]*\})\+")
    files = [
        path
        for room in ("aspire", "partners", "calls", "proposals")
        for path in (Path(__file__).parents[2] / room).rglob("*.py")
    ]
    texts = [
        (str(path), node.value if isinstance(node.value, str) else node.value.decode("latin-1"))
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))
    ]

    assert [(name, text) for name, text in texts if possessive.search(text)] == []
    assert possessive.search("(?:ab)++")
    assert len(texts) > 1_000


def test_signs_by_their_number_are_read_as_by_themselves_and_control_characters_are_refused() -> None:
    def found(value: str) -> tuple[list[str], list[dict[str, Any]]]:
        return verdict(workbook(table(text("A2", value), header="title")), file_name="a.xlsx")

    for value in ("&#22269;&#38555;", "&#x56fd;&#x969B;", "国&#38555;"):
        assert found(value) == ([], [{"title": "国際"}])
    assert found("&#95;x0041_&#128512;") == found("A&#x1F600;") == ([], [{"title": "A\U0001f600"}])
    for value in ("a&#7;", "a&#x7;", "a&#127;", "a&#133;"):
        assert found(value)[0][0].startswith("cell_has_control_character A2")
    for value in ("&#55296;", "&#xD800;", "&#1114112;"):
        assert found(value) == (["file_damaged"], [])


def test_further_faults_of_one_kind_are_left_out() -> None:
    found = read(b"\x07," * 59 + b"\n" + b"\x07\n" * 2_000, file_name="a.csv")

    assert len(found.faults) == 1_000


def test_sentence_quotes_the_beginning_of_a_long_value() -> None:
    sentence = Fault("yen_not_number", value="x" * 5_000).sentence

    assert ("x" * 60 + "\u2026" in sentence, len(sentence) < 300) == (True, True)


def test_fault_says_the_sentence_of_a_rule() -> None:
    rule = Refusal("value_required")

    assert Fault("value_required", row=2, refusal=rule).sentence == rule.sentence


def test_reading_stops_at_the_deadline() -> None:
    for data, name in [(csv_of("Q"), "a.csv"), (workbook(table()), "a.xlsx")]:
        with pytest.raises(Unreadable) as caught:
            read(data, file_name=name, bounds=Bounds(seconds=-1))

        assert caught.value.fault == Fault("file_too_slow", values={"limit": -1})


def test_engine_in_trouble_is_a_damaged_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(python_calamine, "load_workbook")

    assert verdict(workbook(table()), file_name="a.xlsx") == (["file_damaged"], [])


@pytest.mark.parametrize("is_collecting", [True, False])
def test_reading_leaves_the_collector_as_it_was(is_collecting: bool) -> None:
    before = gc.isenabled()
    (gc.enable if is_collecting else gc.disable)()
    read(csv_of("Q"), file_name="a.csv")
    after = gc.isenabled()
    (gc.enable if before else gc.disable)()

    assert after == is_collecting


# --- anything at all -------------------------------------------------------------------------------------------

SIGNS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], include_characters="\n\t")
TEXTS = st.text(SIGNS, max_size=20) | st.sampled_from(
    ["=1", "'=1", "'", "　", "_x0041_", "_x0000_", "_x005F_x0041_", "\u2028x ", '"', "<&>", "]]>", "00123", "1e5"]
)
GRIDS = st.lists(st.lists(TEXTS, min_size=1, max_size=5), min_size=1, max_size=6)
SEEDS = [workbook(table(text("A2", "x"))), japanese_workbook(), written(["a", 1], [DAY, True]), csv_of("Q,bio")]


# Of the processor's time: several times what it takes, and a thousandth of what a flood would take if it were let in.
SOON_SECONDS = 6


def read_soon(data: bytes, file_name: str) -> None:
    begun = time.process_time()
    with contextlib.suppress(Unreadable):
        assert read(data, file_name=file_name).lines
    assert time.process_time() - begun < SOON_SECONDS


@given(
    st.binary(max_size=300) | st.text(max_size=200).map(str.encode),
    st.sampled_from(["a.csv", "a.xlsx", "a.xls", "", "a.tsv"]),
)
def test_any_bytes_are_read_or_refused(data: bytes, file_name: str) -> None:
    read_soon(data, file_name)


@given(st.data())
def test_any_mutation_of_a_file_is_read_or_refused(data: st.DataObject) -> None:
    seed = bytearray(data.draw(st.sampled_from(SEEDS)))
    for _change in range(data.draw(st.integers(1, 8))):
        seed[data.draw(st.integers(0, len(seed) - 1))] = data.draw(st.integers(0, 255))
    read_soon(bytes(seed), data.draw(st.sampled_from(["a.csv", "a.xlsx"])))


@given(
    st.lists(
        st.sampled_from(
            [
                "<row>",
                "</row>",
                '<row r="1">',
                '<row r="2" hidden="1">',
                "<c>",
                '<c r="A1">',
                '<c r="B2" t="s">',
                "<c/>",
                "</c>",
                "<v>",
                "1",
                "x",
                "</v>",
                "<f>",
                "</f>",
                "<is><t>",
                "</t></is>",
                "<!--",
                "-->",
                "<![CDATA[",
                "]]>",
                "<?x",
                "?>",
                "&amp;",
                "&#1;",
                "&",
                " ",
                "</sheetData>",
                "<x:row>",
                "<extLst/>",
            ]
        ),
        max_size=25,
    ).map("".join)
)
@settings(max_examples=tries(50, sweep=300))
def test_any_rows_are_read_or_refused(rows: str) -> None:
    read_soon(workbook(rows, strings="<si><t>x</t></si>"), "a.xlsx")


def as_read(grid: Sequence[Sequence[str]]) -> list[tuple[int, list[str]]]:
    """The filled lines of the grid, less what nobody sees."""
    lines = [[cell if cell.strip(BLANKS) else "" for cell in line] for line in grid]
    return [(number, line) for number, line in enumerate(lines, start=1) if any(line)]


def lines_of(data: bytes, file_name: str) -> list[tuple[int, list[str]]]:
    try:
        found = read(data, file_name=file_name)
    except Unreadable:
        return []
    assert found.faults == []
    return [(line.number, [cell.text for cell in line.cells]) for line in found.lines]


@given(GRIDS)
def test_any_grid_comes_back_from_csv(grid: list[list[str]]) -> None:
    written_out = io.StringIO(newline="")
    csv.writer(written_out, quoting=csv.QUOTE_ALL).writerows([[guarded(cell) for cell in line] for line in grid])

    assert lines_of(written_out.getvalue().encode("utf-8-sig"), "a.csv") == as_read(grid)


@given(GRIDS)
def test_any_grid_comes_back_from_a_workbook(grid: list[list[str]]) -> None:
    book = Workbook()
    for place, line in enumerate(grid, start=1):
        for column, value in enumerate(line, start=1):
            target = book.active.cell(place, column, "x")
            target.value, target.data_type = guarded(re.sub("_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", value)), "s"
    expected = [(number, [*line, *[""] * 5][:5]) for number, line in as_read(grid)]

    found = [(number, [*line, *[""] * 5][:5]) for number, line in lines_of(saved(book), "a.xlsx")]
    assert found == expected


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_comes_back_to_15_digits(value: float) -> None:
    found = read(workbook(row(1, text("A1", "x"), number("B1", repr(value)))), file_name="a.xlsx").lines[0].cells[1]

    assert (found.kind, found.number) == ("number", Decimal(f"{value:.15g}"))
    assert "e" not in found.text.lower()


@given(st.dates(min_value=datetime.date(1900, 3, 1), max_value=datetime.date(9999, 12, 31)))
def test_any_day_comes_back(day: datetime.date) -> None:
    assert read(written([day]), file_name="a.xlsx").lines[0].cells == (Cell("day", day.isoformat(), day),)


# --- bombs -----------------------------------------------------------------------------------------------------

MEASURE = """
import re, sys, time
from pathlib import Path
from django.conf import settings
settings.configure(USE_I18N=False)
from aspire.workbooks.faults import Unreadable
from aspire.workbooks.reading import read
data = Path(sys.argv[1]).read_bytes()
begun = time.process_time()
try:
    read(data, file_name="a.xlsx")
    code = "read"
except Unreadable as unreadable:
    code = unreadable.fault.code
seconds = time.process_time() - begun
# Not getrusage: its peak is inherited from the process that started this one.
print(code, seconds, re.search("VmHWM:\\s+([0-9]+) kB", Path("/proc/self/status").read_text())[1])
"""
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))


def inflated() -> bytes:
    """A workbook whose sheet unpacks to 300 MB."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in parts_of(sheet("")).items():
            if name != "xl/worksheets/sheet1.xml":
                package.writestr(name, part)
        with package.open("xl/worksheets/sheet1.xml", "w") as part:
            for _megabyte in range(300):
                part.write(b"0" * 1_000_000)
    return made.getvalue()


def lying(data: bytes) -> bytes:
    """The workbook whose directory tells one byte for every part."""
    places = [found.start() for found in re.finditer(b"PK\1\2", data)]
    for place in places:
        data = data[: place + 24] + (1).to_bytes(4, "little") + data[place + 28 :]
    return data


BOMBS: dict[str, Callable[[], tuple[bytes, str]]] = {
    "a zip bomb": lambda: (inflated(), "file_unpacks_too_large"),
    "lying sizes": lambda: (lying(inflated()), "file_damaged"),
    "an entity bomb": lambda: (
        with_part("xl/sharedStrings.xml", f"<!DOCTYPE l [{LAUGHS}]><sst><si><t>&l9;</t></si></sst>"),
        "file_damaged",
    ),
    "a cell far out": lambda: (
        workbook(row(1, number("A1", 1)) + row(1_048_576, number("XFD1048576", 1))),
        "columns_too_many",
    ),
    "two million texts": lambda: (
        with_part("xl/sharedStrings.xml", f"<sst>{'<si/>' * 2_000_000}</sst>"),
        "file_unpacks_too_large",
    ),
    "thirty thousand parts": lambda: (packed({f"x{n}": "" for n in range(30_000)}), "file_damaged"),
}


TRUTH, ESCAPED = '<c t="b"><v>1</v></c>', '<c t="inlineStr"><is><t>a&amp;b</t></is></c>'
FLOODS = {
    "truths without places": f"<row>{TRUTH * 60}</row>" * 15_000,
    "escaped texts without places": f"<row>{ESCAPED * 55}</row>" * 8_000,
    "a row of truths": f"<row>{TRUTH * 900_000}</row>",
    "empty rows in two tags": "".join(f'<row r="{n}"></row>' for n in range(1, 700_000)),
    "empty rows in other quotes": "".join(f"<row r='{n}'/>" for n in range(1, 900_000)),
    "empty rows without numbers": '<row a=""/>' * 1_700_000,
    "rows of one empty cell": "".join(f'<row r="{n}"><c/></row>' for n in range(1, 600_000)),
}


@pytest.mark.parametrize("name", FLOODS)
def test_flood_is_read_or_refused_in_time(name: str) -> None:
    read_soon(with_part("xl/worksheets/sheet1.xml", sheet(FLOODS[name] + row(1_000_000))), "a.xlsx")


def test_cells_without_places_stand_where_they_come() -> None:
    odd = '<row r="3"><c/><c t="b"><v>0</v></c><c><v>2</v></c></row><row><c t="b"><v>1</v></c></row>'

    lines = read(workbook(table(text("A2", "x")) + odd), file_name="a.xlsx").lines

    assert [(line.number, [cell.text for cell in line.cells]) for line in lines] == [
        (1, ["a", "", ""]),
        (2, ["x", "", ""]),
        (3, ["", "FALSE", "2"]),
        (4, ["TRUE", "", ""]),
    ]


@pytest.mark.parametrize("said", ['x t="s" t="b" r="A1"', 'x t="s" &lt; "<'])
def test_text_that_looks_like_markup_is_kept(said: str) -> None:
    lines = read(workbook(table(text("A2", escape(said)))), file_name="a.xlsx").lines

    assert [cell.text for cell in lines[1].cells] == [said]


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_refused_at_once(name: str, tmp_path: Path) -> None:
    data, expected = BOMBS[name]()
    bomb = tmp_path / "a.xlsx"
    bomb.write_bytes(data)
    root = Path(__file__).parents[2]

    told = subprocess.run([sys.executable, "-c", MEASURE, bomb], cwd=root, capture_output=True, text=True, check=True)
    code, seconds, kibibytes = told.stdout.split()

    assert code == expected
    assert float(seconds) < 0.2
    assert int(kibibytes) < 150 * 1024
