"""An officer's file in a real Chromium: sent, read, mended, sent again, confirmed; and long ones that take a while."""

import csv
import io
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from aspire.sheets import running
from aspire.tasks import preparing
from proposals.record.models import Proposal
from tests.chromium import wrong_with
from tests.factories import FunderFactory, ProposalFactory, TermsFactory
from tests.whole.test_browser import page_of
from tests.workers import do_waiting_work, worker_beside

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PATIENCE = 15  # seconds
HEADER = "number,title_ja,field,funder,starts_on,ends_on,direct_yen_2024,indirect_yen_2024"
GOOD = ",量子網,quantum,GB-UKRI,2024-04-01,2029-03-31,10000000,3000000"
BROKEN = ",光格子,alchemy,GB-UKRI,2024-04-01,2024-02-30,¥10000000,3000000"
MENDED = ",光格子,quantum,GB-UKRI,2024-04-01,2029-03-31,10000000,3000000"


@pytest.fixture
def call(transactional_db):
    FunderFactory()
    call = TermsFactory(call__code="IN").call
    ProposalFactory(terms=call.terms.get(), number="IN-001", title_ja="前")
    return call


@pytest.fixture
def desk(call, live_server, browser, officer) -> Iterator[Page]:
    page = page_of(browser, live_server.url, officer, "en")
    page.goto("/proposals/import/?call=IN")
    yield page
    page.context.close()


def send(page: Page, *lines: str, name: str = "file.csv") -> None:
    data = "\r\n".join(lines).encode()
    page.set_input_files("[name=file]", {"name": name, "mimeType": "text/csv", "buffer": data})
    page.fill("[name=reason]", "came by post in time")
    page.get_by_role("button", name="Check the file").click()
    page.wait_for_url("**/imports/files/*-*/")


def test_broken_file_is_read_mended_and_confirmed(desk):
    wrong = wrong_with(desk)
    send(desk, HEADER, GOOD, BROKEN)
    expect(desk.get_by_role("alert")).to_contain_text("Nothing can be saved yet")
    faults = desk.get_by_role("table", name="What was found in the file").locator("tbody tr")
    for place, value in [("C field", "alchemy"), ("F ends_on", "2024-02-30"), ("G direct_yen_2024", "¥10000000")]:
        expect(faults.filter(has_text=place).filter(has_text=value).first).to_contain_text("blocks")
    expect(desk.get_by_role("button", name="Save all of it")).to_have_count(0)
    wrong += wrong_with(desk)

    with desk.expect_download() as download:
        desk.get_by_role("link", name="Download the file with an error column").click()
    marked = list(csv.reader(io.StringIO(download.value.path().read_bytes().decode("utf-8-sig"))))
    assert download.value.suggested_filename == "file_checked.csv"
    assert len(marked[0]) == len(HEADER.split(",")) + 1
    assert (marked[1][-1], "alchemy" in marked[2][-1]) == ("", True)

    desk.get_by_role("link", name="Send another file").click()
    expect(desk.locator("#id_call")).to_have_value("IN")
    send(desk, HEADER, GOOD, MENDED, "IN-001,後,,,,,,", name="mended.csv")
    wrong += wrong_with(desk)
    expect(desk.locator(".tile__value")).to_have_text(["2", "1", "0", "0"])
    desk.get_by_role("button", name="Save all of it").click()

    expect(desk.get_by_role("heading", level=1)).to_have_text("mended.csv")
    expect(desk.locator("main tbody tr")).to_have_count(3)
    wrong += wrong_with(desk)
    desk.get_by_role("link", name="IN-002").click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text("量子網")
    desk.goto("/proposals/import/")
    expect(desk.get_by_role("link", name="mended.csv")).to_be_visible()
    assert [*wrong, *wrong_with(desk)] == []
    assert Proposal.objects.get(number="IN-001").title_ja == "後"


def test_long_file_is_followed_to_its_preview(desk, monkeypatch):
    rows = [GOOD.replace("量子", f"量子{place}") for place in range(4000)]
    assert len("\r\n".join(rows).encode()) > running.AT_ONCE_BYTES

    send(desk, HEADER, *rows, name="long.csv")
    expect(desk.get_by_text("The file is being checked")).to_be_visible()
    assert wrong_with(desk) == []

    with worker_beside():
        expect(desk.locator(".tile__value").first).to_have_text("4,000", timeout=1000 * PATIENCE)


def test_long_file_can_be_stopped(desk, monkeypatch):
    monkeypatch.setattr(running, "AT_ONCE_BYTES", 1)

    send(desk, HEADER, *[GOOD] * 600)
    desk.get_by_role("button", name="Cancel").click()
    expect(desk.get_by_text("Nothing was saved")).to_be_visible()
    wrong = wrong_with(desk)
    do_waiting_work()

    desk.reload()
    expect(desk.get_by_text("Nothing was saved")).to_be_visible()
    assert wrong == []


def test_form_without_a_file_says_so_each_time(desk):
    for _ in range(2):
        desk.get_by_role("button", name="Check the file").click()
        desk.locator("[role=alert] li a").click()

    assert desk.url.endswith("#id_file")
    assert wrong_with(desk) == []


def test_list_as_filtered_is_taken_away(desk):
    desk.goto("/proposals/?call=IN")
    desk.locator("summary", has_text="Export").click()
    wrong = wrong_with(desk)

    with desk.expect_download() as book:
        desk.get_by_role("button", name="XLSX").click()
    desk.select_option("#export-language", "ja")
    with desk.expect_download() as text:
        desk.get_by_role("button", name="CSV").click()

    assert book.value.suggested_filename.startswith("IN_")
    assert book.value.suggested_filename.endswith("_en.xlsx")
    assert "IN-001" in text.value.path().read_bytes().decode("utf-8-sig")
    assert wrong == []


def test_export_that_cannot_hold_a_sign_offers_another_encoding(desk):
    Proposal.objects.update(title_en="Université")
    desk.goto("/proposals/export.csv?call=IN&encoding=cp932")
    expect(desk.locator("main")).to_contain_text("é")
    wrong = wrong_with(desk)

    with desk.expect_download() as text:
        desk.get_by_role("button", name="Take it in UTF-8").click()

    assert "Université" in text.value.path().read_bytes().decode("utf-8-sig")
    assert wrong == []


def test_long_file_to_take_away_is_followed_until_it_can_be_fetched(desk, monkeypatch):
    monkeypatch.setattr(preparing, "ROWS_AT_ONCE", 0)
    desk.goto("/proposals/export.xlsx?call=IN")
    expect(desk.get_by_text("is being prepared")).to_be_visible()
    wrong = wrong_with(desk)

    with worker_beside():
        expect(desk.get_by_text("The file is ready")).to_be_visible(timeout=1000 * PATIENCE)
    with desk.expect_download() as book:
        desk.get_by_role("link", name="Take the file").click()

    assert book.value.suggested_filename.startswith("IN_")
    assert [*wrong, *wrong_with(desk)] == []


def test_a_file_of_others_is_named_its_twin_decided_and_its_follow_up_done(desk):
    header = "Vorhaben,Leitung,Nummer,field,funder,starts_on,ends_on,institution"
    period = "quantum,GB-UKRI,2024-04-01,2029-03-31,東都大学"
    new, twin = f"量子網,青木 花子,10123456,{period}", f"量子 網,青木 花子,10123456,{period}"
    send(desk, header, new, twin, name="berlin.csv")
    expect(desk.get_by_role("alert")).to_contain_text("Say below what the columns of the file mean")
    wrong = wrong_with(desk)

    for column, ours in zip("ABC", ["title_ja", "pi_name", "researcher_number"], strict=True):
        desk.get_by_label(f"Column {column} is taken for").select_option(ours)
    desk.get_by_label("Save under the name").fill("Berlin")
    desk.get_by_role("button", name="Read the file with these columns").click()
    expect(desk.get_by_role("alert")).to_contain_text("Say below of each row that seems to be there already")
    wrong += wrong_with(desk)
    desk.get_by_role("group", name="Row 3 is").get_by_label("the same").check()
    desk.get_by_role("button", name="Keep these decisions and look again").click()
    wrong += wrong_with(desk)
    expect(desk.locator(".doubtful")).to_contain_text("check digit")
    desk.get_by_role("button", name="Save all of it").click()

    desk.locator("#content").get_by_role("link", name="Follow-ups").click()
    wrong += wrong_with(desk)
    desk.get_by_label("What came of it (IN-002)").fill("Asked by telephone: the number is right.")
    desk.get_by_role("button", name="Done").click()
    expect(desk.locator("main")).to_contain_text("Nothing is open.")
    desk.get_by_role("link", name="1 done").click()
    expect(desk.locator("main tbody tr")).to_contain_text("Asked by telephone")
    assert wrong + wrong_with(desk) == []
