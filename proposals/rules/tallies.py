"""The kept tallies: whatever changes a count or a sum of yen adds a line; lines of one cell are folded now and then.

Lines are only ever added, so no writer waits for another, however long an import takes. A cell is the sum of its lines.
"""

import pgtrigger

from aspire.rules import Rule, at_any_size
from proposals.rules.judging import NEW_ROWS

KEY = "call_id, field_id, primary_funder_id, status"
SUMS = "proposals, reconstructed, awards, requested_yen, awarded_yen"
FOLDED_EVERY = 256  # lines
ADDED_UP = ", ".join(f"sum({name})" for name in SUMS.split(", "))
OF_AWARD = "(a.awarded_direct_yen + a.awarded_indirect_yen)"


def lines(rows: str, *measures: str) -> str:
    """SQL that adds what the rows come to, one line a cell; cells that do not change get none."""
    sums = ", ".join(f"coalesce({measure}, 0)" for measure in measures)
    return f"""
        INSERT INTO proposals_tally ({KEY}, {SUMS})
        SELECT {KEY}, {sums} FROM {rows} GROUP BY {KEY}
        HAVING ({sums}) <> ({", ".join("0" for _ in measures)})
    """


def signed(columns: str, *, new: bool, old: bool) -> str:
    """What a statement wrote (+1) and what stood there before (-1)."""
    sides = [(1, NEW_ROWS)] * new + [(-1, "old_rows")] * old
    return f"({' UNION ALL '.join(f'SELECT {sign} AS sign, {columns} FROM {rows}' for sign, rows in sides)})"


def proposal_lines(source: str) -> str:
    """Lines for proposals with their sign, an award counting only where it is released."""
    return lines(
        f"{source} n LEFT JOIN proposals_award a ON n.status = 'awarded' AND a.proposal_id = n.id",
        "sum(sign)",
        "sum(sign) FILTER (WHERE is_reconstructed)",
        "sum(sign) FILTER (WHERE a.id IS NOT NULL)",
        "sum(sign * (requested_direct_yen + requested_indirect_yen))",
        f"sum(sign * {OF_AWARD})",
    )


def award_lines(source: str) -> str:
    """Lines for awards with their sign, where the proposal's award is released."""
    released = "JOIN proposals_proposal p ON p.id = a.proposal_id AND p.status = 'awarded'"
    return lines(f"{source} a {released}", "0", "0", "sum(sign)", "0", f"sum(sign * {OF_AWARD})")


def tallied(name: str, operation: pgtrigger.Operation, func: str, *, new: bool, old: bool) -> Rule:
    referencing = ({"new": NEW_ROWS} if new else {}) | ({"old": "old_rows"} if old else {})
    return Rule(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(**referencing),
        func=f"{func} RETURN NULL;",
    )


def proposals_on(name: str, operation: pgtrigger.Operation, *, new: bool, old: bool) -> Rule:
    columns = f"id, {KEY}, is_reconstructed, requested_direct_yen, requested_indirect_yen"
    added = at_any_size(proposal_lines(signed(columns, new=new, old=old)), rows=NEW_ROWS if new else "old_rows")
    return tallied(f"tallied_on_{name}", operation, added, new=new, old=old)


def awards_on(name: str, operation: pgtrigger.Operation, *, before: str = "", new: bool, old: bool) -> Rule:
    columns = "proposal_id, awarded_direct_yen, awarded_indirect_yen"
    added = at_any_size(award_lines(signed(columns, new=new, old=old)), rows=NEW_ROWS if new else "old_rows")
    return tallied(name, operation, before + added, new=new, old=old)


proposals_tallied = [
    proposals_on("insert", pgtrigger.Insert, new=True, old=False),
    proposals_on("update", pgtrigger.Update, new=True, old=True),
    proposals_on("delete", pgtrigger.Delete, new=False, old=True),
]

# A line rests on the proposal and its award together. Whoever gives an award or changes its yen has rewritten the
# proposal before; whoever takes one away does it here, before the other triggers, which go by name.
HOLD_PROPOSALS = at_any_size(
    "UPDATE proposals_proposal SET status = status WHERE id IN (SELECT proposal_id FROM old_rows)", rows="old_rows"
)
awards_tallied = [
    awards_on("tallied_on_insert", pgtrigger.Insert, new=True, old=False),
    awards_on("tallied_on_update", pgtrigger.Update, new=True, old=True),
    awards_on("a_tallied_on_delete", pgtrigger.Delete, before=HOLD_PROPOSALS, new=False, old=True),
]

# --- the lines themselves -----------------------------------------------------------------------------------------

FOLD = f"""
    WITH many AS (
        SELECT {KEY} FROM proposals_tally WHERE call_id IN (SELECT call_id FROM new_rows)
         GROUP BY {KEY} HAVING count(*) > 1
    ), held AS (
        SELECT t.id FROM proposals_tally t JOIN many USING ({KEY}) FOR UPDATE OF t SKIP LOCKED
    ), gone AS (
        DELETE FROM proposals_tally t USING held WHERE t.id = held.id RETURNING t.*
    )
    INSERT INTO proposals_tally ({KEY}, {SUMS})
    SELECT {KEY}, {ADDED_UP} FROM gone GROUP BY {KEY} HAVING ({ADDED_UP}) <> (0, 0, 0, 0, 0)
"""
lines_kept = [
    Rule(
        name="tallies_kept",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func="""
            IF pg_trigger_depth() < 2 OR TG_OP = 'UPDATE' THEN
                PERFORM aspire_refuse('tallies_kept', '{}');
            END IF;
            RETURN NULL;
        """,
    ),
    # Whoever is in the midst of folding keeps its lines from others, who pass them by; an older snapshot folds nothing.
    Rule(
        name="tallies_folded",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new=NEW_ROWS),
        func=f"""
            IF current_setting('transaction_isolation') = 'read committed'
               AND EXISTS (SELECT 1 FROM new_rows WHERE id % {FOLDED_EVERY} = 0) THEN
                {FOLD};
            END IF;
            RETURN NULL;
        """,
    ),
]
