"""What is answered where a page cannot be: these pages ask for nothing that may be what failed, and never fail.

Django's own handlers check the form's token before they answer, and so read what was sent once more: where that is what
could not be read, the answer to a bad request is a server error.
"""

import logging
import sys

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from aspire.operations import unavailable

logger = logging.getLogger(__name__)
BARE = "<!DOCTYPE html><title>ASPIRE</title><h1>{status}</h1><p><a href='/'>ASPIRE</a></p>"


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
