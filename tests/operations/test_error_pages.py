"""What cannot be read, does not exist or fails is answered by a page of ours, whatever was sent and whoever asks."""

import logging

import pytest
from django.contrib import admin
from django.db import OperationalError
from django.http import Http404
from django.test import RequestFactory
from django.urls import reverse
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from aspire.operations import views
from tests.factories import CountryFactory

BROKEN = {
    "a form in another encoding": ("a=%2BACY-", "application/x-www-form-urlencoded; charset=utf-7"),
    "a form in an encoding that does not exist": ("a=1", "application/x-www-form-urlencoded; charset=nope"),
    "parts without a boundary": ("a=1", "multipart/form-data"),
    "parts with an endless header": (
        "--x\r\nContent-Disposition: form-data; name=" + "a" * 9_000 + "\r\n\r\n1\r\n--x--\r\n",
        "multipart/form-data; boundary=x",
    ),
    "parts whose boundary is no ASCII": ("a=1", "multipart/form-data; boundary=é"),
}
UNREAD = "リクエストを読み取れませんでした"


@pytest.fixture
def strict(client, officer):
    """A browser that is signed in, shows the form's token or is refused, and tells of every exception."""
    client.force_login(officer)
    client.get("/")
    client.handler.enforce_csrf_checks = True
    return client


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/proposals/", "/calls/X/stage/", "/imports/", "/nowhere/", "/admin/"])
@pytest.mark.parametrize("sent", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_is_a_bad_request_and_never_a_server_error(strict, address, sent):
    body, content_type = sent

    answer = strict.generic("POST", address, body.encode(), content_type=content_type)

    assert answer.status_code in (400, 403, 404)
    assert "<h1>" in answer.content.decode()


@pytest.mark.django_db
def test_bad_request_has_a_page_of_ours_in_both_languages(strict):
    for language, said in (("ja", UNREAD), ("en", "The request could not be read")):
        strict.cookies["django_language"] = language

        answer = strict.generic("POST", "/proposals/", b"a=1", content_type="multipart/form-data")

        assert answer.status_code == 400
        assert said in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_page_of_an_error_asks_for_no_database(status, django_assert_num_queries):
    with django_assert_num_queries(0), translation.override("en"):
        answer = views.error_page(status, request=None)

    assert answer.status_code == status
    assert "Go to the first page" in answer.content.decode()


@pytest.mark.django_db
def test_page_of_an_error_is_shown_without_a_name_where_the_database_fails(caplog):
    def unreachable():
        raise OperationalError("the server closed the connection")

    request = RequestFactory().get("/nowhere/")
    request.user = SimpleLazyObject(unreachable)

    answer = views.not_found(request, Http404())

    assert (answer.status_code, "<h1>" in answer.content.decode()) == (404, True)
    assert [record.exc_info for record in caplog.records if record.name == "aspire.operations.views"] == [None]


@pytest.mark.parametrize(("handler", "status"), [("bad_request", 400), ("not_found", 404), ("server_error", 500)])
def test_error_is_answered_where_even_its_page_fails(handler, status, settings, caplog):
    settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
    caplog.set_level(logging.CRITICAL)
    known = {} if handler == "server_error" else {"exception": Exception()}

    answer = getattr(views, handler)(RequestFactory().get("/"), **known)

    assert (answer.status_code, f"<h1>{status}</h1>" in answer.content.decode()) == (status, True)


@pytest.mark.django_db
@pytest.mark.parametrize("odd", ["x", "99999999999999999999", "-1", "1,2", "", "é", "2026-13-45"])
def test_form_for_a_new_record_begins_empty_where_its_address_proposes_what_cannot_be(client, administrator, odd):
    """Every field of every record, all at once."""
    client.force_login(administrator)
    for model in admin.site._registry:
        names = [field.name for field in model._meta.get_fields()] + ["nothing"]
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")

        answer = client.get(address, dict.fromkeys(names, odd))

        assert answer.status_code in (200, 404), address
        assert answer.status_code == 404 or "<form" in answer.content.decode()


@pytest.mark.django_db
def test_form_for_a_new_record_takes_from_its_address_what_can_be(client, administrator):
    client.force_login(administrator)
    country = CountryFactory(alpha2="GB")

    page = client.get(reverse("admin:partners_funder_add"), {"country": country.pk, "acronym": "ABC"})

    assert f'<option value="{country.pk}" selected>' in page.content.decode()
    assert 'value="ABC"' in page.content.decode()
