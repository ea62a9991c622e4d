"""Work that outlives a request: it waits in line, a person's own in order, and neither a page nor kill -9 loses it."""

import re
import time

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from aspire.models import ExportRecord, PreparedFile, Upload
from aspire.sheets import forms, running
from aspire.tasks import preparing
from aspire.tasks.queue import take_up_stalled, throw_away_expired
from calls.models import Call
from proposals.intake.resource import ProposalResource
from proposals.pack import files
from tests.factories import FunderFactory, ProposalFactory, TermsFactory
from tests.people import person
from tests.workers import do_waiting_work, worker_process

HEADER = "number,title_ja,field,funder,starts_on,ends_on,direct_yen_2024,indirect_yen_2024"
ROW = ",量子網,quantum,GB-UKRI,2024-04-01,2029-03-31,10000000,3000000"


def rows(count):
    """As many rows, each of a proposal of its own."""
    return [ROW.replace("量子網", f"量子網{place}") for place in range(count)]


@pytest.fixture
def call(db):
    FunderFactory()
    return TermsFactory(call__code="IN").call


@pytest.fixture
def desk(client, officer, call):
    client.force_login(officer)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def every_file_is_long(monkeypatch):
    monkeypatch.setattr(running, "AT_ONCE_BYTES", 1)
    monkeypatch.setattr(preparing, "ROWS_AT_ONCE", -1)
    monkeypatch.setattr(files, "ROWS_AT_ONCE", -1)


def sent(user, *lines: str) -> Upload:
    data = "\r\n".join(lines).encode()
    call = Call.objects.get(code="IN")
    return running.receive(data, kind=ProposalResource(call), by=user, file_name="file.csv", reason="in time")


def state_of(upload: Upload) -> str:
    upload.refresh_from_db()
    return upload.state


# --- files that are sent ---------------------------------------------------------------------------------------------


def test_a_long_file_waits_in_line_and_is_checked_by_a_worker(desk, officer, every_file_is_long):
    upload = sent(officer, HEADER, ROW)
    before = state_of(upload)

    done = do_waiting_work()

    assert (before, done, state_of(upload)) == ("checking", ["check_file"], "checked")


def test_a_file_that_was_stopped_while_it_waited_is_passed_over(desk, officer, every_file_is_long):
    upload = sent(officer, HEADER, ROW)
    running.cancel(upload)

    do_waiting_work()

    assert (state_of(upload), upload.plan) == ("cancelled", None)


def test_a_file_waits_in_line_once_however_often_its_page_is_looked_at(desk, officer, every_file_is_long):
    upload = sent(officer, HEADER, ROW)

    running.look_again(upload)
    running.look_again(upload)

    assert ProcrastinateJob.objects.count() == 1


def test_the_files_of_one_person_are_checked_one_after_the_other(desk, officer, every_file_is_long):
    sent(officer, HEADER, ROW)
    sent(officer, HEADER, *rows(2))
    sent(person("other", "Officer Other"), HEADER, ROW)

    locks = [*ProcrastinateJob.objects.order_by("id").values_list("lock", flat=True)]

    assert locks[0] == locks[1] == f"person:{officer.pk}"
    assert locks[2] != locks[0]


def test_nobody_has_more_than_thirty_files_in_line(desk, officer, every_file_is_long, monkeypatch):
    monkeypatch.setattr(forms, "MOST_WAITING", 1)
    sent(officer, HEADER, ROW)

    page = desk.post(reverse("intake:import_file"), {"call": "IN", "file": _file(HEADER, ROW)})

    assert "1 of your files are still being checked" in page.content.decode()
    assert Upload.objects.count() == 1


def _file(*lines: str):
    return SimpleUploadedFile("file.csv", "\r\n".join(lines).encode())


# --- files that are asked for ----------------------------------------------------------------------------------------


def asked_for(desk, address: str) -> PreparedFile:
    answer = desk.get(address)
    file = PreparedFile.objects.latest("asked_at")
    assert answer["Location"] == reverse("tasks:file", args=[file.pk])
    return file


@pytest.mark.parametrize("address", ["/proposals/export.csv?call=IN", "/calls/IN/tallies.xlsx?lang=en"])
def test_a_long_file_is_prepared_as_its_page_would_hand_it_out(desk, call, every_file_is_long, address):
    ProposalFactory(terms=call.terms.get(), number="IN-001")
    file = asked_for(desk, address)
    waiting = desk.get(reverse("tasks:file", args=[file.pk])).content.decode()
    nothing_yet = desk.get(reverse("tasks:content", args=[file.pk])).status_code

    do_waiting_work()
    page = desk.get(reverse("tasks:file", args=[file.pk])).content.decode()
    taken = desk.get(reverse("tasks:content", args=[file.pk]))

    assert "is being prepared" in waiting
    assert nothing_yet == 404
    assert "The file is ready" in page
    assert re.fullmatch(r'attachment; filename="IN_.*_en\.(csv|xlsx)"', taken["Content-Disposition"])
    assert taken.content.startswith((b"\xef\xbb\xbf", b"PK"))
    assert ExportRecord.objects.get().user == file.user


def test_a_prepared_file_is_its_askers_alone(desk, call, client, every_file_is_long):
    ProposalFactory(terms=call.terms.get(), number="IN-001")
    file = asked_for(desk, "/proposals/export.csv?call=IN")
    do_waiting_work()
    client.force_login(person("ueno", "Officer Ueno", "officer"))

    pages = [reverse(f"tasks:{name}", args=[file.pk]) for name in ("file", "progress", "content")]

    assert [client.get(page).status_code for page in pages] == [404, 404, 404]


def test_a_file_whose_asker_may_not_open_the_page_any_more_is_not_prepared(desk, call, officer, every_file_is_long):
    ProposalFactory(terms=call.terms.get(), number="IN-001")
    file = asked_for(desk, "/proposals/export.csv?call=IN")
    officer.groups.clear()

    do_waiting_work()

    file.refresh_from_db()
    assert (file.state, bytes(file.data)) == ("failed", b"")


def test_a_file_of_a_call_that_is_gone_meanwhile_is_not_prepared(desk, call, every_file_is_long):
    file = asked_for(desk, "/calls/IN/tallies.csv")
    Call.objects.filter(pk=call.pk).update(code="OUT")

    do_waiting_work()

    file.refresh_from_db()
    assert file.state == "failed"


def test_a_file_that_cannot_be_written_leads_to_the_page_that_says_why(desk, call, every_file_is_long):
    ProposalFactory(terms=call.terms.get(), number="IN-001", title_en="Université")
    file = asked_for(desk, "/proposals/export.csv?call=IN&encoding=cp932")

    do_waiting_work()
    page = desk.get(reverse("tasks:file", args=[file.pk]))
    why = desk.get(page.context["why"])

    assert "could not be prepared" in page.content.decode()
    assert why.status_code == 409
    assert "é" in why.content.decode()


def test_a_worker_that_stumbles_over_a_file_says_so_on_its_page(desk, call, every_file_is_long, monkeypatch):
    ProposalFactory(terms=call.terms.get(), number="IN-001")
    file = asked_for(desk, "/proposals/export.csv?call=IN")
    monkeypatch.setattr("proposals.intake.exports.rows", lambda *_args: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        do_waiting_work()

    file.refresh_from_db()
    assert file.state == "failed"


def test_a_file_can_be_given_up_before_and_after_it_is_ready(desk, call, every_file_is_long):
    first = asked_for(desk, "/proposals/export.csv?call=IN")
    desk.post(reverse("tasks:cancel", args=[first.pk]))
    do_waiting_work()
    second = asked_for(desk, "/proposals/export.csv?call=IN")
    do_waiting_work()
    page = desk.post(reverse("tasks:cancel", args=[second.pk]), follow=True).content.decode()

    for file in (first, second):
        file.refresh_from_db()
        assert (file.state, bytes(file.data)) == ("cancelled", b"")
    assert "No file was kept" in page
    assert desk.get(reverse("tasks:progress", args=[first.pk])).json() == {"state": "cancelled"}


@pytest.mark.parametrize("tried", ["x", "00000000-0000-0000-0000-000000000000"])
def test_an_address_that_names_no_failed_file_of_ones_own_waits_like_any_other(desk, call, every_file_is_long, tried):
    asked_for(desk, f"/proposals/export.csv?call=IN&prepared={tried}")


def test_expired_files_are_thrown_away_by_the_clock(desk, call, officer, every_file_is_long):
    sent(officer, HEADER, ROW)
    asked_for(desk, "/proposals/export.csv?call=IN")
    for files_of in (Upload.objects, PreparedFile.objects):
        files_of.update(expires_at=timezone.now())

    throw_away_expired(timestamp=0)

    assert not Upload.objects.exists()
    assert not PreparedFile.objects.exists()


# --- mail ------------------------------------------------------------------------------------------------------------


def test_mail_leaves_by_a_worker_and_no_page_waits_for_it(client, officer):
    officer.email = "aoki@example.jp"
    officer.save()

    client.post(reverse("account_reset_password"), {"email": "aoki@example.jp"})
    before = [*mail.outbox]
    done = do_waiting_work()

    assert (before, done) == ([], ["send_mail"])
    assert mail.outbox[0].to == ["aoki@example.jp"]
    assert "/accounts/password/reset/key/" in mail.outbox[0].body


# --- real workers ----------------------------------------------------------------------------------------------------


def until(happens, seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.05)


@pytest.mark.django_db(transaction=True)
def test_work_of_a_worker_that_was_killed_is_taken_up_by_the_next(call, officer, every_file_is_long):
    upload = sent(officer, HEADER, *rows(4000))
    mine = ProcrastinateJob.objects.filter(task_name="check_file")
    with worker_process() as worker:
        until(lambda: mine.filter(status="doing").exists() and Upload.objects.get().done)
        worker.kill()
        worker.wait()
    left = (state_of(upload), mine.get().status)
    with connection.cursor() as cursor:  # half a minute passes, and the clock comes to the minute
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 minute'")
    take_up_stalled.defer(timestamp=0)

    with worker_process():
        until(lambda: state_of(upload) == "checked")
        until(lambda: not mine.exists())

    assert left == ("checking", "doing")
    assert upload.plan is not None
