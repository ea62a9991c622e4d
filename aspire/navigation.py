"""Where one is and where one can go: the sections of the header, and the tabs of a section or of one case of it."""

import re
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise

from aspire.constraints import CODE
from aspire.permissions import may_open
from aspire.roles import Role, roles_of


@dataclass(frozen=True)
class Tab:
    """One page of a section. ``pages``: the names of the pages that belong to it, as a pattern; its own by default.

    ``asks``: the parameter of its address that names the case, where the path does not.
    """

    name: str
    label: str | Promise
    pages: str = ""
    asks: str = ""

    def has(self, page: str) -> bool:
        return re.fullmatch(self.pages or re.escape(self.name), page) is not None

    def url(self, case: str = "") -> str:
        if self.asks:
            return f"{reverse(self.name)}?{self.asks}={case}"
        return reverse(self.name, args=[case] if case else [])


@dataclass(frozen=True)
class Section:
    """One word of the header: its first page, the pages that belong to it, and its tabs.

    ``cases``: the tabs of one of its cases, such as a call, which stand in their place on the pages of that case.
    """

    name: str
    label: str | Promise
    pages: str
    tabs: tuple[Tab, ...] = ()
    cases: tuple[Tab, ...] = ()
    cases_label: str | Promise = ""

    def has(self, page: str) -> bool:
        return re.fullmatch(self.pages, page) is not None


SEARCH = "finding:search"  # the page of the box in the header
SECTIONS: list[Section] = []


def declare_sections(*sections: Section) -> None:
    """Add sections to the header, after those that are there."""
    SECTIONS.extend(sections)


def case_of(request: HttpRequest, page: str, tabs: tuple[Tab, ...]) -> str:
    """Which case of a section the page is about, by its path or by what its address asks; empty for none."""
    match = request.resolver_match
    tab = next((tab for tab in tabs if tab.has(page)), None)
    if tab is None or match is None:
        return ""
    case = request.GET.get(tab.asks, "") if tab.asks else match.kwargs.get("code", "")
    return case if re.fullmatch(CODE, case) else ""


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The sections that a person may open, the tabs of the one where the page stands, and the person's roles."""
    if not hasattr(request, "user"):
        return {"sections": [], "roles": []}
    user, page = request.user, request.resolver_match.view_name if request.resolver_match else ""
    open_to = [section for section in SECTIONS if may_open(section.name, user)]
    found: dict[str, Any] = {"sections": [(each, each.name == page, each.has(page)) for each in open_to]}
    found["may_search"] = may_open(SEARCH, user)
    for section in open_to:
        if case := case_of(request, page, section.cases):
            found |= {"tabs": _tabs(section.cases, page, user, case), "tabs_label": section.cases_label}
            break
    else:
        here = next((section for section in open_to if section.has(page)), None)
        found |= {"tabs": _tabs(here.tabs, page, user), "tabs_label": here.label} if here else {}
    return {**found, "roles": sorted(roles_of(user), key=list(Role).index)}


def _tabs(tabs: tuple[Tab, ...], page: str, user: Any, case: str = "") -> list[tuple[str, str | Promise, bool]]:
    """Address, label and whether one is there, of the tabs that the person may open; one alone is none."""
    found = [(tab.url(case), tab.label, tab.has(page)) for tab in tabs if may_open(tab.name, user)]
    return found if len(found) > 1 else []
