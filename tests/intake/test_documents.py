"""Documents of proposals: what is kept, who may read it, and what a zip brings."""

import datetime
import io
import zipfile

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone, translation
from pypdf import PdfWriter

from aspire.models import ExportRecord
from aspire.refusals import Refused
from aspire.roles import Role
from aspire.tasks import waiting
from proposals.intake import documents
from proposals.intake.documents import Incoming, keep, read_pdf, take_away, unpack
from proposals.record.invariants import breaches, fault
from proposals.record.models import Document, Proposal
from tests.doors import as_application, at_every_insert, at_every_update, refused, run
from tests.factories import (
    NOON,
    AssignmentFactory,
    CallFactory,
    ConflictFactory,
    DocumentFactory,
    ProposalFactory,
    TermsFactory,
)
from tests.people import person

pytestmark = pytest.mark.django_db


def pdf(pages=1, *, password="", text="pages"):
    writer = PdfWriter()
    for _page in range(pages):
        writer.add_blank_page(width=200, height=200)
    writer.add_metadata({"/Subject": text})
    if password:
        writer.encrypt(password)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def named(data, name="x.pdf"):
    file = io.BytesIO(data)
    file.name = name
    return file


def packed(**files):
    return zipped({f"{name}.pdf": data for name, data in files.items()})


def zipped(files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in files.items():
            bundle.writestr(name, data)
    file.seek(0)
    file.name = "documents.zip"
    return file


def refusals(act, *args, **named_ones):
    with pytest.raises(Refused) as caught:
        act(*args, **named_ones)
    return [(refusal.name, refusal.subject) for refusal in caught.value.refusals]


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    """A folder of the test's own, in which it may lose what others have."""
    own = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "documents"}}
    own["OPTIONS"]["allow_overwrite"] = True
    settings.STORAGES = {**settings.STORAGES, "documents": own}


def content_of(document):
    with document.open() as file:
        return file.read()


@pytest.fixture
def officer():
    return person("officer", "係 員", Role.OFFICER)


@pytest.fixture
def reviewer():
    return person("reviewer", "評 価", Role.REVIEWER)


@pytest.fixture
def proposal():
    return ProposalFactory(terms__call=CallFactory(progress="in_review"))


@pytest.fixture
def document(proposal):
    (kept,) = keep([Incoming(proposal, "application", read_pdf("申請書.pdf", named(pdf(3))))], by=None, at=NOON)
    return kept


# --- what is kept ----------------------------------------------------------------------------------------------------


def test_a_document_is_kept_as_it_was_received_with_its_pages_and_fingerprint(client, proposal, officer):
    data = pdf(2)
    client.force_login(officer)

    answer = client.post(
        reverse("intake:add_document", args=[proposal.number]),
        {"file": named(data, "申請書.pdf"), "kind": "application"},
    )

    assert answer.url == f"{proposal.get_absolute_url()}#documents"
    kept = Document.objects.get()
    assert (kept.name, kept.pages, kept.size, kept.sent_by) == ("申請書.pdf", 2, len(data), officer)
    assert content_of(kept) == data
    assert str(kept) in client.get(proposal.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "document_size_bounded"),
        (b"GIF89a", "document_is_pdf"),
        (b"%PDF-1.7 and nothing else", "document_is_pdf"),
        (pdf(password="secret"), "document_is_pdf"),
        (pdf(0), "document_pages_bounded"),
    ],
)
def test_what_is_no_pdf_to_read_is_refused_with_the_reason(data, name):
    assert refusals(read_pdf, "x.pdf", named(data)) == [(name, "x.pdf")]


def test_a_document_larger_than_its_bound_is_not_read_to_its_end(monkeypatch):
    monkeypatch.setattr(documents, "MOST_BYTES", 100)

    assert refusals(read_pdf, "x.pdf", named(pdf(3))) == [("document_size_bounded", "x.pdf")]


@pytest.mark.parametrize("sent", [{}, {"kind": "application"}, {"file": "x"}])
def test_half_a_form_keeps_nothing_and_says_what_is_missing(client, proposal, officer, sent):
    client.force_login(officer)
    files = {"file": named(pdf())} if "file" in sent else {}

    answer = client.post(reverse("intake:add_document", args=[proposal.number]), {**sent, **files}, follow=True)

    assert len(answer.context["messages"]) == 1
    assert not Document.objects.exists()


def test_a_second_application_is_refused_in_words_and_an_annex_is_not(client, document, officer):
    client.force_login(officer)
    send = reverse("intake:add_document", args=[document.proposal.number])

    answer = client.post(send, {"file": named(pdf(1)), "kind": "application"}, follow=True)
    assert "すでにあります" in str(next(iter(answer.context["messages"])))

    client.post(send, {"file": named(pdf(1)), "kind": "annex"})
    assert [each.kind for each in document.proposal.documents.all()] == ["application", "annex"]


def test_a_document_is_taken_away_with_a_reason_and_its_content_stays(client, document, officer):
    client.force_login(officer)
    address = reverse("intake:take_document_away", args=[document.proposal.number, document.pk])

    client.post(address, {"reason": " "})
    assert Document.objects.present().count() == 1

    client.post(address, {"reason": "別の提案の申請書"})
    taken = Document.objects.get()
    assert (taken.removed_by, taken.removal_reason) == (officer, "別の提案の申請書")
    assert content_of(taken)
    assert client.get(document.get_absolute_url()).status_code == 404
    assert client.post(address, {"reason": "もう一度"}).status_code == 404
    timeline = client.get(reverse("proposals:timeline", args=[document.proposal.number])).content.decode()
    assert "別の提案の申請書" in timeline


def test_who_opened_a_document_is_remembered_once_however_many_parts_are_read(client, document, officer):
    client.force_login(officer)

    for part in ("bytes=0-9", "bytes=10-19"):
        client.get(document.get_absolute_url(), headers={"range": part})

    record = ExportRecord.objects.get()
    assert (record.user, record.kind, record.form, record.sha256) == (officer, "documents", "pdf", document.sha256)
    assert record.filters == {"proposal": document.proposal.number}


# --- who may read it -------------------------------------------------------------------------------------------------


def test_a_reviewer_reads_beside_the_form_once_no_interest_is_declared(client, document, reviewer):
    AssignmentFactory(proposal=document.proposal, reviewer=reviewer)
    client.force_login(reviewer)
    page = reverse("review:proposal", args=[document.proposal.number])
    assert client.get(document.get_absolute_url()).status_code == 404
    assert document.get_absolute_url() not in client.get(page).content.decode()

    own = ConflictFactory(proposal=document.proposal, person=reviewer, finding="clear")
    assert client.get(document.get_absolute_url()).status_code == 200
    assert f'src="{document.get_absolute_url()}' in client.get(page).content.decode()

    own.finding, own.kind = "stands", "kin"
    own.save()
    assert client.get(document.get_absolute_url()).status_code == 404


@pytest.mark.parametrize(
    ("role", "status"), [(Role.OFFICER, 200), (Role.MANAGER, 200), (Role.ADMINISTRATOR, 200), (Role.REVIEWER, 404)]
)
def test_staff_read_what_they_see_and_a_reviewer_who_was_not_asked_does_not(client, document, role, status):
    client.force_login(person("somebody", "誰 か", role))

    assert client.get(document.get_absolute_url()).status_code == status


def test_what_a_conflict_hides_from_an_officer_hides_its_documents_in_every_way(client, document, officer):
    ConflictFactory(proposal=document.proposal, person=officer)
    client.force_login(officer)
    number, sent = document.proposal.number, {"file": named(pdf()), "kind": "annex", "reason": "なし"}

    assert client.get(document.get_absolute_url()).status_code == 404
    assert client.post(reverse("intake:add_document", args=[number]), sent).status_code == 404
    assert client.post(reverse("intake:take_document_away", args=[number, document.pk]), sent).status_code == 404
    bundle = {"call": document.proposal.call.code, "file": packed(**{number: pdf()})}
    unknown = {"call": document.proposal.call.code, "file": packed(**{"P-NONE": pdf()})}
    hidden, absent = (client.post(reverse("intake:send_documents"), each) for each in (bundle, unknown))
    assert [refusal.name for refusal in hidden.context["refusals"]] == ["document_of_nobody"]
    assert hidden.content.decode().replace(number, "P-NONE").count("P-NONE") == absent.content.decode().count("P-NONE")


def test_nobody_without_a_role_reads_a_document(client, document):
    assert not Proposal.objects.read_whole_by(person("nobody", "無 役")).exists()
    assert client.get(document.get_absolute_url()).status_code == 302


def test_a_document_is_shown_by_the_browser_or_saved_and_reaches_nothing(client, document, officer):
    client.force_login(officer)

    shown, saved = (client.get(document.get_absolute_url() + end) for end in ("", "?save=1"))

    assert shown.headers["Content-Disposition"].startswith("inline")
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert saved.headers["Content-Security-Policy"].startswith("sandbox")
    for answer in (shown, saved):
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in answer.headers["Cache-Control"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-4", 206, slice(0, 5)),
        ("bytes=5-", 206, slice(5, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=0-99999999", 206, slice(None)),
        ("bytes=99999999-", 416, None),
        ("bytes=-", 200, slice(None)),
        ("pages=1", 200, slice(None)),
    ],
)
def test_a_browser_gets_the_part_of_a_document_that_it_asks_for(client, document, officer, asked, status, part):
    client.force_login(officer)
    whole = content_of(document)

    answer = client.get(document.get_absolute_url(), headers={"range": asked})

    assert answer.status_code == status
    if part is not None:
        assert (b"".join(answer.streaming_content) if answer.streaming else answer.content) == whole[part]


# --- a zip -----------------------------------------------------------------------------------------------------------


def test_a_zip_is_shown_before_it_is_kept_and_then_kept_whole(client, proposal, officer):
    other = ProposalFactory(terms=proposal.terms, number=f"{proposal.number}1")
    files = {
        f"{proposal.number}.pdf": pdf(2, text="a"),
        f"{proposal.number}_予算.pdf": pdf(1, text="b"),
        f"{other.number}/申請書.pdf": pdf(1, text="c"),
        "__MACOSX/._x.pdf": b"",
        ".DS_Store": b"",
    }
    client.force_login(officer)

    shown = client.post(reverse("intake:send_documents"), {"call": proposal.call.code, "file": zipped(files)})
    found = [(each.proposal.number, each.kind, each.pdf.name) for each in shown.context["incoming"]]
    assert found == [
        (proposal.number, "application", f"{proposal.number}.pdf"),
        (proposal.number, "annex", f"{proposal.number}_予算.pdf"),
        (other.number, "annex", "申請書.pdf"),
    ]
    assert not Document.objects.exists()

    token = {"token": shown.context["token"]}
    answer = client.post(reverse("intake:confirm_documents"), token)
    assert answer.url == f"{reverse('proposals:list')}?call={proposal.call.code}"
    assert Document.objects.count() == 3
    again = client.post(reverse("intake:confirm_documents"), token)
    assert (again.status_code, again.context["refusals"][0].name) == (409, "document_bundle_waits")


def test_a_zip_with_one_bad_document_keeps_none_and_names_every_fault(client, proposal, officer):
    files = {f"{proposal.number}.pdf": pdf(), "NONE-1.pdf": pdf(), f"{proposal.number}-b.pdf": b"no pdf"}
    client.force_login(officer)

    answer = client.post(reverse("intake:send_documents"), {"call": proposal.call.code, "file": zipped(files)})

    assert answer.status_code == 400
    assert [refusal.name for refusal in answer.context["refusals"]] == ["document_of_nobody", "document_is_pdf"]
    assert not Document.objects.exists()


def test_a_zip_confirmed_after_its_documents_came_otherwise_is_refused_whole(client, proposal, officer):
    data = pdf(2)
    files = {f"{proposal.number}.pdf": data, f"{proposal.number}_b.pdf": pdf(1)}
    client.force_login(officer)
    shown = client.post(reverse("intake:send_documents"), {"call": proposal.call.code, "file": zipped(files)})
    keep([Incoming(proposal, "application", read_pdf("x.pdf", named(data)))], by=None, at=NOON)

    answer = client.post(reverse("intake:confirm_documents"), {"token": shown.context["token"]})

    assert (answer.status_code, Document.objects.count()) == (409, 1)
    assert answer.context["refusals"][0].name in {"document_once", "document_one_application"}


def test_a_zip_waits_for_its_sender_alone_and_for_a_day(client, proposal, officer):
    with storages["documents"].open(storages["documents"].save("sent/x", packed(A=pdf()))) as file:
        token = waiting.put(file, about="X", by=officer)

    with pytest.raises(waiting.Gone):
        waiting.find(token, by=person("another", "別 人", Role.OFFICER))
    with pytest.raises(waiting.Gone):
        waiting.find("forged", by=officer)
    found, about = waiting.find(token, by=officer)
    found.close()
    assert about == "X"

    now = timezone.now()
    assert waiting.purge(at=now) == 0
    assert waiting.purge(at=now + datetime.timedelta(days=2)) >= 2
    with pytest.raises(waiting.Gone):
        waiting.find(token, by=officer)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (io.BytesIO(b"no zip"), "document_bundle_readable"),
        (zipped({}), "document_bundle_bounded"),
        (zipped({".DS_Store": b"x"}), "document_bundle_bounded"),
    ],
)
def test_what_is_no_zip_of_documents_is_refused(proposal, file, name):
    file.seek(0)

    assert refusals(unpack, file, proposal.call, Proposal.objects.all()) == [(name, "")]


def test_a_zip_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(proposal, monkeypatch):
    monkeypatch.setattr(documents, "MOST_IN_ALL", 10)

    bundle = packed(**{proposal.number: pdf()})

    assert refusals(unpack, bundle, proposal.call, Proposal.objects.all()) == [("document_bundle_bounded", "")]


def test_a_member_that_cannot_be_unpacked_is_named(proposal):
    bundle = packed(**{proposal.number: pdf(5)})
    broken = bytearray(bundle.getvalue())
    broken[60:90] = b"\0" * 30

    found = refusals(unpack, io.BytesIO(bytes(broken)), proposal.call, Proposal.objects.all())

    assert found == [("document_is_pdf", f"{proposal.number}.pdf")]


def test_a_form_without_a_zip_says_so(client, officer):
    client.force_login(officer)

    assert client.get(reverse("intake:send_documents"), {"call": "X"}).status_code == 200
    assert client.post(reverse("intake:send_documents"), {"call": "X"}).status_code == 400


def test_a_command_keeps_a_zip_or_says_every_fault(proposal, tmp_path, capsys):
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    good.write_bytes(packed(**{proposal.number: pdf()}).getvalue())
    bad.write_bytes(packed(**{"NONE": pdf(), proposal.number: b"x"}).getvalue())
    call = {"call": proposal.call.code}

    call_command("add_documents", good, dry_run=True, **call)
    assert not Document.objects.exists()
    with pytest.raises(CommandError, match=r"NONE.pdf(?s:.*)\.pdf"):
        call_command("add_documents", bad, **call)
    with pytest.raises(CommandError):
        call_command("add_documents", tmp_path / "none.zip", **call)
    with pytest.raises(CommandError):
        call_command("add_documents", good, call="NONE")
    call_command("add_documents", good, **call)

    assert Document.objects.get().sent_by is None
    assert proposal.number in capsys.readouterr().out


# --- rules -----------------------------------------------------------------------------------------------------------


@at_every_insert
def test_a_reconstructed_proposal_has_no_documents(insert, trial):
    document = DocumentFactory.build(proposal=trial.proposals.first())

    with refused("document_of_reconstructed"):
        insert(document)


@at_every_update
@pytest.mark.parametrize(
    "change_of", [{"name": "another.pdf"}, {"sha256": "0" * 64}, {"size": 7}, {"pages": 7}, {"kind": "annex"}]
)
def test_what_was_received_stays_as_it_was_received(change, change_of, document):
    with refused("document_stays"):
        change(document, **change_of)


@at_every_update
def test_what_was_taken_away_does_not_come_back(change, document, officer):
    take_away(document, reason="別の提案", by=officer, at=NOON)

    with refused("document_stays"):
        change(document, removed_at=None, removal_reason="")


def test_no_document_is_deleted_and_none_is_by_the_application_either(document):
    with refused("document_stays"):
        document.delete()
    with as_application(), refused("document_stays"):
        run("DELETE FROM proposals_document")


def test_the_invariants_know_a_document_that_was_lost_or_changed(document):
    assert list(breaches()) == []
    storages["documents"].delete(document.path)
    (lost,) = breaches()
    storages["documents"].save(document.path, named(b"another"))
    (changed,) = breaches()
    storages["documents"].delete(document.path)

    assert lost == changed
    assert document.name in str(lost)


def test_a_document_that_was_lost_is_not_there(client, document, officer):
    client.force_login(officer)
    storages["documents"].delete(document.path)

    assert client.get(document.get_absolute_url()).status_code == 404


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_of_a_proposal_asks_as_often_whatever_it_has(
    client, proposal, officer, number, django_assert_max_num_queries
):
    DocumentFactory.create_batch(number, proposal=proposal, sent_by=officer)
    client.force_login(officer)
    client.get(proposal.get_absolute_url())

    with django_assert_max_num_queries(14):
        client.get(proposal.get_absolute_url())


def test_documents_of_another_call_are_nobodys(proposal):
    other = ProposalFactory(terms=TermsFactory())

    found = refusals(unpack, packed(**{other.number: pdf()}), proposal.call, Proposal.objects.all())

    assert found == [("document_of_nobody", f"{other.number}.pdf")]


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_names_in_a_zip_are_read_as_the_program_of_the_sender_wrote_them(proposal, encoding):
    """Explorer of Japanese Windows and Finder of macOS both leave out in which encoding names are."""
    name, stand_in = f"{proposal.number}_予算.pdf", b"x" * len("予算".encode(encoding))
    bundle = zipped({f"{proposal.number}_{stand_in.decode()}.pdf": pdf()}).getvalue()

    bundle = bundle.replace(stand_in + b".pdf", "予算".encode(encoding) + b".pdf")
    (found,) = unpack(io.BytesIO(bundle), proposal.call, Proposal.objects.all())

    assert found.pdf.name == name


def test_a_zip_whose_names_nobody_can_read_is_refused(proposal):
    bundle = zipped({f"{proposal.number}_xx.pdf": pdf()}).getvalue().replace(b"xx.pdf", b"\x81\xff.pdf")

    found = refusals(unpack, io.BytesIO(bundle), proposal.call, Proposal.objects.all())
    assert found == [("document_bundle_readable", "")]


def test_a_list_finds_the_proposals_whose_application_is_still_to_come(client, document, officer):
    missing = ProposalFactory(terms=document.proposal.terms)
    client.force_login(officer)
    listed = [reverse("proposals:list"), {"flag": "undocumented"}]
    assert [each.number for each in client.get(*listed).context["page"]] == [missing.number]

    take_away(document, reason="別の提案", by=officer, at=NOON)
    assert {each.number for each in client.get(*listed).context["page"]} == {missing.number, document.proposal.number}


def test_nobody_waits_for_the_application_of_a_reconstructed_proposal(trial):
    assert trial.proposals.exists()
    assert not Proposal.objects.without_application().exists()


def test_the_doctor_says_what_keeps_documents_from_being_kept(settings, tmp_path):
    assert documents.fault() == ""

    settings.CLAMD = str(tmp_path / "nobody")
    with translation.override("en"):
        assert "clamd does not answer" in documents.fault()
    (tmp_path / "file").write_text("no folder")
    store = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "file"}}
    settings.STORAGES = {**settings.STORAGES, "documents": store}
    with translation.override("en"):
        assert "DOCUMENTS_FOLDER" in documents.fault()


def test_a_name_in_a_zip_is_kept_as_a_row_and_a_header_can_hold_it(client, proposal, officer):
    files = {f"{proposal.number}_{'x' * 400}.pdf": pdf(text="a"), f"{proposal.number}_a\r\nb.pdf": pdf(text="b")}

    kept = keep(unpack(zipped(files), proposal.call, Proposal.objects.all()), by=officer, at=NOON)

    assert sorted(len(each.name) for each in kept) == [len(f"{proposal.number}_ab.pdf"), 255]
    client.force_login(officer)
    assert [client.get(each.get_absolute_url()).status_code for each in kept] == [200, 200]


def test_the_doctor_reads_no_content_of_documents(document):
    storages["documents"].delete(document.path)

    assert fault() == ""
    assert next(breaches())
