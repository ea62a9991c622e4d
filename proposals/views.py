"""Home, the list of proposals, and one proposal."""

import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from aspire.keyset import POSITION, page_of
from aspire.roles import Role, roles_of
from proposals.boards.changed import changed
from proposals.boards.effort import effort
from proposals.boards.overview import overview
from proposals.boards.waiting import waiting
from proposals.filters import ProposalFilter
from proposals.models import Proposal
from proposals.querysets import IN_LIST
from proposals.reading import sheet
from proposals.review.timeline import Timeline
from proposals.sheets.exporting import choices_for

ROWS_A_PAGE = 50


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if roles_of(request.user) == {Role.REVIEWER}:
        return redirect("review:desk")
    proposals, now = Proposal.objects.visible_to(request.user), timezone.now()
    rows, yesterday = overview(proposals, at=now), timezone.localdate(now) - datetime.timedelta(days=1)
    calls, context = [row.call for row in rows], {"calls": rows, "since": yesterday}
    tasks = waiting(calls, proposals, reader=request.user, at=now)
    changes = changed(calls, proposals, since=yesterday, reader=request.user)
    return render(request, "home.html", context | {"tasks": tasks, "changes": changes})


@require_safe
def proposal_list(request: HttpRequest) -> HttpResponse:
    asked = ProposalFilter(request.GET, queryset=Proposal.objects.visible_to(request.user), request=request)
    rows = asked.answer().for_list().in_order(asked.asked.get("call"))
    page = page_of(rows, IN_LIST, request.GET, size=ROWS_A_PAGE)
    rest = request.GET.copy()
    for name in ("page", *POSITION):
        rest.pop(name, None)
    reconstructed = any(proposal.is_reconstructed for proposal in page)
    context = {
        "filter": asked,
        "problems": asked.problems,
        "page": page,
        "total": asked.number(),
        "effort": effort() if asked.kept is None else None,
        "querystring": rest.urlencode(),
        "export_columns": choices_for(request.user),
        "has_reconstructed": reconstructed,
        "has_synthetic": any(proposal.call.is_synthetic for proposal in page),
        "is_unpublished_cross": reconstructed and asked.asks_unpublished_cross,
    }
    return render(request, "proposals/list.html", context)


@require_safe
def detail(request: HttpRequest, number: str) -> HttpResponse:
    proposals = Proposal.objects.visible_to(request.user).for_list().select_related("terms")
    proposal = get_object_or_404(proposals, number=number)
    return render(request, "proposals/detail.html", sheet(proposal, request.user))


@require_safe
def timeline(request: HttpRequest, number: str) -> HttpResponse:
    proposals = Proposal.objects.visible_to(request.user).select_related("call")
    proposal = get_object_or_404(proposals, number=number)
    context = {"proposal": proposal, "entries": Timeline(proposal).entries()}
    return render(request, "proposals/timeline.html", context)
