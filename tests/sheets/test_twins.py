"""The same application sent twice is found: in the file, in the call, and by whatever file it comes."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from aspire.models import ImportRecord, Upload
from aspire.roles import Role
from proposals.record.models import Proposal
from tests.factories import NOON, ConflictFactory, FunderFactory, ProposalFactory, TermsFactory
from tests.people import person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]
HEADER = "number,title_ja,title_en,pi_name,researcher_number,institution,field,funder,starts_on,ends_on"
ROW = ",量子網,Quantum nets,青木 花子,00123456,東都大学,quantum,GB-UKRI,2024-04-01,2029-03-31"
OTHER = ",光格子,Lattices,佐藤 一郎,,西都大学,quantum,GB-UKRI,2024-04-01,2029-03-31"


@pytest.fixture
def call(monkeypatch, settings):
    settings.LANGUAGE_CODE = "en"
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
    FunderFactory()
    return TermsFactory(call__code="IN").call


@pytest.fixture
def desk(client, officer, call):
    client.force_login(officer)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def send(desk, *lines, name="file.csv", data=None):
    file = SimpleUploadedFile(name, "\r\n".join(lines).encode() if data is None else data)
    return desk.post(reverse("sheets:send", args=["proposals"]), {"file": file, "call": "IN"}, follow=True)


def decide(desk, **said):
    upload = Upload.objects.latest("uploaded_at")
    page = desk.post(reverse("sheets:decide", args=[upload.pk]), {k.replace("_", "-"): v for k, v in said.items()})
    return desk.get(page.url)


def confirm(desk):
    return desk.post(reverse("sheets:confirm", args=[Upload.objects.latest("uploaded_at").pk]), follow=True)


def codes(page):
    return [(fault.row, fault.code) for fault in page.context["plan"].faults]


def as_workbook(*lines):
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line.split(","))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_the_same_row_twice_in_a_file_waits_for_a_decision(desk):
    page = send(desk, HEADER, ROW, OTHER, ROW)

    assert codes(page) == [(4, "twin_undecided")]
    assert page.context["plan"].is_blocked
    (twin,) = page.context["twins"]
    assert (twin["row"].row, twin["row"].twin, twin["is_stored"]) == (4, "2", False)
    assert ("title_ja", "量子網", "量子網") in twin["pairs"]

    page = decide(desk, row_4="same")
    assert not page.context["plan"].is_blocked
    confirm(desk)
    assert sorted(Proposal.objects.values_list("number", "title_ja")) == [("IN-001", "量子網"), ("IN-002", "光格子")]


@pytest.mark.parametrize(
    "again",
    [
        {"lines": [HEADER, ROW, OTHER, ""]},
        {"lines": [HEADER, OTHER, ROW]},
        {"data": "\r\n".join([HEADER, ROW, OTHER]).encode("utf-8-sig")},
        {"data": as_workbook(HEADER, ROW, OTHER), "name": "again.xlsx"},
    ],
    ids=["a blank line", "another order", "another encoding", "another form"],
)
def test_the_same_rows_in_another_file_are_known_by_what_they_say(desk, again):
    send(desk, HEADER, ROW, OTHER)
    confirm(desk)

    page = send(desk, *again.pop("lines", ()), **again)

    assert codes(page) == [(None, "rows_imported_before")]
    assert "would be created a second time" in page.content.decode()
    assert confirm(desk).status_code == 200
    assert (Proposal.objects.count(), ImportRecord.objects.count()) == (2, 1)


@pytest.mark.parametrize(
    ("title", "name", "number", "institution", "is_twin"),
    [
        ("量子網", "青木 花子", "00123456", "東都大学", True),
        ("量子　網", "別の 人", "00123456", "別の大学", True),  # title and number
        ("量子網", "青木花子", "", "東都大学", True),  # title, name and institution
        ("量子網", "青木 花子", "", "西都大学", False),
        ("光格子", "青木 花子", "00123456", "東都大学", False),
    ],
)
def test_a_row_is_a_twin_by_title_and_researcher(desk, call, title, name, number, institution, is_twin):
    known = {"title_ja": "量子網", "principal_investigator": "青木 花子", "researcher_number": "00123456"}
    ProposalFactory(terms=call.terms.get(), number="IN-001", institution="東都大学", title_en="", **known)

    page = send(desk, HEADER, f",{title},,{name},{number},{institution},quantum,GB-UKRI,2024-04-01,2029-03-31")

    assert [code for _row, code in codes(page)] == (["twin_undecided"] if is_twin else [])


def stored(call):
    known = {"title_ja": "量子網", "principal_investigator": "青木 花子", "researcher_number": "00123456"}
    return ProposalFactory(terms=call.terms.get(), number="IN-001", institution="東都大学", title_en="", **known)


def test_a_twin_is_shown_beside_what_is_there_and_left_out_as_the_same(desk, call):
    stored(call)

    page = send(desk, HEADER, ROW, OTHER)
    assert "Row 2" in page.content.decode()
    pairs = page.context["twins"][0]["pairs"]
    assert ("title_en", "Quantum nets", "") in pairs
    assert ("title_ja", "量子網", "量子網") in pairs
    assert [row.key for row in page.context["plan"].rows] == ["", "IN-002"]
    decide(desk, all="same")
    confirm(desk)

    assert sorted(Proposal.objects.values_list("number", flat=True)) == ["IN-001", "IN-002"]
    assert ImportRecord.objects.get().rows == [[3, "create", "IN-002", []]]


def test_a_twin_that_is_another_is_created_and_marked_for_follow_up(desk, call):
    stored(call)
    send(desk, HEADER, ROW)
    page = decide(desk, row_2="another")

    assert codes(page) == [(2, "twin_kept")]
    confirm(desk)
    assert Proposal.objects.count() == 2
    assert ImportRecord.objects.get().rows[0][3][0]["code"] == "twin_kept"


def test_a_correction_changes_what_is_there(desk, call):
    stored(call)
    send(desk, HEADER, ROW)
    page = decide(desk, row_2="correction")

    assert [(row.key, row.action) for row in page.context["page"]] == [("IN-001", "change")]
    confirm(desk)
    assert Proposal.objects.get().title_en == "Quantum nets"


def test_what_changed_since_the_decision_is_looked_at_again(desk, call):
    proposal = stored(call)
    send(desk, HEADER, ROW)
    decide(desk, row_2="correction")
    Proposal.objects.filter(pk=proposal.pk).update(keywords="nets")

    assert "look again" in confirm(desk).content.decode()


def test_two_corrections_of_one_proposal_are_refused(desk, call):
    stored(call)
    send(desk, HEADER, ROW, ROW.replace("量子網", "量子 網"))
    page = decide(desk, all="correction")

    assert "key_twice" in {code for _row, code in codes(page)}


def test_words_that_are_no_decision_are_passed_over(desk, call):
    stored(call)
    send(desk, HEADER, ROW)

    assert codes(decide(desk, row_2="nonsense", row_3="same")) == [(2, "twin_undecided")]
    assert Upload.objects.get().decisions == {}


def test_a_proposal_that_its_sender_may_not_see_is_no_twin(desk, call, officer):
    ConflictFactory(proposal=stored(call), person=officer)
    assert not Proposal.objects.visible_to(officer).exists()

    assert codes(send(desk, HEADER, ROW)) == []


def test_a_row_with_another_fault_is_not_asked_about(desk, call):
    stored(call)

    assert [code for _row, code in codes(send(desk, HEADER, ROW.replace("quantum", "alchemy")))] == ["code_unknown"]


def test_somebody_elses_upload_cannot_be_decided(desk, client, call):
    stored(call)
    send(desk, HEADER, ROW)
    upload = Upload.objects.get()
    client.force_login(person("second", "二郎", Role.OFFICER))

    assert client.post(reverse("sheets:decide", args=[upload.pk]), {"all": "same"}).status_code == 404
    upload.refresh_from_db()
    assert upload.decisions == {}


@pytest.mark.parametrize(("twins", "count"), [(None, 1), ("same", 1), ("another", 2), ("correction", 1)])
def test_a_command_is_told_what_twins_are(call, tmp_path, twins, count):
    stored(call)
    file, said = tmp_path / "file.csv", io.StringIO()
    file.write_text("\r\n".join([HEADER, ROW]), encoding="utf-8")

    try:
        call_command("import_proposals", str(file), call="IN", twins=twins, stdout=said, stderr=said)
    except CommandError:
        assert twins is None
        assert "--twins" in said.getvalue()
    assert Proposal.objects.count() == count
    assert Proposal.objects.filter(title_en="Quantum nets").exists() is (twins in {"another", "correction"})


def test_every_cell_of_a_new_row_is_shown_with_what_is_doubtful(desk):
    page = send(desk, HEADER, ROW.replace("00123456", "10123456"))
    ((_row, cells),) = page.context["rows"]

    shown = {name: text for name, text, _doubt in cells}
    assert shown["pi_name"] == "青木 花子"
    assert shown["starts_on"] == "2024-04-01"
    assert "direct_yen_2024" not in shown
    doubt = {name: doubt for name, _text, doubt in cells if doubt}
    assert [*doubt] == ["researcher_number"]
    assert "check digit" in doubt["researcher_number"]
    assert "check digit" in page.content.decode()
