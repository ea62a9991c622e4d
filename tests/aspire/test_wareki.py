"""Reiwa n = 2018 + n, and a fiscal year runs from April to March."""

import datetime

import pytest
from django.db import connection
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from aspire.wareki import (
    era_year,
    fiscal_year,
    fiscal_year_ends_on,
    fiscal_year_starts_on,
    fiscal_years,
    wareki_date,
    wareki_fiscal_year,
)

DAYS = st.dates(datetime.date(1900, 1, 1), datetime.date(2200, 12, 31))


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (datetime.date(2023, 3, 31), 2022),
        (datetime.date(2023, 4, 1), 2023),
        (datetime.date(2023, 12, 31), 2023),
        (datetime.date(2024, 1, 1), 2023),
        (datetime.date(2024, 2, 29), 2023),
    ],
)
def test_fiscal_year_begins_in_april(day, year):
    assert fiscal_year(day) == year


@given(day=DAYS)
def test_fiscal_year_holds_its_day_between_its_first_and_last(day):
    year = fiscal_year(day)

    assert fiscal_year_starts_on(year) <= day <= fiscal_year_ends_on(year)
    assert fiscal_year_ends_on(year) + datetime.timedelta(days=1) == fiscal_year_starts_on(year + 1)


@pytest.mark.django_db
@given(days=st.lists(DAYS, min_size=1, max_size=50))
@settings(max_examples=20)
def test_fiscal_year_is_the_same_in_postgresql(days):
    with connection.cursor() as cursor:
        cursor.execute("SELECT aspire_fiscal_year(day) FROM unnest(%s::date[]) AS day", [days])

        assert [year for (year,) in cursor] == [fiscal_year(day) for day in days]


def test_fiscal_years_are_all_that_a_period_touches():
    touched = fiscal_years(datetime.date(2024, 10, 1), datetime.date(2029, 9, 30))

    assert list(touched) == [2024, 2025, 2026, 2027, 2028, 2029]


@pytest.mark.parametrize(
    ("day", "found"),
    [
        (datetime.date(1989, 1, 7), None),
        (datetime.date(1989, 1, 8), ("Heisei", "1")),
        (datetime.date(2019, 4, 30), ("Heisei", "31")),
        (datetime.date(2019, 5, 1), ("Reiwa", "1")),
        (datetime.date(2023, 4, 27), ("Reiwa", "5")),
    ],
)
def test_era_changes_on_its_first_day(day, found):
    with translation.override("en"):
        assert era_year(day) == found


@pytest.mark.parametrize(
    ("day", "written"),
    [
        (datetime.date(2023, 4, 27), "令和5年4月27日"),
        (datetime.date(2019, 5, 1), "令和元年5月1日"),
        (datetime.date(1989, 1, 7), ""),
    ],
)
def test_date_is_written_in_the_japanese_calendar(day, written):
    with translation.override("ja"):
        assert wareki_date(day).replace(" ", "") == written


def test_english_dates_and_years_read_without_dashes_or_brackets_in_brackets():
    with translation.override("en"):
        assert wareki_date(datetime.date(2019, 5, 1)) == "Reiwa 1, 1 May"
        assert wareki_date(datetime.date(2023, 4, 27)) == "Reiwa 5, 27 April"
        assert wareki_fiscal_year(2019) == "Reiwa 1"


@pytest.mark.parametrize(("year", "written"), [(2022, "令和4年度"), (2019, "令和元年度"), (2018, "平成30年度")])
def test_fiscal_year_is_written_in_the_japanese_calendar(year, written):
    with translation.override("ja"):
        assert wareki_fiscal_year(year).replace(" ", "") == written


def test_fiscal_year_is_written_in_the_western_calendar_when_before_heisei():
    assert wareki_fiscal_year(1988) == "1988"
