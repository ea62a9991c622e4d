"""Fields of forms that read what is typed as a file's cell is read: the same spellings, the same sentences."""

import datetime
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from aspire.untyped import Held, Passed
from aspire.workbooks.cells import Cell
from aspire.workbooks.codes import ResearcherNumber
from aspire.workbooks.moments import Moment, written
from aspire.workbooks.widgets import CLEAR, BadCell, Day, StrictWidget, WholeYen
from aspire.yen import exact


class TypedField(forms.CharField):
    """What a cell of a file may say, typed; ``flags`` holds what is accepted and to be looked into.

    ``empty``: what nothing typed stands for. ``shown``: how a value stands in the box.
    """

    def __init__(
        self, cell: StrictWidget, *, empty: Held = None, shown: Callable[[Any], str] = str, **kwargs: Passed
    ) -> None:
        super().__init__(**kwargs)
        self.cell, self.empty, self.shown = cell, empty, shown
        self.flags: list[tuple[str, dict[str, Any]]] = []

    def to_python(self, value: Held) -> Held:
        self.flags = []
        text = super().to_python(value)
        if text in self.empty_values:
            return self.empty
        try:
            found = self.cell.parse(Cell("text", str(text)))
        except BadCell as bad:
            raise BadCell(bad.code, **{**bad.values, "value": text}) from None
        self.flags = list(found.flags)
        return self.empty if found.value is CLEAR else found.value

    def validate(self, value: Held) -> None:
        """Nothing is missing but where something must stand."""
        if self.required and value in (None, ""):
            raise ValidationError(self.error_messages["required"], code="required")

    def run_validators(self, value: Held) -> None:
        """Those of a text are asked of a text alone."""
        if isinstance(value, str):
            super().run_validators(value)

    def prepare_value(self, value: Held) -> Held:
        return value if value is None or isinstance(value, str) else self.shown(value)

    def has_changed(self, initial: Held, data: Held) -> bool:
        """Another spelling of the same is no change."""
        try:
            return bool(self.to_python(data) != (self.empty if initial in (None, "") else initial))
        except ValidationError:
            return True


class ResearcherNumberField(TypedField):
    """The researcher number of e-Rad; empty where none is known."""

    def __init__(self) -> None:
        super().__init__(
            ResearcherNumber(), empty="", label=_("e-Rad researcher number"), required=False, max_length=40
        )


class YenField(TypedField):
    """Whole yen, grouped by threes or not at all."""

    def __init__(self, **kwargs: Passed) -> None:
        attributes = {"inputmode": "numeric", "autocomplete": "off", "class": "yen"}
        super().__init__(WholeYen(), shown=exact, widget=forms.TextInput(attributes), **kwargs)


class MomentField(TypedField):
    """A day and a time in Tokyo."""

    def __init__(self, **kwargs: Passed) -> None:
        super().__init__(Moment(), shown=written, **kwargs)


class DayField(TypedField):
    """A day, in any spelling that files may use: 2027-04-01, 2027/4/1, or with the era."""

    def __init__(self, **kwargs: Passed) -> None:
        super().__init__(Day(), shown=datetime.date.isoformat, **kwargs)
