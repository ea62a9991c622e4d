"""Five words lead everywhere, the tabs of a call to what is done with it, and one box finds what goes by a name."""

import pytest
from django.urls import reverse

from partners.models import Institution
from proposals.record.models import Proposal
from tests.factories import (
    CallFactory,
    ConflictFactory,
    FunderFactory,
    ProposalFactory,
    ReviewerFactory,
    TermsFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]


@pytest.fixture
def english(client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def words(page):
    return [str(section.label) for section, _is_here, _is_within in page.context["sections"]]


def tabs(page):
    return {str(label): url for url, label, _is_here in page.context["tabs"]}


def here(page):
    return [str(label) for _url, label, is_here in page.context["tabs"] if is_here]


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ("officer", ["Calls", "Proposals", "Analysis", "Partners", "Administration"]),
        ("manager", ["Calls", "Proposals", "Analysis", "Partners"]),
        ("administrator", ["Calls", "Proposals", "Analysis", "Partners", "Administration"]),
    ],
)
def test_header_has_a_word_for_each_part_of_the_work(english, request, person, expected):
    english.force_login(request.getfixturevalue(person))

    assert words(english.get("/")) == expected


def test_pages_of_one_call_have_its_tabs_and_say_where_one_is(english, officer):
    english.force_login(officer)
    call = TermsFactory(call__code="OPEN").call

    board = english.get(call.get_absolute_url())

    assert tabs(board) == {
        "Board": "/calls/OPEN/",
        "Intake": "/proposals/?call=OPEN",
        "Stage": "/calls/OPEN/stage/",
        "Assignment": "/calls/OPEN/assignments/",
        "Conflicts of interest": "/calls/OPEN/conflicts/",
        "Award decisions": "/awards/OPEN/",
    }
    assert here(board) == ["Board"]
    for label, url in tabs(board).items():
        page = english.get(url)
        assert (page.status_code, here(page)) == (200, [label])
    assert here(english.get("/calls/OPEN/edit/")) == ["Board"]


def test_lists_have_the_tabs_of_their_section_and_a_manager_those_that_open(english, manager):
    english.force_login(manager)

    assert list(tabs(english.get("/explore/"))) == ["Explore", "Compare calls", "Fund", "Briefings"]
    assert here(english.get("/calls/compare/")) == ["Compare calls"]
    assert tabs(english.get("/partners/")) == {}  # institutions are not theirs, and one tab is none
    assert list(tabs(english.get("/proposals/?call=no+code"))) == []
    assert english.get("/search/").status_code == 200


def test_number_leads_straight_to_its_proposal(english, officer):
    english.force_login(officer)
    proposal = ProposalFactory(number="P-0001")

    assert english.get("/search/?q=p-0001").url == proposal.get_absolute_url()


def test_search_finds_everything_that_goes_by_the_words(english, officer):
    english.force_login(officer)
    funder = FunderFactory()
    call = CallFactory(code="QUANTUM", name_ja="量子の公募")
    ProposalFactory(terms=TermsFactory(call=call), primary_funder=funder, title_ja="量子中継", institution="帝都大学")
    ReviewerFactory(name_ja="馬場 直樹", reading="ババ ナオキ", institution="帝都大学")
    Institution.objects.create(name_ja="帝都大学", aliases="帝大")

    def found(asked):
        context = english.get("/search/", {"q": asked}).context
        kinds = ("proposals", "calls", "countries", "funders", "institutions", "reviewers")
        return {kind: len(context[kind]) for kind in kinds if context[kind]}

    assert found("量子") == {"proposals": 1, "calls": 1}
    assert found("ﾊﾞﾊﾞ") == {"reviewers": 1}
    assert found("帝大") == {"institutions": 1}
    assert found("帝都大学") == {"proposals": 1, "institutions": 1, "reviewers": 1}
    assert found("ukri") == {"proposals": 1, "funders": 1}
    assert found("ｲｷﾞﾘｽ")["countries"] == 1
    assert "Nothing was found." in english.get("/search/?q=xyzzy").content.decode()


def test_manager_finds_no_people_who_review_and_nobody_what_is_hidden(english, manager):
    english.force_login(manager)
    ReviewerFactory(name_ja="馬場 直樹")
    hidden = ProposalFactory(number="P-0009", title_ja="秘密の量子")
    ConflictFactory(proposal=hidden, person=manager)

    assert english.get("/search/?q=馬場").context["reviewers"] == []
    assert english.get("/search/?q=P-0009").status_code == 200
    assert english.get("/search/?q=秘密の量子").context["proposals"] == []
    assert Proposal.objects.filter(number="P-0009").exists()


def test_reviewer_has_a_desk_and_no_search(english, django_user_model):
    english.force_login(ReviewerFactory().user)

    assert words(english.get(reverse("review:desk"))) == ["My reviews"]
    assert english.get("/search/?q=a").status_code == 404
