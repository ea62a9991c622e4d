"""How a file is checked: small ones at once, long ones by a worker, so that the page can be left and stopped."""

import datetime
import hashlib
from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from aspire.models import KEPT_FOR, ImportRecord, Upload
from aspire.people import Person
from aspire.sheets.kinds import opened
from aspire.sheets.mapping import Meaning
from aspire.sheets.resources import StrictResource
from aspire.sheets.results import is_outdated, restore, unreadable
from aspire.sheets.saving import LookAgain, save
from aspire.tasks.queue import enqueue
from aspire.workbooks.faults import Unreadable

AT_ONCE_BYTES = 256 * 1024
SILENT_FOR = datetime.timedelta(seconds=30)


class Cancelled(Exception):  # noqa: N818 - what the officer did
    """The sender stopped the check."""


def receive(data: bytes, *, kind: StrictResource, by: Person, file_name: str, reason: str = "") -> Upload:
    """Keep a file for its sender and begin to check it; whatever has expired is thrown away."""
    now = timezone.now()
    Upload.objects.expired(at=now).delete()
    upload = Upload.objects.create(
        user=by,
        kind=kind.name,
        call_code=kind.call_code,
        reason=reason,
        file_name=file_name[-255:],
        sha256=hashlib.sha256(data).hexdigest(),
        data=data,
        uploaded_at=now,
        beat_at=now,
        expires_at=now + KEPT_FOR,
    )
    begin(upload)
    return upload


def begin(upload: Upload) -> None:
    """Check a short file now and put a long one in line for a worker."""
    if len(upload.data) <= AT_ONCE_BYTES:
        check(upload.pk)
    else:
        enqueue(check_in_turn, person=upload.user_id, once=f"check:{upload.pk}", pk=str(upload.pk))


@app.task(name="check_file", queue="files")
def check_in_turn(pk: str) -> None:
    """Check an upload that still waits for it; one that was stopped or thrown away meanwhile is passed over."""
    if Upload.objects.filter(pk=pk, state=Upload.State.CHECKING).exists():
        check(UUID(pk))


def check(pk: UUID) -> None:
    """Compute and keep the result of an upload, saying how far it is; ends silently where the sender has stopped it."""
    upload = Upload.objects.get(pk=pk)

    def step(done: int, total: int) -> None:
        seen = {"done": done, "total": total, "beat_at": timezone.now()}
        if not Upload.objects.filter(pk=pk, state=Upload.State.CHECKING).update(**seen):
            raise Cancelled

    how = {"received_at": upload.uploaded_at, "reason": upload.reason, "step": step, "decisions": upload.decisions}
    how["meaning"] = Meaning(**upload.meaning)
    try:
        result = kind_of(upload).check(bytes(upload.data), file_name=upload.file_name, **how)
    except Unreadable as cannot:
        result = unreadable(cannot.fault)
    except Cancelled:
        return
    checked = {"plan": result.as_json(), "state": Upload.State.CHECKED}
    Upload.objects.filter(pk=pk, state=Upload.State.CHECKING).update(**checked)


def kind_of(upload: Upload) -> StrictResource:
    """The kind of sheet that was sent, opened for its call and sender. Raises ObjectDoesNotExist where that is gone."""
    kind = opened(upload.kind, upload.call_code)
    kind.user = upload.user
    return kind


def is_stuck(upload: Upload, *, at: datetime.datetime) -> bool:
    """Whether the check has been silent for so long that its process must have ended."""
    return upload.state == Upload.State.CHECKING and at - upload.beat_at > SILENT_FOR


def cancel(upload: Upload) -> None:
    """Stop an upload that is not saved; its content is thrown away at once."""
    Upload.objects.waiting().filter(pk=upload.pk).update(state=Upload.State.CANCELLED, data=b"", plan=None)


@transaction.atomic
def confirm(upload: Upload, *, by: Person) -> ImportRecord | None:
    """Save what an upload would do, once: a second confirmation finds it saved and answers with the same record.

    Raises LookAgain or IsBlocked as ``save`` does; None where the upload is not ready or was cancelled.
    """
    locked = Upload.objects.select_for_update().get(pk=upload.pk)
    if locked.state == Upload.State.SAVED:
        return locked.record
    if locked.state != Upload.State.CHECKED or locked.plan is None:
        return None
    if is_outdated(locked.plan):
        raise LookAgain
    record = save(
        restore(locked.plan),
        kind=kind_of(locked),
        by=by,
        file_name=locked.file_name,
        sha256=locked.sha256,
        received_at=locked.uploaded_at,
        reason=locked.reason,
    )
    locked.state, locked.record, locked.data, locked.plan = Upload.State.SAVED, record, b"", None
    locked.save()
    return record


def decide(upload: Upload, **said: Mapping[str, object]) -> None:
    """Keep what the sender says of likely twins (``decisions``) or of the file's ``meaning``, and look again."""
    if Upload.objects.waiting().filter(pk=upload.pk).update(**said):
        upload.refresh_from_db()
        look_again(upload)


def look_again(upload: Upload) -> None:
    """Compute the result anew against what is stored now."""
    state = {"state": Upload.State.CHECKING, "done": 0, "plan": None, "beat_at": timezone.now()}
    if Upload.objects.waiting().filter(pk=upload.pk).update(**state):
        begin(upload)
