"""Whatever is sent is read or refused, soon, and comes back as it was."""

import contextlib
import csv
import datetime
import io
import re
import time
from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from aspire.workbooks.cells import BLANKS, Cell
from aspire.workbooks.faults import Unreadable
from aspire.workbooks.reading import read
from aspire.workbooks.roundtrip import guarded
from tests.effort import tries
from tests.workbook_files import number, row, saved, table, text, workbook, written
from tests.workbooks.samples import DAY, csv_of, japanese_workbook

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
