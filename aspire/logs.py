"""What a machine reads of what happened: a line for each request, and one for each event of security.

Neither holds what people wrote or whom a proposal is about: paths, identifiers and counts alone.
"""

import logging
import re
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from django.contrib.auth import user_logged_in, user_logged_out, user_login_failed
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import connection
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from aspire.untyped import Answered, Passed

if TYPE_CHECKING:  # models cannot be loaded where logging is set up
    from aspire.people import Person


requests = logging.getLogger("aspire.requests")
security = logging.getLogger("aspire.security")
GIVEN_ID = re.compile(r"[\w-]{8,64}")
current: ContextVar[str] = ContextVar("request_id", default="")


class RequestId(logging.Filter):
    """Puts the request's identifier on every line that is written while it is answered."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current.get()
        return True


def request_log_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Give each request an identifier, its proxy's where that sends one, and log how it was answered."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given, begun, queries = request.headers.get("X-Request-ID", ""), time.monotonic(), Queries()
        token = current.set(given if GIVEN_ID.fullmatch(given) else uuid.uuid4().hex)
        try:
            with connection.execute_wrapper(queries):
                response = get_response(request)
            response["X-Request-ID"] = current.get()
            requests.info("request", extra=line_of(request, response, begun=begun, queries=queries.count))
        finally:
            current.reset(token)
        return response

    return middleware


class Queries:
    """Counts statements."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Callable[..., Answered], *arguments: Passed) -> Answered:
        self.count += 1
        return execute(*arguments)


def line_of(request: HttpRequest, response: HttpResponse, *, begun: float, queries: int) -> dict[str, Any]:
    return {
        "method": request.method,
        "path": request.path,
        "status": response.status_code,
        "ms": round(1000 * (time.monotonic() - begun), 1),
        "queries": queries,
        **who(request),
    }


def who(request: HttpRequest) -> dict[str, Any]:
    """Who asked, as far as the request has found out; nothing more is asked of the database for it."""
    from aspire.roles import REMEMBERED  # noqa: PLC0415 - logging is set up before there are models

    user = getattr(request, "_cached_user", None)
    roles = sorted(getattr(user, REMEMBERED, None) or [])
    return {"user_id": getattr(user, "pk", None), "roles": roles, "address": address_of(request)}


def address_of(request: HttpRequest) -> str:
    """The client's address, past as many proxies as are ours; the nearest one's where that cannot be told."""
    from allauth.account.adapter import get_adapter  # noqa: PLC0415 - logging is set up before there are models

    try:
        return str(get_adapter().get_client_ip(request))
    except (ImproperlyConfigured, PermissionDenied):
        return str(request.META.get("REMOTE_ADDR", ""))


def event(name: str, request: HttpRequest | None, **values: object) -> None:
    """Log an event of security: who, from where, what."""
    known = {**who(request), "path": request.path} if request is not None else {}
    security.info(name, extra={**known, **values})


@receiver(user_logged_in, dispatch_uid="log_signed_in")
def signed_in(request: HttpRequest | None, user: "Person", **_signal: object) -> None:
    event("signed_in", request, user_id=user.pk)


@receiver(user_logged_out, dispatch_uid="log_signed_out")
def signed_out(request: HttpRequest | None, user: "Person", **_signal: object) -> None:
    event("signed_out", request, user_id=getattr(user, "pk", None))


@receiver(user_login_failed, dispatch_uid="log_sign_in_failed")
def sign_in_failed(request: HttpRequest | None = None, **_signal: object) -> None:
    """The name that was typed is not logged: people type their passwords there by mistake."""
    event("sign_in_failed", request)
