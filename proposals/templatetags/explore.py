"""How the page of crossed tables writes its cells and the links that sort it."""

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from aspire.templatetags.figures import NOTHING
from proposals.explore.counts import Value
from proposals.explore.question import Question

register = template.Library()
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
