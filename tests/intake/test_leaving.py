"""A proposal leaves its call with a reason and a day, alone or with others, and comes back to where the call stands."""

import datetime

import pytest
from django.urls import reverse

from proposals.record.models import Proposal
from tests.doors import insert_by_sql, refused, update_by_sql
from tests.factories import OUT, AwardFactory, ConflictFactory, ProposalFactory, TermsFactory, release

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]
STANDS = [("", "received"), ("in_review", "in_review"), ("deciding", "in_review")]
WHY = {"status": "withdrawn", "on": "令和9年1月15日", "reason": "研究代表者が異動するため"}


@pytest.fixture
def desk(client, officer, settings):
    settings.LANGUAGE_CODE = "en"
    client.force_login(officer)
    return client


@pytest.fixture
def terms(db):
    return TermsFactory()


def leave(desk, *proposals, **typed):
    numbers = "&".join(f"number={proposal.number}" for proposal in proposals)
    return desk.post(f"{reverse('intake:leave')}?{numbers}", {**WHY, **typed})


def stand(*proposals):
    return [Proposal.objects.get(pk=proposal.pk).status for proposal in proposals]


def test_a_proposal_is_withdrawn_with_reason_and_day_which_its_page_says(desk, terms):
    proposal = ProposalFactory(terms=terms)

    answer = leave(desk, proposal)

    stored = Proposal.objects.get()
    assert (stored.status, stored.set_aside_on) == ("withdrawn", datetime.date(2027, 1, 15))
    page = desk.get(answer.url).content.decode()
    assert "研究代表者が異動するため" in page
    assert reverse("intake:leave") not in page


def test_several_are_found_ineligible_together(desk, terms):
    proposals = [ProposalFactory(terms=terms) for _ in range(3)]

    answer = leave(desk, *proposals, status="ineligible")

    assert stand(*proposals) == ["ineligible"] * 3
    assert answer.url.endswith(f"?call={terms.call.code}")


def test_none_leaves_where_one_may_not(desk, terms):
    one, released = ProposalFactory(terms=terms), AwardFactory(proposal__terms=terms).proposal
    release(released.award)

    answer = leave(desk, one, released)

    assert (answer.status_code, stand(one, released)) == (409, ["received", "awarded"])
    assert "has an award and cannot become withdrawn" in answer.content.decode()


@pytest.mark.parametrize("lacking", ["reason", "on", "status"])
def test_nothing_leaves_without_a_word(desk, terms, lacking):
    proposal = ProposalFactory(terms=terms)

    assert leave(desk, proposal, **{lacking: ""}).status_code == 400
    assert stand(proposal) == ["received"]


def test_sql_refuses_leaving_without_a_word_and_half_of_one(terms):
    proposal = ProposalFactory(terms=terms)

    with refused("proposal_set_aside_says_why"):
        update_by_sql(proposal, status="withdrawn")
    with refused("proposal_set_aside_whole"):
        update_by_sql(proposal, status="withdrawn", set_aside_reason="申出")
    with refused("proposal_set_aside_whole"):
        insert_by_sql(
            ProposalFactory.build(
                terms=terms, call=terms.call, field=proposal.field, primary_funder=proposal.primary_funder,
                set_aside_on=OUT["set_aside_on"],
            )
        )  # fmt: skip


@pytest.mark.parametrize(("progress", "status"), STANDS)
def test_what_comes_back_stands_where_its_call_does(desk, terms, progress, status):
    proposal = ProposalFactory(terms=terms)
    type(terms.call).objects.filter(pk=terms.call.pk).update(progress=progress)
    Proposal.objects.filter(pk=proposal.pk).update(status="withdrawn", **OUT)

    desk.post(reverse("intake:come_back", args=[proposal.number]))

    stored = Proposal.objects.get()
    assert (stored.status, stored.set_aside_on, stored.set_aside_reason) == (status, None, "")
    assert desk.post(reverse("intake:come_back", args=[proposal.number])).status_code == 404


def test_what_a_conflict_hides_does_not_exist_to_leave(desk, officer, terms):
    proposal = ProposalFactory(terms=terms)
    ConflictFactory(proposal=proposal, person=officer)

    assert leave(desk, proposal).status_code == 404
    assert desk.post(reverse("intake:come_back", args=[proposal.number])).status_code == 404
    assert stand(proposal) == ["received"]


def test_the_list_lets_officers_choose_and_nobody_else(desk, client, manager, terms):
    ProposalFactory(terms=terms)

    assert 'form="chosen"' in desk.get(reverse("proposals:list")).content.decode()
    client.force_login(manager)
    assert 'form="chosen"' not in client.get(reverse("proposals:list")).content.decode()
