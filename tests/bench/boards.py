"""The board of a call against the same counts as raw SQL, as pandas, and a page with nothing on it."""

import datetime
import io
from collections.abc import Callable

import pandas
from django.db import connection
from django.utils import timezone

from calls.models import Call
from tests.bench.measuring import Line, medians
from tests.bench.pages import BASE, asked, base_page, page

ROUNDS = 11
GOAL = 5.0  # a board of the second size
AT_MOST_OF_BASE = 1.5  # the greatest call, of that
AT_MOST_STATEMENTS = 12  # one asks for what is to be looked into, two for the course of a review

# The cheapest single statement that yields every count and sum of a board.
COUNTS = """
    SELECT p.status, p.field_id, p.primary_funder_id, count(*), count(a.id),
           sum(p.requested_direct_yen + p.requested_indirect_yen),
           coalesce(sum(a.awarded_direct_yen + a.awarded_indirect_yen), 0)
      FROM proposals_proposal p LEFT JOIN proposals_award a ON a.proposal_id = p.id
     WHERE p.call_id = %s GROUP BY 1, 2, 3
"""


TO_CSV = """
    COPY (SELECT p.status, p.field_id, p.primary_funder_id,
                 p.requested_direct_yen + p.requested_indirect_yen AS requested,
                 a.awarded_direct_yen + a.awarded_indirect_yen AS awarded
            FROM proposals_proposal p LEFT JOIN proposals_award a ON a.proposal_id = p.id
           WHERE p.call_id = %s) TO STDOUT (FORMAT csv, HEADER)
"""


def counts(call: Call) -> Callable[[], object]:
    """The counts of a board by psycopg alone."""
    connection.ensure_connection()
    return lambda: connection.connection.execute(COUNTS, [call.pk]).fetchall()


def grouped_by_pandas(call: Call) -> Callable[[], object]:
    """The counts and sums of a board from a CSV of the same proposals, kept in memory."""
    connection.ensure_connection()
    with connection.connection.cursor().copy(TO_CSV, [call.pk]) as rows:
        content = b"".join(rows)

    def count() -> object:
        cells = pandas.read_csv(io.BytesIO(content)).groupby(["status", "field_id", "primary_funder_id"])
        return cells.agg({"requested": ["size", "sum"], "awarded": ["count", "sum"]})

    return count


def measure(calls: list[Call]) -> list[Line]:
    """``calls``: from the smallest to the greatest."""
    works, sizes = {BASE: base_page()}, [call.proposals.count() for call in calls]
    for size, call in zip(sizes, calls, strict=True):
        works[f"board {size}"] = page("manager", call.get_absolute_url())
        works[f"raw {size}"] = counts(call)
        works[f"pandas {size}"] = grouped_by_pandas(call)
    taken = medians(works, rounds=ROUNDS)
    middle, greatest = sizes[1], sizes[-1]
    return [
        *(grown_line(size, middle, taken, AT_MOST_OF_BASE if size == greatest else None) for size in sizes[2:]),
        *(board_line(size, taken, GOAL if size == middle else None) for size in sizes),
        *(Line(f"raw SQL, {size:,} proposals", taken[f"raw {size}"], BASE, taken[BASE]) for size in sizes),
        *(
            Line(f"board, {size:,} proposals", taken[f"board {size}"], "pandas, CSV in memory", taken[f"pandas {size}"])
            for size in sizes
        ),
    ]


STAGES = ("preparing", "open", "closed", "in_review", "deciding", "released")
DAY = datetime.timedelta(days=1)


def set_stage(call: Call, stage: str) -> None:
    """Bring the call to a stage by its window and an officer's word; what it holds stays the same."""
    now = timezone.now()
    window = {"preparing": (now + DAY, now + 9 * DAY), "open": (now - 50 * DAY, now + 9 * DAY)}
    call.opens_at, call.closes_at = window.get(stage, (now - 50 * DAY, now - DAY))
    call.progress = stage if stage in Call.Progress.values else ""
    with connection.cursor() as cursor:  # its proposals lie outside some of these windows, which a rule forbids
        cursor.execute("ALTER TABLE calls_call DISABLE TRIGGER USER")
        call.save(update_fields=["opens_at", "closes_at", "progress"])
        cursor.execute("ALTER TABLE calls_call ENABLE TRIGGER USER")
    assert call.stage(at=now) == stage, (call.stage(at=now), stage)


def measure_stages(small: Call, great: Call) -> tuple[list[Line], list[str]]:
    """The board of each stage at two sizes, as a manager opens it, and its statements."""
    lines, said = list[Line](), list[str]()
    for stage in STAGES:
        for call in (small, great):
            set_stage(call, stage)
        works = {call.code: page("manager", call.get_absolute_url()) for call in (small, great)}
        taken = medians(works, rounds=ROUNDS)
        what = f"board, {stage}, {great.proposals.count():,} proposals"
        base = f"at {small.proposals.count():,}"
        lines.append(Line(what, taken[great.code], base, taken[small.code], AT_MOST_OF_BASE))
        said.append(f"{stage}: {statements(great)}")
    return lines, said


def grown_line(size: int, base_size: int, taken: dict[str, float], goal: float | None) -> Line:
    base = taken[f"board {base_size}"]
    return Line(f"board, {size:,} proposals", taken[f"board {size}"], f"at {base_size:,}", base, goal)


def board_line(size: int, taken: dict[str, float], goal: float | None) -> Line:
    base = taken[f"raw {size}"] + taken[BASE]
    return Line(f"board, {size:,} proposals", taken[f"board {size}"], f"raw SQL + {BASE}", base, goal)


def statements(call: Call) -> str:
    """How many statements a board takes beyond those of any page: session, person and roles."""
    board = asked(page("manager", call.get_absolute_url()))
    anyway = asked(base_page())
    verdict = "met" if board - anyway <= AT_MOST_STATEMENTS else "MISSED"
    own = f"{board - anyway} SQL statements and the {anyway} of any page"
    return f"board of {call.code}: {own}  goal <= {AT_MOST_STATEMENTS}  {verdict}"
