"""Everybody's first page."""

import datetime

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from aspire.people import PersonRequest
from aspire.roles import Role, roles_of
from proposals.home.cockpit import cockpit, deadlines, house
from proposals.home.tasks import changed, together, waiting
from proposals.record.models import Proposal
from proposals.tallies.overview import overview


@require_safe
def home(request: PersonRequest) -> HttpResponse:
    if roles_of(request.user) == {Role.REVIEWER}:
        return redirect("review:desk")
    proposals, now = Proposal.objects.visible_to(request.user), timezone.now()
    rows, yesterday = overview(proposals, at=now), timezone.localdate(now) - datetime.timedelta(days=1)
    calls, context = [row.call for row in rows], {"calls": rows, "since": yesterday}
    tasks = waiting(calls, proposals, reader=request.user, at=now)
    changes = changed(calls, proposals, since=yesterday, reader=request.user)
    context |= {"tasks": tasks, "by_call": together(tasks), "changes": changes, "deadlines": deadlines(calls, at=now)}
    context |= {"is_manager": Role.MANAGER in roles_of(request.user), **cockpit(calls, proposals, request.user, now)}
    if Role.ADMINISTRATOR in roles_of(request.user):
        context["house"] = house()
    return render(request, "home/home.html", context)
