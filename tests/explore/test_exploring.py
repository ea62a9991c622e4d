"""Tallies to explore: any two dimensions crossed, each number the same as a recount and one click from its rows."""

import itertools
import random
import re

import pytest
from django.db import connection
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from calls.models import Call
from partners.models import Country
from proposals.explore.counts import Value, walk
from proposals.explore.dimensions import DIMENSIONS, Member
from proposals.explore.grid import Cross
from proposals.explore.heat import Heat
from proposals.explore.question import Question
from proposals.record.models import Counterpart, Proposal, SavedView
from tests.factories import (
    OUT,
    ConflictFactory,
    CounterpartFactory,
    CountryFactory,
    FieldFactory,
    FunderFactory,
    ProposalFactory,
    TermsFactory,
)
from tests.partnerships.test_partners import awarded
from tests.people import person
from tests.tallies.test_tallies import NAMES, Writes, attempt, world

pytestmark = pytest.mark.django_db
COLUMNS = {
    "country": "c.alpha2",
    "funder": "f.code",
    "field": "d.code",
    "institution": "p.institution",
    "status": "p.status",
    "fiscal_year": "k.fiscal_year",
    "call": "k.code",
}
MEASURES = {
    "proposals": "count(*)",
    "awards": "count(a.id)",
    "requested_yen": "sum(p.requested_direct_yen + p.requested_indirect_yen)",
    "awarded_yen": "coalesce(sum(a.awarded_direct_yen + a.awarded_indirect_yen), 0)",
}
# One line a proposal and country: its primary funder's, or each that it involves.
COUNTRIES = {
    "primary": "SELECT p.id AS proposal, f.country_id AS country FROM proposals_proposal p "
    "JOIN partners_funder f ON f.id = p.primary_funder_id",
    "involving": "SELECT p.id, f.country_id FROM proposals_proposal p "
    "JOIN partners_funder f ON f.id = p.primary_funder_id "
    "UNION SELECT proposal_id, country_id FROM proposals_counterpart",
}
RECOUNT = """
    SELECT {row}, {column}, {measure} FROM proposals_proposal p
      JOIN ({countries}) AS placed (proposal, country) ON placed.proposal = p.id
      JOIN partners_country c ON c.id = placed.country
      JOIN partners_funder f ON f.id = p.primary_funder_id
      JOIN calls_field d ON d.id = p.field_id JOIN calls_call k ON k.id = p.call_id
      LEFT JOIN proposals_award a ON a.proposal_id = p.id AND p.status = 'awarded'
     WHERE p.status NOT IN ('withdrawn', 'ineligible') AND k.is_synthetic GROUP BY 1, 2
"""
PAIRS = list(itertools.combinations(COLUMNS, 2))


@pytest.fixture
def two(db):
    """Call A of 2023: two from Britain, one of them awarded. Call B of 2024: one British, one French, none decided."""
    fields = [FieldFactory(code=code) for code in ("ai", "bio")]
    a = TermsFactory(call__code="A", call__fiscal_year=2023, call__fields=fields)
    b = TermsFactory(call__code="B", call__fiscal_year=2024, call__fields=fields)
    ukri = FunderFactory()
    anr = FunderFactory(country=CountryFactory(alpha2="FR", name_ja="フランス", reading="フランス"), acronym="ANR")
    awarded(a, ukri)
    ProposalFactory(terms=a, primary_funder=ukri, field=fields[1], institution="")
    ProposalFactory(terms=b, primary_funder=ukri, field=fields[0])
    both = ProposalFactory(terms=b, primary_funder=anr, field=fields[1])
    for _twice in "ab":
        CounterpartFactory(proposal=both, country=ukri.country, funder=ukri)
    CounterpartFactory(proposal=both, country=anr.country, funder=anr)
    ProposalFactory(terms=b, primary_funder=anr, field=fields[1], status="withdrawn")
    return fields


def asked(client, query="") -> Cross:
    page = client.get(f"{reverse('explore:index')}?{query}")
    assert (page.status_code, page.context["question"].problems) == (200, [])
    return page.context["grid"]


def numbers(grid: Cross) -> list:
    """The table as it reads: label, cells, total; the totals last."""
    lines = [*grid.lines, grid.total]
    return [(line.entry.code, *(value.number for value in [*line.cells, line.total])) for line in lines]


# --- counts and links -------------------------------------------------------------------------------------------------


def test_two_dimensions_are_crossed_with_their_totals(looking, two):
    assert numbers(asked(looking, "row=country&column=field")) == [
        ("GB", 2, 1, 3),
        ("FR", 0, 1, 1),
        ("", 2, 2, 4),
    ]


def recount(row, column, measure, rule):
    """By SQL of its own, without what Django knows."""
    parts = {"row": COLUMNS[row], "column": COLUMNS[column], "measure": MEASURES[measure]}
    with connection.cursor() as cursor:
        cursor.execute(RECOUNT.format(**parts, countries=COUNTRIES[rule]))
        return {(str(one), str(other)): int(number) for one, other, number in cursor.fetchall()}


def crossed(grid: Cross) -> dict:
    """The cells of the table that are not zero, by the codes of their places."""
    places = {(line.entry.code, column.code): value for line in grid.lines for column, value in zip(
        grid.columns, line.cells, strict=True)}  # fmt: skip
    assert all(value.is_published for value in places.values())
    return {place: value.number for place, value in places.items() if value.number}


def drawn(rf, query) -> Cross:
    """The table of a question without its page, for somebody who sees everything."""
    request = rf.get(reverse("explore:index"), QueryDict(query))
    return Cross(Question(request.GET, Proposal.objects.all(), request), at=timezone.now())


def held_against_sql(rf, pairs, rules=("primary",)):
    for (row, column), measure, rule in itertools.product(pairs, MEASURES, rules):
        if rule == "involving" and "country" not in (row, column):
            continue
        grid = drawn(rf, f"row={row}&column={column}&measure={measure}&rule={rule}&synthetic=1")
        expected = {place: number for place, number in recount(row, column, measure, rule).items() if number}
        if grid.question.row.key != row:
            expected = {place[::-1]: number for place, number in expected.items()}
        found = {tuple("" if code == "-" else code for code in place): n for place, n in crossed(grid).items()}
        assert found == expected, (row, column, measure, rule)


def test_every_cross_equals_a_recount_after_random_writes_in_two_calls(rf):
    chance, terms = random.Random(5), world()
    later = TermsFactory(call__fiscal_year=2025, call__fields=list(terms.call.fields.all()))
    Call.objects.update(is_synthetic=True)
    countries = list(Country.objects.all())
    for writes in (Writes(terms, chance), Writes(later, chance)):
        for name in ["insert_many", *chance.choices([name for name in NAMES if name != "insert_reconstructed"], k=30)]:
            attempt(writes, name)
    for proposal in chance.sample(list(Proposal.objects.all()), 20):
        CounterpartFactory(proposal=proposal, country=chance.choice(countries))
        Proposal.objects.filter(pk=proposal.pk).update(institution=chance.choice(["", "北都大学", "Aoba"]))

    held_against_sql(rf, PAIRS, rules=("primary", "involving"))


QUESTIONS = [
    "row=country&column=field",
    "row=country&column=field&measure=awards",
    "row=institution&column=call",
    "row=funder&column=status&fiscal_year=2024",
    "row=fiscal_year&column=country&rule=involving",
    "row=country&rule=involving&measure=awards",
    "row=field&country=GB",
    "row=call&institution=-",
    "row=status&status=withdrawn&column=call",
    "row=country&awarded=0",
]


@pytest.mark.parametrize("query", QUESTIONS)
def test_every_number_leads_to_exactly_its_rows(looking, two, query):
    leads_to_its_rows(looking, asked(looking, query))


def leads_to_its_rows(client, grid):
    values = [*walk(grid.lines), *(line.total for line in grid.lines), *walk([grid.total]), grid.total.total]
    assert len(values) > 2
    for value in values:
        if value.is_published and value.number is not None:
            page = client.get(value.href)
            assert (page.context["total"], page.context["problems"], value.href) == (value.number, [], value.href)


@pytest.mark.parametrize(
    "query", ["row=country&column=field", "row=country&column=call&status=withdrawn", "row=status"]
)
def test_every_number_leads_to_its_rows_where_the_trial_call_is_left_aside_or_not(trial, looking, two, query):
    ProposalFactory(terms=trial.terms.get(), field=trial.fields.first(), received_at=trial.opens_at)
    Proposal.objects.filter(number__in=["R4-TRIAL-R01", "R4-TRIAL-R02"]).update(status="withdrawn", **OUT)
    grid = asked(looking, query)

    leads_to_its_rows(looking, grid)
    for _label, number, href in grid.left_out:
        assert looking.get(href).context["total"] == number
    assert looking.get(grid.further_rows).context["total"] == grid.further or "country" not in query


def test_a_list_without_calls_leaves_them_out_and_refuses_unknown_codes(looking, two):
    def listed(query):
        page = looking.get(f"{reverse('proposals:list')}?{query}")
        return page.context["total"], len(page.context["problems"])

    assert (listed("without=A"), listed("without=A,B"), listed("q=P&without=A")) == ((3, 0), (0, 0), (3, 0))
    assert listed("without=A,NONE") == (5, 1)
    assert numbers(asked(looking, "row=call&without=A")) == [("B", 2), ("", 2)]


def test_yen_lead_to_the_rows_that_they_are_the_sum_of(looking, two):
    for measure, attribute in (("requested_yen", "requested_yen"), ("awarded_yen", "released_award")):
        for value in walk(asked(looking, f"row=call&column=country&measure={measure}").lines):
            rows = [getattr(proposal, attribute) for proposal in looking.get(value.href).context["page"]]
            yen = [getattr(row, "awarded_yen", row) for row in rows]
            assert sum(yen) == value.number if value.number is not None else yen


def test_institutions_stand_in_japanese_order_and_not_by_code_point(looking, two):
    for name in ("東京大学", "京都大学", "北海道大学", "あおば大学", "アオキ研究所", "Keio University", "慶應義塾大学"):
        ProposalFactory(terms=Proposal.objects.first().terms, institution=name)

    names = [line.entry.code for line in asked(looking, "row=institution").lines]

    order = ["Keio University", "アオキ研究所", "あおば大学", "京都大学", "慶應義塾大学", "東京大学"]
    assert [name for name in names if name in order] == order


def test_awards_of_what_is_not_decided_are_no_number_and_lead_to_the_proposals(looking, two):
    page = looking.get(f"{reverse('explore:index')}?row=call&measure=awards", headers={"accept-language": "en"})
    values = {line.entry.code: line.total for line in page.context["grid"].lines}

    assert {code: value.number for code, value in values.items()} == {"A": 1, "B": None}
    assert looking.get(values["B"].href).context["total"] == 2
    assert (
        f'<td class="number not-applicable"><a href="{values["B"].href}">'.replace("&", "&amp;")
        in page.content.decode()
    )
    assert [call.code for call in page.context["grid"].undecided] == ["B"]


def test_institutions_make_the_rows_whichever_way_they_are_asked(looking, two):
    assert asked(looking, "row=field&column=institution").question.row.key == "institution"
    assert asked(looking, "row=institution&column=institution").columns == []


# --- what is left out, and what does not apply ------------------------------------------------------------------------


def test_what_is_left_out_stands_under_the_table_with_its_rows(looking, two):
    grid = asked(looking, "row=country&country=FR")

    assert [(number, looking.get(href).context["total"]) for _label, number, href in grid.left_out] == [(0, 0), (1, 1)]
    assert asked(looking, "row=country&status=withdrawn").left_out == []


def test_proposals_with_further_countries_are_counted_once_and_said(looking, two):
    page = looking.get(reverse("explore:index"))

    assert page.context["further"] == 1
    assert looking.get(page.context["grid"].further_rows).context["total"] == 1
    assert looking.get(f"{reverse('explore:index')}?row=field").context["further"] == 0


def test_a_proposal_counts_under_each_country_it_involves_and_the_total_counts_it_once(looking, two):
    page = looking.get(f"{reverse('explore:index')}?rule=involving", headers={"accept-language": "en"})

    assert numbers(page.context["grid"]) == [("GB", 4), ("FR", 1), ("", 4)]
    assert "the sum over countries may exceed the total" in page.content.decode()


def test_rate_needs_proposals_and_a_decision_and_shows_its_n(looking, two):
    grid = asked(looking, "row=call&column=country&measure=rate")
    text = looking.get(f"{reverse('explore:index')}?row=call&measure=rate").content.decode()

    shown = {line.entry.code: [str(value.number) for value in [*line.cells, line.total]] for line in grid.lines}
    assert shown == {"B": ["None"] * 3, "A": ["50.0", "None", "50.0"]}
    assert grid.total.total.number is None
    assert '50.0</a> <span class="n">(n=2)</span>' in text


def test_nothing_not_applicable_and_not_published_are_told_apart(trial, looking, two):
    pages = [
        looking.get(f"{reverse('explore:index')}?{query}", headers={"accept-language": "ja"}).content.decode()
        for query in ("row=country&column=field&call=B", "row=call&measure=rate", "call=R4-TRIAL&column=field")
    ]

    assert ">0</a></td>" in pages[0]
    assert re.search(r'<td class="number not-applicable"><a href="[^"]+">―</a></td>', pages[1])
    assert '<td class="number not-published">非公表</td>' in pages[2]


# --- what the source does not state -----------------------------------------------------------------------------------

STATED = [
    ("row=country", "proposals", True),
    ("row=funder&column=country", "proposals", True),
    ("row=field", "awards", True),
    ("row=field", "rate", True),
    ("row=status", "proposals", True),
    ("row=status&column=field", "proposals", True),
    ("row=call&column=fiscal_year", "awards", True),
    ("row=country&column=field", "proposals", False),
    ("row=funder&column=field", "proposals", False),
    ("row=country", "awards", False),
    ("row=country&column=status", "proposals", False),
    ("row=country&awarded=1", "proposals", False),
    ("row=field&country=US", "proposals", False),
    ("row=funder&status=declined", "proposals", False),
    ("row=field", "requested_yen", False),
    ("row=institution", "proposals", False),
    ("row=country&q=a", "proposals", False),
    ("row=country&rule=involving", "proposals", False),
]


@pytest.mark.parametrize(("query", "measure", "is_stated"), STATED)
def test_only_what_the_source_states_is_shown_of_the_trial_call(trial, looking, query, measure, is_stated):
    grid = asked(looking, f"call=R4-TRIAL&{query}&measure={measure}")

    assert {value.is_published for value in walk(grid.lines)} in ({is_stated}, set())


def test_single_totals_of_an_unpublished_cross_are_still_shown(trial, looking):
    grid = asked(looking, "call=R4-TRIAL&row=country&column=field")

    assert [value.number for value in grid.total.cells] == [
        value.total.number for value in asked(looking, "call=R4-TRIAL&row=field").lines
    ]
    assert sum(line.total.number for line in grid.lines) == grid.total.total.number == 43


def test_a_cross_over_several_calls_leaves_the_trial_call_out_and_says_so(trial, looking, two):
    page = looking.get(f"{reverse('explore:index')}?row=country&column=field", headers={"accept-language": "ja"})

    assert page.context["grid"].total.total.number == 4
    assert (
        "令和4年度 試行公募(43件)は、出典にこの組合せの件数が示されていないため、この表から除いています。"
        in page.content.decode()
    )
    assert asked(looking, "row=country").total.total.number == 47


# --- order, shade, pages, addresses -----------------------------------------------------------------------------------


def test_a_table_is_sorted_by_any_column_both_ways_with_unknown_numbers_last(looking, two):
    def order(query):
        return [line.entry.code for line in asked(looking, query).lines]

    assert order("row=country&sort=-label") == ["FR", "GB"]
    assert order("row=country&sort=total") == ["FR", "GB"]
    assert order("row=country&column=field&sort=-ai") == ["GB", "FR"]
    assert order("row=country&column=field&sort=nothing") == ["GB", "FR"]
    assert order("row=call&measure=rate&sort=total") == order("row=call&measure=rate&sort=-total") == ["A", "B"]


def test_header_sorts_and_says_how_the_table_is_sorted(looking, two):
    def header(sort):
        page = looking.get(f"{reverse('explore:index')}?sort={sort}").content.decode()
        return page.partition("<thead>")[2].partition("</thead>")[0]

    assert header("").count('aria-sort="ascending"') == 1
    assert 'href="/explore/?sort=-label"' in header("")
    assert 'href="/explore/?sort=-total"' in header("")
    assert 'href="/explore/?sort=total"' in header("-total")
    assert 'aria-sort="descending"' in header("-total")


def by_place(grid):
    """What stands in each place of the table, in whatever order its rows and columns are."""
    return {
        (line.entry.code, column.code): value.number
        for line in [*grid.lines, grid.total]
        for column, value in zip([*grid.columns, Member(None, "total", "")], [*line.cells, line.total], strict=True)
    }


def test_heat_map_begins_with_the_greatest_and_no_outlier_takes_its_shades(looking, two):
    heated = asked(looking, "row=country&column=field&heat=on")

    totals = [line.total.number for line in heated.lines]
    assert totals == sorted(totals, reverse=True)
    assert [value.number for value in heated.total.cells] == sorted(
        (value.number for value in heated.total.cells), reverse=True
    )
    assert Heat.of([Value(number) for number in (1, 2, 3, 4, 400)]).legend == [
        (1, "≤ 1"), (2, "1 < … ≤ 2"), (3, "2 < … ≤ 3"), (4, "3 < … ≤ 4"), (5, "4 < … ≤ 400"),
    ]  # fmt: skip
    assert [step for step, _said in Heat.of([Value(7), Value(7)]).legend] == [5]
    assert asked(looking, "row=country&column=field&heat=on&sort=label").lines[0].entry.code == "GB"


def test_shades_go_with_the_numbers_and_change_none_of_them(looking, two):
    for query in ("row=country&column=field", "row=country", "row=call&column=country&measure=rate"):
        plain, heated = asked(looking, query), asked(looking, f"{query}&heat=on")

        assert by_place(heated) == by_place(plain)
        assert {value.step for value in walk(plain.lines)} == {0}
        by_number = sorted((value.number or 0, value.step) for value in walk(heated.lines))
        assert [step for _number, step in by_number] == sorted(step for _number, step in by_number)
        assert by_number[-1][1] == 5
        assert all(step == 0 for number, step in by_number if not number)
        assert {value.step for value in [*heated.total.cells, heated.total.total]} == {0}


def test_many_institutions_go_on_several_pages_with_one_total(looking, two):
    terms = TermsFactory(call__code="C")
    for number in range(60):
        ProposalFactory(terms=terms, institution=f"大学{number:02}")

    page = looking.get(f"{reverse('explore:index')}?row=institution&call=C&page=2")

    assert (len(page.context["page"]), page.context["grid"].total.total.number) == (10, 60)


def test_what_the_address_cannot_mean_is_said_and_left_aside(looking, two):
    page = looking.get(f"{reverse('explore:index')}?row=colour&measure=weight&call=NONE&mood=1")

    assert (page.status_code, len(page.context["question"].problems)) == (200, 4)
    assert numbers(page.context["grid"]) == [("GB", 3), ("FR", 1), ("", 4)]


def test_no_proposal_is_said_in_words(looking):
    page = looking.get(reverse("explore:index"), headers={"accept-language": "en"}).content.decode()

    assert "No proposal matches." in page


@pytest.mark.parametrize("query", ["", "column=field", "row=institution&column=call", "rule=involving"])
def test_queries_do_not_grow_with_rows_or_calls(looking, query, django_assert_max_num_queries):
    def one_more():
        terms = TermsFactory()
        CounterpartFactory(proposal=ProposalFactory(terms=terms, primary_funder=FunderFactory()))

    one_more()
    looking.get(f"{reverse('explore:index')}?{query}")
    with django_assert_max_num_queries(30) as asked_first:
        looking.get(f"{reverse('explore:index')}?{query}")
    at_one = len(asked_first)
    for _more in range(2):
        one_more()
    looking.get(f"{reverse('explore:index')}?{query}")  # the choices of its filters have grown and are read once
    with django_assert_max_num_queries(at_one):
        looking.get(f"{reverse('explore:index')}?{query}")


def test_kept_cells_answer_without_reading_proposals(looking, two, django_assert_max_num_queries):
    with django_assert_max_num_queries(30) as asked_for:
        asked(looking, "row=field&column=fiscal_year&country=GB&status=counted&synthetic=0")

    assert not any('FROM "proposals_proposal"' in query["sql"] for query in asked_for.captured_queries)


def test_a_conflict_of_interest_hides_its_proposal_from_every_cell(looking, manager, two):
    ConflictFactory(proposal=Proposal.objects.get(call__code="B", primary_funder__country__alpha2="GB"), person=manager)

    assert numbers(asked(looking, "row=country")) == [("GB", 2), ("FR", 1), ("", 3)]
    assert Counterpart.objects.count() == 3


def test_every_dimension_names_a_filter_of_the_list(looking, two):
    for key in DIMENSIONS:
        assert looking.get(f"{reverse('proposals:list')}?{key}=").context["problems"] == []


# --- saved views ------------------------------------------------------------------------------------------------------


def keep(client, query, **typed):
    return client.post(f"{reverse('explore:keep')}?{query}", typed)


def test_a_view_is_kept_under_a_name_and_opens_the_same_question(looking, two):
    answer = keep(looking, "row=field&column=country&colour=red&page=2", name="毎朝の表")

    view = SavedView.objects.get()
    assert (answer.url, view.query) == (view.get_absolute_url(), "row=field&column=country")
    assert "毎朝の表" in looking.get(view.get_absolute_url()).content.decode()


def test_a_name_is_once_a_person(looking, two):
    keep(looking, "", name="表")
    again = keep(looking, "row=field", name="表")

    assert "同じ名称の集計表をすでに保存しています" in again.content.decode()
    assert SavedView.objects.count() == 1


def test_a_view_is_seen_by_others_only_once_it_is_shared(client, looking, manager, officer, two):
    keep(looking, "row=field", name="表")
    view = SavedView.objects.get()
    client.force_login(officer)
    assert "表</a>" not in client.get(reverse("explore:index")).content.decode().partition("</nav>")[2]

    client.force_login(manager)
    client.post(reverse("explore:view", args=[view.pk]), {"name": "分野の表", "is_shared": "on"})
    client.force_login(officer)

    assert "分野の表" in client.get(reverse("explore:index")).content.decode()
    assert client.get(reverse("explore:view", args=[view.pk])).status_code == 404


def test_a_view_is_deleted_by_its_owner_alone(client, looking, manager, two):
    keep(looking, "", name="表")
    address = reverse("explore:view", args=[SavedView.objects.get().pk])
    client.force_login(person("other", "Manager Other", "manager"))
    assert client.post(address, {"delete": "1"}).status_code == 404

    client.force_login(manager)
    assert client.get(address).status_code == 200
    assert client.post(address, {"name": ""}).status_code == 200
    client.post(address, {"delete": "1"})

    assert not SavedView.objects.exists()
