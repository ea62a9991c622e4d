"""Yen in the unit staff read, half up, never a float's rounding."""

import pytest
from django.utils import translation

from aspire.yen import exact, millions, oku, points, rate, readable, share


def test_exact_groups_thousands():
    assert exact(26_000_000) == "26,000,000"


@pytest.mark.parametrize(
    ("yen", "amount"),
    [(26_000_000, "26"), (26_040_000, "26"), (26_050_000, "26.1"), (0, "0"), (1_234_560_000, "1,234.6"), (49_999, "0")],
)
def test_millions_round_half_up_to_one_decimal(yen, amount):
    with translation.override("en"):
        assert millions(yen) == f"¥{amount} million"
    with translation.override("ja"):
        assert millions(yen) == f"{amount}百万円"


def test_oku_are_billions_in_english():
    with translation.override("en"):
        assert oku(44_000_000_000) == "¥44 billion"
    with translation.override("ja"):
        assert oku(44_000_000_000) == "440億円"


@pytest.mark.parametrize(
    ("yen", "written"),
    [
        (0, "0円"),
        (26_000_000, "26百万円"),
        (100_000_000, "1億円"),
        (910_000_000, "9.1億円"),
        (-120_000_000, "-1.2億円"),
    ],
)
def test_readable_takes_oku_from_one_of_it_on(yen, written):
    with translation.override("ja"):
        assert readable(yen) == written


@pytest.mark.parametrize(
    ("part", "whole", "percent"),
    [(7, 43, "16.3"), (1, 8, "12.5"), (1, 16, "6.3"), (0, 6, "0.0"), (6, 6, "100.0"), (0, 0, None), (1, 0, None)],
)
def test_rate_has_one_decimal_half_up_and_none_without_a_denominator(part, whole, percent):
    assert rate(part, whole) == percent


@pytest.mark.parametrize(
    ("first", "second", "difference"),
    [
        ((7, 43), (46, 176), "-9.9"),  # 16.3 less 26.1 would be -9.8
        ((46, 176), (7, 43), "9.9"),
        ((1, 3), (1, 3), "0.0"),
        ((1, 2000), (0, 1), "0.1"),
        ((0, 1), (1, 2000), "-0.1"),
        ((1, 0), (1, 2), None),
    ],
)
def test_difference_of_rates_is_rounded_once(first, second, difference):
    found = points(share(*first), share(*second))

    assert (None if found is None else str(found)) == difference
