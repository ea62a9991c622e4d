"""How a review is written: drafts, submission, reopening, and two windows at once."""

import pytest

from aspire.refusals import Refused
from calls.models import Call
from proposals.record.models import Review
from proposals.review.decisions import Draft, draft_of, missing, reopen, save_draft, submit
from tests.factories import NOON, AssignmentFactory, CallFactory, ConflictFactory, CriterionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def criteria():
    call = CallFactory(progress="in_review")
    return [CriterionFactory(call=call), CriterionFactory(call=call)]


@pytest.fixture
def assignment(reviewer, criteria):
    given = AssignmentFactory(proposal__terms__call=criteria[0].call, reviewer=reviewer)
    ConflictFactory(proposal=given.proposal, person=reviewer, finding="clear")
    return given


@pytest.fixture
def whole(criteria):
    return Draft({criterion.pk: 4 for criterion in criteria}, "優れている", "期待する")


def refusal(decide, *args, **kwargs):
    with pytest.raises(Refused) as refused:
        decide(*args, at=NOON, **kwargs)
    return refused.value.refusal.name


def test_draft_is_stored_as_typed_and_changed_as_typed(assignment, criteria):
    first = save_draft(assignment, Draft({criteria[0].pk: 5}, "途中"), version=0, at=NOON)
    changed = Draft({criteria[1].pk: 2}, "途中まで", "申請者へ")

    second = save_draft(assignment, changed, version=first.version, at=NOON)

    assert (draft_of(second), second.state, second.version) == (changed, "draft", first.version + 1)


def test_nothing_written_is_an_empty_draft():
    assert draft_of(None) == Draft()


def test_second_window_is_told_and_overwrites_nothing(assignment, whole):
    save_draft(assignment, whole, version=0, at=NOON)

    assert refusal(save_draft, assignment, Draft({}, "別の窓"), version=0) == "review_changed"
    assert refusal(save_draft, assignment, Draft({}, "別の窓"), version=9) == "review_changed"
    assert draft_of(Review.objects.get()) == whole


def test_version_of_a_review_that_is_not_there_is_refused(assignment):
    assert refusal(save_draft, assignment, Draft(), version=3) == "review_changed"


def test_whole_review_is_submitted_and_then_stays(assignment, whole):
    review = submit(assignment, whole, version=0, at=NOON)

    assert (review.state, review.submitted_at) == ("submitted", NOON)
    assert refusal(save_draft, assignment, Draft(), version=review.version) == "review_submitted_stays"
    assert draft_of(Review.objects.get()) == whole


def test_review_that_lacks_anything_is_refused_as_a_whole(assignment, criteria, whole):
    lacking = Draft({criteria[0].pk: 4}, "あり", " ")

    assert missing(lacking, criteria) == [f"score_{criteria[1].pk}", "comment_to_applicant"]
    assert missing(whole, criteria) == []
    assert refusal(submit, assignment, lacking, version=0) == "review_complete"
    assert not Review.objects.exists()


def test_reopened_review_is_a_draft_with_everything_in_it(assignment, whole):
    submit(assignment, whole, version=0, at=NOON)

    review = reopen(assignment, at=NOON)

    assert (review.state, review.submitted_at, draft_of(review)) == ("draft", None, whole)
    assert reopen(assignment, at=NOON).version == review.version


def test_nothing_is_saved_or_reopened_once_the_call_is_decided(assignment, whole):
    review = submit(assignment, whole, version=0, at=NOON)
    Call.objects.update(progress="deciding")

    assert refusal(reopen, assignment) == "review_in_phase"
    assert Review.objects.get().version == review.version


def test_conflict_sets_the_review_aside_and_stops_its_writing(assignment, whole):
    review = save_draft(assignment, whole, version=0, at=NOON)
    assignment.proposal.conflicts.update(finding="stands", kind="kin")

    assert refusal(save_draft, assignment, whole, version=review.version) == "review_after_declaration"
    assert draft_of(Review.objects.get()) == whole
