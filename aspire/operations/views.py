"""Pages that belong to no storey: the sign of life, whether people may be sent here, and the pages of errors."""

import logging
import sys
from collections.abc import Callable

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import override

from aspire.operations import readiness, unavailable

logger = logging.getLogger(__name__)
BARE = "<!DOCTYPE html><title>ASPIRE</title><h1>{status}</h1><p><a href='/'>ASPIRE</a></p>"


def healthz(request: HttpRequest) -> HttpResponse:
    """200 with the database reachable, 503 without; for load balancers, so it asks for no host and no sign-in."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, ImproperlyConfigured):
        return HttpResponse("database unreachable\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """200 where people may be sent here, 503 where not, and a line for each question; like ``healthz`` for machines."""
    with override("en"):
        found = [*readiness.answers(only_deciding=True)]
        text = "".join(f"{answer}\n" for answer in found)
    is_ready = not any(answer.fault for answer in found)
    return HttpResponse(text, status=200 if is_ready else 503, content_type="text/plain; charset=utf-8")


def health_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer these two before sessions and languages are looked at, all of which need the database."""
    answered = {"/healthz": healthz, "/readyz": readyz}

    def middleware(request: HttpRequest) -> HttpResponse:
        return answered.get(request.path, get_response)(request)

    return middleware


# --- pages of errors, which ask for nothing that may be what failed --------------------------------------------------


def error_page(status: int, *, request: HttpRequest | None) -> HttpResponse:
    """The page of that status as the person meets all pages; without their name, or without words, where those fail."""
    for known in [request, None] if request else [None]:
        try:
            return HttpResponse(render_to_string(f"{status}.html", request=known), status=status)
        except Exception as error:  # whatever it is, an answer is owed
            logger.warning("The page of status %s could not be drawn: %s", status, type(error).__name__)
    return HttpResponse(BARE.format(status=status), status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What was sent cannot be read."""
    return error_page(400, request=request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The answer to a missing page, and to a forbidden one the same."""
    return error_page(404, request=request)


def server_error(request: HttpRequest) -> HttpResponse:
    """Something failed on our side; where it is the database that cannot serve, its page says so."""
    return unavailable.answer(request, sys.exc_info()[1]) or error_page(500, request=None)
