"""The kept tallies: whatever changes a count or a sum of yen adds a line to its cell, and to the day it came in."""

import pgtrigger

from aspire.rules import Rule, at_any_size
from proposals.rules.judging import NEW_ROWS, NOT_COUNTED_SQL
from proposals.rules.lines import Kept, on_rows, signed

KEY = "call_id, field_id, primary_funder_id, status"
TALLY = Kept("proposals_tally", KEY, "proposals, reconstructed, incomplete, awards, requested_yen, awarded_yen")
INTAKE = Kept("proposals_intake", "call_id, received_on", "proposals")
OF_AWARD = "(a.awarded_direct_yen + a.awarded_indirect_yen)"
INCOMPLETE = "(starts_on IS NULL OR requested_direct_yen + requested_indirect_yen = 0)"
TOKYO_DAY = "(received_at AT TIME ZONE 'Asia/Tokyo')::date"


def proposal_lines(source: str) -> str:
    """Lines for proposals with their sign, an award counting only where it is released."""
    return TALLY.lines(
        f"{source} n LEFT JOIN proposals_award a ON n.status = 'awarded' AND a.proposal_id = n.id",
        "sum(sign)",
        "sum(sign) FILTER (WHERE is_reconstructed)",
        f"sum(sign) FILTER (WHERE {INCOMPLETE})",
        "sum(sign) FILTER (WHERE a.id IS NOT NULL)",
        "sum(sign * (requested_direct_yen + requested_indirect_yen))",
        f"sum(sign * {OF_AWARD})",
    )


def award_lines(source: str) -> str:
    """Lines for awards with their sign, where the proposal's award is released."""
    released = "JOIN proposals_proposal p ON p.id = a.proposal_id AND p.status = 'awarded'"
    return TALLY.lines(f"{source} a {released}", "0", "0", "0", "sum(sign)", "0", f"sum(sign * {OF_AWARD})")


def day_lines(source: str) -> str:
    """Lines for the days, in Tokyo, on which counted proposals were received."""
    counted = f"WHERE status NOT IN ({NOT_COUNTED_SQL}) AND received_at IS NOT NULL"
    days = f"(SELECT sign, call_id, {TOKYO_DAY} AS received_on FROM {source} n {counted})"
    return INTAKE.lines(f"{days} d", "sum(sign)")


def proposals_on(name: str, operation: pgtrigger.Operation, *, new: bool, old: bool) -> Rule:
    columns = f"id, {KEY}, is_reconstructed, received_at, starts_on, requested_direct_yen, requested_indirect_yen"
    source, rows = signed(columns, new=new, old=old), NEW_ROWS if new else "old_rows"
    added = at_any_size(proposal_lines(source), rows=rows) + at_any_size(day_lines(source), rows=rows)
    return on_rows(f"tallied_on_{name}", operation, added, new=new, old=old)


def awards_on(name: str, operation: pgtrigger.Operation, *, before: str = "", new: bool, old: bool) -> Rule:
    columns = "proposal_id, awarded_direct_yen, awarded_indirect_yen"
    added = at_any_size(award_lines(signed(columns, new=new, old=old)), rows=NEW_ROWS if new else "old_rows")
    return on_rows(name, operation, before + added, new=new, old=old)


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
tally_lines_kept, intake_lines_kept = TALLY.rules, INTAKE.rules
