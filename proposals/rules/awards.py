"""Awards and the pot: what is staged and released never comes to more than the call has."""

import pgtrigger

from aspire.rules import Rule, at_any_size, kept, referred_to
from calls.rules import EVERY_WRITE, queued
from proposals.rules.amounts import DIFFERENCE, ROWS, amount_rules
from proposals.rules.judging import BROKEN, NEW_ROWS, NOT_COUNTED_SQL, REFUSE, judge

awarded_totals_kept = kept(
    "proposals_annualaward WHERE award_id = NEW.id",
    awarded_direct_yen="coalesce(sum(direct_yen), 0)",
    awarded_indirect_yen="coalesce(sum(indirect_yen), 0)",
)
awards_stay = referred_to("proposals_annualaward.award_id")
writers_queued = queued(EVERY_WRITE)


def in_packet(proposal: str) -> str:
    """SQL: whether the proposal's mark was submitted for release, or released."""
    return f"EXISTS (SELECT 1 FROM proposals_mark m WHERE m.proposal_id = {proposal} AND m.packet_id IS NOT NULL)"


KEEPS_AMOUNTS = f"NOT p.is_reconstructed AND (p.status = 'awarded' OR {in_packet('p.id')})"

# --- amounts ------------------------------------------------------------------------------------------------------

YEN_BY_CALL = f"""
    (SELECT q.call_id, sum(d.direct + d.indirect)::bigint AS yen FROM {DIFFERENCE} d
       JOIN proposals_award b ON b.id = d.parent_id JOIN proposals_proposal q ON q.id = b.proposal_id GROUP BY 1)
"""
YEN_BY_SLICE = """
    (SELECT q.call_id, d.fiscal_year, sum(d.direct_yen + d.indirect_yen)::bigint AS yen FROM {moved} d
       JOIN proposals_award b ON b.id = d.parent_id JOIN proposals_proposal q ON q.id = b.proposal_id GROUP BY 1, 2)
"""
CALLS_OF_AMOUNTS = f"""
    SELECT 1 FROM calls_call WHERE id IN
        (SELECT q.call_id FROM proposals_award b JOIN proposals_proposal q ON q.id = b.proposal_id
          WHERE b.id IN (SELECT award_id FROM {ROWS})) ORDER BY id FOR NO KEY UPDATE
"""
AWARDED_TOTALS = f"""
    UPDATE proposals_award a
       SET awarded_direct_yen = a.awarded_direct_yen + d.direct,
           awarded_indirect_yen = a.awarded_indirect_yen + d.indirect
      FROM {DIFFERENCE} d WHERE a.id = d.parent_id
"""
# Rewriting the proposal: its period cannot be shortened meanwhile, nor by somebody with an older snapshot.
PROPOSALS_OF_AMOUNTS = f"""
    UPDATE proposals_proposal SET status = status WHERE id IN
        (SELECT proposal_id FROM proposals_award WHERE id IN (SELECT award_id FROM {ROWS}))
"""
POT_HOLDS = f"""
    SELECT 'call_awards_within_pot' AS name, jsonb_build_object('call', c.code, 'value_yen', c.taken_yen + s.yen,
           'limit_yen', c.pot_yen, 'over_yen', c.taken_yen + s.yen - c.pot_yen) AS detail
      FROM {YEN_BY_CALL} s JOIN calls_call c ON c.id = s.call_id
     WHERE s.yen > 0 AND c.taken_yen + s.yen > c.pot_yen LIMIT 1
"""
SLICES_HOLD = f"""
    SELECT 'call_awards_within_slice' AS name, jsonb_build_object('call', c.code, 'fiscal_year', l.fiscal_year,
           'value_yen', l.taken_yen + s.yen, 'limit_yen', l.limit_yen,
           'over_yen', l.taken_yen + s.yen - l.limit_yen) AS detail
      FROM {YEN_BY_SLICE} s JOIN calls_call c ON c.id = s.call_id
      JOIN calls_potslice l ON l.call_id = s.call_id AND l.fiscal_year = s.fiscal_year
     WHERE s.yen > 0 AND l.taken_yen + s.yen > l.limit_yen ORDER BY l.fiscal_year LIMIT 1
"""
POT_TAKEN = f"""
    UPDATE calls_call c SET taken_yen = c.taken_yen + s.yen FROM {YEN_BY_CALL} s WHERE c.id = s.call_id AND s.yen <> 0
"""
SLICES_TAKEN = f"""
    UPDATE calls_potslice l SET taken_yen = l.taken_yen + s.yen FROM {YEN_BY_SLICE} s
     WHERE l.call_id = s.call_id AND l.fiscal_year = s.fiscal_year AND s.yen <> 0
"""

awarded_amounts = amount_rules(
    "award",
    parent="award_id",
    joins="LEFT JOIN proposals_award a ON a.id = n.award_id LEFT JOIN proposals_proposal p ON p.id = a.proposal_id",
    # Proposals before the call, as whoever corrects a proposal holds them.
    keep=at_any_size(PROPOSALS_OF_AMOUNTS, rows=ROWS)
    + at_any_size(CALLS_OF_AMOUNTS, rows=ROWS)
    + at_any_size(AWARDED_TOTALS, rows=ROWS)
    + at_any_size(POT_HOLDS, rows=ROWS, into="broken")
    + REFUSE
    + at_any_size(SLICES_HOLD, rows=ROWS, into="broken")
    + REFUSE
    + at_any_size(POT_TAKEN, rows=ROWS)
    + at_any_size(SLICES_TAKEN, rows=ROWS),
    frozen=judge(
        ROWS,
        "JOIN proposals_award a ON a.id = n.award_id JOIN proposals_proposal p ON p.id = a.proposal_id",
        ("award_in_packet", KEEPS_AMOUNTS, "'proposal', p.number"),
    ),
)

# --- awards -------------------------------------------------------------------------------------------------------


def awards_by_call(rows: str) -> str:
    return (
        f"(SELECT p.call_id, count(*)::integer AS awards FROM {rows} n "
        "JOIN proposals_proposal p ON p.id = n.proposal_id GROUP BY 1)"
    )


def lock_calls(rows: str) -> str:
    return at_any_size(
        "SELECT 1 FROM calls_call WHERE id IN (SELECT p.call_id FROM "
        f"{rows} n JOIN proposals_proposal p ON p.id = n.proposal_id) ORDER BY id FOR NO KEY UPDATE",
        rows=rows,
    )


awards_of_eligible_proposals = [
    Rule(
        name="award_on_insert",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=BROKEN,
        # Rewriting the proposal: it cannot be withdrawn meanwhile, nor by somebody with an older snapshot.
        func=at_any_size(
            "UPDATE proposals_proposal SET status = status WHERE id IN (SELECT proposal_id FROM new_rows)",
            rows=NEW_ROWS,
        )
        + lock_calls(NEW_ROWS)
        + judge(
            "new_rows",
            "LEFT JOIN proposals_proposal p ON p.id = n.proposal_id",
            ("reference_exists", "p.id IS NULL", "'proposal', n.proposal_id"),
            (
                "award_of_eligible_proposal",
                f"p.status IN ({NOT_COUNTED_SQL})",
                "'proposal', p.number, 'status', p.status",
            ),
            ("award_in_packet", KEEPS_AMOUNTS, "'proposal', p.number"),
        )
        + at_any_size(
            f"""
            SELECT 'call_awards_within_number' AS name, jsonb_build_object('call', c.code,
                   'value', c.taken_count + s.awards, 'limit', c.max_awards) AS detail
              FROM {awards_by_call(NEW_ROWS)} s JOIN calls_call c ON c.id = s.call_id
             WHERE c.taken_count + s.awards > c.max_awards LIMIT 1
            """,
            rows=NEW_ROWS,
            into="broken",
        )
        + REFUSE
        + at_any_size(
            f"""
            UPDATE calls_call c SET taken_count = c.taken_count + s.awards FROM {awards_by_call(NEW_ROWS)} s
             WHERE c.id = s.call_id
            """,
            rows=NEW_ROWS,
        )
        + "RETURN NULL;",
    ),
    Rule(
        name="award_on_delete",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Delete,
        referencing=pgtrigger.Referencing(old="old_rows"),
        declare=BROKEN,
        func=lock_calls("old_rows")
        + judge(
            "old_rows",
            "JOIN proposals_proposal p ON p.id = n.proposal_id",
            ("award_released_stays", f"p.status = 'awarded' OR {in_packet('p.id')}", "'proposal', p.number"),
        )
        + at_any_size(
            f"""
            UPDATE calls_call c SET taken_count = c.taken_count - s.awards FROM {awards_by_call("old_rows")} s
             WHERE c.id = s.call_id
            """,
            rows="old_rows",
        )
        + "RETURN NULL;",
    ),
    Rule(
        name="award_keeps_proposal",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.AnyChange("proposal"),
        func="PERFORM aspire_refuse('award_keeps_proposal', '{}'); RETURN NULL;",
    ),
]
