"""Rules about one row as named constraints; those about several rows are triggers, in the ``rules`` of each app."""

from collections.abc import Collection, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models

from aspire.refusals import CATALOGUE
from aspire.untyped import Passed

# What may stand in an address. Words that are pages of their own have small letters, so that no code can be one.
CODE = r"^[A-Z0-9][A-Z0-9-]*$"
CODE_IN_A_QUESTION = r"^[A-Za-z0-9][A-Za-z0-9-]*$"  # behind the question mark, where no page stands
Fields = Collection[str] | None  # those that are not asked about


class OfCatalogue(models.BaseConstraint):
    """Its sentence stands in the catalogue of refusals under its name; a migration knows it as one of Django's own."""

    def deconstruct(self) -> tuple[str, Sequence[Passed], dict[str, Any]]:
        _path, args, kwargs = super().deconstruct()
        return f"django.db.models.{type(self).__bases__[-1].__name__}", args, kwargs

    def get_violation_error_message(self) -> str:
        return str(CATALOGUE[self.name]) % {"name": self.name}


class Check(OfCatalogue, models.CheckConstraint):
    """A check of one row."""

    def __init__(self, *, name: str, condition: models.Q, violation_error_code: str | None = None) -> None:
        super().__init__(condition=condition, name=name, violation_error_code=violation_error_code or name)

    def validate(
        self, model: type[models.Model], instance: models.Model, exclude: Fields = None, using: str = DEFAULT_DB_ALIAS
    ) -> None:
        """What is wrong with one field is said at that field."""
        try:
            super().validate(model, instance, exclude, using)  # type: ignore[misc]  # the stubs know nothing of it
        except ValidationError as error:
            fields = [*self.condition.referenced_base_fields] if isinstance(self.condition, models.Q) else []
            raise (ValidationError({fields[0]: error}) if len(fields) == 1 else error) from None


class Unique(OfCatalogue, models.UniqueConstraint):
    """A value, or several together, that no two rows have."""

    def __init__(self, *expressions: Passed, name: str, violation_error_code: str | None = None, **of: Passed) -> None:
        super().__init__(*expressions, name=name, violation_error_code=violation_error_code or name, **of)

    def validate(
        self, model: type[models.Model], instance: models.Model, exclude: Fields = None, using: str = DEFAULT_DB_ALIAS
    ) -> None:
        """Django's own sentence would take precedence for a constraint of plain fields."""
        try:
            super().validate(model, instance, exclude, using)  # type: ignore[misc]  # the stubs know nothing of it
        except ValidationError:
            error = ValidationError(self.get_violation_error_message(), code=self.name)
            raise (ValidationError({self.fields[0]: error}) if len(self.fields) == 1 else error) from None
