"""What goes out: the records a person may see, in the columns an import takes, and the record that they went."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import override

from aspire.models import ExportRecord
from aspire.people import Person
from aspire.sheets.resources import StrictResource
from aspire.workbooks.columns import StrictField
from aspire.workbooks.faults import Fault
from aspire.workbooks.writing import csv_bytes, template_bytes, workbook_bytes


def written(
    kind: StrictResource,
    records: Sequence[Any],
    columns: Sequence[StrictField],
    *,
    form: str,
    language: str,
    encoding: Any,
) -> tuple[bytes, list[Fault]]:
    """The file, and what its encoding could not hold. Raises Unwritable for a text that no cell can hold."""
    values = kind.rows(records, columns)
    with override(language):
        if form == "xlsx":
            notes = kind.notes(records)
            return workbook_bytes(str(kind.title), columns, values, language=language, notes=notes), []
        return csv_bytes([str(column.label) for column in columns], values, encoding=encoding)


def record(
    data: bytes,
    *,
    kind: str,
    by: Person | None,
    filters: Mapping[str, Any],
    columns: Sequence[StrictField],
    count: int,
    form: str,
) -> None:
    """Remember who took what."""
    ExportRecord.objects.create(
        user=by,
        kind=kind,
        filters=filters,
        columns=[column.name for column in columns],
        row_count=count,
        form=form,
        sha256=hashlib.sha256(data).hexdigest(),
        exported_at=timezone.now(),
    )


def template_of(kind: StrictResource, records: Sequence[Any], *, language: str) -> bytes:
    """The workbook to fill in, holding these records."""
    columns = kind.template_columns(records)
    filled = kind.rows(records, columns)
    with override(language):
        return template_bytes(columns, filled, title=kind.heading(), language=language, needed=kind.required)
