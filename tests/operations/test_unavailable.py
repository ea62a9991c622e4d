"""While the database cannot serve, every page is one page that says so, and the log has one line."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.db import InterfaceError, OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client

from aspire.accounts import sessions
from aspire.operations import unavailable
from aspire.operations.unavailable import NO_ANSWER, REASONS, reason_of
from aspire.refusals import from_error

PLACE = "aspire.operations.unavailable"


@pytest.fixture(autouse=True)
def no_incident_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unavailable, "_last_met", {})


@pytest.fixture
def gone(transactional_db: None) -> Iterator[None]:
    """The database that the settings name is not there."""
    name = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = "no_such_database"
    yield
    connection.close()
    connection.settings_dict["NAME"] = name


@pytest.fixture
def visitor_client() -> Client:
    """A browser whose session is known, so that every page asks the database who it is."""
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = "a" * 32
    return client


@pytest.mark.parametrize("address", ["/", "/proposals/", "/accounts/login/", "/admin/"])
def test_every_page_answers_503_while_the_database_is_gone(gone: None, visitor_client: Client, address: str) -> None:
    answer = visitor_client.get(address, headers={"accept-language": "en"})

    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert "ASPIRE cannot answer at the moment" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert "Content-Security-Policy" in answer


def test_page_is_japanese_for_who_reads_japanese(gone: None, visitor_client: Client) -> None:
    assert "現在、ASPIREは応答できません" in visitor_client.get("/").content.decode()


def test_incident_is_one_line_in_the_log_and_no_traceback(
    gone: None, visitor_client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        visitor_client.get("/proposals/")

    (record,) = caplog.records
    assert (record.name, record.levelno, record.exc_info) == (PLACE, logging.ERROR, None)
    assert record.getMessage().startswith(NO_ANSWER)
    assert "\n" not in record.getMessage()


@pytest.mark.django_db(transaction=True)
def test_pages_are_there_again_when_the_database_is(
    visitor_client: Client, officer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor_client.force_login(officer)
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "NAME", "no_such_database")
        during = visitor_client.get("/proposals/").status_code
    connection.close()

    assert (during, visitor_client.get("/proposals/").status_code) == (503, 200)


def test_database_that_goes_while_an_answer_is_finished_is_no_bad_request(
    client: Client, officer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall(store: Any, **options: Any) -> None:
        raise OperationalError from psycopg.OperationalError("the connection is lost")

    client.force_login(officer)
    session = client.session
    session[sessions.SEEN] = 0  # so that this request writes the sign of life down
    session.save()
    client.raise_request_exception = False
    monkeypatch.setattr(Session, "save", fall)

    assert client.get("/partners/").status_code == 503


def test_session_that_was_ended_meanwhile_is_told_to_its_request(client: Client, officer: Any) -> None:
    client.force_login(officer)
    session = client.session
    Session.objects.all().delete()

    with pytest.raises(UpdateError):
        session.save()


def raised_by(statement: str) -> Exception:
    """What Django raises where PostgreSQL answers so."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except Exception as error:
        return error
    raise AssertionError(statement)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "state", ["57014", "55P03", "53300", "53100", "57P01", "40P01", "40001", "08006", "25P03", "25006", "58030"]
)
def test_states_of_an_incident_are_known(state: str) -> None:
    statement = f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$"

    assert reason_of(raised_by(statement)) == REASONS.get(state, REASONS.get(state[:2]))


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["SELECT 1 / 0", "SELEC", "SELECT * FROM nowhere", "FETCH nothing"])
def test_fault_of_a_statement_is_no_incident(statement: str) -> None:
    assert reason_of(raised_by(statement)) == ""


def test_connection_that_was_closed_is_an_incident() -> None:
    assert reason_of(InterfaceError("connection already closed")) == NO_ANSWER
    assert reason_of(psycopg.OperationalError("server closed the connection unexpectedly")) == NO_ANSWER
    assert reason_of(psycopg.OperationalError("FATAL: sorry, too many clients already")) == REASONS["53300"]
    assert reason_of(ValueError("x")) == ""
    assert reason_of(None) == ""


@pytest.mark.django_db
def test_refusal_of_a_rule_stays_a_refusal() -> None:
    error = raised_by("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '23514'; END $$")

    assert reason_of(error) == ""
    assert from_error(error) is not None


def test_body_that_breaks_off_closes_the_connection_without_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    def body() -> Iterator[bytes]:
        yield b"begun"
        raise OperationalError from psycopg.OperationalError("gone")

    answer = unavailable.streaming_middleware(lambda request: StreamingHttpResponse(body()))(HttpRequest())
    sent = iter(answer.streaming_content)

    assert next(sent) == b"begun"
    with pytest.raises(ConnectionResetError):
        next(sent)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


@pytest.mark.django_db
def test_error_while_a_page_is_drawn_is_caught_as_well(client: Client, officer: Any) -> None:
    """What a template asks for, such as which calls are under embargo, is asked when the view is done."""

    def takes_too_long(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if "embargo_until" in sql:
            raise OperationalError from psycopg.errors.QueryCanceled("x")
        return execute(sql, *args)

    client.force_login(officer)
    client.raise_request_exception = False

    with connection.execute_wrapper(takes_too_long):
        answer: HttpResponse = client.get("/partners/")

    assert answer.status_code == 503
