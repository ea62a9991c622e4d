"""A zip of many documents is read and kept by a worker, who says how far it is and can be stopped."""

import io
import zipfile

import pytest
from django.core.files.storage import storages
from django.urls import reverse
from django.utils import timezone

from proposals.intake import bundles
from proposals.record.models import Bundle, Document
from tests.factories import CallFactory, ConflictFactory, ProposalFactory
from tests.intake.test_documents import named, pdf
from tests.workers import do_waiting_work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    """A folder of documents of the test's own."""
    store = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"documents": store}
    return tmp_path


@pytest.fixture
def proposals(monkeypatch):
    monkeypatch.setattr(bundles, "READ_AT_ONCE", 1)
    call = CallFactory(code="IN")
    return [ProposalFactory(terms__call=call, number=f"IN-00{place}") for place in (1, 2)]


@pytest.fixture
def desk(client, officer):
    client.force_login(officer)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def zipped(*names, content=None):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for place, name in enumerate(names, 1):
            archive.writestr(name, content or pdf(place))
    return named(file.getvalue(), "documents.zip")


def send(desk, *names, **how):
    """The page to which a sent zip leads."""
    return desk.post(reverse("intake:send_documents"), {"call": "IN", "file": zipped(*names, **how)}).url


def look(desk, page):
    return desk.get(page).content.decode()


def test_many_documents_are_read_shown_and_kept_by_a_worker(desk, proposals, folder, officer):
    page = send(desk, "IN-001.pdf", "IN-002.pdf", "IN-002_budget.pdf")
    assert "is being read" in look(desk, page)
    assert desk.get(f"{page}progress.json").json() == {"state": "reading", "done": 0, "total": 0}

    assert do_waiting_work() == ["read_bundle"]
    assert "3 documents would be kept" in look(desk, page)
    assert Document.objects.count() == 0
    assert "being kept, all of them or none" in desk.post(f"{page}keep/", follow=True).content.decode()
    do_waiting_work()

    assert desk.get(f"{page}progress.json").json() == {"state": "kept", "done": 3, "total": 3}
    assert "All of the documents are kept" in look(desk, page)
    assert {each.sent_by for each in Document.objects.all()} == {officer}
    assert Document.objects.count() == 3
    assert list((folder / "sent").iterdir()) == []
    desk.post(f"{page}keep/")
    assert do_waiting_work() == []


def test_everything_that_is_wrong_is_said_and_nothing_can_be_kept(desk, proposals):
    page = send(desk, "IN-001.pdf", "IN-009.pdf", "other.pdf")
    do_waiting_work()

    text = look(desk, page)
    assert "2 things are wrong" in text
    assert "names no proposal of call IN" in text
    desk.post(f"{page}keep/")
    assert (do_waiting_work(), Document.objects.count()) == ([], 0)


def test_what_changed_between_reading_and_keeping_is_refused_and_said(desk, proposals):
    page = send(desk, "IN-001.pdf", "IN-002.pdf")
    do_waiting_work()
    other = send(desk, "IN-001.pdf", "IN-002.pdf")
    do_waiting_work()

    for each in (page, other):
        desk.post(f"{each}keep/")
        do_waiting_work()

    assert "thing is wrong" in look(desk, other) or "things are wrong" in look(desk, other)
    assert Document.objects.count() == 2


@pytest.mark.parametrize("is_read", [False, True])
def test_it_is_stopped_and_thrown_away(desk, proposals, folder, is_read):
    page = send(desk, "IN-001.pdf", "IN-002.pdf")
    if is_read:
        do_waiting_work()

    assert "No document was kept" in desk.post(f"{page}cancel/", follow=True).content.decode()
    do_waiting_work()
    assert (Bundle.objects.get().state, Document.objects.count()) == ("cancelled", 0)
    assert list((folder / "sent").iterdir()) == []
    assert "No document was kept" in desk.post(f"{page}cancel/", follow=True).content.decode()


def test_a_worker_notices_that_it_was_stopped_while_it_reads(desk, proposals, monkeypatch):
    send(desk, "IN-001.pdf", "IN-002.pdf")
    told = []

    def read_pdf(*args):
        told.append(args[0])
        Bundle.objects.update(state="cancelled")
        return kept(*args)

    kept = bundles.documents.read_pdf
    monkeypatch.setattr(bundles.documents, "read_pdf", read_pdf)
    do_waiting_work()

    assert (told, Bundle.objects.get().state) == (["IN-001.pdf"], "cancelled")


def test_a_zip_that_was_lost_meanwhile_is_given_up(desk, proposals):
    page = send(desk, "IN-001.pdf", "IN-002.pdf")
    storages["documents"].delete(Bundle.objects.get().path)
    do_waiting_work()

    assert "No document was kept" in look(desk, page)


def test_it_is_its_senders_alone_and_for_a_day(desk, client, proposals, administrator, officer):
    page = send(desk, "IN-001.pdf", "IN-002.pdf")
    do_waiting_work()
    client.force_login(administrator)
    assert {client.get(page).status_code, client.post(f"{page}keep/").status_code} == {404}

    client.force_login(officer)
    Bundle.objects.update(expires_at=timezone.now())
    assert desk.get(page).status_code == 404
    send(desk, "IN-001.pdf", "IN-002.pdf")
    assert Bundle.objects.count() == 1


def test_a_conflict_declared_since_hides_what_the_zip_brings(desk, proposals, officer):
    page = send(desk, "IN-001.pdf", "IN-002.pdf")
    do_waiting_work()
    ConflictFactory(proposal=proposals[0], person=officer)

    assert "IN-001" not in look(desk, page)
    desk.post(f"{page}keep/")
    do_waiting_work()
    assert Document.objects.count() == 0


def test_what_is_no_zip_is_refused_at_once(desk, proposals):
    answer = desk.post(reverse("intake:send_documents"), {"call": "IN", "file": named(b"PK nothing", "a.zip")})

    assert answer.status_code == 400
    assert Bundle.objects.count() == 0
