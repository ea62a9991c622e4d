"""Who stays signed in, who is locked out, and what a browser may keep of a page."""

import time

import pytest
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse

from aspire.accounts.sessions import SEEN
from aspire.logs import address_of
from tests.factories import ProposalFactory

pytestmark = pytest.mark.django_db
SIGN_IN = "/accounts/login/"
TOO_MANY = "Too many failed login attempts"


def sign_in(client: Client, password: str, address: str, name: str = "endo"):
    asked = {"HTTP_ACCEPT_LANGUAGE": "en", "REMOTE_ADDR": address}
    return client.post(SIGN_IN, {"login": name, "password": password}, **asked)


def fail(name: str, address: str, times: int) -> None:
    for _ in range(times):
        sign_in(Client(), "wrong", address, name)


@pytest.fixture
def endo(administrator):
    administrator.set_password("right and long")
    administrator.save()
    return administrator


def test_failures_from_elsewhere_do_not_lock_an_accounts_owner_out(endo):
    for number in range(1, 5):
        fail("endo", f"203.0.113.{number}", times=5)

    answer = sign_in(Client(), "right and long", "198.51.100.1")

    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_five_failures_lock_an_account_for_the_address_they_came_from(endo):
    fail("endo", "203.0.113.1", times=5)

    answer = sign_in(Client(), "right and long", "203.0.113.1")

    assert answer.status_code == 200
    assert TOO_MANY in answer.content.decode()


def test_strangers_cannot_push_the_lock_of_an_account_out(endo):
    fail("endo", "203.0.113.1", times=5)
    cache.set_many({f"stranger-{number}": [number] for number in range(500)})

    answer = sign_in(Client(), "right and long", "203.0.113.1")

    assert TOO_MANY in answer.content.decode()


def test_who_does_nothing_for_an_hour_is_signed_out(client, officer, settings, monkeypatch):
    client.force_login(officer)
    client.get("/")
    begun, after = time.time(), settings.SESSION_COOKIE_AGE
    session = client.session
    session.set_expiry(0)
    session.save()

    monkeypatch.setattr("django.utils.timezone.now", lambda: at(begun + after - 60))
    still = client.get("/").status_code
    monkeypatch.setattr("django.utils.timezone.now", lambda: at(begun + after + 60))
    later = client.get("/").status_code

    assert (still, later) == (200, 302)


def at(moment: float):
    import datetime

    return datetime.datetime.fromtimestamp(moment, datetime.UTC)


def test_a_sign_of_life_is_written_down_from_time_to_time_only(client, officer, settings, monkeypatch):
    client.force_login(officer)
    client.get("/")
    first = client.session[SEEN]
    client.get("/")
    second = client.session[SEEN]
    monkeypatch.setattr("aspire.accounts.sessions.time.time", lambda: first + settings.SESSION_COOKIE_AGE / 2)
    client.get("/")

    assert (second, client.session[SEEN]) == (first, first + settings.SESSION_COOKIE_AGE // 2)


def test_nobodys_visit_leaves_a_session(client):
    client.get(SIGN_IN)

    assert SEEN not in client.session


@pytest.mark.parametrize("page", ["/", "/proposals/", "/proposals/export.csv", "/imports/", SIGN_IN])
def test_no_browser_keeps_a_page_or_a_file(client, officer, page):
    ProposalFactory()
    client.force_login(officer)

    answer = client.get(page)

    assert answer["Cache-Control"] == "private, no-store" or "no-store" in answer["Cache-Control"]
    assert "camera=()" in answer["Permissions-Policy"]


def test_a_board_is_asked_for_anew_each_time_and_never_kept_by_a_proxy(client, officer):
    call = ProposalFactory().call
    client.force_login(officer)

    answer = client.get(reverse("boards:board", args=[call.code]))

    assert answer["Cache-Control"] == "private, no-cache"


def test_an_address_that_cannot_be_told_is_the_nearest_ones(settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2

    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.7", HTTP_X_FORWARDED_FOR="198.51.100.1")

    assert address_of(request) == "192.0.2.7"
