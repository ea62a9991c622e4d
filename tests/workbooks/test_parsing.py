"""A cell is read strictly: its value, what was put into standard form, what to follow up, or why it is refused."""

import datetime
from typing import Any

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from aspire.wareki import wareki_date
from aspire.workbooks import widgets
from aspire.workbooks.cells import EMPTY, Cell
from aspire.workbooks.codes import Code, ResearcherNumber, nearest
from aspire.workbooks.faults import SENTENCES
from aspire.workbooks.widgets import CLEAR, BadCell, Day, Parsed, StrictWidget, WholeYen
from tests.contracts import BY_NAME, FIELDS

DAY = datetime.date(2026, 4, 1)


def parsed(name: str, typed: str) -> Parsed:
    return BY_NAME[name].parse(Cell("text", typed))


@pytest.mark.parametrize("name", BY_NAME)
def test_empty_cell_has_no_value(name: str) -> None:
    assert BY_NAME[name].parse(EMPTY) == Parsed(None)


@pytest.mark.parametrize("word", ["[空]", "[clear]", "［空］", " [Clear]\u3000"])
@pytest.mark.parametrize("name", BY_NAME)
def test_clearing_word_empties_any_column(name: str, word: str) -> None:
    assert parsed(name, word).value is CLEAR
    assert repr(CLEAR) == "CLEAR"


@pytest.mark.parametrize(("kind", "code"), [("error", "cell_error"), ("formula", "formula_without_value")])
@pytest.mark.parametrize("name", BY_NAME)
def test_cell_without_a_value_is_refused_in_any_column(name: str, kind: Any, code: str) -> None:
    with pytest.raises(BadCell) as caught:
        BY_NAME[name].parse(Cell(kind, "#N/A"))

    assert caught.value.code == code


@pytest.mark.parametrize(
    ("name", "typed", "expected"),
    [
        ("title", "量子", Parsed("量子")),
        ("title", "\u3000量子 ", Parsed("量子", "\u3000量子 ")),
        ("yen", "1000", Parsed(1000)),
        ("yen", "1,000", Parsed(1000, "1,000")),
        ("yen", "１０００", Parsed(1000, "１０００")),
        ("starts_on", "2026-04-01", Parsed(DAY)),
        ("starts_on", "令和8年4月1日", Parsed(DAY, "令和8年4月1日")),
        ("researcher", "00123456", Parsed("00123456")),
        ("researcher", "00123456 ", Parsed("00123456", "00123456 ")),
        (
            "researcher",
            "10123456",
            Parsed("10123456", None, (("researcher_number_check_digit", {"value": "10123456"}),)),
        ),
        ("is_young", "○", Parsed(True)),
        ("field", "ａｉ情報", Parsed("ai")),
    ],
)
def test_typed_text_that_was_put_into_standard_form_is_told(name: str, typed: str, expected: Parsed) -> None:
    assert parsed(name, typed) == expected


def test_day_cell_needs_no_standard_form() -> None:
    assert BY_NAME["starts_on"].parse(Cell("day", "2026-04-01", DAY)) == Parsed(DAY)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(("typed", "nearest"), [("quantun", "quantum"), ("bioo", "bio"), ("量了", "quantum")])
def test_unknown_code_is_told_the_nearest(typed: str, nearest: str, language: str) -> None:
    choices = {**FIELDS, "quantum": "quantum"}
    with override(language), pytest.raises(BadCell) as caught:
        Code(choices, "field").parse(Cell("text", typed))

    assert str(caught.value.values["nearest"]) == nearest


def test_nearest_is_named_for_the_first_hundred_different_unknown_codes() -> None:
    read, said = Code({"quantum": "quantum"}, "field"), []
    for number in [*range(150), 0, 149]:
        with pytest.raises(BadCell) as caught:
            read.parse(Cell("text", f"q{number}"))
        said.append(caught.value.code)

    assert said == ["code_unknown"] * 100 + ["code_not_listed"] * 50 + ["code_unknown", "code_not_listed"]


@pytest.mark.parametrize(
    ("widget", "typed"),
    [
        *((WholeYen(), typed) for typed in ("10²", "①②③", "⒈", "½", "١")),
        *((Day(), typed) for typed in ("2027/⑨/1", "2027年㋃⑨日", "㍼2/4/1")),
        (ResearcherNumber(), "0012345⑥"),
        (Code({"f1": "f1"}, "field"), "F①"),
        (Code({"gb": "GB"}, "country"), "ⒼⒷ"),
    ],
)
def test_a_sign_that_stands_for_digits_or_letters_is_not_taken_for_them(widget: StrictWidget, typed: str) -> None:
    with pytest.raises(BadCell):
        widget.parse(Cell("text", typed))


def test_names_may_be_written_in_either_width() -> None:
    read = Code({widgets.normalised("イギリス"): "GB", "gb": "GB"}, "country")

    assert [read.parse(Cell("text", typed)).value for typed in ("ｲｷﾞﾘｽ", "ＧＢ", "　gb ")] == ["GB"] * 3


@pytest.mark.parametrize("value", ["令和8年4月1日", DAY, datetime.datetime(2026, 4, 1), None])  # noqa: DTZ001
def test_the_library_is_given_the_value_alone(value: Any) -> None:
    assert Day().clean(value) == (DAY if value else None)
    assert Day().render(DAY) == DAY


def test_the_library_is_told_in_a_sentence_what_is_wrong() -> None:
    with override("en"), pytest.raises(BadCell) as caught:
        WholeYen().clean("1.5")

    with override("en"):
        assert caught.value.messages == ["“1.5” is not a whole number of yen. Enter it without a decimal point."]


def test_nothing_is_near_where_there_is_no_choice() -> None:
    assert nearest("x", {}) == ""


@given(st.text())
def test_any_text_is_parsed_or_refused_with_a_sentence(typed: str) -> None:
    for column in BY_NAME.values():
        try:
            column.parse(Cell("text", typed))
        except BadCell as bad:
            assert str(SENTENCES[bad.code]) % {"value": typed, "header": "", **bad.values}  # noqa: PT017


@given(st.dates(min_value=datetime.date(1989, 1, 8), max_value=datetime.date(2090, 12, 31)))
def test_any_day_of_the_japanese_calendar_is_read_back(day: datetime.date) -> None:
    with override("ja"):
        assert parsed("starts_on", wareki_date(day)).value == day


@given(st.integers(0, widgets.YEN_AT_MOST))
def test_any_yen_is_read_grouped_and_not(yen: int) -> None:
    assert [parsed("yen", typed).value for typed in (str(yen), f"{yen:,}")] == [yen, yen]


@pytest.mark.parametrize(
    "pair", [("DEMO-001", "ｄｅｍｏ－００１"), ("D-1", "D‐1"), ("D-1", "D1"), ("D-1", "D\u200b-1\u00ad")]
)
def test_numbers_alike_to_the_eye_have_one_likeness(pair: tuple[str, str]) -> None:
    assert widgets.likeness(pair[0]) == widgets.likeness(pair[1])


def test_numbers_that_differ_keep_their_difference() -> None:
    assert widgets.likeness("D-001") != widgets.likeness("D-010")


@pytest.mark.parametrize("code", SENTENCES)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_sentence_ends_with_a_remedy(code: str, language: str) -> None:
    with override(language):
        sentence = str(SENTENCES[code])

    assert sentence.endswith((".", "。", ")s"))
    assert len([part for part in sentence.replace("。", ". ").split(". ") if part]) > 1 or ";" in sentence
