"""Files that were sent and wait in the store of documents until their sender confirms them: for a day at most."""

import datetime
import uuid
from pathlib import PurePosixPath

from django.core import signing
from django.core.files import File
from django.core.files.storage import storages

from aspire.people import Person

FOLDER = "sent"
KEPT_FOR = datetime.timedelta(days=1)


class Gone(Exception):  # noqa: N818 - what became of it
    """The file waits no more, or never did for this person."""


def put(file: "File[bytes]", *, about: str, by: Person) -> str:
    """Keep a file until it is confirmed; what is answered names it, with what it is ``about``, for its sender alone."""
    path = storages["documents"].save(f"{FOLDER}/{uuid.uuid4()}", file)
    return signing.dumps([path, about, by.pk], salt=FOLDER)


def find(token: str, *, by: Person) -> "tuple[File[bytes], str]":
    """The file that waits, and what it is about. Raises Gone."""
    try:
        path, about, sender = signing.loads(token, salt=FOLDER, max_age=KEPT_FOR)
        if sender != by.pk:
            raise Gone
        return storages["documents"].open(path), about
    except (signing.BadSignature, OSError) as error:
        raise Gone from error


def forget(file: "File[bytes]") -> None:
    """Throw a file away that waits no more."""
    file.close()
    storages["documents"].delete(f"{FOLDER}/{PurePosixPath(str(file.name)).name}")


def purge(*, at: datetime.datetime) -> int:
    """Throw away the files that nobody confirmed in a day; how many they were."""
    storage = storages["documents"]
    try:
        _folders, names = storage.listdir(FOLDER)
    except FileNotFoundError:  # nobody has sent any yet
        return 0
    old = [name for name in names if storage.get_modified_time(f"{FOLDER}/{name}") < at - KEPT_FOR]
    for name in old:
        storage.delete(f"{FOLDER}/{name}")
    return len(old)
