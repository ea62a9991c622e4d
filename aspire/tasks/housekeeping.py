"""What a worker does by the clock: take up what a dead worker left, throw away what has expired."""

from django.core.management import call_command
from django.db import connection
from procrastinate import JobContext
from procrastinate.contrib.django import app


@app.periodic(cron="* * * * *")
@app.task(name="take_up_stalled", queue="housekeeping", queueing_lock="take_up_stalled", pass_context=True)
async def take_up_stalled(context: JobContext, timestamp: int) -> None:
    """Put work back in line whose worker has given no sign of life for half a minute."""
    for job in await context.app.job_manager.get_stalled_jobs():
        await context.app.job_manager.retry_job(job)


@app.periodic(cron="17 * * * *")
@app.task(name="throw_away_expired", queue="housekeeping", queueing_lock="throw_away_expired")
def throw_away_expired(timestamp: int, **_options: object) -> None:
    """Throw away files that nobody came for, sessions that have ended, and counters that have run out."""
    call_command("purge_uploads", verbosity=0)
    call_command("clearsessions", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM aspire_cache WHERE expires < now()")
