"""A proposal, the terms it is pinned to, and the statuses it may take."""

import pgtrigger

from aspire.rules import Rule, kept, referred_to
from calls.rules import BLANK
from proposals.rules.judging import BROKEN, MOVES_SQL, NOT_COUNTED_SQL, judge

# --- the proposal and its terms ---------------------------------------------------------------------------------

# FOR SHARE: terms and window cannot change under a proposal that is just being received.
LOCK_TERMS_AND_CALL = """
    PERFORM 1 FROM calls_terms WHERE id IN (SELECT terms_id FROM {rows} r) ORDER BY id FOR SHARE;
    PERFORM 1 FROM calls_call WHERE id IN (SELECT call_id FROM {rows} r) ORDER BY id FOR SHARE;
"""


# The eve of the day that answers to the first; where that month has no such day, its last day (Civil Code, art. 143).
AFTER_MONTHS = "(n.starts_on + make_interval(months => t.max_months))"
LAST_DAY = (
    f"({AFTER_MONTHS}::date - CASE WHEN extract(day FROM {AFTER_MONTHS}) = extract(day FROM n.starts_on) "
    "THEN 1 ELSE 0 END)"
)


def released(proposal: str) -> str:
    """SQL: whether a released packet holds the proposal's mark, and an award stands behind it."""
    return (
        "EXISTS (SELECT 1 FROM proposals_mark m JOIN proposals_packet k ON k.id = m.packet_id "
        "JOIN proposals_award a ON a.proposal_id = m.proposal_id "
        f"WHERE m.proposal_id = {proposal} AND m.decision = 'award' AND k.state = 'released')"
    )


def judge_proposals(rows: str) -> str:
    return LOCK_TERMS_AND_CALL.format(rows=rows) + judge(
        rows,
        "LEFT JOIN calls_call c ON c.id = n.call_id LEFT JOIN calls_terms t ON t.id = n.terms_id "
        "LEFT JOIN calls_call tc ON tc.id = t.call_id LEFT JOIN calls_field f ON f.id = n.field_id",
        ("reference_exists", "c.id IS NULL OR t.id IS NULL OR f.id IS NULL", "'proposal', n.number"),
        ("proposal_terms_of_call", "t.call_id <> n.call_id", "'terms_call', tc.code, 'call', c.code"),
        ("proposal_call_has_window", "c.opens_at IS NULL OR c.closes_at IS NULL", "'call', c.code"),
        (
            "proposal_received_in_window",
            f"btrim(n.late_reason, {BLANK}) = '' AND n.received_at NOT BETWEEN c.opens_at AND c.closes_at",
            "'call', c.code, 'value_at', n.received_at, 'opens_at', c.opens_at, 'closes_at', c.closes_at",
        ),
        (
            "proposal_period_within_terms",
            f"n.ends_on > {LAST_DAY}",
            f"'value_on', n.ends_on, 'limit', t.max_months, 'limit_on', {LAST_DAY}",
        ),
        (
            "proposal_field_of_call",
            "EXISTS (SELECT 1 FROM calls_callfield cf WHERE cf.call_id = n.call_id) AND NOT EXISTS "
            "(SELECT 1 FROM calls_callfield cf WHERE cf.call_id = n.call_id AND cf.field_id = n.field_id)",
            "'field', f.code, 'call', c.code",
        ),
        (
            "proposal_awarded_by_release",
            f"n.status = 'awarded' AND NOT n.is_reconstructed AND NOT {released('n.id')}",
            "'proposal', n.number",
        ),
    )


requested_totals_kept = kept(
    "proposals_annualcost WHERE proposal_id = NEW.id",
    corrects="proposals_proposal",
    requested_direct_yen="coalesce(sum(direct_yen), 0)::bigint",
    requested_indirect_yen="coalesce(sum(indirect_yen), 0)::bigint",
)
proposals_within_terms = [
    referred_to(
        "proposals_annualcost.proposal_id",
        "proposals_award.proposal_id",
        "proposals_mark.proposal_id",
        "proposals_assignment.proposal_id",
        "proposals_conflict.proposal_id",
    ),
    Rule(
        name="within_terms_on_insert",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=BROKEN,
        func=judge_proposals("new_rows") + "RETURN NULL;",
    ),
    Rule(
        name="within_terms_on_update",
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        condition=pgtrigger.AnyChange(
            "call", "terms", "field", "starts_on", "ends_on", "received_at", "late_reason", "is_reconstructed"
        ),
        declare=BROKEN,
        func=judge_proposals("(SELECT NEW.*)") + "RETURN NULL;",
    ),
    Rule(
        name="proposal_terms_pinned",
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        condition=pgtrigger.AnyChange("call", "terms"),
        func="""
            IF NEW.call_id = OLD.call_id AND NOT EXISTS
               (SELECT 1 FROM calls_terms WHERE id = NEW.terms_id AND call_id = NEW.call_id) THEN
                PERFORM aspire_refuse('proposal_terms_of_call', jsonb_build_object(
                    'terms_call', (SELECT c.code FROM calls_terms t JOIN calls_call c ON c.id = t.call_id
                                    WHERE t.id = NEW.terms_id),
                    'call', (SELECT code FROM calls_call WHERE id = NEW.call_id)));
            END IF;
            PERFORM aspire_refuse('proposal_terms_pinned', '{}');
            RETURN NULL;
        """,
    ),
    Rule(
        name="proposal_status_moves",
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        condition=pgtrigger.AnyChange("status"),
        func=f"""
            IF NEW.status IN ({NOT_COUNTED_SQL})
               AND EXISTS (SELECT 1 FROM proposals_award WHERE proposal_id = NEW.id) THEN
                PERFORM aspire_refuse('proposal_awarded_stays', jsonb_build_object(
                    'proposal', NEW.number, 'value', NEW.status));
            END IF;
            IF OLD.status = 'awarded' AND {released("NEW.id")} THEN
                PERFORM aspire_refuse('proposal_released_stays', jsonb_build_object('proposal', NEW.number));
            END IF;
            IF (OLD.status, NEW.status) NOT IN ({MOVES_SQL}) THEN
                PERFORM aspire_refuse('proposal_status_moves', jsonb_build_object(
                    'status', OLD.status, 'value', NEW.status));
            END IF;
            IF NEW.status = 'awarded' AND NOT NEW.is_reconstructed AND NOT {released("NEW.id")} THEN
                PERFORM aspire_refuse('proposal_awarded_by_release', jsonb_build_object('proposal', NEW.number));
            END IF;
            RETURN NULL;
        """,
    ),
]

# Deferrable, so that a form may shorten a period and take away the years outside it in one transaction. A deferred
# trigger sees the row as it was when queued, so the rule reads it anew.
OUTSIDE_PERIOD = """
    (p.starts_on IS NULL OR n.fiscal_year < aspire_fiscal_year(p.starts_on)
     OR n.fiscal_year > aspire_fiscal_year(p.ends_on))
"""
PERIOD_VALUES = "'fiscal_year', n.fiscal_year, 'starts_on', p.starts_on, 'ends_on', p.ends_on"

period_covers_amounts = Rule(
    name="period_covers_amounts",
    when=pgtrigger.After,
    operation=pgtrigger.Update,
    timing=pgtrigger.Immediate,
    condition=pgtrigger.AnyChange("starts_on", "ends_on"),
    declare=BROKEN,
    func=judge(
        "proposals_annualcost",
        "JOIN proposals_proposal p ON p.id = n.proposal_id AND p.id = NEW.id",
        ("cost_inside_period", OUTSIDE_PERIOD, PERIOD_VALUES),
    )
    + judge(
        "proposals_annualaward",
        "JOIN proposals_award a ON a.id = n.award_id "
        "JOIN proposals_proposal p ON p.id = a.proposal_id AND p.id = NEW.id",
        ("award_inside_period", OUTSIDE_PERIOD, PERIOD_VALUES),
    )
    + "RETURN NULL;",
)
