"""How work is put in line, and what a worker does by the clock.

A person's own work is done one after the other, so that nobody's many files delay another's one.
"""

import contextlib

from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.management import call_command
from django.db import connection, transaction
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.tasks import Task
from procrastinate.types import JSONValue


def enqueue(task: Task[[str], None, [str]], *, person: int, once: str, **arguments: JSONValue) -> None:
    """Put one piece of a person's work in line, unless it waits there already.

    A worker takes the next piece of a person only when the one before has ended. The piece is in line when the
    surrounding transaction is committed, and never without it.
    """
    with contextlib.suppress(AlreadyEnqueued), transaction.atomic():
        task.configure(lock=f"person:{person}", queueing_lock=once).defer(**arguments)


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


# A minute, then ever longer: the last of eight tries is made after about four hours.
PATIENTLY = RetryStrategy(max_attempts=8, wait=56, exponential_wait=4)


def send_later(message: EmailMessage) -> None:
    """Put a message in line, with its HTML form where it has one; attachments are not carried."""
    html = next((part.content for part in getattr(message, "alternatives", []) if part.mimetype == "text/html"), "")
    send.defer(
        subject=str(message.subject),
        body=str(message.body),
        sender=message.from_email,
        to=list(message.to),
        headers=dict(message.extra_headers),
        html=html,
    )


@app.task(name="send_mail", queue="mail", retry=PATIENTLY)
def send(*, subject: str, body: str, sender: str, to: list[str], headers: dict[str, str], html: str) -> None:
    """Hand one message to the mail server. Raises what the server answers, and is then tried again later."""
    message = EmailMultiAlternatives(subject, body, sender, to, headers=headers)
    if html:
        message.attach_alternative(html, "text/html")
    message.send()
