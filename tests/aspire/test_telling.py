"""The history of a record says old and new in words, by whom, from what the database keeps, rows of it included."""

import pytest
from django.contrib.sessions.models import Session

from aspire.history import acting
from aspire.people import in_their_order
from aspire.telling import NOTHING, history_of, written
from calls.models import PotSlice, Terms
from partners.models import Funder
from tests.factories import CallFactory, FunderFactory, TermsFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]


@pytest.fixture(autouse=True)
def in_english(settings):
    settings.LANGUAGE_CODE = "en"


def test_record_tells_its_changes_the_latest_first_and_by_whom(officer):
    funder = FunderFactory(name_en="Old name")
    with acting(officer.pk, "/somewhere/"):
        funder.name_en = "New name"
        funder.save()

    latest, first = history_of(funder)

    assert (latest.what, latest.changes) == ("funder: changed", (("English name", "Old name", "New name"),))
    assert latest.who == in_their_order(officer)
    assert first.what == "funder: logged"
    assert ("English name", NOTHING, "Old name") in first.changes
    assert ("country or region", NOTHING, str(funder.country)) in first.changes


def test_rows_of_a_record_are_told_with_it_and_so_is_their_end():
    call = CallFactory(pot_yen=50_000_000)
    TermsFactory(call=call)
    row = PotSlice.objects.create(call=call, fiscal_year=2027, limit_yen=20_000_000)
    row.delete()

    told = history_of(call, rows=[(Terms, "call"), (PotSlice, "call")])

    assert told[0].what == "annual limit: deleted"
    assert ("annual limit (yen)", "20,000,000", NOTHING) in told[0].changes
    assert any(act.what == "terms: logged" for act in told)


def test_history_of_a_record_asks_no_more_for_more_writes(django_assert_max_num_queries):
    funder = FunderFactory()
    for number in range(3):
        Funder.objects.filter(pk=funder.pk).update(note=str(number))
    with django_assert_max_num_queries(4):
        assert len(history_of(funder)) == 4


def test_model_without_a_history_tells_nothing():
    assert history_of(Session(pk=1)) == []


@pytest.mark.parametrize(("value", "said"), [(True, "yes"), (False, "no"), (1_000, "1,000"), ("text", "text")])
def test_value_is_written_as_a_reader_wants_it(value, said):
    assert written(value) == said


def test_history_page_of_the_records_shows_old_and_new_not_djangos_log(client, officer):
    client.force_login(officer)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    funder = FunderFactory()
    Funder.objects.filter(pk=funder.pk).update(note="spring")

    page = client.get(f"/admin/partners/funder/{funder.pk}/history/").content.decode()

    assert f"note: {NOTHING} → spring" in page
    assert client.get("/admin/partners/funder/0/history/").status_code in {302, 404}
