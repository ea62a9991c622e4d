"""Small pictures inside tables and tiles, as SVG: each repeats a number beside it, so voices pass them by."""

from collections.abc import Sequence
from math import sqrt

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from proposals.awards.comparison import Beside
from proposals.tallies.figures import MASK, MASKED, NOT_DECIDED, NOT_PUBLISHED, Figure, Row, Table

register = template.Library()
HEAD = 'aria-hidden="true" focusable="false"'
Z = 1.959964  # of the normal distribution: an interval of 95 %
FULL = 100
AXIS = "".join(
    f'<line class="rate-dot__axis" x1="{share}%" x2="{share}%" y1="0" y2="100%"/>' for share in range(0, FULL + 1, 25)
)


def drawn(figure: Figure, whole: int) -> float | None:
    """How long the bar of a figure is, of ``FULL``; None where there is none to draw."""
    if figure.status in {MASKED, NOT_PUBLISHED, NOT_DECIDED} or not figure.recorded:
        return None
    return FULL * figure.recorded / whole


def stretched(kind: str, height: int, *parts: SafeString) -> SafeString:
    """A cell with a picture ``FULL`` wide that stretches with its column."""
    opened = '<td class="bar-cell"><svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="none" ' + HEAD + ">"
    inside = format_html_join("", "{}", ((part,) for part in parts))
    return format_html(opened + "{}</svg></td>", kind, FULL, height, inside)


@register.simple_tag
def count_bar(row: Row, table: Table) -> SafeString:
    """The proposals of a row as a bar against the longest of its table, with the awarded part of it in a darker tone.

    What is masked is drawn as its sign, which is no zero.
    """
    if MASKED in {row.proposals.status, row.awards.status}:
        return format_html('<td class="bar-cell"><span class="masked" aria-hidden="true">{}</span></td>', MASK)
    whole = max([line.proposals.recorded or 0 for line in table.rows] + [1])
    parts = (("proposals", drawn(row.proposals, whole)), ("awards", drawn(row.awards, whole)))
    bars = [(name, f"{min(length, FULL):.4g}") for name, length in parts if length]
    rects = format_html_join("", '<rect class="count-bar__{}" width="{}" height="10"/>', bars)
    return stretched("count-bar", 10, rects)


def interval(part: int, whole: int) -> tuple[float, float]:
    """Between which shares (%) the true one lies in 95 of 100 cases, by Wilson's score, which holds for small numbers.

    Wilson, E. B. (1927), Journal of the American Statistical Association 22, 209-212.
    """
    share, factor = part / whole, 1 + Z * Z / whole
    middle = (share + Z * Z / (2 * whole)) / factor
    reach = Z / factor * sqrt(share * (1 - share) / whole + Z * Z / (4 * whole * whole))
    return FULL * max(middle - reach, 0), FULL * min(middle + reach, 1)


@register.simple_tag
def rate_dot(row: Row) -> SafeString:
    """The rate of a row as a dot from 0 to 100 %, on the line of its interval; empty where there is no rate."""
    awards, proposals = row.awards.recorded, row.proposals.recorded
    if row.rate is None or row.has_masked_rate or awards is None or not proposals:
        return SafeString('<td class="bar-cell"></td>')
    low, high = interval(awards, proposals)
    return format_html(
        f'<td class="bar-cell"><svg class="rate-dot" {HEAD}>{AXIS}'
        '<line class="rate-dot__reach" x1="{}%" x2="{}%" y1="50%" y2="50%"/>'
        '<circle cx="{}%" cy="50%" r="4"/></svg></td>',
        f"{low:.4g}",
        f"{high:.4g}",
        f"{FULL * awards / proposals:.4g}",
    )


@register.simple_tag
def sparkline(values: Sequence[int]) -> SafeString:
    """The course of a number as a line, from its first to its last."""
    if len(values) < 2:  # noqa: PLR2004 - a line has two ends
        return SafeString("")
    top, step = max(*values, 1), FULL / (len(values) - 1)
    points = " ".join(f"{place * step:.4g},{20 - 18 * value / top:.4g}" for place, value in enumerate(values))
    picture = f'<svg class="sparkline" viewBox="0 0 {FULL} 20" preserveAspectRatio="none" {HEAD}>'
    return format_html(picture + '<polyline points="{}"/></svg>', points)


@register.simple_tag
def part_bar(part: int, whole: int) -> SafeString:
    """How much of a whole is done."""
    done = FULL * part / whole if whole else 0
    rects = format_html(
        '<rect class="count-bar__proposals" width="100" height="10"/>'
        '<rect class="count-bar__awards" width="{}" height="10"/>',
        f"{done:.4g}",
    )
    return stretched("count-bar", 10, rects)


@register.simple_tag
def versus_bar(beside: Beside, lines: Sequence[tuple[str, Beside]]) -> SafeString:
    """Two sets as bars against the limit of their line: what is beyond it stands apart. Above the first, below the
    second; lines without a limit are drawn against the greatest of their block."""
    limit = beside.line.limit_yen
    greatest = max(max(line.yen) for _label, line in lines)
    whole = max(limit, *beside.yen) if limit else greatest or 1
    parts = []
    for place, yen in enumerate(beside.yen):
        within = min(yen, limit) if limit is not None else yen
        parts.append(("within", 0, within, 6 * place))
        parts.append(("beyond", within, yen - within, 6 * place))
    rects = format_html_join(
        "",
        '<rect class="versus__{}" x="{}" width="{}" y="{}" height="5"/>',
        (
            (name, f"{FULL * start / whole:.4g}", f"{FULL * length / whole:.4g}", y)
            for name, start, length, y in parts
            if length
        ),
    )
    at = SafeString("") if limit is None else format_html('<path d="M{0} 0V11"/>', f"{FULL * limit / whole:.4g}")
    return stretched("versus", 11, rects, at)


@register.simple_tag
def fund_step(fund_yen: int, left_yen: int, *, committed: int = 0, staged: int = 0) -> SafeString:
    """A step of the waterfall of a fund: what is taken hangs where the step before ended, and left is what is left.

    Only the fund itself, and what is left in the end, stand from the ground: they take nothing.
    """
    whole = fund_yen or 1
    left = FULL * max(left_yen, 0) / whole
    parts = [
        ("staged", left, FULL * staged / whole),
        ("committed", left + FULL * staged / whole, FULL * committed / whole),
    ]
    if not committed and not staged:
        parts = [("left", 0.0, left)]
    rects = format_html_join(
        "",
        '<rect class="fund-step__{}" x="{}" width="{}" height="10"/>',
        ((name, f"{start:.4g}", f"{length:.4g}") for name, start, length in parts if length),
    )
    return stretched("count-bar", 10, rects)
