"""What is measured on: calls of 43 to 1,000,000 proposals, copied in bulk from the released synthetic call."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection

from calls.models import Call
from proposals.demo.loading import copy_terms, place_fields
from proposals.invariants import rebuild_tallies

SOURCE = "DEMO-RELEASED"
PROPOSAL_COLUMNS = (
    "status, title_ja, title_en, field_id, is_reconstructed, received_at, late_reason, starts_on, ends_on, "
    "principal_investigator, principal_investigator_reading, researcher_number, institution, primary_funder_id, "
    "young_researcher_plan, requested_direct_yen, requested_indirect_yen"
)

# Each proposal of the source is copied as often as the count asks for; ``pair`` remembers which became which.
PROPOSALS = f"""
    CREATE TEMP TABLE source AS
        SELECT *, row_number() OVER (ORDER BY number) AS place, count(*) OVER () AS places
          FROM proposals_proposal WHERE call_id = %(source)s;
    CREATE TEMP TABLE pair AS
        SELECT id AS old_id, 0::bigint AS new_id,
               %(code)s || '-' || lpad((turn * places + place)::text, 7, '0') AS new_number
          FROM source CROSS JOIN generate_series(0, %(count)s / 100) turn
         WHERE turn * places + place <= %(count)s;
    INSERT INTO proposals_proposal
        (call_id, terms_id, number, {PROPOSAL_COLUMNS})
    SELECT %(call)s, %(terms)s, new_number, {PROPOSAL_COLUMNS} FROM source JOIN pair ON pair.old_id = source.id;
    ANALYZE proposals_proposal;
    UPDATE pair SET new_id = p.id FROM proposals_proposal p WHERE p.number = new_number;
    ANALYZE pair;
"""
COSTS = """
    INSERT INTO proposals_annualcost (proposal_id, fiscal_year, direct_yen, indirect_yen)
    SELECT new_id, fiscal_year, direct_yen, indirect_yen
      FROM pair JOIN proposals_annualcost c ON c.proposal_id = old_id
"""
AWARDS = """
    INSERT INTO proposals_award (proposal_id, awarded_on, note, awarded_direct_yen, awarded_indirect_yen)
    SELECT new_id, awarded_on, note, awarded_direct_yen, awarded_indirect_yen
      FROM pair JOIN proposals_award a ON a.proposal_id = old_id
"""
AMOUNTS = """
    INSERT INTO proposals_annualaward (award_id, fiscal_year, direct_yen, indirect_yen)
    SELECT n.id, m.fiscal_year, m.direct_yen, m.indirect_yen
      FROM pair JOIN proposals_award a ON a.proposal_id = old_id JOIN proposals_award n ON n.proposal_id = new_id
      JOIN proposals_annualaward m ON m.award_id = a.id
"""
ALL = (COSTS, AWARDS, AMOUNTS)
TABLES = ("proposals_proposal", "proposals_annualcost", "proposals_award", "proposals_annualaward")


@contextmanager
def rules_off() -> Iterator[None]:
    """Without the triggers of rules, totals and history; constraints and foreign keys stay."""
    switch("DISABLE")
    try:
        yield
    finally:
        switch("ENABLE")


def switch(word: str) -> None:
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} {word} TRIGGER USER")


def make_call(code: str, count: int, *, parts: Iterable[str] = ALL) -> Call:
    """A released call with so many proposals, their costs, their awards and the totals that triggers would keep.

    ``parts``: of these, what is copied.
    """
    source = Call.objects.get(code=SOURCE)
    call = Call.objects.get(code=SOURCE)
    call.pk, call.code, call.pot_yen, call.max_awards = None, code, None, None
    call._state.adding = True
    call.save()
    place_fields(call)
    values = {"source": source.pk, "call": call.pk, "terms": copy_terms(call).pk, "code": code, "count": count}
    with rules_off(), connection.cursor() as cursor:
        for statement in (PROPOSALS, *parts):
            cursor.execute(statement, values)
        cursor.execute("DROP TABLE source, pair")
    rebuild_tallies()
    return call


def settle() -> None:
    """What autovacuum would have done by the time anybody looks, and a session that has planned nothing yet."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()
