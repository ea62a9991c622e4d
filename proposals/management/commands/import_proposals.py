"""``manage.py import_proposals FILE --call CODE [--dry-run]``: all rows of a file, or none."""

import hashlib
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _

from aspire.refusals import from_error
from aspire.spreadsheets.faults import Fault, Tier, Unreadable
from calls.models import Call
from proposals.sheets.contract import Contract
from proposals.sheets.planning import CHANGE, CREATE, LEAVE, Plan, Planner
from proposals.sheets.saving import LookAgain, save

REASON_LENGTH = 300


class Command(BaseCommand):
    help = "Import proposals of one call from CSV or XLSX. A fault in any row is said, and nothing is saved."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--call", required=True, metavar="CODE")
        parser.add_argument("--dry-run", action="store_true", help="check everything and save nothing")
        parser.add_argument("--reason", default="", help="why proposals outside the call's window are accepted")

    def handle(self, *_args: Any, **options: Any) -> None:
        call, data = named_call(options["call"]), content(options["file"])
        if len(options["reason"]) > REASON_LENGTH:
            raise CommandError(
                _("The reason has more than %(limit)s characters. Shorten it.") % {"limit": REASON_LENGTH}
            )
        now, name = timezone.now(), options["file"].name
        planner = Planner(Contract(call), received_at=now, reason=options["reason"], step=self.show_progress)
        try:
            plan = planner.plan(data, file_name=name)
        except Unreadable as unreadable:
            raise CommandError(unreadable.fault.sentence) from None
        self.say_faults(plan)
        if not options["dry_run"]:
            sha256 = hashlib.sha256(data).hexdigest()
            self.save(plan, call=call, file_name=name, sha256=sha256, received_at=now, reason=options["reason"])
        counts = {"created": plan.count(CREATE), "changed": plan.count(CHANGE), "left": plan.count(LEAVE)}
        said = _("%(created)s proposals created, %(changed)s changed, %(left)s left as they were.")
        if options["dry_run"]:
            said = _("Nothing was saved (dry run): %(created)s to create, %(changed)s to change, %(left)s to leave.")
        self.stdout.write(said % counts)

    def show_progress(self, done: int) -> None:
        """One line that counts up, on a terminal."""
        if sys.stderr.isatty():
            self.stderr.write(_("%(done)s rows checked") % {"done": done}, ending="\r")

    def say_faults(self, plan: Plan) -> None:
        """Every finding; a blocking one ends the command with nothing saved."""
        for fault in plan.faults:
            self.stderr.write(line(fault))
        if plan.is_blocked:
            raise CommandError(_("Nothing was saved."))

    def save(self, plan: Plan, **what: Any) -> None:
        try:
            save(plan, by=None, **what)
        except LookAgain:
            raise CommandError(_("The stored data changed meanwhile; nothing was saved. Try again.")) from None
        except DatabaseError as error:
            refusal = from_error(error)
            if refusal is None:
                raise
            raise CommandError(refusal.sentence) from None


def line(fault: Fault) -> str:
    """A finding as one line: place, value, sentence."""
    place = " ".join(part for part in (fault.place, fault.header) if part)
    weight = "" if fault.tier == Tier.BLOCK else _("(accepted) ")
    return f"{place}: {weight}{fault.sentence}" if place else f"{weight}{fault.sentence}"


def named_call(code: str) -> Call:
    """The call of that code. Raises CommandError where there is none."""
    call = Call.objects.filter(code=code).first()
    if call is None:
        raise CommandError(_("There is no call %(code)s.") % {"code": code})
    return call


def content(path: Path) -> bytes:
    """A file's bytes. Raises CommandError where there is none."""
    if not path.is_file():
        raise CommandError(_("There is no file %(name)s.") % {"name": path.name})
    return path.read_bytes()
