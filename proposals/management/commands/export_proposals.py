"""``manage.py export_proposals --call CODE FILE``: the proposals of a call, as a file that can be imported again."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aspire.spreadsheets.writing import Unwritable, csv_bytes, workbook_bytes
from proposals.management.commands.import_proposals import named_call
from proposals.models import Proposal
from proposals.querysets import FIELDS
from proposals.sheets import exporting


class Command(BaseCommand):
    help = "Export the proposals of one call as XLSX, or as CSV (UTF-8 with BOM), by the file's ending."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--call", required=True, metavar="CODE")

    def handle(self, *_args: Any, **options: Any) -> None:
        call, path = named_call(options["call"]), options["file"]
        proposals = exporting.with_related(Proposal.objects.filter(call=call))
        columns = exporting.export_columns(call, proposals, frozenset(FIELDS))
        rows = list(exporting.rows(proposals, columns))
        try:
            if path.suffix.lower() == ".xlsx":
                notes = exporting.notes(proposals)
                data = workbook_bytes(_("Proposals"), columns, rows, language=get_language() or "ja", notes=notes)
            else:
                data, _lost = csv_bytes([str(column.label) for column in columns], rows)
        except Unwritable as unwritable:
            raise CommandError(unwritable.fault.sentence) from None
        path.write_bytes(data)
        exporting.record(data, by=None, filters={"call": call.code}, columns=columns, count=len(rows), form=path.suffix)
        self.stdout.write(_("%(count)s proposals exported to %(name)s.") % {"count": len(rows), "name": path.name})
