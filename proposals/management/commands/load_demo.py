"""``manage.py load_demo``: four synthetic calls, one in each stage, and four accounts to look at them with."""

import datetime

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from aspire.operations.schema import DataCommand
from calls.models import Call
from proposals.demo.loading import PASSWORD, instant, load, make_accounts
from proposals.record.status import Status


class Command(DataCommand):
    help = "Load four synthetic calls and four demonstration accounts. Loading them again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--on",
            type=datetime.date.fromisoformat,
            default=None,
            metavar="YYYY-MM-DD",
            help="the day on which the calls stand in their stages (default: today in Tokyo)",
        )

    def handle(self, *_args: object, on: datetime.date | None, verbosity: int, **_options: object) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError(
                _(
                    "Demonstration data is for local instances only, because the password of its accounts is public: "
                    "nothing was loaded."
                )
            )
        on = on or timezone.localdate()
        with transaction.atomic():
            made = load(on=on)
            accounts = make_accounts()
        if verbosity:
            for call, is_new in made:
                self.stdout.write(self.line(call, on=on, is_new=is_new))
            values = {"accounts": ", ".join(accounts), "password": PASSWORD}
            self.stdout.write(_("Accounts: %(accounts)s; password of those made here: %(password)s") % values)

    def line(self, call: Call, *, on: datetime.date, is_new: bool) -> str:
        """What became of one call."""
        if not is_new:
            return _("%(call)s is already there and stays as it is.") % {"call": call.code}
        values = {
            "call": call.code,
            "stage": call.stage(at=instant(on, datetime.time(12))).label,
            "proposals": call.proposals.count(),
            "awards": call.proposals.filter(status=Status.AWARDED).count(),
        }
        return _("%(call)s (%(stage)s): %(proposals)s proposals, %(awards)s awards.") % values
