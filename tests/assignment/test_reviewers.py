"""Reviewers and what they are given: aliases, which reviews count, and who may judge what."""

import pytest
from django.db import connection
from django.utils import translation

from aspire.refusals import Refused, all_or_nothing
from calls.models import Criterion
from proposals.record.models import Assignment, Review
from tests.factories import AssignmentFactory, CallFactory, ConflictFactory, CriterionFactory, ReviewFactory

pytestmark = pytest.mark.django_db


def submitted_review():
    call = CallFactory(progress="in_review")
    CriterionFactory(call=call)
    return ReviewFactory(assignment__proposal__terms__call=call, submitted=True)


def test_reviewers_of_a_proposal_are_known_to_others_by_letters():
    first = AssignmentFactory()
    second = AssignmentFactory(proposal=first.proposal)

    with translation.override("en"):
        assert [second.alias, AssignmentFactory(position=27).alias] == ["Reviewer B", "Reviewer AA"]


def test_submitted_review_counts_until_its_reviewer_is_in_conflict():
    review = submitted_review()
    assert list(Review.objects.counting()) == [review]

    review.assignment.proposal.conflicts.update(finding="stands", kind="kin")

    assert list(Review.objects.counting()) == []
    assert list(Assignment.objects.set_aside()) == [review.assignment]


def test_assignments_ask_for_a_review_unless_declined_or_in_conflict():
    open_one, declined = AssignmentFactory(), AssignmentFactory()
    Assignment.objects.filter(pk=declined.pk).update(declined_at=declined.assigned_at)
    aside = AssignmentFactory()
    ConflictFactory(proposal=aside.proposal, person=aside.reviewer)

    assert list(Assignment.objects.active()) == [open_one]


@pytest.mark.parametrize("act", ["insert", "delete", "weigh", "move in"])
def test_criteria_of_a_call_stay_as_many_once_one_of_its_proposals_is_scored(act):
    call = submitted_review().assignment.proposal.call
    unscored = CriterionFactory()
    acts = {
        "insert": lambda: CriterionFactory(call=call, position=9),
        "delete": lambda: connection.cursor().execute("DELETE FROM calls_criterion WHERE call_id = %s", [call.pk]),
        "weigh": lambda: Criterion.objects.filter(call=call).update(weight=2),
        "move in": lambda: Criterion.objects.filter(pk=unscored.pk).update(call=call, position=9),
    }

    with pytest.raises(Refused) as refused, all_or_nothing():
        acts[act]()

    assert refused.value.refusal.name == "criterion_frozen_once_used"
    assert call.code in refused.value.refusal.sentence
    CriterionFactory(call=unscored.call)
    Criterion.objects.filter(call=call).update(name_en="Merit")
