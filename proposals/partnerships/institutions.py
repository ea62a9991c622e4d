"""The institutions by all their names, and what proposals call an institution that no record has yet."""

import difflib
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from aspire.kana import search_key
from aspire.people import PersonRequest
from aspire.refusals import Refused, all_or_nothing
from partners.models import Institution, InstitutionName
from proposals.record.models import Proposal
from proposals.record.querysets import ProposalQuerySet

ROWS_A_PAGE = 50
NEAR = 0.8  # of 1: so alike is a name that is misspelt
OFFERED = 1000  # names in the list that a field completes from


@dataclass(frozen=True)
class Spelling:
    """What proposals call an institution that no record has: how many do, and the institution that may be meant."""

    written: str
    proposals: int
    likely: str


class MatchForm(forms.Form):
    """Which institution a spelling means, or that it is a new one."""

    spelling = forms.CharField(max_length=200)
    institution = forms.CharField(max_length=200, required=False)
    is_new = forms.BooleanField(required=False)


def unmatched(proposals: ProposalQuerySet) -> ProposalQuerySet:
    """Those that name an institution which no record has."""
    record = InstitutionName.objects.filter(key=OuterRef("institution_key"))
    return proposals.exclude(institution_key="").exclude(Exists(record))


def likely(written: str, known: dict[str, str]) -> str:
    """The institution whose longest name stands in the spelling, as between a legal form and a faculty; else the one
    whose name comes near; empty where none does."""
    key = search_key(written)
    inside = max((name for name in known if name in key), key=len, default="")
    near = [inside] if inside else difflib.get_close_matches(key, known, n=1, cutoff=NEAR)
    return known[near[0]] if near else ""


@require_safe
def institutions(request: PersonRequest) -> HttpResponse:
    """Spellings to match, the most frequent first, and the list of institutions."""
    seen = Proposal.objects.visible_to(request.user)
    asked = request.GET.get("q", "").strip()
    found = unmatched(seen).order_by().values("institution").annotate(number=Count("pk"))
    spellings = Paginator(found.order_by("-number", "institution"), ROWS_A_PAGE).get_page(1)
    known = Institution.objects.known_names()
    listed = Institution.objects.prefetch_related("names")
    if asked:
        listed = listed.filter(names__key__contains=search_key(asked)).distinct()
    page = Paginator(listed, ROWS_A_PAGE).get_page(request.GET.get("page"))
    keys = {name.key: institution.pk for institution in page for name in institution.names.all()}
    counted: Counter[int] = Counter()
    for row in seen.filter(institution_key__in=keys).order_by().values("institution_key").annotate(number=Count("pk")):
        counted[keys[row["institution_key"]]] += row["number"]
    context = {
        "page": page,
        "lines": [(institution, counted[institution.pk]) for institution in page],
        "spellings": spellings,
        "offers": [Spelling(row["institution"], row["number"], likely(row["institution"], known)) for row in spellings],
        "names": sorted(set(known.values()))[:OFFERED],
        "asked": asked,
        "querystring": urlencode({"q": asked} if asked else {}),
    }
    return render(request, "partnerships/institutions.html", context)


@require_POST
def match_institution(request: PersonRequest) -> HttpResponse:
    """Let a spelling be a name of an institution that is there, or make the institution of that name."""
    form = MatchForm(request.POST)
    if not form.is_valid() or not _occurs(form.cleaned_data["spelling"], request):
        raise Http404
    spelling, named = form.cleaned_data["spelling"], form.cleaned_data["institution"]
    is_new = form.cleaned_data["is_new"]
    record = None if is_new else Institution.objects.filter(names__key=search_key(named)).first()
    if not is_new and record is None:
        messages.error(request, _("No institution goes by “%(name)s”. Choose one of the list.") % {"name": named})
        return redirect("partnerships:institutions")
    try:
        with all_or_nothing():
            if record is None:
                record = Institution.objects.create(name_ja=spelling)
            else:
                record.aliases = "\n".join([*record.aliases.splitlines(), spelling])
                record.save(update_fields=["aliases"])
    except Refused as refused:
        messages.error(request, " ".join(refusal.sentence for refusal in refused.refusals))
    else:
        said = {"spelling": spelling, "institution": str(record)}
        messages.success(request, _("“%(spelling)s” is a name of %(institution)s from now on.") % said)
    return redirect("partnerships:institutions")


def _occurs(spelling: str, request: PersonRequest) -> bool:
    """Whether a proposal that the person may see names the institution so."""
    return unmatched(Proposal.objects.visible_to(request.user)).filter(institution=spelling).exists()
