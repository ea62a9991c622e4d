"""One box for everything: proposals, calls, institutions, countries and funders, and people who review."""

from functools import reduce
from operator import and_

from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.functions import Concat
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from aspire.kana import SearchKey, search_key
from aspire.people import PersonRequest
from aspire.roles import STAFF, roles_of
from aspire.untyped import Above
from calls.models import Call
from partners.models import Country, Funder, Institution
from proposals.record.models import Proposal, Reviewer

AT_MOST = 10  # of each kind; the lists have the rest


def with_every(words: list[str], column: str) -> Q:
    """That the column, a key as ``search_key`` makes it, holds every word."""
    return reduce(and_, (Q((f"{column}__contains", word)) for word in words))


def holding(records: QuerySet[Above], words: list[str], *columns: str) -> QuerySet[Above]:
    """Those that hold every word in one of the columns, in any width, case or kana."""
    parts = [part for column in columns for part in (column, Value("|"))]
    keyed = records.alias(key=SearchKey(Concat(*parts, output_field=TextField())))
    found: QuerySet[Above] = keyed.filter(with_every(words, "key"))
    return found


@require_safe
def search(request: PersonRequest) -> HttpResponse:
    """What goes by the words of the address; the number of a proposal leads straight to it."""
    asked = request.GET.get("q", "").strip()[:200]
    visible = Proposal.objects.visible_to(request.user)
    if asked and (only := visible.filter(number=asked.upper()).first()):
        return redirect(only)
    words = [key for word in asked.split() if (key := search_key(word))]
    if not words:
        return render(request, "finding/search.html", {"asked": asked})
    by_key, named = with_every(words, "search_key"), with_every(words, "names__key")
    is_staff = bool(roles_of(request.user) & STAFF)
    found = {
        "proposals": list(visible.search(asked, by=request.user).for_list()[: AT_MOST + 1]),
        "calls": list(holding(Call.objects.newest_first(), words, "code", "name_ja", "name_en")[:AT_MOST]),
        "countries": list(Country.objects.in_gojuon_order().filter(by_key)[:AT_MOST]),
        "funders": list(Funder.objects.in_printed_order().select_related("country").filter(by_key)[:AT_MOST]),
        "institutions": list(Institution.objects.filter(named).distinct()[:AT_MOST]) if is_staff else [],
        "reviewers": _reviewers(words) if is_staff else [],
    }
    context = {"asked": asked, **found, "is_any": any(found.values()), "most": AT_MOST}
    return render(request, "finding/search.html", context)


def _reviewers(words: list[str]) -> list[Reviewer]:
    columns = ("name_ja", "name_en", "reading", "institution", "researcher_number", "user__email")
    return list(holding(Reviewer.objects.select_related("user"), words, *columns)[:AT_MOST])
