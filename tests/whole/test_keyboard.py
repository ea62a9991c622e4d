"""A day of each role by keyboard alone: nobody needs a pointer, and nobody has far to go."""

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from playwright.sync_api import Page, expect

from proposals.record.models import Assignment, Mark, Packet, Proposal, Review
from tests.chromium import wrong_with
from tests.whole.test_browser import page_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
STOPS = 120  # further than anybody should have to go
NEAR = 15  # stops from the skip link to the first row of a list


@pytest.fixture
def demo(transactional_db, trial):
    call_command("load_demo", verbosity=0)


def go_to(page: Page, wanted: str) -> int:
    """Press Tab until the focus is where a selector says; how many times that took."""
    for stops in range(1, STOPS + 1):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", wanted):
            return stops
    raise AssertionError(f"{wanted} is not within {STOPS} stops of {page.url}")


def into_the_content(page: Page) -> None:
    """By the skip link, the first stop of every page."""
    assert go_to(page, ".skip-link") == 1
    page.keyboard.press("Enter")


def test_manager_reads_the_morning_and_releases_the_result(demo, live_server, browser):
    page = page_of(browser, live_server.url, User.objects.get(username="manager"))
    page.goto("/")
    into_the_content(page)

    go_to(page, "a[href$='/awards/DEMO-DECIDING/packet/']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/packet/")
    into_the_content(page)
    go_to(page, "a[href$='/packet/result/']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/result/")
    into_the_content(page)
    go_to(page, "form[action$='/release/'] button")
    page.keyboard.press("Enter")

    expect(page.locator(".messages")).to_be_visible()
    assert Packet.objects.get(call__code="DEMO-DECIDING").state == "released"
    assert wrong_with(page) == []


def test_officer_finds_a_proposal_filters_the_list_and_chooses_from_it(demo, live_server, browser):
    page = page_of(browser, live_server.url, User.objects.get(username="officer"))
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("demo-open-007")
    page.keyboard.press("Enter")
    page.wait_for_url("**/proposals/DEMO-OPEN-007/")

    page.goto("/proposals/?call=DEMO-OPEN&status=counted")
    into_the_content(page)
    first = "tbody tr:first-child input[name=number], tbody tr:first-child a"
    assert go_to(page, first) <= NEAR + 5  # chips of two filters, and what can be done with the list, stand before
    page.keyboard.press("Space")
    expect(page.locator("[data-count]")).to_have_text("1")
    page.goto("/proposals/?call=DEMO-OPEN&status=counted&q=量子")
    expect(page.locator("[data-count]")).to_have_text("1")
    assert wrong_with(page) == []


def test_reviewer_scores_saves_and_goes_on_to_the_next(demo, live_server, browser):
    reviewer = User.objects.get(username="reviewer")
    given = Assignment.objects.filter(reviewer=reviewer, proposal__call__code="DEMO-REVIEW", declined_at=None)
    declared = given.filter(proposal__conflicts__person=reviewer, proposal__conflicts__finding="clear")
    one = declared.exclude(review__state="submitted").first().proposal
    page = page_of(browser, live_server.url, reviewer)
    page.goto(f"/review/{one.number}/#review")
    page.locator("#review").focus()

    for _criterion in page.locator("fieldset.scale").all():
        go_to(page, "fieldset.scale input")
        page.keyboard.press("Space")
        while page.evaluate("document.activeElement.value") != "4":
            page.keyboard.press("ArrowRight")
    expect(page.locator("[data-total]")).to_contain_text("4.00")
    go_to(page, "button[name=next]")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: one.number not in url)

    scores = Review.objects.get(assignment__proposal=one, assignment__reviewer=reviewer).scores
    assert set(scores.values_list("value", flat=True)) == {4}
    assert wrong_with(page) == []


def test_lead_reviewer_marks_on_the_desk(demo, live_server, browser):
    lead = User.objects.get(username="reviewer")
    page = page_of(browser, live_server.url, lead)
    page.goto("/awards/DEMO-DECIDING/?decision=none")
    before = Mark.objects.count()

    page.keyboard.press("j")
    page.keyboard.press("d")
    expect(page.locator("[data-sum=count]")).to_have_text("1")
    go_to(page, "#batch button[value=selection]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/batch/")
    into_the_content(page)
    go_to(page, "button[name=confirmed], a[href*='/awards/DEMO-DECIDING/']")
    with page.expect_navigation():
        page.keyboard.press("Enter")

    assert Mark.objects.count() in {before, before + 1}  # a rule may ask for a reason first
    assert Proposal.objects.filter(call__code="DEMO-DECIDING").exists()
    assert wrong_with(page) == []
