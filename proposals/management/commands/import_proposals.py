"""``manage.py import_proposals FILE --call CODE [--dry-run]``: all rows of a file, or none."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from calls.models import Call
from proposals.resources import Faults, import_file


class Command(BaseCommand):
    help = "Import proposals of one call from CSV or XLSX. A fault in any row is said, and nothing is saved."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--call", required=True, metavar="CODE")
        parser.add_argument("--dry-run", action="store_true", help="check everything and save nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        call = Call.objects.filter(code=options["call"]).first()
        if call is None:
            raise CommandError(_("There is no call %(code)s.") % {"code": options["call"]})
        if not options["file"].is_file():
            raise CommandError(_("There is no file %(name)s.") % {"name": options["file"].name})
        try:
            done = import_file(options["file"], call=call, received_at=timezone.now(), is_trial_run=options["dry_run"])
        except Faults as faults:
            for sentence in faults.sentences:
                self.stderr.write(sentence)
            raise CommandError(_("Nothing was saved.")) from None
        said = _("Nothing was saved (dry run): %(created)s to create, %(changed)s to change.")
        if not options["dry_run"]:
            said = _("%(created)s proposals created, %(changed)s changed.")
        self.stdout.write(said % done)
