"""What officers decide about reviewers: interests are settled, proposals given and taken back.

A batch is assigned whole, or refused with every fault.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from django.contrib.auth.models import User
from django.db.models import Count, Max, Q, QuerySet

from aspire.people import Person
from aspire.refusals import Refusal, Refused, all_or_nothing
from aspire.roles import Role
from calls.hidden import forget_conflicts
from calls.models import Call
from proposals.assignment.spread import Candidate, Need, Plan, propose
from proposals.assignment.suggestions import suggestions
from proposals.record.models import Assignment, Conflict, Proposal
from proposals.record.querysets import ProposalQuerySet

Pair = tuple[str, str]  # proposal number, reviewer's user name


def reviewers() -> QuerySet[User]:
    """Everybody who may review, by reading of the name."""
    found = User.objects.filter(groups__name=Role.REVIEWER, is_active=True)
    return found.select_related("reviewer_profile").order_by("reviewer_profile__reading", "username")


# --- deciding ------------------------------------------------------------------------------------------------------


class Ground:
    """What pairs of a call are judged by, read when first asked for."""

    def __init__(self, call: Call, visible: ProposalQuerySet) -> None:
        """Only the ``visible`` proposals can be given."""
        self.call, self.visible = call, visible

    @cached_property
    def proposals(self) -> dict[str, Proposal]:
        return {proposal.number: proposal for proposal in self.visible.filter(call=self.call).counted()}

    @cached_property
    def people(self) -> dict[str, User]:
        return {person.username: person for person in reviewers()}

    @cached_property
    def given(self) -> set[Pair]:
        of_call = Assignment.objects.filter(proposal__call=self.call)
        return set(of_call.values_list("proposal__number", "reviewer__username"))

    @cached_property
    def hidden(self) -> set[Pair]:
        """Pairs with a conflict of interest between them."""
        standing = Conflict.objects.standing().filter(proposal__call=self.call)
        return set(standing.values_list("proposal__number", "person__username"))

    def refusals(self, number: str, name: str) -> Iterator[Refusal]:
        """Why the proposal cannot be given to the reviewer; the first reason is enough."""
        if number not in self.proposals:
            yield Refusal("assignment_unknown", {"proposal": number, "call": self.call.code}, number)
        elif name not in self.people:
            yield Refusal("assignment_of_reviewer", {"who": name}, number)
        elif (number, name) in self.hidden:
            yield Refusal("assignment_without_conflict", {"proposal": number}, number)
        elif (number, name) in self.given:
            yield Refusal("assignment_once", {}, number)


def assign(call: Call, pairs: Iterable[Pair], *, by: Person, at: datetime.datetime) -> int:
    """Assign every pair, and say how many; raises Refused with every refusal, and then nothing is assigned."""
    wanted = list(dict.fromkeys(pairs))
    with all_or_nothing():
        Call.objects.select_for_update(no_key=True).get(pk=call.pk)
        named = Proposal.objects.filter(number__in=[number for number, _name in wanted])
        ground = Ground(call, named.visible_to(by))
        refusals = [refusal for number, name in wanted for refusal in ground.refusals(number, name)]
        if refusals:
            raise Refused(*refusals)
        of_these = Assignment.objects.filter(proposal__in=ground.proposals.values())
        last = dict(of_these.order_by().values_list("proposal").annotate(Max("position")))
        rows = []
        for number, name in wanted:
            proposal = ground.proposals[number]
            last[proposal.pk] = last.get(proposal.pk, 0) + 1
            place = {"position": last[proposal.pk], "assigned_by": by, "assigned_at": at}
            rows.append(Assignment(proposal=proposal, reviewer=ground.people[name], **place))
        Assignment.objects.bulk_create(rows)
    return len(rows)


def take_back(assignment: Assignment) -> None:
    """Undo an assignment nobody has answered yet; raises Refused where a review stands on it or it was declined."""
    with all_or_nothing():
        stored = Assignment.objects.select_for_update(of=("self",)).select_related("proposal").get(pk=assignment.pk)
        if hasattr(stored, "review"):
            raise Refused.by("assignment_has_review", proposal=stored.proposal.number)
        stored.delete()


def ask_again(assignment: Assignment) -> None:
    """Open a declined assignment again for the same reviewer, who keeps the place and the draft.

    Raises Refused where it is not declined, the reviewer is none any more, or a conflict of interest stands.
    """
    with all_or_nothing():
        locked = Assignment.objects.select_for_update(of=("self",)).select_related("proposal", "reviewer")
        stored = locked.get(pk=assignment.pk)
        if not stored.declined_at:
            raise Refused.by("assignment_open", proposal=stored.proposal.number)
        if not reviewers().filter(pk=stored.reviewer_id).exists():
            raise Refused.by("assignment_of_reviewer", who=stored.reviewer.get_username())
        if Assignment.objects.set_aside().filter(pk=stored.pk).exists():
            raise Refused.by("assignment_without_conflict", proposal=stored.proposal.number)
        stored.declined_at, stored.decline_reason = None, ""
        stored.save(update_fields=["declined_at", "decline_reason"])


def name_leads(call: Call, named: Mapping[str, str]) -> None:
    """Say who marks the awards of each field (by code): a user name, or empty for nobody. Fields left out stay.

    Raises Refused with every refusal, and then nothing is changed.
    """
    with all_or_nothing():
        Call.objects.select_for_update(no_key=True).get(pk=call.pk)
        people = {person.username: person for person in reviewers()}
        places = list(call.call_fields.filter(field__code__in=named).select_related("field"))
        refusals = []
        for place in places:
            name = named[place.field.code]
            if name and name not in people:
                refusals.append(Refusal("assignment_of_reviewer", {"who": name}, str(place.field)))
            place.lead_reviewer = people.get(name)
        if refusals:
            raise Refused(*refusals)
        for place in places:
            place.save(update_fields=["lead_reviewer"])


# --- proposing -----------------------------------------------------------------------------------------------------


def plan_for(call: Call, *, wanted: int, by: Person | None = None) -> Plan:
    """Who would get what, so that each counted proposal has so many reviewers: a matching field, no conflict, nor an
    open suggestion of one, and nobody who has declined it. What is hidden from ``by`` is left out."""
    given: dict[int, set[int]] = defaultdict(set)
    active: dict[int, int] = defaultdict(int)
    load: dict[int, int] = defaultdict(int)
    of_call = Proposal.objects.filter(call=call).seen_by(by).order_by()
    asked = Assignment.objects.filter(proposal__in=of_call)
    for proposal, person in asked.values_list("proposal", "reviewer"):
        given[proposal].add(person)
    for proposal, person in asked.active().values_list("proposal", "reviewer"):
        active[proposal] += 1
        load[person] += 1
    for proposal, person in Conflict.objects.standing().filter(proposal__in=of_call).values_list("proposal", "person"):
        given[proposal].add(person)
    for suggestion in suggestions(call, reader=by):
        given[suggestion.proposal.pk].add(suggestion.person.pk)
    counted = of_call.counted().order_by("pk").values_list("pk", "field")
    needs = [Need(pk, field, wanted - active[pk], frozenset(given[pk])) for pk, field in counted]
    people = reviewers().prefetch_related("reviewer_profile__fields")
    candidates = [Candidate(person.pk, fields_of(person), load[person.pk]) for person in people]
    return propose([need for need in needs if need.missing > 0], candidates)


def fields_of(person: User) -> frozenset[int]:
    """The fields a reviewer knows; none without a profile."""
    profile = getattr(person, "reviewer_profile", None)
    return frozenset(field.pk for field in profile.fields.all()) if profile else frozenset()


# --- reading -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Load:
    """What one reviewer has of a call: asked, done, declined, and set aside by a conflict."""

    person: User
    fields: str
    assigned: int
    done: int
    declined: int
    set_aside: int

    @property
    def left(self) -> int:
        return self.assigned - self.done


def loads(call: Call, *, by: Person | None = None) -> list[Load]:
    """The load of every reviewer, also of those with nothing yet, without what is hidden from ``by``."""
    of_call = Assignment.objects.filter(proposal__in=Proposal.objects.filter(call=call).seen_by(by).order_by())
    active = of_call.active().order_by().values("reviewer")
    counts = {
        row["reviewer"]: row
        for row in active.annotate(assigned=Count("pk"), done=Count("pk", filter=Q(review__state="submitted")))
    }
    declined = _by_reviewer(of_call.filter(declined_at__isnull=False))
    aside = _by_reviewer(of_call.set_aside())
    nothing = {"assigned": 0, "done": 0}
    return [
        Load(
            person=person,
            fields=field_names(person),
            assigned=counts.get(person.pk, nothing)["assigned"],
            done=counts.get(person.pk, nothing)["done"],
            declined=declined.get(person.pk, 0),
            set_aside=aside.get(person.pk, 0),
        )
        for person in reviewers().prefetch_related("reviewer_profile__fields")
    ]


def field_names(person: User) -> str:
    """The fields a reviewer knows, by name."""
    profile = getattr(person, "reviewer_profile", None)
    return ", ".join(str(field) for field in profile.fields.all()) if profile else ""


def _by_reviewer(assignments: QuerySet[Assignment]) -> dict[int, int]:
    return dict(assignments.order_by().values_list("reviewer").annotate(Count("pk")))


# --- interests -------------------------------------------------------------------------------------------------------


def settle(
    proposal: Proposal, person: User, *, finding: str, kind: str, words: str, by: Person, at: datetime.datetime
) -> None:
    """Record the finding; reviews of a person in conflict are set aside from then on, never deleted.

    Raises Refused where the kind or the words it needs are missing.
    """
    with all_or_nothing():
        values = {"finding": finding, "kind": kind, "words": words.strip(), "recorded_by": by, "recorded_at": at}
        Conflict.objects.update_or_create(proposal=proposal, person=person, defaults=values)
    forget_conflicts(by)


def retract(conflict: Conflict, *, reason: str, by: Person, at: datetime.datetime) -> None:
    """Say that a standing conflict was recorded in error: the proposal comes back to the person, who declares anew.

    A review that was set aside counts again once the person has declared no interest. Raises Refused where nothing
    stands any more, or without a reason.
    """
    with all_or_nothing():
        found = Conflict.objects.select_for_update(of=("self",)).select_related("proposal").get(pk=conflict.pk)
        if found.finding != Conflict.Finding.STANDS:
            raise Refused.by("conflict_stands_no_more", proposal=found.proposal.number)
        found.finding, found.kind, found.words = Conflict.Finding.MISTAKEN, Conflict.Kind.NONE, reason.strip()
        found.recorded_by, found.recorded_at = by, at
        found.save()
