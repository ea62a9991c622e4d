"""What a number format makes of a stored number: a day, a percentage, or figures that read as another number."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from aspire.workbooks.packages import attributes, elements

# Formats that show a day or a time, by Excel's own numbers: those of East Asian Excel are among them.
_DAY_FORMATS = {str(n) for n in (*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59))}
_PERCENT_FORMATS = {"9": "0%", "10": "0.00%"}
_QUOTED = re.compile(r"\"[^\"]*\"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]", re.IGNORECASE)
_DAY_SIGNS = re.compile("[dmyhs]", re.IGNORECASE)

_TOKENS = re.compile(
    r"\"([^\"]*)\"|\\(.)|\[\$([^\]-]*)[^\]]*\]"  # words, a sign, a sign of money
    r"|([_*].|\[[^\]]*\]|E[-+][0#?]+)|(;)"  # widths, colours and exponents; the end of a section
    r"|(General|[#0?][#0?,]*(?:\.[#0?]*)?,*)|(.)",  # figures, and whatever else is shown
    re.IGNORECASE | re.DOTALL,
)
_BESIDE_YEN = re.compile("(?:[\u00a5\uffe5\u5186\\s()+/@-]|yen|jpy)*", re.IGNORECASE)


@dataclass(frozen=True)
class Formats:
    """The styles that a cell can name, as far as they matter: by their number, the format of those that mislead."""

    is_day: list[bool] = field(default_factory=list)
    percents: Mapping[int, str] = field(default_factory=dict)
    disguises: Mapping[int, str] = field(default_factory=dict)


def formats_of(part: bytes) -> Formats:
    """The formats of a workbook's part of styles."""
    named = [attributes(tag) for tag in elements(_section(part, b"numFmts"), b"numFmt")]
    codes = _PERCENT_FORMATS | {one.get("numFmtId", ""): one.get("formatCode", "") for one in named}
    numbers = [attributes(tag).get("numFmtId", "0") for tag in elements(_section(part, b"cellXfs"), b"xf")]
    is_day = [is_day_format(codes[number]) if number in codes else number in _DAY_FORMATS for number in numbers]
    others = {style: codes[n] for style, n in enumerate(numbers) if n in codes and not is_day[style]}
    percents = {style: code for style, code in others.items() if "%" in _QUOTED.sub("", code)}
    disguises = {style: code for style, code in others.items() if style not in percents and is_disguise(code)}
    return Formats(is_day, percents, disguises)


def _section(part: bytes, name: bytes) -> bytes:
    return part.partition(b"<" + name)[2].partition(b"</" + name)[0]


def is_day_format(code: str) -> bool:
    """Whether a number format shows a day or a time, quoted text, colours and languages aside."""
    return _DAY_SIGNS.search(_QUOTED.sub("", code).partition(";")[0]) is not None


def is_disguise(code: str) -> bool:
    """Whether a number format shows thousands for single yen, another unit than yen, or nothing at all."""
    before, after, thousands = _look(code)
    if thousands is None:
        return "@" not in before
    return thousands > 0 or _BESIDE_YEN.fullmatch(before + after) is None


def percent(number: Decimal) -> str:
    """A stored number as a percentage, which is what is seen."""
    return f"{(number * 100).normalize():f}%"


def seen(number: Decimal, code: str) -> str:
    """The number as a misleading format shows it."""
    before, after, thousands = _look(code)
    figures = "" if thousands is None else f"{number / 1000**thousands:,.0f}"
    return f"{before}{figures}{after}".strip()


def _look(code: str) -> tuple[str, str, int | None]:
    """What stands before and after the figures, and how often these are divided by 1,000; None where there are none.

    Only the format's first section matters: that of numbers above zero.
    """
    beside, thousands = ["", ""], None
    for word, sign, money, aside, end, figures, other in _TOKENS.findall(code):
        if end:
            break
        if figures and thousands is None:
            whole, _dot, decimals = figures.partition(".")
            thousands = sum(len(part) - len(part.rstrip(",")) for part in (whole, decimals))
        elif not aside:
            beside[thousands is not None] += word or sign or money or other
    return beside[0], beside[1], thousands
