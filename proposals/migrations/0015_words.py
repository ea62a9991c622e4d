from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('proposals', '0014_flags_of_earlier_imports'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='tallyline',
            options={'verbose_name': 'line of a count', 'verbose_name_plural': 'lines of counts'},
        ),
        migrations.AlterField(
            model_name='conflict',
            name='kind',
            field=models.CharField(blank=True, choices=[('', 'none'), ('kin', 'relative'), ('same_institution', 'same laboratory or company'), ('joint_work', 'joint work within 5 years'), ('teacher', 'supervisor and student'), ('other', 'other')], default='', max_length=20, verbose_name='kind of interest'),
        ),
        migrations.AlterField(
            model_name='conflictevent',
            name='kind',
            field=models.CharField(blank=True, choices=[('', 'none'), ('kin', 'relative'), ('same_institution', 'same laboratory or company'), ('joint_work', 'joint work within 5 years'), ('teacher', 'supervisor and student'), ('other', 'other')], default='', max_length=20, verbose_name='kind of interest'),
        ),
    ]
