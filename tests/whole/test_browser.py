"""Every page in a real Chromium: open to everybody, stopped by no policy, cut off nowhere, its pictures true."""

import io
import itertools
import re

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from calls.models import Call
from proposals.record.models import Assignment, Briefing, Proposal
from proposals.record.status import Status
from tests.chromium import DESK, PHONE, findings, sign_in, visit, wrong_with
from tests.factories import OUT
from tests.people import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PRINTED_BY_COUNTRY = [18, 8, 3, 1, 2, 1, 1, 3, 6]
PRINTED_BY_FIELD, PRINTED_AWARDS_BY_FIELD = [6, 9, 9, 3, 6, 6, 4], [1, 1, 2, 1, 0, 1, 1]


@pytest.fixture
def briefing(transactional_db, trial):
    """The trial call alone."""


@pytest.fixture
def demo(briefing):
    call_command("load_demo", verbosity=0)


def page_of(browser: Browser, address: str, user: User | None, language: str = "ja") -> Page:
    """A page in a visit of its own, already signed in."""
    context = visit(browser, address, language)
    if user:
        client = Client()
        client.force_login(user)
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": address}])
    return context.new_page()


def pages_by_role() -> dict[str, list[str]]:
    """What each role may open, one page of each kind; a call's page in the stage in which it has most to show."""
    award = Proposal.objects.filter(call__code="DEMO-RELEASED", award__isnull=False).first()
    marked = Proposal.objects.filter(call__code="DEMO-DECIDING", mark__isnull=False).first()
    reconstructed = Proposal.objects.filter(is_reconstructed=True).first()
    records = f"/admin/proposals/proposal/{Proposal.objects.get(number='DEMO-RELEASED-001').pk}"
    call = Call.objects.get(code="DEMO-OPEN")
    given = Assignment.objects.filter(reviewer__username="reviewer", proposal__call__code="DEMO-REVIEW")
    draft = given.filter(review__state="draft").first().proposal
    submitted = given.filter(review__state="submitted").first().proposal
    undeclared = given.exclude(proposal__conflicts__person__username="reviewer").first().proposal
    return {
        "": ["/accounts/login/", "/accounts/password/reset/", "/accounts/inactive/", "/nowhere/"],
        "reviewer": [
            "/review/",
            f"/review/{undeclared.number}/",
            f"/review/{draft.number}/",
            f"/review/{submitted.number}/",
            "/awards/DEMO-DECIDING/",
            "/imports/marks/",
        ],
        "manager": [
            "/",
            "/calls/",
            "/calls/R4-TRIAL/",
            "/calls/R4-TRIAL/print/",
            "/calls/ASPIRE/",
            "/calls/DEMO-OPEN/",
            "/calls/DEMO-REVIEW/",
            "/calls/DEMO-DECIDING/",
            "/calls/DEMO-RELEASED/",
            "/calls/DEMO-RELEASED/?masked=1",
            "/calls/DEMO-REVIEW/reviews/",
            "/calls/compare/?a=R4-TRIAL&b=DEMO-RELEASED",
            "/fund/",
            "/partners/",
            "/partners/GB/",
            "/partners/US/US-NSF/",
            "/proposals/?call=R4-TRIAL",
            "/proposals/?call=DEMO-RELEASED&status=counted&page=2",
            "/proposals/?q=%E3%81%AA%E3%81%84%E3%81%AF%E3%81%9A",
            "/proposals/?call=NONE&colour=red",
            f"/proposals/{reconstructed.number}/",
            f"/proposals/{award.number}/",
            "/explore/",
            "/explore/?row=field&column=country&heat=on",
            "/explore/?row=call&measure=rate&mood=1",
            "/explore/keep/?row=field",
            "/explore/freeze/?row=field",
            "/briefings/",
            f"/briefings/{Briefing.objects.get().code}/",
            f"/briefings/{Briefing.objects.get().code}/print/",
            "/briefings/freeze/DEMO-RELEASED/",
            "/awards/",
            "/awards/DEMO-DECIDING/packet/",
            "/awards/DEMO-DECIDING/packet/result/",
            "/search/?q=%E9%87%8F%E5%AD%90",
            "/calls/DEMO-RELEASED/?order=size",
            "/partners/?calls=recent&measure=awards",
            "/accounts/password/change/",
            "/nowhere/",
        ],
        "officer": [
            "/",
            "/calls/DEMO-REVIEW/stage/",
            "/calls/DEMO-REVIEW/stage/settings/",
            "/calls/DEMO-REVIEW/assignments/",
            "/calls/DEMO-REVIEW/assignments/plan/?wanted=3",
            "/calls/DEMO-REVIEW/conflicts/",
            f"/proposals/{award.number}/timeline/",
            "/awards/DEMO-DECIDING/",
            f"/awards/DEMO-DECIDING/proposals/{marked.number}/",
            "/awards/DEMO-DECIDING/what-if/",
            "/awards/DEMO-DECIDING/packet/",
            "/awards/DEMO-RELEASED/packet/",
            "/imports/",
            "/imports/marks/",
            "/imports/funders/",
            "/partners/institutions/",
            "/proposals/follow-ups/",
            "/search/?q=%E5%A4%A7%E5%AD%A6",
            "/proposals/import/?call=DEMO-OPEN",
            "/proposals/export.csv?call=DEMO-OPEN&encoding=cp932",
            "/admin/",
            "/admin/proposals/proposal/",
            "/admin/proposals/proposal/?q=nothing-like-it",
            "/admin/proposals/proposal/add/",
            f"{records}/change/",
            f"{records}/history/",
            "/admin/proposals/award/",
            f"/admin/proposals/award/{award.award.pk}/change/",
            "/admin/calls/",
            f"/admin/calls/call/{call.pk}/change/",
            "/admin/calls/publishedfigure/",
            "/admin/partners/dialogue/",
            "/admin/partners/funder/add/",
        ],
        "admin": ["/", "/admin/auth/user/", "/admin/auth/user/add/"],
    }


@pytest.mark.sweep
@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    ("language", "size", "first", "colours"),
    [("ja", DESK, 0, "none"), ("en", PHONE, 1, "none"), ("en", DESK, 0, "active")],
)
def test_pages_are_accessible_unstopped_and_fit_a_phone_for_every_role(
    live_server, browser, language, size, first, colours
):
    """Every other page in each run, so that two together see each of them, and each is laid out at both widths; the
    last run in the colours of the system."""
    withdrawn = Proposal.objects.filter(call__code="R4-TRIAL", award=None).first()
    Proposal.objects.filter(pk=withdrawn.pk).update(status=Status.WITHDRAWN, **OUT)

    found = []
    for account, paths in pages_by_role().items():
        user = User.objects.get(username=account) if account else None
        page = page_of(browser, live_server.url, user, language)
        page.set_viewport_size(size)
        page.emulate_media(forced_colors=colours)
        for path in paths[first::2]:
            found += findings(page, path)
        assert page.locator("html").get_attribute("lang") == language
        page.context.close()

    assert found == []


def drawn(page: Page, table: str) -> dict[str, list[int | None]]:
    """The numbers of a chart's bars as Chart.js holds them, by series."""
    return page.evaluate(
        """(table) => Object.fromEntries(
            Chart.getChart(document.querySelector(`.chart[data-table="${table}"] canvas`))
                 .data.datasets.map((set) => [set.label, set.data]))""",
        table,
    )


def written(page: Page, table: str, series: str) -> list[int]:
    """The numbers of a table's column as a reader sees them."""
    cells = page.locator(f"#{table} tbody [data-series={series}]").all_inner_texts()
    return [int(text.replace(",", "")) for text in cells]


def bars_of(page: Page, table: str, part: str) -> list[int]:
    """What the bars of a board's table stand for: their lengths against the longest, in proposals."""
    longest = max(written(page, table, "proposals-recorded"))
    rows = page.locator(f"#{table} tbody tr")
    lengths = rows.evaluate_all(
        """(rows, part) => rows.map((row) =>
            Number(row.querySelector(`.count-bar__${part}`)?.getAttribute("width") ?? 0))""",
        part,
    )
    return [round(length * longest / 100) for length in lengths]


def test_bars_of_a_board_show_the_numbers_of_their_tables_and_the_briefing(briefing, live_server, browser, manager):
    page = page_of(browser, live_server.url, manager)
    page.goto("/calls/R4-TRIAL/")

    for table in ("country", "field", "country_funder"):
        assert bars_of(page, table, "proposals") == written(page, table, "proposals-recorded")
    assert bars_of(page, "country", "proposals") == PRINTED_BY_COUNTRY
    assert written(page, "country", "proposals-published") == PRINTED_BY_COUNTRY
    assert written(page, "field", "proposals-published") == PRINTED_BY_FIELD
    assert bars_of(page, "field", "awards") == PRINTED_AWARDS_BY_FIELD
    assert page.locator("#country [data-series^=awards]").count() == 0  # which nobody published


def test_pictures_of_an_explored_tally_agree_with_its_table(briefing, live_server, browser, manager):
    page = page_of(browser, live_server.url, manager)
    page.goto("/explore/?call=R4-TRIAL&row=country")
    bars = drawn(page, "crossed")
    assert bars == {"proposals-recorded": written(page, "crossed", "proposals-recorded")}
    assert sorted(bars["proposals-recorded"]) == sorted(PRINTED_BY_COUNTRY)

    page.goto("/explore/?call=R4-TRIAL&row=country&column=funder&heat=on")
    cells = page.locator("#crossed tbody td:not(:last-child)")
    shades = cells.evaluate_all(
        "(cells) => cells.map((cell) => [Number(cell.innerText), getComputedStyle(cell).backgroundColor])"
    )
    in_order = [shade for _number, shade in sorted(shades, key=lambda pair: pair[0])]
    assert len(set(in_order)) > 2
    assert len([shade for shade, _same in itertools.groupby(in_order)]) == len(set(in_order))


def test_number_of_a_table_leads_to_exactly_its_rows(briefing, live_server, browser, manager):
    page = page_of(browser, live_server.url, manager)
    page.goto("/calls/R4-TRIAL/")

    page.locator("#country_funder tbody tr", has_text="NSF").get_by_role("link", name="10").click()

    expect(page.locator("main tbody tr")).to_have_count(10)


def test_keyboard_reaches_skip_link_sections_and_numbers(briefing, live_server, browser, manager):
    page = page_of(browser, live_server.url, manager)
    page.goto("/calls/R4-TRIAL/")
    reached = []

    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.getAttribute('href') ?? document.activeElement.className"))
    page.goto("/calls/R4-TRIAL/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert reached[0] == "#content"
    assert {"/", "/calls/", "/proposals/", "frame"} <= set(reached)
    assert any(re.fullmatch(r"/proposals/\?.*country=US.*", place) for place in reached)
    assert page.evaluate("document.activeElement.id") == "content"


def test_language_changes_with_one_click_and_stays_on_the_page(briefing, live_server, browser, manager):
    page = page_of(browser, live_server.url, manager)
    page.goto("/proposals/?call=R4-TRIAL&field=quantum")

    page.get_by_role("button", name="English").click()

    assert page.locator("html").get_attribute("lang") == "en"
    assert page.url.endswith("/proposals/?call=R4-TRIAL&field=quantum")


def test_failed_sign_in_keeps_the_name_and_says_what_to_do(live_server, browser, officer):
    page = visit(browser, live_server.url).new_page()

    sign_in(page, "aoki", "not her password")

    expect(page.get_by_role("alert")).to_be_visible()
    assert page.input_value("[name=login]") == "aoki"


def test_officer_signs_in_and_out_through_the_pages(live_server, browser, officer):
    page = visit(browser, live_server.url).new_page()

    sign_in(page, "aoki", PASSWORD)
    expect(page.locator(".account")).to_be_visible()
    page.locator(".account summary").click()
    page.locator(".account form button").click()

    expect(page.locator("[name=login]")).to_be_visible()


def test_costs_show_millions_and_what_is_left_as_one_types(demo, live_server, browser, officer):
    proposal = Proposal.objects.get(number="DEMO-OPEN-001")
    page = page_of(browser, live_server.url, officer, "en")
    page.goto(f"/admin/proposals/proposal/{proposal.pk}/change/")
    row = page.locator("#costs-0")

    row.locator("[name$=-direct_yen]").fill("77000000")
    row.locator("[name$=-indirect_yen]").fill("23000001")

    assert row.locator(".readable-yen").all_inner_texts() == ["¥77 million", "¥23 million"]
    assert row.locator(".field-total").inner_text() == "100,000,001"
    assert row.locator(".field-remaining").inner_text() == "1 over the ceiling"
    row.locator("[name$=-indirect_yen]").fill("23000000")
    assert row.locator(".field-remaining").inner_text() == "0"


def test_refused_record_lists_what_is_wrong_and_leads_there(demo, live_server, browser, officer):
    proposal = Proposal.objects.get(number="DEMO-OPEN-001")
    page = page_of(browser, live_server.url, officer)
    page.goto(f"/admin/proposals/proposal/{proposal.pk}/change/")

    page.fill("#id_title_ja", "書き直した課題名")
    page.fill("#id_costs-0-direct_yen", "100000001")
    page.click("[name=_save]")
    page.locator("[role=alert] li a").first.click()

    assert page.url.endswith("#costs-0")
    assert page.input_value("#id_title_ja") == "書き直した課題名"
    assert wrong_with(page) == []


def test_header_of_a_long_table_stays_in_sight_and_on_a_phone_each_cell_says_what_it_is(
    demo, live_server, browser, manager
):
    page = page_of(browser, live_server.url, manager)
    page.goto("/proposals/")
    page.locator("main tbody tr").nth(40).scroll_into_view_if_needed()
    expect(page.locator("main thead th").first).to_be_in_viewport()

    page.set_viewport_size(PHONE)
    page.goto("/proposals/")
    row = page.locator("main tbody tr").nth(40)
    row.scroll_into_view_if_needed()
    said = row.locator("td").evaluate_all("(cells) => cells.map((cell) => getComputedStyle(cell, '::before').content)")
    assert '"分野"' in said
    frame = page.locator(".frame:has(.stacks)")
    assert frame.evaluate(
        "(frame) => frame.scrollWidth <= frame.clientWidth && frame.scrollHeight <= frame.clientHeight"
    )


def test_paper_shows_tables_and_no_buttons(briefing, live_server, browser, manager):
    page = page_of(browser, live_server.url, manager)
    page.goto("/calls/R4-TRIAL/")

    page.emulate_media(media="print")

    expect(page.locator(".print-date")).to_be_visible()
    expect(page.locator("#country")).to_be_visible()
    for gone in (".site-header", ".breadcrumbs", ".actions", ".site-footer"):
        expect(page.locator(gone)).to_be_hidden()


def test_sheet_of_the_trial_call_fits_one_page_in_both_languages(briefing, live_server, browser, manager):
    for language in ("ja", "en"):
        page = page_of(browser, live_server.url, manager, language)
        page.goto("/calls/R4-TRIAL/print/")

        pages = re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))

        assert len(pages) == 1


def sheets_of(page: Page, path: str) -> list[tuple[int, int]]:
    """The sheets that a page takes on paper: width and height of each, in millimetres."""
    page.goto(path)
    printed = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    return [tuple(round(float(side) / 72 * 25.4) for side in sheet.mediabox[2:]) for sheet in printed.pages]


def test_board_takes_three_sheets_of_paper_and_a_heat_map_one_that_lies_on_its_side(
    demo, live_server, browser, manager
):
    page = page_of(browser, live_server.url, manager)

    for code in ("R4-TRIAL", "DEMO-RELEASED"):
        assert sheets_of(page, f"/calls/{code}/") == [(210, 297)] * 3
    assert sheets_of(page, "/explore/?row=field&column=country&heat=on") == [(297, 210)]
