"""What a machine reads of what happened: who, when, what, how long; never what people wrote."""

import json
import logging
import logging.config

import pytest
from django.db import connection, transaction

from aspire.logs import RequestId
from aspire.refusals import from_error
from tests.aspire.test_settings import SAFE, started
from tests.factories import ProposalFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines(caplog):
    """What the two logs got."""
    for name in ("aspire.requests", "aspire.security"):
        caplog.set_level(logging.INFO, name)

    def found(name: str) -> list[logging.LogRecord]:
        return [record for record in caplog.records if record.name == f"aspire.{name}"]

    return found


def test_each_request_is_a_line_that_says_who_and_how_long(client, officer, lines):
    client.force_login(officer)

    answer = client.get("/proposals/?q=secret", headers={"X-Request-ID": "proxy-12345678"})
    line = lines("requests")[-1]

    assert (line.user_id, line.roles, line.method, line.path) == (officer.pk, ["officer"], "GET", "/proposals/")
    assert (line.status, line.address, answer["X-Request-ID"]) == (200, "127.0.0.1", "proxy-12345678")
    assert line.queries > 3
    assert line.ms > 0


def test_a_request_of_nobody_says_so(client, lines):
    client.get("/accounts/login/")

    assert (lines("requests")[-1].user_id, lines("requests")[-1].roles) == (None, [])


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "a b c d e f g"])
def test_a_request_without_a_usable_identifier_gets_one(client, given):
    answer = client.get("/accounts/login/", headers={"X-Request-ID": given})

    assert len(answer["X-Request-ID"]) == 32


def test_a_load_balancers_question_is_no_line(client, lines):
    client.get("/healthz")

    assert lines("requests") == []


def test_signing_in_and_out_and_failing_to_are_events(client, officer, lines):
    officer.set_password("right and long")
    officer.save()
    client.post("/accounts/login/", {"login": "aoki", "password": "my secret"})
    client.post("/accounts/login/", {"login": "aoki", "password": "right and long"})
    client.post("/accounts/logout/")

    events = lines("security")

    assert [event.message for event in events] == ["sign_in_failed", "signed_in", "signed_out"]
    assert events[1].user_id == events[2].user_id == officer.pk
    assert "my secret" not in str([event.__dict__ for event in events])
    assert "aoki" not in str([event.__dict__ for event in events])


def test_a_lock_is_an_event(client, lines):
    for _ in range(6):
        client.post("/accounts/login/", {"login": "nobody", "password": "wrong"})

    assert [event.message for event in lines("security")].count("sign_in_locked") == 1


def test_a_page_that_is_refused_is_an_event_with_the_persons_number(client, visitor, lines):
    client.force_login(visitor)
    client.get("/fund/")

    refused = lines("security")[-1]

    assert (refused.message, refused.user_id, refused.page) == ("page_refused", visitor.pk, "fund:index")


def test_a_write_that_is_refused_is_an_event_with_the_rules_name(lines):
    proposal = ProposalFactory()
    with pytest.raises(Exception) as caught, transaction.atomic(), connection.cursor() as cursor:  # noqa: PT011
        cursor.execute("UPDATE proposals_proposal SET ends_on = starts_on - 1 WHERE id = %s", [proposal.pk])

    name = from_error(caught.value).name

    assert (lines("security")[-1].message, lines("security")[-1].rule) == ("write_refused", name)


def test_production_writes_one_json_object_a_line(monkeypatch, capsys):
    declared = started(monkeypatch, **SAFE)["LOGGING"]
    formatter = logging.config.DictConfigurator(declared).configure_formatter(declared["formatters"]["json"])
    record = logging.makeLogRecord({"name": "aspire.requests", "levelname": "INFO", "msg": "request", "path": "/提案/"})
    RequestId().filter(record)

    line = json.loads(formatter.format(record))

    assert {"at", "level", "logger", "message", "path", "request_id"} <= line.keys()
    assert (line["logger"], line["path"]) == ("aspire.requests", "/提案/")
