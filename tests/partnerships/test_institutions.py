"""Institutions go by many names: each name means one of them, and what proposals write is matched, never changed."""

import importlib
import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from aspire.models import ImportRecord
from aspire.refusals import Refusal, Refused, all_or_nothing
from aspire.sheets.kinds import opened
from partners.models import Institution, InstitutionName
from proposals.partnerships import institutions
from proposals.record.models import FollowUp, Proposal
from tests.factories import NOON, ConflictFactory, FunderFactory, ProposalFactory, TermsFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]
HEADER = "number,title_ja,pi_name,institution,field,funder,starts_on,ends_on"
PAGE = "/partners/institutions/"


@pytest.fixture
def teito():
    return Institution.objects.create(
        name_ja="帝都大学", name_en="Teito University", aliases="帝大", erad_code="0123456789", ror_id="057zh3y96"
    )


@pytest.fixture
def call(monkeypatch, settings):
    settings.LANGUAGE_CODE = "en"
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
    FunderFactory()
    return TermsFactory(call__code="IN").call


@pytest.fixture
def desk(client, officer, call):
    client.force_login(officer)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def send(call, tmp_path):
    def send(*lines, command="import_proposals", **options):
        file, said = tmp_path / "file.csv", io.StringIO()
        file.write_text("\r\n".join(lines), encoding="utf-8")
        try:
            call_command(command, *options.pop("kind", ()), str(file), stdout=said, stderr=said, **options)
        except CommandError as error:
            said.write(str(error))
        return said.getvalue()

    return send


def rows(desk, **asked):
    lines = desk.get("/explore/", {"row": "institution", **asked}).context["grid"].lines
    return {line.entry.code: line.total.number for line in lines}


def match(desk, spelling, institution="", **more):
    given = {"spelling": spelling, "institution": institution, **more}
    return desk.post(reverse("partnerships:match_institution"), given, follow=True)


def test_spellings_of_one_institution_count_as_one_and_lead_to_its_rows(desk, call, teito):
    terms = call.terms.get()
    for written in ("帝都大学", "帝 都 大 学", "TEITO  university", "帝大", "0123456789", "北辰大学"):
        ProposalFactory(terms=terms, institution=written)

    assert rows(desk) == {"北辰大学": 1, "帝都大学": 5}
    for name in ("帝都大学", "帝大"):
        assert len(desk.get("/proposals/", {"institution": name}).context["page"].object_list) == 5
    assert len(desk.get("/proposals/", {"institution": "北辰大学"}).context["page"].object_list) == 1
    assert rows(desk, involving="GB") == rows(desk)
    assert Proposal.objects.filter(institution="TEITO  university").exists()  # as it was written


def test_renaming_an_institution_renames_its_rows_and_its_end_gives_them_back(desk, call, teito):
    ProposalFactory(terms=call.terms.get(), institution="帝大")
    teito.name_ja = "新帝都大学"
    teito.save()

    assert rows(desk) == {"新帝都大学": 1}
    teito.delete()
    assert rows(desk) == {"帝大": 1}
    assert not InstitutionName.objects.exists()


@pytest.mark.parametrize("name", ["帝都大学 ", "て・いと", "teito UNIVERSITY", "0123456789", "057zh3y96"])
def test_a_name_or_code_is_of_one_institution(teito, name):
    Institution.objects.filter(pk=teito.pk).update(aliases="テイト\r\n\r\n帝大")

    with pytest.raises(Refused) as refused, all_or_nothing():
        Institution.objects.create(name_ja="北辰大学", aliases=name)

    assert [(each.name, each.values) for each in refused.value.refusals] == [
        ("institution_name_once", {"name": name, "institution": "帝都大学"})
    ]
    assert Institution.objects.count() == 1


def test_record_of_an_institution_may_change_what_is_no_name(teito):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE partners_institution SET aliases = '帝大' || chr(13) || chr(10), name_en = ''")

    assert set(Institution.objects.known_names()) == {"帝都大学", "帝大", "0123456789", "057zh3y96"}


def test_file_with_a_code_takes_the_name_and_an_unknown_spelling_is_offered(desk, send, teito):
    said = send(
        HEADER,
        ",量子網,青木 花子,0123456789,quantum,GB-UKRI,2024-04-01,2029-03-31",
        ",量子鍵,青木 花子,国立大学法人帝都大学,quantum,GB-UKRI,2024-04-01,2029-03-31",
        call="IN",
    )

    assert "“国立大学法人帝都大学” is not on the list of institutions; the nearest there is “帝都大学”" in said
    assert list(Proposal.objects.order_by("number").values_list("institution", flat=True)) == [
        "帝都大学",
        "国立大学法人帝都大学",
    ]
    assert not FollowUp.objects.exists()
    offers = desk.get(PAGE).context["offers"]
    assert [(each.written, each.proposals, each.likely) for each in offers] == [("国立大学法人帝都大学", 1, "帝都大学")]


def test_an_application_sent_again_under_another_name_of_its_institution_is_a_twin(send, teito):
    row = ",量子網,青木 花子,{},quantum,GB-UKRI,2024-04-01,2029-03-31"
    send(HEADER, row.format("帝都大学"), call="IN")

    assert "IN-001" in send(HEADER, row.format("帝大"), call="IN")
    send(HEADER, row.format("北辰大学"), call="IN")

    assert Proposal.objects.count() == 2


def test_officer_says_what_a_spelling_means_or_makes_a_new_institution(desk, call, teito):
    for written in ("帝都大", "望洋大学"):
        ProposalFactory(terms=call.terms.get(), institution=written)

    assert "No institution goes by" in match(desk, "帝都大", "東都大学").content.decode()
    assert "is a name of Teito University from now on" in match(desk, "帝都大", "帝大").content.decode()
    match(desk, "望洋大学", is_new=1)

    assert rows(desk) == {"帝都大学": 1, "望洋大学": 1}
    assert match(desk, "帝都大", "帝大").status_code == 404  # it is matched already
    assert match(desk, "").status_code == 404
    page = desk.get(PAGE)
    assert (page.context["offers"], [number for _each, number in page.context["lines"]]) == ([], [1, 1])
    assert len(desk.get(PAGE, {"q": "ていと"}).context["lines"]) == 0
    assert len(desk.get(PAGE, {"q": "TEITO"}).context["lines"]) == 1


def test_a_refusal_answers_on_the_page_and_saves_nothing(desk, call, teito, monkeypatch):
    ProposalFactory(terms=call.terms.get(), institution="帝都大")
    monkeypatch.setattr(institutions.Institution.objects, "create", lambda **_values: refuse())

    def refuse():
        raise Refused(Refusal("institution_name_once", {"name": "帝都大", "institution": "帝都大学"}))

    assert "is a name of 帝都大学 already" in match(desk, "帝都大", is_new=1).content.decode()


def test_spelling_of_a_proposal_in_conflict_is_neither_shown_nor_matched(desk, call, officer):
    proposal = ProposalFactory(terms=call.terms.get(), institution="秘密大学")
    ConflictFactory(proposal=proposal, person=officer)

    assert "秘密大学" not in desk.get(PAGE).content.decode()
    assert match(desk, "秘密大学").status_code == 404


def test_list_without_any_institution_says_how_to_begin(desk):
    assert "There is no institution yet." in desk.get(PAGE).content.decode()
    assert "No institution goes by that name." in desk.get(PAGE, {"q": "帝都"}).content.decode()


def test_institutions_come_and_go_by_file_with_all_their_names(send, teito):
    header = "name_ja,name_en,aliases,erad_code,ror_id"

    hokushin, renamed = "北辰大学,Hokushin University,北大|北辰,,", "帝都大学,,帝大|帝都,,"
    send(header, hokushin, renamed, command="import_sheet", kind=["institutions"])

    assert Institution.objects.get(name_ja="北辰大学").aliases == "北大\n北辰"
    assert Institution.objects.get(name_ja="帝都大学").names_written == ["帝都大学", "Teito University", "帝大", "帝都"]
    resource = opened("institutions")
    written = resource.rows(resource.for_export(Institution.objects.all()), resource.columns)
    assert [list(row)[2] for row in written] == ["北大|北辰", "帝大|帝都"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("北辰大学,,帝大,,", "“帝大” is a name of 帝都大学 already"),
        ("北辰大学,,,123,", "has 10 digits"),
        ("北辰大学,,,,https://ror.org/057zh3y96", "has nine signs"),
    ],
)
def test_file_of_institutions_is_refused_as_a_form_is(send, teito, row, said):
    header = "name_ja,name_en,aliases,erad_code,ror_id"

    assert said in send(header, row, command="import_sheet", kind=["institutions"])
    assert Institution.objects.count() == 1


def test_flags_of_imports_before_follow_ups_become_one_each(call):
    proposal = ProposalFactory(terms=call.terms.get(), number="IN-001")
    flag = {"code": "starts_out_of_reach", "row": 2, "column": "G", "header": "starts_on", "value": "2020-01-01"}
    flag |= {"tier": 2, "values": {"first": "2023-01-01", "last": "2025-01-01", "value": "2020-01-01"}, "refusal": None}
    values = {"kind": "proposals", "call_code": "IN", "created": 1, "changed": 0, "unchanged": 0, "sha256": ""}
    for _twice in range(2):
        saved = [[2, "create", "IN-001", [flag]], [3, "create", "IN-404", [flag]]]
        ImportRecord.objects.create(**values, file_name="old.csv", rows=saved, imported_at=NOON)
    migration = importlib.import_module("proposals.migrations.0014_flags_of_earlier_imports")

    with connection.cursor() as cursor:
        for _twice in range(2):
            cursor.execute(migration.FOLLOW_UPS)

    found = FollowUp.objects.get(code="starts_out_of_reach")
    assert (found.proposal, found.raised_at) == (proposal, NOON)
    assert (found.value, found.finding["value"]) == ("2020-01-01", None)
    assert "2020-01-01" in found.fault.sentence
