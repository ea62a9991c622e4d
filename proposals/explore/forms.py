"""What a person types to keep a view."""

from typing import Any

from aspire.records import RefusingForm
from proposals.record.models import SavedView


class SavedViewForm(RefusingForm):
    """Its name, and whether the others see it too."""

    class Meta:
        model = SavedView
        fields = ["name", "is_shared"]

    def _get_validation_exclusions(self) -> Any:
        """A name is once a person, whom the form does not show."""
        return super()._get_validation_exclusions() - {"owner"}  # type: ignore[misc]
