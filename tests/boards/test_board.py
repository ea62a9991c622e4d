"""The board of a call: recorded beside published, every number a link to its rows, nothing shown that nobody stated."""

import csv
import datetime
from io import StringIO

import pytest
from django.urls import reverse

from calls.models import Call
from partners.models import Funder
from proposals.record.models import Award, Proposal
from tests.factories import (
    OUT,
    AnnualCostFactory,
    AwardFactory,
    CallFactory,
    CountryFactory,
    FieldFactory,
    FunderFactory,
    ProposalFactory,
    TermsFactory,
    release,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]
COUNTRIES = {"US": 18, "GB": 8, "IT": 3, "AU": 1, "CA": 2, "SE": 1, "DK": 1, "DE": 3, "FR": 6}
FIELDS = {
    "bio": (6, 1, "16.7"),
    "ai": (9, 1, "11.1"),
    "materials": (9, 2, "22.2"),
    "semiconductor": (3, 1, "33.3"),
    "energy": (6, 0, "0.0"),
    "quantum": (6, 1, "16.7"),
    "telecom": (4, 1, "25.0"),
}
FUNDERS = [5, 2, 10, 1, 6, 2, 3, 1, 1, 1, 1, 1, 1, 1, 1, 4, 2]


def tallies(client, code="R4-TRIAL"):
    return client.get(reverse("boards:tallies", args=[code, "json"])).json()


def same(number):
    return {"recorded": number, "published": number, "difference": 0}


def test_totals_equal_the_published_ones(looking, trial):
    found = tallies(looking)

    assert (found["call"], found["is_reconstructed"]) == ("R4-TRIAL", True)
    assert found["totals"] == {"proposals": same(43), "awards": same(7)}


def test_tally_by_country_equals_the_published_one(looking, trial):
    rows = tallies(looking)["tables"]["country"]

    assert [(row["code"], row["proposals"]) for row in rows] == [(code, same(n)) for code, n in COUNTRIES.items()]
    assert rows[0]["label"] == "アメリカ"
    assert {str(row["awards"]) for row in rows} == {str({"status": "not_published"})}


def test_tally_by_field_equals_the_published_one(looking, trial):
    rows = tallies(looking)["tables"]["field"]

    assert [(row["code"], row["proposals"], row["awards"], row["rate_percent"]) for row in rows] == [
        (code, same(proposals), same(awards), rate) for code, (proposals, awards, rate) in FIELDS.items()
    ]


def test_tally_by_country_and_funder_equals_the_published_one(looking, trial):
    rows = tallies(looking)["tables"]["country_funder"]

    assert [row["proposals"] for row in rows] == [same(number) for number in FUNDERS]
    assert [row["label"] for row in rows[3:9]] == ["民間等", "UKRI", "民間等", "MUR", "ARC", "CHIR"]
    assert {str(row["awards"]) for row in rows} == {str({"status": "not_published"})}


def test_every_number_leads_to_exactly_its_rows(looking, trial):
    board = looking.get(trial.get_absolute_url()).context["board"]
    rows = [row for table in board.tables for row in (*table.rows, table.total)]
    figures = [f for row in rows for f in (row.proposals, row.awards) if f.recorded is not None]

    assert len(figures) == 44
    for figure in figures:
        page = looking.get(figure.href)
        assert (page.context["total"], page.context["problems"]) == (figure.recorded, [])


def test_every_tile_leads_to_rows(looking, trial):
    tiles = looking.get(trial.get_absolute_url()).context["tiles"]

    assert [tile.value for tile in tiles][:2] == ["43", "7"]
    assert tiles[2].value == "16.3 %"
    assert [looking.get(tiles[place].href).context["total"] for place in (0, 1, 2, 5)] == [43, 7, 7, 43]
    assert [tile.href for tile in tiles[3:5]] == ["#country", "#country_funder"]


def test_withdrawing_a_proposal_shows_one_less_and_names_it(looking, trial):
    gone = Proposal.objects.get(number="R4-TRIAL-R01")
    Proposal.objects.filter(pk=gone.pk).update(status="withdrawn", **OUT)

    found, page = tallies(looking), looking.get(trial.get_absolute_url())

    minus_one = {"recorded": 17, "published": 18, "difference": -1}
    assert found["totals"]["proposals"] == {"recorded": 42, "published": 43, "difference": -1}
    assert found["tables"]["country"][0]["proposals"] == minus_one
    assert [e.proposal.number for e in page.context["board"].explanations] == ["R4-TRIAL-R01"]
    assert page.context["board"].tables[0].rows[0].explanations == page.context["board"].explanations
    assert "R4-TRIAL-R01" in page.content.decode()
    assert page.context["board"].left_out[1][1] == 1


def test_a_corrected_funder_moves_one_and_names_the_proposal_in_both_rows(looking, trial):
    Proposal.objects.filter(number="R4-TRIAL-R01").update(primary_funder=Funder.objects.get(code="FR-ANR"))

    table = looking.get(trial.get_absolute_url()).context["board"].tables[0]

    moved = {row.code: row.proposals.difference for row in table.rows if row.proposals.difference}
    assert moved == {"US": -1, "FR": 1}
    assert [row.code for row in table.rows if row.explanations] == ["US", "FR"]


def test_a_proposal_logged_later_shows_one_more_and_is_named(looking, trial):
    ProposalFactory(
        terms=trial.terms.get(),
        number="LATER",
        field=trial.fields.first(),
        primary_funder=FunderFactory(country=CountryFactory(alpha2="NL"), acronym="NWO"),
        received_at=trial.opens_at,
    )

    board = looking.get(trial.get_absolute_url()).context["board"]

    row = next(row for row in board.tables[0].rows if row.code == "NL")
    assert (row.proposals.recorded, row.proposals.status, row.proposals.difference) == (1, "not_stated", None)
    assert board.tables[0].total.proposals.difference == 1
    assert [explained.proposal.number for explained in board.tables[0].total.explanations] == ["LATER"]


def test_board_says_what_was_never_published(looking, trial):
    page = looking.get(trial.get_absolute_url(), headers={"accept-language": "ja"})

    assert len(page.context["board"].not_published) == 5
    assert "非公表" in page.content.decode()


def test_a_cross_of_field_and_country_is_no_figure_for_reconstructed_rows(looking, trial):
    crossed = looking.get(reverse("proposals:list"), {"call": "R4-TRIAL", "country": "US", "field": "bio"})
    plain = looking.get(reverse("proposals:list"), {"call": "R4-TRIAL", "country": "US"})

    assert (crossed.context["is_unpublished_cross"], plain.context["is_unpublished_cross"]) == (True, False)


def test_long_csv_has_one_row_a_figure_and_no_row_without_labels(looking, trial):
    answer = looking.get(reverse("boards:tallies", args=["R4-TRIAL", "csv"]))
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))

    assert answer.content.startswith(b"\xef\xbb\xbf")
    figures = {
        (row["table"], row["country_code"], row["funder_code"], row["field_code"], row["measure"], row["kind"])
        for row in rows
    }
    assert len(figures) == len(rows)
    recorded = [row for row in rows if row["kind"] == "recorded" and row["measure"] == "proposals"]
    assert sum(int(row["value"]) for row in recorded if row["table"] == "field" and row["is_total"] == "0") == 43
    unpublished = [row for row in rows if row["status"] == "not_published"]
    assert {row["value"] for row in unpublished} == {""}
    assert all(row["is_reconstructed"] == "1" for row in rows)
    assert all(row["country"] for row in rows if row["table"] != "field" and row["is_total"] == "0")


def test_a_call_with_nothing_published_shows_what_is_recorded(looking):
    terms = TermsFactory(call__progress="released")
    awarded = AnnualCostFactory(proposal__terms=terms).proposal
    AwardFactory(proposal=awarded, released=True)
    ProposalFactory(terms=terms, status="withdrawn")

    found = tallies(looking, terms.call.code)

    assert found["totals"]["proposals"] == {"recorded": 1, "status": "recorded_only"}
    assert found["tables"]["country"][0]["awards"] == {"recorded": 1, "status": "recorded_only"}
    assert found["tables"]["country"][0]["rate_percent"] == "100.0"


def test_awards_before_the_decision_are_not_nought_but_not_decided(looking):
    terms = TermsFactory()
    ProposalFactory(terms=terms)
    page, found = looking.get(terms.call.get_absolute_url()), tallies(looking, terms.call.code)
    rows = list(csv.DictReader(StringIO(looking.get(
        reverse("boards:tallies", args=[terms.call.code, "csv"])).content.decode("utf-8-sig"))))  # fmt: skip

    assert (found["totals"]["awards"], found["tables"]["field"][0]["awards"]) == ({"status": "not_decided"},) * 2
    awards = {(row["value"], row["status"]) for row in rows if row["measure"] in {"awards", "success_rate"}}
    assert awards == {("", "not_decided")}
    assert 'data-series="awards-recorded"' not in page.content.decode()
    row = next(row for row in looking.get(reverse("home")).context["calls"] if row.call == terms.call)
    assert row.awards is None
    Call.objects.filter(pk=terms.call.pk).update(progress="released")
    assert tallies(looking, terms.call.code)["totals"]["awards"] == {"recorded": 0, "status": "recorded_only"}


def test_an_empty_call_has_a_board_without_a_rate(looking):
    call = TermsFactory().call

    board = looking.get(call.get_absolute_url()).context["board"]

    assert [tile.value for tile in board.headline][:3] == ["0", "\u2015", "\u2015"]
    assert [len(table.rows) for table in board.tables] == [0, 1, 0]


def test_board_of_a_call_without_terms_or_window_says_it_is_in_preparation(looking):
    call = CallFactory(opens_at=None, closes_at=None, pot_yen=1_000_000_000, max_awards=5)

    board = looking.get(call.get_absolute_url(), headers={"accept-language": "en"}).context

    assert board["board"].stage == "in preparation"
    assert board["terms"].standings == []


def test_money_tile_shows_what_is_awarded_of_the_pot(looking):
    terms = TermsFactory(call__pot_yen=900_000_000)
    award = AwardFactory(proposal__terms=terms)
    award.amounts.create(fiscal_year=2024, direct_yen=20_000_000, indirect_yen=6_000_000)
    staged = looking.get(terms.call.get_absolute_url(), headers={"accept-language": "en"}).context["board"].headline[5]
    release(award)

    tile = looking.get(terms.call.get_absolute_url(), headers={"accept-language": "en"}).context["board"].headline[5]

    assert staged.value == "¥0"
    assert (tile.label, tile.value) == ("Amount awarded", "¥26 million")
    assert "900" in tile.note


def test_unknown_call_and_unknown_form_do_not_exist(looking, trial):
    assert looking.get("/calls/NOPE/").status_code == 404
    assert looking.get("/calls/R4-TRIAL/tallies.xml").status_code == 404


@pytest.mark.parametrize("page", ["boards:board", "boards:index", "home", "proposals:list", "tallies"])
def test_pages_ask_the_same_number_of_queries_at_one_and_at_three_rows(
    looking, django_assert_num_queries, page, django_assert_max_num_queries
):
    terms = TermsFactory()
    url = {
        "boards:board": terms.call.get_absolute_url(),
        "tallies": reverse("boards:tallies", args=[terms.call.code, "json"]),
    }.get(page) or reverse(page)

    def grow(number):
        funder = FunderFactory(country=CountryFactory(alpha2=("GB", "FR", "DE")[number]), acronym=f"F{number}")
        other = TermsFactory()
        for of in (terms, other):
            asked = AnnualCostFactory(proposal__terms=of, proposal__primary_funder=funder).proposal
            AwardFactory(proposal=asked, released=True)

    def queries():
        with django_assert_max_num_queries(40) as asked:
            assert looking.get(url).status_code == 200
        return len(asked)

    grow(0)
    looking.get(url)
    at_one = queries()
    grow(1), grow(2)
    looking.get(url)  # the choices of filters are read anew once
    assert Award.objects.count() == 6
    assert queries() == at_one


def test_stage_of_a_call_follows_its_dates_and_then_an_officers_word():
    call = CallFactory()
    before, within, after = (
        call.opens_at - datetime.timedelta(1),
        call.opens_at,
        call.closes_at + datetime.timedelta(1),
    )

    assert [call.stage(at=at).value for at in (before, within, after)] == ["preparing", "open", "closed"]
    call.progress = "deciding"
    assert [call.stage(at=at).value for at in (within, after)] == ["open", "deciding"]


def test_fields_stand_in_the_calls_own_order(looking):
    second, first = FieldFactory(code="zeta", name_ja="乙"), FieldFactory(code="alpha", name_ja="甲")
    call = TermsFactory(call=CallFactory(fields=[second, first])).call

    rows = tallies(looking, call.code)["tables"]["field"]

    assert [row["code"] for row in rows] == ["zeta", "alpha"]
