"""Everybody's first page."""

import datetime

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from aspire.people import PersonRequest
from aspire.roles import Role, roles_of
from proposals.home.tasks import changed, waiting
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
    return render(request, "home/home.html", context | {"tasks": tasks, "changes": changes})
