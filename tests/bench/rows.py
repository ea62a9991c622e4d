"""What is measured on: calls of 43 to 1,000,000 proposals, copied in bulk from the synthetic calls."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection

from calls.models import Call
from proposals.demo.loading import copy_terms, place_fields
from proposals.record.invariants import rebuild_tallies

SOURCE = "DEMO-RELEASED"
JUDGED = "DEMO-DECIDING"  # reviewed and partly marked
PROPOSAL_COLUMNS = (
    "title_ja, title_en, field_id, is_reconstructed, received_at, late_reason, starts_on, ends_on, "
    "institution, primary_funder_id, young_researcher_plan, requested_direct_yen, requested_indirect_yen"
)
LEADER = "principal_investigator, principal_investigator_reading, researcher_number"

# Each proposal of the source is copied as often as the count asks for, each time with another leader; ``pair``
# remembers which became which.
PROPOSALS = f"""
    CREATE TEMP TABLE source AS
        SELECT *, row_number() OVER (ORDER BY number) AS place, count(*) OVER () AS places
          FROM proposals_proposal WHERE call_id = %(source)s;
    CREATE TEMP TABLE pair AS
        SELECT id AS old_id, 0::bigint AS new_id, turn,
               %(code)s || '-' || lpad((turn * places + place)::text, 7, '0') AS new_number
          FROM source CROSS JOIN generate_series(0, %(count)s / 100) turn
         WHERE turn * places + place <= %(count)s;
    INSERT INTO proposals_proposal
        (call_id, terms_id, number, status, {LEADER}, {PROPOSAL_COLUMNS})
    SELECT %(call)s, %(terms)s, new_number,
           CASE WHEN status <> 'awarded' OR %(with_awards)s THEN status ELSE 'received' END,
           principal_investigator || turn, principal_investigator_reading || turn,
           lpad((turn * places + place)::text, 8, '0'), {PROPOSAL_COLUMNS}
      FROM source JOIN pair ON pair.old_id = source.id;
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
ASSIGNMENTS = """
    INSERT INTO proposals_assignment
        (proposal_id, reviewer_id, position, assigned_by_id, assigned_at, declined_at, decline_reason)
    SELECT new_id, reviewer_id, position, assigned_by_id, assigned_at, declined_at, decline_reason
      FROM pair JOIN proposals_assignment s ON s.proposal_id = old_id
"""
REVIEWS = """
    INSERT INTO proposals_review
        (assignment_id, state, comment_to_panel, comment_to_applicant, saved_at, submitted_at, version)
    SELECT n.id, r.state, '', '', r.saved_at, r.submitted_at, r.version
      FROM pair JOIN proposals_assignment s ON s.proposal_id = old_id
      JOIN proposals_assignment n ON n.proposal_id = new_id AND n.position = s.position
      JOIN proposals_review r ON r.assignment_id = s.id
"""
STANDING = """
    INSERT INTO proposals_conflict (proposal_id, person_id, finding, kind, words, recorded_by_id, recorded_at)
    SELECT new_id, person_id, finding, kind, words, recorded_by_id, recorded_at
      FROM pair JOIN proposals_conflict c ON c.proposal_id = old_id AND c.finding = 'stands'
"""
MARKS = """
    INSERT INTO proposals_mark (proposal_id, decision, reason, marked_by_id, marked_at, version)
    SELECT new_id, decision, reason, marked_by_id, marked_at, version
      FROM pair JOIN proposals_mark m ON m.proposal_id = old_id
"""
TAKEN = """
    UPDATE calls_call c SET (taken_count, taken_yen) =
        (SELECT count(*), coalesce(sum(a.awarded_direct_yen + a.awarded_indirect_yen), 0)
           FROM proposals_award a JOIN proposals_proposal p ON p.id = a.proposal_id WHERE p.call_id = c.id)
     WHERE c.id = %(call)s
"""
ALL = (COSTS, AWARDS, AMOUNTS)
JUDGING = (AWARDS, ASSIGNMENTS, REVIEWS, STANDING, MARKS)
TABLES = (
    *("proposals_proposal", "proposals_annualcost", "proposals_award", "proposals_annualaward"),
    *("proposals_assignment", "proposals_review", "proposals_conflict", "proposals_mark"),
)


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


def make_call(code: str, count: int, *, parts: Iterable[str] = ALL, of: str = SOURCE) -> Call:
    """A call with so many proposals, their costs, their awards and the totals that triggers would keep.

    ``of``: the call that is copied; ``parts``: what of it.
    """
    source = Call.objects.get(code=of)
    call = Call.objects.get(code=of)
    call.pk, call.code, call.pot_yen, call.max_awards = None, code, None, None
    call._state.adding = True
    call.save()
    place_fields(call)
    values = {"source": source.pk, "call": call.pk, "terms": copy_terms(call).pk, "code": code, "count": count}
    values["with_awards"] = AWARDS in parts  # none is awarded without an award
    with rules_off(), connection.cursor() as cursor:
        for statement in (PROPOSALS, *parts, TAKEN):
            cursor.execute(statement, values)
        cursor.execute("DROP TABLE source, pair")
    rebuild_tallies()
    return call


def settle() -> None:
    """What autovacuum would have done by the time anybody looks, and a session that has planned nothing yet."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()
