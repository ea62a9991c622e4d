"""The fund: one page."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from aspire.people import PersonRequest
from calls.hidden import withheld_from
from proposals.fund.fund import fund
from proposals.record.models import Proposal
from proposals.record.querysets import conflicts_of


@require_safe
def index(request: PersonRequest) -> HttpResponse:
    hidden = {"without": withheld_from(request.user), "hidden": conflicts_of(request.user)}
    found = fund(Proposal.objects.visible_to(request.user), **hidden)
    return render(request, "fund/index.html", {"fund": found, "as_of": timezone.now()})
