"""The recipe of CONTRIBUTING.md: a resource class and a registration make a kind of file, strict as the others."""

import datetime
import inspect
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from import_export.results import Result, RowResult
from tablib import Dataset

from aspire.models import ExportRecord, ImportRecord, Upload
from aspire.sheets.formats import StrictCSV, StrictXLSX
from aspire.sheets.kinds import KINDS, register
from aspire.sheets.records import RecordResource
from aspire.sheets.views import XLSX
from calls.models import Field
from partners.models import Funder
from partners.sheets import FunderResource
from tests.factories import CountryFactory, FieldFactory, FunderFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]


class FieldResource(RecordResource):
    """Research fields by their code."""

    name, title = "fields", "Fields"
    required = never_empty = ("name_ja", "name_en")

    class Meta:
        model = Field
        import_id_fields = ["code"]
        fields = ["code", "name_ja", "name_en"]


@pytest.fixture
def desk(client, officer, monkeypatch):
    monkeypatch.setattr("aspire.sheets.kinds.KINDS", KINDS)
    kept = dict(KINDS)
    register(FieldResource)
    client.force_login(officer)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    yield client
    KINDS.clear()
    KINDS.update(kept)


@pytest.fixture(autouse=True)
def in_english(settings):
    settings.LANGUAGE_CODE = "en"


def send(desk, *lines):
    file = SimpleUploadedFile("fields.csv", "\r\n".join(lines).encode())
    return desk.post(reverse("sheets:send", args=["fields"]), {"file": file}, follow=True)


def test_a_kind_takes_less_than_thirty_lines():
    assert len(inspect.getsource(FieldResource).splitlines()) + len(["register(FieldResource)"]) < 30


def test_a_new_kind_is_previewed_confirmed_recorded_and_taken_away(desk):
    FieldFactory(code="bio", name_ja="生物", name_en="Biology")

    page = send(desk, "code,name_ja,name_en", "bio,,Life sciences", "sea,海洋,Oceans").context["page"]
    assert [(row.key, row.action, row.title) for row in page] == [("bio", "change", "生物"), ("sea", "create", "海洋")]
    desk.post(reverse("sheets:confirm", args=[Upload.objects.get().pk]))

    assert [*Field.objects.values_list("code", "name_ja", "name_en")] == [
        ("bio", "生物", "Life sciences"),
        ("sea", "海洋", "Oceans"),
    ]
    assert ImportRecord.objects.get().rows == [[2, "change", "bio", []], [3, "create", "sea", []]]
    data = desk.get(reverse("sheets:export", args=["fields", "csv"])).content.decode("utf-8-sig")
    assert "sea,海洋,Oceans" in data
    assert "Register from file" in desk.get(reverse("admin:calls_field_changelist")).content.decode()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("sea,海洋," + "x" * 81, "The text has 81 characters; at most 80 fit."),
        ("sea,,Oceans", "“name_ja” is empty, but a new row needs it."),
        ("sea,2026-04-01,", "“name_en” is empty"),
    ],
)
def test_a_new_kind_is_as_strict_as_its_model(desk, line, said):
    assert said in send(desk, "code,name_ja,name_en", line).content.decode()
    assert not Field.objects.exists()


def test_what_only_postgresql_refuses_is_said_in_its_sentence(desk):
    send(desk, "code,name_ja,name_en", "?,海洋,Oceans")
    answer = desk.post(reverse("sheets:confirm", args=[Upload.objects.get().pk]))

    assert answer.status_code == 409
    assert not Field.objects.exists()
    assert not ImportRecord.objects.exists()


# --- the library's own ways -----------------------------------------------------------------------------------------


def funders(*rows):
    return Dataset(*rows, headers=["code", "country", "kind", "acronym", "name_ja", "name_en", "label_as_printed"])


def test_a_rehearsal_returns_the_librarys_result_and_writes_nothing():
    CountryFactory(alpha2="FR")
    good, bad = (
        ("FR-ANR", "FR", "agency", "ANR", "国立", "National", "ANR"),
        ("FR-X", "FR", "agency", "", "x", "x", "X"),
    )

    result = FunderResource().import_data(funders(good, bad), dry_run=True)

    assert isinstance(result, Result)
    assert all(isinstance(row, RowResult) for row in result.rows)
    assert (result.totals["new"], result.totals["invalid"], result.total_rows) == (1, 1, 2)
    assert [(row.number, [*row.field_specific_errors]) for row in result.invalid_rows] == [(2, ["acronym"])]
    assert "acronym" in str(result.invalid_rows[0].error)
    assert not Funder.objects.exists()


def test_all_rows_are_written_or_none(officer):
    CountryFactory(alpha2="FR")
    good, bad = (
        ("FR-ANR", "FR", "agency", "ANR", "国立", "National", "ANR"),
        ("FR-X", "XX", "agency", "X", "x", "x", "X"),
    )

    assert FunderResource().import_data(funders(good, bad)).is_blocked
    assert not Funder.objects.exists()

    FunderResource().import_data(funders(good), user=officer, file_name="funders")
    assert Funder.objects.get().country.alpha2 == "FR"
    assert (ImportRecord.objects.get().user, ImportRecord.objects.get().file_name) == (officer, "funders")


@pytest.mark.parametrize(
    "value",
    [datetime.date(2026, 4, 1), datetime.datetime(2026, 4, 1, 9, 30), 10**15, True],  # noqa: DTZ001
)
def test_a_value_of_another_type_is_not_taken_for_a_name(value):
    CountryFactory(alpha2="FR")

    result = FunderResource().import_data(funders(("FR-ANR", "FR", "agency", value, "x", "x", "x")), dry_run=True)

    assert result.is_blocked is (value is not True)


@pytest.mark.parametrize("form", [StrictCSV(), StrictXLSX()])
def test_what_a_format_writes_it_reads_back_unchanged(form):
    FunderFactory(code="FR-ANR", name_en="=National")

    assert (form.can_import(), form.can_export(), form.get_extension()) == (True, True, form.get_title())
    assert form.get_content_type() in {"text/csv", XLSX}
    dataset = form.create_dataset(io.BytesIO(form.export_data(FunderResource().export())))
    result = FunderResource().import_data(dataset, dry_run=True)

    assert [(row.key, row.action) for row in result.rows] == [("FR-ANR", "leave")]


@pytest.mark.parametrize("named", ["funders", "partners.Funder", "partners.sheets.FunderResource"])
def test_the_librarys_commands_take_our_kinds_however_they_are_named(named, tmp_path):
    FunderFactory(code="FR-ANR")
    out = io.BytesIO()
    stdout = io.TextIOWrapper(out)

    call_command("export", "csv", named, stdout=stdout)
    file = tmp_path / "funders.csv"
    file.write_bytes(out.getvalue())
    said = io.StringIO()
    call_command("import", named, str(file), stdout=said, no_color=True)

    assert said.getvalue().strip() == "Funders: 0 created, 0 changed, 1 left as they were."
    assert (ExportRecord.objects.get().kind, ExportRecord.objects.get().row_count) == ("funders", 1)


def test_the_librarys_commands_take_nothing_else(tmp_path):
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("import", "auth.User", str(tmp_path / "users.csv"))
