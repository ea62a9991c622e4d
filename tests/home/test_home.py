"""The first page of each role: what waits, and what changed since yesterday, each leading to where it is."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from aspire.models import Upload
from proposals.record.models import AnnualCost, Proposal
from tests.factories import (
    AnnualCostFactory,
    AssignmentFactory,
    CallFactory,
    ConflictFactory,
    CriterionFactory,
    MarkFactory,
    PacketFactory,
    ProposalFactory,
    ReviewerFactory,
    ReviewFactory,
    TermsFactory,
)

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def in_english(settings):
    settings.LANGUAGE_CODE = "en"


def home(client, user):
    client.force_login(user)
    return client.get("/", headers={"accept-language": "en"})


def tasks(page):
    return [(task.what, task.href) for task in page.context["tasks"]]


def upload(user, **values):
    now = timezone.now()
    kept = {"beat_at": now, "uploaded_at": now, "expires_at": now + DAY, "state": "checked", **values}
    return Upload.objects.create(user=user, kind="proposals", file_name="july.csv", data=b"", **kept)


def call_closing_in(days):
    now = timezone.now()
    return CallFactory(opens_at=now - DAY, closes_at=now + days * DAY)


def test_calls_that_close_within_a_fortnight_wait_for_an_officer(client, officer):
    soon = call_closing_in(13)
    call_closing_in(15)

    (task,) = home(client, officer).context["tasks"]

    assert (task.call, task.href) == (soon, soon.get_absolute_url())
    assert task.what.endswith("13 days left.")


def test_calls_in_review_wait_for_reviewers_and_for_suggestions_to_be_decided(client, officer, administrator, manager):
    call = CallFactory(progress="in_review", reviews_wanted=1)
    terms = TermsFactory(call=call)
    ReviewerFactory(institution="東都大学")
    AssignmentFactory(proposal=ProposalFactory(terms=terms))
    ProposalFactory(terms=terms, institution="北都大学", status="in_review")

    found = tasks(home(client, officer))

    assert found == [
        ("1 proposal is short of reviewers.", f"/calls/{call.code}/assignments/?short=on"),
        ("1 suggested conflict of interest is to be decided.", f"/calls/{call.code}/conflicts/"),
    ]
    assert tasks(home(client, administrator)) == found
    assert tasks(home(client, manager)) == []
    assert [client.get(href).status_code for _what, href in found] == [404, 404]


def test_an_import_waits_for_its_sender_alone(client, officer, administrator):
    waiting = upload(officer)
    upload(officer, state="saved")

    assert tasks(home(client, officer)) == [
        ("The import “july.csv” waits to be confirmed.", reverse("sheets:preview", args=[waiting.pk]))
    ]
    assert tasks(home(client, administrator)) == []


def test_packets_and_calls_being_decided_wait_for_a_manager(client, manager):
    call = CallFactory(progress="deciding")
    terms = TermsFactory(call=call)
    MarkFactory(proposal=ProposalFactory(terms=terms), decision="decline")
    ProposalFactory(terms=terms)
    PacketFactory(call=call)

    found = tasks(home(client, manager))

    assert found == [
        ("Award decisions are awaiting release.", f"/awards/{call.code}/packet/"),
        ("Being decided: 1 of 2 proposals are marked.", f"/awards/{call.code}/"),
    ]
    assert [client.get(href).status_code for _what, href in found] == [200, 200]


def test_what_changed_since_yesterday_is_counted_by_call_and_leads_to_its_rows(client, officer):
    call = CallFactory(progress="in_review")
    CriterionFactory(call=call)
    terms = TermsFactory(call=call)
    first, second, third = (AnnualCostFactory(proposal__terms=terms).proposal for _each in range(3))
    Proposal.objects.filter(pk=first.pk).update(title_en="Corrected")
    Proposal.objects.filter(pk=first.pk).update(title_en="Corrected again")
    AnnualCost.objects.filter(proposal=second).update(indirect_yen=1)
    Proposal.objects.filter(pk=third.pk).update(status="in_review")
    ReviewFactory(assignment=AssignmentFactory(proposal=first), submitted=True)
    ReviewFactory(assignment=AssignmentFactory(proposal=first))
    type(call).objects.filter(pk=call.pk).update(progress="deciding")
    MarkFactory(proposal=third, decision="decline", marked_at=timezone.now())
    MarkFactory(proposal=second, decision="decline", marked_at=timezone.now() - 3 * DAY)

    (change,) = home(client, officer).context["changes"]

    assert (change.call, [number.value for number in change.numbers]) == (call, [3, 2, 1, 1])
    rows = [client.get(number.href) for number in change.numbers]
    assert [page.context["total"] for page in rows[:2]] == [3, 2]
    assert [page.status_code for page in rows] == [200, 200, 200, 200]


def test_what_a_conflict_hides_is_not_counted_as_changed(client, manager):
    proposal = ProposalFactory()
    ConflictFactory(proposal=proposal, person=manager)

    assert home(client, manager).context["changes"] == []


@pytest.mark.parametrize("role", ["officer", "manager", "administrator"])
def test_a_quiet_morning_says_so_in_one_sentence_each(client, request, role):
    page = home(client, request.getfixturevalue(role)).content.decode()

    assert "Nothing waits for you." in page
    assert "Nothing has changed since yesterday." in page


def test_a_reviewer_is_led_to_the_reviews(client, reviewer):
    assert home(client, reviewer).url == "/review/"


@pytest.mark.parametrize("role", ["officer", "manager"])
def test_home_asks_the_same_number_of_queries_at_one_and_at_three_calls(
    client, request, role, django_assert_max_num_queries
):
    reader = request.getfixturevalue(role)
    ReviewerFactory(institution="東都大学")

    def queries():
        call_closing_in(5)
        reviewed = CallFactory(progress="in_review")
        ProposalFactory(terms=TermsFactory(call=reviewed))
        decided = CallFactory(progress="deciding")
        MarkFactory(proposal=ProposalFactory(terms=TermsFactory(call=decided)), decision="decline")
        PacketFactory(call=decided)
        upload(reader)
        with django_assert_max_num_queries(53) as asked:
            assert home(client, reader).status_code == 200
        return len(asked)

    queries()
    at_one = queries()
    queries()
    assert queries() == at_one
