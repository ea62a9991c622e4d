"""The frozen boards: their list, each beside the rows of now, and the form that freezes another."""

from typing import Any

from django.core.paginator import Paginator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from calls.models import Call
from proposals.boards.board import Board
from proposals.boards.views import board_for, on_paper, taken_away
from proposals.embargo import withheld_from
from proposals.models import Briefing, Proposal
from proposals.pack import files
from proposals.review.querysets import conflicts_of
from proposals.snapshots.comparing import Comparison
from proposals.snapshots.forms import FreezeForm
from proposals.snapshots.freezing import freeze
from proposals.snapshots.frozen import board_of

ROWS_A_PAGE = 50


def briefings_for(user: Any) -> models.QuerySet[Briefing]:
    """Those of calls whose results are out for the person."""
    return Briefing.objects.exclude(call__in=withheld_from(user))


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    briefings = briefings_for(request.user).select_related("call", "frozen_by").defer("figures", "rows")
    page = Paginator(briefings, ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "briefings/index.html", {"page": page})


@require_safe
def detail(request: HttpRequest, code: str) -> HttpResponse:
    briefing = get_object_or_404(briefings_for(request.user).select_related("call__programme", "frozen_by"), code=code)
    found = Comparison(briefing, board_for(request, briefing.call.code))
    changes = Paginator(found.changes, ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {"briefing": briefing, "call": briefing.call, "comparison": found, "board": found.board, "page": changes}
    context["pack_forms"] = files.labels()
    return render(request, "briefings/detail.html", context)


@require_safe
def tallies(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """The figures as they were frozen, to take away."""
    return taken_away(request, frozen_board_for(request, code), form)


@require_safe
def print_sheet(request: HttpRequest, code: str) -> HttpResponse:
    """The same on a sheet of A4."""
    return on_paper(request, frozen_board_for(request, code))


def frozen_board_for(request: HttpRequest, code: str) -> Board:
    briefing = get_object_or_404(briefings_for(request.user).select_related("call__programme"), code=code)
    return board_of(briefing, Proposal.objects.visible_to(request.user))


def freeze_board(request: HttpRequest, code: str) -> HttpResponse:
    """Keep the board as it stands now. Whoever does not see all of it cannot say what it was."""
    call = get_object_or_404(Call, code=code)
    sees_all = not call.proposals.filter(pk__in=conflicts_of(request.user)).exists()
    if not sees_all or call.pk in withheld_from(request.user):
        raise Http404
    now = timezone.now()
    form = FreezeForm(request.POST or None, initial={"code": f"{call.code}-{timezone.localdate(now)}".lower()})
    if request.method == "POST" and form.is_valid():
        briefing = freeze(call, **form.cleaned_data, by=request.user, at=now)  # type: ignore[arg-type]
        return redirect(briefing)
    return render(request, "briefings/freeze.html", {"form": form, "call": call})
