"""What the officers' pages about review show."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext

from aspire.people import Person
from calls.models import Call, CallField, Field
from proposals.assignment.decisions import Load, Pair, fields_of, loads, reviewers
from proposals.assignment.spread import Plan
from proposals.assignment.stages import short_of_reviewers
from proposals.assignment.suggestions import Suggestion, suggestions
from proposals.record.models import Assignment, Conflict, Proposal
from proposals.record.querysets import ProposalQuerySet


@dataclass
class AssignedRow:
    """A proposal with its reviewers; those in conflict stand apart."""

    proposal: Proposal
    assignments: list[Assignment] = field(default_factory=list)

    @property
    def active(self) -> int:
        return sum(each.declined_at is None and not each.is_aside for each in self.assignments)  # type: ignore[attr-defined]

    @property
    def missing(self) -> int:
        return max(self.proposal.call.reviews_wanted - self.active, 0)


def asked(
    call: Call, visible: ProposalQuerySet, *, q: str = "", field: Field | None = None, short: bool = False
) -> ProposalQuerySet:
    """The counted proposals of the call that the officer asked for."""
    found = visible.filter(call=call).counted().search(q or "").select_related("call", "field").order_by("number")
    if field:
        found = found.filter(field=field)
    asked: ProposalQuerySet = found.filter(pk__in=short_of_reviewers(call).values("pk")) if short else found
    return asked


def rows(page: Iterable[Proposal]) -> list[AssignedRow]:
    """The proposals of one page with their reviewers, in one query more."""
    found = {proposal.pk: AssignedRow(proposal) for proposal in page}
    standing = Conflict.objects.standing().filter(proposal=OuterRef("proposal"), person=OuterRef("reviewer"))
    given = Assignment.objects.filter(proposal__in=list(found)).annotate(is_aside=Exists(standing.order_by()))
    for assignment in given.select_related("reviewer__reviewer_profile", "review").order_by("position"):
        found[assignment.proposal_id].assignments.append(assignment)
    return list(found.values())


def places(call: Call) -> QuerySet[CallField]:
    """The fields of the call with their lead reviewers."""
    return call.call_fields.select_related("field", "lead_reviewer__reviewer_profile")


def planned(call: Call, plan: Plan, *, by: Person) -> dict[str, Any]:
    """A proposed batch: each pair, the load before and after, and what stays short."""
    before: list[Load] = loads(call, by=by)
    people = {load.person.pk: load.person for load in before}
    numbers = dict(Proposal.objects.filter(pk__in=plan.teams).values_list("pk", "number"))
    added = plan.loads()
    teams: dict[str, list[User]] = defaultdict(list)
    for proposal, team in plan.teams.items():
        for person in team:
            teams[numbers[proposal]].append(people[person])
    in_order = sorted(teams.items())
    return {
        "loads": [(load, added[load.person.pk], load.assigned + added[load.person.pk]) for load in before],
        "teams": in_order,
        "pairs": "\n".join(f"{number} {person.username}" for number, team in in_order for person in team),
        "total": sum(added.values()),
        "short": sorted((numbers[pk], missing) for pk, missing in plan.short.items()),
        "is_planned": True,
    }


def recorded(conflicts: QuerySet[Conflict]) -> QuerySet[Conflict]:
    """Conflicts as the list shows them, with whether a review was set aside."""
    aside = Assignment.objects.filter(
        proposal=OuterRef("proposal"), reviewer=OuterRef("person"), review__isnull=False
    ).order_by()
    related = conflicts.select_related("proposal", "person__reviewer_profile", "recorded_by")
    return related.annotate(has_review=Exists(aside)).order_by("-recorded_at", "pk")


@dataclass(frozen=True)
class OpenSuggestion:
    """A suggestion to decide, and whether the person has the proposal already."""

    suggestion: Suggestion
    is_assigned: bool


def assigned_first(call: Call, found: Iterable[Suggestion]) -> list[OpenSuggestion]:
    """Suggestions with those first whose person has the proposal: these are urgent."""
    given = set(Assignment.objects.filter(proposal__call=call).values_list("proposal", "reviewer"))
    opened = [OpenSuggestion(each, (each.proposal.pk, each.person.pk) in given) for each in found]
    return sorted(opened, key=lambda each: not each.is_assigned)


def doubts(call: Call, pairs: Iterable[Pair], *, by: Person) -> list[tuple[str, str]]:
    """What an officer should know before giving proposals by hand, beside each number: a likely conflict of interest
    that nobody has decided, or a field the reviewer does not know."""
    wanted = set(pairs)
    found = [
        (
            each.proposal.number,
            gettext("A likely conflict of interest is not decided yet: %(what)s") % {"what": each.evidence},
        )
        for each in suggestions(call, reader=by)
        if (each.proposal.number, each.person.username) in wanted
    ]
    names = {name for _number, name in wanted}
    people = reviewers().filter(username__in=names).prefetch_related("reviewer_profile__fields")
    fields = {person.username: fields_of(person) for person in people}
    given = Proposal.objects.visible_to(by).filter(call=call, number__in=[number for number, _name in wanted])
    field_of = {proposal.number: proposal.field for proposal in given.select_related("field")}
    for number, name in sorted(wanted):
        if name in fields and number in field_of and field_of[number].pk not in fields[name]:
            said = gettext("The reviewer does not know its field: %(field)s") % {"field": field_of[number]}
            found.append((number, said))
    return sorted(found)
