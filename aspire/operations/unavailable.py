"""What is answered while the database cannot serve: one page that needs no database, and one line in the log."""

import errno
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus

import django.db
import psycopg
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers
from django.utils.functional import Promise
from django.utils.translation import get_language_from_request, override

logger = logging.getLogger(__name__)
RETRY_AFTER_SECONDS = 10
QUIET_SECONDS = 60  # an incident is over once it has not been met for so long

NO_ANSWER = "The database does not answer"
# A connection that fails carries no SQLSTATE, but the server's own words.
NO_ROOM = re.compile("too many (clients|connections)|connection slots")
# What an operator calls it, by SQLSTATE or its class.
REASONS = {
    "08": NO_ANSWER,
    "25006": "The database takes no writes, as a standby does",
    "25P03": "A transaction was idle for too long and was ended",
    "40": "Two writers waited for each other, and one of them was sent back",
    "53": "The database is short of memory",
    "53100": "The disk of the database is full",
    "53300": "The database takes no more connections",
    "55P03": "A lock was held for too long",
    "57": "The database stops or starts",
    "57014": "A statement took too long and was ended",
    "58": "The disk of the database fails",
}
_last_met: dict[str, float] = {}
_meeting = threading.Lock()


def reason_of(error: BaseException | None) -> str:
    """What befell the database, where that is behind an error and no fault of a statement's; else empty."""
    while error is not None:
        if isinstance(error, psycopg.Error) and error.sqlstate:
            return REASONS.get(error.sqlstate) or REASONS.get(error.sqlstate[:2], "")
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            return REASONS["53300"] if NO_ROOM.search(str(error)) else NO_ANSWER
        if isinstance(error, django.db.InterfaceError) and error.__cause__ is None:
            return NO_ANSWER
        error = error.__cause__
    return ""


def told(error: BaseException) -> str:
    """The reason in one line, with what a connection that failed says of itself."""
    reason = reason_of(error)
    return f"{reason} ({' '.join(str(error).split())})." if reason == NO_ANSWER else f"{reason}."


def meet(reason: str, sentence: str) -> None:
    """Log an incident once, however many requests meet it."""
    with _meeting:
        is_new = time.monotonic() - _last_met.get(reason, -QUIET_SECONDS) >= QUIET_SECONDS
        _last_met[reason] = time.monotonic()
    if is_new:
        logger.error("%s Requests are answered with 503 until that is over.", sentence)


class IncidentsTold(logging.Filter):
    """Keeps Django's own line and traceback for every answer of 503 out of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(record, "status_code", None) != HTTPStatus.SERVICE_UNAVAILABLE


def page(request: HttpRequest, sentence: str | Promise = "") -> HttpResponse:
    """503, in the reader's language, with the sentence of what is wrong where it helps to know."""
    with override(get_language_from_request(request)):
        text = render_to_string("503.html", {"sentence": sentence})
    response = HttpResponse(text, status=HTTPStatus.SERVICE_UNAVAILABLE)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    add_never_cache_headers(response)
    return response


def answer(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """The page, with its line in the log, where the database is behind the error; else None."""
    reason = reason_of(error)
    if error is None or not reason:
        return None
    meet(reason, told(error))
    return page(request)


def broken_off(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """A body that is on its way already: the broken connection tells its reader that it is not whole."""
    try:
        yield from chunks
    except Exception as error:
        reason = reason_of(error)
        if not reason:
            raise
        meet(reason, told(error))
        raise ConnectionResetError(errno.ECONNRESET, reason) from None


def streaming_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Guard what is read from the database while it is being sent, which no handler of errors sees."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if isinstance(response, StreamingHttpResponse):
            response.streaming_content = broken_off(response.streaming_content)
        return response

    return middleware
