from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('proposals', '0012_zips_of_documents'),
    ]

    operations = [
        migrations.AddField(
            model_name='proposal',
            name='institution_key',
            field=models.GeneratedField(db_persist=True, expression=models.Func('institution', function='aspire_search_key'), output_field=models.TextField(db_collation='C')),
        ),
    ]
