"""Kinds whose rows are the records of one model, named by a code of their own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Self

from aspire.sheets.derived import named
from aspire.sheets.resources import StrictResource
from aspire.sheets.rows import SheetRow
from aspire.sheets.tables import copy, execute, next_ids, update
from aspire.workbooks.codes import Code
from aspire.workbooks.markup import Value
from aspire.workbooks.widgets import Choices


class Reference(Code):
    """A record of another table by its code or one of its names, all looked up once."""

    def __init__(self, records: Callable[[], Iterable[Any]], code: str, names: Sequence[str], what: str) -> None:
        super().__init__(self._names, what)
        self._records, self.code, self.names = records, code, (code, *names)

    @cached_property
    def records(self) -> list[Any]:
        return list(self._records())

    @cached_property
    def ids(self) -> dict[str, int]:
        """Code → key of the table."""
        return {getattr(record, self.code): record.pk for record in self.records}

    @property
    def offered(self) -> Choices:
        return [(getattr(record, self.code), str(record)) for record in self.records]

    def _names(self) -> dict[str, str]:
        return named((getattr(each, self.code), [getattr(each, name) for name in self.names]) for each in self.records)


class RecordResource(StrictResource):
    """Every row is one record: a known code changes it, a new code makes it.

    The whole table is read, and locked while a file is saved.
    """

    @cached_property
    def records(self) -> dict[str, Any]:
        """Every record by its key."""
        return {getattr(record, self.key[0]): record for record in self.for_export(self.get_queryset())}

    @cached_property
    def recorded(self) -> dict[str, Mapping[str, Value]]:
        """Every record's values by its key."""
        return {key: self.values(record) for key, record in self.records.items()}

    @cached_property
    def references(self) -> dict[str, Reference]:
        """The columns that name a record of another table."""
        return {name: widget for name, widget in self.widgets.items() if isinstance(widget, Reference)}

    def stored(self, keys: Iterable[str]) -> dict[str, Any]:
        return {key: self.records[key] for key in keys if key in self.records}

    def all_keys(self) -> Iterable[str]:
        return self.records

    def state(self, stored: Mapping[str, Any]) -> Any:
        return [self.recorded, *(sorted(reference.ids) for reference in self.references.values())]

    def locked(self) -> Self:
        execute(f'LOCK TABLE "{self._meta.model._meta.db_table}" IN SHARE ROW EXCLUSIVE MODE')
        return type(self)()

    def write(self, new: Sequence[SheetRow], changed: Sequence[SheetRow]) -> None:
        ids = next_ids(self._meta.model._meta.db_table, len(new))
        self._write(copy, zip(ids, (row.values for row in new), strict=True))
        self._write(update, ((row.object_id, row.values) for row in changed))

    def _write(self, write: Any, rows: Iterable[tuple[Any, Mapping[str, Any]]]) -> None:
        ready = [(pk, self._as_columns(values)) for pk, values in rows]
        if ready:
            columns = list(ready[0][1])
            leading = ["id"] if write is copy else []
            write(self._meta.model, [*leading, *columns], ([pk, *values.values()] for pk, values in ready))

    def _as_columns(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """A row's values by column of the table."""
        keys = {f"{name}_id": reference.ids.get(values[name]) for name, reference in self.references.items()}
        return keys | {name: value for name, value in values.items() if name not in self.references}
