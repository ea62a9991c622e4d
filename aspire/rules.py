"""How a rule is written into PostgreSQL: a named constraint, or a named trigger that no session setting can switch off."""

import textwrap
from typing import Any

import pgtrigger
from django.db import models
from pgtrigger import compiler

from aspire.refusals import CATALOGUE


class Check(models.CheckConstraint):
    """A check whose sentence stands in the catalogue of refusals under the constraint's name."""

    def get_violation_error_message(self) -> str:
        return str(CATALOGUE[self.name]) % {"name": self.name}

    def validate(self, *args: Any, **kwargs: Any) -> None:
        self.violation_error_code = self.name
        super().validate(*args, **kwargs)


class Unique(models.UniqueConstraint):
    """A uniqueness rule whose sentence stands in the catalogue of refusals under the constraint's name."""

    def __init__(self, *expressions: Any, **kwargs: Any) -> None:
        kwargs.setdefault("violation_error_code", kwargs["name"])
        super().__init__(*expressions, **kwargs)

    def get_violation_error_message(self) -> str:
        return str(CATALOGUE[self.name]) % {"name": self.name}


class RuleSql(compiler.UpsertTriggerSql):
    """The installation of a rule's trigger: pgtrigger's own, less the session variable that would ignore it."""

    def get_template(self) -> str:
        return """
            CREATE OR REPLACE FUNCTION {pgid}() RETURNS TRIGGER AS $$
                {declare}
                BEGIN
                    {func}
                END;
            $$ LANGUAGE plpgsql;
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


def never_truncated(name: str = "rows_never_truncated") -> Rule:
    """TRUNCATE would pass by every row's trigger, so it is refused wherever totals are kept or history is."""
    return Rule(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="PERFORM aspire_refuse('rows_never_truncated', jsonb_build_object('table', TG_TABLE_NAME)); RETURN NULL;",
    )


def kept(*columns: str) -> list[Rule]:
    """Columns kept by triggers alone: what anybody else writes into them is set back, so no counter can be forged."""
    changed = " OR ".join(f'NEW."{column}" IS DISTINCT FROM OLD."{column}"' for column in columns)
    filled = " OR ".join(f'NEW."{column}" <> 0' for column in columns)
    back = " ".join(f'NEW."{column}" := OLD."{column}";' for column in columns)
    zero = " ".join(f'NEW."{column}" := 0;' for column in columns)
    return [
        Rule(
            name="kept_on_update",
            when=pgtrigger.Before,
            operation=pgtrigger.Update,
            condition=pgtrigger.Condition(f"pg_trigger_depth() = 0 AND ({changed})"),
            func=f"{back} RETURN NEW;",
        ),
        Rule(
            name="kept_on_insert",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert,
            condition=pgtrigger.Condition(filled),
            func=f"{zero} RETURN NEW;",
        ),
    ]
