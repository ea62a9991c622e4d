"""What every storey above stands on: the four roles, the refusing function, the fiscal year, the cache table."""

from django.core.management import call_command
from django.db import migrations

ROLES = ["officer", "reviewer", "manager", "administrator"]

FUNCTIONS = """
CREATE FUNCTION aspire_refuse(rule text, detail jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = rule,
        MESSAGE = 'aspire: ' || rule, DETAIL = detail::text;
END;
$$;

-- The calendar year in which the Japanese fiscal year (April to March) of a day begins.
CREATE FUNCTION aspire_fiscal_year(day date) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT extract(year FROM day - interval '3 months')::integer;
$$;
"""


def make_roles(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    for name in ROLES:
        group.objects.get_or_create(name=name)


def make_cache_table(apps, schema_editor):
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    initial = True
    dependencies = [("auth", "0012_alter_user_first_name_max_length")]
    operations = [
        migrations.RunSQL(
            FUNCTIONS, "DROP FUNCTION aspire_refuse(text, jsonb); DROP FUNCTION aspire_fiscal_year(date);"
        ),
        migrations.RunPython(make_roles, migrations.RunPython.noop),
        migrations.RunPython(make_cache_table, migrations.RunPython.noop),
    ]
