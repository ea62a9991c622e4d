"""Frozen boards: what was said stays said, and every difference has its proposals."""

import csv
import datetime
import io
import json

import openpyxl
import pytest
from django.core.management import call_command
from django.urls import reverse
from pptx import Presentation

from calls.models import Call, CallField, Field, Programme
from partners.models import Country, Funder
from proposals.briefings.comparison import Comparison
from proposals.briefings.decisions import freeze
from proposals.record.models import Briefing, Conflict, Proposal
from proposals.record.status import Status
from tests.doors import at_every_update, refused, run
from tests.factories import (
    NOON,
    OUT,
    AnnualCostFactory,
    AwardFactory,
    ConflictFactory,
    FunderFactory,
    ProposalFactory,
    TermsFactory,
    release,
)

pytestmark = pytest.mark.django_db
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def terms():
    return TermsFactory(call__code="KEPT")


@pytest.fixture
def briefing(terms, manager):
    ProposalFactory.create_batch(3, terms=terms)
    return freeze(terms.call, code="spring", name_ja="春の記録", name_en="Spring", by=manager, at=NOON)


def compared(briefing):
    return Comparison(Briefing.objects.get(pk=briefing.pk), Proposal.objects.all(), NOON)


def totals(comparison):
    total = comparison.tables[0].rows[-1]
    return [(figure.then, figure.now, figure.difference) for figure in (total.proposals, total.awards)]


def test_briefing_holds_when_nothing_has_changed(briefing):
    found = compared(briefing)

    assert not found.differs
    assert found.changes == []
    assert totals(found) == [(3, 3, 0), (0, 0, 0)]


def test_briefing_names_the_proposals_added_left_out_and_corrected(briefing, terms):
    first, second, third = Proposal.objects.order_by("number")
    Proposal.objects.filter(pk=first.pk).update(status=Status.WITHDRAWN, **OUT)
    Proposal.objects.filter(pk=second.pk).update(primary_funder=FunderFactory(acronym="EPSRC"))
    AnnualCostFactory(proposal=third)
    new = ProposalFactory(terms=terms)

    found = compared(briefing)

    assert totals(found) == [(3, 3, 0), (0, 0, 0)]
    assert found.differs
    assert {(change.number, change.kind) for change in found.changes} == {
        (first.number, "left_out"),
        (second.number, "corrected"),
        (third.number, "corrected"),
        (new.number, "added"),
    }
    funders = next(table for table in found.tables if table.key == "country_funder")
    shown = {row.label: row.proposals.difference for row in funders.rows if not row.is_total}
    assert shown == {"UKRI": -1, "EPSRC": 1}


def test_briefing_counts_an_award_once_it_is_released_and_not_while_staged(briefing):
    award = AwardFactory(proposal=Proposal.objects.first())
    assert totals(compared(briefing))[1] == (0, 0, 0)

    release(award)

    found = compared(briefing)
    assert totals(found)[1] == (0, 1, 1)
    assert [change.kind for change in found.changes] == ["corrected"]


def test_briefing_says_that_a_proposal_is_gone_when_it_is(briefing):
    gone = Proposal.objects.first()
    number = gone.number
    gone.delete()

    assert [(c.number, c.kind, c.is_there) for c in compared(briefing).changes] == [(number, "gone", False)]


def test_briefing_says_nothing_of_a_proposal_that_counted_neither_then_nor_now(terms, manager):
    out = ProposalFactory(terms=terms, status=Status.WITHDRAWN)
    kept = freeze(terms.call, code="out", name_ja="記録", name_en="", by=manager, at=NOON)
    out.delete()

    assert compared(kept).changes == []


@at_every_update
def test_briefing_is_never_changed(briefing, change):
    with refused("briefing_stays"):
        change(briefing, name_en="Autumn")


def test_briefing_is_never_deleted(briefing):
    with refused("briefing_stays"):
        run("DELETE FROM proposals_briefing")


def test_the_press_briefing_is_the_first_and_still_holds(client, manager):
    call_command("load_briefing", verbosity=0)
    call_command("load_briefing", verbosity=0)
    client.force_login(manager)

    kept = Briefing.objects.get()
    page = client.get(kept.get_absolute_url(), headers=ENGLISH)

    assert kept.code == "r4-trial-2023-04-27"
    assert "Every figure still holds." in page.content.decode()
    assert totals(page.context["comparison"]) == [(43, 43, 0), (None, None, None)]
    assert [
        f["value"] for f in kept.figures if f["table"] == "field" and f["measure"] == "awards" and f["is_total"]
    ] == [7]

    withdrawn = Proposal.objects.filter(call__code="R4-TRIAL", award=None).first()
    Proposal.objects.filter(pk=withdrawn.pk).update(status=Status.WITHDRAWN, **OUT)
    page = client.get(kept.get_absolute_url(), headers=ENGLISH)
    assert totals(page.context["comparison"])[0] == (43, 42, -1)
    assert withdrawn.number in page.content.decode()


def test_manager_freezes_a_board_under_a_name(client, manager, terms):
    ProposalFactory(terms=terms)
    client.force_login(manager)
    address = reverse("briefings:freeze_board", args=["KEPT"])
    values = {"name_ja": "四月の記録", "name_en": "April", "code": "april"}

    assert client.get(address).status_code == 200
    assert client.post(address, values).url == "/briefings/april/"

    assert (Briefing.objects.get().frozen_by, Briefing.objects.get().query) == (manager, "/calls/KEPT/")
    assert client.get("/briefings/april/").status_code == 200
    again = client.post(address, values, headers=ENGLISH)
    assert "already there" in again.content.decode()
    assert Briefing.objects.count() == 1


def test_board_is_not_frozen_by_somebody_who_does_not_see_all_of_it(client, manager, terms):
    proposal = ProposalFactory(terms=terms)
    Conflict.objects.create(
        proposal=proposal, person=manager, finding="stands", kind="kin", recorded_by=manager, recorded_at=NOON
    )
    client.force_login(manager)

    assert client.get(reverse("briefings:freeze_board", args=["KEPT"])).status_code == 404


def test_list_of_briefings_says_when_there_is_none(client, manager):
    client.force_login(manager)

    assert "No board is frozen yet." in client.get("/briefings/", headers=ENGLISH).content.decode()


@pytest.mark.parametrize("page", ["briefings:index", "briefings:detail"])
def test_pages_ask_the_same_number_of_queries_at_one_and_at_three_rows(
    client, manager, terms, page, django_assert_max_num_queries
):
    client.force_login(manager)
    kept = freeze(terms.call, code="b-0", name_ja="記録", name_en="", by=manager, at=NOON)
    url = reverse(page, args=[kept.code] if page.endswith("detail") else [])

    def queries():
        with django_assert_max_num_queries(60) as asked:
            assert client.get(url).status_code == 200
        return len(asked)

    def grow(number):
        ProposalFactory(terms=terms, primary_funder=FunderFactory(acronym=f"F{number}"))
        freeze(terms.call, code=f"b-{number}", name_ja="記録", name_en="", by=manager, at=NOON)

    grow(1)
    client.get(url)
    at_one = queries()
    grow(2), grow(3)
    assert queries() == at_one


# --- the pack of a briefing -------------------------------------------------------------------------------------------


def pack(client, code, form, language="en"):
    answer = client.get(reverse("briefings:tallies", args=[code, form]), {"lang": language})
    assert answer.status_code == 200
    return answer


def long_form(answer):
    """The totals of the CSV: table and measure → kind → value."""
    found = {}
    for row in csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))):
        if row["is_total"] == "1":
            found.setdefault((row["table"], row["measure"]), {})[row["kind"]] = row["value"]
    return found


def test_pack_of_a_briefing_says_what_was_said_whatever_happened_since(client, manager, briefing, terms):
    client.force_login(manager)
    Proposal.objects.filter(pk=Proposal.objects.first().pk).update(status=Status.WITHDRAWN, **OUT)
    ProposalFactory.create_batch(4, terms=terms)

    answer = pack(client, "spring", "csv")

    assert long_form(answer)["country", "proposals"] == {"recorded": "3"}
    assert "KEPT_2023-" in answer.headers["Content-Disposition"]
    said = answer.content.decode()
    assert "Briefing “Spring”, /briefings/spring/" in said
    assert NOON.astimezone(datetime.UTC).isoformat() in said


def test_every_form_of_a_frozen_pack_equals_the_briefing(client, manager, briefing):
    client.force_login(manager)

    frozen = json.loads(pack(client, "spring", "json").content)
    book = openpyxl.load_workbook(io.BytesIO(pack(client, "spring", "xlsx").content))
    deck = Presentation(io.BytesIO(pack(client, "spring", "pptx").content))
    sheet = client.get(reverse("briefings:paper", args=["spring"])).content.decode()

    assert frozen["totals"]["proposals"] == {"recorded": 3, "status": "recorded_only"}
    assert [row["proposals"]["recorded"] for row in frozen["tables"]["field"]] == [3]
    assert any(row[-3:] for row in book.worksheets[1].iter_rows(values_only=True))
    cells = [cell.text for slide in deck.slides for shape in slide.shapes if shape.has_table
             for row in shape.table.rows for cell in row.cells]  # fmt: skip
    assert "3" in cells
    assert "春の記録" in sheet


def test_pack_of_the_press_briefing_equals_its_printed_figures(trial, client, manager):
    client.force_login(manager)
    printed = Briefing.objects.get(call__code="R4-TRIAL")

    found = json.loads(pack(client, printed.code, "json", "ja").content)

    for table, rows in found["tables"].items():
        cells = {(cell["code"], cell["measure"]): cell["value"] for cell in printed.figures
                 if cell["table"] == table and not cell["is_total"]}  # fmt: skip
        for row in rows:
            for measure in ("proposals", "awards"):
                figure = row[measure]
                assert figure.get("published") == cells[row["code"], measure]
                assert figure.get("difference", 0) == 0
    assert found["totals"] == {
        "proposals": {"recorded": 43, "published": 43, "difference": 0},
        "awards": {"recorded": 7, "published": 7, "difference": 0},
    }
    name = pack(client, printed.code, "pptx", "ja").headers["Content-Disposition"]
    assert name == 'attachment; filename="R4-TRIAL_2023-04-27_ja.pptx"'


def test_a_form_that_we_do_not_write_does_not_exist(client, manager, briefing):
    client.force_login(manager)

    assert client.get(reverse("briefings:tallies", args=["spring", "doc"])).status_code == 404


# --- what was said stays said -----------------------------------------------------------------------------------------


def texts(deck):
    """What the slides say, shape by shape."""
    for shape in (shape for slide in deck.slides for shape in slide.shapes):
        if shape.has_text_frame:
            yield shape.text_frame.text
        elif shape.has_table:
            yield [cell.text for row in shape.table.rows for cell in row.cells]


def everything_said(client, code):
    """Every file of a briefing in both languages, its sheet of paper, and the figures of then on its page."""
    found = {}
    for language in ("ja", "en"):
        for form in ("csv", "json"):
            found[form, language] = pack(client, code, form, language).content
        book = openpyxl.load_workbook(io.BytesIO(pack(client, code, "xlsx", language).content))
        found["xlsx", language] = [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]
        found["pptx", language] = list(texts(Presentation(io.BytesIO(pack(client, code, "pptx", language).content))))
        sheet = client.get(reverse("briefings:paper", args=[code]), {"lang": language}).content.decode()
        found["paper", language] = sheet.partition("<main")[2].partition("</main")[0]
        page = client.get(reverse("briefings:detail", args=[code]), headers={"accept-language": language})
        found["then", language] = [
            (table.caption, [(row.label, row.group, row.proposals.then, row.awards.then) for row in table.rows[:1]])
            for table in page.context["comparison"].tables
        ]
        found["words", language] = page.content.decode().partition('id="terms"')[2].partition("</main")[0]
    return found


def test_a_briefing_says_the_same_whatever_becomes_of_its_call(client, manager, briefing, terms):
    client.force_login(manager)
    before = everything_said(client, "spring")
    assert "KEPT" in str(before)

    call = terms.call
    Call.objects.filter(pk=call.pk).update(
        name_ja="別の公募", name_en="Another", fiscal_year=2030, pot_yen=9, max_awards=1, is_synthetic=True,
        supported_ja="誰も", supported_en="Nobody", progress="in_review",
        closes_at=NOON + datetime.timedelta(days=1), partners_en="None",
    )  # fmt: skip
    TermsFactory(call=call, annual_ceiling_yen=1, source="別の紙", source_en="Another paper")
    Programme.objects.update(name_ja="別の事業", name_en="Another programme", budget_source_en="elsewhere")
    Field.objects.update(name_ja="別の分野", name_en="Another field")
    CallField.objects.update(label_as_printed="別の分野")
    Country.objects.update(name_ja="別の国", name_en="Elsewhere")
    Funder.objects.update(name_ja="別の機関", name_en="Another funder", label_as_printed="別")
    Proposal.objects.filter(pk=Proposal.objects.first().pk).update(status=Status.INELIGIBLE, **OUT)
    ProposalFactory(terms=terms, primary_funder=FunderFactory(acronym="LATER"))

    after = everything_said(client, "spring")
    assert {key for key in before if before[key] != after[key]} == set()


# --- why it differs ---------------------------------------------------------------------------------------------------


def test_what_moves_no_figure_explains_none(client, manager, briefing, terms):
    client.force_login(manager)
    Proposal.objects.update(status=Status.IN_REVIEW)

    page = client.get(briefing.get_absolute_url(), headers=ENGLISH)

    assert "Every figure still holds." in page.content.decode()
    assert "3 more proposals were corrected" in page.content.decode()
    assert 'id="differences"' not in page.content.decode()
    others = client.get(briefing.get_absolute_url(), {"others": 1}, headers=ENGLISH)
    assert [change.kind for change in others.context["page"]] == ["corrected"] * 3


def test_each_difference_leads_to_the_proposals_that_explain_it(client, manager, briefing, terms):
    client.force_login(manager)
    moved, other, gone = Proposal.objects.order_by("number")
    funder = FunderFactory(acronym="EPSRC")
    Proposal.objects.filter(pk=moved.pk).update(primary_funder=funder)
    Proposal.objects.filter(pk=gone.pk).update(status=Status.WITHDRAWN, **OUT)
    AnnualCostFactory(proposal=other)

    page = client.get(briefing.get_absolute_url())
    assert [change.number for change in page.context["page"]] == [moved.number, gone.number]
    assert [change.number for change in page.context["explained"].others] == [other.number]

    wanted = {"EPSRC": [moved.number], "UKRI": [moved.number, gone.number]}
    table = next(table for table in page.context["comparison"].tables if table.key == "country_funder")
    for row in table.rows[:-1]:
        address = row.proposals.explaining.partition("#")[0]
        shown = client.get(briefing.get_absolute_url() + address)
        assert [change.number for change in shown.context["page"]] == wanted[row.label]
    whole = client.get(briefing.get_absolute_url() + table.rows[-1].proposals.explaining.partition("#")[0])
    assert [change.number for change in whole.context["page"]] == [gone.number]


# --- for outside ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "json", "xlsx", "pptx"])
def test_a_frozen_pack_is_masked_where_the_address_asks(client, manager, terms, form):
    client.force_login(manager)
    ProposalFactory(terms=terms)
    ProposalFactory.create_batch(4, terms=terms, primary_funder=FunderFactory(acronym="EPSRC"))
    kept = freeze(terms.call, code="few", name_ja="記録", name_en="", by=manager, at=NOON)

    answer = client.get(reverse("briefings:tallies", args=[kept.code, form]), {"lang": "en", "masked": "1"})

    assert answer.headers["Content-Disposition"].endswith(f'_masked_en.{form}"')
    if form == "json":
        rows = json.loads(answer.content)["tables"]["country_funder"]
        assert [row["proposals"] for row in rows] == [{"status": "masked"}] * 2
        assert json.loads(answer.content)["left_out"] == []
    page = client.get(kept.get_absolute_url(), headers=ENGLISH).content.decode()
    assert f"/briefings/few/tallies.{form}?lang=en&amp;masked=1" in page or f"tallies.{form}?lang=en&masked=1" in page
    sheet = client.get(reverse("briefings:paper", args=["few"]), {"masked": "1", "lang": "en"}).content.decode()
    assert ">＊<" in sheet
    assert "()" not in sheet


# --- who may freeze ---------------------------------------------------------------------------------------------------


def test_freezing_is_offered_only_where_it_works(client, manager, terms):
    proposal = ProposalFactory(terms=terms)
    client.force_login(manager)
    offered = [reverse("briefings:freeze_board", args=["KEPT"]), reverse("briefings:freeze_explored")]
    pages = [terms.call.get_absolute_url(), reverse("explore:index")]
    assert all(address in client.get(page).content.decode() for page, address in zip(pages, offered, strict=True))

    Conflict.objects.create(
        proposal=proposal, person=manager, finding="stands", kind="kin", recorded_by=manager, recorded_at=NOON
    )

    for page, address in zip(pages, offered, strict=True):
        assert address not in client.get(page).content.decode()
        assert client.get(address).status_code == 404
    assert "you cannot freeze its board" in client.get(pages[0], headers=ENGLISH).content.decode()


@pytest.mark.parametrize(("source", "status"), [("", 404), ("Press release No. 1181", 200)])
def test_a_frozen_board_is_not_for_those_from_whom_part_of_it_is_hidden_unless_it_was_printed(
    client, briefing, officer, source, status
):
    ConflictFactory(proposal=Proposal.objects.order_by("number").first(), person=officer)
    copied = Briefing.objects.get(pk=briefing.pk)
    copied.pk, copied.code, copied.source = None, "copied", source
    copied.save()
    client.force_login(officer)

    pages = [client.get(f"/briefings/copied/{page}") for page in ("", "tallies.json", "print/")]

    assert [page.status_code for page in pages] == [status] * 3
