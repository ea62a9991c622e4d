"""A board for outside: no number that is masked can be worked out from what is shown, in all its tables together."""

import csv
import io
import itertools
import json

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from partners.models import Country
from proposals.boards.masked import AWARDS, OTHERS, PROPOSALS, masked_places
from proposals.briefings.decisions import freeze
from proposals.briefings.frozen import masked_board_of
from proposals.pack.files import FORMS
from proposals.record.models import Proposal
from proposals.tallies.figures import RECORDED_ONLY, Figure, Row, Table
from tests.effort import tries
from tests.factories import (
    CallFactory,
    CountryFactory,
    FieldFactory,
    FunderFactory,
    ProposalFactory,
    PublishedFigureFactory,
    TermsFactory,
)
from tests.partnerships.test_partners import awarded

COUNTS = st.tuples(st.integers(0, 4), st.integers(0, 4))
COUNTRY_OF = {"F1": "GB", "F2": "GB", "F3": "FR"}
LISTED = COUNTS.filter(any)  # a funder stands on the board only if a proposal is counted under it
FUNDERS = st.lists(st.sampled_from(["F1", "F2", "F3"]), min_size=1, max_size=3, unique=True).map(sorted)


def table(key, counts):
    """Code → (awards, others) as a table of a board."""
    rows = [
        Row(code, code, Figure(a + n, None, RECORDED_ONLY), Figure(a, None, RECORDED_ONLY),
            {"country": COUNTRY_OF.get(code, code)})
        for code, (a, n) in counts.items()
    ]  # fmt: skip
    total = Row("", "", Figure(0, None, RECORDED_ONLY), Figure(0, None, RECORDED_ONLY))
    return Table(key, "", "", sorted(rows, key=lambda row: row.codes["country"]), total, has_awards=True)


def added(counts, group=lambda _code: ""):
    found = {}
    for code, (a, n) in counts.items():
        before = found.get(group(code), (0, 0))
        found[group(code)] = before[0] + a, before[1] + n
    return found


def everything(funders, fields):
    """Every place of the three tables with its number."""
    tables = {
        "country_funder": funders,
        "country": added(funders, COUNTRY_OF.get) | added(funders),
        "field": fields,
    }
    return {
        (key, code, column): value
        for key, rows in tables.items()
        for code, (a, n) in rows.items()
        for column, value in ((AWARDS, a), (OTHERS, n), (PROPOSALS, a + n))
    }


def guesses(counts, key, masked):
    """Numbers a reader could put for the inner cells: as they stand, or where masked from nought.

    What is listed by country or funder is known to have a proposal.
    """
    cells = [(code, column) for code in counts for column in (AWARDS, OTHERS) if (key, code, column) in masked]
    most = max(map(sum, counts.values())) + 3
    for guess in itertools.product(range(most), repeat=len(cells)):
        found = {code: list(pair) for code, pair in counts.items()}
        for (code, column), value in zip(cells, guess, strict=True):
            found[code][column] = value
        if key == "field" or all(map(any, found.values())):
            yield found


def believable(funders, fields, masked):
    """What each place may hold on boards that show the same wherever this one shows something."""
    truth = everything(funders, fields)
    shown = {place: value for place, value in truth.items() if place not in masked}
    by_place = [place for place in shown if place[0] != "field"]
    by_total, seen = {}, {}
    for guess in guesses(fields, "field", masked):
        board = everything({}, guess)
        if all(board[place] == value for place, value in shown.items() if place[0] == "field"):
            by_total.setdefault(added(guess)[""], []).append({k: v for k, v in board.items() if k[0] == "field"})
    for guess in guesses(funders, "country_funder", masked):
        board = everything(guess, {})
        others = by_total.get(added(guess)[""], [])
        if others and all(board[place] == shown[place] for place in by_place):
            for one in [board, *others]:
                for place, value in one.items():
                    seen.setdefault(place, set()).add(value)
            others.clear()
            others.append({})
    return seen


def worked_out(funders, fields, masked):
    """The masked places that can hold one number alone."""
    return {place for place, values in believable(funders, fields, masked).items() if len(values) == 1} & set(masked)


@settings(max_examples=tries(15, sweep=60))
@given(funders=FUNDERS.flatmap(lambda codes: st.fixed_dictionaries(dict.fromkeys(codes, LISTED))), share=st.randoms())
def test_no_masked_number_of_a_board_can_be_worked_out(funders, share):
    awards, others = added(funders)[""]
    fields = {"ai": (share.randint(0, awards), share.randint(0, others))}
    fields["bio"] = awards - fields["ai"][0], others - fields["ai"][1]
    tables = [
        table("country", added(funders, COUNTRY_OF.get)),
        table("field", fields),
        table("country_funder", funders),
    ]
    truth = everything(funders, fields)

    masked = masked_places(tables, threshold=3)

    assert all(place in masked for place, value in truth.items() if 0 < value < 3)
    cells = [place for place in masked if place[0] != "country" and place[2] != PROPOSALS]
    assume(len(cells) <= 5)
    assert worked_out(funders, fields, masked) == set(), (funders, fields, masked)


SMALL = st.tuples(st.integers(0, 2), st.integers(0, 3)).filter(any)


@settings(max_examples=tries(15, sweep=60))
@given(
    funders=st.sampled_from([("F1", "F2"), ("F1", "F3")]).flatmap(
        lambda codes: st.fixed_dictionaries(dict.fromkeys(codes, SMALL))
    ),
    share=st.randoms(),
)
def test_what_was_published_gives_away_nothing_but_itself(funders, share):
    """Whoever knows the published numbers works out no masked one, unless these alone give it away."""
    awards, others = added(funders)[""]
    fields = {"ai": (share.randint(0, awards), share.randint(0, others))}
    fields["bio"] = awards - fields["ai"][0], others - fields["ai"][1]
    tables = [
        table("country", added(funders, COUNTRY_OF.get)),
        table("field", fields),
        table("country_funder", funders),
    ]
    truth = everything(funders, fields)
    public = {place for place in truth if place[2] != OTHERS and share.random() < 0.3}

    masked = masked_places(tables, threshold=3, public=public)

    assert not masked & public
    assert all(place in masked | public for place, value in truth.items() if 0 < value < 3 and place[2] != OTHERS)
    given_away = worked_out(funders, fields, truth.keys() - public)
    assert worked_out(funders, fields, masked) <= given_away, (funders, fields, public, masked)


@pytest.mark.parametrize("one_each", [("IN", "NO"), ("IN", "NO", "US"), ("IN",)])
def test_rows_listed_for_one_proposal_each_do_not_give_each_other_away(one_each):
    """Ten from the USA, eight from Britain, one each from India and Norway: two masked rows of two are one and one."""
    counts = {"US": (2, 8), "GB": (1, 7)} | dict.fromkeys(one_each, (0, 1))
    rows = [table("country", counts), table("field", {"ai": added(counts)[""]}), table("country_funder", counts)]

    masked = masked_places(rows, threshold=3)

    counted = {code: ("country", code, PROPOSALS) in masked for code in counts}
    assert all(counted[code] for code in one_each)
    assert counted["GB"] or counted["US"]


# --- the board, and the pack ------------------------------------------------------------------------------------------


@pytest.fixture
def small(db):
    """Four from Britain, two of them awarded; one from France; six from Italy, four awarded."""
    terms = TermsFactory(call__code="SMALL")
    for alpha2, count, given_to in (("GB", 4, 2), ("FR", 1, 0), ("IT", 6, 4)):
        funder = FunderFactory(country=CountryFactory(alpha2=alpha2), acronym=f"F{alpha2}")
        for place in range(count):
            awarded(terms, funder) if place < given_to else ProposalFactory(terms=terms, primary_funder=funder)
    return terms.call


def cells(text):
    return text.partition('id="country"')[2].partition("</table>")[0]


def test_masked_board_shows_no_small_number_and_says_so(looking, small):
    page = looking.get(f"{small.get_absolute_url()}?masked=1").content.decode()
    plain = looking.get(small.get_absolute_url()).content.decode()

    assert "＊は秘匿。1から2までの数" in page
    assert ">＊</td>" in cells(page)
    assert ">1</a></td>" in cells(plain)
    assert not any(f">{number}<" in cells(page) for number in (1, 2))
    assert "status=counted" not in cells(page)
    assert "tile__value" not in page


@pytest.mark.parametrize("form", ["csv", "json", "xlsx", "pptx"])
def test_every_file_of_a_masked_board_masks_the_same(looking, small, form):
    answer = looking.get(reverse("boards:tallies", args=[small.code, form]), {"lang": "en", "masked": "1"})

    assert f"_masked_en.{form}" in answer.headers["Content-Disposition"]
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert {row["value"] for row in rows if row["status"] == "masked"} == {""}
        assert not {row["value"] for row in rows if row["measure"] != "success_rate"} & {"1", "2"}
        assert all("masked" in row["counting_rule"] for row in rows)
    elif form == "json":
        found = json.loads(answer.content)["tables"]["country"]
        assert {"status": "masked"} in [row["proposals"] for row in found]
    elif form == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        values = {cell for row in book.worksheets[1].iter_rows(values_only=True) for cell in row}
        assert "＊" in values
        assert not values & {1, 2}


def test_sheet_of_a_masked_board_masks_the_same(looking, small):
    page = looking.get(reverse("boards:paper", args=[small.code]), {"masked": "1"}).content.decode()

    assert "＊は秘匿" in page
    assert ">＊<" in page


def test_threshold_is_a_setting(looking, small, settings):
    settings.SMALL_CELLS = 2

    page = looking.get(f"{small.get_absolute_url()}?masked=1").content.decode()

    assert "1から1までの数" in page


def test_one_published_total_unmasks_nothing_else(looking, small):
    PublishedFigureFactory(call=small, value=11)
    PublishedFigureFactory(call=small, measure="awards", value=6)

    answer = looking.get(f"{small.get_absolute_url()}?masked=1", headers={"accept-language": "en"})
    by_country = answer.context["board"].tables[0]

    assert {row.code for row in by_country.rows if row.proposals.status == "masked"} == {"GB", "FR"}
    assert (by_country.total.proposals.recorded, by_country.total.proposals.published) == (11, 11)
    assert "Only a number that was itself published" in answer.content.decode()
    assert "Show every number" in answer.content.decode()
    assert ">1<" not in cells(answer.content.decode())


def test_a_published_cell_stands_and_another_is_masked_in_its_place(looking, small):
    """Italy's six would be no secret, so Britain's four keep France's one."""
    italy = Country.objects.get(alpha2="IT")
    PublishedFigureFactory(call=small, dimension="country", country=italy, value=6)
    PublishedFigureFactory(call=small, value=11)

    by_country, *_others = looking.get(f"{small.get_absolute_url()}?masked=1").context["board"].tables

    assert {row.code for row in by_country.rows if row.proposals.status == "masked"} == {"GB", "FR"}
    assert [row.proposals.recorded for row in by_country.rows if row.code == "IT"] == [6]


def test_what_was_published_after_a_briefing_is_known_when_it_is_masked(small, manager):
    """Frozen before France's one was published: since then, it is no secret that others would have to keep."""
    kept = freeze(small, code="kept", name_ja="説明", name_en="Kept", by=manager, at=timezone.now())
    before = masked_board_of(kept).tables[0]
    PublishedFigureFactory(call=small, value=11)
    PublishedFigureFactory(call=small, dimension="country", country=Country.objects.get(alpha2="FR"), value=1)

    after = masked_board_of(kept).tables[0]

    def masked(table):
        return {row.code for row in table.rows if row.proposals.status == "masked"}

    assert "FR" in masked(before)
    assert masked(after) == set()


def test_a_number_that_is_no_longer_as_published_is_masked_like_any_other(looking, small):
    """Of France one is recorded and three were published; the three are known, the one is not."""
    france = Country.objects.get(alpha2="FR")
    PublishedFigureFactory(call=small, dimension="country", country=france, value=3)

    answer = looking.get(f"{small.get_absolute_url()}?masked=1")

    row = next(row for row in answer.context["board"].tables[0].rows if row.code == "FR")
    assert row.proposals.as_json() == {"status": "masked"}


def test_published_figures_are_public_and_stay_unmasked(trial, looking):
    page = looking.get("/calls/R4-TRIAL/?masked=1").content.decode()

    assert "tile__value" not in page
    assert ">＊</td>" not in page
    assert Proposal.objects.filter(call__code="R4-TRIAL").exists()


@pytest.mark.django_db
def test_a_large_table_is_masked_while_one_waits():
    counts = {f"F{number}": (number % 4, number % 7) for number in range(200)}
    rows = table("field", counts)

    masked = masked_places([rows], threshold=3)

    assert len(masked) > 200


@pytest.mark.parametrize("codes", [[], ["bio", "ai"]])
def test_masked_board_of_a_call_without_proposals_is_handed_out_in_every_form(looking, codes):
    call = CallFactory(code="EMPTY", fields=[FieldFactory(code=code) for code in codes])

    for form in FORMS:
        answer = looking.get(reverse("boards:tallies", args=[call.code, form]), {"lang": "en", "masked": "1"})
        assert (answer.status_code, answer.content != b"") == (200, True)
    for address in (reverse("boards:paper", args=[call.code]), call.get_absolute_url()):
        assert looking.get(address, {"masked": "1"}).status_code == 200
