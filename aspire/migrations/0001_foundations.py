"""What every storey above stands on: how rules refuse, the keys of Japanese text, the four roles, the cache table."""

from pathlib import Path

from django.core.management import call_command
from django.db import migrations

FILES = Path(__file__).with_suffix("")
# Every function of ours looks names up here, temporary tables last, and keeps that path.
IN_OUR_SCHEMA = "SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true)"
ROLES = ["officer", "reviewer", "manager", "administrator"]


def make_roles(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    for name in ROLES:
        group.objects.using(schema_editor.connection.alias).get_or_create(name=name)


def make_cache_table(apps, schema_editor):
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    initial = True
    dependencies = [("auth", "0012_alter_user_first_name_max_length")]
    operations = [
        migrations.RunSQL(IN_OUR_SCHEMA),
        *(migrations.RunSQL((FILES / f"{name}.sql").read_text()) for name in ("refusing", "kana")),
        migrations.RunPython(make_roles, migrations.RunPython.noop),
        migrations.RunPython(make_cache_table, migrations.RunPython.noop),
    ]
