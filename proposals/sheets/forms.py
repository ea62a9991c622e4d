"""What an officer sends, and what anybody asks to take away."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from aspire.spreadsheets.reading import BOUNDS
from calls.models import Call

MIB = 2**20


class ImportForm(forms.Form):
    """A file for one call."""

    call = forms.ModelChoiceField(Call.objects.all(), to_field_name="code", label=_("Call"))
    file = forms.FileField(
        label=_("File"), help_text=_("XLSX or CSV, up to 5 MiB and 20,000 rows; best made from the call's template")
    )
    reason = forms.CharField(
        label=_("Reason for accepting it outside the window"),
        max_length=300,
        required=False,
        help_text=_("only where the call is not open; recorded on every new proposal"),
    )

    def clean_file(self) -> Any:
        """Refused by its size before a byte of it is read."""
        file = self.cleaned_data["file"]
        if file.size > BOUNDS.file_bytes:
            message = _("The file has %(size)s MiB; at most %(limit)s MiB are taken. Send it in parts.")
            size = f"{file.size / MIB:.1f}"
            raise forms.ValidationError(message, params={"size": size, "limit": BOUNDS.file_bytes // MIB})
        return file


class ExportForm(forms.Form):
    """Which columns, under which headers, in which encoding."""

    language = forms.ChoiceField(
        label=_("Headers"), choices=[("ja", _("Japanese")), ("en", _("English"))], required=False
    )
    encoding = forms.ChoiceField(
        label=_("Encoding of CSV"), choices=[("utf-8-sig", "UTF-8"), ("cp932", "CP932 (Shift_JIS)")], required=False
    )
    columns = forms.MultipleChoiceField(label=_("Columns"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, columns: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["columns"].choices = columns  # type: ignore[attr-defined]
