"""The pages of import and export: nothing is saved before it is confirmed, once, by the person who sent the file."""

import csv
import datetime
import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import DataError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aspire.models import ExportRecord, ImportRecord, Upload
from aspire.sheets import running
from calls.models import Call, CallField, EligibleFunder, Field
from partners.models import Country, Funder
from proposals.record.models import AnnualCost, Conflict, Proposal
from tests.factories import (
    NOON,
    AnnualCostFactory,
    CounterpartFactory,
    CountryFactory,
    FunderFactory,
    ProposalFactory,
    TermsFactory,
)
from tests.people import person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]
HEADER = "number,title_ja,field,funder,starts_on,ends_on,direct_yen_2024,indirect_yen_2024"
ROW = ",量子網,quantum,GB-UKRI,2024-04-01,2029-03-31,10000000,3000000"


def rows(count):
    """As many rows, each of a proposal of its own."""
    return [ROW.replace("量子網", f"量子網{place}") for place in range(count)]


@pytest.fixture
def call(db, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
    FunderFactory()
    return TermsFactory(call__code="IN").call


@pytest.fixture
def desk(client, officer, call):
    client.force_login(officer)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def send(client, *lines, name="file.csv", **fields):
    file = SimpleUploadedFile(name, "\r\n".join(lines).encode())
    return client.post(reverse("intake:import_file"), {"call": "IN", "file": file, **fields}, follow=True)


def test_sending_a_file_shows_what_it_would_do_and_writes_nothing(desk):
    page = send(desk, HEADER, *rows(2))

    assert page.context["plan"].count("create") == 2
    assert page.context["totals"] == {2024: 26_000_000}
    assert "26,000,000" in page.content.decode()
    assert not Proposal.objects.exists()


def test_confirming_saves_all_of_it_and_leads_to_the_record(desk, officer):
    page = send(desk, HEADER, ROW)
    upload = Upload.objects.get()

    answer = desk.post(reverse("sheets:confirm", args=[upload.pk]), follow=True)

    assert Proposal.objects.get().number == "IN-001"
    assert answer.context["record"].user == officer
    assert "IN-001" in answer.content.decode()
    assert page.context["upload"] == upload


def test_confirming_twice_saves_once(desk):
    send(desk, HEADER, ROW)
    url = reverse("sheets:confirm", args=[Upload.objects.get().pk])

    first, second = desk.post(url), desk.post(url)

    assert first["Location"] == second["Location"]
    assert (Proposal.objects.count(), ImportRecord.objects.count()) == (1, 1)


def test_the_back_button_leads_to_the_record_of_what_was_saved(desk):
    send(desk, HEADER, ROW)
    upload = Upload.objects.get()
    desk.post(reverse("sheets:confirm", args=[upload.pk]))

    answer = desk.get(reverse("sheets:preview", args=[upload.pk]))

    assert answer["Location"] == reverse("sheets:record", args=[ImportRecord.objects.get().pk])


def test_a_blocked_file_cannot_be_confirmed_and_says_where_and_why(desk):
    page = send(desk, HEADER, ROW.replace("quantum", "alchemy"))
    upload = Upload.objects.get()

    desk.post(reverse("sheets:confirm", args=[upload.pk]))

    text = page.content.decode()
    assert "alchemy" in text
    assert "Download the file with an error column" in text
    assert "Save all of it" not in text
    assert not Proposal.objects.exists()


def test_an_unreadable_file_says_why(desk):
    page = send(desk, "PK\x03\x04 broken", name="file.xlsx")

    assert page.status_code == 200
    assert len(page.context["faults"]) == 1
    assert not Proposal.objects.exists()


def test_only_the_first_hundred_faults_are_shown_and_the_rest_counted(desk):
    page = send(desk, HEADER, *[ROW.replace("quantum", f"x{n}") for n in range(130)])

    assert len(page.context["faults"]) == 100
    assert page.context["more_faults"] == 30


def test_a_file_whose_basis_changed_is_looked_at_again(desk, call):
    ProposalFactory(terms=call.terms.get(), number="IN-001", title_ja="前")
    send(desk, HEADER, "IN-001,後,,,,,,")
    Proposal.objects.update(title_en="changed meanwhile")

    answer = desk.post(reverse("sheets:confirm", args=[Upload.objects.get().pk]), follow=True)

    assert "look again" in answer.content.decode()
    assert Proposal.objects.get().title_ja == "前"
    desk.post(reverse("sheets:confirm", args=[Upload.objects.get().pk]))
    assert Proposal.objects.get().title_ja == "後"


@pytest.mark.parametrize(
    "changed",
    [
        lambda call: EligibleFunder.objects.create(call=call, funder=FunderFactory(acronym="NERC")),
        lambda call: Funder.objects.update(name_en="Another name"),
        lambda call: Funder.objects.update(label_as_printed="Another label"),
        lambda call: Funder.objects.update(country=CountryFactory(alpha2="FR")),
        lambda call: Country.objects.update(name_ja="別名"),
        lambda call: Field.objects.update(name_en="Another name"),
        lambda call: CallField.objects.update(label_as_printed="Another label"),
        lambda call: Call.objects.update(closes_at=NOON + datetime.timedelta(days=1)),
    ],
)
def test_a_preview_rests_on_everything_its_names_were_looked_up_in(desk, call, changed):
    send(desk, HEADER, ROW)
    changed(call)

    answer = desk.post(reverse("sheets:confirm", args=[Upload.objects.get().pk]), follow=True)

    assert "look again" in answer.content.decode()
    assert not Proposal.objects.exists()


def test_a_choice_that_does_not_exist_exports_what_the_list_shows_and_is_not_recorded(desk, call):
    ProposalFactory(terms=call.terms.get(), number="IN-001")

    answer = desk.get(reverse("intake:export", args=["csv"]) + "?call=NOPE&status=received")

    assert answer.content.decode("utf-8-sig").count("IN-001") == 1
    assert ExportRecord.objects.get().filters == {"status": "received"}


def test_a_change_is_shown_cell_by_cell(desk, call):
    AnnualCostFactory(proposal=ProposalFactory(terms=call.terms.get(), number="IN-001", title_ja="前"))

    page = send(desk, HEADER, "IN-001,後,,,,,11000000,")

    assert page.context["page"][0].differences == [
        ["title_ja", "前", "後"],
        ["direct_yen_2024", "10,000,000", "11,000,000"],
    ]


def test_an_upload_is_its_senders_alone(desk, client, db):
    send(desk, HEADER, ROW)
    url = reverse("sheets:preview", args=[Upload.objects.get().pk])
    client.force_login(person("other", "Officer Other", "officer"))

    assert client.get(url).status_code == 404


def test_an_upload_expires_and_is_thrown_away(desk, officer, monkeypatch):
    send(desk, HEADER, ROW)
    old = Upload.objects.get()
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON + datetime.timedelta(days=2))
    desk.force_login(officer)  # the day before yesterday's session has ended

    assert desk.get(reverse("sheets:preview", args=[old.pk])).status_code == 404
    send(desk, HEADER, ROW)
    assert not Upload.objects.filter(pk=old.pk).exists()


def test_a_cancelled_upload_keeps_nothing_and_saves_nothing(desk):
    send(desk, HEADER, ROW)
    upload = Upload.objects.get()

    page = desk.post(reverse("sheets:cancel", args=[upload.pk]), follow=True)
    desk.post(reverse("sheets:confirm", args=[upload.pk]))

    upload.refresh_from_db()
    assert "Nothing was saved" in page.content.decode()
    assert (bytes(upload.data), upload.plan) == (b"", None)
    assert not Proposal.objects.exists()
    assert desk.get(reverse("sheets:annotated_copy", args=[upload.pk])).status_code == 404


def test_an_upload_cancelled_meanwhile_is_not_checked_again(desk):
    send(desk, HEADER, ROW)
    upload = Upload.objects.get()
    desk.post(reverse("sheets:cancel", args=[upload.pk]))

    running.look_again(upload)

    upload.refresh_from_db()
    assert (upload.state, upload.plan) == (Upload.State.CANCELLED, None)


def test_a_check_that_was_stopped_ends_without_a_plan(desk, monkeypatch):
    monkeypatch.setattr("aspire.sheets.resources.ROWS_A_STEP", 1)
    monkeypatch.setattr(running, "begin", lambda upload: None)
    send(desk, HEADER, *rows(2))
    upload = Upload.objects.get()
    running.cancel(upload)
    Upload.objects.filter(pk=upload.pk).update(data="\r\n".join([HEADER, *rows(2)]).encode())

    running.check(upload.pk)

    upload.refresh_from_db()
    assert (upload.state, upload.plan) == ("cancelled", None)


def test_a_result_that_an_older_release_kept_is_made_anew(desk):
    send(desk, HEADER, ROW)
    upload = Upload.objects.get()
    Upload.objects.update(plan={"rows": [{"row": 2, "action": "create", "pk": None}], "faults": [], "view": None})

    answer = desk.post(reverse("sheets:confirm", args=[upload.pk]), follow=True)
    assert "look again" in answer.content.decode()
    Upload.objects.update(plan={"rows": [], "faults": []})
    assert desk.get(reverse("sheets:preview", args=[upload.pk])).context["creating"] == 1


def test_a_running_check_says_how_far_it_is(desk, monkeypatch):
    monkeypatch.setattr(running, "begin", lambda upload: None)
    page = send(desk, HEADER, ROW)
    upload = Upload.objects.get()

    answer = desk.get(reverse("sheets:progress", args=[upload.pk])).json()

    assert answer == {"state": "checking", "done": 0, "total": 0}
    assert "being checked" in page.content.decode()


def test_a_running_check_says_of_how_many_rows(desk, monkeypatch):
    monkeypatch.setattr("aspire.sheets.resources.ROWS_A_STEP", 1)
    send(desk, HEADER, *rows(2))

    upload = Upload.objects.get()

    assert (upload.done, upload.total) == (2, 2)


def test_a_check_whose_process_ended_is_begun_again(desk, monkeypatch):
    begin = running.begin
    monkeypatch.setattr(running, "begin", lambda upload: None)
    send(desk, HEADER, ROW)
    monkeypatch.setattr(running, "begin", begin)
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON + datetime.timedelta(minutes=2))

    page = desk.get(reverse("sheets:preview", args=[Upload.objects.get().pk]))

    assert page.context["plan"].count("create") == 1


def test_a_refusal_of_the_database_saves_nothing_and_answers_with_its_sentence(desk, monkeypatch):
    monkeypatch.setattr("proposals.intake.judging.annual_breaches", lambda *_args, **_kwargs: [])
    send(desk, HEADER, ROW.replace("10000000", "30000000"))

    answer = desk.post(reverse("sheets:confirm", args=[Upload.objects.get().pk]))

    assert answer.status_code == 409
    assert "33,000,000" in answer.content.decode()
    assert not Proposal.objects.exists()


@pytest.mark.owner
def test_an_error_of_the_database_that_is_no_refusal_is_no_page_of_ours(desk, failing_records):
    send(desk, HEADER, ROW)

    with pytest.raises(DataError):
        desk.post(reverse("sheets:confirm", args=[Upload.objects.get().pk]))


def test_a_file_above_the_size_limit_is_refused_unread(desk, monkeypatch):
    page = send(desk, "x" * (5 * 2**20 + 1))

    assert "at most 5 MiB are taken" in page.content.decode()
    assert not Upload.objects.exists()


def test_the_marked_copy_holds_every_fault_in_a_column_of_its_own(desk):
    send(desk, HEADER, ROW, ROW.replace("quantum", "alchemy"))

    answer = desk.get(reverse("sheets:annotated_copy", args=[Upload.objects.get().pk]))
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))

    assert answer["Content-Disposition"] == 'attachment; filename="file_checked.csv"'
    assert len(rows) == 3
    assert "alchemy" in rows[2][-1]
    assert rows[1][-1] == ""


def test_a_marked_copy_of_nothing_readable_does_not_exist(desk):
    send(desk, "PK\x03\x04 broken", name="file.xlsx")

    assert desk.get(reverse("sheets:annotated_copy", args=[Upload.objects.get().pk])).status_code == 404


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_list_as_filtered_goes_out_and_is_recorded(desk, call, form):
    for number in ("IN-001", "IN-002"):
        AnnualCostFactory(proposal=ProposalFactory(terms=call.terms.get(), number=number))

    answer = desk.get(reverse("intake:export", args=[form]), {"call": "IN", "q": "IN-001"})

    record = ExportRecord.objects.get()
    assert answer.status_code == 200
    assert (record.row_count, record.filters, record.form) == (1, {"call": "IN", "q": "IN-001"}, form)
    assert "researcher_number" in record.columns


def test_chosen_columns_go_out_under_the_headers_asked_for(desk, call):
    ProposalFactory(terms=call.terms.get(), number="IN-001", title_ja="題")
    wish = {"call": "IN", "language": "en", "columns": ["number", "title_ja"], "encoding": "cp932"}

    answer = desk.get(reverse("intake:export", args=["csv"]), wish)

    assert answer.content.decode("cp932").splitlines() == ["Proposal number,Title (Japanese)", "IN-001,題"]


def test_costs_of_every_fiscal_year_are_chosen_as_one_column(desk, call):
    AnnualCostFactory(proposal=ProposalFactory(terms=call.terms.get(), number="IN-001"))
    page = desk.get(reverse("proposals:list"), {"call": "IN"}).content.decode()

    desk.get(reverse("intake:export", args=["csv"]), {"call": "IN", "columns": ["number", "direct_yen"]})

    assert 'name="columns" value="direct_yen"' in page
    years = range(2024, 2029)
    assert ExportRecord.objects.get().columns == ["number", *(f"direct_yen_{year}" for year in years)]


def test_an_exported_row_holds_costs_by_fiscal_year_and_the_counterpart_who_stands_first(desk, call):
    terms, period = call.terms.get(), {"starts_on": datetime.date(2024, 4, 1), "ends_on": datetime.date(2026, 3, 31)}
    first = ProposalFactory(terms=terms, number="IN-002", **period)
    for year, direct in ((2025, 7), (2024, 0)):
        AnnualCostFactory(proposal=first, fiscal_year=year, direct_yen=direct, indirect_yen=0)
    CounterpartFactory(proposal=first, person="Ada King", institution="Oxbridge")
    CounterpartFactory(proposal=first, person="Somebody Else", country__alpha2="FR")
    bare = {
        "starts_on": None,
        "ends_on": None,
        "young_researcher_plan": "=1+1",
        "title_en": "",
        "researcher_number": "",
    }
    ProposalFactory(terms=terms, number="IN-001", **bare)

    answer = desk.get(reverse("intake:export", args=["csv"]), {"call": "IN", "language": "en"})

    people = "青木 花子,アオキ ハナコ"
    title, school = "量子もつれの国際共同研究", "東都大学"
    assert answer.content.decode("utf-8-sig").split("\r\n")[1:] == [
        f"IN-001,{title},,{people},,{school},quantum,GB,GB-UKRI,,,,,'=1+1,2023-10-02 12:00,,,,,,,,,,,,,,,,,,",
        f"IN-002,{title},Entanglement across borders,{people},00123456,{school},quantum,GB,GB-UKRI,Ada King,Oxbridge,"
        "2024-04-01,2026-03-31,,2023-10-02 12:00,,,,,,,,,,Somebody Else,University of Camford,FR,,,0,0,7,0",
        "",
    ]


def test_an_export_asks_the_same_number_of_queries_at_one_and_at_three_rows(desk, call):
    def grow(number):
        CounterpartFactory(
            proposal=AnnualCostFactory(proposal__terms=call.terms.get(), proposal__number=number).proposal
        )

    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert desk.get(reverse("intake:export", args=["xlsx"]), {"call": "IN"}).status_code == 200
        return len(asked)

    grow("IN-001")
    queries()
    at_one = queries()
    grow("IN-002"), grow("IN-003")
    assert queries() == at_one


def test_what_a_role_may_not_see_is_not_in_its_exports(client, manager, call):
    ProposalFactory(terms=call.terms.get(), number="IN-001", researcher_number="00123456")
    client.force_login(manager)

    answer = client.get(reverse("intake:export", args=["csv"]), {"call": "IN"})

    offered = client.get(reverse("proposals:list"), {"call": "IN"}).content.decode()
    assert "00123456" not in answer.content.decode()
    assert 'value="researcher_number"' not in offered
    assert "researcher_number" not in ExportRecord.objects.get().columns


def test_a_template_is_for_a_call_that_exists(desk):
    assert desk.get(reverse("intake:template"), {"call": "IN"}).status_code == 200
    assert desk.get(reverse("intake:template"), {"call": "NOPE"}).status_code == 404
    assert desk.get(reverse("intake:export", args=["pdf"]), {"call": "IN"}).status_code == 404


@pytest.mark.parametrize("page", ["import_file", "preview", "import_record"])
def test_pages_ask_the_same_number_of_queries_at_one_and_at_three_rows(desk, django_assert_max_num_queries, page):
    def queries(rows):
        send(desk, HEADER, *[ROW.replace("量子網", f"題{rows}-{n}") for n in range(rows)])
        upload = Upload.objects.get(state="checked")
        url = reverse("sheets:preview", args=[upload.pk])
        if page != "preview":
            desk.post(reverse("sheets:confirm", args=[upload.pk]))
            url = reverse("intake:import_file")
        if page == "import_record":
            url = reverse("sheets:record", args=[ImportRecord.objects.latest("pk").pk])
        with django_assert_max_num_queries(20) as asked:
            assert desk.get(url).status_code == 200
        return len(asked)

    at_one = queries(1)
    Upload.objects.filter(state="checked").delete()
    assert queries(3) == at_one
    assert AnnualCost.objects.count() == (0 if page == "preview" else 4)


def test_what_cp932_cannot_hold_is_told_before_the_file_is_given(desk, call):
    ProposalFactory(terms=call.terms.get(), number="IN-001", title_ja="· 髙𣘺")
    wish = {"call": "IN", "encoding": "cp932"}

    told = desk.get(reverse("intake:export", args=["csv"]), wish)
    given = desk.get(reverse("intake:export", args=["csv"]), wish | {"lossy": "1"})

    assert (told.status_code, given.status_code) == (409, 200)
    assert len(told.context["lost"]) == 2
    assert ExportRecord.objects.count() == 1


def test_an_import_by_command_is_listed_as_one(desk, tmp_path):
    file = tmp_path / "file.csv"
    file.write_text(f"{HEADER}\n{ROW}\n", encoding="utf-8")
    call_command("import_proposals", str(file), call="IN", stdout=io.StringIO())

    pages = [
        desk.get(reverse("intake:import_file")),
        desk.get(reverse("sheets:record", args=[ImportRecord.objects.get().pk])),
    ]

    assert ["a command" in page.content.decode() for page in pages] == [True, True]


def test_a_file_that_waits_is_found_again(desk):
    send(desk, HEADER, ROW)

    page = desk.get(reverse("intake:import_file"))

    assert reverse("sheets:preview", args=[Upload.objects.get().pk]) in page.content.decode()


def test_a_row_that_cannot_be_saved_is_counted_neither_as_changing_nor_as_left(desk, call):
    ProposalFactory(terms=call.terms.get(), number="IN-001", title_ja="前")

    page = send(desk, HEADER, "IN-001,前,,XX-YY,,,,", "IN-001x,,,,,,,")

    assert [page.context[name] for name in ("creating", "changing", "leaving", "blocks")] == [0, 0, 0, 2]
    assert [row.action for row in page.context["page"]] == ["blocked"]


def test_a_difference_names_the_column_in_the_readers_language(desk, call):
    ProposalFactory(terms=call.terms.get(), number="IN-001", title_ja="前")

    page = send(desk, HEADER, "IN-001,後,,,,,,").content.decode()

    assert "Title (Japanese): <del>" in page


def test_a_bad_day_has_one_fault_and_no_follower(desk):
    page = send(desk, HEADER, ROW.replace("2029-03-31", "2029-02-30"))

    assert [fault.column for fault in page.context["faults"]] == ["F"]


def test_a_text_that_no_cell_holds_is_named_instead_of_cut(desk, call):
    ProposalFactory(terms=call.terms.get(), number="IN-001", title_ja="題", young_researcher_plan="x" * 40_000)

    pages = [
        desk.get(reverse("intake:export", args=["xlsx"]), {"call": "IN"}),
        desk.get(reverse("intake:template"), {"call": "IN", "prefill": "1"}),
    ]

    assert [page.status_code for page in pages] == [409, 409]
    assert all("40,000" in page.content.decode() for page in pages)
    assert not ExportRecord.objects.exists()


def test_an_export_of_no_proposals_of_no_call_does_not_exist(desk):
    assert desk.get(reverse("intake:export", args=["csv"])).status_code == 404


def test_an_export_says_that_its_rows_are_not_of_real_proposals(desk, call):
    call.is_synthetic = True
    call.save()
    ProposalFactory(terms=call.terms.get(), number="IN-001")

    answer = desk.get(reverse("intake:export", args=["xlsx"]), {"call": "IN", "language": "en"})

    notes = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[1]
    assert "are synthetic" in notes["A1"].value


def test_an_export_says_that_reconstructed_rows_are_not_single_proposals(desk, call):
    texts = ("title_ja", "title_en", "principal_investigator", "principal_investigator_reading")
    ProposalFactory(
        terms=call.terms.get(),
        number="IN-R01",
        is_reconstructed=True,
        **dict.fromkeys((*texts, "researcher_number", "institution"), ""),
        **dict.fromkeys(("received_at", "starts_on", "ends_on")),
    )

    answer = desk.get(reverse("intake:export", args=["xlsx"]), {"call": "IN", "language": "en"})

    notes = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[1]
    assert "are reconstructed from published totals" in notes["A1"].value


def test_a_proposal_that_a_conflict_hides_from_its_sender_is_not_there_in_a_file(desk, officer, call):
    hidden = ProposalFactory(terms=call.terms.get(), number="IN-007", title_ja="見せない題名")
    Conflict.objects.create(
        proposal=hidden, person=officer, finding="stands", kind="kin", recorded_by=officer, recorded_at=NOON
    )

    page = send(desk, "number,title_ja", "IN-007,別の題名", "ＩＮ-007,別の題名")

    assert {fault.code for fault in page.context["plan"].faults if fault.row} == {"number_unknown", "key_alike"}
    assert "見せない題名" not in page.content.decode()
