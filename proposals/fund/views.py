"""The fund: one page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from calls.embargo import withheld_from
from proposals.fund.fund import fund
from proposals.models import Proposal


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    found = fund(Proposal.objects.visible_to(request.user), without=withheld_from(request.user))
    return render(request, "fund/index.html", {"fund": found, "as_of": timezone.now()})
