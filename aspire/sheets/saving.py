"""How a result that was shown is saved: under lock, all of it or nothing; PostgreSQL's own rules are the last judge."""

import datetime

from django.db import transaction

from aspire.models import ImportRecord
from aspire.people import Person
from aspire.sheets.resources import StrictResource
from aspire.sheets.results import SheetResult
from aspire.sheets.rows import CREATE


class LookAgain(Exception):  # noqa: N818 - what the officer is asked to do
    """Something the result was computed from has changed since it was shown."""


class IsBlocked(Exception):  # noqa: N818 - said of the result
    """The result has a fault that blocks it."""


@transaction.atomic
def save(
    result: SheetResult,
    *,
    kind: StrictResource,
    by: Person,
    file_name: str,
    sha256: str,
    received_at: datetime.datetime,
    reason: str = "",
) -> ImportRecord:
    """Save the whole result and record it. Raises LookAgain, IsBlocked or what PostgreSQL refuses: nothing is saved.

    ``received_at`` is when new records count as received; ``reason`` excuses a time outside a call's window.
    """
    if result.is_blocked:
        raise IsBlocked
    kind = kind.locked()
    kind.user, kind.received_at, kind.reason = by, received_at, reason
    stored = kind.stored(row.key for row in result.rows if row.action != CREATE)
    if kind.basis(stored, result.rows) != result.basis:
        raise LookAgain
    return kind.write_down(result, file_name=file_name, sha256=sha256)
