"""Assigning three reviewers to each of a thousand proposals automatically, against five seconds and against fifty."""

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from aspire.roles import Role
from calls.models import Call
from proposals.models import Proposal, Reviewer
from proposals.review import appointing
from tests.bench import rows
from tests.bench.measuring import Line, medians

ROUNDS, WANTED, REVIEWERS = 3, 3, 40
SIZES = (50, 1000)
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
    calls = {size: rows.make_call(f"BENCH-ASSIGN-{size}", size, parts=[]) for size in SIZES}
    make_reviewers(calls[SIZES[0]])
    rows.settle()
    officer = User.objects.get(username="officer")
    taken = medians({str(size): lambda call=call: assign(call, officer) for size, call in calls.items()}, rounds=ROUNDS)
    what = "assigning 1,000 proposals x 3"
    return [
        Line(what, taken["1000"], "five seconds", LIMIT, 1.0),
        Line(what, taken["1000"], "assigning 50 proposals x 3", taken["50"]),
    ]
