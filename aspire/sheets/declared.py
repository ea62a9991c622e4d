"""What a kind of file declares: its fields, its records, who may send and take it."""

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Self, cast

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from import_export.resources import ModelResource

from aspire.people import Person
from aspire.roles import STAFF, Role
from aspire.sheets.derived import field_of
from aspire.sheets.rows import New, SheetRow
from aspire.untyped import Answered, Held, Passed
from aspire.workbooks.cells import Cell
from aspire.workbooks.columns import Grid, StrictField
from aspire.workbooks.faults import Fault
from aspire.workbooks.markup import Value
from aspire.workbooks.widgets import CLEAR, BadCell, StrictWidget


class Declared(ModelResource):
    """One kind of file, opened for one call or for none; an opened one has read what it knows once.

    A subclass declares its fields, ``Meta`` (model, ``import_id_fields``, order) and what is below; ``register`` makes
    it known to pages, admin and commands.
    """

    name: ClassVar[str]  # in addresses, commands and records
    title: ClassVar[Promise]  # what its rows are
    row_class: ClassVar[type[SheetRow]] = SheetRow  # how one row is judged
    new: New = New.NAMED
    named_by: ClassVar[str] = "name_ja"  # the column that says what a new record is called
    required: ClassVar[tuple[str, ...]] = ()  # what a new record needs
    never_empty: ClassVar[tuple[str, ...]] = ()  # what cannot be emptied later either
    unknown: ClassVar[str] = "key_unknown"  # said of a row that names nothing known
    do_not_call_in_templates: ClassVar[bool] = True  # a template may be given the class, and must not open it
    is_for_a_call: ClassVar[bool] = False
    goes_in_as: ClassVar[str] = ""  # the kind in which such rows go in, where this one only goes out
    shown_on: ClassVar[Any] = None  # the model whose list in the admin offers the files, where it is not its own
    totals: ClassVar[Promise] = _("Requested")  # what the yen of a file's rows are
    shipped_mappings: ClassVar[Mapping[str, Mapping[str, str]]] = {}  # by name, beside those that people saved
    compared: ClassVar[tuple[str, ...]] = ()  # the columns in which a likely twin is shown beside what it resembles
    twin_column: ClassVar[str | None] = None  # the column under which a likely twin is told
    consequences_template: ClassVar[str] = ""  # shows what comes of all rows together, before they are confirmed
    takes_reason: ClassVar[bool] = False  # why it is accepted outside a call's window
    importers: ClassVar[frozenset[Role]] = STAFF
    exporters: ClassVar[frozenset[Role]] = STAFF

    call_code: str = ""
    user: Person | None = None  # whose file it is; None for a command
    received_at: datetime.datetime  # when the file was sent
    reason: str = ""  # what excuses a time outside a call's window
    fields: Answered  # by name; each opened kind has its own
    grid: Grid  # where the columns of the file are

    def __init__(self, **kwargs: Passed) -> None:
        super().__init__(**kwargs)
        declared = self.fields
        self.fields = SimpleLazyObject(lambda: self.opened_fields(declared))

    def opened_fields(self, declared: dict[str, StrictField]) -> Mapping[str, StrictField]:
        """The fields as declared, and as the call has them where they depend on one."""
        return declared

    @classmethod
    def open(cls, call_code: str = "") -> Self:
        """The kind for that call. Raises ObjectDoesNotExist where there is none."""
        return cls()

    @classmethod
    def calls(cls, user: Person | None = None) -> list[tuple[str, str]]:
        """Code and name of the calls for which the person, or a command, can open it; none where it belongs to none."""
        return []

    @classmethod
    def export_choices(cls, user: Person) -> list[tuple[str, Any]]:
        """The columns, or groups of them, that an export form offers the person."""
        return [] if cls.is_for_a_call else [(column.name, column.label) for column in cls.open().columns]

    @classmethod
    def partly_hidden_from(cls, user: Person | AnonymousUser) -> frozenset[str]:
        """The codes of the calls of which the person does not see every record."""
        return frozenset()

    def view(self) -> object:
        """What decides which records ``user`` sees, as JSON holds it: a result of another view is made anew."""
        return None

    def is_open_to(self, user: Person) -> bool:
        """Whether it exists for a person whose roles may send or take its files."""
        return True

    # --- what is declared ------------------------------------------------------------------------------------------

    @property
    def sender(self) -> Person:
        """Whose file it is, where a command cannot send one."""
        return cast(Person, self.user)

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that together name a record."""
        return tuple(self._meta.import_id_fields)

    @classmethod
    def field_from_django_field(
        cls, field_name: str, django_field: "models.Field[Held, Held]", readonly: bool
    ) -> StrictField:
        """The strict field of a model's field that is not declared otherwise."""
        return field_of(django_field, is_required=field_name in (cls._meta.import_id_fields or ()))

    @cached_property
    def columns(self) -> list[StrictField]:
        """The columns in the order of the template."""
        columns: list[StrictField] = self.get_import_fields()
        return columns

    @cached_property
    def widgets(self) -> dict[str, StrictWidget]:
        return {column.name: column.widget for column in self.columns}

    def label(self, name: str) -> str:
        """A column's name in the reader's language."""
        return str(self.fields[name].label)

    # --- its records -----------------------------------------------------------------------------------------------

    def listed(self, user: Person | None) -> Any:
        """The records that the person may take away; ``None`` stands for a command, which may take all."""
        return self.get_queryset()

    def for_export(self, records: Any) -> list[Any]:
        """The records with everything a row shows."""
        return list(records)

    def stored(self, keys: Iterable[str]) -> dict[str, Any]:
        """Those of the records that are named, by key, with what a row is compared with."""
        raise NotImplementedError

    def all_keys(self) -> Iterable[str]:
        """The keys of all records, to notice one in another writing."""
        raise NotImplementedError

    def values(self, record: Any) -> Mapping[str, Value]:
        """A record's values by column."""
        return {column.name: self.export_field(column, record) for column in self.columns}

    def state(self, stored: Mapping[str, Any]) -> Any:
        """Everything stored that a result is computed from, as JSON can hold it."""
        raise NotImplementedError

    def locked(self) -> Self:
        """The kind opened anew, under a lock that keeps its records as they are until the transaction ends."""
        raise NotImplementedError

    def write(self, new: Sequence[SheetRow], changed: Sequence[SheetRow]) -> None:
        """Write the rows of a result; runs under lock, in one transaction."""
        raise NotImplementedError

    def follow_up(self, marked: Sequence[tuple[SheetRow, Sequence[Fault]]]) -> None:
        """Keep what was marked of rows that were written, for somebody to look into."""

    def cannot_be_taken(self) -> Iterable[Fault]:
        """Why no file of this kind can be taken now."""
        return ()

    def consequences(self, rows: Sequence[SheetRow]) -> tuple[list[Fault], dict[str, Any]]:
        """What comes of all rows together: its faults, and what a preview shows of it, as JSON can hold it."""
        return [], {}

    def shown_consequences(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """What the template of consequences is given; declared by every kind that has any."""
        raise NotImplementedError

    def key_of(self, cells: Mapping[str, Cell]) -> str | None:
        """The key that a row names; empty where it names none, None where a cell of it cannot be read."""
        parts = []
        for name in self.key:
            cell = cells[name]
            try:
                value = self.widgets[name].parse(cell).value
            except BadCell:
                return None
            parts.append(cell.text if value is CLEAR else str(value or ""))
        return " ".join(parts) if all(parts) else ""

    def first_key(self) -> str:
        """The key of the next unnumbered record."""
        return ""

    def identities(self, row: SheetRow) -> Iterable[str]:
        """What makes a new row the same as another: sharing one of these, two are likely twins."""
        return ()

    def known_identities(self) -> dict[str, str]:
        """Those of the stored records, each with the record's key."""
        return {}

    def keys_from(self, first: str) -> Iterator[str]:
        """That key and those after it."""
        return iter(())

    def url_of(self, key: str) -> str:
        """Where a record can be looked at."""
        return f"{self.list_url()}?q={key}"

    def list_url(self) -> str:
        """Where the records can be looked at."""
        options = self._meta.model._meta
        return reverse(f"admin:{options.app_label}_{options.model_name}_changelist")

    def export_columns(self, records: Sequence[Any], user: Person | None) -> list[StrictField]:
        """The columns of an export of these records, less what the person may not read."""
        return self.columns

    def template_columns(self, records: Sequence[Any]) -> list[StrictField]:
        """The columns of a template that holds these records."""
        return self.columns

    def rows(self, records: Iterable[Any], columns: Sequence[StrictField]) -> Iterator[list[Value]]:
        """One row of typed values for each record."""
        for record in records:
            values = self.values(record)
            yield [values[column.name] for column in columns]

    def heading(self) -> str:
        """What stands over a template."""
        return str(self.title)

    def notes(self, records: Sequence[Any]) -> list[str]:
        """What whoever takes the file must know about its rows."""
        return []
