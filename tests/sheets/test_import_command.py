"""Files of proposals: all rows go in or none, every fault names its place, and what goes out comes back unchanged."""

import io

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.db import DataError
from django.utils import translation

from aspire.models import ExportRecord, ImportRecord
from aspire.sheets.resources import StrictResource
from calls.models import Call, EligibleFunder, Terms
from partners.models import Funder
from proposals.record.models import AnnualCost, Counterpart, Proposal
from tests.factories import (
    NOON,
    AnnualCostFactory,
    CountryFactory,
    FieldFactory,
    FunderFactory,
    ProposalFactory,
    TermsFactory,
)

pytestmark = pytest.mark.django_db
HEADER = "number,title_ja,field,funder,starts_on,ends_on,direct_yen_2024,indirect_yen_2024"
ROW = ",量子網,quantum,GB-UKRI,2024-04-01,2029-03-31,10000000,3000000"
CREATED = "Proposals: 1 created, 0 changed, 0 left as they were."


def rows(count):
    """As many rows, each of a proposal of its own."""
    return [ROW.replace("量子網", f"量子網{place}") for place in range(count)]


@pytest.fixture
def call(db, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
    FunderFactory()
    return TermsFactory(call__code="IN").call


@pytest.fixture
def send(call, tmp_path):
    """Import lines as a CSV; returns what was said, findings first."""

    def send(*lines, name="file.csv", encoding="utf-8", language="en", data=None, **options):
        file = tmp_path / name
        file.write_bytes("\r\n".join(lines).encode(encoding) if data is None else data)
        said, out = io.StringIO(), io.StringIO()
        with translation.override(language):
            try:
                call_command(
                    "import_proposals", str(file), call="IN", stdout=out, stderr=said, no_color=True, **options
                )
            except CommandError as error:
                return [*said.getvalue().splitlines(), str(error)]
        return [*said.getvalue().splitlines(), *out.getvalue().splitlines()]

    return send


def test_a_good_file_creates_numbered_proposals_with_their_costs(send):
    assert send(HEADER, *rows(2)) == ["Proposals: 2 created, 0 changed, 0 left as they were."]

    created = Proposal.objects.order_by("number")
    assert [proposal.number for proposal in created] == ["IN-001", "IN-002"]
    assert [proposal.requested_yen for proposal in created] == [13_000_000, 13_000_000]
    assert created[0].received_at == NOON


def test_an_import_is_recorded_with_its_rows_and_fingerprint(send):
    send(HEADER, ROW)

    record = ImportRecord.objects.get()
    assert (record.created, record.changed, record.file_name) == (1, 0, "file.csv")
    assert record.rows == [[2, "create", "IN-001", []]]
    assert len(record.sha256) == 64


def test_headers_are_taken_in_either_language_and_width(send):
    header = "提案番号, ＴＩＴＬＥ＿ＪＡ ,分野,主たる相手国資金配分機関,starts_on,ends_on"
    with translation.override("ja"):
        from proposals.intake.resource import ProposalResource

        labels = {column.name: str(column.label) for column in ProposalResource.open("IN").columns}
    names = ["number", "title_ja", "field", "funder", "starts_on", "ends_on"]
    header = ",".join([labels["number"], " ＴＩＴＬＥ＿ＪＡ ", *(labels[name] for name in names[2:])])

    assert send(header, ",量子網,量子,UKRI,令和6年4月1日,R11.3.31") == [CREATED]
    assert str(Proposal.objects.get().ends_on) == "2029-03-31"


def test_a_dry_run_says_what_would_happen_and_saves_nothing(send):
    said = send(HEADER, ROW, dry_run=True)

    assert said == ["Nothing was saved (dry run): 1 to create, 0 to change, 0 to leave."]
    assert not Proposal.objects.exists()


def test_one_bad_row_saves_nothing_and_every_fault_is_said_with_its_place(send):
    bad = ROW.replace("10000000,3000000", "20000001,6000000")
    worse = ROW.replace("quantum", "alchemy").replace("2029-03-31", "2029-02-30")

    said = send(HEADER, ROW, bad, worse)

    assert said[0].startswith("G3 direct_yen_2024: Fiscal year 2024: the request of ¥26,000,001 is above the ceiling")
    assert any(sentence.startswith("C4 field: ") and "alchemy" in sentence for sentence in said)
    assert any(sentence.startswith("F4 ends_on: ") and "2029-02-30" in sentence for sentence in said)
    assert said[-1] == "Nothing was saved."
    assert not Proposal.objects.exists()


@pytest.mark.parametrize(
    ("row", "place", "part"),
    [
        (ROW.replace("量子網", ""), "B2 title_ja", "is empty, but a new row needs it"),
        (ROW.replace("2024-04-01", ""), "E2 starts_on", "is empty, but a new row needs it"),
        (ROW.replace("GB-UKRI", "XX-YY"), "D2 funder", "is no known funder"),
        (ROW.replace("GB-UKRI", "民間等"), "D2 funder", "stands under several countries"),
        (ROW.replace(",量", "IN-999,量"), "A2 number", "has no proposal “IN-999”"),
        (ROW.replace("2029-03-31", "2029-04-01"), "F2 ends_on", "60 months from its start"),
        (ROW.replace("2029-03-31", "2023-03-31"), "F2 ends_on", "ends before it starts"),
        (ROW.replace("3000000", "3000001"), "H2 indirect_yen_2024", "above 30% of the direct"),
        (ROW.replace("2024-04-01", "2025-04-01").replace("2029", "2030"), "G2 direct_yen_2024", "lie outside"),
        (ROW.replace("quantum", "[clear]"), "C2 field", "is empty, but a new row needs it"),
        (ROW.replace("GB-UKRI", "[clear]"), "D2 funder", "is empty, but a new row needs it"),
    ],
)
def test_a_row_the_call_does_not_allow_is_refused_at_its_cell(send, row, place, part):
    for alpha2 in ("US", "DK"):
        country = CountryFactory(alpha2=alpha2, name_ja=alpha2)
        FunderFactory(country=country, code=f"{alpha2}-PRIVATE", acronym="", kind="private", label_as_printed="民間等")

    said = send(HEADER, row)

    assert any(sentence.startswith(place) and part in sentence for sentence in said), said
    assert not Proposal.objects.exists()


def test_the_nearest_funder_is_named_for_an_unknown_one(send):
    said = send(HEADER, ROW.replace("GB-UKRI", "GB-UKR"))

    assert said[0] == "D2 funder: “GB-UKR” is no known funder. The nearest is “GB-UKRI”. Use its code."


def test_the_nearest_is_sought_for_the_first_unknown_funders_only(send, monkeypatch):
    monkeypatch.setattr("aspire.workbooks.codes.HINTS", 1)

    said = send(HEADER, *(ROW.replace("GB-UKRI", name) for name in ("GB-UKR", "GB-UK", "GB-UKR")))

    assert ["The nearest" in sentence for sentence in said[:3]] == [True, False, True]


@pytest.mark.parametrize(("first", "last"), [("2014-04-01", "2019-03-31"), ("2034-04-01", "2039-03-31")])
def test_research_that_starts_far_from_its_call_is_flagged(send, first, last):
    row = ROW.replace("2024-04-01", first).replace("2029-03-31", last).replace("10000000,3000000", ",")

    said = send(HEADER, row)

    flag = "E2 starts_on: (accepted) Research of this call is expected to start between 2023-09-01 and 2025-04-30"
    assert said[0].startswith(flag)
    assert said[-1] == CREATED
    assert send(HEADER, "IN-001,題,,," + first + ",,,")[-1].endswith("1 changed, 0 left as they were.")


def test_a_call_without_a_window_takes_no_file_whenever_its_research_starts(send, call):
    Call.objects.update(opens_at=None, closes_at=None)
    header, row = "number,title_ja,field,funder,starts_on,ends_on", ",量子網,quantum,GB-UKRI,2014-04-01,2019-03-31"

    fault, ending = send(header, row, reason="The call has no window yet.")

    assert fault.startswith("row 2: Call IN has no application window yet")
    assert ending == "Nothing was saved."


def test_the_country_tells_categories_apart(send):
    for alpha2 in ("US", "DK"):
        country = CountryFactory(alpha2=alpha2, name_ja=alpha2)
        FunderFactory(country=country, code=f"{alpha2}-PRIVATE", acronym="", kind="private", label_as_printed="民間等")

    said = send(HEADER + ",country", ROW.replace("GB-UKRI", "民間等") + ",DK")

    assert said == [CREATED]
    assert Proposal.objects.get().primary_funder.code == "DK-PRIVATE"


def test_a_country_that_is_not_the_funders_is_refused(send):
    CountryFactory(alpha2="FR", name_ja="フランス")

    said = send(HEADER + ",country", ROW + ",FR")

    assert "I2 country: Funder GB-UKRI is in GB, not in “FR”. Correct one of the two." in said


def test_a_country_alone_must_be_that_of_the_stored_funder(send):
    CountryFactory(alpha2="FR", name_ja="フランス")
    send(HEADER, ROW)

    said = send("number,country", "IN-001,FR")

    assert said[0] == "B2 country: Funder GB-UKRI is in GB, not in “FR”. Correct one of the two."


def test_the_misprint_of_the_briefing_finds_its_funder(send):
    FunderFactory(country=CountryFactory(alpha2="CA"), acronym="CIHR", label_as_printed="CHIR")

    assert send(HEADER, ROW.replace("GB-UKRI", "ｃｈｉｒ")) == [CREATED]
    assert Proposal.objects.get().primary_funder.code == "CA-CIHR"


def test_a_funder_not_on_the_list_of_eligible_ones_is_accepted_and_flagged(send, call):
    EligibleFunder.objects.create(call=call, funder=FunderFactory(country=CountryFactory(alpha2="FR"), acronym="ANR"))

    said = send(HEADER, ROW)

    assert said[0].startswith("D2 funder: (accepted) Funder “GB-UKRI” is not on the call's list")
    assert said[-1] == CREATED
    (row, _action, number, flags) = ImportRecord.objects.get().rows[0]
    assert (row, number, [flag["code"] for flag in flags]) == (2, "IN-001", ["funder_not_eligible"])


@pytest.mark.parametrize(
    ("numbers", "part"),
    [
        (("IN-001", "IN-001"), "stands in row 2 already"),
        (("IN-001", "in-001"), "differs from “IN-001” only by width, case"),
        (("ＩＮ－００１",), "differs from “IN-001” only by width, case"),
        (("IN\u2010001",), "differs from “IN-001” only by width, case"),
    ],
)
def test_numbers_that_are_the_same_or_only_look_different_are_refused(send, call, numbers, part):
    ProposalFactory(terms=call.terms.get(), number="IN-001")

    said = send(HEADER, *(number + ROW for number in numbers))

    assert any(part in sentence for sentence in said), said


def test_a_known_number_updates_and_an_empty_cell_leaves_the_value(send):
    send(HEADER, ROW)

    said = send(HEADER, "IN-001,新しい題,,,,,11000000,")

    proposal = Proposal.objects.get()
    assert said == ["Proposals: 0 created, 1 changed, 0 left as they were."]
    assert (proposal.title_ja, proposal.ends_on.year, proposal.requested_yen) == ("新しい題", 2029, 14_000_000)


@pytest.mark.parametrize("word", ["[空]", "[clear]"])
def test_the_clearing_word_empties_a_value_and_a_year(send, word):
    send(HEADER, ROW)

    send(HEADER + ",institution", f"IN-001,{word},,,,,{word},{word},東都大学")

    proposal = Proposal.objects.get()
    assert (proposal.title_ja, proposal.institution, proposal.costs.count()) == ("", "東都大学", 0)


@pytest.mark.parametrize("name", ["field", "funder", "country"])
def test_what_a_proposal_always_has_cannot_be_emptied(send, name):
    send(HEADER, ROW)

    said = send(f"number,{name}", "IN-001,[clear]")

    sentence = f"B2 {name}: “{name}” cannot be emptied. Fill it in, or leave the cell blank to keep it."
    assert said == [sentence, "Nothing was saved."]


@pytest.mark.parametrize("costs", ["1e7,3000000", "10000000,2.9", "千円,30000000"])
def test_a_wrong_amount_is_told_in_one_sentence_and_nothing_is_concluded_from_it(send, costs):
    said = send(HEADER, ROW.replace("10000000,3000000", costs))

    assert len(said) == 2, said


def test_an_update_may_shorten_the_period_and_drop_its_years_in_one_file(send):
    send(HEADER + ",direct_yen_2028", ROW + ",5000000")

    said = send(HEADER + ",direct_yen_2028", "IN-001,,,,,2027-03-31,,,[clear]")

    assert said == ["Proposals: 0 created, 1 changed, 0 left as they were."]
    assert list(AnnualCost.objects.values_list("fiscal_year", flat=True)) == [2024]


def test_counterparts_are_created_and_corrected(send):
    header, row = HEADER + ",counterpart_name,counterpart_institution", ROW + ",Ada King,Oxbridge"
    send(header, row)
    send(header, "IN-001,,,,,,,,Ada Lovelace,")

    assert list(Counterpart.objects.values_list("person", "institution")) == [("Ada Lovelace", "Oxbridge")]


def test_a_counterpart_can_be_added_later(send):
    send(HEADER, ROW)
    send(HEADER + ",counterpart_name", "IN-001,,,,,,,,Ada King")

    assert Counterpart.objects.get().funder == Funder.objects.get(code="GB-UKRI")


def test_a_file_that_would_create_its_proposals_twice_is_refused(send):
    send(HEADER, ROW)

    said = send(HEADER, ROW)

    assert said[0].startswith("This very file was imported on 2023-10-02")
    assert Proposal.objects.count() == 1


def test_a_late_file_needs_an_officers_reason(send, monkeypatch, call):
    monkeypatch.setattr("django.utils.timezone.now", lambda: call.closes_at.replace(day=31, hour=23))

    assert any("outside the window" in sentence for sentence in send(HEADER, ROW))
    assert send(HEADER, ROW, reason="The server was down.") == [CREATED]
    assert Proposal.objects.get().late_reason == "The server was down."


def test_a_call_without_terms_takes_no_file(send, call):
    Terms.objects.all().delete()

    assert "Call IN has no terms yet. Add its terms first." in send(HEADER, ROW)


def test_a_reconstructed_proposal_cannot_be_filled_in(send, call):
    ProposalFactory(
        terms=call.terms.get(),
        number="IN-R01",
        is_reconstructed=True,
        **dict.fromkeys(("title_ja", "title_en", "principal_investigator", "institution"), ""),
        principal_investigator_reading="",
        researcher_number="",
        **dict.fromkeys(("received_at", "starts_on", "ends_on")),
    )

    assert any("reconstructed" in sentence for sentence in send(HEADER, "IN-R01,題,,,,,,"))


@pytest.mark.parametrize(
    ("lines", "code"),
    [([], "empty"), ([HEADER.replace("number,", ""), ROW[1:]], "number"), ([HEADER + ",field", ROW + ","], "field")],
)
def test_a_file_that_is_not_as_agreed_is_refused(send, lines, code):
    assert any(code in sentence for sentence in send(*lines))
    assert not Proposal.objects.exists()


def test_a_workbook_is_read_like_a_csv(send):
    book = openpyxl.Workbook()
    book.active.append(HEADER.split(","))
    book.active.append(["", "量子網", "quantum", "GB-UKRI", "2024-04-01", "2029-03-31", 10_000_000, 3_000_000])
    out = io.BytesIO()
    book.save(out)

    assert send(name="file.xlsx", data=out.getvalue()) == [CREATED]
    assert AnnualCost.objects.get().total_yen == 13_000_000


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_what_is_exported_comes_back_without_a_change(send, call, tmp_path, ending):
    terms = call.terms.get()
    odd = ProposalFactory(
        terms=terms, number="IN-001", title_ja="=1+1", title_en="@home\n+2", institution=" 東都　大学"
    )
    ProposalFactory(terms=terms, number="IN-003", title_ja="[空]", title_en="[clear]", institution="［空］ ")
    AnnualCostFactory(proposal=odd)
    Counterpart.objects.create(
        proposal=odd, country=odd.country, funder=odd.primary_funder, person="'Ada", institution="-"
    )
    ProposalFactory(terms=terms, number="IN-002", starts_on=None, ends_on=None, field=FieldFactory())
    file = tmp_path / f"out.{ending}"

    call_command("export_proposals", str(file), call="IN", stdout=io.StringIO())
    said = send(name=f"again.{ending}", data=file.read_bytes())

    assert said == ["Proposals: 0 created, 0 changed, 3 left as they were."]
    assert ExportRecord.objects.get().row_count == 3


def test_a_template_with_its_proposals_comes_back_without_a_change(send, call, tmp_path):
    AnnualCostFactory(proposal=ProposalFactory(terms=call.terms.get(), number="IN-001"))
    file = tmp_path / "template.xlsx"

    call_command("proposal_template", str(file), call="IN", prefill=True, stdout=io.StringIO())

    assert send(name="filled.xlsx", data=file.read_bytes()) == ["Proposals: 0 created, 0 changed, 1 left as they were."]


def test_an_empty_template_has_no_rows(send, call, tmp_path):
    file = tmp_path / "template.xlsx"

    call_command("proposal_template", str(file), call="IN", stdout=io.StringIO())

    assert openpyxl.load_workbook(file).worksheets[0].max_row == 1


def test_a_change_between_check_and_save_is_noticed(send, monkeypatch):
    before_and_after = iter(["a state", "another state"])
    monkeypatch.setattr(StrictResource, "basis", lambda *_args: next(before_and_after))

    assert send(HEADER, ROW) == ["The stored data changed meanwhile; nothing was saved. Try again."]


def test_a_refusal_only_the_database_knows_is_said_with_its_sentence(send, monkeypatch):
    monkeypatch.setattr("proposals.intake.judging.annual_breaches", lambda *_args, **_kwargs: [])

    said = send(HEADER, ROW.replace("10000000,3000000", "20000001,6000000"))

    assert said[-1].startswith("Fiscal year 2024: the request of ¥26,000,001 is above the ceiling of ¥26,000,000")
    assert not Proposal.objects.exists()


def test_an_error_of_the_database_that_is_no_refusal_stays_one(send, failing_records):
    with pytest.raises(DataError):
        send(HEADER, ROW)


def test_a_terminal_counts_the_checked_rows_in_one_line(call, tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("aspire.sheets.resources.ROWS_A_STEP", 1)
    file, said = tmp_path / "file.csv", Terminal()
    file.write_text("\n".join([HEADER, *rows(2)]), encoding="utf-8")

    with translation.override("en"):
        call_command("import_proposals", str(file), call="IN", stdout=io.StringIO(), stderr=said, no_color=True)

    assert said.getvalue().endswith("1 rows checked\r2 rows checked\r")


def test_an_unknown_call_or_file_is_said_in_one_sentence(call, tmp_path):
    with pytest.raises(CommandError, match="NOPE"):
        call_command("export_proposals", str(tmp_path / "x.csv"), call="NOPE")
    with pytest.raises(CommandError, match=r"x\.csv"):
        call_command("import_proposals", str(tmp_path / "x.csv"), call="IN")


def test_verdicts_are_the_same_in_both_languages(send):
    bad = ROW.replace("quantum", "alchemy").replace("3000000", "3000001")

    ja, en = (send(HEADER, bad, language=language) for language in ("ja", "en"))

    assert [said.split(" ")[0] for said in ja[:-1]] == [said.split(" ")[0] for said in en[:-1]]
    assert len(ja) == len(en) == 3


def test_a_reason_that_is_too_long_is_refused_before_the_file_is_read(send):
    assert send(HEADER, ROW, reason="x" * 301) == ["The reason has more than 300 characters. Shorten it."]


def test_a_text_that_no_cell_holds_is_refused_by_the_export(call, tmp_path):
    ProposalFactory(terms=call.terms.get(), number="IN-001", young_researcher_plan="x" * 40_000)

    with pytest.raises(CommandError, match="40,000"), translation.override("en"):
        call_command("export_proposals", str(tmp_path / "out.xlsx"), call="IN")
    with pytest.raises(CommandError, match="40,000"), translation.override("en"):
        call_command("proposal_template", str(tmp_path / "out.xlsx"), call="IN", prefill=True)


@pytest.mark.parametrize(("named", "said"), [([], "belong to one call"), (["--call", "NONE"], "no call NONE")])
def test_a_file_of_one_call_needs_the_call_and_is_told_which_there_are(call, tmp_path, named, said):
    file = tmp_path / "rows.csv"
    file.write_text("number,title_ja\n", encoding="utf-8")

    with pytest.raises(CommandError) as refused, translation.override("en"):
        call_command("import_sheet", "proposals", str(file), *named)

    assert said in str(refused.value)
    assert f"--call: {call.code}" in str(refused.value)
    assert not Proposal.objects.exists()
