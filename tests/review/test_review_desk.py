"""The reviewer's pages: the desk, the declaration, the review, and what each shows and refuses."""

import datetime

import pytest
from django.utils import timezone, translation

from calls.models import Call
from proposals.awards import decisions as marking
from proposals.awards import release as releasing
from proposals.record.models import Assignment, Conflict, Review
from proposals.review.news import news
from proposals.review.pages import Desk, State
from tests.factories import (
    NOON,
    AnnualCostFactory,
    AssignmentFactory,
    CallFactory,
    ConflictFactory,
    CriterionFactory,
    ReviewFactory,
    UserFactory,
)
from tests.meanwhile import just_before

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]
DUE = datetime.date(2023, 12, 1)


@pytest.fixture
def call():
    call = CallFactory(progress="in_review", reviews_due_on=DUE)
    CriterionFactory(call=call)
    CriterionFactory(call=call)
    return call


@pytest.fixture
def desk(client, reviewer):
    client.force_login(reviewer)
    return client


def given(call, reviewer, *, clear=True, number="P-1"):
    assignment = AssignmentFactory(proposal__terms__call=call, proposal__number=number, reviewer=reviewer)
    AnnualCostFactory(proposal=assignment.proposal)
    if clear:
        ConflictFactory(proposal=assignment.proposal, person=reviewer, finding="clear")
    return assignment


def typed(call, version=0, **more):
    scores = {f"score_{criterion.pk}": "4" for criterion in call.criteria.all()}
    return {**scores, "comment_to_panel": "優秀", "comment_to_applicant": "期待", "version": version, **more}


def test_desk_lists_states_and_counts_what_is_left_by_deadline(call, reviewer):
    given(call, reviewer, clear=False, number="P-1")
    given(call, reviewer, number="P-2")
    ReviewFactory(assignment=given(call, reviewer, number="P-3"))
    ReviewFactory(assignment=given(call, reviewer, number="P-4"), submitted=True)
    declined = given(call, reviewer, number="P-5")
    Assignment.objects.filter(pk=declined.pk).update(declined_at=declined.assigned_at, decline_reason="多忙")

    part = Desk(reviewer, DUE - datetime.timedelta(days=3)).calls[0]

    states = [(row.proposal.number, row.state) for row in part.assigned]
    assert states == [
        ("P-1", State.TO_DECLARE),
        ("P-2", State.DECLARED),
        ("P-3", State.DRAFT),
        ("P-4", State.SUBMITTED),
        ("P-5", State.DECLINED),
    ]
    assert (part.done, len(part.wanted), len(part.left), part.days_left) == (1, 4, 3, 3)


@pytest.mark.parametrize("rows", [1, 3])
def test_desk_asks_the_same_number_of_questions_at_any_length(desk, call, reviewer, rows, django_assert_num_queries):
    for place in range(rows):
        given(call, reviewer, number=f"P-{place}")

    desk.get("/review/")
    with django_assert_num_queries(10):
        assert desk.get("/review/").status_code == 200


def test_desk_says_what_was_assigned_and_asked_again_since_yesterday_less_what_is_in_conflict(call, reviewer):
    given(call, reviewer, number="P-1")
    again = given(call, reviewer, number="P-2")
    Assignment.objects.filter(pk=again.pk).update(declined_at=again.assigned_at, decline_reason="多忙")
    Assignment.objects.filter(pk=again.pk).update(declined_at=None, decline_reason="")
    hidden = given(call, reviewer, clear=False, number="P-3")
    ConflictFactory(proposal=hidden.proposal, person=reviewer)
    now = timezone.now()

    with translation.override("en"):
        found = [(each.what, each.links) for each in news(reviewer, since=timezone.localdate(now), at=now)]

    assert found == [("newly assigned", [("P-1", "/review/P-1/")]), ("asked again", [("P-2", "/review/P-2/")])]
    assert news(reviewer, since=timezone.localdate(now) + datetime.timedelta(days=1), at=now) == []


def test_lead_reviewer_reads_that_results_are_out_and_nothing_under_embargo(desk, call, reviewer, officer, manager):
    call.call_fields.update(lead_reviewer=reviewer)
    given(call, UserFactory())
    Call.objects.update(progress="deciding")
    marking.stage(call, [marking.Wish("P-1", "award", "best")], by=officer, at=NOON)
    releasing.release(releasing.submit(call, by=officer, at=NOON), by=manager, at=timezone.now())
    address = f"/awards/{call.code}/"

    def shown():
        found = news(reviewer, since=timezone.localdate(), at=timezone.now())
        return address in [href for each in found for _label, href in each.links]

    assert shown()
    assert address in desk.get("/review/").content.decode()
    Call.objects.update(embargo_until=timezone.now() + datetime.timedelta(days=1))
    assert not shown()


def test_desk_lists_the_calls_with_stage_and_deadline_where_there_are_several(desk, call, reviewer):
    given(call, reviewer)
    assert "calls-caption" not in desk.get("/review/").content.decode()
    other = CallFactory(code="C-2", progress="deciding")
    given(other, reviewer, number="P-2")

    page = desk.get("/review/").content.decode()

    assert ("calls-caption" in page, f'href="#call-{other.pk}"' in page) == (True, True)


def test_search_of_the_desk_finds_titles_but_no_researcher_number(desk, call, reviewer):
    given(call, reviewer)

    assert "P-1</a>" in desk.get("/review/?q=もつれ").content.decode()
    assert "P-1</a>" not in desk.get("/review/?q=00123456").content.decode()


def test_undeclared_proposal_shows_people_and_no_costs(desk, call, reviewer):
    given(call, reviewer, clear=False)

    page = desk.get("/review/P-1/").content.decode()

    assert "東都大学" in page
    assert "13,000,000" not in page


def test_declared_proposal_is_shown_whole_and_saved_submitted_and_reopened(desk, call, reviewer):
    given(call, reviewer, clear=False)
    assert desk.post("/review/P-1/declare/", {"kind": "clear"}).headers["Location"] == "/review/P-1/"
    assert "13,000,000" in desk.get("/review/P-1/").content.decode()

    saved = desk.post("/review/P-1/save/", typed(call, comment_to_panel="")).json()
    lacking = desk.post("/review/P-1/", typed(call, saved["version"], comment_to_panel="", submit="1"))
    assert lacking.status_code == 400
    assert 'href="#field_comment_to_panel"' in lacking.content.decode()
    version = Review.objects.get().version
    assert desk.post("/review/P-1/", typed(call, version, draft="1")).status_code == 302
    version = Review.objects.get().version
    assert desk.post("/review/P-1/", typed(call, version, submit="1")).status_code == 302
    assert Review.objects.get().is_submitted
    assert '<textarea name="comment_to_panel' not in desk.get("/review/P-1/").content.decode()
    assert desk.post("/review/P-1/reopen/").status_code == 302
    assert not Review.objects.get().is_submitted


def test_second_window_keeps_what_was_typed_and_says_what_happened(desk, call, reviewer):
    given(call, reviewer)
    desk.post("/review/P-1/save/", typed(call))

    by_script = desk.post("/review/P-1/save/", typed(call, comment_to_panel="別の窓の文"))
    by_form = desk.post("/review/P-1/", typed(call, comment_to_panel="別の窓の文", draft="1"))

    assert (by_script.status_code, by_form.status_code) == (409, 409)
    assert by_script.json()["sentence"] in by_form.content.decode()
    assert "別の窓の文" in by_form.content.decode()
    assert Review.objects.get().comment_to_panel == "優秀"


def test_forged_scores_are_refused_and_nothing_is_saved(desk, call, reviewer):
    given(call, reviewer)
    forged = typed(call) | {f"score_{call.criteria.first().pk}": "9"}

    assert desk.post("/review/P-1/save/", forged).status_code == 400
    assert desk.post("/review/P-1/", forged).status_code == 400
    assert not Review.objects.exists()


def test_conflict_declared_later_makes_the_proposal_vanish_everywhere(desk, call, reviewer):
    ReviewFactory(assignment=given(call, reviewer))
    given(call, reviewer, number="P-2")
    assert 'href="/review/P-1/"' in desk.get("/review/P-2/").content.decode()

    desk.post("/review/P-1/declare/", {"kind": "kin"})

    pages = [desk.get(path).content.decode() for path in ("/review/", "/review/?q=P-1", "/review/P-2/")]
    assert ["/review/P-1/" in page for page in pages] == [False, False, False]
    for name in ("", "declare/", "decline/", "save/", "reopen/"):
        answer = desk.post(f"/review/P-1/{name}", typed(call, kind="clear", reason="x"))
        assert answer.status_code == 404
    assert Conflict.objects.get(proposal__number="P-1").finding == "stands"


def test_declaration_without_an_answer_or_words_says_what_is_missing(desk, call, reviewer):
    given(call, reviewer, clear=False)

    assert desk.post("/review/P-1/declare/", {}).status_code == 400
    assert desk.post("/review/P-1/declare/", {"kind": "other"}).status_code == 400
    assert not Conflict.objects.exists()


def test_reviewer_declines_with_a_reason_from_the_page(desk, call, reviewer):
    given(call, reviewer, clear=False)

    assert desk.post("/review/P-1/decline/", {"reason": ""}).status_code == 400
    assert desk.post("/review/P-1/decline/", {"reason": "多忙"}).headers["Location"] == "/review/"
    assert desk.get("/review/P-1/").status_code == 404


def test_reviewer_who_has_submitted_declines_only_once_it_is_reopened(desk, call, reviewer):
    ReviewFactory(assignment=given(call, reviewer), submitted=True)

    answer = desk.post("/review/P-1/decline/", {"reason": "多忙"}, headers={"accept-language": "en"})

    assert (answer.status_code, "Have it reopened" in answer.content.decode()) == (409, True)
    assert Assignment.objects.get().declined_at is None


def test_conflict_recorded_by_the_office_meanwhile_outweighs_the_reviewers_word(desk, call, reviewer):
    assignment = given(call, reviewer, clear=False)

    def record():
        ConflictFactory(proposal=assignment.proposal, person=reviewer)

    with just_before('SELECT "proposals_conflict"."id", "proposals_conflict"."proposal_id"', record):
        answer = desk.post("/review/P-1/declare/", {"kind": "clear"})

    assert answer.status_code == 404
    assert not Conflict.objects.filter(finding="clear").exists()


def test_review_that_nobody_wrote_is_not_reopened_nor_a_submitted_one_out_of_review(desk, call, reviewer):
    given(call, reviewer)
    without_one = desk.post("/review/P-1/reopen/")
    ReviewFactory(assignment=Assignment.objects.get(), submitted=True)
    Call.objects.update(progress="deciding")

    too_late = desk.post("/review/P-1/reopen/")

    assert (without_one.status_code, too_late.status_code, Review.objects.get().state) == (404, 409, "submitted")


def test_nothing_is_written_before_declaring_or_without_assignment(desk, call, reviewer):
    given(call, reviewer, clear=False)
    AssignmentFactory(proposal__terms__call=call, proposal__number="P-9")

    assert desk.post("/review/P-1/save/", typed(call)).status_code == 404
    assert desk.post("/review/P-1/reopen/").status_code == 404
    assert desk.get("/review/P-9/").status_code == 404


@pytest.mark.parametrize(
    ("setting", "own", "shown"),
    [("never", True, False), ("after_own", False, False), ("after_own", True, True), ("always", False, True)],
)
def test_reviews_of_others_are_shown_as_the_stage_says_and_under_letters(desk, call, reviewer, setting, own, shown):
    Call.objects.update(in_review_others=setting)
    mine = given(call, reviewer)
    ReviewFactory(assignment=mine, submitted=own)
    other = AssignmentFactory(proposal=mine.proposal, reviewer__last_name="ひみつ")
    ReviewFactory(assignment=other, comment_to_panel="他者の講評", submitted=True)

    page = desk.get("/review/P-1/").content.decode()

    assert ("他者の講評" in page, other.alias in page) == (shown, shown)
    assert "ひみつ" not in page


def test_lead_reviewer_finds_the_field_in_a_list_of_its_own_and_declares_first(desk, call, reviewer):
    call.call_fields.update(lead_reviewer=reviewer)
    other = AssignmentFactory(proposal__terms__call=call, proposal__number="P-7")
    AnnualCostFactory(proposal=other.proposal)

    part = Desk(reviewer, DUE).calls[0]
    before = desk.get("/review/P-7/").content.decode()
    desk.post("/review/P-7/declare/", {"kind": "clear"})
    after = desk.get("/review/P-7/").content.decode()

    assert ([row.proposal.number for row in part.others], part.is_led, part.assigned) == (["P-7"], True, [])
    assert ("13,000,000" in before, "13,000,000" in after) == (False, True)
    assert desk.post("/review/P-7/decline/", {"reason": "多忙"}).status_code == 404


def test_released_call_shows_reviewers_nothing(desk, call, reviewer):
    given(call, reviewer)
    Call.objects.update(progress="released")

    assert desk.get("/review/P-1/").status_code == 404
    assert Desk(reviewer, DUE).calls == []
