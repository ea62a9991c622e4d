"""Mail leaves by a worker: a page never waits for the mail server, and one that is down costs no message."""

from django.core.mail import EmailMessage, EmailMultiAlternatives
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

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
