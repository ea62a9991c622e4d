"""Files of proposals: all rows go in or none, every fault names its row, and what goes out comes back unchanged."""

import io

import openpyxl
import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from aspire.spreadsheets import day, read_table, whole_yen
from proposals.models import AnnualCost, Proposal
from tests.factories import NOON, AnnualCostFactory, FunderFactory, ProposalFactory, TermsFactory

pytestmark = pytest.mark.django_db
HEADER = "number,title_ja,field,funder,starts_on,ends_on,direct_yen_2024,indirect_yen_2024"
ROW = ",量子網,quantum,GB-UKRI,2024-04-01,2029-03-31,10000000,3000000"


@pytest.fixture
def call(db, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
    FunderFactory()
    return TermsFactory(call__code="IN").call


@pytest.fixture
def send(call, tmp_path, settings):
    settings.LANGUAGE_CODE = "en"

    def send(*lines, name="file.csv", encoding="utf-8", **options):
        file = tmp_path / name
        file.write_bytes("\r\n".join(lines).encode(encoding))
        said, out = io.StringIO(), io.StringIO()
        try:
            call_command("import_proposals", str(file), call="IN", stdout=out, stderr=said, **options)
        except CommandError as error:
            return [*said.getvalue().splitlines(), str(error)]
        return out.getvalue().splitlines()

    return send


def test_a_good_file_creates_numbered_proposals_with_their_costs(send):
    assert send(HEADER, ROW, ROW) == ["2 proposals created, 0 changed."]

    created = Proposal.objects.order_by("number")
    assert [proposal.number for proposal in created] == ["IN-001", "IN-002"]
    assert [proposal.requested_yen for proposal in created] == [13_000_000, 13_000_000]
    assert created[0].received_at == NOON


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_file_is_read_in_the_encodings_that_excel_writes(send, encoding):
    assert send(HEADER, ROW, encoding=encoding) == ["1 proposals created, 0 changed."]
    assert Proposal.objects.get().title_ja == "量子網"


def test_a_workbook_is_read_like_a_csv(call, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(HEADER.split(","))
    book.active.append(["", "量子網", "quantum", "GB-UKRI", "2024-04-01", "2029-03-31", 10_000_000, 3_000_000])
    book.save(tmp_path / "file.xlsx")

    call_command("import_proposals", str(tmp_path / "file.xlsx"), call="IN", stdout=io.StringIO())

    assert AnnualCost.objects.get().total_yen == 13_000_000


def test_a_workbooks_dates_and_numbers_are_read_exactly(tmp_path):
    import datetime

    book = openpyxl.Workbook()
    book.active.append(["a", "b", "c", "d"])
    book.active.append([datetime.date(2024, 4, 1), 26_000_000, 2.9, True])
    book.save(tmp_path / "file.xlsx")

    rows = read_table(tmp_path / "file.xlsx", required=["a"], known="abcd")

    assert rows[0].cells == {"a": "2024-04-01", "b": "26000000", "c": "2.9", "d": "True"}


def test_a_dry_run_says_what_would_happen_and_saves_nothing(send):
    assert send(HEADER, ROW, dry_run=True) == ["Nothing was saved (dry run): 1 to create, 0 to change."]
    assert not Proposal.objects.exists()


def test_one_bad_row_saves_nothing_and_every_fault_is_said_with_its_row(send):
    bad = ROW.replace("10000000,3000000", "20000001,6000000")
    worse = ROW.replace("quantum", "alchemy").replace("2029-03-31", "2029-02-30")

    said = send(HEADER, ROW, "", bad, worse)

    assert said[0].startswith("Row 4: Fiscal year 2024: the request of ¥26,000,001 is above the ceiling")
    assert "Row 5: “alchemy” is not a known code." in said
    assert "Row 5: “2029-02-30” is not a day. Write it as 2026-04-01." in said
    assert said[-1] == "Nothing was saved."
    assert not Proposal.objects.exists()


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([], "The file is empty. Send one with a header row and at least one row under it."),
        ([HEADER.replace("title_ja,", ""), ROW], "Column “title_ja” is missing. Add it."),
        ([HEADER.replace("field", "feild"), ROW], "Column “feild” is not known. Remove or rename it."),
        ([HEADER + ",field", ROW], "Column “field” stands twice. Keep one."),
        (
            [HEADER, ROW + ",,,more"],
            "Row 2 has more cells than the header. Remove what stands beyond the last column.",
        ),
        ([HEADER, '"' + ROW], "The file is not a well-formed CSV. Save it again as CSV."),
        (
            [HEADER, ROW.replace(",量", "IN-999,量")],
            "Row 2: Call IN has no proposal IN-999. Leave the number empty to create one.",
        ),
        (
            [HEADER, ROW.replace("10000000", "¥10")],
            "Row 2: “¥10” is not a whole number of yen. Write digits only, without unit or decimals.",
        ),
    ],
)
def test_a_file_that_is_not_as_agreed_is_refused_by_place_and_remedy(send, lines, sentence):
    assert sentence in send(*lines)
    assert not Proposal.objects.exists()


def test_a_file_in_no_known_encoding_is_refused(send):
    assert "The file is neither UTF-8 nor CP932. Save it as “CSV UTF-8”." in send(HEADER, ROW, encoding="utf-16")


def test_a_renamed_file_is_no_workbook(send):
    assert send(HEADER, name="file.xlsx")[0] == "The file cannot be read as a workbook. Save it again as .xlsx."


def test_a_known_number_updates_and_an_empty_cell_leaves_the_value(send):
    send(HEADER, ROW)

    said = send(HEADER, "IN-001,新しい題,quantum,GB-UKRI,,,9000000,")

    proposal = Proposal.objects.get()
    assert said == ["0 proposals created, 1 changed."]
    assert (proposal.title_ja, proposal.ends_on.year, proposal.requested_yen) == ("新しい題", 2029, 9_000_000)


def test_a_refusal_only_the_database_knows_is_said_with_its_row(send, monkeypatch):
    monkeypatch.setattr(AnnualCost, "full_clean", lambda cost: None)

    said = send(HEADER, ROW.replace("10000000,3000000", "20000001,6000000"))

    assert said[0].startswith("Row 2: Fiscal year 2024: the request of ¥26,000,001")
    assert not Proposal.objects.exists()


def test_a_fault_of_our_own_is_said_without_its_insides(send, monkeypatch):
    def fail(_cost):
        raise RuntimeError("secret insides")

    monkeypatch.setattr(AnnualCost, "full_clean", fail)

    said = send(HEADER, ROW)

    assert said == ["Row 2: This row cannot be read. Compare it with the template.", "Nothing was saved."]


def test_what_is_exported_comes_back_without_a_change(send, call, tmp_path):
    AnnualCostFactory(proposal=ProposalFactory(terms=call.terms.get(), number="IN-001", researcher_number="00123456"))
    ProposalFactory(terms=call.terms.get(), number="IN-002", starts_on=None, ends_on=None)
    before = list(Proposal.objects.values()), list(AnnualCost.objects.values())
    file = tmp_path / "out.csv"

    call_command("export_proposals", str(file), call="IN", stdout=io.StringIO())
    send(*file.read_text(encoding="utf-8-sig").splitlines())

    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    assert (list(Proposal.objects.values()), list(AnnualCost.objects.values())) == before


def test_an_unknown_call_or_file_is_said_in_one_sentence(call, tmp_path):
    with pytest.raises(CommandError, match="NOPE"):
        call_command("export_proposals", str(tmp_path / "x.csv"), call="NOPE")
    with pytest.raises(CommandError, match="NOPE"):
        call_command("import_proposals", str(tmp_path / "x.csv"), call="NOPE")
    with pytest.raises(CommandError, match=r"x\.csv"):
        call_command("import_proposals", str(tmp_path / "x.csv"), call="IN")


@pytest.mark.parametrize("text", ["2.9", "1e5", "¥100", "1,00", "NaN", "10円", "1 000"])
def test_anything_but_whole_yen_is_refused(text):
    with pytest.raises(ValidationError):
        whole_yen(text)


def test_whole_yen_may_be_grouped():
    assert [whole_yen(text) for text in ("26,000,000", "26000000", "１０", "0", "")] == [
        26_000_000,
        26_000_000,
        10,
        0,
        None,
    ]


@pytest.mark.parametrize("text", ["45383", "24-04-01", "2024-02-30", "4/1", "April"])
def test_anything_but_a_whole_day_is_refused(text):
    with pytest.raises(ValidationError):
        day(text)
