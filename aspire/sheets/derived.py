"""The strict field of a model's field, for a kind that declares none: its type says how a cell is read."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from django.db import models
from django.utils.translation import override

from aspire.kana import search_key
from aspire.untyped import Held
from aspire.workbooks.codes import Code, Truth
from aspire.workbooks.columns import LANGUAGES, StrictField
from aspire.workbooks.markup import LONGEST_TEXT
from aspire.workbooks.widgets import Choices, Day, StrictWidget, Text, WholeYen

BY_TYPE: dict[type[object], Callable[[], StrictWidget]] = {
    models.TextField: partial(Text, LONGEST_TEXT),
    models.DateField: Day,
    models.BooleanField: Truth,
    models.BigIntegerField: WholeYen,
}


def field_of(field: "models.Field[Held, Held]", *, is_required: bool) -> StrictField:
    """Named, explained and bounded as the model has it. Raises StopIteration for a type of which nothing is known."""
    label, meaning = field.verbose_name, field.help_text or field.verbose_name
    choices: Choices = [(str(code), str(label)) for code, label in field.flatchoices]
    return StrictField(field.name, label, meaning, "", widget_of(field), is_required=is_required, choices=choices)


def widget_of(field: "models.Field[Held, Held]") -> StrictWidget:
    """How a cell is read that holds a value of a model's field."""
    if field.choices:
        return Code(lambda: names_of_choices(dict(field.choices or ())), field.name)
    if isinstance(field, models.CharField):
        return Text(field.max_length or LONGEST_TEXT)
    return next(make() for type_, make in BY_TYPE.items() if isinstance(field, type_))


def named(pairs: Iterable[tuple[str, Iterable[str]]]) -> dict[str, str]:
    """Every name, as names are compared → the code."""
    return {search_key(name): code for code, names in pairs for name in names if name}


def names_of_choices(choices: Mapping[str, object]) -> dict[str, str]:
    """Every way to name a choice, in either language → its code."""
    found: dict[str, str] = {}
    for language in LANGUAGES:
        with override(language):
            found |= named((str(code), (str(code), str(label))) for code, label in choices.items())
    return found
