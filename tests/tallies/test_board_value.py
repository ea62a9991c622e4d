"""A board is a value: what is added to it is shown everywhere, and what was frozen cannot read today's rows."""

import io
import zipfile
from dataclasses import replace

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone, translation
from openpyxl import load_workbook
from pptx import Presentation

from calls.models import Call
from proposals.boards.board import CallBoard
from proposals.boards.masked import masked
from proposals.briefings.decisions import freeze
from proposals.briefings.frozen import board_of
from proposals.pack import files
from proposals.pack.exports import as_json
from proposals.pack.files import printed
from proposals.record.models import Briefing, Proposal
from proposals.tallies.figures import RECORDED_ONLY, Figure, Row, Table
from tests.factories import CallFactory, FieldFactory, ProposalFactory, TermsFactory

pytestmark = pytest.mark.django_db
APPS = ("calls", "partners", "proposals")


@pytest.fixture
def call():
    terms = TermsFactory(call=CallFactory(fields=[FieldFactory()]))
    ProposalFactory.create_batch(4, terms=terms)
    return terms.call


def on_screen(board):
    request = RequestFactory().get("/")
    return render_to_string(
        "boards/board.html", {"board": board, "has_rows": True, "call": Call.objects.get()}, request
    )


def on_paper(board):
    return render_to_string("boards/paper.html", {"board": board, "paper": printed(board)})


def texts(form, data):
    """Every text of a file of the pack."""
    if form == "xlsx":
        book = load_workbook(io.BytesIO(data))
        return " ".join(str(cell.value) for sheet in book for line in sheet for cell in line)
    if form == "pptx":
        tables = [
            shape.table for slide in Presentation(io.BytesIO(data)).slides for shape in slide.shapes if shape.has_table
        ]
        return " ".join(cell.text for table in tables for line in table.rows for cell in line.cells)
    return data.decode("utf-8-sig")


def contents(data):
    """The bytes of a file; of an archive, which bears the moment of its writing, those of its parts."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: contents(archive.read(name)) for name in archive.namelist() if name != "docProps/core.xml"}


FACES = {
    "screen": on_screen,
    "paper": on_paper,
    **{form: (lambda board, form=form: texts(form, files.FORMS[form].write(board))) for form in files.FORMS},
}


def figure(number):
    return Figure(number, None, RECORDED_ONLY, "/proposals/")


@pytest.mark.parametrize("face", FACES)
def test_a_table_that_is_added_to_a_board_is_shown_by_every_renderer(call, face):
    board = CallBoard(call, Proposal.objects.all(), as_of=timezone.now()).board
    row, total = (Row(code, code.title(), figure(9731), figure(8642)) for code in ("hub", "total"))
    added = replace(board, tables=[*board.tables, Table("type", "By type of project", "Type", [row], total, True)])

    shown = FACES[face](added)

    assert "9731" in shown.replace(",", "")
    assert "8642" in shown.replace(",", "")


def delete_every_row_but_the_briefing():
    ours = [
        model._meta.db_table
        for app in ("calls", "partners", "proposals")
        for model in apps.get_app_config(app).get_models()
    ]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in {*ours} - {Briefing._meta.db_table}:
            cursor.execute(f'DELETE FROM "{table}"')


@pytest.mark.owner
def test_a_briefing_cannot_read_the_rows_of_today(call, manager):
    freeze(call, code="spring", name_ja="春", name_en="Spring", by=manager, at=timezone.now())

    def faces():
        found = {}
        for language in ("ja", "en"):
            with translation.override(language):
                board = board_of(Briefing.objects.get())
                found |= {(language, form): contents(kind.write(board)) for form, kind in files.FORMS.items()}
                found[language, "paper"] = on_paper(board)
        return found

    before = faces()
    with transaction.atomic():
        delete_every_row_but_the_briefing()

        assert faces() == before
        transaction.set_rollback(True)


def test_masking_makes_another_board_and_leaves_the_first_as_it_was(call):
    board = CallBoard(call, Proposal.objects.all(), as_of=timezone.now()).board
    shown = as_json(board)

    outside = masked(board)

    assert outside.is_masked
    assert not board.is_masked
    assert as_json(board) == shown
