"""Kinds whose rows are the records of one model, named by a code of their own."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from aspire.people import Person
from aspire.sheets.kinds import Kind, New, TypedResource
from aspire.sheets.plans import PlannedRow, Sending
from aspire.sheets.saving import copy, execute, next_ids, update
from aspire.workbooks.markup import Value


class RecordKind(Kind):
    """Every row is one record: a known code changes it, a new code makes it.

    The columns are those of the ``resource``; the whole table is read, and locked while a file is saved.
    """

    new = New.NAMED
    resource: ClassVar[type[TypedResource]]

    @cached_property
    def mapping(self) -> TypedResource:
        return self.resource()

    @cached_property
    def records(self) -> dict[str, Any]:
        """Every record by its key."""
        return {getattr(record, self.key[0]): record for record in self.for_export(self.model.objects.all())}

    @cached_property
    def recorded(self) -> dict[str, Mapping[str, Value]]:
        """Every record's values by its key."""
        return {key: self.values(record) for key, record in self.records.items()}

    def listed(self, user: Person | None) -> Any:
        return self.model.objects.all()

    def stored(self, keys: Iterable[str]) -> dict[str, Any]:
        return {key: self.records[key] for key in keys if key in self.records}

    def all_keys(self) -> Iterable[str]:
        return self.records

    def values(self, record: Any) -> Mapping[str, Value]:
        return self.mapping.values(record)

    def state(self, stored: Mapping[str, Any]) -> Any:
        return self.recorded

    def locked(self) -> Kind:
        execute(f'LOCK TABLE "{self.model._meta.db_table}" IN SHARE ROW EXCLUSIVE MODE')
        return type(self)()

    def written(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """A row's values by column of the table."""
        return dict(values)

    def save(self, new: Sequence[PlannedRow], changed: Sequence[PlannedRow], sending: Sending) -> None:
        ids = next_ids(self.model._meta.db_table, len(new))
        self._write(copy, zip(ids, (row.values for row in new), strict=True))
        self._write(update, ((row.pk, row.values) for row in changed))

    def _write(self, write: Any, rows: Iterable[tuple[Any, Mapping[str, Any]]]) -> None:
        ready = [(pk, self.written(values)) for pk, values in rows]
        if ready:
            columns = list(ready[0][1])
            leading = ["id"] if write is copy else []
            write(self.model, [*leading, *columns], ([pk, *values.values()] for pk, values in ready))
