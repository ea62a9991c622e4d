"""The frozen boards and tables: their list, each beside the rows of now, and the forms that freeze another."""

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from aspire.people import PersonRequest
from aspire.records import RefusingForm
from calls.hidden import withheld_from
from calls.models import Call
from proposals.boards.views import is_masked, on_paper, taken_away
from proposals.briefings.comparison import Comparison, Explained, HasFigures
from proposals.briefings.decisions import briefings_for, freeze
from proposals.briefings.frozen import board_of, masked_board_of
from proposals.briefings.frozen_tables import CrossedComparison, freeze_table
from proposals.explore.dimensions import DIMENSIONS
from proposals.explore.question import sees_all
from proposals.explore.views import question_of
from proposals.pack import files
from proposals.record.models import Briefing, Proposal
from proposals.record.querysets import sees_whole
from proposals.tallies.board import Board


class FreezeForm(RefusingForm):
    """The name and the address under which the board is kept."""

    code = forms.SlugField(label=Briefing._meta.get_field("code").verbose_name, max_length=60)

    class Meta:
        model = Briefing
        fields = ["name_ja", "name_en", "code"]


ROWS_A_PAGE = 50
OTHERS = "others"
IN_ADDRESS = ("measure", *DIMENSIONS)


@require_safe
def index(request: PersonRequest) -> HttpResponse:
    briefings = briefings_for(request.user).select_related("call", "frozen_by").defer("figures", "rows")
    page = Paginator(briefings, ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "briefings/index.html", {"page": page})


@require_safe
def detail(request: PersonRequest, code: str) -> HttpResponse:
    briefing = get_object_or_404(briefings_for(request.user).select_related("call__programme", "frozen_by"), code=code)
    if briefing.call is None:
        table = CrossedComparison(briefing, Proposal.objects.visible_to(request.user), request, timezone.now())
        context = {"briefing": briefing, "comparison": table, "now": table.at, **explained(request, table)}
        return render(request, "briefings/table.html", context)
    found = Comparison(briefing, Proposal.objects.visible_to(request.user), timezone.now())
    context = {"briefing": briefing, "call": briefing.call, "comparison": found, "board": board_of(briefing)}
    context |= {"now": found.at, "pack_forms": files.labels(), **explained(request, found)}
    return render(request, "briefings/detail.html", context)


def explained(request: PersonRequest, found: HasFigures) -> dict[str, Any]:
    """The changes to show: those behind the figure that the address names, behind any, or behind none."""
    names = {name: request.GET[name] for name in IN_ADDRESS if name in request.GET}
    every = Explained(found)
    asked = every.asked(names)
    shows_others = OTHERS in request.GET
    changes = every.of(asked) if asked else every.others if shows_others else every.changes
    rest = request.GET.copy()
    rest.pop("page", None)
    return {
        "explained": every,
        "asked": asked,
        "shows_others": shows_others,
        "page": Paginator(changes, ROWS_A_PAGE).get_page(request.GET.get("page")),
        "querystring": rest.urlencode(),
    }


@require_safe
def tallies(request: PersonRequest, code: str, form: str) -> HttpResponse:
    """The figures as they were frozen, to take away."""
    return taken_away(request, lambda: frozen_board_for(request, code), form)


@require_safe
def paper(request: PersonRequest, code: str) -> HttpResponse:
    """The same on a sheet of A4."""
    return on_paper(request, lambda: frozen_board_for(request, code))


def frozen_board_for(request: PersonRequest, code: str) -> Board:
    """The briefing of a call as a board, masked where the address asks; a table that was explored is none."""
    boards = briefings_for(request.user).filter(call__isnull=False).select_related("call__programme")
    briefing = get_object_or_404(boards, code=code)
    return masked_board_of(briefing) if is_masked(request) else board_of(briefing)


@require_http_methods(["GET", "HEAD", "POST"])
def freeze_board(request: PersonRequest, code: str) -> HttpResponse:
    """Keep the board as it stands now. Whoever does not see all of it cannot say what it was."""
    call = get_object_or_404(Call, code=code)
    if call.pk in withheld_from(request.user) or not sees_whole(request.user, call):
        raise Http404
    form = _form(request, call.code)
    if request.method == "POST" and form.is_valid():
        return redirect(freeze(call, **form.cleaned_data, by=request.user, at=timezone.now()))
    context = {"form": form, "title": call.name, "back": call.get_absolute_url(), "crumb": call.code}
    return render(request, "briefings/freeze.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def freeze_explored(request: PersonRequest) -> HttpResponse:
    """Keep the table that the address asks for as it stands now, on the same condition."""
    question = question_of(request)
    if question.problems or not sees_all(question, request.user):
        raise Http404
    form = _form(request, question.row.key)
    if request.method == "POST" and form.is_valid():
        return redirect(freeze_table(question, **form.cleaned_data, by=request.user, at=timezone.now()))
    context = {"form": form, "title": "", "back": question.address(), "crumb": None}
    return render(request, "briefings/freeze.html", context)


def _form(request: PersonRequest, about: str) -> FreezeForm:
    return FreezeForm(request.POST or None, initial={"code": f"{about}-{timezone.localdate()}".lower()})
