"""How long a person stays signed in without doing anything, and where that is kept."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

SEEN = "seen"
STEPS = 20  # a sign of life is written down when the last one is older than such a part of the idle time


def idle_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Keep a session for as long as somebody uses it; it expires ``SESSION_COOKIE_AGE`` after its last sign of life."""

    def middleware(request: HttpRequest) -> HttpResponse:
        now = int(time.time())
        if not request.session.is_empty() and now - request.session.get(SEEN, 0) > settings.SESSION_COOKIE_AGE / STEPS:
            request.session[SEEN] = now
        return get_response(request)

    return middleware


class SessionStore(db.SessionStore):
    """Django's own; but a database that cannot serve is not taken for a session that was ended meanwhile."""

    def save(self, must_create: bool = False) -> None:
        """Raise ``UpdateError`` where the session is no more, and the database's own error where that has failed."""
        try:
            super().save(must_create)
        except UpdateError as ended:
            failure = ended.__context__
            if isinstance(failure, OperationalError | InterfaceError):
                raise failure from failure.__cause__
            raise
