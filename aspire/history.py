"""Who wrote what, and when: every write by every path becomes a row that can never be changed."""

from collections.abc import Callable
from typing import Any

import pghistory
import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from pghistory import trigger

from aspire.rules import Rule, at_any_size, never_truncated


class EventRule(Rule, trigger.Event):
    """The trigger that writes an event; like every rule, no session setting switches it off."""

    def render_func(self, model: Any) -> str:
        statement, end = super().render_func(model).split("; RETURN")
        rows = "old_values" if self.operation == pgtrigger.Delete else "new_values"
        return f"{at_any_size(statement, rows=rows)} RETURN{end}"


def _add_event_trigger(event: pghistory.RowEvent, event_model: Any) -> None:
    rule = EventRule(
        event_model=event_model,
        label=event.label,
        name=event.trigger_name,
        row=event.row,
        operation=event.operation,
        condition=event.condition,
        level=event.level,
    )
    pgtrigger.register(rule)(event_model.pgh_tracked_model)


class Inserted(pghistory.InsertEvent):
    add_event_trigger = _add_event_trigger


class Updated(pghistory.UpdateEvent):
    add_event_trigger = _add_event_trigger


class Deleted(pghistory.DeleteEvent):
    add_event_trigger = _add_event_trigger


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
    tracked: Callable[[Any], Any] = pghistory.track(
        Inserted(),
        Updated(),
        Deleted(),
        exclude=list(exclude),
        level=pgtrigger.Statement,
        meta={"triggers": append_only(), "indexes": [BrinIndex(fields=["pgh_created_at"])]},
    )
    return tracked
