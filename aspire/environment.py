"""The environment that the settings are read from: an unsafe variable stops the start with one line."""

import re
import secrets
import sys
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from environs import Env

env = Env()


def mode() -> str:
    """A deployment names its database. Without one this is somebody's own machine: loopback, embedded PostgreSQL."""
    return env.str("ASPIRE_MODE", "production" if env.str("DATABASE_URL", "") else "local")


def program() -> str:
    """What the database is told of who connects, and what its history names where nobody is signed in."""
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]])[:60]


def refuse(name: str, demand: str, *, when: bool) -> None:
    """Stop the start where an environment variable is unsafe, with one line that names it."""
    if when:
        raise ImproperlyConfigured(f"{name} {demand}{' in production' if mode() == 'production' else ''}.")


def required(name: str) -> str:
    """The value of an environment variable that production cannot do without."""
    value = env.str(name, "")
    refuse(name, "must be set", when=not value)
    return value


def database(name: str) -> dict[str, Any]:
    """The server that an environment variable names, as Django wants it."""
    named: dict[str, Any] = env.dj_db_url(name)
    is_postgresql = named["ENGINE"] == "django.db.backends.postgresql"
    refuse(name, "must name a PostgreSQL server (postgres://…)", when=not is_postgresql)
    named["OPTIONS"] = {"connect_timeout": 5, "tcp_user_timeout": 15_000, "application_name": program()} | named.get(
        "OPTIONS", {}
    )
    return named


def documents(folder: Path) -> dict[str, Any]:
    """Where documents are kept: in a folder, or in the bucket of S3 that ``DOCUMENTS_BUCKET`` names.

    The same content has the same name, so that writing it again changes nothing.
    """
    if bucket := env.str("DOCUMENTS_BUCKET", ""):
        endpoint = env.str("DOCUMENTS_ENDPOINT", "") or None
        return {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {"bucket_name": bucket, "endpoint_url": endpoint, "default_acl": "private"},
        }
    location = env.str("DOCUMENTS_FOLDER", "") or folder
    options = {"location": location, "allow_overwrite": True, "file_permissions_mode": 0o600}
    return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}


def scanner() -> str:
    """Where clamd answers, as a path or as host:port; empty where documents are not scanned."""
    named = env.str("CLAMD", "")
    is_place = named.startswith("/") or re.fullmatch(r"[^/]+:[0-9]{1,5}", named, re.ASCII)
    refuse("CLAMD", "must be the path of a socket or host:port", when=bool(named) and not is_place)
    return named


def is_https(origin: str) -> bool:
    return origin.startswith("https://")


def is_time(text: str) -> bool:
    """Whether PostgreSQL reads it as a time that ends."""
    return re.fullmatch(r"[1-9]\d{0,6}(ms|s|min)", text, re.ASCII) is not None


def local_secret_key(folder: Path) -> str:
    """A key of this machine's own, made at the first start and kept in the folder."""
    path = folder / "secret_key"
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(secrets.token_urlsafe(50))
            path.chmod(0o600)
        return path.read_text()
    except OSError as error:
        reason = f"{folder} cannot be used ({error.strerror}); have it written to, or set SECRET_KEY and DATABASE_URL"
        raise ImproperlyConfigured(f"{reason}.") from error
