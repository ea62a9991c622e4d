"""Assignments of a call as a kind of sheet: a row gives the proposal it names to the reviewer it names."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import ClassVar
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aspire.people import Person
from aspire.refusals import Refusal, Refused
from aspire.sheets.judging import RowJudge
from aspire.sheets.kinds import New
from aspire.sheets.plans import PlannedRow, Sending
from aspire.sheets.saving import LookAgain
from aspire.workbooks import parsing
from aspire.workbooks.cells import BLANKS, Cell
from aspire.workbooks.columns import Column
from aspire.workbooks.faults import SENTENCES, Fault
from aspire.workbooks.markup import Value
from calls.sheets import CallKind
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


class AssignmentJudge(RowJudge):
    """One row against the proposals that may be given, the reviewers, and what stands between them."""

    column_of: ClassVar[Mapping[str, str]] = {
        "assignment_unknown": "number",
        "assignment_of_reviewer": "reviewer",
        "assignment_without_conflict": "reviewer",
    }

    @property
    def kind(self) -> "Assignments":
        kind: Assignments = self.planner.kind
        return kind

    def fill(self, planned: PlannedRow, before: Assignment | None) -> None:
        planned.values = dict(zip(self.kind.key, pair_of(planned.key), strict=True))

    def title(self, planned: PlannedRow) -> str:
        person = self.kind.ground.people.get(planned.values["reviewer"])
        return shown_name(person) if person else ""

    def refusals(self, planned: PlannedRow, before: Assignment | None) -> Iterator[Refusal]:
        if before is None:
            yield from self.kind.ground.refusals(*pair_of(planned.key))


class Assignments(CallKind):
    """A row whose pair is there already changes nothing, another one assigns; no file takes an assignment back."""

    name, title, model, judge = "assignments", _("Assignments"), Assignment, AssignmentJudge
    key, new = ("number", "reviewer"), New.NAMED

    @cached_property
    def ground(self) -> appointing.Ground:
        return appointing.Ground(self.call, self._visible(self.user))

    @cached_property
    def columns(self) -> list[Column]:
        number = Column(
            "number",
            _("Proposal number"),
            _("The proposal to assign."),
            f"{self.call.code}-001",
            parsing.text(40),
            is_required=True,
        )
        people = self.ground.people.values()
        assigned = User.objects.filter(assignments__in=self.listed(self.user)).select_related("reviewer_profile")
        reviewer = Column(
            "reviewer",
            _("Reviewer"),
            _("The reviewer's user name, or the name where only one has it."),
            next((person.username for person in people), "reviewer"),
            reader({person.pk: person for person in (*people, *assigned)}.values()),
            is_required=True,
            choices=tuple((person.username, shown_name(person)) for person in people),
            kind="code",
        )
        return [number, reviewer]

    def faults(self) -> Iterable[Fault]:
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

    def save(self, new: Sequence[PlannedRow], changed: Sequence[PlannedRow], sending: Sending) -> None:
        """Assign as a batch on the page does. Raises LookAgain where the plan is no longer right."""
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
    return {parsing.normalised(name) for name in found if name.strip()}


def reader(people: Iterable[User]) -> parsing.Parser:
    """A reviewer's user name from it or from the name; two of one name are told apart by their user names alone."""
    meant: dict[str, set[str]] = defaultdict(set)
    usernames = set()
    for person in people:
        usernames.add(person.get_username())
        for name in names_of(person):
            meant[name].add(person.get_username())
    by_name = parsing.code({name: min(found) for name, found in meant.items() if len(found) == 1}, "reviewer")

    def read(cell: Cell) -> parsing.Parsed:
        typed = cell.text.strip(BLANKS)
        if typed in usernames:
            return parsing.Parsed(typed)
        if len(meant.get(parsing.normalised(typed), ())) > 1:
            raise parsing.BadCell("reviewer_ambiguous")
        return by_name(cell)

    return read
