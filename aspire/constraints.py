"""Rules about one row as named constraints; those about several rows are triggers, in the ``rules`` of each app."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from aspire.refusals import CATALOGUE

# What may stand in an address. Words that are pages of their own have small letters, so that no code can be one.
CODE = r"^[A-Z0-9][A-Z0-9-]*$"
CODE_IN_A_QUESTION = r"^[A-Za-z0-9][A-Za-z0-9-]*$"  # behind the question mark, where no page stands


class Check(models.CheckConstraint):
    """A check whose sentence stands in the catalogue of refusals under the constraint's name."""

    def deconstruct(self) -> tuple[str, Sequence[object], dict[str, object]]:
        """As Django's own, so that a migration depends on nothing here."""
        _path, args, kwargs = super().deconstruct()
        return "django.db.models.CheckConstraint", args, kwargs

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("violation_error_code", kwargs["name"])
        super().__init__(**kwargs)

    def get_violation_error_message(self) -> str:
        return str(CATALOGUE[self.name]) % {"name": self.name}

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """What is wrong with one field is said at that field."""
        try:
            super().validate(*args, **kwargs)  # type: ignore[misc]
        except ValidationError as error:
            fields = [*self.condition.referenced_base_fields] if isinstance(self.condition, models.Q) else []
            raise (ValidationError({fields[0]: error}) if len(fields) == 1 else error) from None


class Unique(models.UniqueConstraint):
    """A uniqueness rule whose sentence stands in the catalogue of refusals under the constraint's name."""

    def deconstruct(self) -> tuple[str, Sequence[object], dict[str, object]]:
        """As Django's own, so that a migration depends on nothing here."""
        _path, args, kwargs = super().deconstruct()
        return "django.db.models.UniqueConstraint", args, kwargs

    def __init__(self, *expressions: Any, **kwargs: Any) -> None:
        kwargs.setdefault("violation_error_code", kwargs["name"])
        super().__init__(*expressions, **kwargs)

    def get_violation_error_message(self) -> str:
        return str(CATALOGUE[self.name]) % {"name": self.name}

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Django's own sentence would take precedence for a constraint of plain fields."""
        try:
            super().validate(*args, **kwargs)  # type: ignore[misc]
        except ValidationError:
            error = ValidationError(self.get_violation_error_message(), code=self.name)
            raise (ValidationError({self.fields[0]: error}) if len(self.fields) == 1 else error) from None
