"""How boards, awards and crossed tables write their cells: hundreds a page, so each in one step, not by a template."""

from collections.abc import Iterator
from decimal import Decimal

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from aspire.people import Person
from aspire.templatetags.figures import MINUS, NOTHING, count, exact_yen, percent, signed
from calls.models import Call
from proposals.awards.spending import Bar, Spending
from proposals.boards.comparison import ComparedRow, Share
from proposals.explore.counts import Value
from proposals.explore.question import Question
from proposals.tallies.books import SliceTotals
from proposals.tallies.figures import MASK, NOT_DECIDED, NOT_PUBLISHED, Figure, Row

register = template.Library()


@register.simple_tag
def row_cells(row: Row, *, has_awards: bool, has_published: bool) -> SafeString:
    """The cells of one row: proposals, awards and the rate, each beside what was published where anything was.

    ``has_awards``: whether any awards are known; where none are, the table says so once and has no columns for them.
    """
    cells = [*figure_cells(row, row.proposals, "proposals", is_split=has_published)]
    if has_awards:
        cells += figure_cells(row, row.awards, "awards", is_split=has_published)
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
def score_cells(score: SliceTotals) -> SafeString:
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


def rate_cell(score: SliceTotals) -> SafeString:
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


WIDTH = 100


@register.simple_tag
def money_bar(line: Bar, scale_yen: int | None = None) -> SafeString:
    """Released (dark), staged (hatched by a pale tone and an edge) and left, as parts of a limit or of a scale.

    A picture beside its numbers, so voices pass it by.
    """
    whole = line.limit_yen or scale_yen or line.taken_yen or 1
    released = min(WIDTH * line.released_yen / whole, WIDTH)
    staged = min(WIDTH * line.staged_yen / whole, WIDTH - released)
    return format_html(
        '<svg class="money-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="money-bar__whole" width="100" height="10"/>'
        '<rect class="money-bar__released" width="{}" height="10"/>'
        '<rect class="money-bar__staged" x="{}" width="{}" height="10"/></svg>',
        f"{released:.2f}",
        f"{released:.2f}",
        f"{staged:.2f}",
    )


@register.simple_tag
def led_calls(user: Person) -> list[Call]:
    """The calls in which a lead reviewer has awards to mark now."""
    led = Call.objects.filter(progress=Call.Progress.DECIDING, call_fields__lead_reviewer=user)
    return list(led.distinct())


@register.filter
def points(value: Decimal | None) -> str:
    """Points of five to two decimals; a dash where there are none, which is not zero."""
    return NOTHING if value is None else str(value)


@register.filter
def by_key(lines: list[Bar], key: object) -> Bar | None:
    """The line of that key, where there is one."""
    return next((line for line in lines if line.key == key), None)


@register.filter
def scale(spending: Spending) -> int:
    """What bars without a limit of their own are drawn against: the pot, else everything taken."""
    return spending.total.limit_yen or spending.total.taken_yen or 1


UP, DOWN = "ascending", "descending"


@register.simple_tag
def value_cell(value: Value, *, series: str = "") -> SafeString:
    """A number that leads to its rows; a dash where none applies; the words where none was published."""
    if not value.is_published:
        return format_html('<td class="number not-published">{}</td>', _("not published"))
    if value.number is None:
        nothing = format_html('<a href="{}">{}</a>', value.href, NOTHING) if value.href else NOTHING
        return format_html('<td class="number not-applicable">{}</td>', nothing)
    heat = format_html(" heat-{}", value.step) if value.step else ""
    marked = format_html(' data-series="{}"', series) if series else ""
    n = "" if value.proposals is None else format_html(' <span class="n">(n={})</span>', f"{value.proposals:,}")
    number = f"{value.number:,}" if isinstance(value.number, int) else str(Decimal(value.number))
    return format_html('<td class="number{}"{}><a href="{}">{}</a>{}</td>', heat, marked, value.href, number, n)


@register.simple_tag
def sorting_header(question: Question, by: str, label: str, *, kind: str = "") -> SafeString:
    """A column's header that sorts by it: numbers from the greatest down first, labels from the first up."""
    is_label = by == "label"
    asked = question.sort or "label"
    order = {by: UP, f"-{by}": DOWN}.get(asked, "")
    following = f"-{by}" if (order == UP if is_label else order != DOWN) else by
    following = "" if following == "label" else following
    stated = format_html(' aria-sort="{}"', order) if order else ""
    mark = {UP: "▲", DOWN: "▼"}.get(order, "")
    return format_html(
        '<th scope="col"{}{}><a class="sorts" href="{}">{}'
        '<span class="sorts__mark" aria-hidden="true">{}</span></a></th>',
        format_html(' class="{}"', kind) if kind else "",
        stated,
        question.address(sort=following),
        label,
        mark,
    )
