"""The fund: what released awards commit, what is staged, what is left, real calls and synthetic ones apart."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calls.models import Call
from proposals.fund.fund import projects
from proposals.record.models import Proposal
from tests.factories import (
    MILLION,
    AnnualAwardFactory,
    AnnualCostFactory,
    AwardFactory,
    CallFactory,
    ProgrammeFactory,
    ProposalFactory,
    TermsFactory,
    release,
)

pytestmark = pytest.mark.django_db
FUND_YEN = 1_000 * MILLION


@pytest.fixture
def terms(db):
    programme = ProgrammeFactory(fund_yen=FUND_YEN)
    return TermsFactory(call=CallFactory(programme=programme, pot_yen=500 * MILLION))


def seen(looking):
    return looking.get(reverse("fund:index")).context["fund"]


def award(terms, *years, released):
    made = AwardFactory(proposal=AnnualCostFactory(proposal__terms=terms).proposal)
    for year in years:
        AnnualAwardFactory(award=made, fiscal_year=year)
    if released:
        release(made)
    return made


def test_fund_of_the_briefing_pays_88_projects_of_full_size_and_keeps_the_trial_call_apart(trial, looking):
    fund = seen(looking)

    [ledger] = fund.ledgers
    assert [line.call.code for line in ledger.calls] == ["ASPIRE"]
    assert (ledger.fund_yen, ledger.left_yen, ledger.project_yen) == (44_000 * MILLION, 44_000 * MILLION, 500 * MILLION)
    assert (ledger.fits, ledger.fits_after, ledger.years) == (88, 88, [])
    [trial] = fund.others
    assert (trial.call.code, trial.is_reconstructed, trial.committed_count, trial.committed_yen) == (
        "R4-TRIAL",
        True,
        7,
        0,
    )


def test_amounts_of_the_trial_call_are_said_to_be_unpublished(trial, looking):
    page = looking.get(reverse("fund:index"), headers={"accept-language": "ja"}).content.decode()

    assert "非公表" in page.split('id="others"')[1]


def test_released_awards_are_committed_and_staged_ones_are_not(looking, terms):
    award(terms, 2024, 2026, released=True)
    award(terms, 2024, released=False)

    [ledger] = seen(looking).ledgers

    assert [(year.fiscal_year, year.committed_yen, year.staged_yen) for year in ledger.years] == [
        (2024, 13 * MILLION, 13 * MILLION),
        (2025, 0, 0),
        (2026, 13 * MILLION, 0),
    ]
    assert (ledger.committed_yen, ledger.staged_yen) == (26 * MILLION, 13 * MILLION)
    assert (ledger.left_yen, ledger.left_after_yen) == (974 * MILLION, 961 * MILLION)
    assert (ledger.fits, ledger.fits_after) == (7, 7)
    [line] = ledger.calls
    assert (line.committed_count, line.staged_count, line.left_yen) == (1, 1, 461 * MILLION)


def test_synthetic_calls_stand_in_a_ledger_of_their_own(looking, terms):
    award(terms, 2024, released=True)
    demo = TermsFactory(call=CallFactory(programme=terms.call.programme, is_synthetic=True))
    award(demo, 2024, 2025, released=True)

    real, synthetic = seen(looking).ledgers

    assert (real.is_synthetic, real.committed_yen, len(real.calls)) == (False, 13 * MILLION, 1)
    assert (synthetic.is_synthetic, synthetic.committed_yen, len(synthetic.calls)) == (True, 26 * MILLION, 1)


def test_synthetic_calls_are_marked_also_where_they_are_paid_from_other_money(looking):
    programme = ProgrammeFactory(code="OTHER", fund_yen=None)
    real, made_up = (TermsFactory(call=CallFactory(programme=programme, is_synthetic=made)).call for made in (0, 1))

    page = looking.get(reverse("fund:index"), headers={"accept-language": "en"}).content.decode()

    others = page.partition('id="others"')[2]
    assert "calls marked as synthetic are made for demonstration" in others
    marked = [call.code for call in (real, made_up) if f'{call.code} <span class="stage">synthetic</span>' in others]
    assert marked == [made_up.code]


def test_every_committed_number_leads_to_its_awards(looking, terms):
    award(terms, 2024, 2025, released=True)
    award(terms, 2024, released=True)
    award(terms, 2024, released=False)
    demo = TermsFactory(call=CallFactory(programme=terms.call.programme, is_synthetic=True))
    award(demo, 2024, released=True)

    real, synthetic = seen(looking).ledgers

    hrefs = [real.awards_href, *(year.href for year in real.years), real.calls[0].awards_href, synthetic.awards_href]
    pages = [looking.get(href) for href in hrefs]
    assert [page.context["total"] for page in pages] == [2, 2, 1, 2, 1]
    assert [page.context["problems"] for page in pages] == [[]] * 5


def test_requests_stand_beside_what_their_terms_allow(looking, terms):
    for direct in (10, 20, 16):
        asked = AnnualCostFactory(proposal__terms=terms, direct_yen=direct * MILLION, indirect_yen=MILLION)
    ProposalFactory(terms=terms, status="withdrawn")

    [line] = seen(looking).ledgers[0].calls

    asked = line.requests
    assert (asked.number, asked.total_yen, asked.median_yen) == (3, 49 * MILLION, 17 * MILLION)
    assert asked.allowed_yen == 3 * 130 * MILLION
    assert (asked.against_ceiling, asked.indirect_share) == ("12.6", "6.5")


def test_requests_count_only_what_a_reader_may_see(client, terms, manager):
    proposal = AnnualCostFactory(proposal__terms=terms).proposal
    manager.conflicts.create(
        proposal=proposal, finding="stands", kind="kin", recorded_by=manager, recorded_at=proposal.received_at
    )
    client.force_login(manager)

    [line] = seen(client).ledgers[0].calls

    assert (line.requests.number, line.requests.median_yen, line.requests.against_ceiling) == (0, None, None)


def test_no_money_left_pays_no_project():
    assert (projects(-1, 5), projects(9, 5), projects(9, None), projects(9, 0)) == (0, 1, None, None)


def test_a_fund_reads_no_proposal_once_its_medians_are_known(looking, terms):
    award(terms, 2024, released=True)
    award(terms, 2024, released=False)
    seen(looking)

    with CaptureQueriesContext(connection) as asked:
        seen(looking)

    read = [query["sql"] for query in asked.captured_queries if 'FROM "proposals_' in query["sql"]]
    assert read
    assert all(
        'FROM "proposals_tallyline"' in sql or 'FROM "proposals_outlayline"' in sql
        for sql in read
        if "conflict" not in sql
    )


def test_a_median_follows_every_change_of_what_is_asked_also_one_that_leaves_the_sum(looking, terms):
    for direct in (10, 12, 20):
        AnnualCostFactory(proposal__terms=terms, direct_yen=direct * MILLION, indirect_yen=0)
    medians = [seen(looking).ledgers[0].calls[0].requests.median_yen]

    with connection.cursor() as cursor:  # the one in the middle gives to the last
        cursor.execute("UPDATE proposals_annualcost SET direct_yen = CASE direct_yen / 1000000 WHEN 12 THEN 11000000 "
                       "WHEN 20 THEN 21000000 ELSE direct_yen END")  # fmt: skip
    medians.append(seen(looking).ledgers[0].calls[0].requests.median_yen)

    assert medians == [12 * MILLION, 11 * MILLION]


def test_fund_asks_the_same_number_of_queries_at_one_and_at_three_calls(looking, django_assert_max_num_queries, terms):
    def queries():
        with django_assert_max_num_queries(20) as asked:
            assert looking.get(reverse("fund:index")).status_code == 200
        return len(asked)

    def grow():
        award(TermsFactory(call=CallFactory(programme=terms.call.programme)), 2024, released=True)

    grow()
    queries()
    at_one = queries()
    grow(), grow()
    assert (Call.objects.count(), Proposal.objects.count()) == (4, 3)
    assert queries() == at_one + 1  # the medians of calls that have changed are computed together
    assert queries() == at_one
