"""Figures stand on every page in one way: grouped, signed, dated in both calendars, exact where it matters."""

import datetime
import re

import pytest
from django.contrib.auth.models import User
from django.utils import timezone, translation

from aspire.people import in_their_order
from aspire.templatetags import figures

NIGHT_IN_LONDON = datetime.datetime(2022, 11, 30, 14, 59, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def english_in_tokyo():
    with translation.override("en"), timezone.override("Asia/Tokyo"):
        yield


@pytest.mark.parametrize(
    ("number", "written"), [(None, "\u2015"), (0, "0"), (3, "+3"), (-1, "\u22121"), (-12345, "\u221212,345")]
)
def test_difference_shows_its_sign_unless_it_is_zero(number, written):
    assert figures.signed(number) == written


@pytest.mark.parametrize(
    ("write", "written"),
    [
        (figures.count, "26,000,000"),
        (figures.exact_yen, "26,000,000"),
        (figures.readable_yen, '<data value="26000000" title="¥26,000,000">¥26 million</data>'),
    ],
)
def test_amount_is_grouped_and_keeps_its_exact_yen(write, written):
    assert write(26_000_000) == written


@pytest.mark.parametrize(
    "write",
    [
        figures.count,
        figures.exact_yen,
        figures.readable_yen,
        figures.percent,
        figures.stated,
        figures.day,
        figures.moment,
    ],
)
def test_what_is_not_there_is_a_dash_and_never_a_zero(write):
    assert write(None) == "\u2015"


def test_rate_and_text_stand_as_they_are():
    assert (figures.percent("16.3"), figures.stated("Aoki")) == ("16.3", "Aoki")


def test_day_is_told_in_both_calendars():
    written = figures.day(datetime.date(2023, 4, 27))

    assert written.startswith('<time datetime="2023-04-27">April 27, 2023 ')
    assert "Reiwa 5" in written


def test_day_before_the_known_eras_is_told_in_one():
    assert "wareki" not in figures.day(datetime.date(1960, 1, 1))


def test_instant_is_told_by_the_clock_in_tokyo():
    assert 'datetime="2022-11-30T23:59+09:00"' in figures.moment(NIGHT_IN_LONDON)
    assert "23:59" in figures.moment(NIGHT_IN_LONDON)
    assert 'datetime="2022-11-30"' in figures.day(NIGHT_IN_LONDON)


@pytest.mark.parametrize(
    ("language", "attributes"),
    [
        ("en", 'data-millions="¥{amount} million" data-large="¥{amount} billion" data-large-unit="1000000000"'),
        ("ja", 'data-millions="{amount}百万円" data-large="{amount}億円" data-large-unit="100000000"'),
    ],
)
def test_script_is_told_the_wording_of_amounts_with_a_gap(language, attributes):
    with translation.override(language):
        assert figures.yen_wording() == attributes


def test_paper_is_dated_in_the_japanese_calendar():
    assert re.fullmatch(r"Reiwa \d+.*", figures.wareki_today())


def test_fiscal_year_is_told_in_both_calendars():
    assert "2022" in figures.fiscal(2022)
    assert "Reiwa 4" in figures.fiscal(2022)


def test_japanese_reader_gets_the_units_of_japan():
    with translation.override("ja"):
        assert figures.readable_yen(44_000_000_000) == (
            '<data value="44000000000" title="¥44,000,000,000">440億円</data>'
        )
        assert figures.readable_yen(26_000_000) == '<data value="26000000" title="¥26,000,000">26百万円</data>'
        assert "令和4年11月30日" in figures.day(datetime.date(2022, 11, 30))


def test_japanese_is_marked_on_a_page_in_english_alone():
    assert figures.as_written("青木") == '<span lang="ja">青木</span>'
    assert figures.as_written("Aoki") == "Aoki"
    with translation.override("ja"):
        assert figures.as_written("青木") == "青木"


@pytest.mark.parametrize(
    ("first_name", "last_name", "japanese", "english"),
    [
        ("晴美", "青木", "青木 晴美", "青木 晴美"),
        ("Harumi", "Aoki", "Aoki Harumi", "Harumi Aoki"),
        ("", "", "aoki", "aoki"),
    ],
)
def test_person_is_named_in_the_order_of_the_page_and_of_the_name(first_name, last_name, japanese, english):
    person = User(username="aoki", first_name=first_name, last_name=last_name)

    with translation.override("ja"):
        assert in_their_order(person) == japanese
    with translation.override("en"):
        assert in_their_order(person) == english
