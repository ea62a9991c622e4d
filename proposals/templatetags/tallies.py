"""How a board writes the cells of its tallies: hundreds a page, so each in one step rather than by a template."""

from collections.abc import Iterator

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from aspire.templatetags.figures import count, percent, signed
from proposals.boards.figures import NOT_PUBLISHED, Figure, Row

register = template.Library()


@register.simple_tag
def row_cells(row: Row, *, has_awards: bool, has_published: bool) -> SafeString:
    """The cells of one row: proposals, awards and the rate, each beside what was published where anything was."""
    cells = [*figure_cells(row, row.proposals, "proposals", is_split=has_published)]
    cells += figure_cells(row, row.awards, "awards", is_split=has_published and has_awards)
    if has_awards:
        cells.append(format_html('<td class="number">{}</td>', percent(row.rate)))
    return format_html_join("", "{}", ((cell,) for cell in cells))


def figure_cells(row: Row, figure: Figure, measure: str, *, is_split: bool) -> Iterator[SafeString]:
    """Published, recorded, difference; a recorded number leads to its rows, a difference to the proposals behind it."""
    if figure.status == NOT_PUBLISHED:
        span = format_html(' colspan="{}"', 3) if is_split else ""
        yield format_html('<td class="number not-published"{}>{}</td>', span, _("not published"))
        return
    recorded = count(figure.recorded)
    linked = format_html('<a href="{}">{}</a>', figure.href, recorded) if figure.href else recorded
    shown = format_html('<td class="number" data-series="{}-recorded">{}</td>', measure, linked)
    if not is_split:
        yield shown
        return
    published = count(figure.published)
    yield format_html('<td class="number published" data-series="{}-published">{}</td>', measure, published)
    yield shown
    yield difference_cell(row, figure)


def difference_cell(row: Row, figure: Figure) -> SafeString:
    """The difference with its sign; one that is not zero names the proposals that explain it."""
    difference = signed(figure.difference)
    if not figure.difference:
        return format_html('<td class="number difference--none">{}</td>', difference)
    because = ", ".join(explanation.proposal.number for explanation in row.explanations)
    return format_html(
        '<td class="number difference--some"><a href="#differences" title="{}">{}</a></td>', because, difference
    )
