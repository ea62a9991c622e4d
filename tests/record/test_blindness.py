"""Who sees what of a proposal, over every page, export, search and log: words that only it holds are looked for."""

import io
import logging
import re
import zipfile

import pytest
from django.urls import reverse

from aspire.roles import Role
from calls.models import Call
from proposals.assignment.decisions import loads
from proposals.record.models import Conflict, Proposal
from tests.aspire.test_permissions import NO_SAMPLE, PAGES, address
from tests.factories import (
    AnnualAwardFactory,
    AnnualCostFactory,
    AssignmentFactory,
    CallFactory,
    ConflictFactory,
    CounterpartFactory,
    CriterionFactory,
    MarkFactory,
    OfficerFactory,
    ProposalFactory,
    ReviewerFactory,
    ReviewFactory,
)
from tests.people import person

pytestmark = pytest.mark.django_db

CANARIES = {
    "title": ["CANARYTITLE"],
    "people": ["CANARYPERSON", "CANARYINSTITUTE", "CANARYPARTNER"],
    "plan": ["CANARYPLAN"],
    "costs": ["7,654,321", "7654321"],
    "comments": ["CANARYPANEL", "CANARYAPPLICANT"],
    "reviewer": ["CANARYREVIEWER", "reviewer@canary.example"],
    "email": ["lead@canary.example", "partner@canary.example"],
    "number": ["98760123"],
}
OPEN = {"title", "people"}
READ = OPEN | {"plan", "costs"}
EVERYTHING = set(CANARIES)
# What each person may see at most, and must see at least, somewhere on the site.
MAY = {
    "clear": READ,
    "undeclared": OPEN,
    "conflict taken back": OPEN,
    "officer, conflict taken back": EVERYTHING,
    "conflicted": set(),
    "unassigned": set(),
    "lead": READ | {"comments"},
    "undeclared lead": OPEN,
    "conflicted lead": set(),
    "officer in conflict": set(),
    "administrator in conflict": set(),
    "manager": READ | {"comments"},
    "officer": EVERYTHING,
}
MUST = {
    **{who: set() for who in MAY},
    "clear": READ,
    "undeclared": OPEN,
    "conflict taken back": OPEN,
    "officer, conflict taken back": EVERYTHING,
    "lead": READ,
    "undeclared lead": OPEN,
    "manager": READ,
    "officer": EVERYTHING,
}
# Where an officer chooses among all people, whatever they review.
ASIDE = {
    "reviewer": (
        *("/admin/auth/user/", "/admin/calls/call/", "/admin/proposals/reviewer/"),
        *("/calls/BLIND/assignments/", "/calls/BLIND/conflicts/", "/calls/reviewers/invite/"),
    ),
}
ROLES = {"manager": [Role.MANAGER], "officer": [Role.OFFICER]}
ROLES |= {"officer in conflict": [Role.OFFICER, Role.REVIEWER], "officer, conflict taken back": [Role.OFFICER]}
ROLES |= {"administrator in conflict": [Role.ADMINISTRATOR, Role.REVIEWER]}


@pytest.fixture
def proposal():
    """A proposal with a word of its own in every field, reviewed by somebody else."""
    call = CallFactory(progress="in_review", code="BLIND")
    CriterionFactory(call=call)
    proposal = ProposalFactory(
        terms__call=call,
        number="BLIND-743",
        title_ja="CANARYTITLE",
        title_en="CANARYTITLE",
        principal_investigator="CANARYPERSON",
        institution="CANARYINSTITUTE",
        young_researcher_plan="CANARYPLAN",
        researcher_number="98760123",
        email="lead@canary.example",
    )
    CounterpartFactory(proposal=proposal, person="CANARYPARTNER", email="partner@canary.example")
    AnnualCostFactory(proposal=proposal, direct_yen=7654321, indirect_yen=0)
    other = ReviewerFactory(
        name_ja="CANARYREVIEWER",
        user__username="CANARYREVIEWER-1",
        user__last_name="CANARYREVIEWER",
        user__email="reviewer@canary.example",
    )
    assignment = AssignmentFactory(proposal=proposal, reviewer=other.user)
    comments = {"comment_to_panel": "CANARYPANEL", "comment_to_applicant": "CANARYAPPLICANT"}
    ReviewFactory(assignment=assignment, submitted=True, **comments)
    return proposal


def cast(who: str, proposal: Proposal):
    """Somebody who stands in that relation to the proposal."""
    somebody = person(f"who-{who}".replace(" ", "-"), "Somebody Here", *ROLES.get(who, [Role.REVIEWER]))
    if "lead" in who:
        proposal.call.call_fields.update(lead_reviewer=somebody)
    elif who in {"clear", "undeclared", "conflicted", "conflict taken back"}:
        AssignmentFactory(proposal=proposal, reviewer=somebody)
    if "conflict" in who:
        ConflictFactory(proposal=proposal, person=somebody)
        if "taken back" in who:
            taken_back = {"finding": "mistaken", "kind": "", "words": "誤記", "recorded_by": OfficerFactory()}
            Conflict.objects.filter(person=somebody).update(**taken_back)
    elif who in {"clear", "lead"}:
        ConflictFactory(proposal=proposal, person=somebody, finding=Conflict.Finding.CLEAR)
    return somebody


def text_of(answer) -> str:
    """What a page or file says; a workbook's or deck's parts one after another."""
    data = b"".join(answer) if answer.streaming else answer.content
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            data = b"".join(packed.read(name) for name in packed.namelist() if name.endswith((".xml", ".txt")))
    return data.decode(errors="replace") + answer.get("Location", "")


def addresses(proposal: Proposal, by):
    """Every page of the site as asked by a person, its searches and other forms of its files among them."""
    for name in PAGES:
        if name not in NO_SAMPLE and not name.startswith("account_"):
            # Both sets hold the second award, so that a total, which is the pot's, never is the hidden one alone.
            asked = "?a_kind=marked&b_kind=numbers&b_numbers=BLIND-744" if name == "awards:what_if" else ""
            yield address(name, proposal, None if name.startswith("review:") else by) + asked
    record = f"/admin/proposals/proposal/{proposal.pk}"
    yield from (f"{record}/change/", f"{record}/history/", "/admin/proposals/proposal/?_facets=True", "/admin/")
    award = getattr(proposal, "award", None)
    if award:
        yield f"/admin/proposals/award/{award.pk}/change/"
    yield f"/admin/r/{content_type(proposal)}/{proposal.pk}/"
    yield reverse("assignment:plan", args=["BLIND"]) + "?wanted=3"
    yield from (reverse("assignment:stage", args=["BLIND"]) + f"?to={to}" for to in Call.Progress.values)
    for form in ("csv", "xlsx"):
        yield reverse("intake:export", args=[form]) + "?call=BLIND"
    yield reverse("intake:template") + "?call=BLIND&prefill=1"


def content_type(proposal: Proposal) -> int:
    from django.contrib.contenttypes.models import ContentType

    return ContentType.objects.get_for_model(proposal).pk


def names_it(text: str, path: str) -> bool:
    """Whether a page names the proposal of its own accord: not where the address or the person's own file does."""
    return "BLIND-743" in text and "BLIND-743" not in path and not path.startswith("/imports/files/")


def seen_on(client, proposal, by) -> dict[str, list[str]]:
    """For each secret, the pages on which any of its words stood."""
    seen: dict[str, list[str]] = {}
    for path in addresses(proposal, by):
        text = text_of(client.get(path))
        if names_it(text, path):
            seen.setdefault("title", []).append(path)
        for secret, words in CANARIES.items():
            if path.startswith(ASIDE.get(secret, ())):
                continue
            if any(word in text for word in words):
                seen.setdefault(secret, []).append(path)
    return seen


RARELY = {"unassigned", "conflicted", "administrator in conflict"}
RARELY |= {"conflict taken back", "officer, conflict taken back"}
CASES = [(who, "in_review") for who in MAY]
CASES += [(who, "deciding") for who in MAY if who not in RARELY]
CASES += [("clear", "released"), ("lead", "released")]
# In every run most relations once, in the stage in which they show most; all of them, in every stage, in a sweep.
OFTEN = {(who, "deciding") for who in MAY if who not in RARELY}
CASES = [case if case in OFTEN else pytest.param(*case, marks=pytest.mark.sweep) for case in CASES]


@pytest.mark.parametrize(("who", "progress"), CASES)
def test_person_sees_what_the_relation_allows_and_nothing_more_anywhere(client, caplog, proposal, who, progress):
    by = cast(who, proposal)
    Call.objects.filter(pk=proposal.call_id).update(progress=progress)
    if progress == "deciding":
        MarkFactory(proposal=proposal)
        AnnualAwardFactory(award__proposal=proposal, direct_yen=7654321, indirect_yen=0)
        # The pot is the call's: its sums hold every award, so a second one stands beside the one looked for.
        second = ProposalFactory(terms=proposal.terms, number="BLIND-744", researcher_number="")
        MarkFactory(proposal=second)
        AnnualAwardFactory(award__proposal=second)
        proposal.refresh_from_db()
    client.force_login(by)
    reviews_only = Role.REVIEWER in ROLES.get(who, [Role.REVIEWER]) and "in conflict" not in who
    is_over = progress == "released" and reviews_only

    with caplog.at_level(logging.DEBUG):
        seen = seen_on(client, proposal, by)

    too_much = {secret: pages for secret, pages in seen.items() if secret not in MAY[who] or is_over}
    assert too_much == {}
    assert is_over or MUST[who] - seen.keys() == set()
    assert [word for words in CANARIES.values() for word in words if word in caplog.text] == []


@pytest.mark.parametrize("who", [who for who in MAY if not MAY[who]])
def test_search_and_count_of_what_is_hidden_find_nothing(client, proposal, who):
    client.force_login(cast(who, proposal))
    pages = ["/proposals/", "/review/", "/admin/proposals/proposal/", "/admin/proposals/award/"]
    choices = "/admin/autocomplete/?app_label=proposals&model_name=award&field_name=proposal&term="

    for word in ("CANARYTITLE", "98760123", "BLIND"):
        found = [text_of(client.get(f"{page}?q={word}")) for page in pages] + [text_of(client.get(choices + word))]
        assert ["BLIND-743" in text for text in found] == [False] * len(found)
    tallies = client.get("/calls/BLIND/tallies.json")
    assert tallies.status_code == 404 or '"recorded": 1' not in text_of(tallies)


def test_loads_of_reviewers_leave_out_what_is_hidden_from_the_officer(proposal):
    officer = cast("officer in conflict", proposal)
    anybody = cast("officer", proposal)

    assert sum(load.assigned for load in loads(proposal.call, by=officer)) == 0
    assert sum(load.assigned for load in loads(proposal.call, by=anybody)) == 1


def test_giving_a_hidden_proposal_to_a_reviewer_tells_no_more_than_giving_one_that_does_not_exist(client, proposal):
    ReviewerFactory(user__username="twin", researcher_number="", institution="CANARYINSTITUTE")
    client.force_login(cast("officer in conflict", proposal))
    numbers = ("BLIND-743", "BLIND-999")

    sent = [{"number": number, "reviewer": "twin"} for number in numbers]
    answers = [client.post(reverse("assignment:assignments", args=["BLIND"]), data) for data in sent]

    assert [answer.status_code for answer in answers] == [409, 409]
    hidden, missing = (
        re.sub(r'(csrfmiddlewaretoken" value=)"\w+"', r"\1", text_of(answer)).replace(number, "")
        for answer, number in zip(answers, numbers, strict=True)
    )
    assert hidden == missing


@pytest.mark.parametrize("who", [who for who in MAY if not MAY[who]])
def test_acting_on_what_is_hidden_answers_as_if_it_did_not_exist(client, proposal, who):
    client.force_login(cast(who, proposal))

    for name in ("proposal", "declare", "decline", "save", "reopen"):
        there = client.post(reverse(f"review:{name}", args=["BLIND-743"]), {"kind": "clear", "reason": "x"})
        missing = client.post(reverse(f"review:{name}", args=["BLIND-999"]), {"kind": "clear", "reason": "x"})
        assert (there.status_code, missing.status_code) == (404, 404)
