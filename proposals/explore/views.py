"""The page on which a reader counts proposals as they like, and the views that they keep."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from aspire.people import PersonRequest
from proposals.explore.grid import Cross
from proposals.explore.question import Question, SavedViewForm, sees_all
from proposals.record.models import Proposal, SavedView
from proposals.record.models.briefings import EXPLORE
from proposals.record.trigrams import effort

ROWS_A_PAGE = 50


def question_of(request: PersonRequest) -> Question:
    return Question(request.GET, Proposal.objects.visible_to(request.user), request)


@require_safe
def index(request: PersonRequest) -> HttpResponse:
    question = question_of(request)
    grid = Cross(question, at=timezone.now())
    rest = request.GET.copy()
    rest.pop("page", None)
    context = {
        "question": question,
        "grid": grid,
        "page": Paginator(grid.lines, ROWS_A_PAGE).get_page(request.GET.get("page")),
        "effort": effort() if question.kept is None else None,
        "querystring": rest.urlencode(),
        "can_freeze": not question.problems and sees_all(question, request.user),
        "views": SavedView.objects.for_reader(request.user, path=EXPLORE),
        "further": grid.further,
    }
    return render(request, "explore/index.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def keep(request: PersonRequest) -> HttpResponse:
    """Keep the question that the address holds under a name."""
    question = question_of(request)
    view = SavedView(owner=request.user, query=question.address().partition("?")[2])
    form = SavedViewForm(request.POST or None, instance=view)
    if request.method == "POST" and form.is_valid():
        return redirect(form.save())
    return render(request, "explore/keep.html", {"form": form, "question": question, "back": question.address()})


@require_http_methods(["GET", "HEAD", "POST"])
def view(request: PersonRequest, pk: int) -> HttpResponse:
    """Rename, share or delete a view of one's own."""
    kept = get_object_or_404(SavedView, pk=pk, owner=request.user, path=EXPLORE)
    form = SavedViewForm(request.POST if "name" in request.POST else None, instance=kept)
    if "delete" in request.POST:
        kept.delete()
        return redirect("explore:index")
    if request.method == "POST" and form.is_valid():
        return redirect(form.save())
    return render(request, "explore/view.html", {"form": form, "view": kept})
