"""``manage.py add_documents ZIP --call CODE [--dry-run]``: all documents of a zip, or none."""

from pathlib import Path

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aspire.operations.schema import DataCommand
from aspire.refusals import Refused
from calls.models import Call
from proposals.intake.documents import keep, unpack
from proposals.record.models import Proposal


class Command(DataCommand):
    help = (
        "Keep the PDFs of a zip with the proposals of a call. Each name, or that of its folder, begins with a "
        "proposal's number: NUMBER.pdf is the application, everything else an annex. A fault in any is said, and "
        "nothing is kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--call", required=True, metavar="CODE")
        parser.add_argument("--dry-run", action="store_true", help="say what would be kept, and keep nothing")

    def handle(self, *_args: object, file: Path, call: str, dry_run: bool, **_options: object) -> None:
        found = Call.objects.filter(code=call).first()
        if found is None:
            raise CommandError(_("There is no call %(codes)s.") % {"codes": call})
        try:
            with file.open("rb") as content:
                incoming = unpack(content, found, Proposal.objects.all())
                for each in incoming:
                    self.stdout.write(f"{each.proposal.number} {each.label} {each.pdf.name} ({each.pdf.pages})")
                if not dry_run:
                    keep(incoming, by=None, at=timezone.now())
        except OSError as error:
            raise CommandError(_("%(file)s cannot be read.") % {"file": file}) from error
        except Refused as refused:
            sentences = [f"{refusal.subject}: {refusal.sentence}".removeprefix(": ") for refusal in refused.refusals]
            raise CommandError("\n".join([*sentences, _("Nothing was kept.")])) from refused
        said = ngettext("%(number)s document is kept.", "%(number)s documents are kept.", len(incoming))
        self.stdout.write(_("Nothing was kept.") if dry_run else said % {"number": len(incoming)})
