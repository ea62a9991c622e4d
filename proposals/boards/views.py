"""The calls and their boards."""

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import override
from django.views.decorators.cache import cache_control
from django.views.decorators.http import etag, require_safe

from aspire.roles import STAFF, roles_of
from calls.embargo import withheld_from
from calls.models import Call
from proposals.boards.board import Board
from proposals.boards.books import Books
from proposals.boards.comparing import Comparison
from proposals.boards.freshness import board_tag
from proposals.boards.masked import MaskedBoard
from proposals.boards.overview import overview
from proposals.models import Proposal
from proposals.pack import files
from proposals.pack.paper import printed
from proposals.review import listing
from proposals.snapshots.freezing import sees_whole

ROWS_A_PAGE = 50


def board_for(request: HttpRequest, code: str) -> Board:
    """The board of a call as its reader may see it, now, masked where the address asks; an unknown call is none."""
    call = get_object_or_404(Call.objects.select_related("programme"), code=code)
    kind = MaskedBoard if is_masked(request) else Board
    return kind(call, Proposal.objects.visible_to(request.user), as_of=timezone.now(), reader=request.user)


def is_masked(request: HttpRequest) -> bool:
    """Whether the address asks for figures that may go outside."""
    return request.GET.get("masked") == "1"


def stated_board_for(request: HttpRequest, code: str) -> Board:
    """The same to take away, which does not exist for whom its results are under embargo."""
    found = board_for(request, code)
    if found.call.pk in withheld_from(request.user):
        raise Http404
    return found


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    rows = overview(Proposal.objects.visible_to(request.user), at=timezone.now())
    return render(request, "calls/index.html", {"calls": rows})


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    books = Books(Proposal.objects.visible_to(request.user), at=timezone.now())
    comparison = Comparison(books, request.GET.get("a", ""), request.GET.get("b", ""))
    return render(request, "calls/compare.html", {"comparison": comparison})


@require_safe
@cache_control(private=True, no_cache=True)
@etag(board_tag)
def board(request: HttpRequest, code: str) -> HttpResponse:
    found = board_for(request, code)
    if found.call.pk in withheld_from(request.user):
        return render(request, "calls/embargo.html", {"call": found.call, "board": found})
    context = {"call": found.call, "board": found, "pack_forms": files.labels()}
    return render(request, "calls/board.html", context | {"can_freeze": sees_whole(request.user, found.call)})


@require_safe
def reviews(request: HttpRequest, code: str) -> HttpResponse:
    """The reviews of a call by how far they are, and its standing conflicts of interest: the rows behind its tiles."""
    call, asked = get_object_or_404(Call, code=code), listing.ReviewsFilter(request.GET)
    visible = Proposal.objects.visible_to(request.user)
    found = listing.listed(call, visible, asked.asked, today=timezone.localdate())
    page = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
    who = listing.who(with_names=bool(roles_of(request.user) & STAFF))
    rest = request.GET.copy()
    rest.pop("page", None)
    context = {"call": call, "filter": asked, "page": page, "rows": [(row, who(row)) for row in page]}
    context |= {"is_of_conflicts": asked.asked == listing.CONFLICT, "querystring": rest.urlencode()}
    return render(request, "calls/reviews.html", context)


@require_safe
def tallies(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """The board to take away, in the language that ``lang`` names."""
    return taken_away(request, stated_board_for(request, code), form)


def taken_away(request: HttpRequest, found: Board, form: str) -> HttpResponse:
    """A board as a file of the pack."""
    if form not in files.FORMS:
        raise Http404
    language = language_asked(request)
    data = files.hand_out(found, form=form, language=language, by=request.user)
    disposition = f'attachment; filename="{files.name_of(found, form, language)}"'
    headers = {"Content-Disposition": disposition, "Content-Language": language}
    return HttpResponse(data, content_type=files.FORMS[form].content_type, headers=headers)


@require_safe
def print_sheet(request: HttpRequest, code: str) -> HttpResponse:
    """The board on a sheet of A4."""
    return on_paper(request, stated_board_for(request, code))


def on_paper(request: HttpRequest, found: Board) -> HttpResponse:
    """A board as a page to print."""
    language = language_asked(request)
    with override(language):
        answer = render(request, "calls/print_sheet.html", {"board": found, "sheet": printed(found)})
    answer.headers["Content-Language"] = language
    return answer


def language_asked(request: HttpRequest) -> str:
    """The language that the address names, else the reader's own; one that we do not speak does not exist."""
    language = request.GET.get("lang") or str(request.LANGUAGE_CODE)
    if language not in dict(settings.LANGUAGES):
        raise Http404
    return language
