"""Assigning three reviewers to each of a thousand proposals automatically, against five seconds and against fifty."""

from functools import partial

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from aspire.roles import Role
from calls.models import Call
from proposals.assignment import decisions as appointing
from proposals.record.models import Proposal, Reviewer
from tests.bench import measuring, rows
from tests.bench.measuring import Line, medians

ROUNDS, WANTED, REVIEWERS = 3, 3, 40
LIMIT = 5.0  # seconds


def make_reviewers(call: Call) -> None:
    """People who may review in every field of the call."""
    group = Group.objects.get(name=Role.REVIEWER)
    for number in range(REVIEWERS):
        user = User.objects.create(username=f"assigned-{number}")
        user.groups.add(group)
        profile = Reviewer.objects.create(user=user, institution=f"Bench Institute {number}")
        profile.fields.set(call.fields.all())


def assign(call: Call, by: User) -> None:
    """Propose and apply, as the page does; taken back, so that each round finds the same."""
    with transaction.atomic():
        plan = appointing.plan_for(call, wanted=WANTED)
        numbers = dict(Proposal.objects.filter(pk__in=plan.teams).values_list("pk", "number"))
        names = dict(appointing.reviewers().values_list("pk", "username"))
        pairs = [(numbers[pk], names[person]) for pk, team in plan.teams.items() for person in team]
        appointing.assign(call, pairs, by=by, at=timezone.now())
        transaction.set_rollback(True)


def measure() -> list[Line]:
    sizes = measuring.chosen.compared
    calls = {size: rows.make_call(f"BENCH-ASSIGN-{size}", size, parts=[]) for size in sizes}
    make_reviewers(calls[sizes[0]])
    rows.settle()
    officer = User.objects.get(username="officer")
    works = {f"assigning {size:,} proposals x 3": partial(assign, call, officer) for size, call in calls.items()}
    taken = medians(works, rounds=ROUNDS)
    few, many = works
    return [Line(many, taken[many], "five seconds", LIMIT, 1.0), Line(many, taken[many], few, taken[few])]
