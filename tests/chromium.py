"""A real Chromium for tests and pictures: how it starts, how people sign in, and what is wrong with a page."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

PROGRAM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
NOTE_STOPPED = """
    window.stopped = [];
    document.addEventListener("securitypolicyviolation", (event) =>
        window.stopped.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""
FIND = """async () => {
    const found = await axe.run(document, { preload: false, resultTypes: ["violations"] });
    return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 200)).join(" ")}`);
}"""


@contextmanager
def launched() -> Iterator[Browser]:
    """The browser, as long as the block lasts."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        yield browser
        browser.close()


def visit(browser: Browser, address: str, language: str = "ja") -> BrowserContext:
    """A visit in Tokyo, in the given language, by nobody yet."""
    visit = browser.new_context(
        base_url=address, locale=language, timezone_id="Asia/Tokyo", viewport=DESK, device_scale_factor=1
    )
    visit.add_cookies([{"name": "django_language", "value": language, "url": address}])
    visit.add_init_script(NOTE_STOPPED + AXE)
    return visit


def sign_in(page: Page, username: str, password: str) -> None:
    """Through the form, as people do."""
    page.goto("/accounts/login/")
    page.fill("[name=login]", username)
    page.fill("[name=password]", password)
    page.click("main button")


def wrong_with(page: Page) -> list[str]:
    """What is wrong with the page as it stands, in words; empty where nothing is. Its width is judged twice."""
    size = page.viewport_size or DESK
    found = page.evaluate(FIND)
    for screen in (DESK, PHONE):
        page.set_viewport_size(screen)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append(f"is wider than {screen['width']} pixels")
    page.set_viewport_size(size)
    return [*found, *page.evaluate("window.stopped")]


EXPECTED = {"/nowhere/": 404, "/proposals/export.csv?call=DEMO-OPEN&encoding=cp932": 409}


def findings(page: Page, path: str) -> list[str]:
    """What is wrong with the page at an address, troubles of its scripts included."""
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text) if "Security" in message.text else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    answer = page.goto(path)
    if answer is None or answer.status != EXPECTED.get(path, 200):
        troubles.append(f"answers {answer and answer.status}")
    return [f"{path} {finding}" for finding in [*wrong_with(page), *troubles]]
