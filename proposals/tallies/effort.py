"""How long a question may take that goes past the kept tallies and so reads the proposals themselves."""

from dataclasses import dataclass

from django.db import connection

from proposals.record.trigrams import has_index, is_findable

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
