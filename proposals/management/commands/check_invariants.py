"""``manage.py check_invariants``: recompute every rule from the rows; a sentence per breach, exit 1 if there is one."""

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from aspire.operations.grants import as_owner
from aspire.operations.schema import DataCommand
from proposals.record.invariants import breaches, rebuild_tallies


class Command(DataCommand):
    help = "Recompute terms, totals, pots and statuses from the rows. Exit 1, with a sentence each, if one is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="First count the kept tallies anew from the rows.")

    def handle(self, *_args: object, rebuild: bool, **_options: object) -> None:
        if rebuild:
            with as_owner():
                rebuild_tallies()
        found = 0
        for found, breach in enumerate(breaches(), start=1):  # noqa: B007 - the last count is the result
            self.stdout.write(str(breach))
        if found:
            self.stderr.write(_("%(count)s breaches found.") % {"count": found})
            raise SystemExit(1)
        self.stdout.write(_("Every rule holds."))
