"""The six tiles of a board: they say what the stage of the call asks for, and each leads to its rows."""

import datetime
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from calls.models import Call, EligibleFunder
from proposals.boards.arrivals import Arrivals
from proposals.boards.board import CallBoard
from proposals.boards.tiles import tiles_of
from proposals.record.models import Proposal
from tests.factories import (
    NOON,
    TODAY,
    AnnualAwardFactory,
    AnnualCostFactory,
    AssignmentFactory,
    AwardFactory,
    CallFactory,
    ConflictFactory,
    CountryFactory,
    CriterionFactory,
    FieldFactory,
    FunderFactory,
    MarkFactory,
    ProgrammeFactory,
    ProposalFactory,
    ReviewFactory,
    TermsFactory,
)

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def tiles(call, reader, *, at=None):
    call.refresh_from_db()
    board = CallBoard(call, Proposal.objects.visible_to(reader), as_of=at or timezone.now(), reader=reader)
    return tiles_of(board)


def values(found):
    return [(tile.label, tile.value) for tile in found]


@pytest.fixture(autouse=True)
def in_english(settings):
    settings.LANGUAGE_CODE = "en"


def test_tiles_of_a_call_in_preparation_say_what_it_will_offer(manager):
    fields = [FieldFactory(), FieldFactory(code="ai", name_ja="AI", name_en="AI")]
    call = CallFactory(opens_at=None, closes_at=None, fields=fields, pot_yen=500_000_000, max_awards=4)
    TermsFactory(call=call)
    EligibleFunder.objects.create(call=call, funder=FunderFactory())

    assert values(tiles(call, manager)) == [
        ("Fields", "2"),
        ("Eligible funders", "1"),
        ("Ceiling", "¥26 million"),
        ("Longest period", "60"),
        ("Budget", "¥500 million"),
        ("Awards at most", "4"),
    ]


def test_tiles_of_a_call_without_terms_pot_or_number_show_a_dash(manager):
    found = tiles(CallFactory(opens_at=None, closes_at=None), manager)

    assert [tile.value for tile in found] == ["1", *["\u2015"] * 5]


def test_tiles_of_an_open_call_say_how_it_comes_in(client, manager):
    client.force_login(manager)
    fields = [FieldFactory(), FieldFactory(code="ai", name_ja="AI", name_en="AI")]
    terms = TermsFactory(call=CallFactory(fields=fields))
    AnnualCostFactory(proposal__terms=terms, proposal__received_at=NOON - 6 * DAY)
    ProposalFactory(terms=terms, received_at=NOON - 7 * DAY)
    ProposalFactory(terms=terms, status="withdrawn")

    found = tiles(terms.call, manager, at=NOON)

    assert values(found) == [
        ("Proposals received", "2"),
        ("Received in the last 7 days", "1"),
        ("Days left", "29"),
        ("Amount requested", "¥13 million"),
        ("Compared with the last call", "\u2015"),
        ("Fields without any yet", "1"),
    ]
    assert found[5].note == "AI"
    assert [client.get(found[place].href).context["total"] for place in (0, 1)] == [2, 1]


def test_an_open_call_is_held_against_the_last_one_on_the_same_day_of_its_window(client, manager):
    client.force_login(manager)
    programme, now = ProgrammeFactory(code="P"), timezone.now()
    window = {"opens_at": now - 400 * DAY, "closes_at": now - 340 * DAY}
    last = TermsFactory(call=CallFactory(code="LAST", programme=programme, **window))
    TermsFactory(call=CallFactory(code="OTHER", **window))
    TermsFactory(call=CallFactory(code="FAKE", programme=programme, is_synthetic=True, **window))
    for day in (0, 1, 1, 2, 50):
        ProposalFactory(terms=last, received_at=last.call.opens_at + day * DAY)
    terms = TermsFactory(call=CallFactory(programme=programme, opens_at=now - 2 * DAY, closes_at=now + 30 * DAY))
    for day in (0, 1):
        ProposalFactory(terms=terms, received_at=terms.call.opens_at + day * DAY)

    page = client.get(terms.call.get_absolute_url(), headers={"accept-language": "en"})

    arrivals = page.context["arrivals"]
    assert [(day.number, day.received, day.so_far, day.last) for day in arrivals.days] == [
        (1, 1, 1, 1),
        (2, 1, 2, 3),
        (3, 0, 2, 4),
    ]
    tile = page.context["tiles"][4]
    assert (tile.value, tile.note, tile.href) == ("\u22122", "LAST had 4 on day 3 of its window", "#received")
    assert [client.get(day.href).context["total"] for day in arrivals.days] == [1, 1, 0]


def test_the_last_call_is_found_without_reading_proposals_call_after_call():
    call = TermsFactory().call

    with CaptureQueriesContext(connection) as asked:
        assert Arrivals(call, Proposal.objects.all(), TODAY).last is None

    [question] = [query["sql"] for query in asked.captured_queries]
    assert ("EXISTS" in question, "JOIN" in question) == (True, False)


def test_tiles_of_a_closed_call_say_whether_it_is_complete(client, manager):
    client.force_login(manager)
    terms = TermsFactory(call__reviews_wanted=1)
    whole = AnnualCostFactory(proposal__terms=terms).proposal
    AssignmentFactory(proposal=whole)
    ProposalFactory(terms=terms, status="ineligible")
    ProposalFactory(terms=terms, received_at=terms.call.closes_at + DAY, late_reason="The post was late.")

    found = tiles(terms.call, manager)

    assert values(found) == [
        ("Proposals received", "3"),
        ("Counted", "2"),
        ("Complete", "1"),
        ("Accepted late", "1"),
        ("Incomplete", "1"),
        ("Short of reviewers", "1"),
    ]
    assert [client.get(tile.href).context["total"] for tile in found] == [3, 2, 1, 1, 1, 1]


def test_tiles_of_a_call_in_review_say_what_is_done_left_and_overdue(client, manager, officer):
    due = timezone.localdate()
    call = CallFactory(progress="in_review", reviews_wanted=2, reviews_due_on=due)
    CriterionFactory(call=call)
    terms = TermsFactory(call=call)
    reviewed, other = ProposalFactory(terms=terms), ProposalFactory(terms=terms)
    ReviewFactory(assignment=AssignmentFactory(proposal=reviewed), submitted=True)
    AssignmentFactory(proposal=reviewed)
    aside = AssignmentFactory(proposal=other)
    ConflictFactory(proposal=other, person=aside.reviewer)
    AssignmentFactory(proposal=other)

    found, later = tiles(call, officer), tiles(call, officer, at=timezone.now() + DAY)

    assert values(found) == [
        ("Reviews done", "1"),
        ("Reviews left", "2"),
        ("Reviews overdue", "0"),
        ("Short of reviewers", "1"),
        ("Standing conflicts of interest", "1"),
        ("Proposals", "2"),
    ]
    assert later[2].value == "2"
    assert [tile.href for tile in found[:5]] == [
        f"/calls/{call.code}/reviews/?state=done",
        f"/calls/{call.code}/reviews/?state=left",
        f"/calls/{call.code}/reviews/?state=overdue",
        f"/calls/{call.code}/assignments/?short=on",
        f"/calls/{call.code}/reviews/?state=conflict",
    ]
    assert [tile.href for tile in tiles(call, manager)[:3]] == [tile.href for tile in found[:3]]
    client.force_login(officer)
    assert [client.get(tile.href).context["page"].paginator.count for tile in found[:3]] == [1, 2, 0]


def test_tiles_of_a_call_being_decided_say_what_is_staged(client, manager):
    client.force_login(manager)
    call = CallFactory(progress="deciding", pot_yen=100_000_000)
    terms = TermsFactory(call=call)
    AnnualAwardFactory(award__proposal__terms=terms)
    award = Proposal.objects.get()
    MarkFactory(proposal=award)
    MarkFactory(proposal=ProposalFactory(terms=terms), decision="reserve")
    MarkFactory(proposal=ProposalFactory(terms=terms), decision="decline")
    ProposalFactory(terms=terms)

    found = tiles(call, manager)

    assert values(found) == [
        ("Marked", "3"),
        ("Staged awards", "1"),
        ("Staged", "¥13 million"),
        ("Left of the budget", "¥87 million"),
        ("Reserves", "1"),
        ("Declines", "1"),
    ]
    assert found[0].note == "of 4 counted"
    assert [client.get(tile.href).context["total"] for tile in found] == [3, 1, 1, 4, 1, 1]


def test_tiles_of_a_call_being_decided_show_nothing_staged_without_the_award_page(visitor):
    call = CallFactory(progress="deciding")
    AwardFactory(proposal=ProposalFactory(terms=TermsFactory(call=call)))
    board = CallBoard(call, Proposal.objects.all(), as_of=timezone.now(), reader=visitor)

    assert tiles_of(board) == board.headline
    assert tiles_of(board)[1].value == "\u2015"


def test_tiles_leave_out_what_a_conflict_hides_from_the_reader(manager):
    call = CallFactory(progress="deciding")
    terms = TermsFactory(call=call)
    hidden, seen = ProposalFactory(terms=terms), ProposalFactory(terms=terms)
    MarkFactory(proposal=hidden, decision="decline"), MarkFactory(proposal=seen, decision="decline")
    ConflictFactory(proposal=hidden, person=manager)

    found = tiles(call, manager)

    assert (found[0].value, found[0].note, found[5].value) == ("1", "of 1 counted", "1")


def test_tiles_of_a_released_call_are_its_result(manager):
    call = CallFactory(progress="released")
    board = CallBoard(call, Proposal.objects.visible_to(manager), as_of=timezone.now(), reader=manager)

    assert tiles_of(board) == board.headline


STAGES = {"preparing": (30, 60), "open": (-30, 30), "": (-60, -30), "in_review": (-60, -30), "deciding": (-60, -30)}
STAGES["released"] = (-60, -30)
IS_NUMBER = re.compile(r"[\d,]+")


def full_call(stage):
    """A call at a stage with everything that its tiles count, each of it a different number of times."""
    opens_at, closes_at = (timezone.now() + days * DAY for days in STAGES[stage])
    fields = [FieldFactory(code=code) for code in ("ai", "bio", "energy")]
    call = CallFactory(opens_at=opens_at, closes_at=closes_at, fields=fields, reviews_wanted=2, pot_yen=10**9)
    Call.objects.filter(pk=call.pk).update(reviews_due_on=timezone.localdate() - DAY)
    CriterionFactory(call=call)
    terms = TermsFactory(call=call)
    funders = [FunderFactory(), FunderFactory(country=CountryFactory(alpha2="FR"), acronym="ANR")]
    for place, funder in enumerate(funders):
        EligibleFunder.objects.create(call=call, funder=funder)
        for number in range(2 + place if stage != "preparing" else 0):
            day = {"field": fields[place], "received_at": opens_at + (number + 25) * DAY}
            row = ProposalFactory(terms=terms, primary_funder=funder, **day)
            if stage in Call.Progress.values and stage:
                given = [AssignmentFactory(proposal=row) for _ in range(number + 1)]
                ConflictFactory(proposal=row, person=given[0].reviewer)
                Call.objects.filter(pk=call.pk).update(progress="in_review")
                ReviewFactory(assignment=AssignmentFactory(proposal=row), submitted=True)
    if stage != "preparing":
        ProposalFactory(terms=terms, status="withdrawn", received_at=opens_at)
        ProposalFactory(
            terms=terms, received_at=closes_at + DAY, late_reason="The post was late.", starts_on=None, ends_on=None
        )
    if stage in {"deciding", "released"}:
        Call.objects.filter(pk=call.pk).update(progress="deciding")
        first, second, third = Proposal.objects.filter(call=call, status="received")[:3]
        MarkFactory(proposal=second, decision="reserve"), MarkFactory(proposal=third, decision="decline")
        AwardFactory(proposal=first, released=stage == "released")
        if stage == "deciding":
            MarkFactory(proposal=first)
    Call.objects.filter(pk=call.pk).update(progress=stage if stage in Call.Progress.values else "")
    return call


@pytest.mark.parametrize("role", ["officer", "manager", "administrator"])
@pytest.mark.parametrize("stage", STAGES)
def test_every_tile_of_every_stage_leads_each_role_to_exactly_its_rows(client, request, stage, role):
    reader, call = request.getfixturevalue(role), full_call(stage)
    client.force_login(reader)
    board = client.get(call.get_absolute_url())

    for tile in board.context["tiles"]:
        if tile.href.startswith("#"):
            section = board.content.decode().partition(f'id="{tile.href[1:]}"')[2]
            assert section, tile
            rows = (
                section.partition("<tbody")[2].partition("<tfoot")[0].partition("</table")[0].count('<th scope="row"')
            )
        else:
            page = client.get(tile.href)
            assert page.status_code == 200, tile
            rows = page.context["page"].paginator.count if "/proposals/" not in tile.href else page.context["total"]
        if IS_NUMBER.fullmatch(tile.value) and tile.href not in {"#terms", "#field", "#received"}:
            assert rows == int(tile.value.replace(",", "")), tile


@pytest.mark.parametrize("stage", ["preparing", "open", "", "in_review", "deciding"])
def test_board_asks_the_same_number_of_queries_at_one_and_at_three_proposals(
    client, manager, stage, django_assert_max_num_queries
):
    client.force_login(manager)
    window = {"preparing": (30, 60), "open": (-30, 30)}.get(stage, (-60, -30))
    opens_at, closes_at = (timezone.now() + days * DAY for days in window)
    call = CallFactory(opens_at=opens_at, closes_at=closes_at)
    terms = TermsFactory(call=call)

    def queries():
        proposal = ProposalFactory(terms=terms, received_at=opens_at + DAY) if stage != "preparing" else None
        if stage in Call.Progress.values and proposal:
            AssignmentFactory(proposal=proposal)
            MarkFactory(proposal=proposal, decision="decline")
            Call.objects.filter(pk=call.pk).update(progress=stage)
        with django_assert_max_num_queries(20) as asked:
            assert client.get(call.get_absolute_url()).status_code == 200
        return len(asked)

    queries()
    at_one = queries()
    queries()
    assert queries() == at_one
