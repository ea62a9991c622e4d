"""The briefing pack: what is taken away says what the screen says, in every form and in both languages."""

import csv
import io
import json
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from pptx import Presentation

from aspire.models import ExportRecord
from calls.models import Call, PublishedFigure
from proposals.boards.board import CallBoard
from proposals.pack.grids import differs, full, plain
from proposals.pack.slides import as_pptx
from proposals.pack.workbook import HEADER_ROW, as_xlsx
from proposals.record.models import Proposal
from tests.factories import (
    OUT,
    AnnualCostFactory,
    AwardFactory,
    CallFactory,
    ConflictFactory,
    CountryFactory,
    FieldFactory,
    FunderFactory,
    ProposalFactory,
    TermsFactory,
)

pytestmark = pytest.mark.django_db
SOFFICE = shutil.which("soffice") or shutil.which("/usr/lib/libreoffice/program/soffice")
LONG = "=1+1 " + "国際共同研究" * 8 + " \x01" + "W" * 24


def board_of(call):
    return CallBoard(Call.objects.get(pk=call.pk), Proposal.objects.all(), as_of=timezone.now()).board


def taken(client, code, form, language="ja"):
    answer = client.get(reverse("boards:tallies", args=[code, form]), {"lang": language})
    assert answer.status_code == 200
    return answer


def texts(slide):
    """Every text of a slide, cells included."""
    for shape in slide.shapes:
        if shape.has_text_frame:
            yield shape.text_frame.text
        if shape.has_table:
            yield from (cell.text for row in shape.table.rows for cell in row.cells)


def tables_of(data):
    """Every native table of a deck by the title of its first slide, pages put together, as rows of texts."""
    found = {}
    for slide in Presentation(io.BytesIO(data)).slides:
        title = slide.shapes.title.text_frame.text.split(" (")[0]
        for shape in slide.shapes:
            if shape.has_table:
                rows = [[cell.text for cell in row.cells] for row in shape.table.rows]
                found[title] = [*found[title], *rows[1:]] if title in found else rows
    return found


def charts_of(data):
    """Every native chart of a deck: title of its slide, categories, and the values of each series."""
    return [
        (
            slide.shapes.title.text_frame.text,
            list(shape.chart.plots[0].categories),
            [(series.name, list(series.values)) for series in shape.chart.plots[0].series],
        )
        for slide in Presentation(io.BytesIO(data)).slides
        for shape in slide.shapes
        if shape.has_chart
    ]


def shown(grid, row):
    return [column.shown(value) for column, value in zip(grid.columns, row, strict=True)]


def printed_figures(call, dimension, measure="proposals"):
    """The published numbers as the seed carries them, labels as printed, the total last."""
    figures = call.published_figures.filter(dimension=dimension, measure=measure).order_by("is_total", "pk")
    return [figure.value for figure in figures]


def busy_call(*, fields=2):
    """A call with awards, a country of two funders, something left out, and labels that try everything."""
    places = [FieldFactory(code=f"f{n}", name_ja=LONG if n == 0 else f"分野{n}", name_en="") for n in range(fields)]
    terms = TermsFactory(call=CallFactory(fields=places, progress="released"))
    britain = CountryFactory(alpha2="GB", name_ja="イギリス", name_en="United Kingdom", reading="イギリス")
    funders = [FunderFactory(country=britain, code=f"GB-{n}", acronym=name) for n, name in enumerate(("UKRI", "=AHRC"))]
    for number, funder in enumerate([*funders, funders[0]]):
        proposal = ProposalFactory(terms=terms, primary_funder=funder, field=places[number % fields])
        AnnualCostFactory(proposal=proposal)
        if number == 0:
            AwardFactory(proposal=proposal, released=True)
    ProposalFactory(terms=terms, primary_funder=funders[0], field=places[0], status="withdrawn")
    return terms.call


# --- slides ------------------------------------------------------------------------------------------------------


def test_slides_of_the_trial_call_hold_the_tables_of_the_briefing(looking, trial):
    tables = tables_of(taken(looking, "R4-TRIAL", "pptx").content)

    country, field, funder = (tables[table.caption] for table in japanese(trial).tables)
    assert country[0] == ["国・地域", "提案"]
    assert [row[0] for row in country[1:4]] == ["アメリカ", "イギリス", "イタリア"]
    assert [int(row[1]) for row in country[1:]] == printed_figures(trial, "country")
    assert [row[0] for row in field[1:3]] == ["バイオ分野", "AI·情報分野"]
    assert [int(row[1]) for row in field[1:]] == printed_figures(trial, "field")
    assert [int(row[2]) for row in field[1:-1]] == printed_figures(trial, "field", "awards")
    assert [int(row[2]) for row in funder[1:]] == printed_figures(trial, "country_funder")
    assert [row[:2] for row in funder[1:10]] == [
        ["アメリカ", "DOE"], ["", "NIH"], ["", "NSF"], ["", "民間等"], ["イギリス", "UKRI"], ["", "民間等"],
        ["イタリア", "MUR"], ["オーストラリア", "ARC"], ["カナダ", "CHIR"],
    ]  # fmt: skip
    assert funder[-1] == ["合計", "", "43"]


def japanese(call):
    """The board of the call with its tables read in Japanese."""
    board = board_of(call)
    with override("ja"):
        board.tables  # noqa: B018 - read once, in this language
    return board


@pytest.mark.parametrize("language", ["ja", "en"])
def test_slides_show_every_number_of_the_board(language):
    board = board_of(busy_call(fields=3))

    with override(language):
        data = as_pptx(board)
        tables, charts = tables_of(data), charts_of(data)
        grids = [plain(board, table) for table in board.tables]

    for grid in grids:
        labels = 2 if grid.columns[0].name == "country" else 1
        found = [row[labels:] for row in tables[grid.caption]]
        assert found[1:] == [shown(grid, row)[labels:] for row in (*grid.rows, grid.total)]
        drawn = next(chart for chart in charts if chart[0] == grid.caption)
        assert drawn[2] == [(series.label, series.values) for series in grid.series]


def test_every_slide_says_its_source_rule_and_what_its_data_are(looking, trial):
    for language, words in (
        ("ja", ["再構成データ", "実際の提案ではありません", "出典", "主たる資金配分機関"]),
        ("en", ["Reconstructed data", "not the real ones", "Source", "primary funder"]),
    ):
        for slide in Presentation(io.BytesIO(taken(looking, "R4-TRIAL", "pptx", language).content)).slides:
            said = "\n".join(texts(slide))
            assert [word for word in words if word not in said] == []


def test_slides_show_published_recorded_and_difference_where_they_differ(looking, trial):
    Proposal.objects.filter(number="R4-TRIAL-R01").update(status="withdrawn", **OUT)

    table = tables_of(taken(looking, "R4-TRIAL", "pptx").content)["相手国別 提案件数"]

    assert table[0] == ["国・地域", "提案(公表値)", "提案(集計値)", "提案(差)"]
    assert table[1] == ["アメリカ", "18", "17", "\u22121"]
    assert table[-1] == ["合計", "43", "42", "\u22121"]


def test_what_is_not_published_is_never_a_number(looking, trial):
    country = full(japanese(trial), japanese(trial).tables[0])
    slides = "\n".join(
        text for slide in Presentation(io.BytesIO(taken(looking, "R4-TRIAL", "pptx").content)).slides
        for text in texts(slide)
    )  # fmt: skip

    assert {row[5] for row in country.rows} == {"非公表"}
    assert {tuple(row[-2:]) for row in country.rows} == {("非公表", "非公表")}  # a rate and its denominator
    assert slides.count("この区分の採択課題数は非公表です。") == 2


def test_slides_carry_long_tables_over_and_repeat_their_header():
    terms = TermsFactory()
    for number in range(40):
        letters = f"{chr(65 + number // 26)}{chr(65 + number % 26)}"
        ProposalFactory(terms=terms, primary_funder__country=CountryFactory(alpha2=letters, name_ja=f"国{letters}"))
    board = board_of(terms.call)

    with override("ja"):
        deck = Presentation(io.BytesIO(as_pptx(board)))
        caption = board.tables[0].caption

    pages = [slide for slide in deck.slides if slide.shapes.title.text_frame.text.startswith(f"{caption} (")]
    shapes = [next(shape for shape in slide.shapes if shape.has_table) for slide in pages]
    assert len(pages) > 1
    assert sum(len(shape.table.rows) - 1 for shape in shapes) == 41
    assert {shape.table.cell(0, 0).text for shape in shapes} == {"国・地域"}
    assert all(shape.top + shape.height < deck.slide_height for shape in shapes)


def test_typefaces_for_japanese_stand_in_the_theme():
    with override("ja"):
        deck = Presentation(io.BytesIO(as_pptx(board_of(TermsFactory().call))))
    theme = next(r.target_part.blob for r in deck.slide_master.part.rels.values() if r.reltype.endswith("/theme"))

    assert b'<a:ea typeface="Meiryo"/>' in theme
    assert b'script="Jpan" typeface="Yu Gothic"' in theme


# --- workbook ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ja", "en"])
def test_workbook_holds_every_number_of_the_board_as_a_number(language):
    board = board_of(busy_call())

    with override(language):
        book = openpyxl.load_workbook(io.BytesIO(as_xlsx(board)))
        grids = [full(board, table) for table in board.tables]

    assert len(book.worksheets) == len(grids) + 2
    for sheet, grid in zip(book.worksheets[1:], grids, strict=False):
        rows = [list(row) for row in sheet.iter_rows(min_row=HEADER_ROW, values_only=True)]
        assert rows[0] == [column.label for column in grid.columns]
        assert [[cell_of(value) for value in row] for row in rows[1:]] == [
            [cell_of(value) for value in row] for row in (*grid.rows, grid.total)
        ]
        assert len(sheet._charts) == 1


def cell_of(value):
    """A value as it can be compared: numbers by their value, nothing as no text, signs no file holds replaced."""
    if isinstance(value, str | None):
        return (value or "").replace("\x01", "\ufffd")
    return Decimal(str(value))


def test_no_text_of_the_pack_becomes_a_formula(looking):
    call = busy_call()

    book = openpyxl.load_workbook(io.BytesIO(taken(looking, call.code, "xlsx").content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    deck = Presentation(io.BytesIO(taken(looking, call.code, "pptx").content))
    behind = [
        openpyxl.load_workbook(io.BytesIO(shape.chart.part.chart_workbook.xlsx_part.blob))
        for slide in deck.slides for shape in slide.shapes if shape.has_chart
    ]  # fmt: skip
    rows = csv.reader(io.StringIO(taken(looking, call.code, "csv").content.decode("utf-8-sig")))

    assert any(str(cell.value).startswith("=1+1") for cell in cells)
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n"}
    kinds = {cell.data_type for chart in behind for sheet in chart for row in sheet.iter_rows() for cell in row}
    assert kinds <= {"s", "inlineStr", "n"}
    assert [value for row in rows for value in row if value.startswith(("=", "+", "@"))] == []


# --- CSV and JSON ------------------------------------------------------------------------------------------------


def csv_rows(answer):
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_long_csv_says_everything_in_every_row(looking, trial, language):
    rows = csv_rows(taken(looking, "R4-TRIAL", "csv", language))

    said = ("call", "fiscal_year", "table", "measure", "measure_definition", "unit", "kind", "status",
            "status_definition", "counting_rule", "source", "as_of", "language")  # fmt: skip
    assert [name for row in rows for name in said if not row[name]] == []
    label = {"country": "country", "field": "field", "country_funder": "funder"}
    assert [row for row in rows if not row[label[row["table"]]]] == []
    assert all(row[f"{label[row['table']]}_code"] for row in rows if row["is_total"] == "0")
    assert {(row["value"] == "") for row in rows if row["status"] == "not_published"} == {True}


def test_long_csv_equals_the_figures_the_briefing_published(looking, trial):
    rows = csv_rows(taken(looking, "R4-TRIAL", "csv"))
    published = trial.published_figures.exclude(status=PublishedFigure.Status.NOT_PUBLISHED).exclude(dimension="")

    for dimension, measure in published.values_list("dimension", "measure").distinct().order_by():
        found = {row["kind"]: [] for row in rows}
        for row in rows:
            if (row["table"], row["measure"]) == (dimension, measure) and row["kind"] in ("recorded", "published"):
                found[row["kind"]].append(int(row["value"]))
        whole = [] if measure == "proposals" else [7]
        assert found["published"] == found["recorded"] == printed_figures(trial, dimension, measure) + whole


def test_a_rate_in_the_csv_brings_its_denominator(looking):
    rows = csv_rows(taken(looking, busy_call().code, "csv"))
    rates = [row for row in rows if row["measure"] == "success_rate"]

    total = next(row for row in rates if row["is_total"] == "1" and row["table"] == "country")
    assert (total["value"], total["numerator"], total["denominator"]) == ("33.3", "1", "3")
    assert [row for row in rates if bool(row["value"]) != (row["denominator"] not in ("", "0"))] == []


def test_zero_and_nothing_to_divide_by_are_told_apart(looking):
    rows = csv_rows(taken(looking, TermsFactory(call__progress="released").call.code, "csv"))

    total = {row["measure"]: (row["value"], row["status"]) for row in rows if row["table"] == "field"}
    assert total == {
        "proposals": ("0", "recorded_only"),
        "awards": ("0", "recorded_only"),
        "success_rate": ("", "no_denominator"),
    }


def test_nothing_is_a_rate_of_nought_before_the_decision(looking):
    call = ProposalFactory().call
    page = looking.get(call.get_absolute_url()).content.decode()
    rates = {row["value"]: row["status"] for row in csv_rows(taken(looking, call.code, "csv")) if row["unit"] == "%"}

    assert rates == {"": "not_decided"}
    assert "0.0" not in page


def test_json_says_the_numbers_of_the_board_and_what_they_leave_out(looking):
    call = busy_call()

    found, board = json.loads(taken(looking, call.code, "json", "en").content), board_of(call)

    assert found["language"] == "en"
    assert [one["proposals"] for one in found["left_out"]] == [number for _label, number, _href in board.left_out]
    for table in board.tables:
        assert [row["proposals"]["recorded"] for row in found["tables"][table.key]] == [
            row.proposals.recorded for row in table.rows
        ]


# --- paper, names, records ---------------------------------------------------------------------------------------


def test_sheet_of_paper_shows_every_number_with_the_total_last(looking, trial):
    answer = looking.get(reverse("boards:paper", args=["R4-TRIAL"]), {"lang": "ja"})

    sheet, board = answer.context["paper"], japanese(trial)
    for table, of in zip(sheet.tables, board.tables, strict=True):
        grid = plain(board, of)
        assert [[cell.text for cell in row] for row in table.rows] == [shown(grid, row) for row in grid.rows]
        assert [cell.text for cell in table.total] == shown(grid, grid.total)
    assert "再構成データ" in answer.content.decode()
    assert answer.headers["Content-Language"] == "ja"
    assert '<html lang="ja">' in answer.content.decode()


def test_file_names_carry_call_day_and_language(looking):
    call = TermsFactory().call
    today = f"{timezone.localdate():%Y-%m-%d}"

    for form in ("pptx", "xlsx", "csv", "json"):
        for language in ("ja", "en"):
            answer = taken(looking, call.code, form, language)
            name = f"{call.code}_{today}_{language}.{form}"
            assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
            assert answer.headers["Content-Language"] == language


def test_every_file_taken_leaves_a_record(looking, manager):
    call = busy_call()

    taken(looking, call.code, "xlsx", "en")

    record = ExportRecord.objects.get()
    assert (record.user, record.kind, record.form) == (manager, "tallies", "xlsx")
    assert record.filters == {"call": call.code, "lang": "en", "masked": False}
    assert record.row_count == 1 + 2 + 2 + 3


LEFT_OUT = "What a conflict of interest or an embargo hides from the reader is in no figure."


def test_files_of_who_does_not_see_everything_say_that_something_is_left_out(looking, manager):
    call = busy_call()
    whole = {form: taken(looking, call.code, form, "en") for form in ("json", "csv", "xlsx", "pptx")}
    ConflictFactory(proposal=Proposal.objects.filter(call=call).first(), person=manager, kind="kin", finding="stands")

    part = {form: taken(looking, call.code, form, "en") for form in whole}
    paper = looking.get(f"/calls/{call.code}/print/", headers={"accept-language": "en"}).content.decode()

    assert (whole["json"].json()["is_partial"], part["json"].json()["is_partial"]) == (False, True)
    assert {row["is_partial"] for row in csv_rows(part["csv"])} == {"1"}
    assert {row["is_partial"] for row in csv_rows(whole["csv"])} == {"0"}
    for answers, is_said in ((whole, False), (part, True)):
        book = openpyxl.load_workbook(io.BytesIO(answers["xlsx"].content))
        said = {sheet.title for sheet in book for line in sheet for cell in line if LEFT_OUT in str(cell.value)}
        assert said == (set(book.sheetnames) if is_said else set())
        slides = [texts(slide) for slide in Presentation(io.BytesIO(answers["pptx"].content)).slides]
        assert any(LEFT_OUT in text for slide in slides for text in slide) == is_said
    assert LEFT_OUT in paper


def test_a_form_or_language_that_we_do_not_have_does_not_exist(looking):
    code = TermsFactory().call.code

    for form, language in (("docx", "ja"), ("pptx", "fr"), ("csv", "../en")):
        assert looking.get(reverse("boards:tallies", args=[code, form]), {"lang": language}).status_code == 404
    assert ExportRecord.objects.count() == 0


def test_a_person_without_a_role_takes_nothing(client, visitor, reviewer):
    code = TermsFactory().call.code
    for who in (visitor, reviewer):
        client.force_login(who)
        assert client.get(reverse("boards:tallies", args=[code, "pptx"])).status_code == 404
        assert client.get(reverse("boards:paper", args=[code])).status_code == 404


def test_the_pack_of_an_empty_call_says_that_there_is_nothing(looking):
    code = TermsFactory().call.code

    slides = Presentation(io.BytesIO(taken(looking, code, "pptx").content)).slides

    assert sum("集計はありません" in text or "ありません" in text for slide in slides for text in texts(slide)) >= 2
    assert openpyxl.load_workbook(io.BytesIO(taken(looking, code, "xlsx").content)).worksheets[1].max_row == 6
    assert looking.get(reverse("boards:paper", args=[code])).status_code == 200


def test_the_board_offers_every_form_in_both_languages(looking, trial):
    page = looking.get(trial.get_absolute_url()).content.decode()

    for form in ("pptx", "xlsx", "csv", "json"):
        for language in ("ja", "en"):
            assert f'href="/calls/R4-TRIAL/tallies.{form}?lang={language}"' in page
    assert 'href="/calls/R4-TRIAL/print/?lang=ja"' in page


@pytest.mark.parametrize("form", ["pptx", "xlsx", "csv", "json"])
def test_taking_a_file_asks_the_same_number_of_queries_at_one_and_at_three_rows(
    looking, django_assert_max_num_queries, form
):
    terms = TermsFactory()

    def grow(number):
        country = CountryFactory(alpha2=("GB", "FR", "DE")[number])
        ProposalFactory(terms=terms, primary_funder=FunderFactory(country=country, acronym=f"F{number}"))

    def queries():
        with django_assert_max_num_queries(40) as asked:
            taken(looking, terms.call.code, form)
        return len(asked)

    grow(0)
    taken(looking, terms.call.code, form)
    at_one = queries()
    grow(1), grow(2)
    assert queries() == at_one


@pytest.mark.sweep
@pytest.mark.skipif(SOFFICE is None, reason="no LibreOffice on this machine")
def test_libreoffice_opens_slides_and_workbook_with_every_number(trial, tmp_path):
    board = japanese(trial)
    assert not differs(board)
    with override("ja"):
        (tmp_path / "slides.pptx").write_bytes(as_pptx(board))
        (tmp_path / "book.xlsx").write_bytes(as_xlsx(board))

    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    convert = [SOFFICE, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path)]
    files = [str(tmp_path / name) for name in ("slides.pptx", "book.xlsx")]
    subprocess.run([*convert, *files], check=True, capture_output=True, timeout=300)

    made = {path.stem: path.stat().st_size > 10_000 for path in Path(tmp_path).glob("*.pdf")}
    assert made == {"slides": True, "book": True}
