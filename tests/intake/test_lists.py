"""Long lists: each row once, in order, forwards and backwards, and no page dearer than another."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aspire import keyset
from calls.models import Call
from proposals import views
from proposals.filters import ORDERS
from proposals.record import trigrams
from proposals.record.models import Proposal
from tests.factories import (
    AnnualAwardFactory,
    AnnualCostFactory,
    AwardFactory,
    CallFactory,
    ConflictFactory,
    ProposalFactory,
    TermsFactory,
)
from tests.record.test_rules_decided import reconstructed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]
PATH = reverse("proposals:list")


@pytest.fixture(autouse=True)
def ten_a_page(monkeypatch):
    monkeypatch.setattr(views, "ROWS_A_PAGE", 10)


def many(count: int, *codes: str) -> list[str]:
    """So many proposals in turn over the calls; their numbers in the order of a list: newest call first, by number."""
    terms = [TermsFactory(call=CallFactory(code=code)) for code in codes]
    for place in range(count):
        ProposalFactory(terms=terms[place % len(terms)], number=f"{codes[place % len(codes)]}-{place * 7 % 1000:03}")
    found = Proposal.objects.values_list("call", "number")
    return [number for call, number in sorted(found, key=lambda row: (-row[0], row[1]))]


def walk(client, link: str, address: str = PATH) -> list[list[str]]:
    """The numbers page by page, following one kind of link."""
    pages = []
    while address:
        text = client.get(address)
        pages.append([proposal.number for proposal in text.context["page"]])
        _before, found, after = text.content.decode().partition(f'rel="{link}" href="')
        address = PATH + after.partition('"')[0].replace("&amp;", "&") if found else ""
        assert len(pages) < 50
    return pages


@pytest.mark.parametrize("count", [0, 1, 3, 10, 11, 20, 47])
def test_every_row_of_a_list_comes_once_in_order_whichever_way_one_goes(looking, count):
    numbers = many(count, "B", "A", "C")

    forwards, backwards = walk(looking, "next"), walk(looking, "prev", f"{PATH}?last=1")

    assert [number for page in forwards for number in page] == numbers
    assert {number for page in backwards for number in page} == set(numbers)
    for page in filter(None, backwards):
        start = numbers.index(page[0])
        assert page == numbers[start : start + 10]
    assert backwards[-1] == numbers[:10]
    assert {len(page) for page in forwards[:-1]} <= {10}


def test_pages_keep_the_question_and_one_call_goes_by_number(looking):
    numbers = [number for number in many(47, "B", "A") if number.startswith("A")]

    assert [number for page in walk(looking, "next", f"{PATH}?call=A&status=counted") for number in page] == numbers


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ("", "proposal_list"),
        ("last=1", "proposal_list"),
        ("call=A", "proposal_list_of_call"),
        ("call=A&last=1", "proposal_list_of_call"),
        ("call=A&after=A-007", "proposal_list_of_call"),
    ],
)
@pytest.mark.owner
def test_a_page_of_a_list_walks_an_index_and_sorts_nothing(looking, asked, index):
    many(12, "A", "B")
    with CaptureQueriesContext(connection) as queries:
        looking.get(f"{PATH}?{asked}")
    [page] = [query["sql"] for query in queries if "LIMIT 11" in query["sql"] and "newest_call" in query["sql"]]

    with connection.cursor() as cursor:
        for dear in (
            "seqscan",
            "bitmapscan",
            "sort",
            "incremental_sort",
        ):  # of so few rows anything else would be cheaper
            cursor.execute(f"SET LOCAL enable_{dear} = off")
        # This index has the same order. Beside the rows of other calls it would be dear; of so few it may seem cheap.
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE proposals_proposal DROP CONSTRAINT proposal_number_once"
        )
        cursor.execute(f"EXPLAIN (COSTS OFF) {page}")
        plan = [line.strip() for (line,) in cursor.fetchall()]

    assert not [line for line in plan if "Sort" in line]
    assert [line for line in plan if line.endswith(f"using {index} on proposals_proposal")]


@pytest.mark.parametrize("asked", ["", "call=A&"])
@pytest.mark.parametrize("order", list(ORDERS))
def test_a_list_can_be_sorted_by_each_of_its_columns_and_every_row_comes_once(looking, order, asked):
    many(23, "A", "B")
    every = {row.number for row in Proposal.objects.all() if not asked or row.call.code == "A"}

    forwards = walk(looking, "next", f"{PATH}?{asked}order={order}")
    backwards = walk(looking, "prev", f"{PATH}?{asked}order={order}&last=1")

    assert sorted(number for page in forwards for number in page) == sorted(every)
    assert {number for page in backwards for number in page} == every
    assert backwards[-1] == forwards[0]


def test_the_largest_request_comes_first_and_what_is_not_known_last(looking):
    terms = TermsFactory()
    for number, direct in (("P-1", 1_000_000), ("P-2", 3_000_000), ("P-3", 2_000_000)):
        AnnualCostFactory(proposal=ProposalFactory(terms=terms, number=number), direct_yen=direct, indirect_yen=0)
    unknown = reconstructed().number

    page = looking.get(PATH, {"order": "requested"})

    assert [row.number for row in page.context["page"]] == ["P-2", "P-3", "P-1", unknown]
    assert [address for _label, _text, address in page.context["filter"].chips] == ["?"]
    assert page.content.decode().count("aria-sort") == 1


def test_a_staged_award_sorts_nothing(looking):
    terms = TermsFactory()
    for number, amount in (("P-1", 1_000_000), ("P-2", 3_000_000)):
        award = AwardFactory(proposal=ProposalFactory(terms=terms, number=number))
        AnnualAwardFactory(award=award, direct_yen=amount, indirect_yen=0)

    assert [row.number for row in looking.get(PATH, {"order": "awarded"}).context["page"]] == ["P-1", "P-2"]


def test_a_row_that_comes_or_goes_meanwhile_moves_no_other_row(looking):
    numbers = many(30, "A")
    first = looking.get(PATH)
    after = f"{PATH}?after={first.context['page'].last_key}"

    Proposal.objects.get(number=numbers[9]).delete()
    ProposalFactory(terms=TermsFactory(call=Proposal.objects.get(number=numbers[0]).call), number="A-000-NEW")

    assert [proposal.number for proposal in looking.get(after).context["page"]] == numbers[10:20]


@pytest.mark.parametrize("asked", ["after=", "after=x", "after=1", "before=~", "page=2", f"after={'9' * 25}~x"])
def test_what_is_no_place_in_the_list_is_its_first_page(looking, asked):
    numbers = many(12, "A")

    page = looking.get(f"{PATH}?{asked}")

    assert (page.status_code, page.context["problems"]) == (200, [])
    assert [proposal.number for proposal in page.context["page"]] == numbers[:10]


@pytest.mark.parametrize("address", ["/proposals/", "/explore/", "/proposals/export.csv", "/explore/freeze/"])
@pytest.mark.parametrize("value", ["9999-12-31", "0001-01-01", "9" * 30, "1e49", "2200"])
def test_a_day_or_year_beyond_all_calls_is_told_and_never_an_error(looking, address, value):
    many(1, "A")
    days = ("received_on", "received_since", "logged_since", "corrected_since")

    for name in (*days, "fiscal_year", "paid_in"):
        answer = looking.get(address, {name: value})

        assert answer.status_code in (200, 404)
        if address == "/proposals/":
            assert len(answer.context["problems"]) == 1
            assert len(answer.context["page"]) == 1


def test_a_long_count_is_cut_short_and_says_so(looking, monkeypatch):
    monkeypatch.setattr(keyset, "COUNTED_UP_TO", 5)
    monkeypatch.setattr("aspire.templatetags.figures.COUNTED_UP_TO", 5)
    monkeypatch.setattr(keyset.counted, "__kwdefaults__", {"up_to": 5})
    monkeypatch.setattr(views, "ROWS_A_PAGE", 4)  # what fits on one page is counted there
    many(8, "A")

    assert "6件" not in looking.get(f"{PATH}?q=A").content.decode()
    assert "5+" in looking.get(f"{PATH}?q=A").content.decode()
    assert looking.get(f"{PATH}?call=A").context["total"] == 8


def test_kept_tallies_count_a_list_without_reading_it(looking, django_assert_max_num_queries):
    many(3, "A")

    with django_assert_max_num_queries(30) as asked:
        assert looking.get(f"{PATH}?call=A&awarded=0&synthetic=0&fiscal_year=2023").context["total"] == 3

    counts = [query["sql"] for query in asked.captured_queries if "COUNT(" in query["sql"] or "SUM(" in query["sql"]]
    assert all("proposals_tallyline" in sql for sql in counts)


def test_a_count_knows_nothing_of_what_is_hidden(looking, manager):
    many(3, "A")
    ConflictFactory(proposal=Proposal.objects.first(), person=manager)

    assert looking.get(f"{PATH}?call=A").context["total"] == 2


def test_records_are_counted_no_further_than_their_pages_go(client, officer, monkeypatch):
    monkeypatch.setattr(keyset, "ADMIN_COUNTED_UP_TO", 5)
    many(8, "A")
    client.force_login(officer)

    assert client.get(reverse("admin:proposals_proposal_changelist")).context["cl"].result_count == 5


def test_records_are_divided_by_days_where_they_are_counted_to_their_end(client, officer, monkeypatch):
    monkeypatch.setattr(keyset, "ADMIN_COUNTED_UP_TO", 5)
    many(8, "A")
    many(3, "B")
    client.force_login(officer)
    found = [
        client.get(reverse("admin:proposals_proposal_changelist"), {"call__id__exact": call.pk}).context["cl"]
        for call in Call.objects.order_by("code")
    ]

    assert [records.date_hierarchy for records in found] == [None, "received_at"]


def test_a_question_past_the_kept_tallies_says_how_long_it_may_take(looking, monkeypatch):
    many(3, "A")
    paths = [f"{PATH}?q=A", f"{reverse('explore:index')}?row=institution"]
    assert not any("読み取る" in looking.get(path).content.decode() for path in paths)

    monkeypatch.setattr(trigrams, "ESTIMATE", "SELECT 1100000")
    paths.append(f"{PATH}?q=量子")  # two letters, which no index of trigrams finds

    assert all("約1,100,000件の提案を読み取るため、3秒ほど" in looking.get(path).content.decode() for path in paths)
    assert "読み取る" not in looking.get(f"{PATH}?call=A").content.decode()


def test_a_word_is_found_by_its_index_where_there_is_one_and_the_page_says_where_there_is_none(looking, monkeypatch):
    many(3, "A")
    address = f"{PATH}?q=entangle"
    assert len(looking.get(address).context["page"]) == 3
    monkeypatch.setattr(trigrams, "ESTIMATE", "SELECT 1100000")
    with CaptureQueriesContext(connection) as queries:
        page = looking.get(address)
    [question] = [query["sql"] for query in queries if "LIMIT 11" in query["sql"] and "newest_call" in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
        cursor.execute(f"EXPLAIN (COSTS OFF) {question}")
        plan = " ".join(line for (line,) in cursor.fetchall())

    assert ("Bitmap Index Scan on proposal_search" in plan) == trigrams.has_index()
    assert (page.context["effort"] is None) == trigrams.has_index()


def test_a_search_finds_funders_and_countries_by_any_of_their_names(looking):
    numbers = many(2, "A")

    for asked in ("ukri", "united kingdom", "イギリス", "英国 A-00", "KINGDOM entanglement"):
        assert sorted(row.number for row in looking.get(PATH, {"q": asked}).context["page"]) == sorted(numbers)
    assert len(looking.get(PATH, {"q": "kingdom nowhere"}).context["page"]) == 0


def test_filters_in_force_stand_as_chips_and_each_can_be_taken_away(looking):
    page = looking.get("/proposals/", {"status": "counted", "awarded": "0", "page": "1"})
    filters = page.context["filter"]

    assert [without for _label, _text, without in filters.chips] == ["?awarded=0", "?status=counted"]
    assert all(text not in {"counted", "0"} for _label, text, _without in filters.chips)
    assert filters.asks_more
    assert not looking.get("/proposals/?status=counted").context["filter"].asks_more
    assert looking.get("/proposals/").context["filter"].chips == []
