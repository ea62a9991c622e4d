"""Whether this installation can serve: the questions of an operator, each answered by what is wrong and how to mend it.

``/readyz`` asks those that decide whether people should be sent here, ``manage.py doctor`` asks all. A package above
adds its own by ``register``.
"""

import datetime
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.checks import CheckMessage
from django.db import DEFAULT_DB_ALIAS, connection
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django.models import ProcrastinateWorker

from aspire.history import is_believed
from aspire.operations import checks, pooler, unavailable
from aspire.operations import server as web
from aspire.operations.schema import State, state

Fault = str | Promise
SILENT = datetime.timedelta(minutes=1)  # a worker gives a sign of life every ten seconds
CLOCK_SECONDS = 2
BACKUP = datetime.timedelta(hours=36)  # a day, and half a day for who looks in the morning

NOT_BELIEVED = _(
    "The database does not know the key of this program, so nothing that anybody enters can be saved. "
    "Run python manage.py migrate with the same SECRET_KEY."
)
NO_WORKER = _(
    "No worker has given a sign of life for a minute; files are not checked and no mail is sent. Start one: python "
    "manage.py procrastinate worker"
)
CLOCKS_DIFFER = _(
    "The clocks of this machine and of the database are %(seconds)s seconds apart. "
    "Have both follow the same time server."
)
UNBOUND = _(
    "Behind the pooler a page may wait for ever. "
    "Set connect_query in the pooler as the operator's guide says (More than one machine)."
)
NO_BACKUP = _(
    "The last backup that is known of was finished %(at)s. Look at the log of the backup, make one, and touch the file "
    "that BACKUP_STAMP names when it is whole."
)
NEVER_BACKED_UP = _(
    "The file that BACKUP_STAMP names is not there. Make a backup, and touch that file when it is whole."
)
UNEXPECTED = _("this question could not be asked. Run: python manage.py check --database default")
NOT_TOLD = _("not known: BACKUP_STAMP names no file that your backup touches when it is whole")


@dataclass(frozen=True)
class Answer:
    """What a question found: a fault with its remedy, or none; ``note`` says what else an operator may want to know."""

    subject: str
    fault: Fault = ""
    note: Fault = ""

    def __str__(self) -> str:
        return f"{self.subject}: {self.fault or self.note or 'ok'}"


Question = Callable[[], Fault]
_questions: dict[str, tuple[Question, bool]] = {}


class NotKnown(Exception):  # noqa: N818 - no error: nobody told ASPIRE where to look
    """A question has no answer here, for the reason given."""


def register(subject: str, question: Question, *, decides: bool = False) -> None:
    """Add a question; ``decides`` where nobody should be sent to an installation that fails it."""
    _questions[subject] = question, decides


def answers(*, only_deciding: bool = False) -> Iterator[Answer]:
    """Ask one question after the other; without a database, none of those that come after it."""
    for subject, (question, decides) in _questions.items():
        if decides or not only_deciding:
            found = answer(subject, question)
            yield found
            if subject == "database" and found.fault:
                return


def answer(subject: str, question: Question) -> Answer:
    try:
        return Answer(subject, question())
    except NotKnown as not_known:
        return Answer(subject, note=not_known.args[0])
    except Exception as error:  # whatever it is, the other questions are asked as well
        return Answer(subject, unavailable.reason_of(error) or f"{type(error).__name__}: {UNEXPECTED}")


def server() -> Fault:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return first(checks.postgresql_is_recent)


def roles() -> Fault:
    return first(checks.application_is_not_the_owner)


def way() -> Fault:
    """The pooler, where there is one: of a mode that fits, and with the bounds that it alone can set."""
    found = pooler.fault()
    if found or not settings.DATABASE_POOLED:
        return found
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout') = '0' OR current_setting('statement_timeout') = '0'")
        return UNBOUND if cursor.fetchone()[0] else ""


def schema() -> Fault:
    found = state()
    return found.fault if found in {State.OTHER, State.AHEAD} else ""


def migrations() -> Fault:
    found = state()
    return found.fault if found is State.BEHIND else ""


def history() -> Fault:
    return "" if is_believed() else NOT_BELIEVED


def workers() -> Fault:
    is_alive = ProcrastinateWorker.objects.filter(last_heartbeat__gt=timezone.now() - SILENT).exists()
    return "" if is_alive else NO_WORKER


def static_files() -> Fault:
    return "" if web.has_static_files() else web.NOT_COLLECTED


def clock() -> Fault:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        apart = round(abs(cursor.fetchone()[0] - time.time()))
    return CLOCKS_DIFFER % {"seconds": apart} if apart > CLOCK_SECONDS else ""


def backup() -> Fault:
    """When the last one was finished, by the file that it touches."""
    if not settings.BACKUP_STAMP:
        raise NotKnown(NOT_TOLD)
    try:
        at = datetime.datetime.fromtimestamp(Path(settings.BACKUP_STAMP).stat().st_mtime, tz=datetime.UTC)
    except OSError:
        return NEVER_BACKED_UP
    is_old = timezone.now() - at > BACKUP
    return NO_BACKUP % {"at": f"{timezone.localtime(at):%Y-%m-%d %H:%M}"} if is_old else ""


def first(check: Callable[..., Sequence[CheckMessage]]) -> str:
    """What one of Django's checks of the database says, which ``check`` and ``migrate`` ask as well."""
    return next((str(message.msg) for message in check(databases=[DEFAULT_DB_ALIAS])), "")


register("static files", static_files, decides=True)
register("database", server, decides=True)
register("schema", schema, decides=True)
register("migrations", migrations, decides=True)
register("history", history, decides=True)
register("workers", workers, decides=True)
register("roles", roles)
register("pooler", way)
register("clock", clock)
register("backup", backup)
