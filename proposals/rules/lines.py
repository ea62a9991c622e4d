"""What is kept as lines: whatever changes a count adds a line; lines of one cell are folded now and then.

Lines are only ever added, so no writer waits for another, however long an import takes. A cell is the sum of its lines.
"""

from dataclasses import dataclass

import pgtrigger

from aspire.rules import Rule
from proposals.rules.judging import NEW_ROWS

FOLDED_EVERY = 256  # lines


@dataclass(frozen=True)
class Kept:
    """A table of lines: the columns that make a cell, which begin with the call, and what is summed."""

    table: str
    key: str
    sums: str

    def lines(self, rows: str, *measures: str) -> str:
        """SQL that adds what the rows come to, one line a cell; cells that do not change get none."""
        sums = ", ".join(f"coalesce({measure}, 0)" for measure in measures)
        return f"""
            INSERT INTO {self.table} ({self.key}, {self.sums})
            SELECT {self.key}, {sums} FROM {rows} GROUP BY {self.key}
            HAVING ({sums}) <> ({", ".join("0" for _ in measures)})
        """

    @property
    def fold(self) -> str:
        """SQL that adds the lines of each cell of the calls just written to."""
        added_up = ", ".join(f"sum({name})" for name in self.sums.split(", "))
        return f"""
            WITH many AS (
                SELECT {self.key} FROM {self.table} WHERE call_id IN (SELECT call_id FROM new_rows)
                 GROUP BY {self.key} HAVING count(*) > 1
            ), held AS (
                SELECT t.id FROM {self.table} t JOIN many USING ({self.key}) FOR UPDATE OF t SKIP LOCKED
            ), gone AS (
                DELETE FROM {self.table} t USING held WHERE t.id = held.id RETURNING t.*
            )
            INSERT INTO {self.table} ({self.key}, {self.sums})
            SELECT {self.key}, {added_up} FROM gone GROUP BY {self.key}
            HAVING ({added_up}) <> ({", ".join("0" for _ in self.sums.split(", "))})
        """

    @property
    def rules(self) -> list[Rule]:
        """The rules of the lines themselves."""
        return [
            written_by_triggers(pgtrigger.Update),
            # Whoever is in the midst of folding keeps its lines from others, who pass them by; an older snapshot folds
            # nothing.
            Rule(
                name="tallies_folded",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new=NEW_ROWS),
                func=f"""
                    IF current_setting('transaction_isolation') = 'read committed'
                       AND EXISTS (SELECT 1 FROM new_rows WHERE id % {FOLDED_EVERY} = 0) THEN
                        {self.fold};
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]


def written_by_triggers(never: pgtrigger.Operation | None = None) -> Rule:
    """What is counted is written by triggers alone; ``never``: what not even these do."""
    refused = f"pg_trigger_depth() < 2 OR TG_OP = '{str(never).upper()}'" if never else "pg_trigger_depth() < 2"
    return Rule(
        name="tallies_kept",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func=f"""
            IF {refused} THEN
                PERFORM aspire_refuse('tallies_kept', '{{}}');
            END IF;
            RETURN NULL;
        """,
    )


def on_rows(name: str, operation: pgtrigger.Operation, func: str, *, new: bool, old: bool) -> Rule:
    """A rule once a statement, over what it wrote and what stood there before."""
    referencing = ({"new": NEW_ROWS} if new else {}) | ({"old": "old_rows"} if old else {})
    return Rule(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(**referencing),
        func=f"{func} RETURN NULL;",
    )


def signed(columns: str, *, new: bool, old: bool) -> str:
    """What a statement wrote (+1) and what stood there before (-1)."""
    sides = [(1, NEW_ROWS)] * new + [(-1, "old_rows")] * old
    return f"({' UNION ALL '.join(f'SELECT {sign} AS sign, {columns} FROM {rows}' for sign, rows in sides)})"
