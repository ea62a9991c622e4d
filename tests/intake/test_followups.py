"""What was accepted and is to be looked into is a row that somebody works off, with what came of it."""

import io

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from proposals.record.models import FollowUp, Proposal
from tests.doors import insert_by_sql, refused, update_by_sql
from tests.factories import (
    NOON,
    ConflictFactory,
    CounterpartFactory,
    FunderFactory,
    ProposalFactory,
    TermsFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]
HEADER = "number,title_ja,researcher_number,institution,field,funder,starts_on,ends_on"
DOUBTFUL = ",量子網,10123456,東都大学,quantum,GB-UKRI,2024-04-01,2029-03-31"


@pytest.fixture
def call(monkeypatch, settings):
    settings.LANGUAGE_CODE = "en"
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
    FunderFactory()
    return TermsFactory(call__code="IN").call


@pytest.fixture
def desk(client, officer, call):
    client.force_login(officer)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def send(call, tmp_path):
    def send(*lines):
        file = tmp_path / "file.csv"
        file.write_text("\r\n".join(lines), encoding="utf-8")
        call_command("import_proposals", str(file), call="IN", stdout=io.StringIO(), stderr=io.StringIO())

    return send


def follow_up(proposal, **more):
    finding = {"code": "funder_not_eligible", "row": 2, "column": "I", "header": "funder", "value": None, "tier": 2}
    finding |= {"values": {}, "refusal": None}
    return FollowUp(value="X", proposal=proposal, code="funder_not_eligible", finding=finding, raised_at=NOON, **more)


def listed(desk, **asked):
    return desk.get(reverse("intake:follow_ups"), asked)


def done(desk, found, comment):
    return desk.post(reverse("intake:follow_up_done", args=[found.pk]), {"comment": comment}, follow=True)


def test_what_a_file_flags_is_raised_once_and_worked_off(desk, send, officer):
    send(HEADER, DOUBTFUL)
    send("number,title_en,researcher_number", "IN-001,Quanta,10123456")
    found = FollowUp.objects.get()
    assert (found.proposal.number, found.code, str(found)) == (
        "IN-001",
        "researcher_number_check_digit",
        "IN-001 researcher_number_check_digit",
    )

    page = listed(desk, call="IN").content.decode()
    assert "check digit" in page
    assert "1 open" not in page
    page = done(desk, found, "The number is right: asked by telephone.")
    assert "Done: IN-001." in page.content.decode()
    assert "Nothing is open." in page.content.decode()
    found.refresh_from_db()
    assert (found.done_by, found.done_at) == (officer, NOON)
    assert "asked by telephone" in listed(desk, done=1).content.decode()


def test_a_finding_is_kept_without_what_stood_in_the_cell(send):
    send(HEADER, DOUBTFUL)

    found = FollowUp.objects.get()
    assert (found.value, "10123456" in str(found.finding)) == ("10123456", False)
    assert "10123456" in found.fault.sentence


def test_what_is_done_may_be_raised_again(desk, send):
    send(HEADER, DOUBTFUL)
    done(desk, FollowUp.objects.get(), "Right.")
    send("number,title_en,researcher_number", "IN-001,Quanta,10123456")

    assert FollowUp.objects.open().count() == 1


def test_a_comment_is_needed_and_the_first_one_stays(desk, call):
    found = follow_up(ProposalFactory(terms=call.terms.get()))
    found.save()

    assert "Write in a sentence" in done(desk, found, " ").content.decode()
    done(desk, found, "First.")
    assert "already" in done(desk, found, "Second.").content.decode()
    found.refresh_from_db()
    assert found.comment == "First."


def test_an_empty_list_says_so(desk):
    assert "Nothing is open." in listed(desk).content.decode()
    assert "Nothing was done yet." in listed(desk, done=1, call="IN").content.decode()
    assert listed(desk, call="NONE").status_code == 404


def test_the_list_of_proposals_finds_those_with_open_follow_ups(desk, call):
    terms = call.terms.get()
    follow_up(ProposalFactory(terms=terms, number="IN-001")).save()
    ProposalFactory(terms=terms, number="IN-002")

    page = desk.get(reverse("proposals:list"), {"flag": "open"}).content.decode()

    assert "IN-001" in page
    assert "IN-002" not in page


def test_what_is_hidden_from_a_person_is_not_theirs_to_follow_up(desk, call, officer):
    found = follow_up(ProposalFactory(terms=call.terms.get(), number="IN-001"))
    found.save()
    ConflictFactory(proposal=found.proposal, person=officer)
    assert not Proposal.objects.visible_to(officer).exists()

    page = listed(desk)
    assert (page.context["counts"], [*page.context["page"]]) == ({"open": 0, "done": 0}, [])
    assert done(desk, found, "Mine.").status_code == 404


def test_a_list_asks_as_many_queries_at_three_rows_as_at_one(desk, call):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            desk.get(reverse("intake:follow_ups"))
        return len(asked)

    terms = call.terms.get()
    follow_up(ProposalFactory(terms=terms)).save()
    queries()
    at_one = queries()
    for _more in range(2):
        follow_up(ProposalFactory(terms=terms)).save()

    assert queries() == at_one


def test_one_thing_is_open_once_and_done_by_somebody(call, officer):
    proposal = ProposalFactory(terms=call.terms.get())
    found = follow_up(proposal)
    found.save()

    with refused("follow_up_once"):
        insert_by_sql(follow_up(proposal))
    with refused("follow_up_done_by_whom"):
        update_by_sql(found, done_at=NOON)
    with refused("follow_up_done_by_whom"):
        update_by_sql(found, done_at=NOON, done_by_id=officer.pk)


# --- what PostgreSQL raises by itself --------------------------------------------------------------------------------


def raised(proposal):
    return {each.code: each.fault.sentence for each in proposal.follow_ups.open()}


def test_a_missing_institution_is_raised_whatever_door_it_comes_through(call, send):
    proposal = ProposalFactory(terms=call.terms.get(), institution="東都大学")
    assert raised(proposal) == {}

    update_by_sql(proposal, institution=" ")
    assert "No research institution" in raised(proposal)["institution_missing"]
    insert_by_sql(
        ProposalFactory.build(
            terms=call.terms.get(), call=call, field=proposal.field, primary_funder=proposal.primary_funder,
            institution="",
        )
    )  # fmt: skip
    assert FollowUp.objects.filter(code="institution_missing").count() == 2


def test_a_first_counterpart_of_another_funder_and_a_pending_grant_are_raised(call):
    other = FunderFactory(acronym="ANR", label_as_printed="ANR")
    proposal = ProposalFactory(terms=call.terms.get())
    own = {"funder": proposal.primary_funder, "country": proposal.country}
    first = CounterpartFactory(proposal=proposal, **own)
    CounterpartFactory(proposal=proposal, funder=other, country=other.country)
    assert raised(proposal) == {}

    update_by_sql(first, funder_id=other.pk)
    update_by_sql(first, grant_state="pending")
    sentences = raised(proposal)
    assert other.code in sentences["counterpart_funder_differs"]
    assert first.person in sentences["grant_pending"]


# --- where they are shown ------------------------------------------------------------------------------------------


def test_board_and_home_say_how_many_are_open_and_where(desk, call, manager, client):
    proposal = ProposalFactory(terms=call.terms.get(), number="IN-001")
    board = reverse("boards:board", args=["IN"])
    assert "still open" not in desk.get(board).content.decode()

    follow_up(proposal).save()
    page = desk.get(board).content.decode()
    assert "still open" in page
    assert f"{reverse('intake:follow_ups')}?call=IN" in page
    assert "1 follow-up is open." in desk.get(reverse("home")).content.decode()
    client.force_login(manager)
    assert "flag=open" in client.get(board).content.decode()


def test_a_conflict_hides_what_is_open_from_board_and_home(desk, call, officer):
    proposal = ProposalFactory(terms=call.terms.get(), number="IN-001")
    follow_up(proposal).save()
    ConflictFactory(proposal=proposal, person=officer)

    assert "still open" not in desk.get(reverse("boards:board", args=["IN"])).content.decode()
    assert "follow-up is open" not in desk.get(reverse("home")).content.decode()


def test_an_export_tells_what_is_open_and_a_file_that_tells_it_back_changes_nothing(desk, call, send, manager, client):
    proposal = ProposalFactory(terms=call.terms.get(), number="IN-001")
    follow_up(proposal).save()
    export = f"{reverse('intake:export', args=['csv'])}?call=IN&language=en"

    text = b"".join(desk.get(export)).decode("utf-8-sig")
    assert "Open follow-ups" in text
    assert "not on the call" in text
    send(*text.strip().split("\r\n"))
    assert FollowUp.objects.count() == 1
    client.force_login(manager)
    assert "Open follow-ups" not in b"".join(client.get(export)).decode("utf-8-sig")
