"""How Django connects to the embedded PostgreSQL: the engine starts at the first connection, never before."""

import contextlib
import functools
from pathlib import Path
from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base
from psycopg import conninfo

from aspire.embedded.engine import PORT, Engine, EngineError

APPLICATION = "aspire_app"


@functools.cache
def socket_directory(data_directory: Path) -> str:
    """Start the engine on ``data_directory`` (created when missing) and return where its socket lies.

    Raises ImproperlyConfigured, naming ``DATABASE_URL`` as the way out, where it cannot start.
    """
    try:
        directory = str(Engine(data_directory).start())
        make_role(directory)
    except (EngineError, OSError, psycopg.OperationalError) as error:
        raise ImproperlyConfigured(
            f"The embedded PostgreSQL could not start in {data_directory} ({error}); "
            "set DATABASE_URL to a PostgreSQL 15 or newer, e.g. postgres://user@127.0.0.1:5432/aspire."
        ) from error
    return directory


def make_role(directory: str) -> None:
    """The cluster is made with its owner alone; the application's role is made at the first connection."""
    address = conninfo.make_conninfo(host=directory, port=PORT, user="postgres", dbname="postgres")
    with psycopg.connect(address, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APPLICATION]).fetchone():
            with contextlib.suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
                connection.execute(f"CREATE ROLE {APPLICATION} LOGIN")


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL, with the address filled in once the embedded engine runs."""

    def get_connection_params(self) -> dict[str, Any]:
        parameters = super().get_connection_params()
        parameters["host"] = socket_directory(Path(self.settings_dict["EMBEDDED_DATA_DIRECTORY"]))
        parameters["port"] = PORT
        return parameters
