"""The pages of countries and funders: what came of each over the calls, what was said, and nothing nobody stated."""

import datetime

import pytest
from django.urls import reverse

from calls.models import EligibleFunder
from partners.models import Country, Dialogue, Funder, Initiative
from proposals.record.models import Proposal
from tests.factories import (
    AnnualAwardFactory,
    AnnualCostFactory,
    AwardFactory,
    CountryFactory,
    FunderFactory,
    ProposalFactory,
    TermsFactory,
    release,
)

pytestmark = pytest.mark.django_db


def awarded(terms, funder):
    """A proposal under the funder that requested and was awarded ¥13 million."""
    proposal = AnnualCostFactory(proposal__terms=terms, proposal__primary_funder=funder).proposal
    amount = AnnualAwardFactory(award=AwardFactory(proposal=proposal))
    release(amount.award)
    return proposal


def test_page_of_a_country_counts_its_proposals_call_by_call(looking):
    funder, terms, other = FunderFactory(), TermsFactory(), TermsFactory()
    awarded(terms, funder), ProposalFactory(terms=terms, primary_funder=funder)
    ProposalFactory(terms=other, primary_funder=funder)
    ProposalFactory(terms=other, primary_funder=funder, status="withdrawn")
    ProposalFactory(terms=other, primary_funder=FunderFactory(country=CountryFactory(alpha2="FR"), acronym="ANR"))

    ledger = looking.get("/partners/GB/").context["ledger"]

    found = {
        line.call.code: (line.score.proposals.recorded, line.score.awards.recorded, line.score.rate)
        for line in ledger.lines
    }
    assert found == {terms.call.code: (2, 1, "50.0"), other.call.code: (1, None, None)}
    total = ledger.total
    assert (total.proposals.recorded, total.awards.recorded, total.rate) == (3, 1, None)
    assert (total.requested_yen, total.awarded_yen) == (13_000_000, 13_000_000)
    assert [number for _label, number, _href in ledger.left_out] == [0, 1]


def test_every_number_of_a_partner_leads_to_exactly_its_rows(looking, trial):
    funder, terms = Funder.objects.get(code="US-NSF"), TermsFactory()
    awarded(terms, funder), ProposalFactory(terms=terms, primary_funder=funder)
    ProposalFactory(terms=terms, primary_funder=funder, status="withdrawn")

    figures = []
    for address in ("/partners/US/", "/partners/US/US-NSF/", "/partners/DE/"):
        ledger = looking.get(address).context["ledger"]
        scores = [*(line.score for line in ledger.lines), ledger.total]
        figures += [(f.recorded, f.href) for score in scores for f in (score.proposals, score.awards)]
        figures += [(number, href) for _label, number, href in ledger.left_out]
    for measure in ("proposals", "awards"):
        for address in ("/partners/", "/partners/US/"):
            rows = looking.get(address, {"measure": measure}).context["rows"]
            figures += [(f.recorded, f.href) for row in rows for f in (*row.figures, row.total)]
    linked = {(number, href) for number, href in figures if href}

    assert len(linked) > 50
    for number, href in linked:
        page = looking.get(href)
        assert (page.context["total"], page.context["problems"], href) == (number, [], href)


@pytest.mark.parametrize("address", ["/partners/US/", "/partners/US/US-NSF/"])
def test_awards_and_yen_of_the_trial_call_are_never_stated_for_a_partner(looking, trial, address):
    page = looking.get(address, headers={"accept-language": "ja"})

    ledger = page.context["ledger"]
    [line] = ledger.lines
    for score in (line.score, ledger.total):
        assert (score.awards.recorded, score.awards.href, score.rate) == (None, "", None)
        assert (score.requested_yen, score.awarded_yen) == (None, None)
    assert not ledger.has_awards
    assert page.content.decode().count("非公表</td>") == 8
    assert not [event for event in page.context["events"] if event.kind in ("Award", "採択")]


def test_proposals_of_the_trial_call_by_country_equal_the_published_ones(looking, trial):
    matrix_rows = looking.get("/partners/").context["rows"]

    found = {row.partner.alpha2: row.total.recorded for row in matrix_rows}
    assert found == {"US": 18, "GB": 8, "IT": 3, "AU": 1, "NL": 0, "CA": 2, "SE": 1, "DK": 1, "DE": 3, "FR": 6}
    assert [row.label for row in matrix_rows] == [country.name for country in Country.objects.in_gojuon_order()]


def test_awards_of_the_trial_call_stay_unpublished_in_the_index(looking, trial):
    page = looking.get("/partners/", {"measure": "awards"})

    assert {row.total.recorded for row in page.context["rows"] if row.partner.alpha2 != "NL"} == {None}
    found = {row.partner.alpha2: {figure.recorded for figure in row.figures} for row in page.context["rows"]}
    assert found.pop("NL") == {0}  # from where nothing came nothing was awarded, whatever was published
    assert set.union(*found.values()) == {None}


def test_funders_of_a_country_stand_a_to_z_with_categories_last(looking, trial):
    rows = looking.get("/partners/DE/").context["rows"]

    assert [row.partner.code for row in rows] == ["DE-BMBF", "DE-DFG", "DE-PUBLIC"]
    assert [row.total.recorded for row in rows] == [1, 1, 1]


def test_dialogues_and_the_initiative_stand_on_the_countrys_page(looking, trial):
    page = looking.get("/partners/GB/", headers={"accept-language": "en"})

    assert [dialogue.person for dialogue in page.context["dialogues"]] == [
        "George Freeman", "Ottoline Leyser", "Angela McLean"
    ]  # fmt: skip
    text = page.content.decode()
    assert "International Science Partnerships Fund" in text
    assert "December 2022" in text
    assert "¥18.4 billion" in text
    assert [d.person_en for d in looking.get("/partners/GB/GB-UKRI/").context["dialogues"]] == ["Ottoline Leyser"]


def test_timeline_tells_the_latest_first_and_what_has_no_date_last(looking):
    funder, terms = FunderFactory(), TermsFactory()
    awarded(terms, funder)
    country, day = funder.country, datetime.date
    Dialogue.objects.create(country=country, held_on=day(2023, 12, 1), person_ja="某", office_ja="省", source="S")
    Dialogue.objects.create(country=country, person_ja="某", office_ja="省", source="S")
    Initiative.objects.create(
        country=country, acronym="X", name_ja="X", name_en="X", launched_on=day(2022, 12, 1), initial_yen=1, source="S"
    )
    EligibleFunder.objects.create(call=terms.call, funder=funder, eligible_from=day(2023, 9, 10))

    events = looking.get("/partners/GB/", headers={"accept-language": "en"}).context["events"]

    assert [(event.on and event.on.isoformat(), event.kind) for event in events] == [
        ("2024-03-01", "Award"),
        ("2023-12-01", "Dialogue"),
        ("2023-10-31", "Call"),
        ("2023-09-10", "Funder"),
        ("2023-09-01", "Call"),
        ("2022-12-01", "Initiative"),
        (None, "Dialogue"),
    ]


def test_identifiers_of_a_funder_lead_to_their_registries(looking, trial):
    text = looking.get("/partners/US/US-NSF/").content.decode()

    assert 'href="https://ror.org/021nxhr62"' in text
    assert 'href="https://doi.org/10.13039/100000001"' in text
    assert "ror.org" not in looking.get("/partners/DE/DE-PUBLIC/").content.decode()


def test_pages_without_anything_say_what_to_do_next(looking):
    assert "There is no partner country yet" in looking.get("/partners/", headers={"accept-language": "en"}).text
    funder = FunderFactory()

    for partner in (funder.country, funder):
        page = looking.get(partner.get_absolute_url(), headers={"accept-language": "en"})
        assert "No proposal is counted under this partner yet." in page.content.decode()
        assert page.context["events"] == []


def test_unknown_partners_do_not_exist(looking, trial):
    assert [looking.get(f"/partners/{path}/").status_code for path in ("XX", "GB/US-NSF", "us")] == [404, 404, 404]


def test_a_partner_is_counted_only_over_what_its_reader_may_see(rf, reviewer, trial):
    from django.utils import timezone

    from proposals.tallies.books import Books

    books = Books(Proposal.objects.visible_to(reviewer), at=timezone.now())

    assert all(books.score(call).proposals.recorded == 0 for call in books.calls)


@pytest.mark.parametrize("page", ["/partners/", "/partners/GB/", "/partners/GB/GB-F0/", "/calls/compare/?a=A1&b=A2"])
def test_pages_ask_the_same_number_of_queries_at_one_and_at_three_rows(looking, django_assert_max_num_queries, page):
    calls = [TermsFactory(call__code="A1"), TermsFactory(call__code="A2")]

    def grow(number):
        funder = FunderFactory(acronym=f"F{number}")
        Dialogue.objects.create(country=funder.country, funder=funder, person_ja="某", office_ja="省", source="S")
        EligibleFunder.objects.create(call=calls[0].call, funder=funder)
        abroad = FunderFactory(country=CountryFactory(alpha2=("FR", "DE", "IT")[number]), acronym=f"G{number}")
        for terms in (*calls, TermsFactory()):
            awarded(terms, funder), awarded(terms, abroad)
            awarded(terms, Funder.objects.get(code="GB-F0"))

    def queries():
        with django_assert_max_num_queries(30) as asked:
            assert looking.get(page).status_code == 200
        return len(asked)

    grow(0)
    looking.get(page)
    at_one = queries()
    grow(1), grow(2)
    assert queries() == at_one


def test_board_rows_lead_to_the_pages_of_their_country_and_funder(looking, trial):
    text = looking.get(trial.get_absolute_url()).content.decode()

    assert text.count('href="/partners/US/"') == 2
    assert text.count(f'href="{reverse("partnerships:funder", args=["US", "US-NSF"])}"') == 1


def test_matrix_of_partners_ends_with_the_total_of_each_call(looking):
    terms = TermsFactory()
    for alpha2, number in (("GB", 2), ("FR", 1)):
        funder = FunderFactory(country=CountryFactory(alpha2=alpha2), acronym=f"F{alpha2}")
        ProposalFactory.create_batch(number, terms=terms, primary_funder=funder)

    found = {}
    for path in ("/partners/", "/partners/GB/"):
        figures, total = looking.get(path).context["whole"]
        found[path] = [figure.recorded for figure in figures], total.recorded

    assert found == {"/partners/": ([3], 3), "/partners/GB/": ([2], 2)}
