"""Files of countries and funders: what proposals' files are promised holds for them too."""

import csv
import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from aspire.models import ExportRecord, ImportRecord, Upload
from aspire.sheets.kinds import KINDS, opened
from partners.models import Country, Funder
from tests.factories import NOON, CountryFactory, FunderFactory, TermsFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]
COUNTRIES = "alpha2,name_ja,also_ja,name_en,reading"
FRANCE = "FR,フランス,仏国,France,フランス"
FUNDERS = "code,country,kind,acronym,name_ja,name_en,label_as_printed"
ANR = "FR-ANR,フランス,agency,ANR,国立研究機構,National Research Agency,ANR"


@pytest.fixture
def desk(client, officer, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
    client.force_login(officer)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def send(client, kind, *lines):
    file = SimpleUploadedFile("file.csv", "\r\n".join(lines).encode())
    return client.post(reverse("sheets:send", args=[kind]), {"file": file}, follow=True)


def confirm(client):
    return client.post(reverse("sheets:confirm", args=[Upload.objects.latest("uploaded_at").pk]), follow=True)


@pytest.fixture
def command(tmp_path):
    """Import lines, or a file, by command; returns what was said, findings first."""

    def command(kind, *lines, data=None, name="file.csv", **options):
        file = tmp_path / name
        file.write_bytes("\r\n".join(lines).encode() if data is None else data)
        said, out = io.StringIO(), io.StringIO()
        try:
            call_command("import_sheet", kind, str(file), stdout=out, stderr=said, no_color=True, **options)
        except CommandError as error:
            return [*said.getvalue().splitlines(), str(error)]
        return [*said.getvalue().splitlines(), *out.getvalue().splitlines()]

    return command


@pytest.fixture(autouse=True)
def in_english(settings):
    settings.LANGUAGE_CODE = "en"


def test_countries_are_previewed_and_saved_only_when_confirmed(desk, officer):
    CountryFactory(name_en="Great Britain")

    page = send(desk, "countries", COUNTRIES, FRANCE, "GB,,,United Kingdom,")

    plan = page.context["plan"]
    assert [(row.key, row.action) for row in plan.rows] == [("FR", "create"), ("GB", "change")]
    assert plan.rows[1].differences == [["name_en", "Great Britain", "United Kingdom"]]
    assert "English name" in page.content.decode()
    assert not Country.objects.filter(alpha2="FR").exists()

    answer = confirm(desk)

    assert answer.context["record"].user == officer
    assert Country.objects.get(alpha2="FR").also_ja == "仏国"
    assert Country.objects.get(alpha2="GB").name_en == "United Kingdom"
    assert ImportRecord.objects.get().rows == [[2, "create", "FR", []], [3, "change", "GB", []]]


def test_funders_are_created_and_changed_with_their_country(desk):
    CountryFactory(alpha2="FR", name_ja="フランス")
    FunderFactory(note="old")

    send(desk, "funders", FUNDERS + ",note", ANR + ",", "GB-UKRI,,,,,,,new")
    confirm(desk)

    made = Funder.objects.get(code="FR-ANR")
    assert (made.country.alpha2, made.kind, made.label_as_printed) == ("FR", "agency", "ANR")
    assert Funder.objects.get(code="GB-UKRI").note == "new"
    assert made.search_key


@pytest.mark.parametrize(
    ("kind", "lines", "place", "part"),
    [
        ("countries", [COUNTRIES, "fr,フランス,,France,フランス"], "row 2", "two capital letters"),
        ("countries", [COUNTRIES, "gb,,,,"], "A2 alpha2", "differs from “GB” only by width"),
        ("countries", [COUNTRIES, ",フランス,,France,フランス"], "A2 alpha2", "is empty, but a new row needs it"),
        ("countries", [COUNTRIES, "GB,[clear],,,"], "B2 name_ja", "cannot be emptied"),
        ("countries", [COUNTRIES, FRANCE, FRANCE], "A3 alpha2", "stands in row 2 already"),
        ("countries", [COUNTRIES, "FR,,,France,フランス"], "B2 name_ja", "is empty, but a new row needs it"),
        ("funders", [FUNDERS, ANR.replace("フランス", "XX")], "B2 country", "not in the list"),
        ("funders", [FUNDERS, ANR.replace("agency", "club")], "C2 kind", "not in the list"),
        ("funders", [FUNDERS, ANR.replace("フランス", "GB").replace(",ANR,", ",,")], "D2 acronym", "needs its acronym"),
        (
            "funders",
            [FUNDERS, ANR.replace("フランス", "GB")[:-3] + "UKRI"],
            "G2 label_as_printed",
            "already has a funder",
        ),
        ("countries", [COUNTRIES, "[clear],フランス,,France,フランス"], "A2 alpha2", "names the row"),
        ("funders", [FUNDERS, ANR.replace("フランス", "GB").replace("FR-ANR", "[clear]")], "A2 code", "names the row"),
        ("funders", [FUNDERS, ANR.replace("フランス", "GB").replace("FR-ANR", "GB XYZ")], "A2 code", "such as GB-UKRI"),
        ("funders", [FUNDERS + ",ror_id", "GB-UKRI,,,,,,,zzz"], "H2 ror_id", "has nine signs"),
        ("funders", [FUNDERS + ",crossref_funder_id", "GB-UKRI,,,,,,,abc"], "H2 crossref_funder_id", "9 to 12 digits"),
        ("funders", [FUNDERS, "GB-A,GB,agency,A,a,a,X", "GB-B,GB,agency,B,b,b,X"], "G3", "already has a funder"),
    ],
)
def test_a_bad_row_is_refused_at_its_cell_and_nothing_is_saved(command, kind, lines, place, part):
    FunderFactory()

    said = command(kind, *lines)

    assert any(part in sentence and (place == "row 2" or sentence.startswith(place)) for sentence in said), said
    assert (Country.objects.count(), Funder.objects.count()) == (1, 1)


@pytest.mark.parametrize("kind", ["countries", "funders"])
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_is_exported_comes_back_without_a_change(command, tmp_path, kind, form):
    odd = CountryFactory(alpha2="FR", name_ja="=1+1", also_ja="[空]", name_en="'@home", reading="[clear]")
    FunderFactory(country=odd, acronym="ANR", note="[clear]", name_ja="-\n+", label_as_printed=" padded ")
    FunderFactory()
    file = tmp_path / f"out.{form}"

    call_command("export_sheet", kind, str(file), stdout=io.StringIO())
    said = command(kind, data=file.read_bytes(), name=f"again.{form}")

    assert said[-1].endswith("0 created, 0 changed, 2 left as they were."), said
    assert ExportRecord.objects.get().kind == kind


@pytest.mark.parametrize("kind", ["countries", "funders"])
def test_a_filled_template_comes_back_without_a_change(command, tmp_path, kind):
    FunderFactory()
    file = tmp_path / "template.xlsx"

    call_command("sheet_template", kind, str(file), prefill=True, stdout=io.StringIO())

    assert command(kind, data=file.read_bytes(), name="filled.xlsx")[-1].endswith("0 changed, 1 left as they were.")


def test_a_template_explains_its_columns_and_offers_choices(desk):
    FunderFactory()

    answer = desk.get(reverse("sheets:template", args=["funders"]))
    book = openpyxl.load_workbook(io.BytesIO(answer.content))

    header = [cell.value for cell in book.worksheets[0][1]]
    assert header == [column.name for column in opened("funders").columns]
    assert all(cell.comment for cell in book.worksheets[0][1])
    assert len(book.worksheets[0].data_validations.dataValidation) == 2
    assert len(book.worksheets) > 1


def test_a_table_that_changed_meanwhile_is_looked_at_again(desk):
    send(desk, "countries", COUNTRIES, FRANCE)
    CountryFactory(alpha2="DE")

    answer = confirm(desk)

    assert "look again" in answer.content.decode()
    assert not Country.objects.filter(alpha2="FR").exists()


def test_a_dry_run_saves_nothing(command):
    said = command("countries", COUNTRIES, FRANCE, dry_run=True)

    assert said == ["Nothing was saved (dry run): 1 to create, 0 to change, 0 to leave."]
    assert not Country.objects.exists()


def test_the_marked_copy_says_what_is_wrong(desk):
    send(desk, "funders", FUNDERS, ANR)

    answer = desk.get(reverse("sheets:annotated_copy", args=[Upload.objects.get().pk]))
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))

    assert "フランス" in rows[1][-1]


def test_the_admins_list_goes_out_as_it_is_filtered(desk):
    FunderFactory()
    FunderFactory(country=CountryFactory(alpha2="FR"), acronym="ANR")
    page = desk.get(reverse("admin:partners_funder_changelist"), {"q": "anr"}).content.decode()
    address = reverse("sheets:export", args=["funders", "xlsx"]) + "?q=anr"

    answer = desk.get(address.replace("xlsx", "csv") + "&language=en&columns=code")

    assert address in page
    assert answer.content.decode("utf-8-sig").splitlines() == ["Funder code", "FR-ANR"]
    assert ExportRecord.objects.get().filters == {"q": "anr"}


def test_an_export_by_command_has_the_columns_language_and_encoding_asked_for(tmp_path):
    FunderFactory(note="\U0001f600")
    file, said = tmp_path / "x.csv", io.StringIO()
    how = {"columns": "code,note", "language": "ja", "encoding": "cp932", "stdout": io.StringIO(), "stderr": said}

    call_command("export_sheet", "funders", str(file), **how)

    assert file.read_bytes().decode("cp932").splitlines() == ["機関コード,備考", "GB-UKRI,〓"]
    assert "U+1F600" in said.getvalue()
    with pytest.raises(CommandError, match=r"There is no column nope. Name some of: code, country"):
        call_command("export_sheet", "funders", str(file), columns="nope")


@pytest.mark.parametrize("kind", ["funders", "countries", "proposals", "marks"])
def test_the_page_of_a_kind_offers_columns_headers_and_encoding(desk, kind):
    TermsFactory(call__code="IN", call__progress="deciding")

    page = desk.get(reverse("sheets:send", args=[kind])).content.decode()

    assert all(f'name="{name}"' in page for name in ("columns", "language", "encoding"))


def test_a_filter_that_the_admins_list_does_not_know_is_not_found(desk):
    assert desk.get(reverse("sheets:export", args=["funders", "xlsx"]) + "?bogus=1").status_code == 404


@pytest.mark.parametrize(("encoding", "charset"), [("utf-8-sig", "utf-8"), ("cp932", "Shift_JIS")])
def test_a_csv_says_its_own_encoding(desk, encoding, charset):
    FunderFactory()

    answer = desk.get(reverse("sheets:export", args=["funders", "csv"]) + f"?encoding={encoding}")

    assert answer["Content-Type"] == f"text/csv; charset={charset}"


def test_staff_see_who_took_what_and_change_none_of_it(desk):
    desk.get(reverse("sheets:export", args=["funders", "csv"]))
    record = ExportRecord.objects.get()

    page = desk.get(reverse("admin:aspire_exportrecord_changelist")).content.decode()

    assert str(record.user) in page
    assert desk.get(reverse("admin:aspire_exportrecord_change", args=[record.pk])).status_code == 200
    assert desk.get(reverse("admin:aspire_exportrecord_delete", args=[record.pk])).status_code == 404


def test_every_column_of_every_kind_has_an_example(desk, officer):
    TermsFactory(call__code="IN")
    kinds = [opened(name, "IN" if kind.is_for_a_call else "") for name, kind in KINDS.items()]

    assert [(kind.name, column.name) for kind in kinds for column in kind.columns if not str(column.example)] == []


def test_a_template_says_what_a_new_row_needs(desk):
    answer = desk.get(reverse("sheets:template", args=["funders"]))
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[1]

    needs = {row[1]: row[2] for row in sheet.iter_rows(values_only=True)}

    said = ("Required column", "Needed in a new row", "May be left out")
    assert (needs["code"], needs["name_ja"], needs["note"]) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [("x.pdf", "Name a file that ends in .xlsx, .csv."), ("no/x.csv", "The file x.csv cannot be written there.")],
)
def test_an_export_that_cannot_be_written_is_told_in_one_sentence(tmp_path, name, said):
    FunderFactory()

    with pytest.raises(CommandError, match=said):
        call_command("export_sheet", "funders", str(tmp_path / name), stdout=io.StringIO())


def test_the_page_of_imports_leads_to_every_kind(desk):
    send(desk, "countries", COUNTRIES, FRANCE)
    confirm(desk)

    page = desk.get(reverse("sheets:index")).content.decode()

    assert all(reverse("sheets:send", args=[kind]) in page for kind in ("countries", "funders", "proposals"))
    assert reverse("sheets:record", args=[ImportRecord.objects.get().pk]) in page


@pytest.mark.parametrize("address", ["nothing/", "nothing/template.xlsx", "nothing/export.csv", "funders/export.pdf"])
def test_a_kind_or_form_that_does_not_exist_is_not_found(desk, address):
    assert desk.get(f"/imports/{address}").status_code == 404


def test_an_unknown_kind_is_refused_by_the_command(tmp_path):
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("export_sheet", "nothing", str(tmp_path / "x.csv"))


def test_expired_files_are_purged(desk, monkeypatch):
    send(desk, "countries", COUNTRIES, FRANCE)
    Upload.objects.update(expires_at=NOON)
    out = io.StringIO()

    call_command("purge_uploads", stdout=out)

    assert (out.getvalue(), Upload.objects.count()) == ("1 expired files thrown away.\n", 0)
