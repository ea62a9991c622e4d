"""Nothing that is sent to any address makes a server error: every page, odd values, methods and content types.

Addresses come from the URLconf, and the words of a question are those that the page has been heard to look for: a new
page is fuzzed by itself. The seed is fixed, and what a request changed is taken back after it.
"""

import json
import random
import re
import traceback
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import django_filters
import pytest
from django import forms
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import got_request_exception
from django.db import connection, transaction
from django.http import QueryDict
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from aspire.permissions import ANYONE, allowed, may_open
from aspire.roles import Role
from aspire.sheets.kinds import KINDS
from aspire.sheets.running import receive
from calls.models import Call
from partners.models import Funder
from proposals.intake.resource import ProposalResource
from proposals.record.models import Briefing, Proposal
from tests.effort import IS_SWEEP, tries

pytestmark = [pytest.mark.usefixtures("demonstration"), pytest.mark.django_db]
SEED = 20230427
Words = set[str]
ROOMS = ["aspire", "partners", "calls", "proposals"]
PEOPLE = {Role.OFFICER: "officer", Role.MANAGER: "manager", Role.REVIEWER: "reviewer", Role.ADMINISTRATOR: "admin"}
# Who may do most and least asks in every run, the others in a sweep.
SELDOM = [pytest.param(role, marks=pytest.mark.sweep) for role in (Role.MANAGER, Role.ADMINISTRATOR)]
TIMES = tries(1, sweep=3)  # that a page is sent a question, or a form, of several words
SERVER_ERROR = 500
MAY_SAY_NO = "readyz"  # by 503, which is its answer: no worker lives beside the tests
NUMBERS = ["0", "-1", "1", "1.5", "1e400", "1e49", "9" * 19, "9" * 25, "9" * 5_000, "NaN", "Infinity", "１２", "٣", "²"]
DAYS = ["0001-01-01", "9999-12-31", "2026-13-45", "-1-1-1", "9999-12-31T23:59:59", "10000-01-01", "24:00", "2026-11-23"]
TEXTS = [
    *("", " ", "x", "令9/第5号", "é", "\u2028", "\u202e", "\x7f", "\ufffd", "\U0010ffff", "a" * 5_000, "<b>"),
    *("'\"--", "%", "{}", "1,2", "a~b", "~", "-9~x", "9" * 25 + "~x", "[]", "true", "None", "../..", "//x", "compare"),
    *("*", "\r\n", "\\", "_", "bio", "US", "US-NSF", "DEMO-OPEN", "DEMO-DECIDING", "ja", "csv"),
]
ODD = [*NUMBERS, *DAYS, *TEXTS]
METHODS = ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "x"]
RAW = ["%ff%fe", "%", "%u1234", "%00", "a&&=&b", ";", "=" * 50, "x" * 9_000]
BODIES: list[tuple[str, bytes]] = [
    ("application/x-www-form-urlencoded; charset=utf-7", b"a=%2BACY-"),
    ("application/x-www-form-urlencoded; charset=nope", b"a=1"),
    ("application/x-www-form-urlencoded", b"\xff\xfe=%ff&=&&a"),
    ("multipart/form-data", b"a=1"),
    (
        "multipart/form-data; boundary=x",
        b"--x\r\nContent-Disposition: form-data; name=" + b"a" * 9_000 + b"\r\n\r\n--x--",
    ),
    ("multipart/form-data; boundary=\xe9".encode("latin-1").decode("latin-1"), b"--x"),
    ("application/json", b'{"a": [1, null, NaN'),
    ("application/json; charset=utf-16", json.dumps({"a": 1}).encode("utf-16")),
    ("text/plain", b"\x00\xff"),
    ("", b"a=1"),
    ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(1_200))),
]


# --- what there is to ask ---------------------------------------------------------------------------------------------


def pages(resolver: URLResolver, before: str = "/", namespace: str = "") -> Iterator[tuple[str, str]]:
    """Every address of the site by its name, with ``<…>`` for what stands in it."""
    for pattern in resolver.url_patterns:
        written = str(pattern.pattern)
        if not isinstance(pattern.pattern, RoutePattern):
            written = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", written).strip("^$").replace("\\", "")
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from pages(pattern, before + written, inner)
        elif isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}", before + written


def kinds_of_words() -> dict[str, list[str]]:
    """What is most likely to be mistaken in a word that some form or filter reads; forms name every other word too."""
    found = {}
    for kind in [*subclasses(forms.BaseForm), *subclasses(django_filters.FilterSet)]:
        if kind.__module__.split(".")[0] in ROOMS:
            fields = dict(getattr(kind, "base_fields", {}))
            fields |= {name: chosen.field for name, chosen in getattr(kind, "base_filters", {}).items()}
            found |= {name: values_for(field) for name, field in fields.items()}
    return found


def values_for(field: forms.Field) -> list[str]:
    if isinstance(field, forms.DateField | forms.DateTimeField):
        return DAYS
    if isinstance(field, forms.IntegerField | forms.DecimalField):
        return NUMBERS
    if type(field) is forms.ChoiceField and not callable(field.choices):
        return [*(str(value) for value, _label in field.choices), *TEXTS[:3]]
    return ODD


def subclasses(kind: type) -> Iterator[type]:
    for inner in kind.__subclasses__():
        yield inner
        yield from subclasses(inner)


KINDS_OF_WORDS = kinds_of_words()


# --- the requests -----------------------------------------------------------------------------------------------------


class Fuzz:
    """Requests in the name of one person, the same in every run."""

    def __init__(self, by: User, role: str) -> None:
        self.chance, self.is_thorough = random.Random(f"{SEED} {role}"), IS_SWEEP
        proposals = list(Proposal.objects.order_by("number").values_list("number", flat=True))
        upload = receive(
            b"number,title_ja\n,x\n",
            kind=ProposalResource(Call.objects.get(code="DEMO-OPEN")),
            by=by,
            file_name="x.csv",
        )
        self.sound: dict[str, list[str]] = {
            "code": [*Call.objects.values_list("code", flat=True), *Briefing.objects.values_list("code", flat=True)],
            "number": [proposals[place] for place in range(0, len(proposals), 40)],
            "alpha2": ["US", "GB"],
            "funder": list(Funder.objects.values_list("code", flat=True))[:5],
            "form": ["csv", "json"],
            "kind": list(KINDS),
            "pk": ["1", str(upload.pk)],
            "url": ["nope"],
            "key": ["x"],
            "uidb36": ["1"],
        }

    def value(self, name: str, address: str) -> str:
        """Mostly what exists, so that the page behind it is reached."""
        if name in ("object_id", "content_type_id", "id", "app_label"):
            return self.chance.choice(["1", *(["proposals"] if name == "app_label" else [])])
        if name == "pk" and "uuid:" in address:
            return self.sound["pk"][-1]
        return self.chance.choice(self.sound.get(name, ["1"]))

    def place(self, route: str, odd: str | None = None) -> str:
        """The address with something in each of its places, in one of them an odd thing."""
        places = re.findall(r"<(?:\w+:)?(\w+)>", route)
        strange = self.chance.choice(places) if places and odd is not None else None

        def filled(place: re.Match[str]) -> str:
            if place[1] == strange:
                return quote(str(odd), safe="")
            return self.value(place[1], place[0])

        return re.sub(r"<(?:\w+:)?(\w+)>", filled, route)

    def requests(self, route: str, words: Words, *, is_open: bool) -> Iterator[dict[str, Any]]:
        """What is sent to one address; ``words`` are filled meanwhile with what its page has asked for."""
        yield {"method": "GET", "path": self.place(route)}
        content_type, body = self.chance.choice(BODIES)
        yield {"method": "POST", "path": self.place(route), "body": body, "content_type": content_type}
        if "<" in route:
            yield {"method": "GET", "path": self.place(route, self.chance.choice(ODD))}
        if not is_open:
            return
        yield {"method": "GET", "path": f"{self.place(route)}?{self.chance.choice(RAW)}"}
        yield {"method": self.chance.choice(METHODS), "path": self.place(route)}
        singly = [{name: value} for name in sorted(words) for value in self.values(name)]
        for question in singly if self.is_thorough else self.chance.sample(singly, min(TIMES, len(singly))):
            yield {"method": "GET", "path": f"{self.place(route)}?{urlencode(question)}"}
        for _ in range(TIMES):
            yield {"method": "GET", "path": f"{self.place(route)}?{urlencode(self.question(words))}"}
        words.clear()
        yield {"method": "POST", "path": self.place(route), "form": {}}
        for _ in range(TIMES):
            yield {"method": "POST", "path": self.place(route), "form": self.question(words)}

    def values(self, name: str) -> list[str]:
        """Every odd number or day where one is asked for, some of the odd texts elsewhere."""
        known = KINDS_OF_WORDS.get(name, ODD)
        return known if known in (DAYS, NUMBERS) else self.chance.sample(known, min(3, len(known)))

    def question(self, words: Words) -> dict[str, str]:
        return {name: self.chance.choice(KINDS_OF_WORDS.get(name, ODD)) for name in sorted(words)}


def send(client: Client, request: dict[str, Any]) -> Any:
    if "form" in request:
        return client.post(request["path"], request["form"] | {"file": SimpleUploadedFile("x.csv", b"number\nx")})
    body, content_type = request.get("body", b""), request.get("content_type", "application/octet-stream")
    return client.generic(request["method"], request["path"], body, content_type=content_type)


@pytest.fixture
def words(monkeypatch) -> Words:
    """The words that pages look for in their address or form, as they do."""
    heard: Words = set()
    found, found_all = QueryDict.__getitem__, QueryDict.getlist

    def one(asked: Any, name: str) -> Any:
        heard.update({name} if isinstance(name, str) else ())
        return found(asked, name)

    def every(asked: Any, name: str, default: Any = None) -> Any:
        heard.update({name} if isinstance(name, str) else ())
        return found_all(asked, name, default)

    def whether(asked: Any, name: Any) -> bool:
        heard.update({name} if isinstance(name, str) else ())
        return dict.__contains__(asked, name)

    for method, listening in (("__getitem__", one), ("getlist", every), ("__contains__", whether)):
        monkeypatch.setattr(QueryDict, method, listening, raising=False)
    return heard


@pytest.fixture
def exceptions() -> Iterator[list[str]]:
    """What no page caught."""
    caught: list[str] = []

    def told(request: Any, **_: Any) -> None:
        caught.append(f"{request.method} {request.get_full_path()[:300]}: {traceback.format_exc(limit=-4)}")

    got_request_exception.connect(told)
    yield caught
    got_request_exception.disconnect(told)


@pytest.mark.more
@pytest.mark.parametrize("role", [Role.OFFICER, Role.REVIEWER, *SELDOM], ids=str)
def test_whatever_is_sent_to_any_address_is_no_server_error(role, words, exceptions, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)  # a refused statement ends no transaction
    by = User.objects.get(username=PEOPLE[role])
    client, fuzz = Client(raise_request_exception=False), Fuzz(by, role)
    client.force_login(by)
    failed, sent = [], 0

    for name, route in pages(get_resolver()):
        words.clear()
        for request in fuzz.requests(route, words, is_open=allowed(name) == ANYONE or may_open(name, by)):
            with transaction.atomic():
                answer = send(client, request)
                transaction.set_rollback(True)
            sent += 1
            if answer.status_code >= SERVER_ERROR and name != MAY_SAY_NO:
                failed.append((answer.status_code, request["method"], request["path"][:300]))

    assert (failed, exceptions) == ([], [])
    assert sent > 500
