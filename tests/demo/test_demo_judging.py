"""How far ``manage.py load_demo`` leaves its calls judged: each role has something real to do at once."""

import datetime
from collections import Counter

import pytest
from django.contrib.auth.models import User
from django.db.models import Count, Max, Min, Sum

from aspire.roles import Role, roles_of
from calls.models import Call, CallField, Criterion, PotSlice
from proposals.record.models import Assignment, Conflict, Mark, Proposal, Review, Reviewer, Score
from proposals.record.status import PacketState

TODAY = datetime.date(2026, 11, 23)
pytestmark = [pytest.mark.usefixtures("demonstration"), pytest.mark.django_db]
JUDGED = {"DEMO-REVIEW", "DEMO-DECIDING"}


def counting(call: str) -> dict[int, int]:
    """How many reviews count for each counted proposal of a call."""
    reviews = Review.objects.counting().filter(assignment__proposal__call__code=call)
    counted = Counter(reviews.values_list("assignment__proposal", flat=True))
    return {pk: counted[pk] for pk in Proposal.objects.filter(call__code=call).counted().values_list("pk", flat=True)}


def test_demo_reviewers_cannot_sign_in_but_one_and_lead_each_field_but_one():
    reviewers = {profile.user.username: profile for profile in Reviewer.objects.select_related("user")}
    leads = CallField.objects.filter(call__code__in=JUDGED, lead_reviewer=None).values_list("call__code", "field__code")
    guest = User.objects.get(username="reviewer")

    assert len(reviewers) == 15
    assert {name for name, profile in reviewers.items() if profile.user.has_usable_password()} == {"reviewer"}
    assert {frozenset(roles_of(profile.user)) for profile in reviewers.values()} == {frozenset({Role.REVIEWER})}
    assert set(leads) == {(call, "telecom") for call in JUDGED}
    assert set(guest.led_fields.values_list("call__code", "field__code")) == {(call, "quantum") for call in JUDGED}
    assert Reviewer.objects.filter(fields=None).count() == 0


def test_demo_call_in_review_is_half_reviewed_with_conflicts_and_nothing_overdue():
    call = Call.objects.get(code="DEMO-REVIEW")
    given = Assignment.objects.filter(proposal__call=call)
    reviews = Review.objects.filter(assignment__in=given)
    conflicts = Conflict.objects.filter(proposal__call=call)
    guest = given.filter(reviewer__username="reviewer")

    assert set(given.values("proposal").annotate(n=Count("pk")).values_list("n", flat=True)) == {3}
    assert 0.4 < reviews.filter(state="submitted").count() / given.count() < 0.6
    assert reviews.filter(state="draft").count() > 20
    assert conflicts.standing().count() == 6
    assert conflicts.filter(finding="clear").count() > 250
    assert given.count() - conflicts.count() > 20
    assert reviews.filter(assignment__in=given.set_aside()).exists()
    assert given.exclude(declined_at=None).count() == 2
    assert call.reviews_due_on > TODAY
    assert Counter(guest.values_list("review__state", flat=True)) == {"submitted": 2, "draft": 2, None: 5}
    assert guest.set_aside().count() == 1


def test_demo_call_being_decided_is_wholly_reviewed_and_hardly_marked():
    call = Call.objects.get(code="DEMO-DECIDING")
    slices = PotSlice.objects.filter(call=call)
    marks = Mark.objects.filter(proposal__call=call)
    led = CallField.objects.get(call=call, field__code="quantum").field

    assert set(counting("DEMO-DECIDING").values()) == {3}
    assert Conflict.objects.filter(proposal__call=call).standing().count() == 6
    assert Counter(marks.values_list("decision", flat=True)) == {"award": 3, "reserve": 1, "decline": 4}
    assert not marks.filter(proposal__field=led)
    assert {mark.packet.state for mark in marks.select_related("packet")} == {PacketState.SUBMITTED}
    assert call.taken_count == 3
    assert call.pot_yen * 0.9 < slices.aggregate(Sum("limit_yen"))["limit_yen__sum"] <= call.pot_yen
    assert {(row["call"], row["n"]) for row in Criterion.objects.values("call").annotate(n=Count("pk"))} == {
        (pk, 4) for pk in Call.objects.filter(is_synthetic=True).values_list("pk", flat=True)
    }
    assert set(Score.objects.values_list("value", flat=True)) == {1, 2, 3, 4, 5}


def test_demo_packet_holds_a_difference_to_the_ranking_with_its_reason(client):
    client.force_login(User.objects.get(username="manager"))

    home, packet = client.get("/"), client.get("/awards/DEMO-DECIDING/packet/")

    assert "/awards/DEMO-DECIDING/packet/" in home.content.decode()
    assert "次点の本提案が枠に収まるため" in packet.content.decode()
    assert 'name="comment"' in packet.content.decode()


def test_demo_load_is_even():
    for call in JUDGED:
        loads = Assignment.objects.filter(proposal__call__code=call).exclude(reviewer__username="reviewer")
        spread = loads.values("reviewer").annotate(n=Count("pk")).aggregate(Min("n"), Max("n"))
        assert spread["n__max"] - spread["n__min"] <= 6
