"""The part of a preview on which a sender says what the file's columns and values mean."""

from collections.abc import Iterator, Mapping
from typing import Any

from aspire.models import Upload
from aspire.sheets.mapping import PARTED, Meaning, suggested, targets
from aspire.sheets.resources import StrictResource
from aspire.sheets.results import SheetResult
from aspire.workbooks.columns import header_key

LEFT_OUT = ""
LONGEST = 200  # signs of a value that is said for every row
VALUES_SHOWN = 50
UNKNOWN = {"code_unknown", "code_not_listed", "funder_unknown", "funder_unknown_near"}


def columns_of(plan: SheetResult, kind: StrictResource, upload: Upload) -> dict[str, Any]:
    """What the page offers: the file's columns, those of ours that it lacks, and values that are not known."""
    said, hints = Meaning(**upload.meaning), [*kind.shipped_mappings.values()]
    columns, used = list[tuple[str, str, list[str], str]](), {taken for *_column, taken in plan.columns}
    for letter, header, samples, taken in plan.columns:
        free = [column for column in kind.columns if column.name not in used]
        target = taken if taken or said.headers else suggested(header, samples, free, hints)
        used.add(target)
        columns.append((letter, header, samples, target))
    return {
        "columns": columns,
        "targets": [*targets(kind.columns)],
        "lacking": [
            (name, kind.label(name), kind.fields[name].choices, said.every_row.get(name, ""))
            for name in lacking(plan, kind)
        ],
        "unknown": [
            (place, kind.label(name), theirs, kind.fields[name].choices, said.values.get(name, {}).get(theirs, ""))
            for place, (name, theirs) in enumerate(unknown(plan, kind, said))
        ],
    }


def lacking(plan: SheetResult, kind: StrictResource) -> list[str]:
    """The columns that a new row needs and the file does not have, where new rows are told by having no key."""
    if not kind.new.numbers:
        return []
    taken = {name for *_column, target in plan.columns for name in target.split(PARTED)}
    return [name for name in kind.required if name not in taken]


def unknown(plan: SheetResult, kind: StrictResource, said: Meaning) -> list[tuple[str, str]]:
    """Our column and their value, as compared, of what is not known or was said before; each once."""
    before = ((name, theirs) for name, known in said.values.items() for theirs in known)
    found = dict.fromkeys([*before, *_unknown(plan, kind)])
    return list(found)[:VALUES_SHOWN]


def _unknown(plan: SheetResult, kind: StrictResource) -> Iterator[tuple[str, str]]:
    names = names_of(plan)
    for fault in plan.faults:
        name = names.get(fault.header or "", "") if fault.code in UNKNOWN else ""
        if fault.value and name in kind.fields and kind.fields[name].choices:
            yield name, header_key(fault.value)


def names_of(plan: SheetResult) -> dict[str, str]:
    """The file's headers as they stand → the column of ours that each was taken for."""
    return {header: name for _letter, header, _samples, name in plan.columns}


def meaning_of(sent: Mapping[str, str], plan: SheetResult, kind: StrictResource, upload: Upload) -> Meaning:
    """What was sent by the page; what it did not offer is passed over."""
    offered = {LEFT_OUT, *(name for name, _label in targets(kind.columns))}
    named = {header_key(column[1]): sent.get(f"column-{place}") for place, column in enumerate(plan.columns)}
    every = {name: sent.get(f"every-{name}", "").strip()[:LONGEST] for name in lacking(plan, kind)}
    values: dict[str, dict[str, str]] = {}
    for place, (name, theirs) in enumerate(unknown(plan, kind, Meaning(**upload.meaning))):
        ours = sent.get(f"value-{place}", "")
        if ours in dict(kind.fields[name].choices):
            values.setdefault(name, {})[theirs] = ours
    return Meaning(
        {header: name for header, name in named.items() if name is not None and name in offered},
        {name: value for name, value in every.items() if value},
        values,
    )
