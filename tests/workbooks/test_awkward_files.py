"""A good but awkward file is read as its sender sees it."""

import datetime
import io
from typing import Any

import pytest
import xlsxwriter
from django.utils.translation import override

from aspire.workbooks.roundtrip import ERRORS_HEADER, NOTES_SHEET
from aspire.workbooks.widgets import CLEAR
from tests.contracts import verdict
from tests.workbook_files import number, packed, parts_of, row, sheet, table, text, workbook, written
from tests.workbooks.samples import (
    DAY,
    HEADER,
    QUANTUM,
    SHEET_XML,
    cell,
    csv_of,
    japanese_workbook,
    merged,
    one,
    with_part,
)
from tests.workbooks.test_bad_files import BAD


def plain_rows(sheet_xml: str) -> bytes:
    return with_part("xl/worksheets/sheet1.xml", sheet_xml)


def named(name: str, second: str) -> bytes:
    rows = table(text("A2", "Q"), header="title")
    return packed(parts_of(sheet(rows), sheet(table(text("A2", "x"))), names=[name, second]))


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
        [dict.fromkeys(HEADER.split(","), CLEAR)],
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
@pytest.mark.parametrize(("data", "file_name", "rows"), [case[1:] for case in GOOD], ids=[case[0] for case in GOOD])
def test_awkward_file_is_read(data: bytes, file_name: str, rows: list[dict[str, Any]], language: str) -> None:
    with override(language):
        assert verdict(data, file_name=file_name) == ([], rows)


def test_catalogue_is_large_enough() -> None:
    assert (len(BAD) >= 80, len(GOOD) >= 30) == (True, True)
