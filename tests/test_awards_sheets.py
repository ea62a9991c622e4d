"""Marks by spreadsheet: the same rules and the same page as every sheet, all of it or nothing."""

import pytest

from aspire.sheets import running
from aspire.sheets.plans import restore
from aspire.sheets.saving import LookAgain
from proposals.awards.marking import Wish, stage
from proposals.awards.sheets import Marks
from proposals.models import Award, Mark
from tests.doors import refused
from tests.factories import MILLION, NOON
from tests.test_awards import begin, decided, declare

pytestmark = pytest.mark.django_db
HEADER = "number,decision,reason,direct_yen_2024,indirect_yen_2024\n"


@pytest.fixture
def call(db):
    return begin(decided(pot_yen=60 * MILLION))


def sent(call, by, *rows):
    data = (HEADER + "".join(f"{row}\n" for row in rows)).encode()
    return running.receive(data, kind=Marks(call), by=by, file_name="marks.csv")


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

    upload = running.receive(data, kind=Marks(call), by=officer, file_name="marks.xlsx")

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


def test_file_is_refused_as_a_whole_when_it_does_not_fit_the_pot(call, officer):
    upload = sent(call, officer, *(f"P-{letter},award,,," for letter in "ABC"))

    with refused("call_awards_within_pot"):
        running.confirm(upload, by=officer)

    assert not Mark.objects.exists()


def test_file_is_looked_at_again_when_somebody_marked_meanwhile(call, officer, administrator):
    upload = sent(call, officer, "P-A,award,,,")
    stage(call, [Wish("P-A", "decline")], by=administrator, at=NOON)

    with pytest.raises(LookAgain):
        running.confirm(upload, by=officer)


def test_proposal_in_conflict_does_not_exist_in_the_officers_file(call, officer):
    declare(officer, "P-A", finding="stands")

    assert faults_of(sent(call, officer, "P-A,award,,,")) == ["mark_number_unknown"]


def test_marks_that_are_submitted_do_not_move_by_file(call, officer):
    from proposals.awards import releasing

    stage(call, [Wish("P-A", "award")], by=officer, at=NOON)
    releasing.submit(call, by=officer, at=NOON)

    assert faults_of(sent(call, officer, "P-A,decline,,,")) == ["mark_in_packet"]


def test_nobody_marks_by_command_and_nothing_is_marked_before_its_phase(call):
    call.progress = "in_review"

    assert [fault.code for fault in Marks(call).faults()] == ["mark_in_phase", "mark_needs_a_person"]
