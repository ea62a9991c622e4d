"""The board of a call against the same counts as raw SQL and a page with nothing on it, through the same stack."""

from collections.abc import Callable

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from calls.models import Call
from tests.bench.measuring import Line, medians

ROUNDS = 11
GOAL, GOAL_AT = 1.5, 10_000
AT_MOST_OF_BASE = 1.5

# The cheapest single statement that yields every count and sum of a board.
COUNTS = """
    SELECT p.status, p.field_id, p.primary_funder_id, count(*), count(a.id),
           sum(p.requested_direct_yen + p.requested_indirect_yen),
           coalesce(sum(a.awarded_direct_yen + a.awarded_indirect_yen), 0)
      FROM proposals_proposal p LEFT JOIN proposals_award a ON a.proposal_id = p.id
     WHERE p.call_id = %s GROUP BY 1, 2, 3
"""


def page(username: str, url: str) -> Callable[[], object]:
    """Ask for a page as that person."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(username=username))

    def ask() -> None:
        response = client.get(url)
        assert response.status_code == 200, (url, response.status_code)

    return ask


def counts(call: Call) -> Callable[[], object]:
    """The counts of a board by psycopg alone."""
    connection.ensure_connection()
    return lambda: connection.connection.execute(COUNTS, [call.pk]).fetchall()


def measure(calls: dict[int, Call]) -> list[Line]:
    works = {"empty": page("reviewer", reverse("review:desk"))}
    for size, call in calls.items():
        works[f"board {size}"] = page("manager", call.get_absolute_url())
        works[f"raw {size}"] = counts(call)
    taken = medians(works, rounds=ROUNDS)
    base = f"board {GOAL_AT}"
    return [
        *(
            Line(f"board, {size:,} proposals", taken[f"board {size}"], f"at {GOAL_AT:,}", taken[base], AT_MOST_OF_BASE)
            for size in calls
            if size > GOAL_AT
        ),
        *(board_line(size, taken) for size in calls),
        *(Line(f"raw SQL, {size:,} proposals", taken[f"raw {size}"], "empty page", taken["empty"]) for size in calls),
    ]


def board_line(size: int, taken: dict[str, float]) -> Line:
    base = taken[f"raw {size}"] + taken["empty"]
    goal = GOAL if size == GOAL_AT else None
    return Line(f"board, {size:,} proposals", taken[f"board {size}"], "raw SQL + empty page", base, goal)
