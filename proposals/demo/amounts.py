"""What a synthetic project asks for and is given, year by year: pure functions that never leave the terms.

Amounts are whole yen per fiscal year (April to March).
"""

import datetime
import itertools
from dataclasses import dataclass
from random import Random

from aspire.wareki import fiscal_year, fiscal_years
from calls.terms import Limits

THOUSAND = 1_000
MONTHS = 12
# Indirect costs in percent of direct ones, as institutions ask for them; 30 is what most do.
INDIRECT_PERCENTS = (30, 30, 30, 30, 30, 20, 15, 10, 0)
# How the yearly level moves over a project: percent of its own level in the first, second … year, then onwards.
SHAPES = ((100,), (70, 90, 100), (100, 100, 90, 80), (60, 100, 100, 75), (100, 60))
# How often a project asks for exactly the ceiling every year, and for nothing in one year.
AT_CEILING, WITH_A_PAUSE = 0.08, 0.07


@dataclass(frozen=True)
class Amount:
    """Direct and indirect yen of one fiscal year."""

    fiscal_year: int
    direct_yen: int
    indirect_yen: int


def months_by_fiscal_year(starts_on: datetime.date, ends_on: datetime.date) -> dict[int, int]:
    """How many months of a period of whole months lie in each fiscal year."""
    months = dict.fromkeys(fiscal_years(starts_on, ends_on), 0)
    year, month = starts_on.year, starts_on.month
    while (year, month) <= (ends_on.year, ends_on.month):
        months[fiscal_year(datetime.date(year, month, 1))] += 1
        year, month = (year + 1, 1) if month == MONTHS else (year, month + 1)
    return months


def requests(random: Random, limits: Limits, *, starts_on: datetime.date, ends_on: datetime.date) -> list[Amount]:
    """What a project asks for: some exactly the ceiling every year, some nothing in one year, most in between.

    A fiscal year asks for no more than its months' share of the ceiling, so the sum keeps to the terms as well.
    """
    months = months_by_fiscal_year(starts_on, ends_on)
    if random.random() < AT_CEILING:
        return [
            _at_ceiling(year, limits.annual_ceiling_yen * count // MONTHS, limits) for year, count in months.items()
        ]
    percent = min(random.choice(INDIRECT_PERCENTS), limits.indirect_percent)
    level, shape = random.triangular(0.35, 1.0, 0.72), random.choice(SHAPES)
    pause = random.choice(list(months)[1:]) if random.random() < WITH_A_PAUSE else None
    amounts = []
    for (year, count), share in zip(months.items(), itertools.chain(shape, itertools.repeat(shape[-1])), strict=False):
        most = limits.annual_ceiling_yen * level * share * count / (MONTHS * 100)
        direct = 0 if year == pause else int(most * 100 / (100 + percent)) // THOUSAND * THOUSAND
        amounts.append(Amount(year, direct, direct * percent // 100))
    return amounts


def _at_ceiling(year: int, ceiling_yen: int, limits: Limits) -> Amount:
    """Direct and indirect costs that together are the ceiling to the yen."""
    direct = -(-ceiling_yen * 100 // (100 + limits.indirect_percent))
    return Amount(year, direct, ceiling_yen - direct)


def granted(requested: list[Amount], *, percent: int) -> list[Amount]:
    """A share of what was asked for, in whole thousands of direct yen, at the indirect rate asked for."""
    amounts = []
    for asked in requested:
        direct = asked.direct_yen * percent // 100 // THOUSAND * THOUSAND
        indirect = direct * asked.indirect_yen // asked.direct_yen if asked.direct_yen else 0
        amounts.append(Amount(asked.fiscal_year, direct, indirect))
    return amounts


def total_yen(amounts: list[Amount]) -> int:
    """Direct and indirect yen over all fiscal years."""
    return sum(amount.direct_yen + amount.indirect_yen for amount in amounts)
