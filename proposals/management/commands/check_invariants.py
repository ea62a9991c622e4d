"""``manage.py check_invariants``: recompute every rule from the rows; a sentence per breach, exit 1 if there is one."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from proposals.invariants import breaches


class Command(BaseCommand):
    help = "Recompute terms, totals, pots and statuses from the rows. Exit 1, with a sentence each, if one is broken."

    def handle(self, *_args: Any, **_options: Any) -> None:
        found = 0
        for found, breach in enumerate(breaches(), start=1):  # noqa: B007 - the last count is the result
            self.stdout.write(str(breach))
        if found:
            self.stderr.write(_("%(count)s breaches found.") % {"count": found})
            raise SystemExit(1)
        self.stdout.write(_("Every rule holds."))
