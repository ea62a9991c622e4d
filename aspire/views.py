"""Pages that belong to no storey: the health check."""

from collections.abc import Callable

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.defaults import page_not_found


def healthz(request: HttpRequest) -> HttpResponse:
    """200 with the database reachable, 503 without; for load balancers, so it asks for no host and no sign-in."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, ImproperlyConfigured):
        return HttpResponse("database unreachable\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The answer to a forbidden page: the same as to a missing one."""
    return page_not_found(request, exception)


def health_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer ``/healthz`` before sessions and languages are looked at, all of which need the database."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return healthz(request) if request.path == "/healthz" else get_response(request)

    return middleware
