"""``manage.py export FORMAT KIND``: django-import-export's command, for our kinds and formats alone."""

from typing import Any

from django.core.management.base import CommandParser

from aspire.sheets import exporting
from aspire.sheets.commands import KindCommand
from aspire.sheets.formats import FORMATS
from aspire.untyped import Answered


class Command(KindCommand):
    help = "Write everything of one kind to the standard output, under its fixed English names."

    def add_arguments(self, parser: CommandParser) -> None:
        self.forms = {made.get_title(): made for made in (form() for form in FORMATS)}
        parser.add_argument("format", type=str.lower, choices=sorted(self.forms))
        super().add_arguments(parser)

    def handle(self, *_args: object, **options: Any) -> None:
        kind, form = self.opened(options), options["format"]
        dataset = kind.export()
        data = self.forms[form].export_data(dataset)
        filters = {"call": kind.call_code} if kind.call_code else {}
        how = {"filters": filters, "columns": dataset.fields, "count": len(dataset), "form": form}
        exporting.record(data, kind=kind.name, by=None, **how)
        out: Answered = self.stdout
        out.buffer.write(data)
