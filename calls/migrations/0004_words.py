from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('calls', '0003_numbers_of_their_own'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='potslice',
            options={'ordering': ['call', 'fiscal_year'], 'verbose_name': 'annual limit', 'verbose_name_plural': 'annual limits'},
        ),
        migrations.AlterField(
            model_name='call',
            name='pot_yen',
            field=models.BigIntegerField(blank=True, help_text='empty where none is set', null=True, verbose_name='budget (yen)'),
        ),
        migrations.AlterField(
            model_name='call',
            name='taken_yen',
            field=models.BigIntegerField(default=0, editable=False, verbose_name='taken from the budget (yen)'),
        ),
        migrations.AlterField(
            model_name='callevent',
            name='pot_yen',
            field=models.BigIntegerField(blank=True, help_text='empty where none is set', null=True, verbose_name='budget (yen)'),
        ),
        migrations.AlterField(
            model_name='potslice',
            name='limit_yen',
            field=models.BigIntegerField(verbose_name='annual limit (yen)'),
        ),
        migrations.AlterField(
            model_name='potsliceevent',
            name='limit_yen',
            field=models.BigIntegerField(verbose_name='annual limit (yen)'),
        ),
    ]
