from django.conf import settings
from django.db import migrations, models


IN_OUR_SCHEMA = "SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true)"


class Migration(migrations.Migration):

    dependencies = [
        ('proposals', '0015_words'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='savedview',
            name='path',
            field=models.CharField(db_default='/explore/', default='/explore/', max_length=200, verbose_name='page'),
        ),
        migrations.AddField(
            model_name='savedviewevent',
            name='path',
            field=models.CharField(db_default='/explore/', default='/explore/', max_length=200, verbose_name='page'),
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.CheckConstraint(condition=models.Q(('path__regex', '^/(explore|proposals|proposals/follow-ups|awards/[A-Z0-9-]+|calls/[A-Z0-9-]+/assignments)/$')), name='saved_view_of_a_list', violation_error_code='saved_view_of_a_list'),
        ),
        migrations.RunSQL(IN_OUR_SCHEMA, ""),
        migrations.RunSQL("SELECT aspire_track('proposals_savedview', 'proposals_savedviewevent')", ""),
    ]
