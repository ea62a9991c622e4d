"""The rules of proposals and awards that PostgreSQL keeps by trigger, whoever writes and by whatever path.

Each set of rules is a table: the constraint's name beside the condition that breaks it and the values its sentence
needs. Inserts are judged once a statement over all new rows, so that a COPY of thousands costs one query.
"""

import pgtrigger

from aspire.rules import Rule, at_any_size, kept, referred_to
from calls.rules import BLANK
from proposals.status import MOVES, NOT_COUNTED

NOT_COUNTED_SQL = ", ".join(f"'{status.value}'" for status in NOT_COUNTED)
MOVES_SQL = ", ".join(
    f"('{before.value}', '{after.value}')" for before, following in MOVES.items() for after in following
)
NEW_ROWS = "new_rows"
BROKEN = [("broken", "RECORD")]
REFUSE = "IF broken.name IS NOT NULL THEN PERFORM aspire_refuse(broken.name, broken.detail); END IF;"


def judge(rows: str, joins: str, *rules: tuple[str, str, str]) -> str:
    """PL/pgSQL that refuses the first rule broken by any row: (name, breaking condition, values as key, value, …)."""
    table = ",\n".join(
        f"('{name}', CASE WHEN {condition} THEN jsonb_build_object({values}) END)" for name, condition, values in rules
    )
    found = f"""
         FROM {rows} n {joins} CROSS JOIN LATERAL (VALUES {table}) AS rule (name, detail)
         WHERE rule.detail IS NOT NULL LIMIT 1
    """
    if rows == NEW_ROWS:
        return f"{at_any_size(f'SELECT rule.name, rule.detail {found}', rows=rows, into='broken')} {REFUSE}"
    return f"SELECT rule.name, rule.detail INTO broken {found}; {REFUSE}"


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
    )


requested_totals_kept = kept(
    "proposals_annualcost WHERE proposal_id = NEW.id",
    corrects="proposals_proposal",
    requested_direct_yen="coalesce(sum(direct_yen), 0)::bigint",
    requested_indirect_yen="coalesce(sum(indirect_yen), 0)::bigint",
)
awarded_totals_kept = kept(
    "proposals_annualaward WHERE award_id = NEW.id",
    awarded_direct_yen="coalesce(sum(direct_yen), 0)",
    awarded_indirect_yen="coalesce(sum(indirect_yen), 0)",
)
awards_stay = referred_to("proposals_annualaward.award_id")

proposals_within_terms = [
    referred_to("proposals_annualcost.proposal_id", "proposals_award.proposal_id"),
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
            IF (OLD.status, NEW.status) NOT IN ({MOVES_SQL}) THEN
                PERFORM aspire_refuse('proposal_status_moves', jsonb_build_object(
                    'status', OLD.status, 'value', NEW.status));
            END IF;
            RETURN NULL;
        """,
    ),
    Rule(
        name="awarded_proposal_stays",
        when=pgtrigger.Before,
        operation=pgtrigger.Delete,
        func="""
            IF EXISTS (SELECT 1 FROM proposals_award WHERE proposal_id = OLD.id) THEN
                PERFORM aspire_refuse('award_never_deleted', '{}');
            END IF;
            RETURN OLD;
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


def total_within_terms(kind: str, source: str, direct: str, indirect: str) -> Rule:
    """The sum of all fiscal years, kept on the parent row, against ceiling times years; deferrable like the period."""
    counted = f"p.{direct} + CASE WHEN t.indirect_included THEN p.{indirect} ELSE 0 END"
    limit = "t.annual_ceiling_yen * t.max_months / 12"
    return Rule(
        name=f"{kind}_within_total",
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        timing=pgtrigger.Immediate,
        condition=pgtrigger.Condition(f"NEW.{direct} > OLD.{direct} OR NEW.{indirect} > OLD.{indirect}"),
        declare=BROKEN,
        func=judge(
            "(SELECT 1)",
            source,
            (
                f"{kind}_within_total",
                f"{counted} > {limit}",
                f"'value_yen', {counted}, 'limit_yen', {limit}, 'over_yen', {counted} - {limit}, "
                "'months', t.max_months",
            ),
        )
        + "RETURN NULL;",
    )


requests_within_total = total_within_terms(
    "cost",
    "JOIN proposals_proposal p ON p.id = NEW.id JOIN calls_terms t ON t.id = p.terms_id",
    "requested_direct_yen",
    "requested_indirect_yen",
)
awards_within_total = total_within_terms(
    "award",
    "JOIN proposals_award p ON p.id = NEW.id JOIN proposals_proposal q ON q.id = p.proposal_id "
    "JOIN calls_terms t ON t.id = q.terms_id",
    "awarded_direct_yen",
    "awarded_indirect_yen",
)


# --- amounts of one fiscal year ---------------------------------------------------------------------------------


def judge_amounts(kind: str, joins: str) -> str:
    counted = "n.direct_yen + CASE WHEN t.indirect_included THEN n.indirect_yen ELSE 0 END"
    largest = "n.direct_yen * t.indirect_percent / 100"
    return judge(
        "new_rows",
        f"{joins} LEFT JOIN calls_terms t ON t.id = p.terms_id",
        ("reference_exists", "t.id IS NULL", "'fiscal_year', n.fiscal_year"),
        (f"{kind}_inside_period", OUTSIDE_PERIOD, PERIOD_VALUES),
        (
            f"{kind}_within_ceiling",
            f"{counted} > t.annual_ceiling_yen",
            f"'fiscal_year', n.fiscal_year, 'value_yen', {counted}, 'limit_yen', t.annual_ceiling_yen, "
            f"'over_yen', {counted} - t.annual_ceiling_yen",
        ),
        (
            f"{kind}_indirect_within_rate",
            f"n.indirect_yen > {largest}",
            f"'fiscal_year', n.fiscal_year, 'value_yen', n.indirect_yen, 'limit_yen', {largest}, "
            "'percent', t.indirect_percent",
        ),
    )


def difference(parent: str, *, new: bool, old: bool) -> str:
    """The change of direct and indirect yen per parent that a statement made."""
    parts = [f"SELECT {parent} AS parent_id, direct_yen, indirect_yen FROM new_rows"] if new else []
    parts += (
        [f"SELECT {parent} AS parent_id, -direct_yen AS direct_yen, -indirect_yen AS indirect_yen FROM old_rows"]
        if old
        else []
    )
    return (
        "(SELECT parent_id, sum(direct_yen)::bigint AS direct, sum(indirect_yen)::bigint AS indirect "
        f"FROM ({' UNION ALL '.join(parts)}) AS moved GROUP BY 1)"
    )


ROWS = "{rows}"


def filled(keep: str, change: str, *, rows: str = NEW_ROWS) -> str:
    """The statements that keep totals, for one kind of trigger."""
    return keep.replace("{difference}", change).replace(ROWS, rows)


def amount_rules(kind: str, *, parent: str, joins: str, keep: str, deletable: bool) -> list[Rule]:
    """Judge every written amount and keep the parent's totals, once a statement.

    ``keep``: PL/pgSQL with ``{difference}`` for the change per parent. It runs first: the update locks the parents,
    so that the period and the total cannot move while the amounts are judged.
    """
    rules = [
        Rule(
            name=f"{kind}_on_insert",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Insert,
            referencing=pgtrigger.Referencing(new="new_rows"),
            declare=BROKEN,
            func=filled(keep, difference(parent, new=True, old=False)) + judge_amounts(kind, joins) + "RETURN NULL;",
        ),
        Rule(
            name=f"{kind}_on_update",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Update,
            referencing=pgtrigger.Referencing(new="new_rows", old="old_rows"),
            declare=BROKEN,
            func=filled(keep, difference(parent, new=True, old=True)) + judge_amounts(kind, joins) + "RETURN NULL;",
        ),
    ]
    if deletable:
        rules.append(
            Rule(
                name=f"{kind}_on_delete",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Delete,
                referencing=pgtrigger.Referencing(old="old_rows"),
                func=filled(keep, difference(parent, new=False, old=True), rows="old_rows") + "RETURN NULL;",
            )
        )
    else:
        rules.append(never_deleted)
    return rules


never_deleted = Rule(
    name="never_deleted",
    when=pgtrigger.Before,
    operation=pgtrigger.Delete,
    func="PERFORM aspire_refuse('award_never_deleted', '{}'); RETURN NULL;",
)

requested_amounts = amount_rules(
    "cost",
    parent="proposal_id",
    joins="LEFT JOIN proposals_proposal p ON p.id = n.proposal_id",
    deletable=True,
    keep=at_any_size(
        """
        UPDATE proposals_proposal p
           SET requested_direct_yen = p.requested_direct_yen + d.direct,
               requested_indirect_yen = p.requested_indirect_yen + d.indirect
          FROM {difference} d WHERE p.id = d.parent_id
    """,
        rows=ROWS,
    ),
)

YEN_BY_CALL = """
    (SELECT q.call_id, sum(d.direct + d.indirect)::bigint AS yen FROM {difference} d
       JOIN proposals_award b ON b.id = d.parent_id JOIN proposals_proposal q ON q.id = b.proposal_id GROUP BY 1)
"""

awarded_amounts = amount_rules(
    "award",
    parent="award_id",
    joins="LEFT JOIN proposals_award a ON a.id = n.award_id LEFT JOIN proposals_proposal p ON p.id = a.proposal_id",
    deletable=False,
    keep=at_any_size(
        """
        UPDATE proposals_award a
           SET awarded_direct_yen = a.awarded_direct_yen + d.direct,
               awarded_indirect_yen = a.awarded_indirect_yen + d.indirect
          FROM {difference} d WHERE a.id = d.parent_id
    """,
        rows=ROWS,
    )
    # Rewriting the proposal: its period cannot be shortened meanwhile, nor by somebody with an older snapshot.
    + at_any_size(
        """
        UPDATE proposals_proposal SET status = status WHERE id IN
            (SELECT proposal_id FROM proposals_award WHERE id IN (SELECT award_id FROM new_rows))
    """,
        rows=ROWS,
    )
    + at_any_size(
        """
        SELECT 1 FROM calls_call WHERE id IN
            (SELECT q.call_id FROM proposals_award b JOIN proposals_proposal q ON q.id = b.proposal_id
              WHERE b.id IN (SELECT award_id FROM new_rows)) ORDER BY id FOR NO KEY UPDATE
    """,
        rows=ROWS,
    )
    + at_any_size(
        f"""
        SELECT 'call_awards_within_pot' AS name, jsonb_build_object('call', c.code, 'value_yen', c.awarded_yen + s.yen,
               'limit_yen', c.pot_yen, 'over_yen', c.awarded_yen + s.yen - c.pot_yen) AS detail
          FROM {YEN_BY_CALL} s JOIN calls_call c ON c.id = s.call_id
         WHERE s.yen > 0 AND c.awarded_yen + s.yen > c.pot_yen LIMIT 1
        """,
        rows=ROWS,
        into="broken",
    )
    + REFUSE
    + at_any_size(
        f"""
        UPDATE calls_call c SET awarded_yen = c.awarded_yen + s.yen FROM {YEN_BY_CALL} s
         WHERE c.id = s.call_id AND s.yen <> 0
    """,
        rows=ROWS,
    ),
)

# --- awards -----------------------------------------------------------------------------------------------------

AWARDS_BY_CALL = """
    (SELECT p.call_id, count(*)::integer AS awards FROM new_rows n
       JOIN proposals_proposal p ON p.id = n.proposal_id GROUP BY 1)
"""

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
        + judge(
            "new_rows",
            "LEFT JOIN proposals_proposal p ON p.id = n.proposal_id",
            ("reference_exists", "p.id IS NULL", "'proposal', n.proposal_id"),
            (
                "award_of_eligible_proposal",
                f"p.status IN ({NOT_COUNTED_SQL})",
                "'proposal', p.number, 'status', p.status",
            ),
        )
        + at_any_size(
            """
            SELECT 1 FROM calls_call WHERE id IN
                (SELECT p.call_id FROM new_rows n JOIN proposals_proposal p ON p.id = n.proposal_id)
                ORDER BY id FOR NO KEY UPDATE
        """,
            rows=NEW_ROWS,
        )
        + at_any_size(
            f"""
            SELECT 'call_awards_within_number' AS name, jsonb_build_object('call', c.code,
                   'value', c.awarded_count + s.awards, 'limit', c.max_awards) AS detail
              FROM {AWARDS_BY_CALL} s JOIN calls_call c ON c.id = s.call_id
             WHERE c.awarded_count + s.awards > c.max_awards LIMIT 1
            """,
            rows=NEW_ROWS,
            into="broken",
        )
        + REFUSE
        + at_any_size(
            f"""
            UPDATE calls_call c SET awarded_count = c.awarded_count + s.awards FROM {AWARDS_BY_CALL} s
             WHERE c.id = s.call_id
        """,
            rows=NEW_ROWS,
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
    never_deleted,
]
