"""How work is put in line: a person's own one after the other, so that nobody's many files delay another's one."""

import contextlib

from django.db import transaction
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
