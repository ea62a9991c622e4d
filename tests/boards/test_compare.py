"""Two calls or fiscal years side by side: counts, shares, rates with their n, and differences that can be checked."""

import pytest

from tests.factories import CallFactory, CountryFactory, FieldFactory, FunderFactory, ProposalFactory, TermsFactory
from tests.partnerships.test_partners import awarded

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(db):
    """Call A: two from Britain, one awarded. Call B: one from Britain, three from France, two of these awarded."""
    a, b = (TermsFactory(call__code=code, call__fiscal_year=year) for code, year in (("A", 2023), ("B", 2024)))
    ukri, anr = (
        FunderFactory(),
        FunderFactory(country=CountryFactory(alpha2="FR", name_ja="フランス", reading="フランス"), acronym="ANR"),
    )
    awarded(a, ukri), ProposalFactory(terms=a, primary_funder=ukri)
    ProposalFactory(terms=b, primary_funder=ukri)
    awarded(b, anr), awarded(b, anr), ProposalFactory(terms=b, primary_funder=anr)
    return a.call, b.call


def test_two_calls_are_compared_with_shares_rates_and_differences(looking, two):
    found = looking.get("/calls/compare/?a=A&b=B").context["comparison"]

    rows = [
        (row.a.score.proposals.recorded, row.a.percent, row.a.score.rate,
         row.b.score.proposals.recorded, row.b.percent, row.b.score.rate,
         row.difference, row.share_difference, row.rate_difference)
        for row in [*found.tables[1].rows, found.total]
    ]  # fmt: skip
    rows = [tuple(str(value) for value in row) for row in rows]
    assert rows == [
        ("2", "100.0", "50.0", "1", "25.0", "0.0", "-1", "-75.0", "-50.0"),
        ("0", "0.0", "None", "3", "75.0", "66.7", "3", "75.0", "None"),
        ("2", "100.0", "50.0", "4", "100.0", "50.0", "2", "0.0", "0.0"),
    ]


def test_difference_of_rates_and_shares_is_that_of_the_exact_ones(looking):
    """One of six and one of three are 16.7 points apart, though 33.3 less 16.7 would be 16.6."""
    funder, other = FunderFactory(), FunderFactory(country=CountryFactory(alpha2="FR"), acronym="ANR")
    for code, given, taken in (("A", 1, 5), ("B", 1, 2)):
        terms = TermsFactory(call__code=code)
        for _turn in range(given):
            awarded(terms, funder)
        for _turn in range(taken):
            ProposalFactory(terms=terms, primary_funder=other)

    found = looking.get("/calls/compare/?a=A&b=B").context["comparison"]

    assert (found.total.a.score.rate, found.total.b.score.rate) == ("16.7", "33.3")
    assert str(found.total.rate_difference) == "16.7"
    shares = [(row.a.percent, row.b.percent, str(row.share_difference)) for row in found.tables[1].rows]
    assert ("16.7", "33.3", "16.7") in shares
    assert ("83.3", "66.7", "-16.7") in shares


@pytest.mark.parametrize("query", ["a=A&b=B", "a=FY2023&b=FY2024"])
def test_every_number_of_a_comparison_leads_to_exactly_its_rows(looking, two, query):
    TermsFactory(call__fiscal_year=2023)
    found = looking.get(f"/calls/compare/?{query}").context["comparison"]

    scores = [s.score for t in found.tables for row in [*t.rows, found.total] for s in (row.a, row.b)]
    figures = {(f.recorded, f.href) for score in scores for f in (score.proposals, score.awards)}
    assert len(figures) == 16
    for number, href in figures:
        page = looking.get(href)
        assert (page.context["total"], page.context["problems"], href) == (number, [], href)


def test_a_rate_never_stands_without_its_denominator(looking, two):
    text = looking.get("/calls/compare/?a=A&b=B").content.decode()

    assert text.count('50.0 <span class="quiet">(n=2)</span>') == 4
    assert text.count('66.7 <span class="quiet">(n=3)</span>') == 1


def test_calls_of_one_fiscal_year_are_added_up(looking, two):
    more = TermsFactory(call__fiscal_year=2024)
    ProposalFactory(terms=more)

    found = looking.get("/calls/compare/?a=FY2023&b=FY2024").context["comparison"]

    assert [side.score.proposals.recorded for side in (found.total.a, found.total.b)] == [2, 5]
    assert "fiscal_year=2024" in found.total.b.score.proposals.href


def test_fields_of_the_first_side_stand_in_its_order_before_those_of_the_second(looking):
    zeta, alpha, beta = (FieldFactory(code=code, name_ja=code, name_en=code) for code in ("zeta", "alpha", "beta"))
    TermsFactory(call=CallFactory(code="A", fields=[zeta, alpha]))
    TermsFactory(call=CallFactory(code="B", fields=[alpha, beta]))

    orders = [
        [row.label for row in looking.get(f"/calls/compare/?{query}").context["comparison"].tables[0].rows]
        for query in ("a=A&b=B", "a=B&b=A")
    ]

    assert orders == [["zeta", "alpha", "beta"], ["alpha", "beta", "zeta"]]


def test_the_trial_call_compares_what_was_published_and_nothing_else(trial, looking, two):
    found = looking.get("/calls/compare/?a=R4-TRIAL&b=B").context["comparison"]

    by_field, by_country = found.tables
    whole = found.total.a.score
    assert (whole.proposals.recorded, whole.awards.recorded, whole.rate) == (43, 7, "16.3")
    assert [row.a.score.awards.recorded for row in by_field.rows if row.a.score.proposals.recorded] == [
        1, 1, 2, 1, 0, 1, 1
    ]  # fmt: skip
    assert {row.a.score.awards.recorded for row in by_country.rows if row.a.score.proposals.recorded} == {None}
    assert {row.rate_difference for row in by_country.rows} == {None}
    assert by_country.rows[0].a.percent == "41.9"


@pytest.mark.parametrize(("query", "unknown"), [("", []), ("?a=A", []), ("?a=NOPE&b=B", ["NOPE"])])
def test_an_unfinished_choice_asks_to_choose(looking, two, query, unknown):
    page = looking.get(f"/calls/compare/{query}", headers={"accept-language": "en"})

    assert page.status_code == 200
    assert (page.context["comparison"].sides, page.context["comparison"].unknown) == ([], unknown)
    assert "Choose a call or a fiscal year on both sides." in page.content.decode()


def test_index_and_board_lead_to_the_comparison(looking, two):
    assert 'href="/calls/compare/"' in looking.get("/calls/").content.decode()
    assert 'href="/calls/compare/?a=A"' in looking.get("/calls/A/").content.decode()
