"""What is read of a file: its encoding, sheets, cells, days and numbers, and what is said of a fault."""

import ast
import gc
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import python_calamine

from aspire.refusals import Refusal
from aspire.workbooks.cells import EMPTY, Bounds, Cell, letters
from aspire.workbooks.faults import Fault, Unreadable
from aspire.workbooks.formats import is_day_format, is_disguise, seen
from aspire.workbooks.reading import read
from tests.contracts import verdict
from tests.workbook_files import number, row, table, text, workbook, written
from tests.workbooks.samples import DAY, HEADER, MORNING, csv_of


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
