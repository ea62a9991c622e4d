"""A page that is one form of many parts: which fields stand in which section, and all that is wrong with any part."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.forms import BaseForm, BoundField

Sections = Mapping[str, Sequence[str]]


def sections_of(form: BaseForm, sections: Sections) -> dict[str, list[BoundField]]:
    """The fields of the form, section by section; those that it does not have are left out."""
    return {name: [form[field] for field in fields if field in form.fields] for name, fields in sections.items()}


def faults_of(parts: Iterable[Any]) -> Iterator[tuple[str, str, str]]:
    """What is wrong with any of these forms and sets of forms: where on the page, what that is called, the sentence."""
    for part in parts:
        if hasattr(part, "forms"):
            yield from (("", "", str(error)) for error in part.non_form_errors())
            yield from faults_of(part.forms)
            continue
        for name, errors in part.errors.items():
            field = part[name] if name in part.fields else None
            place = (field.id_for_label, str(field.label)) if field else ("", "")
            yield from ((*place, str(error)) for error in errors)
