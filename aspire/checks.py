"""What Django checks about the database before it migrates."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import Error, Tags, register
from django.db import connections

OLDEST_POSTGRESQL = 15


@register(Tags.database)
def postgresql_is_recent(databases: Sequence[str] | None = None, **_: Any) -> list[Error]:
    """The rules use what PostgreSQL can do from version 15 on."""
    found = []
    for alias in databases or []:
        with connections[alias].temporary_connection():
            version = connections[alias].pg_version // 10_000  # type: ignore[attr-defined]
        if version < OLDEST_POSTGRESQL:
            sentence = f"DATABASE_URL names a PostgreSQL {version}; ASPIRE needs {OLDEST_POSTGRESQL} or newer."
            found.append(Error(sentence, id="aspire.E001"))
    return found
