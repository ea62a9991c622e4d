"""Long lists: each row once, in order, forwards and backwards, and no page dearer than another."""

import pytest
from django.urls import reverse

from aspire import keyset
from proposals import views
from proposals.boards import effort
from proposals.models import Proposal
from tests.factories import CallFactory, ConflictFactory, ProposalFactory, TermsFactory

pytestmark = pytest.mark.django_db
PATH = reverse("proposals:list")


@pytest.fixture
def looking(client, manager):
    client.force_login(manager)
    return client


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


def test_a_row_that_comes_or_goes_meanwhile_moves_no_other_row(looking):
    numbers = many(30, "A")
    first = looking.get(PATH)
    after = f"{PATH}?after={first.context['page'].last_key}"

    Proposal.objects.get(number=numbers[9]).delete()
    ProposalFactory(terms=TermsFactory(call=Proposal.objects.get(number=numbers[0]).call), number="A-000-NEW")

    assert [proposal.number for proposal in looking.get(after).context["page"]] == numbers[10:20]


@pytest.mark.parametrize("asked", ["after=", "after=x", "after=1", "before=~", "page=2"])
def test_what_is_no_place_in_the_list_is_its_first_page(looking, asked):
    numbers = many(12, "A")

    page = looking.get(f"{PATH}?{asked}")

    assert (page.status_code, page.context["problems"]) == (200, [])
    assert [proposal.number for proposal in page.context["page"]] == numbers[:10]


def test_a_long_count_is_cut_short_and_says_so(looking, monkeypatch):
    monkeypatch.setattr(keyset, "COUNTED_UP_TO", 5)
    monkeypatch.setattr("aspire.templatetags.figures.COUNTED_UP_TO", 5)
    monkeypatch.setattr(keyset.counted, "__kwdefaults__", {"up_to": 5})
    many(8, "A")

    assert "6件" not in looking.get(f"{PATH}?q=A").content.decode()
    assert "5+" in looking.get(f"{PATH}?q=A").content.decode()
    assert looking.get(f"{PATH}?call=A").context["total"] == 8


def test_kept_tallies_count_a_list_without_reading_it(looking, django_assert_max_num_queries):
    many(3, "A")

    with django_assert_max_num_queries(30) as asked:
        assert looking.get(f"{PATH}?call=A&awarded=0&synthetic=0&fiscal_year=2023").context["total"] == 3

    counts = [query["sql"] for query in asked.captured_queries if "COUNT(" in query["sql"] or "SUM(" in query["sql"]]
    assert all("proposals_tally" in sql for sql in counts)


def test_a_count_knows_nothing_of_what_is_hidden(looking, manager):
    many(3, "A")
    ConflictFactory(proposal=Proposal.objects.first(), person=manager)

    assert looking.get(f"{PATH}?call=A").context["total"] == 2


def test_records_are_counted_no_further_than_their_pages_go(client, officer, monkeypatch):
    monkeypatch.setattr(keyset, "ADMIN_COUNTED_UP_TO", 5)
    many(8, "A")
    client.force_login(officer)

    assert client.get(reverse("admin:proposals_proposal_changelist")).context["cl"].result_count == 5


def test_a_question_past_the_kept_tallies_says_how_long_it_may_take(looking, monkeypatch):
    many(3, "A")
    paths = [f"{PATH}?q=A", f"{reverse('explore:index')}?row=institution"]
    assert not any("読み取る" in looking.get(path).content.decode() for path in paths)

    monkeypatch.setattr(effort, "ESTIMATE", "SELECT 1100000")

    assert all("約1,100,000件の提案を読み取るため、3秒ほど" in looking.get(path).content.decode() for path in paths)
    assert "読み取る" not in looking.get(f"{PATH}?call=A").content.decode()
