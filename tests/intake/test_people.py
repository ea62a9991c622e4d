"""Those who take part come in and go out by file: a group of columns for each person, in their places."""

import io
import re

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aspire.sheets.tables import copy
from aspire.workbooks.reading import read
from proposals.record.models import CoInvestigator, Counterpart, Proposal
from tests.doors import insert_by_sql, refused
from tests.factories import (
    NOON,
    CounterpartFactory,
    CountryFactory,
    FunderFactory,
    ProposalFactory,
    TermsFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]
HEADER = "number,title_ja,field,funder,starts_on,ends_on,counterpart_name,counterpart_institution,counterpart_email"
NEW = ",量子網,quantum,GB-UKRI,2024-04-01,2029-03-31,Ada King,Oxbridge,ada@example.org"
SECOND = "counterpart2_name,counterpart2_institution,counterpart2_country,counterpart2_funder,counterpart2_email"
OTHERS = "co_investigator1_name,co_investigator1_number,co_investigator1_effort,co_investigator2_name"


@pytest.fixture
def call(monkeypatch, settings):
    settings.LANGUAGE_CODE = "en"
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
    FunderFactory()
    FunderFactory(acronym="ANR", label_as_printed="ANR", country=CountryFactory(alpha2="FR"))
    return TermsFactory(call__code="IN").call


@pytest.fixture
def desk(client, officer, call):
    client.force_login(officer)
    return client


def send(tmp_path, text, *options):
    """What the command says of the file."""
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    out = io.StringIO()
    try:
        call_command("import_proposals", str(path), "--call", "IN", *options, stdout=out, stderr=out)
    except Exception as error:
        out.write(str(error))
    return out.getvalue()


def people():
    return (
        list(Counterpart.objects.values_list("person", "institution", "country__alpha2", "funder__code", "email")),
        list(CoInvestigator.objects.values_list("person", "researcher_number", "effort_percent")),
    )


def test_a_new_row_brings_counterparts_and_co_investigators(call, tmp_path):
    send(tmp_path, f"{HEADER},{SECOND},{OTHERS}\n{NEW},Marie C,Sorbon,,ANR,,橋本 健,00123456,２０%,\n")

    assert people() == (
        [("Ada King", "Oxbridge", "GB", "GB-UKRI", "ada@example.org"), ("Marie C", "Sorbon", "FR", "FR-ANR", "")],
        [("橋本 健", "00123456", 20)],
    )


@pytest.fixture
def stored(call):
    proposal = ProposalFactory(terms=call.terms.get(), number="IN-001")
    gb, fr = proposal.primary_funder.country, CountryFactory(alpha2="FR")
    CounterpartFactory(proposal=proposal, person="A", country=fr, grant_number="G-1")
    CounterpartFactory(proposal=proposal, person="B", country=gb)
    CoInvestigator.objects.create(proposal=proposal, person="甲", effort_percent=0)
    CoInvestigator.objects.create(proposal=proposal, person="乙")
    return proposal


def test_what_a_row_says_is_corrected_at_its_place_and_the_rest_stays(stored, tmp_path):
    said = send(tmp_path, f"number,counterpart_name,{SECOND},{OTHERS}\nIN-001,A2,,,FR,,b@x.org,,,15,[clear]\n")

    assert people()[0] == [
        ("A2", "University of Camford", "FR", None, ""),
        ("B", "University of Camford", "FR", None, "b@x.org"),
    ], said
    assert people()[1] == [("甲", "", 15)]
    assert Counterpart.objects.first().grant_number == "G-1"


def test_a_person_is_added_after_those_who_are_there(stored, tmp_path):
    send(tmp_path, "number,co_investigator3_name\nIN-001,丙\n")

    assert [name for name, _number, _effort in people()[1]] == ["甲", "乙", "丙"]


@pytest.mark.parametrize(
    ("columns", "cells", "sentence"),
    [
        ("co_investigator1_effort", "120", "0 to 100"),
        ("co_investigator1_effort", "20", "needs it"),
        ("co_investigator2_name", "橋本 健", "somebody stands after it"),
        ("counterpart2_name,counterpart2_institution", "Marie C,Sorbon", "needs it"),
        ("counterpart2_name,counterpart2_institution,counterpart2_funder", "Marie C,Sorbon,XYZ", "no known funder"),
        (
            "counterpart2_name,counterpart2_institution,counterpart2_country,counterpart2_funder",
            "Marie C,Sorbon,GB,ANR",
            "is in FR",
        ),
        ("counterpart2_email", "nobody", "no e-mail address"),
    ],
)
def test_a_person_who_is_not_whole_is_refused_at_the_cell(call, tmp_path, columns, cells, sentence):
    said = send(tmp_path, f"{HEADER},{columns}\n{NEW},{cells}\n")

    assert sentence in said
    assert re.search(r"row 2|J2|K2|L2|M2", said)
    assert Proposal.objects.count() == 0


def test_an_export_has_the_places_that_are_filled_and_comes_back_unchanged(stored, desk, tmp_path):
    data = b"".join(desk.get(f"{reverse('intake:export', args=['csv'])}?call=IN&language=en"))
    header = data.decode("utf-8-sig").split("\r\n")[0]

    assert "Counterpart 2:" in header
    assert "Co-investigator 2:" in header
    assert "Counterpart 3" not in header
    (tmp_path / "a.csv").write_bytes(data)
    out = io.StringIO()
    call_command("import_proposals", str(tmp_path / "a.csv"), "--call", "IN", stdout=out)
    assert "1 left as they were" in out.getvalue() or "unchanged" in out.getvalue()
    assert people()[1] == [("甲", "", 0), ("乙", "", None)]


def test_a_template_begins_with_two_of_each(desk):
    data = b"".join(desk.get(f"{reverse('intake:template')}?call=IN", headers={"accept-language": "en"}))

    names = {cell.text for cell in read(data, file_name="a.xlsx").header.cells}
    assert {"counterpart2_name", "co_investigator2_effort"} <= names
    assert not {"counterpart3_name", "co_investigator3_name"} & names


def test_people_are_read_by_as_many_statements_for_three_proposals_as_for_one(stored, desk, call):
    url = f"{reverse('intake:export', args=['csv'])}?call=IN"
    desk.get(url)
    with CaptureQueriesContext(connection) as one:
        desk.get(url)
    for place in (2, 3):
        another = ProposalFactory(terms=call.terms.get(), number=f"IN-00{place}")
        CounterpartFactory(proposal=another)
        CoInvestigator.objects.create(proposal=another, person="丁")
    with CaptureQueriesContext(connection) as three:
        desk.get(url)

    assert len(one) == len(three)


def test_sql_refuses_people_and_grants_that_cannot_be(stored):
    def co_investigator(**values):
        return CoInvestigator(proposal=stored, person="戊", **values)

    with refused("effort_at_most_whole"):
        insert_by_sql(co_investigator(effort_percent=101))
    CoInvestigator.objects.create(proposal=stored, person="己", researcher_number="00123456")
    with refused("co_investigator_once"):
        insert_by_sql(co_investigator(researcher_number="00123456"))
    bad = {
        "grant_state_known": {"grant_state": "promised"},
        "grant_amount_has_currency": {"grant_amount": 5},
        "grant_period_ordered": {"grant_starts_on": "2025-01-02", "grant_ends_on": "2025-01-01"},
        "text_is_whole": {"grant_number": "G\ufffd"},
    }
    for name, values in bad.items():
        with refused(name):
            insert_by_sql(CounterpartFactory.build(proposal=stored, country=stored.country, **values))
    with refused("text_is_whole"):
        insert_by_sql(CoInvestigator(proposal=stored, person="\ue000"))


def test_rows_that_ask_while_they_are_copied_are_refused_and_do_not_wait_for_ever(stored):
    asking = ((stored.pk, Proposal.objects.get().number, "", None) for _row in range(1))

    with pytest.raises(RuntimeError, match="beside a COPY"):
        copy(CoInvestigator, ["proposal_id", "person", "institution", "effort_percent"], asking)


def test_a_draft_stands_once_for_a_person_and_a_call_or_proposal(stored, officer):
    from proposals.record.models import ProposalDraft

    for name, proposal in (("draft_once_a_call", None), ("draft_once_a_proposal", stored)):
        values = {"user": officer, "call": stored.call, "proposal": proposal, "typed": "", "saved_at": NOON}
        ProposalDraft.objects.create(**values)
        with refused(name):
            insert_by_sql(ProposalDraft(**values))
