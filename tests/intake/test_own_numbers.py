"""Where a call allows it, a file brings the numbers of its proposals; elsewhere the desk numbers them."""

import io

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from calls.models import Call
from proposals.record.models import Proposal
from tests.factories import NOON, FunderFactory, ProposalFactory, TermsFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]
HEADER = "number,title_ja,institution,field,funder,starts_on,ends_on"
REST = "東都大学,quantum,GB-UKRI,2024-04-01,2029-03-31"


@pytest.fixture
def call(monkeypatch, settings):
    settings.LANGUAGE_CODE = "en"
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
    FunderFactory()
    return TermsFactory(call__code="IN", call__own_numbers=True).call


@pytest.fixture
def send(call, tmp_path):
    def send(*rows):
        file, out = tmp_path / "a.csv", io.StringIO()
        file.write_text("\n".join([HEADER, *(f"{number},{title},{REST}" for number, title in rows)]), encoding="utf-8")
        try:
            call_command("import_proposals", str(file), call="IN", stdout=out, stderr=out)
        except CommandError as error:
            return f"{out.getvalue()} {error}"
        return out.getvalue()

    return send


def test_rows_make_proposals_of_their_own_numbers_and_the_others_get_the_next_ones(call, send):
    ProposalFactory(terms=call.terms.get(), number="IN-001", title_ja="前")

    send(("26-A1", "量子網"), ("", "光格子"), ("IN-002", "冷却原子"), ("IN-001", "後"))

    titles = dict(Proposal.objects.values_list("number", "title_ja"))
    assert titles == {"26-A1": "量子網", "IN-002": "冷却原子", "IN-003": "光格子", "IN-001": "後"}


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([("令9/第5号", "量子網")], "capital letters"),
        ([("26-A1", "量子網"), ("26-A1", "光格子")], "stands in row"),
        ([("26-A1", "量子網"), ("26-a1", "光格子")], "differs"),
    ],
)
def test_a_number_that_cannot_be_is_refused_at_its_cell(send, rows, sentence):
    said = send(*rows)

    assert sentence in said
    assert Proposal.objects.count() == 0


def test_a_number_of_another_call_is_taken(send):
    ProposalFactory(number="26-A1")

    assert "number is taken" in send(("26-A1", "量子網"))
    assert Proposal.objects.count() == 1


def test_elsewhere_a_number_that_nobody_has_is_unknown(call, send):
    Call.objects.filter(pk=call.pk).update(own_numbers=False)

    assert "Leave the number empty" in send(("26-A1", "量子網"))
    assert Proposal.objects.count() == 0
