"""``python -m tests.screenshots``: every page as a picture, for a desk and for a phone, into ``var/screenshots``.

Runs the site on the demonstration data of its own database (``DATABASE_URL``, else the embedded engine). Each page is
also taken in the colours of the system and on paper, sheet by sheet where pdftoppm (Debian: poppler-utils) is
installed; ``index.html`` shows all of them. The pictures of README and guides are renewed.

``python -m tests.screenshots 0 1 100000`` takes only the boards of calls with so many proposals (``BENCH-100000``),
which it makes for the purpose and leaves there.
"""

import datetime
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.test.utils import override_settings
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.chromium import DESK, PHONE, PROGRAM, launched, sign_in, visit

PASSWORD = "aspire-demo"
REVISED = " (revised)"
PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
COLOURS = 64  # of a picture in a guide
IN_GUIDES = {
    "officer": ("officer", "/"),
    "manager": ("manager", "/"),
    "reviewer": ("reviewer", "/review/DEMO-REVIEW-079/"),
    "decide": ("officer", "/awards/DEMO-DECIDING/"),
    "board": ("manager", "/calls/R4-TRIAL/"),
}
TARGET = Path(__file__).resolve().parent.parent / "var" / "screenshots"
PAGES = {
    "": ["/accounts/login/", "/accounts/password/reset/"],
    "manager": [
        "/",
        "/calls/",
        "/calls/R4-TRIAL/",
        "/calls/R4-TRIAL/print/",
        "/calls/ASPIRE/",
        "/calls/DEMO-OPEN/",
        "/calls/DEMO-RELEASED/",
        "/calls/compare/?a=R4-TRIAL&b=DEMO-RELEASED",
        "/explore/?row=institution&measure=requested_yen",
        "/explore/?row=field&column=country&heat=on",
        "/explore/?call=R4-TRIAL&row=country&column=field",
        "/explore/keep/?row=field",
        "/fund/",
        "/briefings/",
        "/briefings/freeze/DEMO-RELEASED/",
        "/awards/",
        "/awards/DEMO-DECIDING/",
        "/awards/DEMO-DECIDING/packet/",
        "/awards/DEMO-DECIDING/packet/result/",
        "/search/?q=%E9%87%8F%E5%AD%90",
        "/calls/DEMO-REVIEW/",
        "/partners/",
        "/partners/GB/",
        "/partners/US/US-NSF/",
        "/proposals/",
        "/proposals/?call=R4-TRIAL&status=counted&country=US",
        "/proposals/?call=NONE&colour=red",
        "/proposals/?q=nothing-like-it",
        "/proposals/R4-TRIAL-R01/",
        "/proposals/DEMO-RELEASED-001/",
        "/accounts/password/change/",
        "/nowhere/",
    ],
    "reviewer": ["/review/", "/review/DEMO-REVIEW-079/"],
    "officer": [
        "/",
        "/calls/DEMO-REVIEW/stage/",
        "/calls/DEMO-REVIEW/assignments/",
        "/calls/DEMO-REVIEW/conflicts/",
        "/awards/DEMO-DECIDING/what-if/",
        "/proposals/new/?call=DEMO-OPEN",
        "/proposals/follow-ups/",
        "/partners/institutions/",
        "/proposals/DEMO-DECIDING-005/timeline/",
        "/proposals/import/?call=DEMO-OPEN",
        "/proposals/export.csv?call=DEMO-OPEN&encoding=cp932",
        "/admin/",
        "/admin/proposals/proposal/",
        "/admin/proposals/proposal/add/",
    ],
    "admin": ["/", "/admin/auth/user/"],
}


class Silent(WSGIRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Pictures need no log of their requests."""


@contextmanager
def serving() -> Iterator[str]:
    """The site on a free port of this machine, with its demonstration data and its files as they lie."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.wsgi import get_wsgi_application

    files = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    for command in (["migrate"], ["load_briefing"], ["load_demo"]):
        call_command(*command, verbosity=0)
    with override_settings(STORAGES=files):
        server = ThreadedWSGIServer(("127.0.0.1", 0), Silent)
        server.set_app(StaticFilesHandler(get_wsgi_application()))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def records() -> list[str]:
    """The forms of one proposal and one call, whose addresses are known only once they are loaded."""
    from calls.models import Call
    from proposals.record.models import Proposal

    proposal, call = Proposal.objects.get(number="DEMO-OPEN-001"), Call.objects.get(code="R4-TRIAL")
    return [f"/admin/proposals/proposal/{proposal.pk}/change/", f"/admin/calls/call/{call.pk}/change/"]


def sent() -> list[str]:
    """An officer's files on their way in: blocked, changing something, changing nothing, being checked, and saved."""
    from django.contrib.auth.models import User
    from django.utils import timezone

    from aspire.models import Upload
    from aspire.sheets import running
    from calls.models import Call
    from proposals.intake.resource import ProposalResource
    from proposals.record.models import Proposal

    officer, call = User.objects.get(username="officer"), Call.objects.get(code="DEMO-OPEN")
    first, second = Proposal.objects.filter(number__in=["DEMO-OPEN-001", "DEMO-OPEN-002"]).order_by("number")
    retitled = second.title_en.removesuffix(REVISED) if second.title_en.endswith(REVISED) else second.title_en + REVISED
    header, same = "number,title_en,field,researcher_number\r\n", f'{first.number},"{first.title_en}",,\r\n'
    files = {
        "blocked.csv": f"{header}{first.number},,alchemy,１２３\r\nDEMO-OPEN-999,,,\r\n",
        "changes.csv": f'{header}{first.number},"{first.title_en}{REVISED}",,１２３45678\r\n',
        "same.csv": header + same,
        "running.csv": header + same,
        "twins.csv": twins(first),
        "columns.csv": "Vorhaben,Leitung,Einrichtung\r\n量子網,青木 花子,東都大学\r\n光格子,佐藤 一郎,西都大学\r\n",
        "saved.csv": f'{header}{second.number},"{retitled}",,\r\n',
    }
    uploads = {
        file_name: running.receive(text.encode(), kind=ProposalResource(call), by=officer, file_name=file_name)
        for file_name, text in files.items()
    }
    record = running.confirm(uploads.pop("saved.csv"), by=officer)
    distant = timezone.now() + datetime.timedelta(hours=1)
    Upload.objects.filter(pk=uploads["running.csv"].pk).update(state="checking", plan=None, done=1500, beat_at=distant)
    previews = [f"/imports/files/{upload.pk}/#{file_name}" for file_name, upload in uploads.items()]
    return [*previews, f"/imports/records/{record.pk}/"]


def twins(proposal: Any) -> str:
    """A file whose first row is there already, and whose second is new and has a doubtful number."""
    header = "number,title_ja,title_en,pi_name,researcher_number,institution,field,funder,starts_on,ends_on"
    who = f"{proposal.principal_investigator},{proposal.researcher_number},{proposal.institution}"
    what = f"{proposal.field.code},{proposal.primary_funder.code},{proposal.starts_on},{proposal.ends_on}"
    new = ",新しい量子中継の国際共同研究,New quantum repeaters,新田 未来,10123456,東都大学"
    return f"{header}\r\n,{proposal.title_ja},Another,{who},{what}\r\n{new},{what}\r\n"


def name(path: str) -> str:
    """What a picture is called: an upload by its file."""
    return re.sub(r"\W+", "-", re.sub(r"[0-9a-f]{8}-[-0-9a-f]+/#", "", path)).strip("-") or "home"


def printed(page: Page, picture: Path) -> None:
    """The page as it leaves the printer, one picture a sheet."""
    page.emulate_media(media="print")
    page.pdf(path=picture.with_suffix(".pdf"), prefer_css_page_size=True)
    page.emulate_media(media="screen")
    if shutil.which("pdftoppm"):
        subprocess.run(["pdftoppm", "-r", "70", "-png", picture.with_suffix(".pdf"), picture], check=True)


def main() -> None:
    if PROGRAM is None:
        sys.exit("No Chromium on this machine (Debian: apt install chromium), so there are no pictures.")
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    with serving() as address:
        pages = {**PAGES, "officer": [*PAGES["officer"], *records(), *sent()]}
        if sizes := [int(word) for word in sys.argv[1:]]:
            pages = {"manager": boards_of(sizes)}
        with launched() as browser:
            take(browser, address, pages)
            contact_sheet()
            if not sizes:
                illustrate(browser, address)
    sys.stdout.write(f"{len(list(TARGET.glob('*.png')))} pictures in {TARGET}\n")


def contact_sheet() -> None:
    """All pictures side by side on one page, to be looked at."""
    figures = "".join(
        f'<figure><a href="{picture.name}"><img src="{picture.name}" width="300" loading="lazy" alt=""></a>'
        f"<figcaption>{picture.stem}</figcaption></figure>"
        for picture in sorted(TARGET.glob("*.png"))
    )
    style = (
        "body{display:flex;flex-wrap:wrap;gap:16px}figure{width:300px;margin:0}img{max-height:500px;object-fit:cover}"
    )
    page = f'<!doctype html><meta charset="utf-8"><title>Pictures</title><style>{style}</style>{figures}'
    (TARGET / "index.html").write_text(page, encoding="utf-8")


def illustrate(browser: Browser, address: str) -> None:
    """The pictures of README and guides, as large as a window and in few colours."""
    PICTURES.mkdir(exist_ok=True)
    for language in ("ja", "en"):
        for picture, (username, path) in IN_GUIDES.items():
            context = visit(browser, address, language)
            page = context.new_page()
            page.set_viewport_size(DESK)
            sign_in(page, username, PASSWORD)
            page.goto(path)
            if picture == "decide":
                for place in range(3):
                    page.locator("input[name=pick]").nth(place).focus()
                    page.keyboard.press("Space")
                page.locator(".act-bar__rehearsal > *").wait_for()
            taken = PICTURES / f"{picture}.{language}.png"
            page.screenshot(path=taken)
            Image.open(taken).quantize(COLOURS).save(taken, optimize=True)
            context.close()


def boards_of(sizes: list[int]) -> list[str]:
    """The boards of calls with so many proposals, made where they are not there yet."""
    from calls.models import Call
    from tests.bench.rows import AWARDS, make_call

    there = set(Call.objects.values_list("code", flat=True))
    for size in sizes:
        if f"BENCH-{size}" not in there:
            make_call(f"BENCH-{size}", size, parts=[AWARDS])
    return [f"/calls/BENCH-{size}/" for size in sizes]


def take(browser: Browser, address: str, pages: dict[str, list[str]]) -> None:
    """Every page in both languages, on both screens, in the colours of the system, and on paper."""
    for language in ("ja", "en"):
        for username, paths in pages.items():
            context = visit(browser, address, language)
            page = context.new_page()
            if username:
                sign_in(page, username, PASSWORD)
            for path in paths:
                begins = f"{language}-{username or 'visitor'}-{name(path)}"
                for size in (DESK, PHONE):
                    page.set_viewport_size(size)
                    page.goto(path)
                    page.screenshot(path=TARGET / f"{begins}-{size['width']}.png", full_page=True)
                page.set_viewport_size(DESK)
                page.emulate_media(forced_colors="active", color_scheme="dark")
                page.screenshot(path=TARGET / f"{begins}-forced.png", full_page=True)
                page.emulate_media(forced_colors="none", color_scheme="light")
                printed(page, TARGET / f"{begins}-print")
            context.close()


if __name__ == "__main__":
    os.environ.setdefault("ASPIRE_MODE", "local")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aspire.settings")
    django.setup()
    main()
