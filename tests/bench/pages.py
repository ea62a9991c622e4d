"""The pages that people open in the morning, each against the page of ``base.html``, beside all the other proposals."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse

from aspire import permissions
from calls.models import Call
from proposals.record.models import Proposal
from proposals.record.trigrams import has_index
from tests.bench.measuring import Line, medians

ROUNDS = 11
BASE = "page of base.html"
OPENED_BY_ANYONE = ("bench_base", permissions.SIGNED_IN)


@contextmanager
def with_base_page() -> Iterator[None]:
    """While the site has a page of ``base.html`` alone."""
    permissions.TABLE.append(OPENED_BY_ANYONE)
    try:
        with override_settings(ROOT_URLCONF="tests.bench.urls"):
            yield
    finally:
        permissions.TABLE.remove(OPENED_BY_ANYONE)


def page(username: str, url: str) -> Callable[[], object]:
    """Ask for a page as that person."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(username=username))

    def ask() -> None:
        response = client.get(url)
        assert response.status_code == 200, (url, response.status_code, response.headers.get("Location"))

    return ask


def base_page(username: str = "manager") -> Callable[[], object]:
    return page(username, reverse("bench_base"))


def morning(great: Call) -> dict[str, tuple[str, str, float | None]]:
    """By what each is called: who opens it, its address, and at most how many times the page of ``base.html``."""
    proposals, of_great = reverse("proposals:list"), f"{reverse('proposals:list')}?call={great.code}"
    one = great.proposals.order_by("-number").values_list("number", flat=True)[0]
    board = "boards:board"
    return {
        "home, manager": ("manager", reverse("home"), 10),
        "home, officer": ("officer", reverse("home"), 12),
        "calls": ("manager", reverse("boards:index"), 4),
        **{
            f"board of {code}": ("manager", reverse(board, args=[code]), 10)
            for code in ("DEMO-OPEN", "DEMO-REVIEW", "DEMO-DECIDING", "DEMO-RELEASED", great.code)
        },
        "fund": ("manager", reverse("fund:index"), 9),
        "partners": ("manager", reverse("partnerships:index"), 9),
        "explore": ("manager", reverse("explore:index"), 9),
        "briefings": ("manager", reverse("briefings:index"), 4),
        "awards": ("manager", reverse("awards:index"), 4),
        "proposals": ("manager", proposals, 8),
        f"proposals of {great.code}": ("manager", of_great, 8),
        f"last page of {great.code}": ("manager", f"{of_great}&last=1", 8),
        # Without an index every proposal is read, as the page says.
        "search with one hit": ("manager", f"{proposals}?q={one}", 15 if has_index() else None),
        "one proposal": ("manager", reverse("proposals:detail", args=[one]), 5),
        "imports": ("officer", reverse("sheets:index"), 4),
        "records of proposals": ("officer", reverse("admin:proposals_proposal_changelist"), 15),
        "desk of a reviewer": ("reviewer", reverse("review:desk"), 15),
    }


def measure(great: Call) -> list[Line]:
    """``great``: the call that has the most."""
    pages = morning(great)
    works = {BASE: base_page(), **{name: page(who, address) for name, (who, address, _goal) in pages.items()}}
    taken = medians(works, rounds=ROUNDS)
    beside = f"beside {Proposal.objects.count():,}"
    return [Line(f"{name}, {beside}", taken[name], BASE, taken[BASE], pages[name][2]) for name in pages]


def asked(ask: Callable[[], object]) -> int:
    """How many statements a page takes when it is asked for again."""
    ask()
    with CaptureQueriesContext(connection) as statements:
        ask()
    return len(statements)
