"""What it costs to keep the tallies: the same proposals copied in with and without their triggers."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from django.db import connection, transaction

from calls.models import Call
from tests.bench.measuring import Line, medians
from tests.bench.rows import LEADER, PROPOSAL_COLUMNS, settle, switch

ROUNDS = 3
AT_MOST_OF_PLAIN = 1.3
PLAIN = f"{LEADER}, {PROPOSAL_COLUMNS}"
COLUMNS = f"call_id, terms_id, number, status, {PLAIN}"
GIVEN = f"""
    COPY (SELECT %s, %s, 'COPIED-' || number, 'received', {PLAIN} FROM proposals_proposal WHERE call_id = %s) TO STDOUT
"""


def copying(source: Call, target: Call) -> Callable[[], None]:
    """COPY as many proposals as the source has into the target, and take it all back."""
    terms = target.current_terms
    assert terms is not None
    connection.ensure_connection()
    with connection.connection.cursor().copy(GIVEN, [target.pk, terms.pk, source.pk]) as rows:
        content = b"".join(rows)

    def copy() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            with cursor.copy(f"COPY proposals_proposal ({COLUMNS}) FROM STDIN") as sheet:
                sheet.write(content)
            transaction.set_rollback(True)

    return copy


@contextmanager
def switched(*, rules: bool, tallies: bool) -> Iterator[None]:
    """With the triggers of the tallies on or off, and those of rules, totals and history."""
    kept = [f"tallied_on_{act}{rows}" for act in ("insert", "update", "delete") for rows in ("", "_many")]
    if not rules:
        switch("DISABLE")
    with connection.cursor() as cursor:
        for name in kept:
            word = "ENABLE" if tallies else "DISABLE"
            cursor.execute(f"ALTER TABLE proposals_proposal {word} TRIGGER {name}")
    try:
        yield
    finally:
        switch("ENABLE")


def measure(source: Call, target: Call) -> list[Line]:
    """``source`` gives the proposals; ``target`` has none."""
    copy, count = copying(source, target), source.proposals.count()
    around: dict[str, Callable[[], AbstractContextManager[None]]] = {
        f"{rules} {tallies}": partial(switched, rules=rules, tallies=tallies)
        for rules in (False, True)
        for tallies in (False, True)
    }
    settle()
    taken = medians(dict.fromkeys(around, copy), rounds=ROUNDS, around=around)
    what = f"COPY of {count:,} proposals, tallies kept"
    return [
        Line(what, taken["False True"], "plain COPY", taken["False False"], AT_MOST_OF_PLAIN),
        Line(f"{what}, all rules on", taken["True True"], "rules, no tallies", taken["True False"], AT_MOST_OF_PLAIN),
    ]
