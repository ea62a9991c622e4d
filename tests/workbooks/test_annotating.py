"""A sender gets their own file back: what they wrote as they wrote it, and what to mend in a column at its end."""

import datetime
import io
import re
import zipfile

import openpyxl
import pytest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill

from aspire.refusals import Refusal
from aspire.workbooks import annotating
from aspire.workbooks.columns import StrictField, match
from aspire.workbooks.faults import Fault, Tier
from aspire.workbooks.reading import Line, Sheet, read
from aspire.workbooks.roundtrip import ERRORS_HEADER, is_errors_header
from aspire.workbooks.widgets import Text, WholeYen
from aspire.workbooks.writing import annotated, csv_bytes, workbook_bytes
from tests.effort import tries

CEILING = Refusal("cost_within_ceiling", {"fiscal_year": 2026, "value_yen": 3, "limit_yen": 2, "over_yen": 1})
TOO_MUCH = Fault("cost_within_ceiling", row=3, column="B", header="yen", refusal=CEILING)
SAID = (
    "B yen: Fiscal year 2026: the request of ¥3 is above the ceiling of ¥2 a fiscal year, by ¥1. "
    "Lower it to the ceiling or less."
)
WHOLE = Fault("file_empty")
EMPTY_FILE = "The file is empty. Send one with a header row and at least one row under it."
HEADER = "Errors (not read)"


@pytest.fixture(autouse=True)
def in_english():
    with override("en"):
        yield


def annotated_csv(text, faults, *, encoding="utf-8-sig", name="x.csv"):
    data = text.encode(encoding)
    result, extension = annotated(data, read(data, file_name=name), faults)
    assert extension == "csv"
    return result


# --- CSV ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_csv_keeps_its_encoding_delimiter_and_line_ends(encoding, delimiter, end):
    rows = [["題名", "yen"], ["量子網", "1"], ["半導体", "3"]]
    data = "".join(delimiter.join(row) + end for row in rows).encode(encoding)

    result, _extension = annotated(data, read(data, file_name="x.csv"), [Fault("file_empty", row=3)])

    for row, added in zip(rows, [HEADER, "", EMPTY_FILE], strict=True):
        row.append(added)
    assert result == "".join(delimiter.join(row) + end for row in rows).encode(encoding)


def test_a_big_endian_csv_stays_one():
    data = b"\xfe\xff" + "題名,yen\r\n量子網,1\r\n".encode("utf-16-be")

    result, _extension = annotated(data, read(data, file_name="x.csv"), [])

    assert result == b"\xfe\xff" + f"題名,yen,{HEADER}\r\n量子網,1,\r\n".encode("utf-16-be")


def test_a_csv_of_ascii_alone_gets_a_mark_of_its_encoding():
    assert annotated_csv("a,yen\r\nx,1\r\ny,3\r\n", [TOO_MUCH], encoding="ascii").startswith(b"\xef\xbb\xbf")


def test_signs_of_our_own_sentences_that_cp932_lacks_are_written_as_it_has_them():
    result = annotated_csv("題名,yen\r\n量子網,1\r\n半導体,3\r\n", [TOO_MUCH], encoding="cp932").decode("cp932")

    assert SAID.replace("¥", "￥") in result


def test_the_faults_of_a_row_are_joined_blocking_ones_first():
    faults = [
        Fault("file_empty", row=3, tier=Tier.NOTE),
        Fault("file_empty", row=3, column="A", tier=Tier.FLAG),
        TOO_MUCH,
    ]

    lines = annotated_csv("a,yen\n量,1\n子,3\n", faults).decode("utf-8-sig").splitlines()

    assert lines[1] == "量,1,"
    assert lines[2] == f'子,3,"{SAID} / [follow up] A: {EMPTY_FILE} / [note] {EMPTY_FILE}"'


def test_faults_of_the_whole_file_stand_in_the_header_of_the_errors():
    result = annotated_csv("a,yen\n量,1\n", [WHOLE, Fault("file_empty", row=99, column="A")])

    assert result.decode("utf-8-sig").splitlines()[0] == f"a,yen,{HEADER} / {EMPTY_FILE} / A: {EMPTY_FILE}"


def test_blank_lines_keep_the_row_numbers_and_of_short_rows_only_faulty_ones_are_filled_up():
    result = annotated_csv("\na,yen,c\n\n量\n子\n1,2,3,4\n", [Fault("file_empty", row=5)])

    assert result.decode("utf-8-sig") == f"\na,yen,c,,{HEADER}\n\n量\n子,,,,{EMPTY_FILE}\n1,2,3,4,\n"


def test_a_formula_that_was_sent_goes_back_as_text():
    result = annotated_csv('量,yen\n=1+1,"\'=2"\n', [Fault("file_empty", row=2, header="=3")])

    assert result.decode("utf-8-sig").splitlines()[1] == f"'=1+1,'=2,'=3: {EMPTY_FILE}"


def test_a_mended_copy_loses_its_old_errors():
    copy = annotated_csv("量,yen\n子,3\n,\n網,3\n", [Fault("file_empty", row=2), WHOLE])

    again, _extension = annotated(copy, read(copy, file_name="x.csv"), [Fault("file_empty", row=4)])

    assert again.decode("utf-8-sig") == f"量,yen,{HEADER}\n子,3,\n\n網,3,{EMPTY_FILE}\n"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_errors_header_is_known_again_in_any_language_width_and_with_what_follows(language):
    with override(language):
        header = str(ERRORS_HEADER)

    assert all(map(is_errors_header, [header, f" {header.upper()}", f"{header}\n{EMPTY_FILE}"]))
    assert not is_errors_header("title_ja")


# --- workbooks ------------------------------------------------------------------------------------------------------


def workbook(*, rows=(("題名", "yen"), ("量子網", 1), ("半導体", 3)), change=None):
    book = openpyxl.Workbook()
    book.active.title = "提案 <1>"
    for row in rows:
        book.active.append(row)
    if change:
        change(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def with_parts(data, **changes):
    """The workbook with parts (by the last words of their name) changed by functions."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(result, "w") as target:
        for name in source.namelist():
            change = changes.get(name.rpartition("/")[2].partition(".")[0], lambda text: text)
            content = source.read(name)
            target.writestr(name, change(content.decode()) if content[:1] == b"<" else content)
    return result.getvalue()


def annotated_book(data, faults):
    result, extension = annotated(data, read(data, file_name="x.xlsx"), faults)
    assert extension == "xlsx"
    return openpyxl.load_workbook(io.BytesIO(result))


def values_of(sheet):
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def fills_of(sheet):
    return {cell.coordinate: cell.fill.fgColor.rgb for row in sheet.iter_rows() for cell in row if cell.fill.fill_type}


def test_a_workbook_gets_a_column_of_errors_and_marked_cells():
    flag = Fault("file_empty", row=2, column="A", tier=Tier.FLAG)
    sheet = annotated_book(workbook(), [TOO_MUCH, flag]).active

    assert values_of(sheet) == [
        ["題名", "yen", HEADER],
        ["量子網", 1, f"[follow up] A: {EMPTY_FILE}"],
        ["半導体", 3, SAID],
    ]
    red, yellow = "FFFFC7CE", "FFFFEB9C"
    assert fills_of(sheet) == {"C1": red, "A2": yellow, "C2": red, "B3": red, "C3": red}
    assert sheet.column_dimensions["C"].width == 80
    assert sheet["C3"].alignment.wrap_text


def test_everything_else_of_a_workbook_stays_as_it_was():
    def change(book):
        first, second = book.active, book.create_sheet("空")
        first["B3"].font, first["B3"].number_format = Font(bold=True), "#,##0"
        first["A3"].fill = PatternFill("solid", fgColor="FF00FF00")
        first["A1"].comment = Comment("how", "Aoki")
        first.column_dimensions["A"].width = 33
        first.freeze_panes = "A2"
        second["A1"].font = Font(italic=True)

    data = workbook(change=change)
    book = annotated_book(data, [TOO_MUCH])

    sheet = book.active
    assert (sheet["B3"].font.bold, sheet["B3"].number_format, sheet["B3"].fill.fgColor.rgb) == (
        True,
        "#,##0",
        "FFFFC7CE",
    )
    assert sheet["A3"].fill.fgColor.rgb == "FF00FF00"
    assert (sheet["A1"].comment.text, sheet.freeze_panes, sheet.column_dimensions["A"].width) == ("how", "A2", 33)
    assert (book.sheetnames, book.worksheets[1]["A1"].font.italic) == (["提案 <1>", "空"], True)
    result, _extension = annotated(data, read(data, file_name="x.xlsx"), [TOO_MUCH])
    untouched = set(zipfile.ZipFile(io.BytesIO(data)).namelist()) - {"xl/worksheets/sheet1.xml", "xl/styles.xml"}
    before, after = (zipfile.ZipFile(io.BytesIO(file)) for file in (data, result))
    assert before.namelist() == after.namelist()
    assert all(before.read(name) == after.read(name) for name in untouched)


def test_a_formula_keeps_the_value_that_was_saved_with_it():
    data = with_parts(
        workbook(rows=[("題名", "yen"), ("量子網", "=1+2")]),
        sheet1=lambda xml: re.sub(r"<f>1\+2</f><v ?/?>(</v>)?", "<f>1+2</f><v>3</v>", xml),
    )

    result, _extension = annotated(data, read(data, file_name="x.xlsx"), [Fault("file_empty", row=2, column="B")])

    assert openpyxl.load_workbook(io.BytesIO(result), data_only=True).active["B2"].value == 3
    assert openpyxl.load_workbook(io.BytesIO(result)).active["B2"].value == "=1+2"


def test_a_cell_that_is_missing_is_marked_where_it_should_be():
    rows = [("a", "b", "c", "d"), (None, "x", None, "y"), ("z",)]
    faults = [Fault("file_empty", row=row, column=letter) for row, letter in [(2, "A"), (2, "C"), (3, "D")]]

    sheet = annotated_book(workbook(rows=rows), faults).active

    assert {place for place in fills_of(sheet) if place[0] != "E"} == {"A2", "C2", "D3"}
    assert [row[:4] for row in values_of(sheet)] == [list(row) + [None] * (4 - len(row)) for row in rows]
    again = annotated_book(workbook(rows=rows), [Fault("file_empty", row=2, column="E")]).active
    assert again["E2"].value == f"E: {EMPTY_FILE}"


def test_a_mended_workbook_loses_its_old_errors():
    data, _extension = annotated(
        workbook(), read(workbook(), file_name="x.xlsx"), [WHOLE, TOO_MUCH, Fault("file_empty", row=2)]
    )

    sheet = annotated_book(data, [TOO_MUCH]).active

    assert values_of(sheet) == [["題名", "yen", HEADER], ["量子網", 1, None], ["半導体", 3, SAID]]


def test_a_sentence_is_text_in_a_workbook_too_and_a_very_long_one_is_cut(monkeypatch):
    monkeypatch.setattr(annotating, "LONGEST_ERRORS", 40)
    fault = Fault("file_empty", row=2, header="<=1> & \x01")

    cell = annotated_book(workbook(), [fault, fault]).active["C2"]

    assert (cell.data_type, cell.value) == ("s", f"<=1> & \ufffd: {EMPTY_FILE}"[:40] + "…")


def without_places(xml):
    xml = re.sub(r'(<c[^>]*) r="[A-Z]+[0-9]+"', r"\1", xml)
    return re.sub(r'<row r="[0-9]+"', '<row spans="1:2"', xml)


def prefixed(xml):
    return re.sub(r"<(/?)(?=[a-zA-Z])", r"<\1x:", xml).replace(" xmlns=", " xmlns:x=", 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"sheet1": without_places},
        {"sheet1": prefixed, "styles": prefixed},
        {
            "sheet1": lambda xml: xml.replace(
                "<sheetData>", '<cols><col min="1" max="16384" width="9"/></cols><sheetData>'
            )
        },
        {
            "sheet1": lambda xml: (
                '<?xml version="1.0" encoding="UTF-8"?>' + xml.replace("<dimension", "<!-- > --><dimension")
            )
        },
    ],
    ids=["without places", "with a prefix", "with widths to the end", "with a declaration and a comment"],
)
def test_the_xml_of_other_programs_is_written_into(changes):
    data = with_parts(workbook(), **changes)

    sheet = annotated_book(data, [TOO_MUCH]).active

    assert values_of(sheet) == [["題名", "yen", HEADER], ["量子網", 1, None], ["半導体", 3, SAID]]
    assert "B3" in fills_of(sheet)


def test_an_empty_element_of_a_row_gets_cells():
    data = with_parts(
        workbook(rows=[("題名", "yen"), ("量子網", 1)]),
        sheet1=lambda xml: xml.replace("</sheetData>", '<row r="3" spans="1:2"/></sheetData>'),
    )
    lines = [*read(data, file_name="x.xlsx").lines, Line(3, ())]

    result, _extension = annotated(data, Sheet("xlsx", "", "", "提案 <1>", lines, []), [TOO_MUCH])

    sheet = openpyxl.load_workbook(io.BytesIO(result)).active
    assert values_of(sheet)[2] == [None, None, SAID]
    assert "B3" in fills_of(sheet)


def in_latin_1(xml):
    return '<?xml version="1.0" encoding="iso-8859-1"?>' + xml


@pytest.mark.parametrize(
    "changes",
    [
        {"sheet1": in_latin_1},
        {"sheet1": lambda xml: xml.replace('<row r="3"', '<row r="4"')},
        {"sheet1": lambda xml: xml.replace('r="A3"', 'r="!3"')},
        {"sheet1": lambda xml: xml.replace('r="B3"', 'r="B3" s="99"')},
        {"styles": lambda xml: re.sub("<fills.*</fills>", "", xml)},
        {"workbook": lambda xml: xml.replace("/styles", "/other")},
        {"styles": lambda xml: xml[:-5]},
    ],
    ids=["encoding", "rows", "place", "style", "fills", "no styles", "damaged"],
)
def test_a_workbook_that_cannot_be_written_into_is_written_anew(changes):
    day = datetime.date(2026, 4, 1)
    sound = workbook(rows=[("題名", "yen"), ("=量", 1), (day, 3)])
    sheet = read(sound, file_name="x.xlsx")

    result, extension = annotated(with_parts(sound, **changes), sheet, [TOO_MUCH])

    found = openpyxl.load_workbook(io.BytesIO(result)).active
    assert (extension, found.title) == ("xlsx", "提案 <1>")
    assert values_of(found)[0] == ["題名", "yen", HEADER]
    assert [values_of(found)[2][0].date(), *values_of(found)[2][1:]] == [day, 3, SAID]


def test_the_language_of_the_sentences_is_that_of_the_reader():
    with override("ja"):
        cell = annotated_book(workbook(), [TOO_MUCH]).active["C3"]

    assert cell.value.startswith("B yen: 2026")


COLUMNS = [
    StrictField("title_ja", _("Title (Japanese)"), _("Meaning"), "x", Text(300)),
    StrictField("yen", _("Amount"), _("Meaning"), "1", WholeYen()),
]


@pytest.mark.parametrize("name", ["x.csv", "x.xlsx"])
def test_a_copy_is_read_as_the_file_it_was_made_of(name):
    sent = (
        "title_ja,yen\n量,1\n子,3\n".encode()
        if name == "x.csv"
        else workbook(rows=[("title_ja", "yen"), ("量", 1), ("子", 3)])
    )
    sheet = read(sent, file_name=name)

    copy, _extension = annotated(sent, sheet, [TOO_MUCH, WHOLE])

    before, after = match(sheet, COLUMNS), match(read(copy, file_name=name), COLUMNS)
    assert after.faults == before.faults == []
    assert after == before


def test_the_errors_of_a_copy_hide_neither_a_row_of_totals_nor_a_blank_one():
    sent = "title_ja,yen\n量,1\n合計,3\n".encode()
    sheet = read(sent, file_name="x.csv")
    faults = match(sheet, COLUMNS).faults

    copy, _extension = annotated(sent, sheet, faults)

    assert [fault.code for fault in faults] == ["totals_row"]
    assert match(read(copy, file_name="x.csv"), COLUMNS).faults == faults
    mended = match(read(copy.replace("合計,3".encode(), b","), file_name="x.csv"), COLUMNS)
    assert (mended.faults, [row.number for row in mended.rows]) == ([], [2])


CELLS = st.sampled_from(["", "量子網", "=1+1", "'=1", "00123", "a\nb", '"', ",", "_x000D_", "😀", "合計", "1"])
GRIDS = st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=6)
PLACES = st.tuples(st.integers(1, 8), st.sampled_from([None, "A", "B", "D", "F"]), st.sampled_from(Tier))


@settings(max_examples=tries(30, sweep=150))
@given(GRIDS, st.lists(PLACES, max_size=6), st.booleans())
def test_every_cell_of_the_sender_survives_in_the_copy(grid, places, is_workbook):
    name = "x.xlsx" if is_workbook else "x.csv"
    full = [row + [""] * (4 - len(row)) for row in grid]
    in_csv, _lost = csv_bytes(["題名", "yen", "c", "d"], grid)
    sent = workbook_bytes("s", COLUMNS * 2, full, language="en") if is_workbook else in_csv
    sheet = read(sent, file_name=name)
    faults = [Fault("file_empty", row, letter, tier=tier) for row, letter, tier in places]

    copy, _extension = annotated(sent, sheet, faults)

    found = {line.number: [cell.text for cell in line.cells] for line in read(copy, file_name=name).lines}
    for line in sheet.lines:
        texts = [cell.text for cell in line.cells]
        assert found[line.number][: len(texts)] == texts
    rows = {row if any(row == line.number for line in sheet.lines) else 1 for row, _letter, _tier in places}
    said = {number for number, texts in found.items() if any(EMPTY_FILE in text for text in texts)}
    assert said == rows
