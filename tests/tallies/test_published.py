"""What was published about a call: said only of the cells that a publication states, and with its own source."""

import csv
import io

import openpyxl
import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from pptx import Presentation

from calls.models import Call, PublishedFigure
from proposals.awards import decisions as marking
from proposals.awards import release as releasing
from proposals.boards.board import CallBoard
from proposals.briefings.decisions import freeze
from proposals.briefings.frozen import board_of
from proposals.pack.files import printed
from proposals.pack.slides import as_pptx
from proposals.pack.workbook import HEADER_ROW, as_xlsx
from proposals.record.models import Award, Proposal
from proposals.tallies.figures import rows_url
from tests.awards.test_awards import begin, decided
from tests.doors import at_every_insert, at_every_update, refused, run
from tests.factories import (
    MILLION,
    NOON,
    OUT,
    AwardFactory,
    CallFactory,
    CountryFactory,
    FieldFactory,
    FunderFactory,
    ProposalFactory,
    PublishedFigureFactory,
    TermsFactory,
    release,
)
from tests.record.test_rules_proposals import BARE

pytestmark = pytest.mark.django_db
# The first call of ASPIRE: 46 awards, of which the press release states quantum 8 and energy 6.
RECORDED = {"bio": 7, "ai": 7, "materials": 6, "semiconductor": 5, "energy": 6, "quantum": 8, "telecom": 7}
STATED = {"energy": 6, "quantum": 8}


@pytest.fixture
def partly(db):
    """Seven fields recorded, two of them published, and one of which the release says that it is not published."""
    fields = {code: FieldFactory(code=code, name_ja=code, name_en=code) for code in RECORDED}
    terms = TermsFactory(call=CallFactory(code="R5-FIRST", fields=list(fields.values()), progress="released"))
    awards = [
        AwardFactory(proposal=ProposalFactory(terms=terms, field=fields[code]))
        for code, number in RECORDED.items()
        for _place in range(number)
    ]
    release(*awards)
    PublishedFigureFactory(call=terms.call, measure="awards", value=46)
    for code, value in STATED.items():
        PublishedFigureFactory(call=terms.call, measure="awards", dimension="field", field=fields[code], value=value)
    silent = {"status": "not_published", "value": None}
    PublishedFigureFactory(call=terms.call, measure="awards", dimension="field", field=fields["bio"], **silent)
    return terms.call


def board(call):
    return CallBoard(Call.objects.get(pk=call.pk), Proposal.objects.all(), as_of=timezone.now()).board


def table(found, key):
    return next(each for each in found.tables if each.key == key)


# --- a cell that no publication states -------------------------------------------------------------------------------


def test_seven_fields_are_recorded_and_two_compared(partly):
    rows = table(board(partly), "field").rows

    assert {row.code: row.awards.recorded for row in rows} == RECORDED
    assert {row.code: row.awards.published for row in rows if row.awards.published is not None} == STATED
    assert {row.code: row.awards.difference for row in rows if row.awards.difference is not None} == {
        "energy": 0,
        "quantum": 0,
    }
    assert {row.code: row.awards.status for row in rows} == {
        **dict.fromkeys(RECORDED, "not_stated"),
        **dict.fromkeys(STATED, "published"),
        "bio": "recorded_not_published",
    }
    assert board(partly).explanations == []


def test_json_and_csv_state_only_what_was_stated(client, manager, partly):
    client.force_login(manager)
    rows = client.get(reverse("boards:tallies", args=[partly.code, "json"])).json()["tables"]["field"]
    answer = client.get(reverse("boards:tallies", args=[partly.code, "csv"]), {"lang": "en"})
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    assert {row["code"]: row["awards"] for row in rows} == {
        "bio": {"recorded": 7, "status": "recorded_not_published"},
        "ai": {"recorded": 7, "status": "not_stated"},
        "materials": {"recorded": 6, "status": "not_stated"},
        "semiconductor": {"recorded": 5, "status": "not_stated"},
        "energy": {"recorded": 6, "published": 6, "difference": 0},
        "quantum": {"recorded": 8, "published": 8, "difference": 0},
        "telecom": {"recorded": 7, "status": "not_stated"},
    }
    of_fields = [
        line for line in lines if (line["table"], line["measure"], line["is_total"]) == ("field", "awards", "0")
    ]
    assert {line["field_code"]: line["value"] for line in of_fields if line["kind"] == "published"} == {
        "energy": "6",
        "quantum": "8",
    }
    assert {line["field_code"] for line in of_fields if line["kind"] == "difference"} == {"energy", "quantum"}
    assert {line["value"] for line in of_fields if line["status"] == "not_stated"} == {"7", "6", "5"}


def test_page_paper_workbook_and_slides_say_not_stated(client, manager, partly):
    client.force_login(manager)
    Call.objects.filter(pk=partly.pk).update(progress="released")
    row = PublishedFigure.objects.get(call=partly, field__code="quantum")
    PublishedFigure.objects.filter(pk=row.pk).update(value=9)
    page = client.get(partly.get_absolute_url(), headers={"accept-language": "en"}).content.decode()
    with override("en"):
        sheet = next(each for each in printed(board(partly)).tables if each.key == "field")
        book = openpyxl.load_workbook(io.BytesIO(as_xlsx(board(partly))))
        deck = Presentation(io.BytesIO(as_pptx(board(partly))))

    assert page.count(">not stated</td>") == 4
    assert page.count(">not published</td>") == 1
    paper = [[cell.text for cell in row] for row in sheet.rows]
    header = [cell.text for cell in sheet.header]
    stated, difference = header.index("Awards (published)"), header.index("Awards (difference)")
    assert [(row[stated], row[difference]) for row in paper] == [
        ("not published", "―"), ("not stated", "―"), ("not stated", "―"), ("not stated", "―"), ("6", "0"),
        ("9", "\u22121"), ("not stated", "―"),
    ]  # fmt: skip
    lines = [list(line) for line in book.worksheets[2].iter_rows(min_row=HEADER_ROW, values_only=True)]
    place = lines[0].index("Awards (published)")
    assert [line[place] for line in lines[1:]] == [row[stated] if not row[stated].isdigit() else int(row[stated])
                                                   for row in paper] + [46]  # fmt: skip
    slides = [shape.table for slide in deck.slides for shape in slide.shapes if shape.has_table]
    texts = [[cell.text for cell in line.cells] for shape in slides for line in shape.rows]
    assert all(row in texts for row in paper)


def test_a_briefing_keeps_what_was_not_stated(partly, manager):
    frozen = board_of(freeze(partly, code="held", name_ja="説明", name_en="Held", by=manager, at=timezone.now()))

    then, now = (table(found, "field").rows for found in (frozen, board(partly)))
    assert [(row.code, row.awards.recorded, row.awards.published, row.awards.status) for row in then] == [
        (row.code, row.awards.recorded, row.awards.published, row.awards.status) for row in now
    ]


def test_a_derived_number_is_shown_as_derived_and_never_as_published(client, manager):
    client.force_login(manager)
    call = ProposalFactory().call
    PublishedFigureFactory(call=call, value=5, status="derived")

    total = board(call).total.proposals
    page = client.get(call.get_absolute_url(), headers={"accept-language": "en"}).content.decode()
    answer = client.get(reverse("boards:tallies", args=[call.code, "csv"]), {"lang": "en"})
    kinds = {(line["kind"], line["value"]) for line in csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))}

    assert (total.recorded, total.published, total.derived, total.difference) == (1, None, 5, None)
    assert total.as_json() == {"recorded": 1, "derived": 5, "status": "derived"}
    assert "5 (derived)" in page
    assert ("derived", "5") in kinds
    assert not {kind for kind, _value in kinds} & {"published", "difference"}


def test_what_only_a_publication_names_has_its_row_too():
    """Italy and energy were published; nothing of them is recorded."""
    call = ProposalFactory().call
    italy = CountryFactory(alpha2="IT", name_ja="イタリア", reading="イタリア")
    energy = FieldFactory(code="energy", name_ja="エネルギー", name_en="Energy")
    PublishedFigureFactory(call=call, dimension="country", country=italy, value=2)
    PublishedFigureFactory(call=call, dimension="field", field=energy, value=3)

    rows = {row.code: row.proposals for key in ("country", "field") for row in table(board(call), key).rows}

    assert (rows["IT"].recorded, rows["IT"].published, rows["IT"].difference) == (0, 2, -2)
    assert (rows["energy"].recorded, rows["energy"].published, rows["energy"].difference) == (0, 3, -3)
    assert rows["GB"].status == "not_stated"


# --- what the database refuses ---------------------------------------------------------------------------------------


def wrong(name):
    """A figure that breaks the rule."""
    country, call = CountryFactory(), CallFactory()
    PublishedFigureFactory(call=call)
    PublishedFigureFactory(call=call, dimension="country", country=country)
    values = {
        "published_figure_once": {"dimension": "country", "country": country, "value": 9},
        "published_figure_has_value": {"measure": "awards", "value": None},
        "published_figure_not_negative": {"measure": "awards", "value": -1},
        "published_figure_names_its_row": {"measure": "awards", "dimension": "field"},
    }
    return PublishedFigureFactory.build(call=call, position=9, **values[name])


NAMES = [
    "published_figure_once",
    "published_figure_has_value",
    "published_figure_not_negative",
    "published_figure_names_its_row",
]


@at_every_insert
@pytest.mark.parametrize("name", NAMES)
def test_a_figure_that_says_nothing_or_says_it_twice_is_refused(insert, name):
    row = wrong(name)

    with refused(name):
        insert(row)


@pytest.mark.parametrize("name", NAMES)
def test_the_form_says_the_same(name):
    with pytest.raises(ValidationError) as caught:
        wrong(name).full_clean()

    said = [error.code for errors in caught.value.error_dict.values() for error in errors]
    assert name in said or said == ["min_value"]


def test_two_figures_for_the_whole_call_are_refused():
    row = PublishedFigureFactory(value=751)

    with refused("published_figure_once"):
        PublishedFigureFactory(call=row.call, value=752)


@at_every_update
def test_a_figure_stays_right_when_it_is_changed(change):
    row = PublishedFigureFactory()

    with refused("published_figure_has_value"):
        change(row, status="not_published")


def test_a_funders_number_has_one_place_whatever_country_was_typed():
    funder, other = FunderFactory(), CountryFactory(alpha2="FR")
    row = PublishedFigureFactory(dimension="country_funder", funder=funder, country=other)
    row.refresh_from_db()

    assert row.country == funder.country
    with refused("published_figure_once"):
        PublishedFigureFactory(call=row.call, dimension="country_funder", funder=funder, country=None)


# --- sources and labels ----------------------------------------------------------------------------------------------


def test_sources_are_those_of_the_figures_themselves(client, manager, partly):
    client.force_login(manager)
    answer = client.get(reverse("boards:tallies", args=[partly.code, "csv"]), {"lang": "ja"})
    page = client.get(partly.get_absolute_url(), headers={"accept-language": "ja"}).content.decode()

    with override("ja"):
        assert board(partly).sources == ["機構報 第1181号"]
        deck = Presentation(io.BytesIO(as_pptx(board(partly))))
    with override("en"):
        assert board(partly).sources == ["Press release No. 1181"]
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {line["source"] for line in lines} == {"機構報 第1181号"}
    assert 'title="機構報 第1181号"' in page
    slides = "\n".join(shape.text_frame.text for slide in deck.slides for shape in slide.shapes if shape.has_text_frame)
    assert ("機構報 第1181号" in slides, "記者説明会" in page + slides) == (True, False)


def test_a_misprint_is_kept_by_the_call_that_printed_it_alone():
    funder = FunderFactory(acronym="CIHR", label_as_printed="CHIR")
    printed_by, other = (ProposalFactory(primary_funder=funder).call for _turn in range(2))
    PublishedFigureFactory(
        call=printed_by, dimension="country_funder", funder=funder, country=funder.country, label_as_printed="CHIR"
    )
    PublishedFigureFactory(call=other)

    labels = [table(board(call), "country_funder").rows[0].label for call in (printed_by, other)]
    assert labels == ["CHIR", "CIHR"]


# --- what explains a difference --------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_as_many_as_were_published_need_no_explanation_and_one_less_names_the_one():
    terms = TermsFactory()
    rows = [ProposalFactory(terms=terms) for _turn in range(4)]
    PublishedFigureFactory(call=terms.call, value=4)

    assert board(terms.call).explanations == []

    Proposal.objects.filter(pk=rows[1].pk).update(status="withdrawn", **OUT)
    assert [found.proposal for found in board(terms.call).explanations] == [rows[1]]

    added = ProposalFactory(terms=terms)
    assert board(terms.call).explanations == []

    last = ProposalFactory(terms=terms)
    with override("en"):
        found = board(terms.call).explanations
    assert [each.proposal for each in found if each.reason.startswith("logged in addition")] == [added, last]


@pytest.mark.django_db(transaction=True)
def test_what_was_there_when_the_figures_were_entered_explains_nothing():
    terms = TermsFactory()
    PublishedFigureFactory(call=terms.call, value=751)
    for _turn in range(3):
        ProposalFactory(terms=terms)

    found = board(terms.call)

    assert found.total.proposals.difference == -748
    assert found.explanations == []


@pytest.mark.django_db(transaction=True)
def test_an_award_since_names_the_proposal_that_was_awarded():
    terms = TermsFactory(call__progress="released")
    row = ProposalFactory(terms=terms)
    PublishedFigureFactory(call=terms.call, measure="awards", value=0)
    with transaction.atomic():
        release(AwardFactory(proposal=row))

    assert [found.proposal for found in board(terms.call).explanations] == [row]


# --- what is decided in part -----------------------------------------------------------------------------------------


def test_page_files_and_fund_say_the_same_when_one_award_of_four_stays_released(client, officer, manager):
    """Three awards released and undone, one more released in a packet of its own: three are staged, one is out."""
    client.force_login(manager)
    call = begin(decided(pot_yen=200 * MILLION))
    first = submitted(call, officer, "P-A", "P-B", "P-C")
    releasing.release(first, by=manager, at=NOON)
    second = submitted(call, officer, "P-D")
    releasing.release(second, by=manager, at=NOON)
    releasing.undo(first, by=manager, at=NOON, reason="one was wrong")

    context = client.get(call.get_absolute_url()).context
    line = next(line for line in client.get(reverse("fund:index")).context["fund"].others if line.call == call)
    marked, staged, *_others = context["tiles"]

    assert call.stage(at=timezone.now()) == Call.Stage.DECIDING
    assert (marked.value, staged.value, context["board"].total.awards.recorded) == ("4", "3", 1)
    assert (line.staged_count, line.committed_count) == (3, 1)
    assert client.get(staged.href).context["total"] == 3
    assert client.get(line.awards_href).context["total"] == 1


def test_there_is_no_rate_while_a_call_is_decided_again(client, officer, manager):
    client.force_login(manager)
    call = begin(decided(pot_yen=200 * MILLION))
    releasing.release(submitted(call, officer, "P-A"), by=manager, at=NOON)

    total = board(call).total
    answer = client.get(reverse("boards:tallies", args=[call.code, "csv"]), {"lang": "en"})
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    explored = client.get(reverse("explore:index"), {"row": "call", "measure": "rate"}).context["grid"]

    assert (total.awards.recorded, total.rate) == (1, None)
    assert {(line["value"], line["status"]) for line in lines if line["measure"] == "success_rate"} == {
        ("", "not_decided")
    }
    assert [line.total.number for line in explored.lines] == [None]
    assert explored.undecided == [call]
    Call.objects.filter(pk=call.pk).update(progress="released")
    assert board(call).total.rate == "25.0"


def submitted(call, officer, *numbers):
    marking.stage(call, [marking.Wish(number, "award") for number in numbers], by=officer, at=NOON)
    return releasing.submit(call, by=officer, at=NOON)


def test_a_released_award_carries_its_day_until_the_release_is_undone(client, officer, manager):
    client.force_login(manager)
    call = begin(decided(pot_yen=200 * MILLION))
    packet = submitted(call, officer, "P-A")
    assert Award.objects.get().awarded_on is None

    releasing.release(packet, by=manager, at=NOON)
    packet.refresh_from_db()
    day = timezone.localdate(packet.decided_at)
    award = Award.objects.select_related("proposal__primary_funder__country").get()
    assert award.awarded_on == day
    partner = client.get(award.proposal.primary_funder.country.get_absolute_url())
    assert [event.on for event in partner.context["events"] if event.href == awards_of(call, award)] == [day]

    releasing.undo(packet, by=manager, at=NOON, reason="too early")
    assert Award.objects.get().awarded_on is None


def awards_of(call, award):
    return rows_url(call.code, country=award.proposal.primary_funder.country.alpha2, awarded="1")


@at_every_insert
def test_a_reconstructed_proposal_is_not_awarded_without_an_award(insert):
    terms = TermsFactory()
    related = {"terms": terms, "call": terms.call, "field": FieldFactory(), "primary_funder": FunderFactory()}
    row = ProposalFactory.build(status="awarded", **BARE, **related)

    with refused("proposal_reconstructed_has_award"):
        insert(row)
        run("SET CONSTRAINTS ALL IMMEDIATE")


@at_every_update
def test_a_reconstructed_proposal_does_not_become_awarded_without_an_award(change):
    row = ProposalFactory(number="R-1", **BARE)

    with refused("proposal_reconstructed_has_award"):
        change(row, status="awarded")
        run("SET CONSTRAINTS ALL IMMEDIATE")
    row.refresh_from_db()
    row.status = "awarded"
    with pytest.raises(ValidationError) as caught:
        row.full_clean()
    assert caught.value.error_dict["status"][0].code == "proposal_reconstructed_has_award"


def test_count_and_list_of_reconstructed_awards_agree(client, manager):
    client.force_login(manager)
    call_command("load_briefing", verbosity=0)
    call = Call.objects.get(code="R4-TRIAL")
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("SET CONSTRAINTS ALL DEFERRED")

    figure = board(call).total.awards

    assert (figure.recorded, figure.published) == (7, 7)
    assert client.get(figure.href).context["total"] == 7
