"""What the decisions say beforehand, and what they do where another writer was in the way."""

import psycopg
import pytest
from django.db import DataError, OperationalError, transaction

from aspire.refusals import Refused, all_or_nothing
from aspire.roles import Role
from calls.models import Call
from proposals.awards import release as releasing
from proposals.awards.decisions import TRIES, Wish, patiently, rehearse, stage
from proposals.record.models import Award, Mark, Proposal
from proposals.record.status import Status
from tests.awards.test_awards import begin, decided
from tests.doors import run
from tests.factories import MILLION, NOON, OUT
from tests.people import person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]


@pytest.fixture
def call(db):
    return begin(decided(pot_yen=60 * MILLION))


def refused_with(call, by, *wishes):
    """The names under which a batch is refused."""
    with pytest.raises(Refused) as refused:
        stage(call, wishes, by=by, at=NOON)
    assert not Mark.objects.exists()
    assert all(refusal.sentence for refusal in refused.value.refusals)
    return [(refusal.subject, refusal.name) for refusal in refused.value.refusals]


def test_every_fault_of_a_batch_is_said_at_once(call, officer):
    Proposal.objects.filter(number="P-D").update(status=Status.WITHDRAWN, **OUT)
    wishes = [
        Wish("P-A", "maybe"),
        Wish("P-A", "award"),
        Wish("P-X", "award"),
        Wish("P-B", "award", amounts={2024: (-1, -1)}),
        Wish("P-C", "decline", version=3),
        Wish("P-D", "reserve"),
    ]

    assert refused_with(call, officer, *wishes) == [
        ("P-A", "mark_decision_known"),
        ("P-A", "mark_twice"),
        ("P-X", "mark_unknown"),
        ("P-B", "award_direct_not_negative"),
        ("P-B", "award_indirect_not_negative"),
        ("P-C", "mark_taken_back"),
        ("P-D", "award_of_eligible_proposal"),
    ]


def test_nothing_is_marked_or_submitted_before_the_call_is_decided(call, officer):
    Call.objects.filter(pk=call.pk).update(progress="in_review")

    assert refused_with(call, officer, Wish("P-A", "award")) == [("", "mark_in_phase")]
    with pytest.raises(Refused, match="mark_in_phase"):
        releasing.submit(call, by=officer, at=NOON)


def test_who_marked_is_named_by_account_where_there_is_no_name(call, officer):
    nameless = person("nameless", "", Role.OFFICER)
    stage(call, [Wish("P-A", "award")], by=nameless, at=NOON)

    with pytest.raises(Refused) as refused:
        stage(call, [Wish("P-A", "decline", version=0)], by=officer, at=NOON)

    assert refused.value.refusals[0].values["who"] == "nameless"


def test_same_award_marked_again_keeps_its_rows(call, officer):
    stage(call, [Wish("P-A", "award", "first")], by=officer, at=NOON)
    before = Award.objects.get().amounts.values_list("pk", flat=True)

    stage(call, [Wish("P-A", "award", "second")], by=officer, at=NOON)

    assert list(Award.objects.get().amounts.values_list("pk", flat=True)) == list(before)
    assert (Mark.objects.get().reason, Mark.objects.get().version) == ("second", 2)


def test_rehearsal_shows_the_money_afterwards_and_leaves_everything(call, officer):
    found = rehearse(call, [Wish("P-A", "award"), Wish("P-B", "reserve")], by=officer, at=NOON)

    assert (found.refusals, found.before.total.staged_yen, found.after.total.left_yen) == ((), 0, 34 * MILLION)
    assert found.after.left_count is None
    assert not Mark.objects.exists()


def test_error_that_is_no_refusal_stays_one():
    with pytest.raises(DataError), all_or_nothing():
        run("SELECT 1/0")


def in_the_way(kind=psycopg.errors.DeadlockDetected):
    error = OperationalError("in the way")
    error.__cause__ = kind()
    return error


def decision_that_fails(times, error):
    """A decision that fails so many times, and how often it was tried."""
    tried = []

    @patiently
    def decide():
        tried.append(1)
        if len(tried) <= times:
            raise error
        return "done"

    return decide, tried


@pytest.mark.django_db(transaction=True)
def test_decision_is_tried_again_where_another_writer_was_in_its_way():
    decide, tried = decision_that_fails(2, in_the_way())
    never, tries = decision_that_fails(TRIES, in_the_way(psycopg.errors.SerializationFailure))
    other, once = decision_that_fails(1, in_the_way(psycopg.errors.AdminShutdown))

    assert (decide(), len(tried)) == ("done", 3)
    for decision in (never, other):
        with pytest.raises(OperationalError):
            decision()
    assert (len(tries), len(once)) == (TRIES, 1)


@pytest.mark.django_db(transaction=True)
def test_decision_inside_a_transaction_leaves_trying_again_to_its_owner():
    decide, tried = decision_that_fails(1, in_the_way())

    with pytest.raises(OperationalError), transaction.atomic():
        decide()

    assert len(tried) == 1
