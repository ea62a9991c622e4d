"""The timeline of a proposal: every act that the triggers recorded, in words."""

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import translation

from proposals.awards import decisions as marking
from proposals.awards import release as releasing
from proposals.record.models import AnnualCost, Assignment, Conflict, Proposal, Review
from proposals.review.timeline import Timeline
from tests.doors import run
from tests.factories import (
    NOON,
    AnnualCostFactory,
    AssignmentFactory,
    FieldFactory,
    ReviewFactory,
    TermsFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def proposal():
    terms = TermsFactory(call__progress="in_review")
    return AnnualCostFactory(proposal__terms=terms).proposal


def told(proposal):
    with translation.override("en"):
        return [(entry.what, entry.changes) for entry in Timeline(proposal).entries()]


def whats(proposal):
    return [what for what, _changes in told(proposal)]


def test_timeline_tells_what_was_received_and_corrected_old_to_new(proposal):
    other = FieldFactory(code="bio", name_en="Bio")
    proposal.call.call_fields.create(field=other, position=2)
    Proposal.objects.filter(pk=proposal.pk).update(title_en="Anew", field=other, is_reconstructed=False)
    AnnualCost.objects.update(direct_yen=9_000_000, indirect_yen=0)

    found = told(proposal)

    assert found[:2] == [("received", ()), ("logged", ())]
    assert (
        "corrected",
        (("title (English)", "Entanglement across borders", "Anew"), ("field", "Quantum", "Bio")),
    ) in found
    costs = dict(found)["costs corrected"]
    assert costs == (
        ("FY2024 (Reiwa 6) direct costs (yen)", "10,000,000", "9,000,000"),
        ("FY2024 (Reiwa 6) indirect costs (yen)", "3,000,000", "0"),
    )


def test_timeline_tells_the_whole_way_to_a_released_award(proposal, officer, manager):
    baba = UserFactory()
    by = {"recorded_by": baba, "recorded_at": NOON}
    Conflict.objects.create(proposal=proposal, person=baba, finding=Conflict.Finding.CLEAR, **by)
    assignment = Assignment.objects.create(
        proposal=proposal, reviewer=baba, position=1, assigned_by=officer, assigned_at=NOON
    )
    review = Review.objects.create(assignment=assignment, saved_at=NOON)
    type(review).objects.filter(pk=review.pk).update(comment_to_panel="x")
    call = proposal.call
    type(call).objects.filter(pk=call.pk).update(progress="deciding")
    marking.stage(call, [marking.Wish(proposal.number, "award", "best")], by=officer, at=NOON)
    packet = releasing.submit(call, by=officer, at=NOON, comment="please")
    releasing.release(packet, by=manager, at=NOON)
    releasing.undo(packet, by=manager, at=NOON, reason="too early")
    marking.stage(call, [marking.Wish(proposal.number, "")], by=officer, at=NOON)

    found = whats(proposal)

    acts = ["received", "logged", "assigned", "interest recorded", "review begun"]
    acts += ["marked", "award staged", "amounts staged"]
    acts += ["submitted for release", "released", "release undone", "award taken back", "mark taken back"]
    assert set(acts) <= set(found)
    assert "corrected" not in found
    assert dict(told(proposal))["released"] == (("status", "received", "awarded"),)


def test_timeline_names_who_acted_on_a_page_and_says_what_came_by_command(client, officer, proposal):
    client.force_login(officer)
    run("UPDATE proposals_proposal SET institution = %s", "東北大学")

    page = client.get(reverse("proposals:timeline", args=[proposal.number]), headers=ENGLISH).content.decode()

    assert f", database role {connection.settings_dict['USER']}" in page
    assert "東北大学" in page


def test_timeline_says_whose_review_came_by_command_and_when_the_proposal_was_received(proposal):
    assignment = AssignmentFactory(proposal=proposal, reviewer__last_name="馬場", reviewer__first_name="花")
    ReviewFactory(assignment=assignment)

    entries = {entry.what: entry for entry in Timeline(proposal).entries()}

    assert "馬場" in entries[translation.gettext("review begun")].words
    assert entries[translation.gettext("received")].at == proposal.received_at


def test_timeline_is_for_officers_and_administrators(client, manager, administrator, proposal):
    address = reverse("proposals:timeline", args=[proposal.number])
    client.force_login(manager)
    assert client.get(address).status_code == 404
    client.force_login(administrator)
    assert client.get(address).status_code == 200
    Conflict.objects.create(
        proposal=proposal, person=administrator, finding="stands", kind="kin", recorded_by=manager, recorded_at=NOON
    )
    assert client.get(address).status_code == 404


def test_timeline_asks_the_same_number_of_queries_at_one_and_at_three_acts(proposal, django_assert_max_num_queries):
    def queries():
        with django_assert_max_num_queries(40) as asked:
            Timeline(proposal).entries()
        return len(asked)

    Proposal.objects.filter(pk=proposal.pk).update(title_en="1")
    at_one = queries()
    for title in ("2", "3"):
        Proposal.objects.filter(pk=proposal.pk).update(title_en=title)
    assert queries() == at_one
