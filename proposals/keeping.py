"""Views of lists that people keep under a name: the filters of an address, for themselves or for all who see it."""

import re
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import Resolver404, resolve
from django.views.decorators.http import require_http_methods

from aspire.keyset import POSITION
from aspire.people import PersonRequest
from aspire.permissions import may_open
from proposals.explore.question import SavedViewForm
from proposals.record.models import SavedView
from proposals.record.models.briefings import KEEPS_VIEWS

GONE = ("page", *POSITION)  # where in a list one is, which is no part of a view


def kept(request: HttpRequest) -> dict[str, object]:
    """For the templates of pages with views: those of this page, and where the present one can be kept."""
    user = getattr(request, "user", None)
    if not re.match(KEEPS_VIEWS, request.path) or not isinstance(user, User):
        return {}
    asked = [(name, value) for name, value in request.GET.items() if value and name not in GONE]
    keeping = urlencode([("path", request.path), *asked])
    return {"kept_views": SavedView.objects.for_reader(user, path=request.path), "keeping": keeping}


def _may_open(path: str, request: PersonRequest) -> bool:
    try:
        return bool(re.match(KEEPS_VIEWS, path)) and may_open(resolve(path).view_name, request.user)
    except Resolver404:
        return False


@require_http_methods(["GET", "HEAD", "POST"])
def keep(request: PersonRequest) -> HttpResponse:
    """Keep the filters of a list, which the address names by its path, under a name."""
    asked = request.GET.copy()
    path = asked.pop("path", [""])[0]
    if not _may_open(path, request):
        raise Http404
    form = SavedViewForm(
        request.POST or None, instance=SavedView(owner=request.user, path=path, query=asked.urlencode())
    )
    if request.method == "POST" and form.is_valid():
        return redirect(form.save())
    return render(request, "keeping/view.html", {"form": form, "back": f"{path}?{asked.urlencode()}"})


@require_http_methods(["GET", "HEAD", "POST"])
def view(request: PersonRequest, pk: int) -> HttpResponse:
    """Rename, share or delete a view of one's own."""
    found = get_object_or_404(SavedView, pk=pk, owner=request.user)
    if "delete" in request.POST:
        found.delete()
        return redirect(found.path)
    form = SavedViewForm(request.POST if "name" in request.POST else None, instance=found)
    if request.method == "POST" and form.is_valid():
        return redirect(form.save())
    return render(request, "keeping/view.html", {"form": form, "view": found, "back": found.get_absolute_url()})
