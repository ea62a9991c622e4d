"""Every kind of sheet in one declaration: its columns, its records, how a row is judged and how a plan is written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cached_property
from typing import Any, ClassVar, cast

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from import_export import fields, resources, widgets

from aspire.models import ImportRecord
from aspire.people import Person
from aspire.roles import STAFF, Role, roles_of
from aspire.sheets.plans import BAD, PlannedRow, Sending
from aspire.workbooks.columns import Column, GridRow
from aspire.workbooks.faults import Fault
from aspire.workbooks.markup import Value
from aspire.workbooks.parsing import CLEAR


class New(Enum):
    """Which rows make something new."""

    UNNUMBERED = "unnumbered"  # those that name nothing: the kind numbers them
    NAMED = "named"  # those that name what is not there yet
    NEVER = "never"  # none: a sheet of this kind only changes what is there


class Kind:
    """One kind of sheet, opened for one call or for none; an opened one has read what it knows once.

    A subclass declares the class variables and the methods under "to declare"; ``register`` makes it known.
    """

    name: ClassVar[str]  # in addresses, commands and records
    title: ClassVar[Promise]  # what its rows are
    model: ClassVar[Any]  # of its records; the admin's list of them offers the files
    judge: ClassVar[type[Any]]  # how one row is judged
    key: ClassVar[tuple[str, ...]]  # the columns that together name a record
    new: ClassVar[New]
    required: ClassVar[tuple[str, ...]] = ()  # what a new record needs
    never_empty: ClassVar[tuple[str, ...]] = ()  # what cannot be emptied later either
    unknown: ClassVar[str] = "key_unknown"  # said of a row that names nothing known
    do_not_call_in_templates: ClassVar[bool] = True  # a template may be given the class, and must not open it
    is_for_a_call: ClassVar[bool] = False
    goes_in_as: ClassVar[str] = ""  # the kind in which such rows go in, where this one only goes out
    shown_on: ClassVar[Any] = None  # the model whose list in the admin offers the files, where it is not its own
    totals: ClassVar[Promise] = _("Requested")  # what the yen of a file's rows are
    consequences_template: ClassVar[str] = ""  # shows what comes of all rows together, before they are confirmed
    takes_reason: ClassVar[bool] = False  # why it is accepted outside a call's window
    importers: ClassVar[frozenset[Role]] = STAFF
    exporters: ClassVar[frozenset[Role]] = STAFF

    # --- opening ---------------------------------------------------------------------------------------------------

    call_code: str = ""
    user: Person | None = None  # whose file it is; None for a command

    @property
    def sender(self) -> Person:
        """Whose file it is, where a command cannot send one."""
        return cast(Person, self.user)

    @classmethod
    def open(cls, call_code: str = "") -> "Kind":
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

    def view(self) -> Any:
        """What decides which records ``user`` sees, as JSON holds it: a plan made under another view is made anew."""
        return None

    def is_open_to(self, user: Person) -> bool:
        """Whether it exists for a person whose roles may send or take its files."""
        return True

    # --- to declare ------------------------------------------------------------------------------------------------

    @cached_property
    def columns(self) -> list[Column]:
        """The columns in the order of the template."""
        raise NotImplementedError

    def listed(self, user: Person | None) -> Any:
        """The records that the person may take away; ``None`` stands for a command, which may take all."""
        raise NotImplementedError

    def for_export(self, records: Any) -> list[Any]:
        """The records with everything a row shows."""
        raise NotImplementedError

    def stored(self, keys: Iterable[str]) -> dict[str, Any]:
        """Those of the records that are named, by key, with what a row is compared with."""
        raise NotImplementedError

    def all_keys(self) -> Iterable[str]:
        """The keys of all records, to notice one in another writing."""
        raise NotImplementedError

    def values(self, record: Any) -> Mapping[str, Value]:
        """A record's values by column."""
        raise NotImplementedError

    def state(self, stored: Mapping[str, Any]) -> Any:
        """Everything stored that a plan is computed from, as JSON can hold it."""
        raise NotImplementedError

    def locked(self) -> "Kind":
        """The kind opened anew, under a lock that keeps its records as they are until the transaction ends."""
        raise NotImplementedError

    def save(self, new: Sequence[PlannedRow], changed: Sequence[PlannedRow], sending: Sending) -> None:
        """Write the planned rows; runs under lock, in one transaction."""
        raise NotImplementedError

    # --- what may be declared otherwise ----------------------------------------------------------------------------

    def faults(self) -> Iterable[Fault]:
        """Why no file of this kind can be taken now."""
        return ()

    def consequences(self, rows: Sequence[PlannedRow]) -> tuple[list[Fault], dict[str, Any]]:
        """What comes of all rows together: its faults, and what a preview shows of it, as JSON can hold it."""
        return [], {}

    def shown_consequences(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """What the template of consequences is given; declared by every kind that has any."""
        raise NotImplementedError

    def key_of(self, row: GridRow, values: Mapping[str, Any]) -> str | None:
        """The key that a row names; empty where it names none, None where a cell of it has a fault already."""
        parts = []
        for name in self.key:
            value = values.get(name)
            if value is BAD:
                return None
            parts.append(row.cells[name].text if value is CLEAR else str(value or ""))
        return " ".join(parts) if all(parts) else ""

    def first_key(self) -> str:
        """The key of the next unnumbered record."""
        return ""

    def keys_from(self, first: str) -> Iterator[str]:
        """That key and those after it."""
        return iter(())

    def url_of(self, key: str) -> str:
        """Where a record can be looked at."""
        return f"{self.list_url()}?q={key}"

    def list_url(self) -> str:
        """Where the records can be looked at."""
        return reverse(f"admin:{self.model._meta.app_label}_{self.model._meta.model_name}_changelist")

    def export_columns(self, records: Sequence[Any], user: Person | None) -> list[Column]:
        """The columns of an export of these records, less what the person may not read."""
        return self.columns

    def rows(self, records: Iterable[Any], columns: Sequence[Column]) -> Iterator[list[Value]]:
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


KINDS: dict[str, type[Kind]] = {}


def register(*kinds: type[Kind]) -> None:
    """Make kinds known to the pages and commands; called by an app that is ready."""
    KINDS.update({kind.name: kind for kind in kinds})


def opened(name: str, call_code: str = "") -> Kind:
    """The kind of that name for that call. Raises ObjectDoesNotExist where there is no such call."""
    return KINDS[name].open(call_code)


def is_anything_hidden_from(user: Person | AnonymousUser) -> bool:
    """Whether the person does not see every record of some kind."""
    return any(kind.partly_hidden_from(user) for kind in KINDS.values())


def records_for(user: Person) -> QuerySet[ImportRecord]:
    """What was imported: for staff by anybody, for others by themselves.

    What others sent for a call that the person sees only part of, its file's name included, may tell of the rest.
    """
    records = ImportRecord.objects.select_related("user")
    if not roles_of(user) & STAFF:
        return records.filter(user=user)
    others = Q()
    for name, kind in KINDS.items():
        if codes := kind.partly_hidden_from(user):
            others |= Q(kind=name, call_code__in=codes)
    return records.exclude(others & ~Q(user=user)) if others else records


class TypedWidget(widgets.Widget):
    """A cell keeps its type: a day stays a day, yen stay a number."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Value:
        typed: Value = value
        return typed


def column(name: str, attribute: str, kind: type[fields.Field] = fields.Field) -> Any:
    """The column of that name, which shows that attribute."""
    return kind(column_name=name, attribute=attribute, widget=TypedWidget())


class TypedResource(resources.ModelResource):
    """A mapping that is only read: what is written goes through a plan."""

    def values(self, record: Any) -> dict[str, Value]:
        """A record's values by column name."""
        return {name: self.export_field(self.fields[name], record) for name in self.fields}
