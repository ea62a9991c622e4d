"""``manage.py proposal_template --call CODE [--prefill] FILE``: the workbook to fill in for a call."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from proposals.management.commands.import_proposals import named_call
from proposals.models import Proposal
from proposals.sheets.exporting import template_of


class Command(BaseCommand):
    help = "Write the template workbook of a call, empty or with the call's proposals."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--call", required=True, metavar="CODE")
        parser.add_argument("--prefill", action="store_true", help="fill it with the call's proposals")

    def handle(self, *_args: Any, **options: Any) -> None:
        call = named_call(options["call"])
        proposals = Proposal.objects.filter(call=call) if options["prefill"] else Proposal.objects.none()
        options["file"].write_bytes(template_of(call, proposals, language=get_language() or "ja"))
        self.stdout.write(
            _("The template of %(call)s is in %(name)s.") % {"call": call.code, "name": options["file"].name}
        )
