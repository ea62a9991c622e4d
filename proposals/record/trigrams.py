"""The index by which a word is found among a million proposals, where the server has the extension that it takes.

``pg_trgm`` comes with PostgreSQL, in a package that some servers lack. Without it everything is found just the same, by
reading every proposal; so the index is no part of the models, and ``migrate`` makes it wherever it can.
"""

import re
from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS, ProgrammingError, connection, connections, transaction
from django.utils.translation import gettext_lazy as _

from aspire.kana import search_key
from aspire.operations.readiness import NotKnown

INDEX = "proposal_search"
# Where the server's own language is C, no letter beyond ASCII is one, and no word of Japanese has trigrams.
IS_POSSIBLE = """
    SELECT to_regclass('proposals_proposal') IS NOT NULL
           AND EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm')
           AND (SELECT datctype NOT IN ('C', 'POSIX') FROM pg_database WHERE datname = current_database())
"""
SCHEMA = "SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'pg_trgm'"
CREATE = f"CREATE INDEX IF NOT EXISTS {INDEX} ON proposals_proposal USING gin (search_key {{schema}}.gin_trgm_ops)"
EXISTS = f"SELECT to_regclass('{INDEX}') IS NOT NULL"
NONE = _(
    "without pg_trgm, a word is sought by reading every proposal, which takes seconds among a million. Install "
    "PostgreSQL's contrib package on the server and run migrate."
)
# What an index of trigrams can find: three letters or digits in a row.
FINDABLE = re.compile(r"[^\W_]{3}")


def make_index(using: str = DEFAULT_DB_ALIAS, **_kwargs: object) -> None:
    """Make the index where it is possible; an owner who may not install the extension does without."""
    with connections[using].cursor() as cursor:
        cursor.execute(IS_POSSIBLE)
        if not cursor.fetchone()[0]:
            return
        try:
            with transaction.atomic(using):
                cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        except ProgrammingError:  # not allowed to
            return
        cursor.execute(SCHEMA)
        cursor.execute(CREATE.format(schema=cursor.fetchone()[0]))


def has_index() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(EXISTS)
        return bool(cursor.fetchone()[0])


def is_findable(text: str) -> bool:
    """Whether the index can find some word of the text."""
    return any(FINDABLE.search(search_key(word)) for word in text.split())


def fault() -> str:
    """For the operator: slow is not wrong, but to be known."""
    if not has_index():
        raise NotKnown(NONE)
    return ""


LONG_FROM = 100_000  # proposals; fewer are read before anybody waits
READ_A_SECOND = 500_000  # a careful figure: a page over 1.1 million took 0.7 to 0.9 s where it was measured
ESTIMATE = "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'proposals_proposal'::regclass"


@dataclass(frozen=True)
class Effort:
    """About how many proposals are read, and how many seconds that may take."""

    proposals: int
    seconds: int


def effort(sought: str = "") -> Effort | None:
    """What reading every proposal asks for, by PostgreSQL's own estimate of them; None where nobody would notice.

    ``sought``: the words that a search is for; where an index finds them, few proposals are read.
    """
    if is_findable(sought) and has_index():
        return None
    with connection.cursor() as cursor:
        cursor.execute(ESTIMATE)
        (proposals,) = cursor.fetchone()
    return Effort(proposals, -(-proposals // READ_A_SECOND)) if proposals >= LONG_FROM else None
