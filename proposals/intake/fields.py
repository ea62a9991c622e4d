"""The columns of proposals in files: fixed names, Japanese and English headers; costs have a pair each fiscal year."""

import datetime
import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _

from aspire.workbooks.cells import Cell
from aspire.workbooks.columns import StrictField
from aspire.workbooks.faults import SENTENCES
from aspire.workbooks.moments import Moment
from aspire.workbooks.widgets import NOTHING, BadCell, Parsed, StrictWidget, Text, WholeYen
from calls.models import Call

SENTENCES.update(
    {
        "email_form": _("“%(value)s” is no e-mail address. Write one like hanako@example.org."),
    }
)
WHOLE = _("Whole yen, without the unit.")
COST_COLUMN = re.compile(r"(direct|indirect)_yen_([12][0-9]{3})")
COSTS: dict[str, Promise] = {
    "direct_yen": _("Direct costs, every fiscal year"),
    "indirect_yen": _("Indirect costs, every fiscal year"),
}


class Address(Text):
    """An e-mail address."""

    is_telling = True

    def __init__(self) -> None:
        super().__init__(max_length=254)

    def read(self, cell: Cell) -> Parsed:
        found = super().read(cell)
        try:
            validate_email(found.value)
        except ValidationError:
            raise BadCell("email_form") from None
        return found


class Receipt(Moment):
    """When a proposal was received; on the first day of the call's window, a day alone is when that opens."""

    def __init__(self, call: Call | None = None) -> None:
        super().__init__()
        self.call = call

    def of_day(self, day: datetime.date) -> datetime.datetime:
        opens_at = self.call and self.call.opens_at
        return opens_at if opens_at and timezone.localdate(opens_at) == day else super().of_day(day)


class Told(StrictWidget):
    """What an export tells and no file can change: whatever stands in the cell is passed over."""

    is_word = False

    def parse(self, cell: Cell) -> Parsed:
        return NOTHING


class CostField(StrictField):
    """The direct or indirect costs (yen) of one fiscal year."""

    def __init__(self, kind: str, year: int, meaning: str | Promise = WHOLE) -> None:
        label = {"direct": _("Direct costs FY%(year)s (yen)"), "indirect": _("Indirect costs FY%(year)s (yen)")}[kind]
        group = f"{kind}_yen"
        super().__init__(f"{group}_{year}", filled(label, year=year), meaning, "10000000", WholeYen(), group=group)


def _filled(label: Promise, **values: object) -> str:
    return str(label) % values


filled = lazy(_filled, str)  # a label with its values, in the language of whoever reads it


def text(
    label: Promise, meaning: Promise, length: int, example: str | Promise, *, attribute: str | None = None
) -> StrictField:
    """A column of free text; its name is that under which it is declared."""
    return StrictField("", label, meaning, example, Text(length), attribute=attribute)
