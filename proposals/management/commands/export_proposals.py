"""``manage.py export_proposals --call CODE FILE``: the proposals of a call as CSV that can be imported again."""

import csv
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from calls.models import Call
from proposals.models import Proposal
from proposals.resources import export_rows


class Command(BaseCommand):
    help = "Export the proposals of one call as CSV (UTF-8 with BOM)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--call", required=True, metavar="CODE")

    def handle(self, *_args: Any, **options: Any) -> None:
        call = Call.objects.filter(code=options["call"]).first()
        if call is None:
            raise CommandError(_("There is no call %(code)s.") % {"code": options["call"]})
        with options["file"].open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(export_rows(call, Proposal.objects.all()))
        count = call.proposals.count()
        self.stdout.write(
            _("%(count)s proposals exported to %(name)s.") % {"count": count, "name": options["file"].name}
        )
