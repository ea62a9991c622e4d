"""Pages that belong to no storey: the sign of life, and whether people may be sent here."""

from collections.abc import Callable

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.utils.translation import override

from aspire.operations import readiness


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
