"""What an officer sends, and what anybody asks to take away."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aspire.choices import offer
from aspire.models import Upload
from aspire.people import Person
from aspire.sheets.resources import StrictResource
from aspire.workbooks.columns import StrictField
from aspire.workbooks.reading import BOUNDS

MIB = 2**20
MOST_WAITING = 30  # files of one person that wait to be checked


class ImportForm(forms.Form):
    """A file of one kind, for a call where the kind belongs to one."""

    call = forms.ChoiceField(label=_("Call"))
    file = forms.FileField(
        label=_("File"), help_text=_("XLSX or CSV, up to 5 MiB and 20,000 rows; best made from the template")
    )
    reason = forms.CharField(
        label=_("Reason for accepting it outside the window"),
        max_length=300,
        required=False,
        help_text=_("only where the call is not open; recorded with every new row"),
    )

    def __init__(self, *args: Any, kind: type[StrictResource], user: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        calls = [(code, f"{code} {name}") for code, name in kind.calls(user)]
        offer(self, "call", [("", "---------"), *calls])
        unasked = [*([] if kind.is_for_a_call else ["call"]), *([] if kind.takes_reason else ["reason"])]
        for name in unasked:
            del self.fields[name]

    def clean_file(self) -> Any:
        """Refused by its size before a byte of it is read."""
        file = self.cleaned_data["file"]
        if file.size > BOUNDS.file_bytes:
            message = _("The file has %(size)s MiB; at most %(limit)s MiB are taken. Send it in parts.")
            size = f"{file.size / MIB:.1f}"
            raise forms.ValidationError(message, params={"size": size, "limit": BOUNDS.file_bytes // MIB})
        waiting = Upload.objects.visible_to(self.user, at=timezone.now()).filter(state=Upload.State.CHECKING)
        if waiting.count() >= MOST_WAITING:
            message = _("%(limit)s of your files are still being checked. Wait until one is done, or cancel one.")
            raise forms.ValidationError(message, params={"limit": MOST_WAITING})
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

    def __init__(self, data: QueryDict, *, columns: Sequence[StrictField]) -> None:
        """``columns``: each may be asked for, and so may their groups."""
        super().__init__(data)
        groups = {column.group: column.group for column in columns if column.group}
        choices = [*((column.name, str(column.label)) for column in columns), *groups.items()]
        offer(self, "columns", choices)
