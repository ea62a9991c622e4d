"""The calls and their boards."""

import hashlib
import sys
from collections.abc import Callable
from functools import cache
from importlib.metadata import distributions

from django.conf import settings
from django.contrib.messages import get_messages
from django.core.paginator import Paginator
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language, override
from django.views.decorators.cache import cache_control
from django.views.decorators.http import etag, require_safe

from aspire.people import PersonRequest
from aspire.roles import STAFF, roles_of
from aspire.tasks import preparing
from calls.hidden import withheld_from
from calls.lacking import lacking
from calls.models import Call
from proposals.boards.board import CallBoard
from proposals.boards.comparison import Comparison
from proposals.boards.masked import masked
from proposals.boards.tiles import tiles_of
from proposals.pack import files
from proposals.pack.files import printed
from proposals.record.models import Proposal
from proposals.record.querysets import sees_whole
from proposals.review import progress as listing
from proposals.tallies.board import Board
from proposals.tallies.books import Books
from proposals.tallies.overview import overview

# What was written, by the generation of the data (aspire/rules/history.sql), and what time alone changes of a call.
QUESTION = """
    SELECT (SELECT sum(writes) FROM aspire_generation),
           (SELECT concat_ws('-', count(*) FILTER (WHERE opens_at <= now()), count(*) FILTER (WHERE closes_at < now()),
                             count(*) FILTER (WHERE embargo_until <= now())) FROM calls_call)
"""

# What a page is made of: code, templates, words, styles and scripts of all our packages.
PARTS = {".py", ".html", ".mo", ".css", ".js", ".svg", ".woff2", ".json", ".csv"}
OURS = ("aspire", "partners", "calls", "proposals", "templates")


@cache
def release() -> str:
    """A fingerprint of the program and its libraries: a page of yesterday's program is not confirmed.

    Of what the files hold, since copies of two releases may bear the same date; read once a process.
    """
    told = hashlib.sha256(repr([sys.version, settings.SMALL_CELLS, *_libraries()]).encode())
    for path in sorted(path for name in OURS for path in (settings.BASE_DIR / name).rglob("*")):
        if path.suffix in PARTS:
            told.update(path.relative_to(settings.BASE_DIR).as_posix().encode())
            told.update(path.read_bytes())
    return told.hexdigest()


def _libraries() -> list[str]:
    """Every installed library with its version."""
    return sorted(f"{one.metadata['Name']} {one.version}" for one in distributions())


def board_tag(request: HttpRequest, **_kwargs: object) -> str | None:
    """The tag of a board for this reader, language and day; the moment of the figures is no part of it.

    None where something is to be said once, so that the page is drawn.
    """
    if len(get_messages(request)):
        return None
    with connection.cursor() as cursor:
        cursor.execute(QUESTION)
        state = cursor.fetchone()
    reader = (request.user.pk, *sorted(roles_of(request.user)), request.META.get("CSRF_COOKIE"))
    told = (release(), state, reader, get_language(), timezone.localdate(), request.get_full_path())
    return f'"{hashlib.sha256(repr(told).encode()).hexdigest()}"'


ROWS_A_PAGE = 50


def made_for(request: PersonRequest, code: str) -> CallBoard:
    """What makes the board of a call as its reader may see it, now; an unknown call is none."""
    call = get_object_or_404(Call.objects.select_related("programme"), code=code)
    return CallBoard(call, Proposal.objects.visible_to(request.user), as_of=timezone.now(), reader=request.user)


def is_masked(request: PersonRequest) -> bool:
    """Whether the address asks for figures that may go outside."""
    return request.GET.get("masked") == "1"


def stated_board_for(request: PersonRequest, code: str) -> Board:
    """The board to take away, masked where the address asks; it does not exist for whom its results are withheld."""
    made = made_for(request, code)
    if made.call.pk in withheld_from(request.user):
        raise Http404
    found = made.board
    return masked(found) if is_masked(request) else found


@require_safe
def index(request: PersonRequest) -> HttpResponse:
    rows = overview(Proposal.objects.visible_to(request.user), at=timezone.now())
    return render(request, "boards/index.html", {"calls": rows})


@require_safe
def compare(request: PersonRequest) -> HttpResponse:
    books = Books(Proposal.objects.visible_to(request.user), at=timezone.now())
    comparison = Comparison(books, request.GET.get("a", ""), request.GET.get("b", ""))
    return render(request, "boards/compare.html", {"comparison": comparison})


@require_safe
@cache_control(private=True, no_cache=True)
@etag(board_tag)
def board(request: PersonRequest, code: str) -> HttpResponse:
    made = made_for(request, code)
    call = made.call
    if call.pk in withheld_from(request.user):
        return render(request, "boards/embargo.html", {"call": call, "board": made})
    is_by_size = request.GET.get("order") == "size"
    found = made.board.by_size if is_by_size else made.board
    context = {"call": call, "board": found, "pack_forms": files.labels(), "terms": made.all_terms}
    context |= {"has_rows": made.tallies.counted, "can_freeze": sees_whole(request.user, call)}
    context |= {"is_by_size": is_by_size, **orders(request)}
    if is_masked(request):
        found = masked(made.board).by_size if is_by_size else masked(made.board)
        return render(request, "boards/board.html", context | {"board": found})
    context |= {"tiles": tiles_of(made), "eligible": made.shown_eligible, "arrivals": made.arrivals}
    context["course"] = made.course
    if roles_of(request.user) & STAFF:
        context["lacking"] = lacking(call)
    return render(request, "boards/board.html", context)


def orders(request: HttpRequest) -> dict[str, str]:
    """The addresses of the same board with its rows as printed, and by size."""
    asked = request.GET.copy()
    asked.pop("order", None)
    as_printed = f"?{asked.urlencode()}"
    return {"as_printed": as_printed, "by_size": f"{as_printed}&order=size" if asked else "?order=size"}


@require_safe
def reviews(request: PersonRequest, code: str) -> HttpResponse:
    """The reviews of a call by how far they are, and its standing conflicts of interest: the rows behind its tiles."""
    call, asked = get_object_or_404(Call, code=code), listing.ReviewsFilter(request.GET)
    visible = Proposal.objects.visible_to(request.user)
    found = listing.listed(call, asked.narrowed(visible), asked.asked, today=timezone.localdate(), on=asked.day)
    page = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
    who = listing.who(with_names=bool(roles_of(request.user) & STAFF))
    rest = request.GET.copy()
    rest.pop("page", None)
    context = {"call": call, "filter": asked, "page": page, "rows": [(row, who(row)) for row in page]}
    context |= {"is_of_conflicts": asked.asked == listing.CONFLICT, "querystring": rest.urlencode()}
    return render(request, "boards/reviews.html", context)


@require_safe
def tallies(request: PersonRequest, code: str, form: str) -> HttpResponse:
    """The board to take away, in the language that ``lang`` names."""
    return taken_away(request, lambda: stated_board_for(request, code), form)


def taken_away(request: PersonRequest, make: Callable[[], Board], form: str) -> HttpResponse:
    """A board as a file of the pack, made in the language of the file."""
    if form not in files.FORMS:
        raise Http404
    language = language_asked(request)
    with override(language):
        found = make()
    if preparing.must_wait(request, rows=files.row_count(found), at_once=files.ROWS_AT_ONCE):
        return preparing.begin(request)
    data = files.hand_out(found, form=form, language=language, by=request.user)
    disposition = f'attachment; filename="{files.name_of(found, form, language)}"'
    headers = {"Content-Disposition": disposition, "Content-Language": language}
    return HttpResponse(data, content_type=files.FORMS[form].content_type, headers=headers)


@require_safe
def paper(request: PersonRequest, code: str) -> HttpResponse:
    """The board on a sheet of A4."""
    return on_paper(request, lambda: stated_board_for(request, code))


def on_paper(request: PersonRequest, make: Callable[[], Board]) -> HttpResponse:
    """A board as a page to print, in the language of the page."""
    language = language_asked(request)
    with override(language):
        found = make()
        answer = render(request, "boards/paper.html", {"board": found, "paper": printed(found)})
    answer.headers["Content-Language"] = language
    return answer


def language_asked(request: PersonRequest) -> str:
    """The language that the address names, else the reader's own; one that we do not speak does not exist."""
    language = request.GET.get("lang") or str(request.LANGUAGE_CODE)
    if language not in dict(settings.LANGUAGES):
        raise Http404
    return language
