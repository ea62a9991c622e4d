"""Assignments of a call as a kind of file: a row gives the proposal it names to the reviewer it names."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import ClassVar
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aspire.people import Person
from aspire.refusals import Refusal, Refused
from aspire.sheets.rows import SheetRow
from aspire.sheets.saving import LookAgain
from aspire.workbooks.cells import BLANKS, Cell
from aspire.workbooks.codes import Code
from aspire.workbooks.columns import StrictField
from aspire.workbooks.faults import SENTENCES, Fault
from aspire.workbooks.markup import Value
from aspire.workbooks.widgets import BadCell, Parsed, Text, normalised
from calls.sheets import CallResource
from proposals.assignment import decisions as appointing
from proposals.record.models import Assignment, Proposal
from proposals.record.models.reviews import AssignmentQuerySet
from proposals.record.querysets import ProposalQuerySet

SENTENCES.update(
    {
        "reviewer_ambiguous": _("More than one reviewer is called “%(value)s”. Write the user name."),
        "assignment_needs_a_person": _(
            "An assignment needs to say who made it. Name the person with --as, or send the file on its page."
        ),
    }
)


class AssignmentRow(SheetRow):
    """One row against the proposals that may be given, the reviewers, and what stands between them."""

    column_of: ClassVar[Mapping[str, str]] = {
        "assignment_unknown": "number",
        "assignment_of_reviewer": "reviewer",
        "assignment_without_conflict": "reviewer",
    }

    def fill(self, before: Assignment | None) -> None:
        self.values = dict(zip(self.kind.key, pair_of(self.key), strict=True))

    def name_of_new(self) -> str:
        person = self.kind.ground.people.get(self.values["reviewer"])
        return shown_name(person) if person else ""

    def refusals(self, before: Assignment | None) -> Iterable[Refusal]:
        return self.kind.ground.refusals(*pair_of(self.key)) if before is None else ()


class AssignmentResource(CallResource):
    """A row whose pair is there already changes nothing, another one assigns; no file takes an assignment back."""

    name, title, row_class = "assignments", _("Assignments"), AssignmentRow

    number = StrictField(
        "number",
        _("Proposal number"),
        _("The proposal to assign."),
        "",
        Text(40),
        attribute="proposal__number",
        is_required=True,
    )
    reviewer = StrictField(
        "reviewer",
        _("Reviewer"),
        _("The reviewer's user name, or the name where only one has it."),
        "reviewer",
        Text(150),
        attribute="reviewer__username",
        is_required=True,
        kind="code",
    )

    class Meta:
        model = Assignment
        import_id_fields = ["number", "reviewer"]
        fields = ["number", "reviewer"]

    @cached_property
    def ground(self) -> appointing.Ground:
        return appointing.Ground(self.call, self._visible(self.user))

    def opened_fields(self, declared: dict[str, StrictField]) -> Mapping[str, StrictField]:
        """Also: the reviewers who may be assigned; those who are already are read as well."""
        people = self.ground.people.values()
        assigned = User.objects.filter(assignments__in=self.listed(self.user)).select_related("reviewer_profile")
        widget = ReviewerName({person.pk: person for person in (*people, *assigned)}.values())
        declared["reviewer"].offered = [(person.username, shown_name(person)) for person in people]
        declared["number"].example = f"{self.call_code}-001"
        declared["reviewer"].example = next((person.username for person in people), "reviewer")
        declared["reviewer"].widget = widget
        return declared

    def cannot_be_taken(self) -> Iterable[Fault]:
        if self.user is None:
            yield Fault("assignment_needs_a_person")

    def _visible(self, user: Person | None) -> ProposalQuerySet:
        proposals = Proposal.objects.filter(call=self.call)
        return proposals if user is None else proposals.visible_to(user)

    def listed(self, user: Person | None) -> AssignmentQuerySet:
        found: AssignmentQuerySet = Assignment.objects.filter(proposal__in=self._visible(user))
        return found.order_by("proposal__number", "position")

    def for_export(self, records: AssignmentQuerySet) -> list[Assignment]:
        return list(records.select_related("proposal", "reviewer"))

    @cached_property
    def _all(self) -> dict[str, Assignment]:
        return {
            " ".join(map(str, self.values(each).values())): each for each in self.for_export(self.listed(self.user))
        }

    def stored(self, keys: Iterable[str]) -> dict[str, Assignment]:
        return {key: self._all[key] for key in keys if key in self._all}

    def all_keys(self) -> Iterable[str]:
        return self._all

    def values(self, record: Assignment) -> dict[str, Value]:
        return {"number": record.proposal.number, "reviewer": record.reviewer.get_username()}

    def state(self, stored: Mapping[str, Assignment]) -> object:
        """Which pairs were there already; what a new one needs is judged again when it is assigned."""
        return sorted(stored)

    def write(self, new: Sequence[SheetRow], changed: Sequence[SheetRow]) -> None:
        """Assign as a batch on the page does. Raises LookAgain where the result is no longer right."""
        try:
            appointing.assign(self.call, [pair_of(row.key) for row in new], by=self.sender, at=timezone.now())
        except Refused:
            raise LookAgain from None

    def url_of(self, key: str) -> str:
        return f"{self.list_url()}?{urlencode({'q': pair_of(key)[0]})}"

    def list_url(self) -> str:
        return reverse("assignment:assignments", args=[self.call_code])

    def heading(self) -> str:
        return self.call.name


def pair_of(key: str) -> appointing.Pair:
    """The proposal number and the user name, which has no blanks."""
    number, _blank, name = key.rpartition(" ")
    return number, name


def shown_name(person: User) -> str:
    """A reviewer as the drop-down offers them."""
    return str(getattr(person, "reviewer_profile", None) or person.get_full_name() or person.get_username())


def names_of(person: User) -> set[str]:
    """Every way to name a reviewer, as names are compared."""
    profile = getattr(person, "reviewer_profile", None)
    found = {person.get_username(), person.get_full_name(), f"{person.last_name} {person.first_name}"}
    found |= {profile.name_ja, profile.name_en} if profile else set()
    return {normalised(name) for name in found if name.strip()}


class ReviewerName(Code):
    """A reviewer's user name from it or from the name; two of one name are told apart by their user names alone."""

    def __init__(self, people: Iterable[User]) -> None:
        self.meant: dict[str, set[str]] = defaultdict(set)
        self.usernames = set()
        for person in people:
            self.usernames.add(person.get_username())
            for name in names_of(person):
                self.meant[name].add(person.get_username())
        super().__init__({name: min(found) for name, found in self.meant.items() if len(found) == 1}, "reviewer")

    def read(self, cell: Cell) -> Parsed:
        typed = cell.text.strip(BLANKS)
        if typed in self.usernames:
            return Parsed(typed)
        if len(self.meant.get(normalised(typed), ())) > 1:
            raise BadCell("reviewer_ambiguous")
        return super().read(cell)
