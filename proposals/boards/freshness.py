"""What a board rests on, in one query: as long as it stays the same, the reader's own copy of the board does too."""

import hashlib
import sys
from functools import cache
from importlib.metadata import distributions

from django.conf import settings
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language

from aspire.roles import roles_of

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
