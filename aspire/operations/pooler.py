"""Whether a pooler stands before PostgreSQL, and whether it gives what ASPIRE needs and was told of.

Behind PgBouncer in transaction mode every transaction may meet another session of the server: a cursor or a setting
that outlives its transaction is gone, or is somebody else's. ``DATABASE_POOLED`` says so, and neither is used then.
"""

import uuid

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NOT_TOLD = _(
    "DATABASE_URL leads through a pooler in transaction mode, and ASPIRE does not know. Set DATABASE_POOLED=1, or have "
    "DATABASE_URL name PostgreSQL itself."
)
NO_TRANSACTIONS = _(
    "DATABASE_URL leads through a pooler in statement mode, in which nothing can be saved as a whole. Set "
    "pool_mode = transaction in the pooler, and DATABASE_POOLED=1."
)


def fault(using: str = DEFAULT_DB_ALIAS) -> str | Promise:
    """What is wrong with the way to the database, with the remedy; empty where nothing is."""
    if not stands_before(using):
        return ""
    if not has_transactions(using):
        return NO_TRANSACTIONS
    return NOT_TOLD if not settings.DATABASE_POOLED and shares_sessions(using) else ""


def stands_before(using: str = DEFAULT_DB_ALIAS) -> bool:
    """A pooler names, as the process to talk to, one that does not exist."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return bool(cursor.fetchone()[0] != cursor.connection.info.backend_pid)


def has_transactions(using: str) -> bool:
    try:
        with transaction.atomic(using), connections[using].cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        if "statement pooling mode" not in str(error):
            raise
        connections[using].close()
        return False
    return True


def shares_sessions(using: str) -> bool:
    """Whether a connection finds what another one, closed before, has left behind in the session of the server."""
    mark = uuid.uuid4().hex
    found = []
    for left_behind in (mark, ""):
        passing = connections[using].copy()
        try:
            with passing.cursor() as cursor:
                cursor.execute("SELECT current_setting('aspire.left_behind', true)")
                found.append(cursor.fetchone()[0])
                cursor.execute("SELECT set_config('aspire.left_behind', %s, false)", [left_behind])
        finally:
            passing.close()
    return bool(found[-1] == mark)
