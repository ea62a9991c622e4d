"""What a page that lists records says about files of them."""

from typing import Any

from django import template

from aspire.sheets.kinds import KINDS
from aspire.untyped import Held

register = template.Library()


@register.inclusion_tag("admin/_file_tools.html")
def file_tools(listed: Held) -> dict[str, Any]:
    """The links of an admin list whose records go in and out by file; a link out keeps the list's filters."""
    offered = (kind for kind in KINDS.values() if kind.importers)
    kind = next((kind for kind in offered if (kind.shown_on or kind._meta.model) is listed.model), None)
    return {"kind": kind, "filters": listed.get_query_string(remove=["p", "o", "all"])}
