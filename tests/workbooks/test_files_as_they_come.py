"""Files as offices and programs make them: titles above the header, hidden sheets, other code pages, lost signs."""

import io
import random

import openpyxl
import pytest

from aspire.workbooks.columns import headed, match
from aspire.workbooks.faults import Tier, Unreadable
from aspire.workbooks.reading import read
from tests.contracts import COLUMNS, verdict

KANJI = [bytes([lead, trail]).decode("euc_jp") for lead in range(0xB0, 0xCF) for trail in range(0xA1, 0xFF)]
KANA = [bytes([lead, trail]).decode("euc_jp") for lead in (0xA4, 0xA5) for trail in range(0xA1, 0xF4)]
EUROPEAN = {
    "cp1252": ["Rényi Alfréd, Eötvös Loránd", "Ørsted", "Universität Göttingen", "École polytechnique", "Ångström"],
    "cp1250": ["Łukasz Wójcik", "Škoda", "Dvořák", "Žižek", "Széchenyi"],
    "cp1254": ["Çelik", "Işık Üniversitesi"],
}


def csv_of(*lines, encoding="utf-8"):
    return "".join(f"{line}\r\n" for line in lines).encode(encoding)


def book_of(rows, **states):
    """A workbook with those rows, and before them a sheet of the given state for each name."""
    book = openpyxl.Workbook()
    book.active.title = "data"
    for row in rows:
        book.active.append(row)
    for name, state in states.items():
        book.create_sheet(name, 0).append(["title", "yen"])
        book[name].append(["x", 1])
        book[name].sheet_state = state
    book.active = book["data"]
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def found_in(data, file_name="a.csv"):
    """What is said, and the titles of the rows."""
    sheet = headed(read(data, file_name=file_name), COLUMNS)
    grid = match(sheet, COLUMNS)
    said = [(fault.code, fault.row, fault.tier) for fault in [*sheet.faults, *grid.faults]]
    return said, [(row.number, row.cells["title"].text) for row in grid.rows]


TITLED = [["令和8年度 公募一覧"], ["（単位：円）"], [], ["number", "title", "yen"], ["", "量子", 1]]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_header_is_found_under_titles_and_units(form):
    if form == "csv":
        said, rows = found_in(csv_of(*(",".join(map(str, row)) for row in TITLED)))
    else:
        said, rows = found_in(book_of(TITLED), "a.xlsx")

    assert (said, rows) == ([("header_found", 4, Tier.NOTE)], [(5, "量子")])


def test_merged_cells_of_a_title_do_not_matter_and_those_of_the_table_do():
    book = openpyxl.load_workbook(io.BytesIO(book_of(TITLED)))
    book.active.merge_cells("A1:C1")
    file = io.BytesIO()
    book.save(file)
    assert [code for code, *_ in found_in(file.getvalue(), "a.xlsx")[0]] == ["header_found"]

    book.active.merge_cells("B5:C5")
    file = io.BytesIO()
    book.save(file)
    assert "cells_merged" in [code for code, *_ in found_in(file.getvalue(), "a.xlsx")[0]]


def test_a_header_that_is_the_first_row_is_never_sought_elsewhere():
    said, rows = found_in(csv_of("title,yen,nothing", "number,title,yen", "x,1,y"))

    assert (said, rows) == ([("column_unknown", 1, Tier.BLOCK)], [(2, "number"), (3, "x")])


def test_a_table_of_tabs_under_a_title_with_a_comma_is_divided_by_tabs():
    assert found_in(csv_of("公募一覧", "number\ttitle\tyen", "\t量子, 光\t1"))[1] == [(3, "量子, 光")]


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", "sep=;;"])
def test_a_sep_line_is_followed(first):
    said, rows = found_in(csv_of(first, "number;title;yen", ";量子, 光;1"))

    assert (said, rows) == ([("sep_line", 1, Tier.NOTE)], [(3, "量子, 光")])


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_passed_over_and_named(state):
    said, rows = found_in(book_of([["title", "yen"], ["量子", 1]], _xltb_storage_=state), "a.xlsx")

    assert (said, rows) == ([("sheets_hidden", None, Tier.NOTE)], [(2, "量子")])


def test_two_sheets_that_are_seen_are_still_refused():
    with pytest.raises(Unreadable) as unreadable:
        read(book_of([["title"], ["量子"]], other="visible"), file_name="a.xlsx")

    assert unreadable.value.fault.code == "sheets_several"


@pytest.mark.parametrize("header", ["title*", "※title", "title（必須）", "title [任意]"])
def test_a_mark_of_what_must_be_filled_in_is_no_part_of_a_header(header):
    assert found_in(csv_of(f"number,{header},yen", ",量子,1")) == ([], [(2, "量子")])


# --- code pages -----------------------------------------------------------------------------------------------------


def test_no_text_of_another_code_page_is_taken_for_japanese():
    """Of 128 titles in EUC-JP each is refused; their like in CP932 is read."""
    chance = random.Random(11)
    for _case in range(128):
        signs = [chance.choice(KANJI if chance.random() < 0.7 else KANA) for _sign in range(chance.randrange(3, 25))]
        title = "".join(signs)
        with pytest.raises(Unreadable) as unreadable:
            read(csv_of("number,title", f",{title}", encoding="euc_jp"), file_name="a.csv")
        assert unreadable.value.fault.code in {"encoding_unknown", "encoding_guessed"}, title
        assert found_in(csv_of("number,title", f",{title}", encoding="cp932"))[1] == [(2, title)]


@pytest.mark.parametrize(("encoding", "name"), [(code, name) for code, names in EUROPEAN.items() for name in names])
def test_a_european_name_is_refused_with_the_remedy(encoding, name):
    with pytest.raises(Unreadable) as unreadable:
        read(csv_of("number,title", f',"{name}"', encoding=encoding), file_name="a.csv")

    assert unreadable.value.fault.code in {"encoding_unknown", "encoding_guessed"}
    assert "CSV UTF-8" in str(unreadable.value.fault.sentence)


@pytest.mark.parametrize("text", ["髙橋", "﨑山", "アオキ ﾊﾅｺ", "AI技術とX線", "量子", "T細胞のin vitro研究", "①Ⅳ㈱"])
def test_japanese_in_cp932_is_read(text):
    assert found_in(csv_of("number,title", f",{text}の研究", encoding="cp932"))[1] == [(2, f"{text}の研究")]


# --- cells ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "said", "value"),
    [
        ("ｸﾞﾛｰﾊﾞﾙ", [], "グローバル"),
        ("ク\u3099ロ", [], "グロ"),
        ("量\u200b子", [], "量子"),
        ("渡\ue123", ["text_is_lost B2 渡\ue123"], None),
        ("量\ufffd", ["text_is_lost B2 量\ufffd"], None),
        ("#REF!", ["cell_error B2 #REF!"], None),
        ("########", ["cell_error B2 ########"], None),
        ("髙〓", ["[text_has_mark_of_absence] B2 髙〓"], "髙〓"),
        ("#1 priority", [], "#1 priority"),
    ],
)
def test_a_text_is_whole_or_refused(cell, said, value):
    faults, rows = verdict(csv_of("number,title", f",{cell}"), file_name="a.csv")

    assert faults == said
    assert rows[0].get("title") == value
