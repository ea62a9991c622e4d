"""What is to be looked into is raised."""

from pathlib import Path

from django.db import migrations

FILES = Path(__file__).with_suffix("")
# Every function of ours looks names up here, temporary tables last, and keeps that path.
IN_OUR_SCHEMA = "SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true)"


class Migration(migrations.Migration):
    dependencies = [("proposals", "0010_who_takes_part")]
    operations = [
        migrations.RunSQL(IN_OUR_SCHEMA),
        *(migrations.RunSQL((FILES / f"{name}.sql").read_text()) for name in ("history", "proposals", "raised", "text",)),
    ]
