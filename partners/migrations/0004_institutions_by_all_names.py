import django.db.models.deletion
from django.db import migrations, models


# What was written as an address keeps its ID; what is none is left out, and history keeps it.
ROR_IDS = r"""
DO $$ BEGIN
    IF EXISTS (SELECT FROM partners_institution WHERE ror_id <> '') THEN
        UPDATE partners_institution
           SET ror_id = coalesce(substring(lower(ror_id) from '(0[0-9a-hjkmnp-tv-z]{6}[0-9]{2})/?\s*$'), '')
         WHERE ror_id !~ '^0[0-9a-hjkmnp-tv-z]{6}[0-9]{2}$' AND ror_id <> '';
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0003_text_is_whole"),
    ]

    operations = [
        migrations.RunSQL(ROR_IDS, ""),
        migrations.CreateModel(
            name="InstitutionName",
            fields=[
                ("key", models.TextField(db_collation="C", primary_key=True, serialize=False)),
            ],
            options={
                "verbose_name": "name of an institution",
                "verbose_name_plural": "names of institutions",
            },
        ),
        migrations.AddField(
            model_name="institution",
            name="erad_code",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="10 digits",
                max_length=10,
                verbose_name="e-Rad institution code",
            ),
        ),
        migrations.AddField(
            model_name="institutionevent",
            name="erad_code",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="10 digits",
                max_length=10,
                verbose_name="e-Rad institution code",
            ),
        ),
        migrations.AlterField(
            model_name="institution",
            name="ror_id",
            field=models.CharField(blank=True, help_text="https://ror.org/…", max_length=60, verbose_name="ROR ID"),
        ),
        migrations.AlterField(
            model_name="institutionevent",
            name="ror_id",
            field=models.CharField(blank=True, help_text="https://ror.org/…", max_length=60, verbose_name="ROR ID"),
        ),
        migrations.AddConstraint(
            model_name="institution",
            constraint=models.CheckConstraint(
                condition=models.Q(("erad_code", ""), ("erad_code__regex", "^[0-9]{10}$"), _connector="OR"),
                name="institution_erad_form",
                violation_error_code="institution_erad_form",
            ),
        ),
        migrations.AddConstraint(
            model_name="institution",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ror_id", ""), ("ror_id__regex", "^0[0-9a-hjkmnp-tv-z]{6}[0-9]{2}$"), _connector="OR"
                ),
                name="institution_ror_form",
                violation_error_code="institution_ror_form",
            ),
        ),
        migrations.AddField(
            model_name="institutionname",
            name="institution",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="names", to="partners.institution"
            ),
        ),
    ]
