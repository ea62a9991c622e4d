"""The award page: who stands where, what a mark takes, what a batch would do, and what is told of it until release."""

import csv
import datetime
import io

import openpyxl
import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from aspire.models import Upload
from aspire.refusals import Refused
from aspire.roles import Role
from aspire.sheets.running import receive
from calls.models import Call, CallField, Criterion, PotSlice
from proposals.awards import release as releasing
from proposals.awards.comparison import BEST, MARKED, NUMBERS, Pick, compare
from proposals.awards.decisions import Wish, stage
from proposals.awards.desk import AwardPage
from proposals.awards.packets import Dossier
from proposals.awards.ranking import leaps, standings, top
from proposals.awards.sheets import MarkResource
from proposals.awards.spending import spending
from proposals.record.models import Assignment, Award, Conflict, Mark, Packet, PacketStep, Proposal, Review, Score
from proposals.record.status import Status
from tests.factories import (
    MILLION,
    NOON,
    OUT,
    AnnualCostFactory,
    CallFactory,
    FieldFactory,
    ProposalFactory,
    TermsFactory,
    UserFactory,
)
from tests.people import person

pytestmark = pytest.mark.django_db
SECRET = "CANARY"


def decided(number_of=4, **call):
    """A call that is being decided, with so many proposals P-A, P-B … of ¥26 million each."""
    fields = [FieldFactory(), FieldFactory(code="bio", name_en="Bio")]
    terms = TermsFactory(call=CallFactory(code="CALL", fields=fields, progress="in_review", **call))
    Criterion.objects.create(call=terms.call, position=1, name_ja="科学", name_en="Science", weight=3)
    Criterion.objects.create(call=terms.call, position=2, name_ja="予算", name_en="Budget", weight=1)
    for letter in "ABCDEFGH"[:number_of]:
        proposal = ProposalFactory(terms=terms, number=f"P-{letter}", field=fields[0])
        for year in (2024, 2025):
            AnnualCostFactory(proposal=proposal, fiscal_year=year)
    return terms.call


def review(number, science, budget, *, state="submitted", by=None, comment=""):
    proposal = Proposal.objects.get(number=number)
    reviewer = by or UserFactory()
    Conflict.objects.create(proposal=proposal, person=reviewer, finding="clear", recorded_by=reviewer, recorded_at=NOON)
    assignment = Assignment.objects.create(
        proposal=proposal,
        reviewer=reviewer,
        position=proposal.assignments.count() + 1,
        assigned_by=reviewer,
        assigned_at=NOON,
    )
    found = Review.objects.create(
        assignment=assignment, saved_at=NOON, comment_to_panel=f"panel {comment}", comment_to_applicant=f"you {comment}"
    )
    for criterion, value in zip(Criterion.objects.filter(call=proposal.call), (science, budget), strict=True):
        Score.objects.create(review=found, criterion=criterion, value=value)
    if state == "submitted":
        Review.objects.filter(pk=found.pk).update(state=state, submitted_at=NOON)
    return found


def begin(call):
    Call.objects.filter(pk=call.pk).update(progress="deciding")
    call.refresh_from_db()
    return call


@pytest.fixture
def call(db):
    """A: 5.00 and 4.75; B and C tie at 4.00; D is not reviewed."""
    made = decided(pot_yen=60 * MILLION, max_awards=3)
    review("P-A", 5, 5)
    review("P-A", 5, 4)
    review("P-B", 4, 4)
    review("P-C", 5, 1)
    return begin(made)


@pytest.fixture
def lead(call, reviewer):
    CallField.objects.filter(call=call, field__code="quantum").update(lead_reviewer=reviewer)
    return reviewer


def declare(user, *numbers, finding="clear"):
    for proposal in Proposal.objects.filter(number__in=numbers):
        kind = "kin" if finding == "stands" else ""
        Conflict.objects.create(
            proposal=proposal, person=user, finding=finding, kind=kind, recorded_by=user, recorded_at=NOON
        )


def marked(call, by, **decisions):
    stage(call, [Wish(f"P-{letter}", decision) for letter, decision in decisions.items()], by=by, at=NOON)


def ranking_of(call, user):
    return [(s.number, s.rank_in_field, str(s.mean), s.reviews, s.is_tied) for s in standings(call, user)]


# --- ranking --------------------------------------------------------------------------------------------------------


def test_ranking_goes_by_the_weighted_mean_and_shows_ties(call, officer):
    assert ranking_of(call, officer) == [
        ("P-A", 1, "4.88", 2, False),
        ("P-B", 2, "4.00", 1, True),
        ("P-C", 2, "4.00", 1, True),
        ("P-D", None, "None", 0, False),
    ]
    best = standings(call, officer)[0]
    assert (str(best.median), str(best.spread)) == ("4.88", "0.25")


def test_ranking_leaves_out_drafts_reviews_in_conflict_and_withdrawn_proposals(officer):
    made = decided()
    review("P-A", 5, 5)
    review("P-A", 1, 1, state="draft")
    aside = review("P-A", 1, 1)
    review("P-B", 5, 5)
    Conflict.objects.filter(proposal__number="P-A", person=aside.assignment.reviewer).update(
        finding="stands", kind="kin"
    )
    Proposal.objects.filter(number="P-B").update(status=Status.WITHDRAWN, **OUT)

    assert ranking_of(begin(made), officer) == [
        ("P-A", 1, "5.00", 1, False),
        ("P-C", None, "None", 0, False),
        ("P-D", None, "None", 0, False),
    ]


def test_ranking_hides_a_proposal_in_conflict_from_rows_ranks_and_counts(call, manager):
    declare(manager, "P-A", finding="stands")

    assert [row[:2] for row in ranking_of(call, manager)] == [("P-B", 1), ("P-C", 1), ("P-D", None)]


def test_top_takes_everybody_who_shares_the_last_rank(call, officer):
    ranked = standings(call, officer)

    assert [[s.number for s in top(ranked, n)] for n in (1, 2, 3)] == [
        ["P-A"],
        ["P-A", "P-B", "P-C"],
        ["P-A", "P-B", "P-C"],
    ]
    assert [s.number for s in top(ranked, 1, field="quantum")] == ["P-A"]
    assert top(ranked, 1, field="bio") == []


def test_ranking_of_somebody_without_a_role_is_empty(call, visitor):
    assert standings(call, visitor) == []


@pytest.mark.parametrize("number_of", [1, 3])
def test_ranking_page_takes_the_same_number_of_queries_for_any_rows(
    client, officer, number_of, django_assert_max_num_queries
):
    made = decided(number_of=number_of)
    for letter in "ABC"[:number_of]:
        review(f"P-{letter}", 4, 4)
    begin(made)
    marked(made, officer, A="award")
    client.force_login(officer)
    client.get("/awards/CALL/")  # what a process asks but once

    with django_assert_max_num_queries(21):
        assert client.get("/awards/CALL/").status_code == 200


@pytest.mark.parametrize("is_submitted", [False, True])
def test_pages_of_marks_ask_the_same_number_of_queries_at_one_and_at_three_rows(
    client, officer, manager, is_submitted, django_assert_max_num_queries
):
    made = decided(number_of=1)
    client.force_login(manager if is_submitted else officer)

    def grow(*letters):
        for packet in Packet.objects.filter(state="submitted"):
            releasing.send_back(packet, by=manager, at=NOON, comment="more")
        Call.objects.update(progress="in_review")
        for letter in letters:
            if letter != "A":
                proposal = ProposalFactory(terms=made.terms.get(), number=f"P-{letter}", field=FieldFactory())
                AnnualCostFactory(proposal=proposal)
            review(f"P-{letter}", 4, 4, by=UserFactory(last_name=letter))
            review("P-A", 4, 4)
        marked(begin(made), officer, **dict.fromkeys(letters, "award"))
        if is_submitted:
            releasing.submit(made, by=officer, at=NOON)

    def queries(ask):
        with django_assert_max_num_queries(60) as asked:
            assert ask().status_code == 200
        return len(asked)

    def all_queries():
        picks = [f"{mark.proposal.number}:{mark.version}" for mark in Mark.objects.select_related("proposal")]
        numbers = ",".join(pick.split(":")[0] for pick in picks)
        what_if = {"a_kind": MARKED, "b_kind": NUMBERS, "b_numbers": numbers}
        pages = [
            lambda: client.get("/awards/CALL/packet/"),
            lambda: client.get("/awards/CALL/what-if/", what_if),
            lambda: client.get("/awards/CALL/proposals/P-A/"),
        ]
        for decision in () if is_submitted else ("reserve", "take_back"):
            asked = {"decision": decision, "pick": picks, "reason": "next"}
            pages.append(lambda asked=asked: client.post("/awards/CALL/batch/", asked))
        return [queries(ask) for ask in pages]

    grow("A")
    all_queries()
    at_one = all_queries()
    grow("B", "C")
    assert all_queries() == at_one


# --- who may what ---------------------------------------------------------------------------------------------------


def test_award_page_does_not_exist_for_a_reviewer_without_a_field(client, call, reviewer):
    client.force_login(reviewer)

    assert {
        client.get(reverse(f"awards:{name}", args=["CALL"])).status_code for name in ("ranking", "what_if", "packet")
    } == {404}


def test_award_page_does_not_exist_for_a_lead_reviewer_when_the_call_is_not_being_decided(client, call, lead):
    client.force_login(lead)
    seen = {}
    for progress in ("in_review", "deciding", "released"):
        Call.objects.filter(pk=call.pk).update(progress=progress)
        seen[progress] = client.get("/awards/CALL/").status_code

    assert seen == {"in_review": 404, "deciding": 200, "released": 404}


def test_lead_reviewer_finds_the_award_page_from_their_desk(client, call, lead):
    client.force_login(lead)

    assert 'href="/awards/CALL/"' in client.get("/review/").content.decode()
    assert 'href="/review/P-A/"' in client.get("/awards/CALL/").content.decode()


def test_lead_reviewer_reads_and_marks_only_what_they_declared_on(client, call, lead):
    declare(lead, "P-B")
    client.force_login(lead)

    page = client.get("/awards/CALL/").content.decode()
    sheets = {n: client.get(f"/awards/CALL/proposals/{n}/?part=1").content.decode() for n in ("P-A", "P-B")}
    with pytest.raises(Refused, match="mark_after_declaration"):
        marked(call, lead, A="award")
    marked(call, lead, B="award")

    assert "4.88" not in page
    assert "4.00" in page
    assert ("panel" in sheets["P-A"], "panel" in sheets["P-B"]) == (False, True)
    assert Award.objects.get().proposal.number == "P-B"


def test_lead_reviewer_sees_nothing_of_another_field_or_in_conflict(client, call, lead):
    Proposal.objects.filter(number="P-C").update(field=FieldFactory(code="bio"))
    declare(lead, "P-A", finding="stands")
    client.force_login(lead)

    assert [row[0] for row in ranking_of(call, lead)] == ["P-B", "P-D"]
    for number in ("P-A", "P-C"):
        assert client.get(f"/awards/CALL/proposals/{number}/").status_code == 404
        with pytest.raises(Refused, match="mark_unknown"):
            stage(call, [Wish(number, "decline")], by=lead, at=NOON)


def test_reviewers_have_names_for_officers_and_letters_for_everybody_else(client, officer, manager):
    made = decided()
    review("P-A", 5, 5, by=person("dewa", f"{SECRET} Dewa", Role.REVIEWER))
    begin(made)
    seen = {}
    for reader in (officer, manager):
        client.force_login(reader)
        seen[reader.username] = client.get(
            "/awards/CALL/proposals/P-A/", headers={"accept-language": "en"}
        ).content.decode()

    assert (SECRET in seen["aoki"], SECRET in seen["chiba"], "Reviewer A" in seen["chiba"]) == (True, False, True)


def test_manager_marks_nothing(client, call, manager):
    client.force_login(manager)

    assert client.post("/awards/CALL/batch/", {"decision": "award", "pick": "P-A:0"}).status_code == 404
    assert client.post("/awards/CALL/proposals/P-A/", {}).status_code == 404
    with pytest.raises(Refused, match="mark_unknown"):
        marked(call, manager, A="award")


# --- marking --------------------------------------------------------------------------------------------------------


def form_of(number, version=0, decision="award", **amounts):
    typed = {"decision": decision, "reason": "strong", "version": version}
    typed |= {"2024-direct_yen": 10 * MILLION, "2024-indirect_yen": 3 * MILLION, **amounts}
    return {f"{number}-{name}": value for name, value in typed.items()} | {"back": "field=quantum"}


def test_mark_is_staged_with_its_amounts_and_leads_back_to_its_row(client, call, officer):
    client.force_login(officer)

    answer = client.post("/awards/CALL/proposals/P-A/", form_of("P-A"))

    award = Award.objects.get()
    assert answer["Location"] == "/awards/CALL/?field=quantum#P-A"
    assert (award.awarded_yen, award.proposal.mark.reason, award.is_released) == (13 * MILLION, "strong", False)


def test_second_of_two_who_mark_sees_who_was_first_and_overwrites_nothing(client, call, officer, administrator):
    client.force_login(officer)
    client.post("/awards/CALL/proposals/P-A/", form_of("P-A"))
    client.force_login(administrator)

    late = client.post("/awards/CALL/proposals/P-A/", form_of("P-A", decision="decline"))

    assert late.status_code == 409
    assert "Aoki Officer" in late.content.decode()
    assert Mark.objects.get().decision == "award"


def test_mark_that_does_not_fit_is_refused_with_the_sentence_and_stays_typed(client, call, officer):
    PotSlice.objects.create(call=call, fiscal_year=2024, limit_yen=10 * MILLION)
    client.force_login(officer)

    answer = client.post("/awards/CALL/proposals/P-A/", form_of("P-A"), headers={"accept-language": "en"})

    assert answer.status_code == 409
    assert "above" in answer.content.decode()
    assert 'value="10000000"' in answer.content.decode()
    assert not Mark.objects.exists()


def test_award_without_a_yen_is_refused(client, call, officer):
    client.force_login(officer)
    nothing = {"2024-direct_yen": "", "2024-indirect_yen": ""}

    assert client.post("/awards/CALL/proposals/P-A/", form_of("P-A", **nothing)).status_code == 409


@pytest.mark.parametrize("pot", [60, 52, 51])
def test_batch_says_its_consequences_first_and_then_does_all_or_nothing(client, officer, pot):
    call = decided(pot_yen=pot * MILLION)
    review("P-A", 5, 5)
    review("P-B", 4, 4)
    begin(call)
    client.force_login(officer)

    first = client.post("/awards/CALL/batch/", {"decision": "award", "top": 2, "reason": "best"})
    nothing_yet = Mark.objects.count()
    confirmed = {"decision": "award", "pick": ["P-A:0", "P-B:0"], "reason": "best", "confirmed": 1}
    second = client.post("/awards/CALL/batch/", confirmed)

    assert nothing_yet == 0
    assert (first.status_code, second.status_code, Mark.objects.count()) == (
        (409, 409, 0) if pot == 51 else (200, 302, 2)
    )


def test_batch_takes_marks_back_and_frees_their_money(client, call, officer):
    marked(call, officer, A="award", B="reserve")
    client.force_login(officer)

    client.post("/awards/CALL/batch/", {"decision": "take_back", "pick": ["P-A:1", "P-B:1"], "confirmed": 1})

    call.refresh_from_db()
    assert (Mark.objects.count(), call.taken_yen, call.taken_count) == (0, 0, 0)


def test_batch_without_a_reason_keeps_the_stored_ones_and_signs_only_what_it_changes(client, call, officer):
    first = person("gotou", "Officer Gotou", Role.OFFICER)
    stage(call, [Wish("P-A", "award", "the best"), Wish("P-B", "reserve", "next")], by=first, at=NOON)
    client.force_login(officer)
    asked = {"decision": "award", "pick": ["P-A:1", "P-B:1"], "reason": ""}

    outcomes = client.post("/awards/CALL/batch/", asked).context["outcomes"]
    client.post("/awards/CALL/batch/", asked | {"confirmed": 1})

    assert [(o.row.proposal.number, o.reason, o.awarded_now_yen, o.awarded_yen) for o in outcomes] == [
        ("P-A", "the best", 26 * MILLION, 26 * MILLION),
        ("P-B", "next", None, 26 * MILLION),
    ]
    marks = Mark.objects.order_by("proposal__number")
    assert list(marks.values_list("decision", "reason", "marked_by", "version")) == [
        ("award", "the best", first.pk, 1),
        ("award", "next", officer.pk, 2),
    ]


def test_batch_shows_the_reason_and_the_yen_that_change(client, call, officer):
    stage(call, [Wish("P-A", "award", "the best")], by=officer, at=NOON)
    client.force_login(officer)

    again = {"decision": "decline", "pick": ["P-A:1"], "reason": "too dear"}
    page = client.post("/awards/CALL/batch/", again).content.decode()

    assert "26,000,000 → ―" in page
    assert "the best" in page.split("too dear")[0]


def test_best_are_counted_among_what_can_still_be_marked(client, call, officer, manager):
    releasing.release(submitted(call, officer, A="award", B="reserve"), by=manager, at=NOON)
    client.force_login(officer)

    answer = client.post("/awards/CALL/batch/", {"decision": "decline", "top": 1, "field": "quantum"})

    form = answer.context["form"]
    assert answer.status_code == 200
    assert ([wish.number for wish in form.wishes], form.left_out, form.shared) == (["P-B", "P-C"], 1, 1)


def test_batch_without_anything_chosen_asks_for_it(client, call, officer):
    client.force_login(officer)

    assert client.post("/awards/CALL/batch/", {"decision": "award", "pick": "nonsense"}).status_code == 400
    assert client.get("/awards/CALL/batch/").status_code == 302


def test_filters_leave_the_rows_of_a_field_and_a_mark(client, call, officer):
    marked(call, officer, A="award")
    desk = AwardPage(call, officer)

    assert [s.number for s in desk.chosen(field="", decision="none")] == ["P-B", "P-C", "P-D"]
    assert [s.number for s in desk.chosen(field="quantum", decision="award")] == ["P-A"]
    assert desk.chosen(field="bio", decision="") == []


# --- what if --------------------------------------------------------------------------------------------------------


def test_what_if_lays_two_sets_side_by_side_and_marks_nothing(call, officer):
    marked(call, officer, A="award")
    found = compare(AwardPage(call, officer), Pick(MARKED), Pick(BEST, 2))

    assert found.total.yen == (26 * MILLION, 78 * MILLION)
    assert [(line.line.key, line.yen, line.difference_yen) for line in found.years] == [
        (2024, (13 * MILLION, 39 * MILLION), 26 * MILLION),
        (2025, (13 * MILLION, 39 * MILLION), 26 * MILLION),
    ]
    assert [[refusal.name for refusal in side.refusals] for side in found.sides] == [[], ["call_awards_within_pot"]]
    assert [[row.proposal.number for row, _yen in only] for only in found.only] == [[], ["P-B", "P-C"]]
    assert found.total.left_yen == (34 * MILLION, -18 * MILLION)
    assert Mark.objects.count() == 1


def test_what_if_of_a_lead_reviewer_counts_what_others_have_staged(call, officer, lead):
    Proposal.objects.filter(number="P-C").update(field=FieldFactory(code="bio"))
    declare(lead, "P-A")
    marked(call, officer, A="award", C="award")

    found = compare(AwardPage(call, lead), Pick(MARKED), Pick(NUMBERS))

    assert found.total.yen == (52 * MILLION, 26 * MILLION)
    assert [side.count for side in found.sides] == [2, 1]


def test_what_if_address_says_the_sets(client, call, officer):
    client.force_login(officer)
    address = "/awards/CALL/what-if/?a_kind=numbers&a_numbers=P-A,P-D&b_kind=top&b_top=1"

    found = client.get(address).context["found"]

    assert [side.count for side in found.sides] == [2, 1]
    assert client.get("/awards/CALL/what-if/?a_kind=nonsense").context["found"] is None
    assert client.get(f"{address}&a_numbers=P-A,P-X").context["form"].unknown == ["P-X"]
    assert [s.number for s in Pick(NUMBERS, numbers=frozenset({"P-D"})).of(standings(call, officer))] == ["P-D"]


# --- packets --------------------------------------------------------------------------------------------------------


def submitted(call, by, **decisions):
    marked(call, by, **decisions)
    return releasing.submit(call, by=by, at=NOON)


def test_leaps_name_who_was_passed_over(call, officer):
    marked(call, officer, A="decline", B="award", C="reserve", D="award")

    found = standings(call, officer)

    assert passed_over(leaps(found, among=found)) == {"P-B": ["P-A"], "P-C": ["P-A"], "P-D": ["P-A", "P-C"]}


def passed_over(found):
    return {leap.standing.number: [passed.number for passed in leap.passed] for leap in found}


def leaps_before(user, call):
    return passed_over(leap for leap, _row in Dossier(AwardPage(call, user)).leaps)


def test_leaps_name_what_an_earlier_packet_left_behind_and_what_nobody_has_marked(call, officer, manager):
    releasing.release(submitted(call, officer, A="decline"), by=manager, at=NOON)
    stage(call, [Wish("P-C", "award", "a partner of its own")], by=officer, at=NOON)
    partial = leaps_before(officer, call)
    stage(call, [Wish("P-D", "reserve", "a partner of its own")], by=officer, at=NOON)
    releasing.submit(call, by=officer, at=NOON)

    assert partial == {"P-C": ["P-A"]}
    assert leaps_before(manager, call) == {"P-C": ["P-A"], "P-D": ["P-A", "P-B"]}


def test_packet_page_says_that_what_was_passed_over_is_not_marked_yet(client, call, officer):
    marked(call, officer, D="award")
    client.force_login(officer)

    page = client.get("/awards/CALL/packet/", headers={"accept-language": "en"}).content.decode()

    assert "1 P-A (not marked yet)" in page


def test_mark_that_leaps_the_ranking_is_submitted_with_its_reason_alone(client, call, officer):
    stage(call, [Wish("P-A", "decline"), Wish("P-B", "award"), Wish("P-D", "award")], by=officer, at=NOON)
    client.force_login(officer)

    refused = client.post("/awards/CALL/packet/submit/", {})
    stage(call, [Wish("P-B", "award", "the only partner in Kenya"), Wish("P-D", "decline")], by=officer, at=NOON)
    taken = client.post("/awards/CALL/packet/submit/", {})

    assert [refusal.values for refusal in refused.context["refusals"]] == [{"proposals": "P-B, P-D"}]
    assert (refused.status_code, taken.status_code) == (409, 302)


def test_packet_goes_from_officer_to_manager_and_becomes_the_result(client, call, officer, manager):
    marked(call, officer, A="award", B="reserve", C="decline", D="decline")
    client.force_login(officer)
    client.post("/awards/CALL/packet/submit/", {"comment": "please"})
    client.force_login(manager)
    page = client.get("/awards/CALL/packet/").content.decode()
    result = client.get("/awards/CALL/packet/result/")

    client.post("/awards/CALL/packet/release/", {"comment": "fine"})

    statuses = dict(Proposal.objects.values_list("number", "status"))
    assert 'href="/awards/CALL/packet/result/"' in page
    assert 'action="/awards/CALL/packet/release/"' in result.content.decode()
    assert [len(rows) for _label, rows in result.context["dossier"].groups] == [1, 1, 2]
    assert client.get("/awards/CALL/packet/result/").status_code == 404  # there is nothing to ask any more
    assert statuses == {"P-A": "awarded", "P-B": "received", "P-C": "declined", "P-D": "declined"}
    assert list(PacketStep.objects.values_list("state", "comment")) == [("submitted", "please"), ("released", "fine")]
    call.refresh_from_db()
    assert call.progress == "released"


def test_release_is_refused_to_whoever_submitted_it(client, call, officer):
    both = person("fujita", "Both Fujita", Role.OFFICER, Role.MANAGER)
    submitted(call, both, A="award")
    client.force_login(both)

    answer = client.post("/awards/CALL/packet/release/", {})

    assert answer.status_code == 409
    assert Packet.objects.get().state == "submitted"
    assert "/packet/release/" not in client.get("/awards/CALL/packet/").content.decode()


def test_packet_is_sent_back_only_with_a_comment_and_can_be_marked_again(client, call, officer, manager):
    submitted(call, officer, A="award")
    client.force_login(manager)

    client.post("/awards/CALL/packet/send-back/", {"comment": " "})
    unchanged = Packet.objects.get().state
    client.post("/awards/CALL/packet/send-back/", {"comment": "look at B"})

    marked(call, officer, A="decline")
    assert (unchanged, Packet.objects.get().state, Mark.objects.get().decision) == ("submitted", "sent_back", "decline")
    assert client.post("/awards/CALL/packet/release/", {}).status_code == 404


def test_release_is_undone_as_an_act_of_its_own_with_its_reason(client, call, officer, manager):
    packet = submitted(call, officer, A="award", B="decline")
    releasing.release(packet, by=manager, at=NOON)
    client.force_login(manager)

    client.post(f"/awards/CALL/packets/{packet.pk}/undo/", {"comment": "wrong list"})

    packet.refresh_from_db()
    assert packet.state == "undone"
    assert set(Proposal.objects.filter(number__in=["P-A", "P-B"]).values_list("status", flat=True)) == {"in_review"}
    assert packet.steps.last().comment == "wrong list"
    assert Award.objects.count() == 1


def test_manager_in_conflict_with_a_proposal_of_a_packet_neither_releases_sends_back_nor_undoes(
    client, call, officer, manager
):
    packet = submitted(call, officer, A="award", B="decline")
    declare(manager, "P-A", finding="stands")
    client.force_login(manager)
    answers = [client.post(f"/awards/CALL/packet/{act}/", {"comment": "no"}) for act in ("release", "send-back")]
    releasing.release(packet, by=person("fujita", "Manager Fujita", Role.MANAGER), at=NOON)
    answers.append(client.post(f"/awards/CALL/packets/{packet.pk}/undo/", {"comment": "no"}))
    page = client.get("/awards/CALL/packet/").content.decode()

    packet.refresh_from_db()
    assert [answer.status_code for answer in answers] == [409, 409, 409]
    assert ["利害関係があ" in answer.content.decode() for answer in answers] == [True, True, True]
    assert packet.state == "released"
    assert "/undo/" not in page
    assert "決定の取消しもできません" in page


def test_nothing_is_submitted_when_nothing_is_marked_and_no_packet_holds_what_a_manager_may_not_see(
    client, call, officer, manager
):
    client.force_login(officer)
    assert client.post("/awards/CALL/packet/submit/", {}).status_code == 409
    submitted(call, officer, A="award")
    declare(manager, "P-A", finding="stands")
    client.force_login(manager)

    page = client.get("/awards/CALL/packet/").content.decode()

    assert "P-A" not in page
    assert client.post("/awards/CALL/packet/release/", {}).status_code == 409


def test_award_in_conflict_counts_in_no_figure_for_the_person_and_the_page_says_so(client, call, officer, manager):
    marked(call, officer, A="award")
    declare(manager, "P-A", finding="stands")

    seen, hidden = (spending(call, reader=reader) for reader in (officer, manager))

    assert (seen.total.taken_yen, hidden.total.taken_yen) == (26 * MILLION, 0)
    assert (seen.staged_count, hidden.staged_count, [line.taken_yen for line in hidden.years]) == (1, 0, [])
    client.force_login(manager)
    assert "これらの金額に含まれていません" in client.get("/awards/CALL/").content.decode()
    assert [line.taken_yen for line in [*seen.fields, *seen.countries]] == [26 * MILLION, 0, 26 * MILLION]
    assert [line.taken_yen for line in [*hidden.fields, *hidden.countries]] == [0, 0]
    assert (seen.is_partly_hidden, hidden.is_partly_hidden) == (False, True)


@pytest.mark.parametrize("limit", [{"max_awards": 1}, {"pot_yen": 51 * MILLION}])
def test_who_has_a_conflict_is_told_that_marks_do_not_fit_and_not_by_how_much(client, call, officer, manager, limit):
    both = person("fujita", "Officer Fujita", Role.OFFICER)
    marked(call, officer, A="award")
    declare(both, "P-A", finding="stands")
    Call.objects.filter(pk=call.pk).update(**limit)
    client.force_login(both)
    version = {"pick": "P-B:0", "decision": "award"}

    answers = [client.post("/awards/CALL/batch/", {**version, **more}) for more in ({}, {"confirmed": "1"})]
    sheet = planned(both, "P-B", Call.objects.get())

    assert [answer.status_code for answer in answers] == [409, 409]
    assert ["収まりません。利害関係" in answer.content.decode() for answer in answers] == [True, True]
    assert [yen for yen in ("52,000,000", "1,000,000円") for answer in answers if yen in answer.content.decode()] == []
    assert sheet == ["awards_fit"]
    with pytest.raises(Refused) as told:
        marked(call, officer, B="award")
    assert told.value.refusals[0].name != "awards_fit"


def planned(by, number, call):
    """What a file that awards the proposal is told."""
    upload = receive(f"number,decision\n{number},award\n".encode(), kind=MarkResource(call), by=by, file_name="x.csv")
    return [fault["code"] for fault in Upload.objects.get(pk=upload.pk).plan["faults"]]


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("/review/?q=%00", None),
        ("/proposals/?q=%00", None),
        ("/awards/CALL/batch/", {"decision": "award", "pick": "\0:1"}),
        ("/calls/CALL/assignments/", {"number": "\0"}),
        ("/calls/CALL/assignments/leads/", {"lead-quantum": "\0"}),
    ],
)
def test_null_character_is_refused_with_a_sentence_at_every_door(client, call, address, sent):
    client.force_login(person("gotou", "Officer Gotou", Role.OFFICER, Role.REVIEWER))

    answer = client.get(address) if sent is None else client.post(address, sent)

    assert answer.status_code == 400
    assert answer.context["refusal"].name == "text_without_null"


def test_until_release_only_the_award_page_knows_of_an_award(client, call, officer, manager):
    submitted(call, officer, A="award", B="decline")
    client.force_login(manager)

    def told():
        tally = Proposal.objects.visible_to(manager).filter(call=call).tally()
        detail = client.get("/proposals/P-A/").content.decode()
        listed = client.get("/proposals/?call=CALL").content.decode()
        found = client.get("/proposals/?call=CALL&awarded=1").context["total"]
        exported = client.get("/calls/CALL/tallies.csv").content.decode()
        return (
            tally["awards"],
            tally["awarded_yen"],
            "award-caption" in detail,
            "26,000,000</td>\n" in listed,
            found,
            exported,
        )

    before = told()
    assert before[:3] == (0, 0, False)
    assert before[4] == 0
    assert "26,000,000" in client.get("/awards/CALL/").content.decode()
    releasing.release(Packet.objects.get(), by=manager, at=NOON)

    after = told()
    assert after[:3] == (1, 26 * MILLION, True)
    assert after[4] == 1
    assert before[5] != after[5]


def test_letters_are_a_list_of_what_is_released_for_officers_alone(client, call, officer, manager):
    packet = submitted(call, officer, A="award", B="decline")
    client.force_login(officer)
    before = client.get("/awards/CALL/letters.xlsx").status_code
    releasing.release(packet, by=manager, at=NOON)

    book = openpyxl.load_workbook(io.BytesIO(client.get("/awards/CALL/letters.xlsx").content))
    rows = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows(min_row=2)]
    lines = list(csv.reader(io.StringIO(client.get("/awards/CALL/letters.csv").content.decode("utf-8-sig"))))
    client.force_login(manager)

    assert before == 404
    assert [(row[0], row[6], row[7]) for row in rows] == [("P-A", 20 * MILLION, 6 * MILLION), ("P-B", None, None)]
    assert rows[0][8].count("you") == 2
    assert [line[:1] + line[6:8] for line in lines[1:]] == [["P-A", "20000000", "6000000"], ["P-B", "", ""]]
    assert client.get("/awards/CALL/letters.csv").status_code == 404


def test_pot_and_slice_are_refused_when_lowered_below_what_is_taken(call, officer):
    marked(call, officer, A="award")
    place = PotSlice.objects.create(call=call, fiscal_year=2024, limit_yen=13 * MILLION)
    call.refresh_from_db()
    call.pot_yen, place.limit_yen = 26 * MILLION - 1, 13 * MILLION - 1

    for row in (call, place):
        with pytest.raises(ValidationError):
            row.full_clean()


def test_reserve_is_awarded_after_the_release_in_a_packet_of_its_own(call, officer, manager):
    packet = submitted(call, officer, A="award", B="reserve", C="decline", D="decline")
    releasing.release(packet, by=manager, at=NOON)
    call.refresh_from_db()

    with pytest.raises(Refused, match="mark_in_packet"):
        marked(call, officer, C="award")
    second = submitted(call, officer, B="award")
    releasing.release(second, by=manager, at=NOON + datetime.timedelta(days=9))

    assert Proposal.objects.get(number="P-B").status == Status.AWARDED
