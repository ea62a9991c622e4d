"""A name is of one institution."""

from pathlib import Path

from django.db import migrations

FILES = Path(__file__).with_suffix("")
# Every function of ours looks names up here, temporary tables last, and keeps that path.
IN_OUR_SCHEMA = "SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true)"


# Where two institutions have a name in common, it is the older one's until somebody decides.
NAMES = """
INSERT INTO partners_institutionname (key, institution_id)
SELECT of.key, i.id FROM partners_institution i CROSS JOIN LATERAL partners_names_of(i) of ORDER BY i.id
    ON CONFLICT DO NOTHING
"""
HISTORY = "SELECT aspire_track('partners_institution', 'partners_institutionevent')"


class Migration(migrations.Migration):
    dependencies = [("partners", "0004_institutions_by_all_names")]
    operations = [
        migrations.RunSQL(IN_OUR_SCHEMA),
        *(migrations.RunSQL((FILES / f"{name}.sql").read_text()) for name in ("institutions",)),
        migrations.RunSQL(HISTORY),
        migrations.RunSQL(NAMES),
    ]
