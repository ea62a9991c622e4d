"""A bad file is told what is wrong with it, in one sentence and in both languages."""

import datetime

import pytest
from django.utils.translation import override

from tests.contracts import verdict
from tests.workbook_files import MAIN, number, packed, parts_of, row, sheet, table, text, workbook, written
from tests.workbooks.samples import (
    CALL_TITLE,
    FORMULA,
    MORNING,
    OLD_OFFICE,
    cell,
    csv_of,
    doubled,
    encrypted_zip,
    flipped,
    merged,
    one,
    other_compression,
    with_part,
    without,
)

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
    ("91 columns", csv_of(",".join("x" * 91), header="title"), "a.csv", ["columns_too_many CM2"]),
    ("91 columns of a workbook", workbook(row(1, number("CM1", 1))), "a.xlsx", ["columns_too_many CM1"]),
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


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(("data", "file_name", "expected"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_file_is_told_what_is_wrong(data: bytes, file_name: str, expected: list[str], language: str) -> None:
    with override(language):
        assert verdict(data, file_name=file_name)[0] == expected
