"""Marks by spreadsheet: the same rules and the same page as every sheet, all of it or nothing."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.utils.translation import override

from aspire.models import ImportRecord, Upload
from aspire.roles import Role
from aspire.sheets import running
from aspire.sheets.results import restore
from aspire.sheets.saving import IsBlocked, LookAgain
from calls.models import CallField
from proposals.awards.decisions import Wish, stage
from proposals.awards.sheets import MarkResource
from proposals.record.models import Award, Conflict, Mark, Proposal
from tests.awards.test_awards import begin, decided, declare
from tests.factories import MILLION, NOON, FieldFactory
from tests.people import person

pytestmark = pytest.mark.django_db
HEADER = "number,decision,reason,direct_yen_2024,indirect_yen_2024\n"


@pytest.fixture
def call(db):
    return begin(decided(pot_yen=60 * MILLION))


def sent(call, by, *rows):
    data = (HEADER + "".join(f"{row}\n" for row in rows)).encode()
    return running.receive(data, kind=MarkResource(call), by=by, file_name="marks.csv")


def faults_of(upload):
    upload.refresh_from_db()
    return sorted(fault.code for fault in restore(upload.plan).faults)


def test_file_marks_with_its_amounts_and_starts_from_the_request(call, officer):
    upload = sent(call, officer, "P-A,award,best,5000000,0", "P-B,採択,good,,", "P-C,decline,weak,,")

    record = running.confirm(upload, by=officer)

    given = {award.proposal.number: award.awarded_yen for award in Award.objects.all()}
    assert given == {"P-A": 18 * MILLION, "P-B": 26 * MILLION}
    assert (record.changed, Mark.objects.get(proposal__number="P-C").reason) == (3, "weak")


def test_export_goes_in_again_and_changes_nothing(client, call, officer):
    stage(call, [Wish("P-A", "award", "best"), Wish("P-B", "reserve", "next")], by=officer, at=NOON)
    client.force_login(officer)
    data = client.get("/imports/marks/export.xlsx?call=CALL").content

    upload = running.receive(data, kind=MarkResource(call), by=officer, file_name="marks.xlsx")

    upload.refresh_from_db()
    plan = restore(upload.plan)
    assert [(row.key, row.action) for row in plan.rows] == [(f"P-{letter}", "leave") for letter in "ABCD"], plan.faults
    assert client.get("/imports/awards/export.csv?call=CALL").content.decode("utf-8-sig").count("P-") == 0


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("P-X,award,,,", "mark_number_unknown"),
        ("P-A,maybe,,,", "code_unknown"),
        ("P-A,award,,26000001,0", "award_within_ceiling"),
        ("P-A,award,,10,4", "award_indirect_within_rate"),
        ("P-A,decline,,10,0", "amounts_without_award"),
    ],
)
def test_row_is_refused_at_its_place_with_the_rules_sentence(call, officer, row, code):
    assert code in faults_of(sent(call, officer, row))


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("P-A,maybe,,10000000,0", "code_unknown"),
        ("P-A,award,,1e7,3000000", "yen_exponent"),
        ("P-A,award,,5000000,2.9", "yen_not_whole"),
        ("P-A,decline,,1e7,", "yen_exponent"),
    ],
)
def test_one_wrong_cell_is_told_in_one_sentence(call, officer, row, code):
    assert faults_of(sent(call, officer, row)) == [code]


def test_file_that_does_not_fit_the_pot_is_told_before_it_can_be_confirmed(call, officer):
    upload = sent(call, officer, *(f"P-{letter},award,,," for letter in "ABC"))

    assert faults_of(upload) == ["call_awards_within_pot"]
    with pytest.raises(IsBlocked):
        running.confirm(upload, by=officer)
    assert not Mark.objects.exists()


def test_preview_shows_the_money_before_and_after_and_has_marked_nothing(client, call, officer):
    upload = sent(call, officer, "P-A,award,,,", "P-B,award,,,")
    client.force_login(officer)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"

    page = client.get(f"/imports/files/{upload.pk}/")

    assert (page.context["before"].total.taken_yen, page.context["after"].total.taken_yen) == (0, 52 * MILLION)
    assert "The money now and afterwards" in page.content.decode()
    assert ">Requested<" not in page.content.decode()
    assert not Mark.objects.exists()


def test_file_is_looked_at_again_when_the_pot_has_been_drawn_on_meanwhile(call, officer, administrator):
    upload = sent(call, officer, "P-A,award,,,")
    stage(call, [Wish("P-B", "award")], by=administrator, at=NOON)

    with pytest.raises(LookAgain):
        running.confirm(upload, by=officer)


@pytest.fixture
def lead(call, reviewer):
    CallField.objects.filter(call=call, field__code="quantum").update(lead_reviewer=reviewer)
    return reviewer


def test_lead_reviewer_marks_their_field_by_file(client, call, lead):
    declare(lead, "P-A", "P-B")
    client.force_login(lead)
    file = SimpleUploadedFile("marks.csv", f"{HEADER}P-A,award,best,,\n".encode())
    client.post("/imports/marks/", {"call": "CALL", "file": file})
    upload = Upload.objects.get()

    pages = [client.get(f"/imports/marks/{page}").status_code for page in ("", "template.xlsx?call=CALL&prefill=1")]
    pages += [client.get(f"/imports/files/{upload.pk}/").status_code]
    record = client.post(f"/imports/files/{upload.pk}/confirm/", follow=True)

    assert (pages, record.status_code) == ([200, 200, 200], 200)
    assert Mark.objects.get().marked_by == lead
    assert "/imports/marks/?call=CALL" in client.get("/awards/CALL/").content.decode()
    exported = client.get("/imports/marks/export.csv?call=CALL").content.decode("utf-8-sig")
    assert [line[:3] for line in exported.splitlines()[1:]] == ["P-A", "P-B"]


def test_lead_reviewer_finds_nothing_of_another_field_and_nothing_before_declaring(call, lead):
    declare(lead, "P-A", "P-C")
    Proposal.objects.filter(number="P-C").update(field=FieldFactory(code="bio"))

    assert faults_of(sent(call, lead, "P-C,award,,,")) == ["mark_number_unknown"]
    assert faults_of(sent(call, lead, "P-B,award,,,")) == ["mark_after_declaration"]
    assert faults_of(sent(call, lead, "P-A,award,,,")) == []


def test_file_is_looked_at_again_when_the_leads_declaration_is_gone_meanwhile(call, lead):
    declare(lead, "P-A")
    upload = sent(call, lead, "P-A,award,,,")
    Conflict.objects.update(finding="dismissed")

    with pytest.raises(LookAgain):
        running.confirm(upload, by=lead)


def test_files_of_marks_do_not_exist_for_a_reviewer_who_leads_nothing_nor_others_imports_for_a_lead(
    client, call, lead, officer
):
    record = running.confirm(sent(call, officer, "P-A,decline,,,"), by=officer)
    client.force_login(person("other", "Reviewer Eda", Role.REVIEWER))
    pages = ("/imports/marks/", "/imports/marks/template.xlsx?call=CALL", "/imports/marks/export.csv?call=CALL")
    other = [client.get(page).status_code for page in pages]
    client.force_login(lead)

    assert other == [404, 404, 404]
    assert client.get(f"/imports/records/{record.pk}/").status_code == 404
    assert client.get("/imports/awards/export.csv?call=CALL").status_code == 404
    assert client.get("/imports/").status_code == 404


def command(tmp_path, kind, *rows, **options):
    file, said, out = tmp_path / "marks.csv", io.StringIO(), io.StringIO()
    file.write_text(HEADER + "".join(f"{row}\n" for row in rows))
    try:
        with override("en"):
            call_command(
                "import_sheet", kind, str(file), call="CALL", stdout=out, stderr=said, no_color=True, **options
            )
    except CommandError as error:
        return [*said.getvalue().splitlines(), str(error)]
    return [*said.getvalue().splitlines(), *out.getvalue().splitlines()]


def test_marks_go_in_by_command_as_somebody_who_may_mark(call, officer, reviewer, tmp_path):
    row = "P-A,award,best,,"

    unnamed = command(tmp_path, "marks", row)
    names = ("nobody", reviewer.username)
    others = {command(tmp_path, "marks", row, person=name)[-1] for name in names}
    done = command(tmp_path, "marks", row, person=officer.username)

    assert unnamed[0].startswith("A mark needs to say who made it. Name the person with --as")
    assert others == {
        f"There is nobody called {name} who may send this file." for name in ("nobody", reviewer.username)
    }
    assert done == ["Marks and awards: 0 created, 1 changed, 0 left as they were."]
    assert (Mark.objects.get().marked_by, ImportRecord.objects.get().user) == (officer, officer)


def test_command_for_released_awards_names_the_way_in(call, tmp_path):
    said = command(tmp_path, "awards", "P-A,award,,,")

    assert said == ["“Released awards” only goes out. What goes in is “Marks and awards”: import_sheet marks FILE."]


def test_records_of_awards_and_proposals_lead_to_their_files(client, call, officer):
    client.force_login(officer)

    for model, kind in (("award", "marks"), ("proposal", "proposals")):
        page = client.get(f"/admin/proposals/{model}/").content.decode()
        assert page.count(f"/imports/{kind}/#templates") == 2
    assert "/imports/marks/export.xlsx?call=CALL" in client.get("/imports/marks/").content.decode()


def test_file_is_looked_at_again_when_somebody_marked_meanwhile(call, officer, administrator):
    upload = sent(call, officer, "P-A,award,,,")
    stage(call, [Wish("P-A", "decline")], by=administrator, at=NOON)

    with pytest.raises(LookAgain):
        running.confirm(upload, by=officer)


def test_proposal_in_conflict_does_not_exist_in_the_officers_file(call, officer):
    declare(officer, "P-A", finding="stands")

    assert faults_of(sent(call, officer, "P-A,award,,,")) == ["mark_number_unknown"]


def test_marks_that_are_submitted_do_not_move_by_file(call, officer):
    from proposals.awards import release as releasing

    stage(call, [Wish("P-A", "award")], by=officer, at=NOON)
    releasing.submit(call, by=officer, at=NOON)

    assert faults_of(sent(call, officer, "P-A,decline,,,")) == ["mark_in_packet"]


def test_nobody_marks_by_command_and_nothing_is_marked_before_its_phase(call):
    call.progress = "in_review"

    assert [fault.code for fault in MarkResource(call).cannot_be_taken()] == ["mark_in_phase", "mark_needs_a_person"]
