"""What makes a process a web process: it looks before it serves, watches the tables, and waits for nobody long."""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import override
from psycopg.pq import TransactionStatus

from aspire.operations import schema, unavailable
from aspire.untyped import Answered

NOT_COLLECTED = "The static files are not collected. Run: python manage.py collectstatic --no-input"
SECONDS_TRUSTED = 10.0
SECONDS_DOUBTED = 1.0
READS = {"GET", "HEAD", "OPTIONS"}


def application() -> WSGIHandler:
    """The application that a server of ours runs. Raises ImproperlyConfigured where it could not draw a page."""
    handler = get_wsgi_application()
    if not has_static_files():
        raise ImproperlyConfigured(NOT_COLLECTED)
    watch.is_on = True
    connection_created.connect(bound)
    return handler


def has_static_files() -> bool:
    """Whether pages find their style sheet: every page of a process without the list of static files is an error."""
    storage: Answered = staticfiles_storage
    return not isinstance(storage, ManifestFilesMixin) or bool(storage.hashed_files)


class Watch:
    """What the web process knows of its ground: asked anew every few seconds, so that an upgrade is noticed."""

    def __init__(self) -> None:
        self.is_on = False
        self.found: str | Promise = ""
        self.known_until = 0.0

    def fault(self) -> str | Promise:
        """Empty where all is well, and outside a web process, which alone lives long enough to be overtaken."""
        if self.is_on and time.monotonic() >= self.known_until:
            self.found = schema.fault()
            self.known_until = time.monotonic() + (SECONDS_DOUBTED if self.found else SECONDS_TRUSTED)
        return self.found


watch = Watch()


def watch_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer with one sentence, instead of an error on every page, while the database is not this version's."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if sentence := watch.fault():
            with override("en"):
                unavailable.meet(str(sentence), str(sentence))
            return unavailable.page(request, sentence)
        return get_response(request)

    return middleware


# --- how a session plans ---------------------------------------------------------------------------------------------


def uncompiled(connection: BaseDatabaseWrapper, **_signal: object) -> None:
    """Have no plan compiled: that takes longer than our questions do. Behind a pooler that is the pooler's to say."""
    if not settings.DATABASE_POOLED:
        connection.connection.execute("SET jit = off")


# --- how long a page waits -------------------------------------------------------------------------------------------


def bound(connection: BaseDatabaseWrapper, **_signal: object) -> None:
    """Bound what a page may wait for. Behind a pooler the sessions are everybody's, and the pooler's to bound."""
    if not settings.DATABASE_POOLED:
        connection.connection.execute(
            "; ".join(f"SET {name} = '{value}'" for name, value in settings.WEB_TIMEOUTS.items())
        )


def patience_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Let writers wait longer for a lock than readers: they queue for each other, and readers only for upheavals."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method in READS:
            return get_response(request)
        with connection.execute_wrapper(patient):
            return get_response(request)

    return middleware


def patient(
    execute: Callable[..., Answered], sql: str, params: object, many: bool, context: dict[str, Any]
) -> Answered:
    """Begin each transaction with its own bound, which a pooler keeps as well and which ends with the transaction."""
    database = context["connection"]
    if database.in_atomic_block and database.connection.info.transaction_status == TransactionStatus.IDLE:
        with database.wrap_database_errors:
            database.connection.execute(f"SET LOCAL lock_timeout = '{settings.WRITE_LOCK_TIMEOUT}'")
    return execute(sql, params, many, context)
