"""What a board rests on, in one query: as long as it stays the same, the reader's own copy of the board does too."""

import hashlib
from functools import cache
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language
from pghistory.models import Event

from aspire.roles import roles_of

# A number is taken before it is committed: while somebody writes to this database, nothing is said to be unchanged.
# PostgreSQL's own housekeeping (autovacuum) locks catalogues and indexes for writing, and tables only to itself.
FIRST_OF_OURS = 16384
WRITING = f"""
    (SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
      WHERE l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND l.pid <> pg_backend_pid() AND c.relkind = 'r' AND c.oid >= {FIRST_OF_OURS}
        AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock'))
"""
STAGES = """
    (SELECT count(*) FILTER (WHERE opens_at <= now()) || '-' || count(*) FILTER (WHERE closes_at < now())
            || '-' || count(*) FILTER (WHERE embargo_until <= now())
       FROM calls_call)
"""
HIDDEN = """
    (SELECT string_agg(proposal_id::text, ',' ORDER BY proposal_id) FROM proposals_conflict
      WHERE person_id = %s AND finding = 'stands')
"""


@cache
def release() -> int:
    """When the program or its words last changed: a page of yesterday's program is not confirmed."""
    kinds = ("templates/**/*.html", "aspire/locale/**/*.mo", "aspire/static/**/*.*", "proposals/**/*.py")
    return max(path.stat().st_mtime_ns for kind in kinds for path in settings.BASE_DIR.glob(kind))


@cache
def question() -> str:
    """The last entry of every history, the last line of the tallies, the calls begun and ended, what is hidden."""
    histories = sorted(model._meta.db_table for model in apps.get_models() if issubclass(model, Event))
    last = [f"(SELECT max(pgh_id) FROM {table})" for table in histories]
    parts = [WRITING, HIDDEN, STAGES, "(SELECT max(id) FROM proposals_tally)", *last]
    return f"SELECT {', '.join(parts)}"


def board_tag(request: HttpRequest, **_kwargs: Any) -> str | None:
    """The tag of a board for this reader, language and day; the moment of the figures is no part of it.

    None where something is to be said once or somebody is writing, so that the page is drawn.
    """
    if len(get_messages(request)):
        return None
    with connection.cursor() as cursor:
        cursor.execute(question(), [request.user.pk])
        writing, *state = cursor.fetchone()
    if writing:
        return None
    reader = (request.user.pk, *sorted(roles_of(request.user)), request.META.get("CSRF_COOKIE"))
    told = (release(), state, reader, get_language(), timezone.localdate(), request.get_full_path())
    return f'"{hashlib.sha256(repr(told).encode()).hexdigest()}"'
