"""How templates write figures: yen, counts, differences, rates, days and fiscal years, each in one way."""

import datetime
import re
from collections.abc import Mapping

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aspire import wareki, yen
from aspire.keyset import COUNTED_UP_TO
from aspire.people import Person, in_their_order

register = template.Library()

NOTHING = "\u2015"
MINUS = "\u2212"
JAPANESE = re.compile("[\u3041-\u30ff\u3400-\u9fff]")


@register.simple_block_tag
def table(content: str, key: str, of: object = "", **look: str) -> SafeString:
    """A table of figures in the frame that it scrolls in: ``{% table "key" %}<caption>…</caption>…{% endtable %}``.

    The caption gets the id ``key-caption`` and names the frame, after ``beside``, the id of a heading above; ``of``
    tells several of them on a page apart, and is added to both. ``frame`` and ``kind`` are classes of frame and table;
    ``is_named`` gives the table the id ``key``. Raises ``ValueError`` without a caption.
    """
    if "<caption" not in content:
        raise ValueError(f"The table {key} has no caption.")
    key, beside = (f"{name}-{of}" if of and name else name for name in (key, look.get("beside", "")))
    frame, kind = (f" {look[name]}" if look.get(name) else "" for name in ("frame", "kind"))
    caption = format_html('<caption id="{}-caption"', key)
    return format_html(
        '<div class="frame{}" role="region" aria-labelledby="{}" tabindex="0">'
        '<table class="figures{}"{}>{}</table></div>',
        frame,
        f"{beside} {key}-caption".strip(),
        kind,
        format_html(' id="{}"', key) if look.get("is_named") else "",
        mark_safe(content.replace("<caption", caption, 1)),  # noqa: S308 - rendered by the template
    )


@register.filter
def stated(text: str | None) -> str:
    """A text, or a dash where nothing was stated."""
    return text or NOTHING


@register.filter
def as_written(text: str) -> str:
    """Text as its author left it, marked as Japanese on a page in another language, for voices and fonts."""
    if get_language() != "ja" and JAPANESE.search(text):
        return format_html('<span lang="ja">{}</span>', text)
    return text


@register.filter
def count(number: int | None) -> str:
    """A whole number with thousands grouped; a dash where there is none."""
    return NOTHING if number is None else f"{number:,}"


@register.filter
def capped(number: int) -> str:
    """A count that was cut short reads as at least so many: ``1,000+``."""
    return f"{COUNTED_UP_TO:,}+" if number == COUNTED_UP_TO + 1 else count(number)


@register.filter
def exact_yen(amount_yen: int | None) -> str:
    """Whole yen with thousands grouped; the unit stands in the header, not in the cell."""
    return NOTHING if amount_yen is None else yen.exact(amount_yen)


@register.filter
def less(first: int | None, second: int | None) -> int | None:
    """The first less the second; None where either is not known."""
    return None if first is None or second is None else first - second


@register.filter
def large_yen(amount_yen: int | None) -> str:
    """Yen in the greatest unit, the same for all amounts of a page, with the exact one for machines and on hover."""
    if amount_yen is None:
        return NOTHING
    return format_html('<data value="{}" title="¥{}">{}</data>', amount_yen, yen.exact(amount_yen), yen.oku(amount_yen))


@register.filter
def readable_yen(amount_yen: int | None) -> str:
    """Yen in the unit staff would choose, with the exact amount for machines and on hover."""
    if amount_yen is None:
        return NOTHING
    return format_html(
        '<data value="{}" title="¥{}">{}</data>', amount_yen, yen.exact(amount_yen), yen.readable(amount_yen)
    )


@register.filter
def signed(number: int | None) -> str:
    """A difference with its sign: ``+2``, ``\u22121``, ``0``."""
    if number is None:
        return NOTHING
    return f"{number:+,}".replace("-", MINUS) if number else "0"


@register.filter
def percent(rate: str | None) -> str:
    """A rate without its unit, which stands in the header; a dash where there is no denominator."""
    return NOTHING if rate is None else rate


@register.filter
def day(value: datetime.date | datetime.datetime | None) -> str:
    """A day in the reader's language, with the Japanese calendar beside it; of an instant, the day in Tokyo."""
    if value is None:
        return NOTHING
    on = _day_in_tokyo(value)
    return _with_wareki(on, date_format(on, "DATE_FORMAT"), on.isoformat())


@register.filter
def moment(value: datetime.datetime | None) -> str:
    """An instant in Tokyo, to the minute, with the Japanese calendar beside it."""
    if value is None:
        return NOTHING
    value = timezone.localtime(value)
    written = _("%(day)s %(time)s") % {"day": date_format(value, "DATE_FORMAT"), "time": f"{value:%H:%M}"}
    return _with_wareki(value.date(), written, value.isoformat(timespec="minutes"))


@register.filter
def clock(value: datetime.datetime) -> str:
    """The time of day in Tokyo, to the minute."""
    return f"{timezone.localtime(value):%H:%M}"


def _day_in_tokyo(value: datetime.date | datetime.datetime) -> datetime.date:
    return timezone.localtime(value).date() if isinstance(value, datetime.datetime) else value


def _with_wareki(on: datetime.date, written: str, machine: str) -> SafeString:
    in_wareki = wareki.wareki_date(on)
    if not in_wareki:
        return format_html('<time datetime="{}">{}</time>', machine, written)
    return format_html(
        '<time datetime="{}">{} <span class="wareki">{}</span></time>',
        machine,
        written,
        _("(%(wareki)s)") % {"wareki": in_wareki},
    )


@register.simple_tag
def yen_wording() -> SafeString:
    """How ``aspire.yen`` words amounts, as attributes for the script that words them while somebody types."""
    gap = {"amount": "{amount}"}
    return format_html(
        'data-millions="{}" data-large="{}" data-large-unit="{}"',
        _("¥%(amount)s million") % gap,
        _("¥%(amount)s billion") % gap,
        yen.large_unit(),
    )


@register.simple_tag
def wareki_today() -> str:
    """Today in Tokyo in the Japanese calendar, for the head of what is printed today."""
    return wareki.wareki_date(timezone.localdate())


@register.filter
def fiscal(year: int) -> str:
    """A fiscal year in both calendars: ``FY2022 (Reiwa 4)``."""
    return _("FY%(year)s (%(wareki)s)") % {"year": year, "wareki": wareki.wareki_fiscal_year(year)}


@register.filter
def label_in(name: str, labels: Mapping[str, str]) -> str:
    """What a name is called there; the name itself where it is called nothing."""
    return labels.get(name, name)


@register.filter
def person_name(user: Person) -> str:
    """A person's name, the family name first in Japanese."""
    return in_their_order(user)
