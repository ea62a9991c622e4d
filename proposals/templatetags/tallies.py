"""How a board writes the cells of its tallies: hundreds a page, so each in one step rather than by a template."""

from collections.abc import Iterator
from decimal import Decimal

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from aspire.templatetags.figures import MINUS, count, exact_yen, percent, signed
from proposals.boards.comparison import ComparedRow, Share
from proposals.tallies.books import Score
from proposals.tallies.figures import MASK, NOT_DECIDED, NOT_PUBLISHED, Figure, Row

register = template.Library()


@register.simple_tag
def row_cells(row: Row, *, has_awards: bool, has_published: bool) -> SafeString:
    """The cells of one row: proposals, awards and the rate, each beside what was published where anything was."""
    cells = [*figure_cells(row, row.proposals, "proposals", is_split=has_published)]
    cells += figure_cells(row, row.awards, "awards", is_split=has_published and has_awards)
    if has_awards:
        shown = MASK if row.has_masked_rate else percent(row.rate)
        cells.append(format_html('<td class="number">{}</td>', shown))
    return format_html_join("", "{}", ((cell,) for cell in cells))


def figure_cells(row: Row, figure: Figure, measure: str, *, is_split: bool) -> Iterator[SafeString]:
    """Published, recorded, difference; a recorded number leads to its rows, a difference to the proposals behind it."""
    if figure.status == NOT_DECIDED:
        span = format_html(' colspan="{}"', 3) if is_split else ""
        yield format_html('<td class="number"{} title="{}">{}</td>', span, _("not decided"), figure.words)
        return
    if figure.words:
        span = format_html(' colspan="{}"', 3) if is_split else ""
        yield format_html('<td class="number not-published"{}>{}</td>', span, figure.words)
        return
    recorded = count(figure.recorded)
    linked = format_html('<a href="{}">{}</a>', figure.href, recorded) if figure.href else recorded
    shown = format_html('<td class="number" data-series="{}-recorded">{}</td>', measure, linked)
    if not is_split:
        yield shown
        return
    title = format_html(' title="{}"', figure.source) if figure.source else ""
    cell = '<td class="number published" data-series="{}-published"{}>{}</td>'
    yield format_html(cell, measure, title, published_number(figure))
    yield shown
    yield difference_cell(row, figure)


def published_number(figure: Figure) -> str:
    """What was published: a number, a derived one marked as such, or in words that there is none."""
    if figure.derived is not None:
        return _("%(number)s (derived)") % {"number": count(figure.derived)}
    return figure.unstated or count(figure.published)


def difference_cell(row: Row, figure: Figure) -> SafeString:
    """The difference with its sign; one that is not zero names the proposals that explain it, where any do."""
    difference = signed(figure.difference)
    if not figure.difference:
        return format_html('<td class="number difference--none">{}</td>', difference)
    because = ", ".join(explanation.proposal.number for explanation in row.explanations)
    if not because:
        return format_html('<td class="number difference--some">{}</td>', difference)
    return format_html(
        '<td class="number difference--some"><a href="#differences" title="{}">{}</a></td>', because, difference
    )


@register.simple_tag
def figure_cell(figure: Figure) -> SafeString:
    """One number as a link to its rows, or the words that it was not published."""
    return numbered(figure.href, count(figure.recorded), is_published=figure.status != NOT_PUBLISHED)


@register.simple_tag
def score_cells(score: Score) -> SafeString:
    """Proposals, awards, the rate with its n, yen requested and awarded."""
    figures = (score.proposals, "proposals-recorded"), (score.awards, "awards-recorded")
    cells = [
        numbered(figure.href, count(figure.recorded), is_published=figure.status != NOT_PUBLISHED, series=series)
        for figure, series in figures
    ]
    amounts = (score.proposals, score.requested_yen), (score.awards, score.awarded_yen)
    money = [
        figure_cell(figure)
        if figure.status == NOT_DECIDED
        else numbered(figure.href, exact_yen(yen), is_published=yen is not None)
        for figure, yen in amounts
    ]
    return format_html_join("", "{}", ((cell,) for cell in [*cells, rate_cell(score), *money]))


def rate_cell(score: Score) -> SafeString:
    """The rate, never without its denominator."""
    if score.has_unpublished_rate:
        return numbered("", "", is_published=False)
    if score.rate is None:
        return format_html('<td class="number">{}</td>', percent(None))
    n = count(score.proposals.recorded)
    return format_html('<td class="number">{} <span class="quiet">(n={})</span></td>', score.rate, n)


def numbered(href: str, text: str, *, is_published: bool, series: str = "") -> SafeString:
    """A cell with a number that leads to its rows, where there is one."""
    if not is_published:
        return format_html('<td class="number not-published">{}</td>', _("not published"))
    shown = format_html('<a href="{}">{}</a>', href, text) if href else text
    marked = format_html(' data-series="{}"', series) if series else ""
    return format_html('<td class="number"{}>{}</td>', marked, shown)


@register.simple_tag
def compared_cells(row: ComparedRow) -> SafeString:
    """Both sides, then the second less the first: counts, shares, awards and rates."""
    gaps = [signed(row.difference), signed_points(row.share_difference)]
    gaps += [signed(row.awards_difference), signed_points(row.rate_difference)]
    cells = [
        *share_cells(row.a),
        *share_cells(row.b),
        *(format_html('<td class="number">{}</td>', gap) for gap in gaps),
    ]
    return format_html_join("", "{}", ((cell,) for cell in cells))


def share_cells(share: Share) -> Iterator[SafeString]:
    """The proposals of one side, their share, its awards and the rate with its n."""
    score = share.score
    yield figure_cell(score.proposals)
    yield numbered("", percent(share.percent), is_published=score.proposals.status != NOT_PUBLISHED)
    yield figure_cell(score.awards)
    yield rate_cell(score)


def signed_points(points: Decimal | None) -> str:
    """A difference in percentage points, with its sign."""
    return percent(None) if points is None else f"{points:+}".replace("-", MINUS) if points else "0.0"
