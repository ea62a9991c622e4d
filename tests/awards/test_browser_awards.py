"""The award page in a real Chromium: a lead reviewer marks until the pot refuses, and a manager releases."""

import re

import pytest
from playwright.sync_api import expect

from calls.models import CallField
from proposals.record.models import Award, Packet, Proposal
from proposals.record.status import Status
from tests.awards.test_awards import begin, decided, declare, review
from tests.chromium import wrong_with
from tests.factories import MILLION
from tests.whole.test_browser import page_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def call(reviewer):
    made = decided(pot_yen=60 * MILLION)
    for letter, score in zip("ABCD", (5, 4, 3, 2), strict=True):
        review(f"P-{letter}", score, score)
    CallField.objects.filter(call=made, field__code="quantum").update(lead_reviewer=reviewer)
    declare(reviewer, "P-A", "P-B", "P-C")
    return begin(made)


def test_lead_reviewer_marks_until_the_pot_refuses_and_a_manager_releases(
    live_server, browser, call, reviewer, officer, manager
):
    page = page_of(browser, live_server.url, reviewer, "en")
    page.goto("/awards/CALL/")
    page.click("text=P-A")
    sheet = page.locator(".unfolded")
    expect(sheet.locator(".readable-yen").first).to_have_text(re.compile("10 million"))
    assert wrong_with(page) == []
    sheet.get_by_label("award", exact=True).check()
    sheet.get_by_role("button", name="Stage the mark").click()
    expect(page.locator(".messages")).to_contain_text("P-A")

    page.fill("[name=top]", "3")
    page.click("button[value=top]")
    expect(page.locator("[role=alert]")).to_contain_text("above")
    assert page.locator("button[name=confirmed]").count() == 0
    assert wrong_with(page) == []
    page.goto("/awards/CALL/")
    page.locator("input[name=pick]").nth(1).check()
    page.click("button[value=selection]")
    expect(page.locator("button[name=confirmed]")).to_be_visible()
    assert wrong_with(page) == []
    page.click("button[name=confirmed]")
    expect(page.locator(".messages")).to_be_visible()
    assert {award.proposal.number for award in Award.objects.all()} == {"P-A", "P-B"}
    page.context.close()

    desk = page_of(browser, live_server.url, officer)
    desk.goto("/awards/CALL/packet/")
    desk.click("form[action$='/submit/'] button")
    desk.goto("/awards/CALL/what-if/")
    assert wrong_with(desk) == []
    desk.context.close()

    table = page_of(browser, live_server.url, manager)
    table.goto("/awards/CALL/packet/")
    assert wrong_with(table) == []
    table.click("a[href$='/packet/result/']")
    assert wrong_with(table) == []
    table.click("form[action$='/release/'] button")
    expect(table.locator(".messages")).to_be_visible()
    assert wrong_with(table) == []
    table.context.close()
    assert Packet.objects.get().state == "released"
    assert Proposal.objects.filter(status=Status.AWARDED).count() == 2


def test_bar_at_the_foot_adds_up_what_is_chosen_and_has_the_server_try_it(live_server, browser, call, officer):
    """By keyboard alone: j to a row, a to choose it for an award; what is chosen outlives the page."""
    page = page_of(browser, live_server.url, officer)
    page.goto("/awards/CALL/")
    bar = page.locator("#batch")

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("a")

    expect(bar.locator("[data-sum=count]")).to_have_text("1")
    expect(bar.locator(".act-bar__fits, .act-bar__refused")).to_be_visible()
    assert wrong_with(page) == []
    page.goto("/awards/CALL/?decision=none")
    expect(bar.locator("[data-sum=count]")).to_have_text("1")
    bar.locator("[data-clear]").click()
    expect(bar.locator("[data-sum=count]")).to_have_text("0")
    page.context.close()


def test_search_box_takes_the_focus_by_its_key_and_the_menu_opens_on_a_phone(live_server, browser, officer):
    page = page_of(browser, live_server.url, officer)
    page.goto("/proposals/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/proposals/")
    expect(page.locator("#sections")).to_be_hidden()
    page.locator(".menu-button").click()
    expect(page.locator("#sections")).to_be_visible()
    assert wrong_with(page) == []
    page.context.close()
