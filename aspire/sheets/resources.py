"""How a kind of file goes in and out: the library's resource, made strict."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NoReturn

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from import_export.instance_loaders import BaseInstanceLoader
from tablib import Dataset

from aspire.models import ColumnMapping, ImportRecord
from aspire.people import Person
from aspire.refusals import judged_at_the_end
from aspire.roles import STAFF, roles_of
from aspire.sheets.declared import Declared
from aspire.sheets.formats import SheetDataset, dataset_of, strictly
from aspire.sheets.mapping import NOTHING_SAID, Meaning, recognised
from aspire.sheets.results import SheetResult, creates, stored_fault
from aspire.sheets.rows import CHANGE, CREATE, LEAVE, Seen, SheetRow
from aspire.untyped import Held, Passed
from aspire.workbooks.cells import Cell
from aspire.workbooks.columns import StrictField
from aspire.workbooks.faults import Fault, Tier
from aspire.workbooks.widgets import likeness

ROWS_A_STEP = 500
EVERY_ROW = "*"  # in place of the number of one


class NamedRecords(BaseInstanceLoader):
    """The records that the rows of a file name, read at once; ``keys`` has the key of each row, None of a bad one."""

    def __init__(self, resource: "StrictResource", dataset: SheetDataset) -> None:
        super().__init__(resource, dataset)
        self.keys = [resource.key_of(line.cells) for line in dataset.lines]
        self.records = resource.stored(filter(None, self.keys))
        self.alike = {likeness(key): key for key in resource.all_keys()} if any(self.keys) else {}
        self.seen: Seen = {}

    def get_instance(self, row: Mapping[str, Cell]) -> Held:
        """The record that a row names."""
        return self.records.get(self.resource.key_of(row))


class StrictResource(Declared):
    """One kind of file. ``import_data(dry_run=True)`` is the preview: it writes nothing and takes no transaction, so
    that its progress can be followed. Without it all rows are written under lock, or none where any is blocked.
    """

    class Meta:
        instance_loader_class = NamedRecords

    # --- in --------------------------------------------------------------------------------------------------------

    def check(self, data: bytes, *, file_name: str, **how: Any) -> SheetResult:
        """What a file would do; ``how`` is what ``before_import`` takes. Raises Unreadable."""
        return self.import_data(dataset_of(data, file_name=file_name), dry_run=True, **how)

    def import_data(self, dataset: Dataset, dry_run: bool = False, **how: Any) -> SheetResult:
        """What the rows would do, or have done. Raises what PostgreSQL refuses: then nothing is written."""
        table = strictly(dataset)
        how = {name: value for name, value in how.items() if name not in {"raise_errors", "use_transactions"}}
        self.is_rehearsal = dry_run
        if dry_run:
            found: SheetResult = self.import_data_inner(table, True, False, False, False, **how)
            return found
        with transaction.atomic():
            kind = self.locked()
            kind.user, kind.is_rehearsal = self.user, False
            done: SheetResult = super(StrictResource, kind).import_data(table, **how)
        return done

    def before_import(
        self,
        dataset: SheetDataset,
        *,
        received_at: Any = None,
        reason: str = "",
        step: Callable[[int, int], None] = lambda done, total: None,
        decisions: Mapping[str, str] = MappingProxyType({}),
        meaning: Meaning = NOTHING_SAID,
        user: Person | None = None,
        file_name: str = "",
        **_kwargs: Passed,
    ) -> None:
        """Find the columns. ``step`` is told how many rows of how many are judged, and may raise to stop.

        ``decisions``: what a likely twin is, by the number of its row, or under ``EVERY_ROW``. ``meaning``: what
        is called otherwise than ours; where nothing is said, a saved mapping that knows all headers.
        """
        self.received_at, self.reason = received_at or timezone.now(), reason
        self.user, self.file_name, self.step = self.user or user, file_name, step
        name, meaning = ("", meaning) if meaning.is_said else self.recognised(dataset)
        unnamed = self.key if meaning.is_said and self.new.numbers else ()
        self.grid = dataset.match(self.columns, key=self.key, meaning=meaning, unnamed=unnamed)
        self.numbers = [line.number for line in dataset.lines]
        self.step(0, len(self.numbers))
        self.faults = [*dataset.faults, *self.grid.faults]
        self.faults += [Fault("mapping_recognised", values={"name": name}, tier=Tier.NOTE)] if name else []
        self.faults += [] if dataset.is_headless else self.cannot_be_taken()
        self.first = self.first_key()
        self.new_keys = self.keys_from(self.first)
        self.records_named: Mapping[str, Any] = {}
        self.decisions, self.there = decisions, self.known_identities() if self.grid.rows else {}

    def recognised(self, dataset: SheetDataset) -> tuple[str, Meaning]:
        """The mapping that knows the file's headers, and its name."""
        found = {name: Meaning(headers) for name, headers in self.shipped_mappings.items()}
        saved = {each.name: Meaning(**each.meaning) for each in ColumnMapping.objects.filter(kind=self.name)}
        mappings = {**saved, **{name: each for name, each in found.items() if name not in saved}}
        name = recognised(dataset.sheet, self.columns, [(name, each.headers) for name, each in mappings.items()])
        return name, mappings.get(name, NOTHING_SAID)

    def import_row(self, row: Mapping[str, Cell], instance_loader: NamedRecords, **kwargs: Any) -> SheetRow:
        """A row read, compared and judged. No record is built or copied: rows are written together, by COPY."""
        done = kwargs["row_number"]
        self.records_named = instance_loader.records
        found = self.row_class(self.numbers[done - 1])
        found.read(self, row)
        key = instance_loader.keys[done - 1]
        found.key = key or ""
        before = instance_loader.records.get(key)
        if key is not None and found.accepts(before, instance_loader.seen, instance_loader.alike):
            found.judge(before)
            found.is_judged = True
            if before is None:
                found = self.settled(found, row, instance_loader)
                before = self.records_named.get(found.key)
            is_new = not (found.key or found.is_left_out or found.is_undecided)
            found.key = next(self.new_keys) if is_new else found.key
        found.import_type = outcome_of(found, is_new=before is None)
        self.faults += found.faults
        found.forget()
        if done % ROWS_A_STEP == 0:
            self.step(done, len(self.numbers))
        return found

    def settled(self, found: SheetRow, cells: Mapping[str, Cell], loader: NamedRecords) -> SheetRow:
        """A new row, unless it seems to be there already: then what its sender says that it is."""
        names = [*self.identities(found)]
        found.twin = next((self.there[name] for name in names if name in self.there), "")
        for name in names:
            self.there.setdefault(name, str(found.row))
        if not found.twin or found.is_blocked:
            return found
        is_row = found.twin.isdecimal()
        other = {"other": _("row %(row)s") % {"row": found.twin} if is_row else found.twin}
        match self.decisions.get(str(found.row)) or self.decisions.get(EVERY_ROW):
            case "same":
                found.is_left_out = True
            case "another":
                found.say(self.twin_column, "twin_kept", other, tier=Tier.FLAG)
            case "correction" if not is_row:
                return self._corrected(found, cells, loader)
            case _:
                found.say(self.twin_column, "twin_undecided", other)
                found.is_undecided = True
        return found

    def _corrected(self, twin: SheetRow, cells: Mapping[str, Cell], loader: NamedRecords) -> SheetRow:
        """The row as a change of the record that it seems to be."""
        found = self.row_class(twin.row)
        found.read(self, cells)
        found.key = found.twin = twin.twin
        loader.records.update(self.stored([found.key]))
        before = loader.records.get(found.key)
        if found.accepts(before, loader.seen, loader.alike):
            found.judge(before)
            found.is_judged = True
        return found

    def after_import(self, dataset: SheetDataset, result: SheetResult, **_kwargs: Passed) -> None:
        """Judge all rows together, and write them where this is no rehearsal and nothing blocks them."""
        sheet, rows = dataset.sheet, result.rows
        result.form, result.encoding, result.sheet_name = sheet.form, sheet.encoding, sheet.sheet_name
        result.rows_sha256, result.columns = digest_of(rows), [list(each) for each in dataset.described]
        result.faults = list(self._imported_before(dataset.sha256, result))
        is_repeat = bool(result.faults)  # which says enough
        result.faults += [fault for fault in self.faults if not (is_repeat and fault.code == "twin_undecided")]
        if not result.is_blocked:
            found, result.consequences = self.consequences(rows)
            result.faults += found
        result.faults.sort(key=lambda fault: (fault.row or 0, fault.tier))
        result.basis, result.view = self.basis(self.records_named, rows), self.view()
        if not self.is_rehearsal and not result.is_blocked:
            self.write_down(result, file_name=self.file_name, sha256=dataset.sha256)

    def handle_import_error(self, result: SheetResult, error: Exception, raise_errors: bool = False) -> NoReturn:
        """An error of the program is no finding about a file."""
        raise error

    @classmethod
    def get_result_class(cls) -> type[SheetResult]:
        return SheetResult

    @classmethod
    def get_row_result_class(cls) -> type[SheetRow]:
        return cls.row_class

    def _imported_before(self, sha256: str, result: SheetResult) -> Iterator[Fault]:
        """Whether this file, or another one with the same new rows, was imported for the call already."""
        if not self.new.numbers or not result.rows_sha256:
            return
        hidden = {} if self.user is None else {self.name: self.partly_hidden_from(self.user)}
        records = imports_visible_to(self.user, hidden).filter(kind=self.name, call_code=self.call_code, created__gt=0)
        record = records.filter(Q(sha256=sha256) | Q(rows_sha256=result.rows_sha256)).first()
        if record:
            who = record.user.get_full_name() if record.user else ""
            day = f"{timezone.localtime(record.imported_at):%Y-%m-%d}"
            code = "file_imported_before" if record.sha256 == sha256 else "rows_imported_before"
            yield Fault(code, values={"day": day, "who": who or "-"})

    # --- writing ---------------------------------------------------------------------------------------------------

    def basis(self, stored: Mapping[str, Any], rows: Sequence[SheetRow]) -> str:
        """A fingerprint of everything stored that a result was computed from."""
        state = {"state": self.state(stored), "next": self.first_key() if creates(rows) else ""}
        return hashlib.sha256(json.dumps(state, cls=DjangoJSONEncoder, sort_keys=True).encode()).hexdigest()

    def write_down(self, result: SheetResult, *, file_name: str, sha256: str) -> ImportRecord:
        """Write the rows of a result that nothing blocks, under lock, and record it; PostgreSQL is the last judge."""
        new, changed = ([row for row in result.rows if row.action == action] for action in (CREATE, CHANGE))
        with judged_at_the_end():
            self.write(new, changed)
        marked: dict[int | None, list[Fault]] = defaultdict(list)
        for fault in result.faults:  # of a result that nothing blocks: what is marked for follow-up
            marked[fault.row].append(fault)
        self.follow_up([(row, marked[row.row]) for row in (*new, *changed) if row.row in marked])
        flags = {row: [stored_fault(fault) for fault in found] for row, found in marked.items()}
        return ImportRecord.objects.create(
            user=self.user,
            kind=self.name,
            call_code=self.call_code,
            file_name=file_name,
            sha256=sha256,
            rows_sha256=result.rows_sha256,
            created=len(new),
            changed=len(changed),
            unchanged=result.count(LEAVE),
            rows=[[r.row, r.action, r.key, flags.get(r.row, [])] for r in result.rows if r.action != LEAVE],
            imported_at=timezone.now(),
        )

    # --- out -------------------------------------------------------------------------------------------------------

    def export(self, queryset: Any = None, *, export_fields: Iterable[str] | None = None, **_kwargs: Passed) -> Dataset:
        """The records as a table, in the columns named, less what ``user`` may not read."""
        records = self.for_export(self.listed(self.user) if queryset is None else queryset)
        columns = chosen(self.export_columns(records, self.user), list(export_fields or ()))
        dataset = Dataset(*self.rows(records, columns), headers=[column.name for column in columns])
        dataset.title, dataset.fields = str(self.title), columns
        return dataset


def outcome_of(row: SheetRow, *, is_new: bool) -> str:
    """What becomes of a row, as the library calls it."""
    outcome: str = row.IMPORT_TYPE_NEW if is_new else row.IMPORT_TYPE_UPDATE
    if not row.is_judged or (row.is_blocked and not row.is_left_out):
        outcome = row.IMPORT_TYPE_INVALID
    elif row.is_left_out or (not is_new and not row.differences):
        outcome = row.IMPORT_TYPE_SKIP
    return outcome


def digest_of(rows: Iterable[SheetRow]) -> str:
    """A fingerprint of the new rows by what they say, in whatever order and form they were sent; empty without any."""
    said = [[row.values, row.costs] for row in rows if row.action == CREATE or row.is_undecided]
    lines = sorted(json.dumps(each, cls=DjangoJSONEncoder, sort_keys=True) for each in said)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""


def imports_visible_to(user: Person | None, hidden: Mapping[str, frozenset[str]]) -> QuerySet[ImportRecord]:
    """What was imported: for a command all, for staff by anybody, for others by themselves.

    ``hidden``: by kind, the codes of calls of which the person sees only a part: what others sent for such a call, its
    file's name included, may tell of the rest.
    """
    records = ImportRecord.objects.select_related("user")
    if user is None:
        return records
    if not roles_of(user) & STAFF:
        return records.filter(user=user)
    others = Q()
    for name, codes in hidden.items():
        if codes:
            others |= Q(kind=name, call_code__in=codes)
    return records.exclude(others & ~Q(user=user)) if others else records


def chosen(columns: Sequence[StrictField], names: Sequence[str]) -> list[StrictField]:
    """The columns named, by themselves or by their group, in their own order; all of them where none is named."""
    return [column for column in columns if {column.name, column.group} & set(names)] if names else list(columns)
