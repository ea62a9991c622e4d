"""Yen as staff read them: exact with grouping, in millions (the briefing's unit for ceilings), in hundred millions."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from django.utils.translation import get_language
from django.utils.translation import gettext as _

MILLION, OKU, BILLION = 10**6, 10**8, 10**9


def exact(yen: int) -> str:
    """Whole yen with thousands grouped, without the unit: 26000000 → ``26,000,000``."""
    return f"{yen:,}"


def _in(yen: int, unit: int) -> str:
    amount = (Decimal(yen) / unit).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,}"


def millions(yen: int) -> str:
    """Millions of yen, one decimal where needed, half up, with the unit: 26000000 → ``26 million yen``."""
    return _("¥%(amount)s million") % {"amount": _in(yen, MILLION)}


def large_unit() -> int:
    """The greatest unit of the active language: hundred millions (oku) in Japanese, billions in English."""
    return OKU if (get_language() or "ja").startswith("ja") else BILLION


def oku(yen: int) -> str:
    """Hundred millions of yen (oku) in Japanese, billions in English: 44000000000 → ``¥44 billion``."""
    return _("¥%(amount)s billion") % {"amount": _in(yen, large_unit())}


def readable(yen: int) -> str:
    """The unit staff would choose: the greatest of their language from one of it on, millions below, yen for none."""
    if yen == 0:
        return _("¥%(amount)s") % {"amount": 0}
    return oku(yen) if abs(yen) >= large_unit() else millions(yen)


def share(part: int | None, whole: int | None) -> Fraction | None:
    """A part of a whole in percent, exactly; None where either is unknown or there is no denominator."""
    return None if part is None or not whole else Fraction(part * 100, whole)


def rate(part: int, whole: int) -> str | None:
    """A percentage with one decimal, half up; None where there is no denominator."""
    exactly = share(part, whole)
    return None if exactly is None else str(_tenths(exactly))


def points(first: Fraction | None, second: Fraction | None) -> Decimal | None:
    """The first less the second in percentage points, one decimal, rounded once from what they are exactly."""
    return None if first is None or second is None else _tenths(first - second)


def _tenths(number: Fraction) -> Decimal:
    """One decimal, half up, below nought as above."""
    tenths = (abs(number) * 20 + 1) // 2
    return Decimal(tenths if number >= 0 else -tenths).scaleb(-1)
