"""The calls and their boards."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from calls.models import Call
from proposals.boards.board import Board
from proposals.boards.exports import as_csv, as_json
from proposals.boards.overview import overview
from proposals.models import Proposal


def board_for(request: HttpRequest, code: str) -> Board:
    """The board of a call as its reader may see it, now; an unknown call does not exist."""
    call = get_object_or_404(Call.objects.select_related("programme"), code=code)
    return Board(call, Proposal.objects.visible_to(request.user), as_of=timezone.now())


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    rows = overview(Proposal.objects.visible_to(request.user), at=timezone.now())
    return render(request, "calls/index.html", {"calls": rows})


@require_safe
def board(request: HttpRequest, code: str) -> HttpResponse:
    found = board_for(request, code)
    return render(request, "calls/board.html", {"call": found.call, "board": found})


@require_safe
def tallies(request: HttpRequest, code: str, form: str) -> HttpResponse:
    found = board_for(request, code)
    if form == "json":
        return JsonResponse(as_json(found), json_dumps_params={"ensure_ascii": False})
    if form == "csv":
        name = f"{code}_{found.as_of:%Y-%m-%d}_{request.LANGUAGE_CODE}.csv"
        headers: dict[str, Any] = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(as_csv(found), content_type="text/csv; charset=utf-8", headers=headers)
    raise Http404
