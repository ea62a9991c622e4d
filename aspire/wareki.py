"""Japanese eras and fiscal years: Reiwa n = 2018 + n; a fiscal year runs from April to March."""

import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

REIWA = datetime.date(2019, 5, 1)
HEISEI = datetime.date(1989, 1, 8)
APRIL = 4


def fiscal_year(day: datetime.date) -> int:
    """The fiscal year (by the calendar year in which it begins) that holds the day."""
    return day.year if day.month >= APRIL else day.year - 1


def fiscal_years(first: datetime.date, last: datetime.date) -> range:
    """Every fiscal year that a period touches."""
    return range(fiscal_year(first), fiscal_year(last) + 1)


def fiscal_year_starts_on(year: int) -> datetime.date:
    """1 April of the fiscal year."""
    return datetime.date(year, APRIL, 1)


def fiscal_year_ends_on(year: int) -> datetime.date:
    """31 March that closes the fiscal year."""
    return datetime.date(year + 1, APRIL, 1) - datetime.timedelta(days=1)


def era_year(day: datetime.date) -> tuple[str, str] | None:
    """The era's name and the year in it (in Japanese the first is written gannen); None before Heisei."""
    if day >= REIWA:
        era, year = _("Reiwa"), day.year - 2018
    elif day >= HEISEI:
        era, year = _("Heisei"), day.year - 1988
    else:
        return None
    return era, pgettext("the first year of an era", "1") if year == 1 else str(year)


def wareki_date(day: datetime.date) -> str:
    """A date in the Japanese calendar, or an empty string before Heisei: ``Reiwa 5, 27 April``."""
    found = era_year(day)
    if found is None:
        return ""
    era, year = found
    month = date_format(day, "F")
    return _("%(era)s %(year)s, %(day)s %(month)s") % {"era": era, "year": year, "month": month, "day": day.day}


def wareki_fiscal_year(year: int) -> str:
    """A fiscal year in the Japanese calendar: 2022 → ``Reiwa 4``; the western year before Heisei."""
    found = era_year(datetime.date(year, 5, 1))
    return _("%(era)s %(year)s") % {"era": found[0], "year": found[1]} if found else str(year)
