"""How the award page draws money: bars in the page's own markup, which no policy stops and paper shows."""

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from aspire.people import Person
from aspire.templatetags.figures import NOTHING
from calls.models import Call
from proposals.awards.spending import Line, Spending

register = template.Library()
WIDTH = 100


@register.simple_tag
def money_bar(line: Line, scale_yen: int | None = None) -> SafeString:
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
def by_key(lines: list[Line], key: object) -> Line | None:
    """The line of that key, where there is one."""
    return next((line for line in lines if line.key == key), None)


@register.filter
def scale(spending: Spending) -> int:
    """What bars without a limit of their own are drawn against: the pot, else everything taken."""
    return spending.total.limit_yen or spending.total.taken_yen or 1
