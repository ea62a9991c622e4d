"""What somebody else does between two statements of one request, on the same connection."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def just_before(statement: str, act: Callable[[], object]) -> Iterator[None]:
    """Let it happen once, before the first statement that begins so."""
    waiting = [act]

    def run(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if waiting and sql.startswith(statement):
            waiting.pop()()
        return execute(sql, *args)

    with connection.execute_wrapper(run):
        yield
    assert not waiting, f"{statement} was never asked for"
