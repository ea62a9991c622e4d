"""Assignments by spreadsheet: the same rules and the same page as every sheet, all of it or nothing."""

import io

import openpyxl
import pytest
from django.urls import reverse

from aspire.roles import Role
from aspire.sheets import running
from aspire.sheets.results import restore
from aspire.sheets.saving import IsBlocked, LookAgain
from proposals.assignment import decisions as appointing
from proposals.assignment.sheets import AssignmentResource
from proposals.record.models import Assignment, Conflict
from proposals.record.status import Status
from tests.assignment.test_officers_review import give, reviewer_of, say
from tests.factories import NOON, OUT, ProposalFactory, TermsFactory
from tests.people import person

pytestmark = pytest.mark.django_db
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def call():
    return TermsFactory(call__code="CALL").call


@pytest.fixture
def proposals(call):
    return {letter: ProposalFactory(terms=call.terms.get(), number=f"P-{letter}") for letter in "ABC"}


def sent(call, by, *rows):
    data = ("number,reviewer\n" + "".join(f"{row}\n" for row in rows)).encode()
    return running.receive(data, kind=AssignmentResource(call), by=by, file_name="assignments.csv")


def planned(upload):
    upload.refresh_from_db()
    return restore(upload.plan)


def faults_of(upload):
    return [(fault.row, fault.column, fault.code) for fault in planned(upload).faults]


def given():
    return list(
        Assignment.objects.order_by("proposal", "position").values_list("proposal__number", "reviewer__username")
    )


def test_file_assigns_by_user_name_or_name_and_leaves_what_is_assigned(call, proposals, officer):
    baba, _endo = reviewer_of("baba", name_en="Hana Baba"), reviewer_of("endo")
    give(proposals["A"], baba, officer)
    upload = sent(call, officer, "P-A,baba", "P-A,endo", "P-B,Hana Baba", "P-C,Reviewer Endo")

    assert [(row.key, row.action, row.title) for row in planned(upload).rows] == [
        ("P-A baba", "leave", "baba"),
        ("P-A endo", "create", "endo"),
        ("P-B baba", "create", "baba"),
        ("P-C endo", "create", "endo"),
    ]
    record = running.confirm(upload, by=officer)

    assert (record.created, record.changed, record.unchanged) == (3, 0, 1)
    assert given() == [("P-A", "baba"), ("P-A", "endo"), ("P-B", "baba"), ("P-C", "endo")]
    assert {each.assigned_by for each in Assignment.objects.all()} == {officer}


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_export_goes_in_again_and_changes_nothing_even_when_a_reviewer_has_left(client, call, proposals, officer, form):
    gone, endo, fuji = reviewer_of("gone"), reviewer_of("endo"), reviewer_of("fuji")
    for position, reviewer in enumerate((gone, endo, fuji), start=1):
        give(proposals["A"], reviewer, officer, position)
    gone.is_active = False
    gone.save()
    say(proposals["A"], fuji, "stands", "kin")
    type(proposals["A"]).objects.filter(pk=proposals["A"].pk).update(status=Status.WITHDRAWN, **OUT)
    client.force_login(officer)
    data = client.get(reverse("sheets:export", args=["assignments", form]), {"call": "CALL"}).content

    upload = running.receive(data, kind=AssignmentResource(call), by=officer, file_name=f"assignments.{form}")

    plan = planned(upload)
    assert [(row.key, row.action) for row in plan.rows] == [
        (f"P-A {name}", "leave") for name in ("gone", "endo", "fuji")
    ]
    assert plan.faults == []
    record = running.confirm(upload, by=officer)
    assert (record.created, record.changed, record.unchanged) == (0, 0, 3)


def test_every_fault_is_shown_in_its_row_and_nothing_is_assigned(call, proposals, officer):
    reviewer_of("baba")
    say(proposals["B"], reviewer_of("endo"), "stands", "kin")
    left = reviewer_of("left")
    give(proposals["C"], left, officer)
    left.is_active = False
    left.save()
    reviewer_of("twin1", name_en="Taro Twin"), reviewer_of("twin2", name_en="Taro Twin")
    rows = ["P-A,baba", "P-X,baba", "P-A,nobody", "P-B,endo", "P-A,baba", "P-A,left", "P-A,Taro Twin", "P-A,", ",baba"]
    rows += ["P-A,[clear]", "P-A,officer", "p-c,left"]

    upload = sent(call, officer, *rows)

    assert faults_of(upload) == [
        (3, "A", "assignment_unknown"),
        (4, "B", "code_unknown"),
        (5, "B", "assignment_without_conflict"),
        (6, "A", "key_twice"),
        (7, "B", "assignment_of_reviewer"),
        (8, "B", "reviewer_ambiguous"),
        (9, "B", "value_missing"),
        (10, "A", "value_missing"),
        (11, "B", "key_cleared"),
        (12, "B", "code_unknown"),
        (13, "A", "key_alike"),
    ]
    with pytest.raises(IsBlocked):
        running.confirm(upload, by=officer)
    assert given() == [("P-C", "left")]


@pytest.mark.parametrize("meanwhile", ["assigned", "in conflict", "taken back", "withdrawn"])
def test_file_is_looked_at_again_when_something_happened_meanwhile(call, proposals, officer, meanwhile):
    baba, endo = reviewer_of("baba"), reviewer_of("endo")
    there = give(proposals["A"], endo, officer)
    upload = sent(call, officer, "P-A,endo", "P-B,baba", "P-C,baba")
    if meanwhile == "assigned":
        appointing.assign(call, [("P-B", "baba")], by=officer, at=NOON)
    elif meanwhile == "in conflict":
        say(proposals["B"], baba, "stands", "kin")
    elif meanwhile == "taken back":
        appointing.take_back(there)
    else:
        type(proposals["B"]).objects.filter(pk=proposals["B"].pk).update(status=Status.WITHDRAWN, **OUT)
    before = given()

    with pytest.raises(LookAgain):
        running.confirm(upload, by=officer)

    assert given() == before


def test_proposal_in_conflict_with_the_officer_is_in_none_of_the_officers_files(client, call, proposals, officer):
    give(proposals["A"], reviewer_of("baba"), officer)
    say(proposals["A"], officer, "stands", "kin")
    client.force_login(officer)

    data = client.get(reverse("sheets:export", args=["assignments", "csv"]), {"call": "CALL"}).content.decode(
        "utf-8-sig"
    )

    assert "P-A" not in data
    assert faults_of(sent(call, officer, "P-A,baba")) == [(2, "A", "assignment_unknown")]


def test_nobody_assigns_by_command_and_a_command_takes_all_out(call, proposals, officer):
    give(proposals["A"], reviewer_of("baba"), officer)
    Conflict.objects.create(
        proposal=proposals["A"], person=officer, finding="stands", kind="kin", recorded_by=officer, recorded_at=NOON
    )
    sheet = AssignmentResource(call)

    assert [fault.code for fault in sheet.cannot_be_taken()] == ["assignment_needs_a_person"]
    assert sheet.stored(["P-A baba", "P-B baba"]) == {"P-A baba": Assignment.objects.get()}
    assert (sheet.heading(), sheet.url_of("P-A baba")) == (call.name, "/calls/CALL/assignments/?q=P-A")


def test_template_offers_the_active_reviewers_by_name_and_twins_by_user_name(client, call, proposals, officer):
    names = {"baba": "Hana Baba", "endo": "Endo", "twin1": "Twin", "twin2": "Twin", "left": "Left"}
    for name, known in names.items():
        user = reviewer_of(name)
        type(user.reviewer_profile).objects.filter(user=user).update(name_ja=known)
    user.is_active = False
    user.save()
    person("bare", "Reviewer Bare", Role.REVIEWER)
    client.force_login(officer)

    data = client.get(reverse("sheets:template", args=["assignments"]), {"call": "CALL"}, headers=ENGLISH).content

    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    assert [cell.value for cell in sheet[1]] == ["number", "reviewer"]
    (rule,) = sheet.data_validations.dataValidation
    assert (str(rule.sqref).partition(":")[0], sorted(rule.formula1.strip('"').split(","))) == (
        "B2",
        ["Endo", "Hana Baba", "Reviewer Bare", "twin1", "twin2"],
    )


def test_officers_and_administrators_are_offered_the_files_and_nobody_else(
    client, call, proposals, officer, administrator, manager
):
    export = reverse("sheets:export", args=["assignments", "csv"])
    send = reverse("sheets:send", args=["assignments"])
    for user, status in ((officer, 200), (administrator, 200), (manager, 404), (reviewer_of("baba"), 404)):
        client.force_login(user)
        found = [client.get(address, {"call": "CALL"}).status_code for address in (export, send)]
        assert found == [status, status], user
        assert client.get(export, {"call": "CALL", "q": "x"}).status_code == 404
    client.force_login(officer)
    page = client.get(reverse("assignment:assignments", args=["CALL"])).content.decode()
    assert all(
        f"{address}?call=CALL" in page for address in (send, reverse("sheets:export", args=["assignments", "xlsx"]))
    )


def test_a_file_of_assignments_asks_the_same_number_of_queries_at_one_and_at_three_rows(
    call, proposals, officer, django_assert_max_num_queries
):
    reviewer_of("baba"), reviewer_of("endo")

    def queries(*rows):
        with django_assert_max_num_queries(40) as asked:
            sent(call, officer, *rows)
        return len(asked)

    assert queries("P-A,baba") == queries("P-A,baba", "P-B,baba", "P-C,endo")
