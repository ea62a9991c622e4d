"""``manage.py erase_personal_data``: take a person out of a proposal or an account, and out of their history."""

from collections.abc import Iterable
from functools import partial

from django.contrib.auth.models import User
from django.core.files.storage import storages
from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from aspire.accounts.erasure import Words, erase
from aspire.operations.grants import as_owner
from aspire.operations.schema import DataCommand
from aspire.untyped import Passed
from proposals.record.models import CoInvestigator, Counterpart, Document, FollowUp, Proposal, ProposalDraft, Reviewer
from proposals.record.models.documents import ERASED

NAMES = [
    *("principal_investigator", "principal_investigator_reading", "principal_investigator_en"),
    *("researcher_number", "email"),
]
OF_PROPOSALS = Words(Proposal, dict.fromkeys([*NAMES, "late_reason", "young_researcher_plan"], ""))
OF_REASONS = Words(Proposal, dict.fromkeys(["set_aside_reason", "funder_reason"], ERASED))
OF_COUNTERPARTS = Words(Counterpart, {"person": ERASED, "email": ""})
OF_CO_INVESTIGATORS = Words(CoInvestigator, {"person": ERASED, "researcher_number": ""})
OF_DOCUMENTS = Words(Document, {"name": ERASED})
OF_FOLLOW_UPS, OF_DONE = Words(FollowUp, {"value": ""}), Words(FollowUp, {"comment": ERASED})
OF_REVIEWERS = Words(Reviewer, dict.fromkeys(["name_ja", "name_en", "reading", "researcher_number"], ""))


class Command(DataCommand):
    help = (
        "Erase personal data for good, from today's rows and from their history: of the people of a proposal, or of an "
        "account, which is closed with it. Runs as the owner of the tables. Decisions, amounts and moments stay."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--proposal", metavar="NUMBER")
        whose.add_argument("--account", metavar="NAME")
        parser.add_argument("--reason", required=True, help="Why; it is remembered with the erasure.")

    def handle(self, *_args: object, **options: Passed) -> None:
        with as_owner(), transaction.atomic():
            if options["proposal"]:
                count = of_proposal(options["proposal"], options["reason"])
            else:
                count = of_account(options["account"], options["reason"])
        self.stdout.write(_("Erased from %(count)s rows.") % {"count": count})


def of_proposal(number: str, reason: str) -> int:
    """The people of a proposal, with what they wrote about young researchers; titles and institutions stay."""
    proposal = Proposal.objects.filter(number=number).first()
    if proposal is None:
        raise CommandError(_("There is no proposal %(number)s.") % {"number": number})
    counterparts = Counterpart.objects.filter(proposal=proposal).values_list("pk", flat=True)
    others = CoInvestigator.objects.filter(proposal=proposal).values_list("pk", flat=True)
    ProposalDraft.objects.filter(proposal=proposal).delete()
    raised = FollowUp.objects.filter(proposal=proposal).values_list("pk", flat=True)
    done = raised.filter(done_at__isnull=False)
    found = [(OF_PROPOSALS, [proposal.pk]), (OF_COUNTERPARTS, [*counterparts])]
    found += [
        (OF_REASONS, [proposal.pk]),
        (OF_CO_INVESTIGATORS, [*others]),
        (OF_FOLLOW_UPS, [*raised]),
        (OF_DONE, [*done]),
    ]
    found.append((OF_DOCUMENTS, take_documents_away(proposal, reason)))
    return erase(number, reason, found)


def take_documents_away(proposal: Proposal, reason: str) -> list[int]:
    """Let nobody read the proposal's documents any more, and throw away what no other proposal has; their keys."""
    proposal.documents.present().update(removed_at=timezone.now(), removal_reason=reason[:300])
    own = list(proposal.documents.all())
    kept = Document.objects.exclude(proposal=proposal).exclude(name=ERASED)
    shared = set(kept.filter(sha256__in=[each.sha256 for each in own]).values_list("sha256", flat=True))
    gone = {each.path for each in own if each.sha256 not in shared}
    transaction.on_commit(partial(throw_away, gone))
    return [each.pk for each in own]


def throw_away(paths: Iterable[str]) -> None:
    """Delete these contents; what is gone already is no failure, so that an erasure that stopped can be run again."""
    for path in sorted(paths):
        storages["documents"].delete(path)


def of_account(name: str, reason: str) -> int:
    """The person of an account, who cannot sign in any more; what the account did stays under its number."""
    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError(_("There is no account %(name)s.") % {"name": name})
    ProposalDraft.objects.filter(user=user).delete()
    user.is_active = False
    user.set_unusable_password()
    user.save(update_fields=["is_active", "password"])
    of_accounts = Words(User, {"username": f"erased-{user.pk}", "first_name": "", "last_name": "", "email": ""})
    profiles = Reviewer.objects.filter(user=user).values_list("pk", flat=True)
    return erase(f"account {user.pk}", reason, [(of_accounts, [user.pk]), (OF_REVIEWERS, [*profiles])])
