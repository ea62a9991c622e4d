"""Amounts of one fiscal year, and the totals that they add up to."""

import pgtrigger

from aspire.rules import Rule, at_any_size
from proposals.rules.judging import BROKEN, NEW_ROWS, judge
from proposals.rules.received import OUTSIDE_PERIOD, PERIOD_VALUES

# --- the sum of all fiscal years --------------------------------------------------------------------------------


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


def moved(parent: str, *, new: bool, old: bool) -> str:
    """The yen that a statement gave (+) and took (-), by parent and fiscal year."""
    columns = f"{parent} AS parent_id, fiscal_year"
    parts = [f"SELECT {columns}, direct_yen, indirect_yen FROM new_rows"] if new else []
    parts += (
        [f"SELECT {columns}, -direct_yen AS direct_yen, -indirect_yen AS indirect_yen FROM old_rows"] if old else []
    )
    return f"({' UNION ALL '.join(parts)})"


DIFFERENCE = """
    (SELECT parent_id, sum(direct_yen)::bigint AS direct, sum(indirect_yen)::bigint AS indirect
       FROM {moved} AS moved GROUP BY 1)
"""
ROWS = "{rows}"


def filled(keep: str, *, parent: str, new: bool, old: bool) -> str:
    """The statements that keep totals, for one kind of trigger."""
    rows = NEW_ROWS if new else "old_rows"
    return keep.replace("{moved}", moved(parent, new=new, old=old)).replace(ROWS, rows)


def amount_rules(kind: str, *, parent: str, joins: str, keep: str, frozen: str = "") -> list[Rule]:
    """Judge every written amount and keep the parent's totals, once a statement.

    ``keep``: PL/pgSQL with ``{moved}`` for what changed. It runs first: the update locks the parents, so that the
    period and the total cannot move while the amounts are judged. ``frozen``: judges the rows named ``{rows}`` that
    may not be touched at all.
    """

    def rule(operation: pgtrigger.Operation, name: str, *, new: bool, old: bool) -> Rule:
        rows = {"new": "new_rows"} if new else {}
        rows |= {"old": "old_rows"} if old else {}
        untouchable = "".join(frozen.replace(ROWS, name) for name in rows.values())
        judged = judge_amounts(kind, joins) if new else ""
        return Rule(
            name=f"{kind}_on_{name}",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=pgtrigger.Referencing(**rows),
            declare=BROKEN,
            func=f"{filled(keep, parent=parent, new=new, old=old)} {untouchable} {judged} RETURN NULL;",
        )

    return [
        rule(pgtrigger.Insert, "insert", new=True, old=False),
        rule(pgtrigger.Update, "update", new=True, old=True),
        rule(pgtrigger.Delete, "delete", new=False, old=True),
    ]


requested_amounts = amount_rules(
    "cost",
    parent="proposal_id",
    joins="LEFT JOIN proposals_proposal p ON p.id = n.proposal_id",
    keep=at_any_size(
        f"""
        UPDATE proposals_proposal p
           SET requested_direct_yen = p.requested_direct_yen + d.direct,
               requested_indirect_yen = p.requested_indirect_yen + d.indirect
          FROM {DIFFERENCE} d WHERE p.id = d.parent_id
    """,
        rows=ROWS,
    ),
)
