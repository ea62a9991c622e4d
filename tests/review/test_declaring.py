"""What a reviewer declares before reading, and what follows from it."""

import pytest
from django.db import connection

from aspire.refusals import Refused, all_or_nothing
from proposals.record.models import Assignment, Conflict, Proposal
from proposals.record.querysets import conflicts_of
from proposals.review.decisions import declare, decline
from tests.factories import NOON, AssignmentFactory, CallFactory, ConflictFactory, CriterionFactory, ReviewFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]


@pytest.fixture
def assignment(reviewer):
    call = CallFactory(progress="in_review")
    CriterionFactory(call=call)
    return AssignmentFactory(proposal__terms__call=call, reviewer=reviewer)


def test_reviewer_without_interest_may_read_the_proposal(assignment, reviewer):
    assert not Proposal.objects.readable_by(reviewer).exists()

    declare(assignment.proposal, by=reviewer, at=NOON, kind="")

    assert list(Proposal.objects.readable_by(reviewer)) == [assignment.proposal]


def test_declared_interest_hides_the_proposal_at_once_also_after_reading(assignment, reviewer):
    declare(assignment.proposal, by=reviewer, at=NOON, kind="")
    assert conflicts_of(reviewer) == frozenset()

    declare(assignment.proposal, by=reviewer, at=NOON, kind="other", words="同じ町内会")

    assert conflicts_of(reviewer) == {assignment.proposal.pk}
    assert not Proposal.objects.visible_to(reviewer).exists()
    stored = Conflict.objects.values_list("finding", "kind", "words", "recorded_by").get()
    assert stored == ("stands", "other", "同じ町内会", reviewer.pk)


def test_standing_conflict_is_not_taken_back_by_the_reviewer(assignment, reviewer):
    ConflictFactory(proposal=assignment.proposal, person=reviewer)

    with pytest.raises(Proposal.DoesNotExist):
        declare(assignment.proposal, by=reviewer, at=NOON, kind="")

    assert Conflict.objects.get().finding == "stands"


def test_interest_of_another_kind_needs_words(assignment, reviewer):
    with pytest.raises(Refused) as refused:
        declare(assignment.proposal, by=reviewer, at=NOON, kind="other")

    assert refused.value.refusal.name == "conflict_other_in_words"


def test_dismissed_suggestion_leaves_the_declaration_to_the_reviewer(assignment, reviewer):
    ConflictFactory(proposal=assignment.proposal, person=reviewer, finding="dismissed", kind="")
    assert not Proposal.objects.readable_by(reviewer).exists()

    declare(assignment.proposal, by=reviewer, at=NOON, kind="")

    assert Proposal.objects.readable_by(reviewer).exists()


def test_declined_assignment_asks_for_nothing_and_keeps_the_reason(assignment):
    decline(assignment, at=NOON, reason=" 専門外 ")

    assert Assignment.objects.values_list("declined_at", "decline_reason").get() == (NOON, "専門外")
    assert not Assignment.objects.active().exists()


def refusal_of_declining(assignment, reason="多忙"):
    with pytest.raises(Refused) as refused:
        decline(assignment, at=NOON, reason=reason)
    return refused.value.refusal.name


def test_declining_needs_a_reason(assignment):
    assert refusal_of_declining(assignment, " ") == "decline_has_reason"


def test_submitted_review_is_reopened_before_declining(assignment):
    ReviewFactory(assignment=assignment, submitted=True)

    assert refusal_of_declining(assignment) == "decline_before_submitting"


def test_draft_is_kept_when_its_assignment_is_declined(assignment):
    review = ReviewFactory(assignment=assignment)

    decline(assignment, at=NOON, reason="多忙")

    review.refresh_from_db()
    assert review.state == "draft"


def test_nothing_is_declined_once_the_call_is_decided(assignment):
    assignment.proposal.call.__class__.objects.update(progress="deciding")

    assert refusal_of_declining(assignment) == "decline_in_phase"


def test_error_that_is_no_refusal_of_ours_stays_an_error():
    with pytest.raises(Exception, match="division by zero"), all_or_nothing(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
