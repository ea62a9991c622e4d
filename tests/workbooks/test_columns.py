"""A header names each column once, in either language; what a row must look like follows from it."""

from collections.abc import Sequence

import pytest
from django.utils.translation import override

from aspire.workbooks.cells import EMPTY, Cell, Line, Sheet, column_number, letters
from aspire.workbooks.columns import Grid, GridRow, match
from aspire.workbooks.faults import Fault
from tests.contracts import COLUMNS, said


def text(value: str) -> Cell:
    return Cell("text", value) if value else EMPTY


def sheet(*rows: Sequence[str], form: str = "csv") -> Sheet:
    lines = [Line(number, tuple(map(text, cells))) for number, cells in enumerate(rows, start=3)]
    return Sheet(form, "UTF-8", ",", "", lines, [])


def told(*rows: Sequence[str], form: str = "csv") -> list[str]:
    return [said(fault) for fault in match(sheet(*rows, form=form), COLUMNS).faults]


def test_grid_names_cells_by_column_with_letters_and_headers() -> None:
    grid = match(sheet([" Title ", "", "ＹＥＮ"], ["Q", "", "1"]), COLUMNS)

    assert grid == Grid(
        rows=[GridRow(4, {"title": text("Q"), "yen": text("1")})],
        letters={"title": "A", "yen": "C"},
        headers={"title": " Title ", "yen": "ＹＥＮ"},
        faults=[],
    )


def test_sheet_without_lines_is_an_empty_file() -> None:
    assert match(sheet(), COLUMNS) == Grid([], {}, {}, [Fault("file_empty")])


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
@pytest.mark.parametrize("header_language", ["ja", "en"])
def test_header_is_found_in_either_language(column: object, header_language: str, language: str) -> None:
    with override(header_language):
        headers = [column.name.upper(), f"\u3000{column.label}\n"]
    for header in headers:
        with override(language):
            assert list(match(sheet([header], ["x"]), COLUMNS).letters) == [column.name]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_unknown_column_is_told_the_nearest(language: str) -> None:
    with override(language):
        fault = match(sheet(["title", "reseacher"], ["Q", "1"]), COLUMNS).faults[0]

        assert (fault.code, fault.place, fault.values["name"]) == ("column_unknown", "B3", "researcher")
        assert str(COLUMNS[-1].label) in fault.sentence


def test_unknown_column_has_no_nearest_where_none_is_known() -> None:
    assert match(sheet(["x"], ["y"]), []).faults[0].values == {"nearest": "", "name": ""}


def test_every_fault_of_a_file_is_told_at_once() -> None:
    assert told(["yen", "yen", "x"], ["1"], ["1", "2", "3", "4"], ["合計", "1", "¥2,000"]) == [
        "column_duplicate B3 yen",
        "column_unknown C3 x",
        "column_missing",
        "row_short A4",
        "row_long D5",
        "totals_row 6 合計",
    ]


def test_faulty_rows_are_left_out() -> None:
    grid = match(sheet(["title", "yen"], ["Q", "1"], ["Q"], ["計", "1"]), COLUMNS)

    assert [row.number for row in grid.rows] == [4]


@pytest.mark.parametrize(
    ("cells", "is_total"),
    [
        (["合 計", "", "1,000"], True),
        (["", "TOTAL", ""], True),
        (["合計", "x", ""], False),
        (["合計額", "1", ""], True),
        (["【累計】", "", "3"], True),
        (["会計", "1", ""], False),
    ],
)
def test_totals_row_is_a_word_and_figures(cells: list[str], is_total: bool) -> None:
    found = [fault.partition(" ")[0] for fault in told(["title", "number", "yen"], cells)]

    assert found == (["totals_row"] if is_total else [])


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_each_cell_without_a_header_is_told(form: str) -> None:
    assert told(["title", "", "yen", ""], ["Q", "x", "1", "y"], form=form) == [
        "cell_without_header B4 x",
        "cell_without_header D4 y",
    ]


def test_column_of_errors_alone_is_no_table() -> None:
    assert told(["Errors (not read)"], ["x"]) == ["column_missing", "rows_missing"]


def test_column_of_errors_is_left_out() -> None:
    grid = match(sheet(["title", "Errors (not read): x"], ["Q"], ["", "x"], ["R", "x"]), COLUMNS)

    assert (grid.faults, [row.number for row in grid.rows], grid.letters) == ([], [4, 6], {"title": "A"})


@pytest.mark.parametrize(("number", "name"), [(1, "A"), (26, "Z"), (27, "AA"), (60, "BH"), (16_384, "XFD")])
def test_columns_have_the_letters_of_excel(number: int, name: str) -> None:
    assert (letters(number), column_number(name)) == (name, number)
