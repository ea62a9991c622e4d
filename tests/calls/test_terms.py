"""What a call allows to be spent, judged without any database."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aspire.refusals import Refusal
from calls.terms import Amount, Limits, add_months, annual_breaches, period_breaches, total_breaches, window_breaches
from tests.factories import CLOSES_AT, NOON, OPENS_AT

TRIAL = Limits(annual_ceiling_yen=26_000_000, max_months=60, indirect_included=True, indirect_percent=30)
WITHOUT_INDIRECT = Limits(annual_ceiling_yen=26_000_000, max_months=60, indirect_included=False, indirect_percent=30)
STARTS_ON, ENDS_ON = datetime.date(2024, 4, 1), datetime.date(2029, 3, 31)
DAY, INSTANT = datetime.timedelta(days=1), datetime.timedelta(microseconds=1)


def annual(limits=TRIAL, kind="cost", **values):
    values = {"fiscal_year": 2024, "starts_on": STARTS_ON, "ends_on": ENDS_ON, **values}
    amount = Amount(*(values.pop(name) for name in ("fiscal_year", "direct_yen", "indirect_yen")))
    return list(annual_breaches(limits, kind, amount, **values))


def test_limits_allow_the_ceiling_for_every_year_of_the_longest_period():
    assert TRIAL.total_ceiling_yen == 130_000_000
    assert Limits(100, 19, True, 0).total_ceiling_yen == 158


def test_limits_count_indirect_costs_only_where_included():
    assert TRIAL.counted_yen(20, 6) == 26
    assert WITHOUT_INDIRECT.counted_yen(20, 6) == 20


@pytest.mark.parametrize(("direct", "largest"), [(0, 0), (3, 0), (4, 1), (10, 3), (20_000_000, 6_000_000)])
def test_largest_indirect_costs_are_rounded_down(direct, largest):
    assert TRIAL.largest_indirect_yen(direct) == largest


@pytest.mark.parametrize(
    ("months", "starts_on", "last"),
    [
        (60, datetime.date(2024, 4, 1), datetime.date(2029, 3, 31)),
        (60, datetime.date(2024, 2, 29), datetime.date(2029, 2, 28)),
        (48, datetime.date(2024, 2, 29), datetime.date(2028, 2, 28)),
        (60, datetime.date(2023, 3, 1), datetime.date(2028, 2, 29)),
        (18, datetime.date(2024, 8, 31), datetime.date(2026, 2, 28)),
        (1, datetime.date(2023, 12, 31), datetime.date(2024, 1, 30)),
        (12, datetime.date(2023, 12, 1), datetime.date(2024, 11, 30)),
    ],
)
def test_longest_period_ends_on_its_last_day(months, starts_on, last):
    limits = Limits(1, months, True, 0)

    assert limits.last_day(starts_on) == last
    assert list(period_breaches(limits, starts_on=starts_on, ends_on=last)) == []
    assert list(period_breaches(limits, starts_on=starts_on, ends_on=last + DAY)) == [
        Refusal("proposal_period_within_terms", {"value_on": last + DAY, "limit": months, "limit_on": last})
    ]


@given(day=st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 1, 1)), months=st.integers(1, 240))
def test_later_day_lies_so_many_months_ahead(day, months):
    later = add_months(day, months)

    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later.day < day.day and (later + DAY).day == 1)


@pytest.mark.parametrize("period", [{"starts_on": None, "ends_on": ENDS_ON}, {"starts_on": STARTS_ON, "ends_on": None}])
def test_period_is_not_judged_when_one_end_is_missing(period):
    assert list(period_breaches(TRIAL, **period)) == []


@pytest.mark.parametrize("kind", ["cost", "award"])
def test_annual_amount_is_fine_when_exactly_at_ceiling_and_rate(kind):
    assert annual(kind=kind, direct_yen=20_000_000, indirect_yen=6_000_000) == []


@pytest.mark.parametrize("kind", ["cost", "award"])
def test_annual_amount_breaks_the_ceiling_when_one_yen_above(kind):
    values = {"fiscal_year": 2024, "value_yen": 26_000_001, "limit_yen": 26_000_000, "over_yen": 1}

    assert annual(kind=kind, direct_yen=26_000_001, indirect_yen=0) == [Refusal(f"{kind}_within_ceiling", values)]


def test_annual_amount_leaves_indirect_costs_out_when_the_terms_do():
    assert annual(WITHOUT_INDIRECT, direct_yen=26_000_000, indirect_yen=7_800_000) == []


def test_annual_amount_breaks_the_rate_when_indirect_costs_are_one_yen_above():
    values = {"fiscal_year": 2024, "value_yen": 4, "limit_yen": 3, "percent": 30}

    assert annual(direct_yen=10, indirect_yen=4) == [Refusal("cost_indirect_within_rate", values)]


@pytest.mark.parametrize("fiscal_year", [2023, 2029])
def test_annual_amount_breaks_the_period_when_its_year_lies_outside(fiscal_year):
    values = {"fiscal_year": fiscal_year, "starts_on": STARTS_ON, "ends_on": ENDS_ON}

    assert annual(fiscal_year=fiscal_year, direct_yen=0, indirect_yen=0) == [Refusal("cost_inside_period", values)]


@pytest.mark.parametrize("period", [{"starts_on": None}, {"ends_on": None}])
def test_annual_amount_breaks_the_period_when_there_is_none(period):
    assert [found.name for found in annual(direct_yen=0, indirect_yen=0, **period)] == ["cost_inside_period"]


def test_annual_amount_names_every_breach_when_there_are_several():
    found = annual(fiscal_year=2030, direct_yen=26_000_000, indirect_yen=26_000_000)

    assert [refusal.name for refusal in found] == [
        "cost_inside_period",
        "cost_within_ceiling",
        "cost_indirect_within_rate",
    ]


def test_total_breaks_the_terms_when_one_yen_above_ceiling_times_years():
    values = {"value_yen": 130_000_001, "limit_yen": 130_000_000, "over_yen": 1, "months": 60}

    assert list(total_breaches(TRIAL, "award", direct_yen=100_000_000, indirect_yen=30_000_000)) == []
    assert list(total_breaches(TRIAL, "award", direct_yen=100_000_001, indirect_yen=30_000_000)) == [
        Refusal("award_within_total", values)
    ]


def window(received_at, *, has_reason=False, opens_at=OPENS_AT, closes_at=CLOSES_AT):
    return list(
        window_breaches(
            call="R4-TRIAL", opens_at=opens_at, closes_at=closes_at, received_at=received_at, has_reason=has_reason
        )
    )


@pytest.mark.parametrize("received_at", [OPENS_AT, NOON, CLOSES_AT, None])
def test_window_takes_what_arrives_between_its_edges(received_at):
    assert window(received_at) == []


@pytest.mark.parametrize("received_at", [OPENS_AT - INSTANT, CLOSES_AT + INSTANT])
def test_window_refuses_what_arrives_outside_without_a_reason(received_at):
    values = {"call": "R4-TRIAL", "value_at": received_at, "opens_at": OPENS_AT, "closes_at": CLOSES_AT}

    assert window(received_at) == [Refusal("proposal_received_in_window", values)]
    assert window(received_at, has_reason=True) == []


@pytest.mark.parametrize("missing", [{"opens_at": None}, {"closes_at": None}])
def test_call_without_a_window_takes_nothing_even_with_a_reason(missing):
    assert window(NOON, has_reason=True, **missing) == [Refusal("proposal_call_has_window", {"call": "R4-TRIAL"})]
