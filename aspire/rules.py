"""How a rule is written into PostgreSQL: a named constraint, or a trigger that no session can switch off."""

import re
import textwrap
from typing import Any

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.migrations.state import ProjectState
from pgtrigger import compiler
from pgtrigger.migrations import AddTrigger

from aspire.refusals import CATALOGUE


class Check(models.CheckConstraint):
    """A check whose sentence stands in the catalogue of refusals under the constraint's name."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("violation_error_code", kwargs["name"])
        super().__init__(**kwargs)

    def get_violation_error_message(self) -> str:
        return str(CATALOGUE[self.name]) % {"name": self.name}


class Unique(models.UniqueConstraint):
    """A uniqueness rule whose sentence stands in the catalogue of refusals under the constraint's name."""

    def __init__(self, *expressions: Any, **kwargs: Any) -> None:
        kwargs.setdefault("violation_error_code", kwargs["name"])
        super().__init__(*expressions, **kwargs)

    def get_violation_error_message(self) -> str:
        return str(CATALOGUE[self.name]) % {"name": self.name}

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Django's own sentence would take precedence for a constraint of plain fields."""
        try:
            super().validate(*args, **kwargs)  # type: ignore[misc]
        except ValidationError:
            error = ValidationError(self.get_violation_error_message(), code=self.name)
            raise (ValidationError({self.fields[0]: error}) if len(self.fields) == 1 else error) from None


class RuleSql(compiler.UpsertTriggerSql):
    """The installation of a rule's trigger: pgtrigger's own, less the session variable that would ignore it.

    The function looks names up in the schema it was installed in, temporary tables last: otherwise a session's own
    table named like one of ours would be judged by instead.
    """

    def get_template(self) -> str:
        return """
            CREATE OR REPLACE FUNCTION {pgid}() RETURNS TRIGGER AS $$
                {declare}
                BEGIN
                    {func}
                END;
            $$ LANGUAGE plpgsql;
            DO $$ BEGIN
                EXECUTE 'ALTER FUNCTION {pgid}() SET search_path = pg_catalog, '
                    || quote_ident(current_schema()) || ', pg_temp';
            END $$;
            DROP TRIGGER IF EXISTS {pgid} ON {table};
            CREATE {constraint} TRIGGER {pgid} {when} {operation} ON {table}
                {timing} {referencing} FOR EACH {level} {condition}
                EXECUTE PROCEDURE {execute};
            COMMENT ON TRIGGER {pgid} ON {table} IS '{hash}';
        """


class Rule(pgtrigger.Trigger):
    """A trigger that guards a rule. Its ``func`` calls ``aspire_refuse(name, values)`` for what it will not have.

    ``func`` is PL/pgSQL without BEGIN and END; ``{table}`` style placeholders are not filled.
    """

    def compile(self, model: Any) -> compiler.Trigger:
        return compiler.Trigger(
            name=self.name,
            sql=RuleSql(
                pgid=self.get_pgid(model),
                declare=self.render_declare(model),
                func=textwrap.dedent(self.render_func(model)).strip(),
                table=model._meta.db_table,
                constraint="CONSTRAINT" if self.timing else "",
                when=self.when,
                operation=self.operation,
                timing=f"DEFERRABLE INITIALLY {self.timing}" if self.timing else "",
                referencing=self.referencing or "",
                level=self.level,
                condition=self.render_condition(model),
            ),
        )


class AddRule(AddTrigger):
    """The installation of a rule as a step of a migration.

    A rule changes no column, so the models drawn so far stay as they are. pgtrigger's own step draws the model and all
    its neighbours anew for each trigger, which was half the time of making the tables.
    """

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        options = state.models[app_label, self.model_name].options
        options["triggers"] = [*options.get("triggers", []), self.trigger]


FEW = 50


def at_any_size(statement: str, *, rows: str, into: str = "") -> str:
    """PL/pgSQL that runs a statement over a trigger's ``rows``, be they one or many thousands.

    PL/pgSQL keeps the plan it made first: quick for the single rows it was made for, ruinous for a file. So many rows
    are planned anew each time.
    """
    statement = statement.strip().rstrip(";")
    target = f" INTO {into}" if into else ""
    kept = statement if into else re.sub(r"^SELECT", "PERFORM", statement)
    return f"""
        IF EXISTS (SELECT 1 FROM {rows} OFFSET {FEW}) THEN
            EXECUTE $plan${statement}$plan${target};
        ELSE
            {kept}{target};
        END IF;
    """


def never_truncated(name: str = "rows_never_truncated") -> Rule:
    """TRUNCATE would pass by every row's trigger, so it is refused wherever totals are kept or history is."""
    return Rule(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="PERFORM aspire_refuse('rows_never_truncated', jsonb_build_object('table', TG_TABLE_NAME)); RETURN NULL;",
    )


def kept(source: str, *, corrects: str = "", **truths: str) -> list[Rule]:
    """Columns kept by triggers alone: whatever anybody writes into them becomes what the rows behind them add up to.

    So no counter can be forged, at no depth of triggers, and a stale copy that is saved does no harm. The row is locked
    before its trigger runs, so the sum misses nobody's rows. ``truths``: the aggregate for each column over ``source``,
    which may name NEW. ``corrects``: the table to be corrected after the update instead of before it, where a trigger
    before every update would cost the row's generated columns anew each time.
    """
    changed = pgtrigger.Condition(" OR ".join(f'NEW."{column}" IS DISTINCT FROM OLD."{column}"' for column in truths))
    filled = pgtrigger.Condition(" OR ".join(f'NEW."{column}" <> 0' for column in truths))
    columns = ", ".join(f'NEW."{column}"' for column in truths)
    zero = " ".join(f'NEW."{column}" := 0;' for column in truths)
    sums = ", ".join(truths.values())
    before = Rule(
        name="kept_on_update",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=changed,
        func=f"SELECT {sums} INTO {columns} FROM {source}; RETURN NEW;",
    )
    after = Rule(
        name="a_kept_on_update",  # the first of the triggers, which go by name: the others judge the true sums
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        condition=changed,
        func=f"""
            IF ROW({columns}) IS DISTINCT FROM (SELECT ROW({sums}) FROM {source}) THEN
                UPDATE {corrects} SET ({", ".join(truths)}) = (SELECT {sums} FROM {source}) WHERE id = NEW.id;
            END IF;
            RETURN NULL;
        """,
    )
    on_insert = Rule(
        name="kept_on_insert",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=filled,
        func=f"{zero} RETURN NEW;",
    )
    return [after if corrects else before, on_insert]


def referred_to(*references: str) -> Rule:
    """A row that others refer to keeps its place: it is neither deleted nor given another key.

    The foreign keys say so too, but at the end of the transaction: until then another row could take its place, with
    other terms or with empty counters. ``references``: ``table.column`` of those that refer to it.
    """
    found = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {column} = OLD.id)"
        for table, column in (reference.split(".") for reference in references)
    )
    return Rule(
        name="still_referred_to",
        when=pgtrigger.After,
        operation=pgtrigger.UpdateOf("id") | pgtrigger.Delete,
        func=f"""
            IF (TG_OP = 'DELETE' OR NEW.id <> OLD.id) AND ({found}) THEN
                PERFORM aspire_refuse('still_referred_to', '{{}}');
            END IF;
            RETURN NULL;
        """,
    )


# Where a rule must see what others have just committed, an older snapshot would hide it.
SEES_EVERYTHING = """
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION USING ERRCODE = 'serialization_failure',
            MESSAGE = 'aspire: terms, windows and fields of a call change at READ COMMITTED only';
    END IF;
"""
