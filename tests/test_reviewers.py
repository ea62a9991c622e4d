"""Reviewers and what they are given: aliases, which reviews count, and who may judge what."""

import pytest
from django.utils import translation

from proposals.models import Assignment, Review
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
