"""A reviewer's whole day in a real Chromium: declare, write, submit, reopen, and declare a conflict after all."""

import datetime

import pytest
from playwright.sync_api import Route, expect

from proposals.record.models import Review
from tests.chromium import wrong_with
from tests.factories import AnnualCostFactory, AssignmentFactory, CallFactory, ConflictFactory, CriterionFactory
from tests.whole.test_browser import page_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def call(reviewer):
    """A call in review with two proposals for the reviewer."""
    call = CallFactory(progress="in_review", reviews_due_on=datetime.date(2030, 1, 31))
    CriterionFactory(call=call)
    CriterionFactory(call=call)
    for number in ("P-1", "P-2"):
        assignment = AssignmentFactory(proposal__terms__call=call, proposal__number=number, reviewer=reviewer)
        AnnualCostFactory(proposal=assignment.proposal)
    return call


def test_reviewers_day(live_server, browser, reviewer, call):
    page = page_of(browser, live_server.url, reviewer, "en")
    page.goto("/review/")
    found = wrong_with(page)

    # The next one, by keyboard: declare no interest and read.
    page.get_by_role("link", name="Go on with the next").click()
    expect(page.get_by_label("I have none of these interests")).to_be_visible()
    found += wrong_with(page)
    page.get_by_label("I have none of these interests").check()
    page.get_by_role("button", name="Declare").click()
    expect(page.locator("#costs-caption")).to_be_visible()
    found += wrong_with(page)

    # Write: it saves itself, and another window is told so.
    other = page.context.new_page()
    other.goto("/review/P-1/")
    page.locator("#field_comment_to_panel textarea").fill("Convincing.")
    expect(page.locator(".saved")).to_contain_text("saved ")
    other.locator("#field_comment_to_panel textarea").fill("Written elsewhere.")
    expect(other.locator(".saved--trouble")).to_contain_text("another window")
    assert other.locator("#field_comment_to_panel textarea").input_value() == "Written elsewhere."
    assert Review.objects.get().comment_to_panel == "Convincing."
    other.close(run_before_unload=False)

    # Submit: what is missing is linked; the arrow keys score.
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("alert")).to_contain_text("fill in what is missing")
    found += wrong_with(page)
    for group in page.locator("#review-form fieldset").all():
        group.locator("input").first.focus()
        page.keyboard.press("Space")
        page.keyboard.press("ArrowDown")
    page.locator("#field_comment_to_applicant textarea").fill("Well done.")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    found += wrong_with(page)
    assert [score.value for score in Review.objects.get().scores.all()] == [4, 4]

    # Reopen, and declare a conflict after all: the proposal is gone.
    page.get_by_role("button", name="Reopen").click()
    page.locator(".later summary").first.click()
    page.get_by_label("relative of somebody named here").check()
    page.get_by_role("button", name="Declare").click()
    expect(page.get_by_role("status").first).to_contain_text("no longer shown")
    assert page.get_by_role("link", name="P-1").count() == 0
    assert page.goto("/review/P-1/").status == 404
    assert found == []


def test_submitting_while_a_save_is_under_way_waits_for_it(live_server, browser, reviewer, call):
    ConflictFactory(proposal=call.proposals.get(number="P-1"), person=reviewer, finding="clear")
    page = page_of(browser, live_server.url, reviewer, "en")
    page.goto("/review/P-1/")
    slow: list[Route] = []
    page.route("**/save/", lambda route: slow.append(route))  # noqa: PLW0108 - playwright wants a function
    for fieldset in page.locator("#review-form .choices-field").all():
        fieldset.get_by_role("radio").first.check()
    page.locator("#field_comment_to_applicant textarea").fill("Go on.")
    page.locator("#field_comment_to_panel textarea").fill("Convincing.")
    with page.expect_request("**/save/"):
        pass

    page.get_by_role("button", name="Submit").click()
    slow[0].continue_()

    expect(page.get_by_text("Submitted.")).to_be_visible()
    assert Review.objects.get().is_submitted
    page.context.close()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_header_of_an_officer_takes_one_row_at_1280(live_server, browser, officer, language):
    page = page_of(browser, live_server.url, officer, language)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/calls/")

    assert page.locator(".site-header").bounding_box()["height"] < 80
    page.context.close()


def test_number_on_the_desk_fits_its_cell_on_a_phone(live_server, browser, reviewer, call):
    AssignmentFactory(proposal__terms__call=call, proposal__number="DEMO-DECIDING-005", reviewer=reviewer)
    page = page_of(browser, live_server.url, reviewer, "ja")
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/review/")

    assert (
        page.locator("th.number-cell").evaluate_all("cells => cells.filter(c => c.scrollWidth > c.clientWidth).length")
        == 0
    )
    page.context.close()
