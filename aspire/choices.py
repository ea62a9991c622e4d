"""Selects over records that seldom change: their choices are remembered, and drawn in one go.

They are for what everybody may see; a select that offers less to one person than to another is none of these.
"""

from collections.abc import Callable, Collection, Iterable
from functools import cache, partial
from typing import Any, cast

from django import forms
from django.apps import apps
from django.db import connection
from django.db.models import Model
from django.forms.utils import flatatt
from django.utils.choices import CallableChoiceIterator
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from pghistory.models import Event

from aspire.untyped import Named, Passed

Choices = list[tuple[str, str]]
# By the form and the language: how long the histories were when the choices were read, and the choices of each field.
REMEMBERED: dict[tuple[str, str | None], tuple[object, dict[str, Choices]]] = {}


class PlainSelect(forms.Select):
    """A select as Django's own, which renders a template for every option."""

    def render(self, name: str, value: Passed, attrs: Passed = None, renderer: Passed = None) -> SafeString:
        chosen = (self.format_value(value) or [""])[0]
        options = ((value, " selected" if str(value) == chosen else "", label) for value, label in self.choices)
        return format_html(
            '<select name="{}"{}>\n{}</select>',
            name,
            flatatt(self.build_attrs(self.attrs, attrs)),
            format_html_join("", '  <option value="{}"{}>{}</option>\n', options),
        )


def offer(form: forms.BaseForm, name: str, choices: Iterable[tuple[str, str | Promise]]) -> None:
    """Let a field of the form offer these choices, which its class could not know."""
    cast(forms.ChoiceField, form.fields[name]).choices = [*choices]


def remember_choices(form: forms.BaseForm) -> None:
    """Let the selects of a form draw the choices that this process read last, as long as no record has changed."""
    fields = {name: field for name, field in form.fields.items() if isinstance(field, forms.ModelChoiceField)}
    choices = cache(partial(_choices, type(form).__qualname__, fields))
    for name, field in form.fields.items():
        if isinstance(field.widget, forms.Select):
            offered = CallableChoiceIterator(_of(choices, name)) if name in fields else field.widget.choices
            field.widget = PlainSelect(field.widget.attrs, offered)


def _of(choices: Callable[[], dict[str, Choices]], name: str) -> Callable[[], Choices]:
    return lambda: choices()[name]


def _choices(form: str, fields: dict[str, Any]) -> dict[str, Choices]:
    """The choices of each field: one statement where nothing has changed since they were read."""
    key, length = (form, get_language()), _length({field.queryset.model for field in fields.values()})
    held = REMEMBERED.get(key)
    if held is None or held[0] != length:
        held = length, {name: list(_read(field)) for name, field in fields.items()}
        REMEMBERED[key] = held
    return held[1]


def _read(field: Named) -> Choices:
    found = [(str(field.prepare_value(each)), str(field.label_from_instance(each))) for each in field.queryset.all()]
    return found if field.empty_label is None else [("", str(field.empty_label)), *found]


def _length(models: Collection[type[Model]]) -> object:
    """How long the histories of these models are: each entry is there to stay, so none of them comes unnoticed."""
    histories = sorted(
        model._meta.db_table
        for model in apps.get_models()
        if issubclass(model, Event) and getattr(model, "pgh_tracked_model", None) in models
    )
    if len(histories) < len(models):
        raise TypeError("Only choices of tracked models can be remembered.")
    counts = ", ".join(f"(SELECT (count(*), max(pgh_id))::text FROM {table})" for table in histories)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}")
        return cursor.fetchone()
