"""Pages of long lists that begin after a row, not after a count: the last page costs what the first one does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.core.paginator import Paginator
from django.db import models
from django.db.models import BooleanField, Func, QuerySet, Value
from django.db.models.lookups import GreaterThan, LessThan
from django.utils.functional import cached_property

COUNTED_UP_TO = 1_000
ADMIN_COUNTED_UP_TO = 10_000
SEPARATOR = "~"
LONGEST_KEY = 18  # digits, of which PostgreSQL keeps any number
Columns = Mapping[str, type]  # in their order, each with what its values are
POSITION = ("after", "before", "last")  # what a page's address says of its place


Record = TypeVar("Record", bound=models.Model)


class RowValue(Func):
    """Several columns compared as one: ``ROW(a, b) > ROW(1, 2)`` follows an index on both."""

    function = "ROW"
    output_field = BooleanField()  # never read: only its comparison is


def counted(rows: QuerySet[models.Model], *, up_to: int = COUNTED_UP_TO) -> int:
    """How many rows there are; ``up_to + 1`` stands for more than ``up_to``."""
    return rows.order_by()[: up_to + 1].count()


class CappedPaginator(Paginator):
    """Counts no further than ``ADMIN_COUNTED_UP_TO``: behind it a filter leads on, not a page."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return min(counted(rows, up_to=ADMIN_COUNTED_UP_TO), ADMIN_COUNTED_UP_TO)
        return len(rows)


@dataclass
class Page(Generic[Record]):
    """One page of a list in the order of ``columns``, whose values together are unique."""

    rows: list[Record]
    columns: Columns
    has_previous: bool
    has_next: bool

    def __iter__(self) -> Iterator[Record]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def object_list(self) -> list[Record]:
        return self.rows

    @property
    def final(self) -> Record:
        return self.rows[-1]

    @property
    def has_other_pages(self) -> bool:
        return self.has_previous or self.has_next

    @property
    def first_key(self) -> str:
        return self._key(self.rows[0]) if self.rows else ""

    @property
    def last_key(self) -> str:
        return self._key(self.rows[-1]) if self.rows else ""

    def _key(self, row: Record) -> str:
        return SEPARATOR.join(str(getattr(row, name)) for name in self.columns)


def page_of(
    rows: QuerySet[Record],
    columns: Columns,
    asked: Mapping[str, str],
    *,
    size: int,
    within: Mapping[str, object] | None = None,
) -> Page[Record]:
    """The page that an address asks for by ``after``, ``before`` or ``last``; what it cannot mean is the first page.

    ``within``: the columns that an index has before these, with the values that all rows share.
    """
    shared = within or {}
    after, before = (_values(asked.get(name, ""), columns) for name in ("after", "before"))
    if before or asked.get("last"):
        page = _backwards(rows, columns, before, size=size, within=shared)
        if page.has_previous or not before:
            return page
        after = None  # so few before it that they make the first page
    return _forwards(rows, columns, after, size=size, within=shared)


def _forwards(
    rows: QuerySet[Record], columns: Columns, after: list[object] | None, *, size: int, within: Mapping[str, object]
) -> Page[Record]:
    if after:
        rows = rows.filter(GreaterThan(RowValue(*within, *columns), RowValue(*map(Value, [*within.values(), *after]))))
    found = list(rows.order_by(*within, *columns)[: size + 1])
    return Page(found[:size], columns, has_previous=bool(after), has_next=len(found) > size)


def _backwards(
    rows: QuerySet[Record], columns: Columns, before: list[object] | None, *, size: int, within: Mapping[str, object]
) -> Page[Record]:
    if before:
        rows = rows.filter(LessThan(RowValue(*within, *columns), RowValue(*map(Value, [*within.values(), *before]))))
    found = list(rows.order_by(*(f"-{name}" for name in (*within, *columns)))[: size + 1])
    return Page(found[:size][::-1], columns, has_previous=len(found) > size, has_next=bool(before))


def key_of(text: object) -> int | None:
    """The key of a row as it comes by address or form; None where it can be none."""
    typed = str(text)
    return int(typed) if typed.isdecimal() and len(typed) <= LONGEST_KEY else None


def _values(text: str, columns: Columns) -> list[object] | None:
    """The values of a key; None where the text is no key of these columns."""
    if not text:
        return None
    parts = text.replace("\x00", "").split(SEPARATOR, len(columns) - 1)
    try:
        values = [kind(part) for kind, part in zip(columns.values(), parts, strict=True)]
    except ValueError:
        return None
    return values if all(abs(value) < 10**LONGEST_KEY for value in values if isinstance(value, int)) else None
