"""``manage.py load_briefing``: the press briefing of 27 April 2023, from an empty database to its tables."""

from django.utils.translation import gettext as _

from aspire.operations.schema import DataCommand
from aspire.untyped import Passed
from calls.models import PublishedFigure
from partners.models import Country, Dialogue, Funder
from proposals.demo.press_briefing import TRIAL, load
from proposals.record.models import Proposal


class Command(DataCommand):
    help = "Load the press briefing of 27 April 2023. Loading it again changes nothing."

    def handle(self, *_args: object, **options: Passed) -> None:
        load()
        counts = {
            "countries": Country.objects.count(),
            "funders": Funder.objects.count(),
            "dialogues": Dialogue.objects.count(),
            "figures": PublishedFigure.objects.filter(call__code=TRIAL).count(),
            "proposals": Proposal.objects.filter(call__code=TRIAL, is_reconstructed=True).count(),
        }
        if options["verbosity"]:
            self.stdout.write(
                _(
                    "The briefing is loaded: %(countries)s countries, %(funders)s funders, %(dialogues)s dialogues, "
                    "%(figures)s published figures, %(proposals)s reconstructed proposals."
                )
                % counts
            )
