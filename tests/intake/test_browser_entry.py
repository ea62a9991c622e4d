"""An officer logs a proposal by hand in a real Chromium: years, amounts, people, drafts, and the next one."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from proposals.record.models import CoInvestigator, Counterpart, Document, FollowUp, Proposal, ProposalDraft
from tests.chromium import PHONE, wrong_with
from tests.factories import FunderFactory, TermsFactory
from tests.intake.test_documents import pdf, zipped
from tests.whole.test_browser import page_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(transactional_db, live_server, browser, officer) -> Iterator[Page]:
    FunderFactory()
    call = TermsFactory(call__code="IN").call
    page = page_of(browser, live_server.url, officer, "en")
    page.goto(f"/proposals/new/?call={call.code}")
    yield page
    page.context.close()


def fill(page: Page) -> None:
    page.get_by_label("Title (Japanese)").fill("量子網の国際共同研究")
    page.locator("#id_institution").fill("東都大学")
    page.get_by_label("Field", exact=True).select_option(index=1)
    page.get_by_label("Received").fill("2023-10-02 10:00")
    page.get_by_label("Primary foreign funder").select_option(index=1)
    page.get_by_label("Research starts").fill("令和6年4月1日")
    page.get_by_label("Research ends").fill("2027/3/31")
    page.get_by_label("Research ends").press("Tab")


def kept(page: Page, word: str) -> None:
    """Wait until the draft holds what was typed last: no request may be under way when the tables are emptied."""
    for _look in range(100):
        if ProposalDraft.objects.filter(typed__icontains=word).exists():
            return
        page.wait_for_timeout(100)
    raise AssertionError(word)


def test_years_follow_the_period_amounts_are_copied_down_and_what_is_left_is_said(desk):
    wrong = wrong_with(desk)
    fill(desk)
    rows = desk.locator("#years tr")
    expect(rows).to_have_count(3)
    expect(rows.first.locator("th")).to_contain_text("2024")
    rows.first.locator("input").nth(0).fill("20000000")
    rows.first.locator("input").nth(1).fill("7,000,000")
    rows.first.locator("input").nth(1).press("Tab")
    expect(rows.first.locator(".left")).to_contain_text("1,000,000 over")
    rows.first.locator("input").nth(1).fill("6000000")
    rows.first.get_by_role("button", name="Copy").click()
    expect(rows.nth(2).locator("input").nth(0)).to_have_value("20,000,000")
    expect(desk.locator("#total-direct")).to_have_text("60,000,000")
    desk.get_by_role("button", name="Add a counterpart").click()
    desk.get_by_label("Name", exact=True).last.fill("Grace Hop")
    desk.set_viewport_size(PHONE)
    wrong += wrong_with(desk)
    assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert wrong == []
    kept(desk, "Grace")


def test_a_proposal_is_logged_by_keyboard_and_the_next_begins_like_it(desk):
    fill(desk)
    desk.locator("#id_co_investigator-0-person").fill("橋本 健")
    desk.locator("#id_counterpart-0-person").fill("Ada King")
    desk.locator("#id_counterpart-0-institution").fill("Oxbridge")
    desk.get_by_role("button", name="Save and next").press("Enter")
    expect(desk.get_by_role("status").first).to_contain_text("Saved: IN-001")
    expect(desk.get_by_label("Title (Japanese)")).to_have_value("")
    expect(desk.get_by_label("Field", exact=True)).not_to_have_value("")
    assert (Proposal.objects.get().title_ja, Counterpart.objects.count(), CoInvestigator.objects.count()) == (
        "量子網の国際共同研究",
        1,
        1,
    )
    assert FollowUp.objects.count() == 0


def test_what_is_refused_takes_the_focus_and_names_each_place(desk):
    desk.get_by_role("button", name="Save", exact=True).click()

    summary = desk.get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="Primary foreign funder").click()
    expect(desk.get_by_label("Primary foreign funder")).to_be_focused()
    assert wrong_with(desk) == []


def test_a_draft_is_kept_while_one_types_and_is_there_after_a_reload(desk):
    desk.get_by_label("Title (Japanese)").fill("書きかけ")
    expect(desk.locator(".saved")).to_contain_text("draft saved")
    desk.reload()
    expect(desk.get_by_label("Title (Japanese)")).to_have_value("書きかけ")
    assert wrong_with(desk) == []
    desk.get_by_role("button", name="Throw the draft away").click()
    expect(desk.get_by_label("Title (Japanese)")).to_have_value("")
    assert ProposalDraft.objects.count() == 0


def test_a_whole_intake_from_e_rads_table_to_the_last_follow_up(desk, tmp_path, settings):
    store = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"documents": store}
    wrong = []

    # The table of e-Rad, which knows no field, funder or period; its second row is the first once more.
    header = "KADAI_ID\tKADAI_MEI\tKENKYUSHA_NO\tKENKYUSHA_SHIMEI\tKENKYUKIKAN_MEI"
    row = "26000123\t量子網|Quantum nets\t10123456\t青木 花子\t東都大学"
    other = "26000124\t光格子\t00123456\t佐藤 一郎\t西都大学"
    table = "\r\n".join([header, row, row.replace("量子網", "量子 網"), other])
    desk.goto("/proposals/import/?call=IN")
    desk.set_input_files("[name=file]", {"name": "erad.tsv", "mimeType": "text/plain", "buffer": table.encode()})
    desk.fill("[name=reason]", "came by post in time")
    desk.get_by_role("button", name="Check the file").click()
    desk.wait_for_url("**/imports/files/*-*/")
    if not desk.locator("#every-field").is_visible():
        desk.locator("#columns > summary").click()
    desk.locator("#every-field").select_option("quantum")
    desk.locator("#every-funder").select_option("GB-UKRI")
    desk.locator("#every-starts_on").fill("令和6年4月1日")
    desk.locator("#every-ends_on").fill("2029-03-31")
    wrong += wrong_with(desk)
    desk.get_by_role("button", name="Read the file with these columns").click()
    desk.get_by_role("group", name="Row 3 is").get_by_label("the same").check()
    desk.get_by_role("button", name="Keep these decisions and look again").click()
    wrong += wrong_with(desk)
    desk.get_by_role("button", name="Save all of it").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("erad.tsv")
    assert list(Proposal.objects.values_list("number", "title_en")) == [("IN-001", "Quantum nets"), ("IN-002", "")]

    # What they wrote, in a zip.
    packed = zipped({"IN-001.pdf": pdf(2), "IN-002.pdf": pdf(3)}).getvalue()
    desk.goto("/proposals/documents/?call=IN")
    desk.set_input_files("[name=file]", {"name": "a.zip", "mimeType": "application/zip", "buffer": packed})
    desk.get_by_role("button", name="Check the zip").click()
    expect(desk.get_by_role("table")).to_contain_text("2 documents would be kept")
    wrong += wrong_with(desk)
    desk.get_by_role("button", name="Keep all of them").click()
    expect(desk.get_by_role("status").first).to_contain_text("2")
    assert Document.objects.count() == 2

    # One by hand, of a number that is doubtful too.
    desk.goto("/proposals/new/?call=IN")
    fill(desk)
    desk.get_by_label("e-Rad researcher number").first.fill("10123456")
    desk.get_by_role("button", name="Save", exact=True).click()
    expect(desk.locator("main")).to_contain_text("To be looked into")
    wrong += wrong_with(desk)

    # And what is left to look into.
    desk.get_by_role("link", name="Follow-ups of the call").click()
    for _open in range(FollowUp.objects.open().count()):
        desk.get_by_label("What came of it").first.fill("Asked by telephone: the number is right.")
        desk.get_by_role("button", name="Done").first.click()
    expect(desk.locator("main")).to_contain_text("Nothing is open.")
    assert FollowUp.objects.count() == FollowUp.objects.exclude(comment="").count() == 2
    assert wrong + wrong_with(desk) == []
