"""How far the proposals of a call are and when they came in, as kept: exact after every write, and by many at once."""

import datetime
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction

from aspire.refusals import from_error
from calls.models import Call
from proposals.record.invariants import rebuild_tallies, wrong_tallies
from proposals.record.models import Assignment, Conflict, IntakeLine, Mark, PaceLine, Proposal, Review
from tests.doors import refused, run
from tests.effort import tries
from tests.factories import (
    NOON,
    OUT,
    AnnualAwardFactory,
    AssignmentFactory,
    CallFactory,
    ConflictFactory,
    MarkFactory,
    OfficerFactory,
    ProposalFactory,
    ReviewerUserFactory,
    ReviewFactory,
    TermsFactory,
)


def in_review():
    """A call in review with six proposals."""
    terms = TermsFactory(call=CallFactory(progress="in_review"))
    for day in range(6):
        ProposalFactory(terms=terms, received_at=NOON - datetime.timedelta(days=day % 3))
    return terms.call


def kept():
    """What the lines come to: call, reviewers, reviews, decision → proposals and conflicts."""
    paces = Proposal.objects.paces_of(Call.objects.get())
    found = {(p["reviewers"], p["reviews"], p["decision"]): (p["proposals"], p["conflicts"]) for p in paces}
    return {key: value for key, value in found.items() if key != (0, 0, "") and value != (0, 0)}, sum(
        conflicts for _, conflicts in found.values()
    )


def recount():
    """The same from the rows, in Python."""
    found, conflicts = Counter(), Counter()
    for proposal in Proposal.objects.counted():
        active = Assignment.objects.active().filter(proposal=proposal)
        done = Review.objects.filter(assignment__in=active, state="submitted").count()
        mark = Mark.objects.filter(proposal=proposal).first()
        key = (active.count(), done, mark.decision if mark else "")
        found[key] += 1
        conflicts[key] += Conflict.objects.standing().filter(proposal=proposal).count()
    return {key: (n, conflicts[key]) for key, n in found.items() if key != (0, 0, "")}, sum(conflicts.values())


class Acts:
    """Every way a proposal comes on, each on rows chosen by ``chance``."""

    def __init__(self, call, chance):
        self.call, self.chance, self.officer = call, chance, OfficerFactory()

    def some(self, found):
        found = list(found.order_by("pk"))
        return self.chance.choice(found) if found else None

    def assign(self):
        AssignmentFactory(proposal=self.some(Proposal.objects.all()))

    def take_back(self):
        if row := self.some(Assignment.objects.filter(review__isnull=True)):
            row.delete()

    def give_back(self):
        if row := self.some(Assignment.objects.filter(review__isnull=True)):
            Assignment.objects.filter(pk=row.pk).update(declined_at=NOON, decline_reason="no time")

    def write(self):
        if row := self.some(Assignment.objects.active().filter(review__isnull=True)):
            ReviewFactory(assignment=row, submitted=self.chance.random() < 0.7)

    def reopen(self):
        Review.objects.filter(state="submitted").update(state="draft", submitted_at=None)

    def stand(self):
        row = self.some(Assignment.objects.all())
        if row:
            there = Conflict.objects.filter(proposal=row.proposal, person=row.reviewer)
            if not there.update(finding="stands", kind="kin"):
                ConflictFactory(proposal=row.proposal, person=row.reviewer)

    def stand_elsewhere(self):
        ConflictFactory(proposal=self.some(Proposal.objects.all()))

    def clear(self):
        found = Conflict.objects.standing()
        found.update(finding="mistaken", kind="", words="another Sato", recorded_by=self.officer)

    def mark(self):
        if row := self.some(Proposal.objects.filter(mark__isnull=True)):
            with transaction.atomic():
                Call.objects.update(progress="deciding")
                MarkFactory(proposal=row, decision=self.chance.choice(["reserve", "decline"]))
                Call.objects.update(progress="in_review")

    def mark_otherwise(self):
        with transaction.atomic():
            Call.objects.update(progress="deciding")
            Mark.objects.update(decision="decline")
            Call.objects.update(progress="in_review")

    def unmark(self):
        with transaction.atomic():
            Call.objects.update(progress="deciding")
            if row := self.some(Mark.objects.all()):
                row.delete()
            Call.objects.update(progress="in_review")

    def leave_out(self):
        row = self.some(Proposal.objects.all())
        Proposal.objects.filter(pk=row.pk).update(status=self.chance.choice(["withdrawn", "received"]), **OUT)


def attempt(acts, name):
    """An act, or the refusal of it."""
    try:
        with transaction.atomic():
            getattr(acts, name)()
    except DatabaseError as error:
        if not from_error(error):
            raise


ACTS = sorted(name for name in vars(Acts) if name not in {"some"} and name[0] != "_")


@pytest.mark.django_db
@pytest.mark.more
@pytest.mark.parametrize("seed", range(tries(2, sweep=12)))
def test_progress_equals_a_recount_after_any_acts(seed):
    acts = Acts(in_review(), random.Random(seed))

    for name in ["assign", "assign", "write", *acts.chance.choices(ACTS, k=25)]:
        attempt(acts, name)
        assert kept() == recount(), name

    assert list(wrong_tallies()) == []


@pytest.mark.django_db(transaction=True)
def test_progress_is_exact_after_many_assign_one_proposal_and_withdraw_it_at_once():
    proposal = Proposal.objects.filter(call=in_review()).first()
    by, people = ReviewerUserFactory(), [ReviewerUserFactory() for _ in range(6)]

    def act(place):
        try:
            if place == 3:
                Proposal.objects.filter(pk=proposal.pk).update(status="withdrawn", **OUT)
            else:
                row = {"reviewer": people[place], "position": place + 1, "assigned_by": by, "assigned_at": NOON}
                Assignment.objects.create(proposal=proposal, **row)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(act, range(6)))

    assert kept() == recount() == ({}, 0)
    Proposal.objects.filter(pk=proposal.pk).update(status="received")
    assert kept() == recount() == ({(5, 0, ""): (1, 0)}, 0)
    assert list(wrong_tallies()) == []


@pytest.mark.django_db
def test_days_say_when_counted_proposals_came_in_by_the_clock_of_tokyo():
    call = in_review()
    first = Proposal.objects.filter(call=call).first()
    evening = datetime.datetime(2023, 6, 1, 15, 30, tzinfo=datetime.UTC)
    Proposal.objects.filter(pk=first.pk).update(received_at=evening, late_reason="moved")
    whole = Proposal.objects.by_day(call)[call.pk]
    recounted = Proposal.objects.exclude(pk=0).by_day(call)[call.pk]
    Proposal.objects.filter(pk=first.pk).update(status="withdrawn", **OUT)

    assert (sum(whole.values()), whole[datetime.date(2023, 6, 2)]) == (6, 1)
    assert whole == recounted
    assert sum(Proposal.objects.by_day(call)[call.pk].values()) == 5


@pytest.mark.django_db
def test_a_reader_with_a_conflict_gets_the_progress_without_what_is_hidden(manager):
    call = in_review()
    hidden, seen = Proposal.objects.filter(call=call)[:2]
    AssignmentFactory(proposal=hidden), AssignmentFactory(proposal=seen)
    ConflictFactory(proposal=hidden, person=manager)

    paces = list(Proposal.objects.visible_to(User.objects.get(pk=manager.pk)).paces_of(call))

    assert [(p["reviewers"], p["proposals"], p["conflicts"]) for p in paces] == [(1, 1, 0)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "table", ["proposals_intakeline", "proposals_outlayline", "proposals_proposalprogress", "proposals_paceline"]
)
def test_what_is_kept_is_not_written_by_hand_and_is_rebuilt_from_the_rows(table):
    call = in_review()
    AssignmentFactory(proposal=Proposal.objects.filter(call=call).first())
    AnnualAwardFactory(award__proposal=Proposal.objects.filter(call=call).first())
    before = kept()

    with refused("tallies_kept"):
        run(f"DELETE FROM {table}")
    with refused("rows_never_truncated"):
        run(f"TRUNCATE {table}")
    run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    run(f"DELETE FROM {table}")
    run(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    assert list(wrong_tallies())
    rebuild_tallies()
    assert list(wrong_tallies()) == []
    assert kept() == before


@pytest.mark.django_db
def test_lines_of_days_and_progress_are_folded():
    proposal = Proposal.objects.filter(call=in_review()).first()
    row = AssignmentFactory(proposal=proposal)

    for turn in range(300):
        Assignment.objects.filter(pk=row.pk).update(declined_at=None if turn % 2 else NOON)
        Proposal.objects.filter(pk=proposal.pk).update(status="received" if turn % 2 else "withdrawn", **OUT)

    assert PaceLine.objects.count() < 300
    assert IntakeLine.objects.count() < 300
    assert kept() == recount()
