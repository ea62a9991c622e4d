"""How rows are judged: a table of constraint names beside what breaks each and the values its sentence needs.

Inserts are judged once a statement over all new rows, so that a COPY of thousands costs one query.
"""

from aspire.rules import at_any_size
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
