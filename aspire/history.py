"""Who wrote what, and when: every write by every path becomes a row that can never be changed."""

from collections.abc import Callable
from typing import Any

import pghistory
import pgtrigger

from aspire.rules import Rule, never_truncated


def append_only() -> list[Rule]:
    """History can grow; it cannot be corrected, thinned out or emptied."""
    return [
        Rule(
            name="append_only",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
            func="PERFORM aspire_refuse('history_is_append_only', '{}'); RETURN NULL;",
        ),
        never_truncated("never_truncated"),
    ]


def track(*, exclude: tuple[str, ...] = ()) -> Callable[[Any], Any]:
    """Record inserts, updates and deletes of a model by trigger, whatever program writes.

    ``exclude`` names columns that PostgreSQL keeps by itself, whose changes nobody made.
    """
    return pghistory.track(
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(),
        pghistory.DeleteEvent(),
        exclude=list(exclude),
        level=pgtrigger.Statement,
        meta={"triggers": append_only()},
    )
