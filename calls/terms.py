"""What a call allows to be spent: pure judgements that yield breaches, raise nothing and know no database or clock.

Money is whole yen; a year is a Japanese fiscal year (April to March). PostgreSQL holds the same rules in triggers.
"""

import calendar
import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from django.utils.timezone import localdate

from aspire.refusals import TOKYO, Refusal
from aspire.wareki import fiscal_years

Kind = Literal["cost", "award"]


@dataclass(frozen=True)
class Limits:
    """The terms of a call, as numbers.

    ``annual_ceiling_yen``: yen per project and fiscal year. ``indirect_included``: whether the ceiling counts indirect
    costs. ``indirect_percent``: indirect costs at most this share of direct ones.
    """

    annual_ceiling_yen: int
    max_months: int
    indirect_included: bool
    indirect_percent: int

    @property
    def total_ceiling_yen(self) -> int:
        """What a project may receive over its whole period: the ceiling times the years allowed."""
        return self.annual_ceiling_yen * self.max_months // 12

    def counted_yen(self, direct_yen: int, indirect_yen: int) -> int:
        """The part of an amount that the ceiling counts."""
        return direct_yen + (indirect_yen if self.indirect_included else 0)

    def remaining_yen(self, direct_yen: int, indirect_yen: int) -> int:
        """What a fiscal year with this amount leaves under its ceiling."""
        return self.annual_ceiling_yen - self.counted_yen(direct_yen, indirect_yen)

    def largest_indirect_yen(self, direct_yen: int) -> int:
        """The most indirect costs that may accompany these direct ones, rounded down."""
        return direct_yen * self.indirect_percent // 100

    def last_day(self, starts_on: datetime.date) -> datetime.date:
        """The last day of the longest period that starts on the given day.

        It is the eve of the day that answers to the first so many months later; where that month has no such day,
        its last day (Civil Code, article 143): five years from 29 February 2024 end on 28 February 2029.
        """
        if starts_on.year + (starts_on.month - 1 + self.max_months) // 12 > datetime.MAXYEAR:
            return datetime.date.max
        answering = add_months(starts_on, self.max_months)
        return answering - datetime.timedelta(days=answering.day == starts_on.day)


@dataclass(frozen=True)
class OuterLimits:
    """What the terms of a programme's calls may never exceed; None where the programme states none."""

    programme: str
    annual_yen: int | None
    months: int | None


def outer_breaches(limits: Limits, outer: OuterLimits) -> Iterator[Refusal]:
    """Breaches by terms that allow more than their programme does, or whose programme states no limits."""
    if outer.annual_yen is None or outer.months is None:
        yield Refusal("programme_states_limits", {"programme": outer.programme})
    elif limits.annual_ceiling_yen > outer.annual_yen or limits.max_months > outer.months:
        values = {"value_yen": limits.annual_ceiling_yen, "months": limits.max_months}
        values |= {"limit_yen": outer.annual_yen, "limit": outer.months}
        yield Refusal("terms_within_programme", {"programme": outer.programme, **values})


def add_months(day: datetime.date, months: int) -> datetime.date:
    """The same day so many months later, or the month's last day where it is shorter (as PostgreSQL counts)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return datetime.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def period_breaches(
    limits: Limits, *, starts_on: datetime.date | None, ends_on: datetime.date | None
) -> Iterator[Refusal]:
    """Breaches of a research period longer than the terms allow."""
    if starts_on and ends_on and ends_on > (last := limits.last_day(starts_on)):
        values = {"value_on": ends_on, "limit": limits.max_months, "limit_on": last}
        yield Refusal("proposal_period_within_terms", values)


class Amount(NamedTuple):
    """What one fiscal year takes, in whole yen."""

    fiscal_year: int
    direct_yen: int
    indirect_yen: int


def annual_breaches(
    limits: Limits,
    kind: Kind,
    amount: Amount,
    *,
    starts_on: datetime.date | None,
    ends_on: datetime.date | None,
) -> Iterator[Refusal]:
    """Breaches by the amount of one fiscal year, requested (``cost``) or awarded (``award``)."""
    fiscal_year, direct_yen, indirect_yen = amount
    if not (starts_on and ends_on and fiscal_year in fiscal_years(starts_on, ends_on)):
        values = {"fiscal_year": fiscal_year, "starts_on": starts_on, "ends_on": ends_on}
        yield Refusal(f"{kind}_inside_period", values)
    counted = limits.counted_yen(direct_yen, indirect_yen)
    if counted > limits.annual_ceiling_yen:
        over = counted - limits.annual_ceiling_yen
        values = {"value_yen": counted, "limit_yen": limits.annual_ceiling_yen, "over_yen": over}
        yield Refusal(f"{kind}_within_ceiling", {"fiscal_year": fiscal_year, **values})
    largest = limits.largest_indirect_yen(direct_yen)
    if indirect_yen > largest:
        values = {"value_yen": indirect_yen, "limit_yen": largest, "percent": limits.indirect_percent}
        yield Refusal(f"{kind}_indirect_within_rate", {"fiscal_year": fiscal_year, **values})


def total_breaches(limits: Limits, kind: Kind, *, direct_yen: int, indirect_yen: int) -> Iterator[Refusal]:
    """Breaches by the sum of all fiscal years."""
    counted, limit = limits.counted_yen(direct_yen, indirect_yen), limits.total_ceiling_yen
    if counted > limit:
        values = {"value_yen": counted, "limit_yen": limit, "over_yen": counted - limit, "months": limits.max_months}
        yield Refusal(f"{kind}_within_total", values)


def window_breaches(
    *,
    call: str,
    opens_at: datetime.datetime | None,
    closes_at: datetime.datetime | None,
    received_at: datetime.datetime | None,
    has_reason: bool,
) -> Iterator[Refusal]:
    """Breaches by the moment a proposal was received; an officer's recorded reason excuses the second kind."""
    if not (opens_at and closes_at):
        yield Refusal("proposal_call_has_window", {"call": call})
    elif received_at and not has_reason and not opens_at <= received_at <= closes_at:
        values = {"call": call, "value_at": received_at, "opens_at": opens_at, "closes_at": closes_at}
        yield Refusal("proposal_received_in_window", values)


def is_eligible(
    eligible_from: Mapping[int, datetime.date | None], funder: int, received_at: datetime.datetime | None
) -> bool:
    """Whether a call accepts partners of the funder from the moment on; a call that lists none accepts all."""
    if not eligible_from or funder not in eligible_from:
        return not eligible_from
    first = eligible_from[funder]
    return first is None or received_at is None or first <= localdate(received_at, TOKYO)
