"""What goes out holds exactly what it was given: typed, whole, never a live formula, and back without a change."""

import csv
import datetime
import io
import zipfile
from decimal import Decimal

import openpyxl
import pytest
import python_calamine
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl.utils import column_index_from_string

from aspire.workbooks import assembly, roundtrip
from aspire.workbooks.columns import StrictField
from aspire.workbooks.faults import Tier
from aspire.workbooks.reading import BOUNDS, read
from aspire.workbooks.widgets import BadCell, Parsed, StrictWidget
from aspire.workbooks.writing import Unwritable, csv_bytes, safe, template_bytes, workbook_bytes
from tests.effort import tries

FIELDS = {"bio": "バイオ", "ai": "AI·情報", "quantum": "量子"}
LIVE = [
    "=1+1",
    "+81",
    "-",
    "@x",
    "\t=x",
    "\rx",
    "\nx",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    "﹦1",
    "−1",
    " =1",
    "\u3000=1",
    "\ufeff=1",
]
HARMLESS = ["", "1+1", "a=b", "O'Neil", "'", "''", "量子網", "00123456", "[空]", "#N/A"]
AWKWARD = [
    *LIVE,
    *HARMLESS,
    *(f"'{text}" for text in LIVE),
    "_x000D_",
    "_x005F_x0041_",
    "a\r\nb\rc\nd",
    "😀",
    "AI·情報",
    '"',
    ",",
]
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(AWKWARD)


def as_is(cell):
    return Parsed(cell.text)


def field(cell):
    codes = {**{code: code for code in FIELDS}, **{label: code for code, label in FIELDS.items()}}
    if cell.text not in codes:
        raise BadCell("unknown_code", value=cell.text)
    return Parsed(codes[cell.text])


class ReadBy(StrictWidget):
    def __init__(self, read):
        super().__init__()
        self.read = read


def column(name="title_ja", *, parse=as_is, **more):
    given = {"label": _("title (Japanese)"), "meaning": _("Meaning"), "example": "x", "widget": ReadBy(parse), **more}
    return StrictField(name, **given)


COLUMNS = [
    column("number", label=_("Number"), kind="code"),
    column(is_required=True),
    column("direct_yen_2026", kind="yen"),
    column("starts_on", kind="day"),
    column("field", label=_("field"), kind="code", parse=field, choices=tuple(FIELDS.items())),
    column("young_researcher_plan", kind="truth"),
]


def rows_of_csv(data, *, encoding="utf-8-sig"):
    """As a spreadsheet program would take it apart, with our guards taken off."""
    table = csv.reader(io.StringIO(data.decode(encoding), newline=""), strict=True)
    return [[roundtrip.unguarded(text) for text in row] for row in table]


def rows_of_book(data, sheet=0):
    return python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(sheet).to_python()


def book_of(data):
    return openpyxl.load_workbook(io.BytesIO(data))


# --- never a formula, never a change --------------------------------------------------------------------------------


@pytest.mark.parametrize("text", LIVE)
def test_a_text_that_might_become_a_formula_is_guarded_and_comes_back(text):
    assert safe(text) == f"'{text}"
    assert roundtrip.unguarded(safe(text)) == text
    assert roundtrip.unguarded(safe(f"'{text}")) == f"'{text}"


@pytest.mark.parametrize("value", [*HARMLESS, None, -1, Decimal("-0.5"), datetime.date(2026, 4, 1)])
def test_whatever_is_harmless_is_left_alone(value):
    assert safe(value) == value


@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=5))
@example([(text, text) for text in AWKWARD])
def test_a_csv_brings_back_any_text(rows):
    data, faults = csv_bytes(["a", "b"], rows)

    assert faults == []
    assert data.startswith(b"\xef\xbb\xbf")
    assert [tuple(row) for row in rows_of_csv(data)[1:]] == rows
    written = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert not any(roundtrip.is_live(text) and not text.startswith("'") for row in written for text in row)


@settings(max_examples=tries(15, sweep=60))
@given(st.lists(ANY_TEXT, min_size=1, max_size=20))
@example(AWKWARD)
def test_a_workbook_brings_back_any_text_and_holds_no_formula(texts):
    data = workbook_bytes("x", [column()], [[text] for text in texts] + [["end"]], language="ja")

    read_back = [roundtrip.unguarded(row[0]) for row in rows_of_book(data)[1:-1]]
    assert read_back == texts
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml")


def test_editing_a_guarded_cell_of_a_workbook_makes_no_formula_of_it_either():
    sheet = book_of(workbook_bytes("x", [column()], [["=1+1"], ["plain"]], language="ja")).active

    assert [(cell.value, cell.data_type, bool(cell.quotePrefix)) for cell in (sheet["A2"], sheet["A3"])] == [
        ("=1+1", "s", True),
        ("plain", "s", False),
    ]


def test_what_the_reader_takes_in_is_what_went_out_but_for_line_ends():
    texts = [text for text in [*AWKWARD, "a\nb", 'x,"y"'] if text.strip()]
    header, rows = ["title_ja", "number"], [[text, f"IN-{index:03}"] for index, text in enumerate(texts)]
    files = {
        "x.csv": csv_bytes(header, rows)[0],
        "x.xlsx": workbook_bytes("x", [column(), COLUMNS[0]], rows, language="en"),
    }

    for name, data in files.items():
        sheet = read(data, file_name=name)
        assert sheet.faults == []
        found = [[cell.text for cell in line.cells] for line in sheet.lines]
        assert found == [
            header,
            *([text.replace("\r\n", "\n").replace("\r", "\n"), number] for text, number in rows),
        ], name


# --- cells ------------------------------------------------------------------------------------------------------------

NOON = datetime.datetime(2026, 4, 1, 12, 30)  # noqa: DTZ001 - as a workbook has it
TYPED = [
    (26_000_000, "26000000", 26_000_000.0),
    (-1, "-1", -1.0),
    (10**15, "1000000000000000", "1000000000000000"),
    (Decimal("0.10"), "0.10", 0.1),
    (Decimal("NaN"), "NaN", "NaN"),
    (Decimal("1E+20"), "100000000000000000000", "100000000000000000000"),
    (datetime.date(2026, 4, 1), "2026-04-01", datetime.date(2026, 4, 1)),
    (datetime.date(1900, 2, 28), "1900-02-28", "1900-02-28"),
    (
        datetime.datetime(2026, 4, 1, 3, 30, tzinfo=datetime.UTC),
        "2026-04-01 12:30:00",
        NOON,
    ),
    (NOON, "2026-04-01 12:30:00", NOON),
    (True, "○", "○"),
    (False, "×", "×"),
    ("00123456", "00123456", "00123456"),
]


@pytest.mark.parametrize(("value", "in_csv", "in_a_workbook"), TYPED)
def test_a_value_keeps_its_type(value, in_csv, in_a_workbook):
    data, _faults = csv_bytes(["a", "b"], [[value, "end"]])
    assert rows_of_csv(data)[1] == [in_csv, "end"]

    columns = [column(), column("b", kind="yen"), column("c")]
    found = rows_of_book(workbook_bytes("x", columns, [[value, value, "end"]], language="ja"))[1]
    assert found == [in_a_workbook, in_a_workbook, "end"]


def test_nothing_is_an_empty_cell():
    assert rows_of_csv(csv_bytes(["a", "b"], [[None, ""], ["", "x"]])[0])[1:] == [["", ""], ["", "x"]]
    sheet = book_of(workbook_bytes("x", [column(), column("b")], [[None, ""], ["", "x"]], language="ja")).active
    assert [[cell.value for cell in row] for row in sheet["A2:B3"]] == [[None, None], [None, "x"]]


@pytest.mark.parametrize("text", ["あ" * 32_767, "😀" * 16_383])
def test_the_longest_text_of_a_cell_goes_out_whole(text):
    assert rows_of_csv(csv_bytes(["a"], [[text]])[0])[1] == [text]
    assert rows_of_book(workbook_bytes("x", [column()], [[text]], language="ja"))[1] == [text]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "あ" * 32_768,
            "The text has 32,768 characters, and a cell of Excel holds 32,767. Shorten it, then export again.",
        ),
        (
            "😀" * 16_384,
            "The text has 16,384 characters, and a cell of Excel holds 32,767. Shorten it, then export again.",
        ),
        ("a\ud83d", "The text holds half a character, which no file can keep. Type the text anew."),
    ],
)
def test_a_text_that_no_cell_holds_is_refused_with_its_place(text, sentence):
    rows = [["fine", "fine"], ["fine", text]]
    for write in (
        lambda: csv_bytes(["a", "b"], rows),
        lambda: workbook_bytes("x", [column("a"), column("b")], rows, language="en"),
        lambda: template_bytes([column("a"), column("b")], rows, title="x", language="en"),
    ):
        with pytest.raises(Unwritable) as refused, override("en"):
            write()
        fault = refused.value.fault
        with override("en"):
            assert (fault.place, fault.header, fault.sentence) == ("B3", "b", sentence)


def test_more_rows_than_a_sheet_has_are_refused(monkeypatch):
    monkeypatch.setattr(assembly, "LAST_ROW", 3)

    workbook_bytes("x", [column()], [["a"], ["b"]], language="ja")
    with pytest.raises(Unwritable) as refused:
        workbook_bytes("x", [column()], [["a"], ["b"], ["c"]], language="ja")

    with override("en"):
        assert refused.value.fault.sentence == (
            "A sheet of Excel holds 2 rows under its header. Narrow the filter, or export as CSV."
        )


# --- CP932 ------------------------------------------------------------------------------------------------------------


def test_cp932_reports_each_character_that_it_cannot_hold():
    rows = [["量子網", "バイオ"], ["AI·情報 AI·情報", "〜100 ¥5 😀"]]

    data, faults = csv_bytes(["題名", "備考"], rows, encoding="cp932")

    assert data.decode("cp932").splitlines() == ["題名,備考", "量子網,バイオ", "AI・情報 AI・情報,～100 ￥5 〓"]
    found = [(fault.place, fault.header, fault.value, fault.values["code_point"], fault.tier) for fault in faults]
    assert found == [
        ("A3", "題名", "·", "U+00B7", Tier.NOTE),
        ("B3", "備考", "〜", "U+301C", Tier.NOTE),
        ("B3", "備考", "¥", "U+00A5", Tier.NOTE),
        ("B3", "備考", "😀", "U+1F600", Tier.NOTE),
    ]
    with override("en"):
        assert faults[0].sentence == (
            "CP932 (Shift JIS) has no “·” (U+00B7); the file says “・” instead. "
            "Export as UTF-8 to keep it, and do not import this file again."
        )


@given(st.lists(st.tuples(ANY_TEXT, st.sampled_from(["量子", "=1", "＝1"])), max_size=4))
def test_cp932_brings_back_any_text_that_it_does_not_report(rows):
    data, faults = csv_bytes(["題名", "b"], rows, encoding="cp932")

    found = rows_of_csv(data, encoding="cp932")[1:]
    reported = {(fault.row, fault.column) for fault in faults}
    for number, (sent, got) in enumerate(zip(rows, found, strict=True), 2):
        for letter, one, other in zip("AB", sent, got, strict=True):
            assert ((number, letter) in reported) == (one.encode("cp932", "replace").decode("cp932") != one)
            assert one == other or (number, letter) in reported


# --- workbooks --------------------------------------------------------------------------------------------------------


def test_headers_are_labels_in_japanese_and_names_in_english():
    with override("ja"):
        labels = [str(column.label) for column in COLUMNS]

    assert rows_of_book(workbook_bytes("x", COLUMNS, [], language="ja"))[0] == labels
    assert rows_of_book(workbook_bytes("x", COLUMNS, [], language="en"))[0] == [column.name for column in COLUMNS]


def dimension(sheet, letter):
    """That of a column, also where several that are alike were written as one."""
    place = column_index_from_string(letter)
    return next(found for found in sheet.column_dimensions.values() if found.min <= place <= found.max)


def test_columns_have_formats_widths_and_a_header_in_sight():
    row = ["IN-001", "量子網", 26_000_000, datetime.date(2026, 4, 1), "quantum", True]
    sheet = book_of(workbook_bytes("x", COLUMNS, [row], language="ja")).active

    assert [cell.number_format for cell in sheet[2]] == ["@", "@", "#,##0", "yyyy-mm-dd", "@", "@"]
    assert [dimension(sheet, letter).number_format for letter in "ABCDEF"] == [cell.number_format for cell in sheet[2]]
    assert all(9 <= dimension(sheet, letter).width <= 44 for letter in "ABCDEF")
    assert (sheet.freeze_panes, sheet.print_title_rows) == ("B2", "$1:$1")


def test_excel_is_told_not_to_remark_on_numbers_kept_as_text():
    data = workbook_bytes("x", COLUMNS, [], language="ja")

    xml = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()

    assert 'sqref="A1:A1048576 B1:B1048576 E1:E1048576" numberStoredAsText="1"' in xml
    assert "ignoredErrors" not in str(
        zipfile.ZipFile(io.BytesIO(workbook_bytes("x", COLUMNS[2:3], [], language="ja"))).read(
            "xl/worksheets/sheet1.xml"
        )
    )


@pytest.mark.parametrize(
    ("name", "title"),
    [("提案一覧", "提案一覧"), ("a/b:c[d]*?\\", "a_b_c_d____"), ("x" * 40, "x" * 31), ("'", "ASPIRE"), ("", "ASPIRE")],
)
def test_a_sheet_is_named_as_far_as_excel_allows(name, title):
    assert book_of(workbook_bytes(name, [column()], [], language="ja")).sheetnames == [title]


def test_notes_stand_on_a_second_sheet_that_is_not_read():
    notes = ["=cmd|' /C calc'!A0", "bad \x00 sign", "two\nlines"]

    book = book_of(workbook_bytes("x", [column()], [["a"]], language="en", notes=notes))

    cells = [book.worksheets[1].cell(row, 1) for row in (1, 2, 3)]
    assert [(cell.value, cell.data_type) for cell in cells] == [
        (notes[0], "s"),
        ("bad \ufffd sign", "s"),
        ("two\nlines", "s"),
    ]
    assert roundtrip.is_own_sheet(book.sheetnames[1])
    assert not roundtrip.is_own_sheet(book.sheetnames[0])


# --- the template -----------------------------------------------------------------------------------------------------


def test_each_header_of_a_template_carries_its_name_meaning_and_example():
    sheet = book_of(template_bytes(COLUMNS, title="公募", language="en")).active

    assert sheet["B1"].comment.text == "title_ja\nRequired column\nMeaning\nExample: x"
    assert [bool(cell.comment) for cell in sheet[1]] == [True] * len(COLUMNS)


def rules_of(sheet):
    return {str(rule.sqref): (rule.formula1, rule.errorStyle) for rule in sheet.data_validations.dataValidation}


def test_short_choices_drop_down_from_the_cell_as_labels_that_the_column_reads():
    book = book_of(template_bytes(COLUMNS, title="x"))

    assert rules_of(book.active) == {
        f"E2:E{BOUNDS.rows + 1}": ('"バイオ,AI·情報,量子"', "warning"),
        f"F2:F{BOUNDS.rows + 1}": ('"○,×"', "warning"),
    }
    assert len(book.sheetnames) == 2


def test_a_label_that_the_column_would_not_read_as_that_choice_is_offered_as_its_code():
    choices = (("bio", "量子"), ("ai", "no such"), ("quantum", "量子"))
    columns = [column("field", kind="code", parse=field, choices=choices)]

    assert rules_of(book_of(template_bytes(columns, title="x")).active)["A2:A20001"][0] == '"bio,ai,quantum"'


@pytest.mark.parametrize(
    "choices", [tuple((f"C{n:03}", f"Country {n}") for n in range(40)), (("a", "one, two"),), (("a", 'the "b"'),)]
)
def test_long_choices_and_those_with_commas_stand_on_a_third_sheet_in_plain_sight(choices):
    labels = {text: code for pair in choices for text, code in ((pair[0], pair[0]), (pair[1], pair[0]))}
    wide = column("country", kind="code", parse=lambda cell: Parsed(labels[cell.text]), choices=choices)
    book = book_of(
        template_bytes([wide, column("country_2", kind="code", parse=wide.parse, choices=choices)], title="x")
    )

    lists = book.worksheets[2]
    last = len(choices) + 1
    assert [rule[0] for rule in rules_of(book.active).values()] == [
        f"'{lists.title}'!$A$2:$A${last}",
        f"'{lists.title}'!$B$2:$B${last}",
    ]
    assert [lists.cell(row, 2).value for row in range(2, last + 1)] == [label for _code, label in choices]
    assert lists.sheet_state == "visible"
    assert roundtrip.is_own_sheet(lists.title)


def test_the_second_sheet_of_a_template_explains_each_column():
    long = column("country", kind="code", choices=tuple((f"C{n}", "") for n in range(13)))
    codes = column("field", kind="code", parse=field, choices=(("bio", "生物"), ("ai", "AI·情報")), example="bio")
    sheet = book_of(
        template_bytes([*COLUMNS[:2], long, codes], title="Call IN", language="en", notes=["Noon."])
    ).worksheets[1]

    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert [rows[0][0], rows[1][0]] == ["Call IN", "Noon."]
    assert rows[-5:] == [
        ["Column", "English name", "In the file", "Meaning", "Example", "Choices"],
        ["number", "number", "May be left out", "Meaning", "x", None],
        ["title_ja", "title_ja", "Required column", "Meaning", "x", None],
        ["country", "country", "May be left out", "Meaning", "x", "Choose from the list in the cell."],
        ["field", "field", "May be left out", "Meaning", "bio", "bio (生物)\nAI·情報"],
    ]


def test_a_prefilled_template_says_what_its_drop_downs_offer():
    row = ["IN-001", "=量子網", 26_000_000, datetime.date(2026, 4, 1), "quantum", False]

    data = template_bytes(COLUMNS, [row], title="x")

    assert rows_of_book(data)[1] == ["IN-001", "=量子網", 26_000_000.0, datetime.date(2026, 4, 1), "量子", "×"]


def test_a_template_is_read_as_one_sheet_with_its_header():
    sheet = read(template_bytes(COLUMNS, [["", "量子網", 1, None, "bio", True]], title="公募"), file_name="t.xlsx")

    assert sheet.sheet_name == "公募"
    assert sheet.faults == []
    assert [line.number for line in sheet.lines] == [1, 2]
    assert [cell.text for cell in sheet.lines[1].cells] == ["", "量子網", "1", "", "バイオ", "○"]
