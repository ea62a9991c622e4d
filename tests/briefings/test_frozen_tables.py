"""Explored tables frozen as briefings: then, now and the difference, cell by cell, with the proposals behind it."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from calls.models import Call, CallField, Field
from proposals.briefings.changes import place_of
from proposals.record.models import Briefing, Conflict, Proposal
from tests.doors import at_every_update, refused, run
from tests.factories import (
    NOON,
    CountryFactory,
    FunderFactory,
    ProposalFactory,
    TermsFactory,
)
from tests.partnerships.test_partners import awarded

pytestmark = pytest.mark.django_db
ENGLISH = {"accept-language": "en"}
NAMES = {"name_ja": "表の記録", "name_en": "A table", "code": "table"}


@pytest.fixture
def terms():
    return TermsFactory(call__code="KEPT")


@pytest.fixture
def funders():
    return [FunderFactory(country=CountryFactory(alpha2=code), acronym=f"F{code}") for code in ("GB", "FR")]


def frozen(client, query):
    answer = client.post(f"{reverse('briefings:freeze_explored')}?{query}", NAMES)
    assert answer.status_code == 302, answer.content.decode()
    return Briefing.objects.get(code="table")


def compared(client, briefing, **asked):
    return client.get(briefing.get_absolute_url(), asked, headers=ENGLISH).context


def cell(context, **codes):
    figures = {figure.place: figure for figure in context["comparison"].figures}
    figure = figures[place_of(codes)]
    return figure.then, figure.now, figure.difference


def test_a_frozen_table_compares_every_cell_with_today(looking, terms, funders):
    britain, france = funders
    first = ProposalFactory(terms=terms, primary_funder=britain)
    ProposalFactory(terms=terms, primary_funder=france)
    kept = frozen(looking, "row=country&column=field&sort=-total&heat=on")
    assert compared(looking, kept)["comparison"].differs is False
    assert kept.query == "/explore/?column=field"

    Proposal.objects.filter(pk=first.pk).update(primary_funder=france)
    new = ProposalFactory(terms=terms, primary_funder=FunderFactory(country=CountryFactory(alpha2="IT"), acronym="MUR"))

    found, field = compared(looking, kept), first.field.code
    assert cell(found, country="GB", field=field) == (1, 0, -1)
    assert cell(found, country="FR", field=field) == (1, 2, 1)
    assert cell(found, country="IT", field=field) == (0, 1, 1)
    assert cell(found) == (2, 3, 1)
    assert [change.number for change in found["page"]] == [first.number, new.number]
    there = compared(looking, kept, measure="proposals", country="GB", field=field)
    assert [change.number for change in there["page"]] == [first.number]


@pytest.mark.parametrize(
    ("measure", "then", "now"), [("awards", 1, 2), ("rate", "50.0", "100.0"), ("awarded_yen", 13_000_000, 26_000_000)]
)
def test_every_measure_of_a_frozen_table_names_the_award_that_moved_it(looking, terms, funders, measure, then, now):
    awarded(terms, funders[0])
    plain = ProposalFactory(terms=terms, primary_funder=funders[0])
    kept = frozen(looking, f"row=funder&measure={measure}")

    Proposal.objects.filter(pk=plain.pk).delete()
    given = awarded(terms, funders[0])

    found = compared(looking, kept)
    was, is_now, _difference = cell(found, funder=funders[0].code)
    assert (str(was), str(is_now)) == (str(then), str(now))
    assert given.number in [change.number for change in found["page"]]


@pytest.mark.parametrize("is_old", [False, True])
def test_difference_of_frozen_rates_is_that_of_the_exact_ones(looking, terms, funders, is_old):
    """One of six, then two of six: 16.7 and 33.3, and yet 16.7 points between them."""
    awarded(terms, funders[0])
    for _turn in range(5):
        ProposalFactory(terms=terms, primary_funder=funders[0])
    kept = frozen(looking, "row=funder&measure=rate")
    if is_old:  # kept before its parts were
        run("SET CONSTRAINTS ALL IMMEDIATE")
        run("ALTER TABLE proposals_briefing DISABLE TRIGGER USER")
        figures = [{name: value for name, value in each.items() if name != "part"} for each in kept.figures]
        type(kept).objects.filter(pk=kept.pk).update(figures=figures)
        run("ALTER TABLE proposals_briefing ENABLE TRIGGER USER")
        run("SET CONSTRAINTS ALL DEFERRED")

    Proposal.objects.filter(award__isnull=True).order_by("pk").last().delete()
    awarded(terms, funders[0])

    was, is_now, difference = cell(compared(looking, kept), funder=funders[0].code)
    assert (str(was), str(is_now), str(difference)) == ("16.7", "33.3", "16.7")


def test_a_proposal_that_no_longer_answers_the_question_says_so(looking, terms, funders):
    moved = ProposalFactory(terms=terms, primary_funder=funders[0])
    kept = frozen(looking, f"row=funder&field={moved.field.code}")
    other = Field.objects.create(code="other", name_ja="他", name_en="Other")
    CallField.objects.create(call=terms.call, field=other, position=9)

    Proposal.objects.filter(pk=moved.pk).update(field=other)

    changes = list(compared(looking, kept)["page"])
    assert [(change.kind, change.words) for change in changes] == [("left_out", "no longer among what was asked for")]


def test_a_frozen_table_keeps_its_words(looking, terms, funders):
    ProposalFactory(terms=terms, primary_funder=funders[0])
    kept = frozen(looking, "row=country")

    funders[0].country.name_en = "Elsewhere"
    funders[0].country.save()

    assert [row.label for row in compared(looking, kept)["comparison"].rows] != ["Elsewhere"]


@at_every_update
def test_a_frozen_table_is_never_changed(looking, terms, funders, change):
    ProposalFactory(terms=terms, primary_funder=funders[0])

    with refused("briefing_stays"):
        change(frozen(looking, "row=country"), name_en="Other")


def test_a_frozen_table_hands_out_no_pack_and_stands_in_the_list(looking, terms, funders):
    ProposalFactory(terms=terms, primary_funder=funders[0])
    kept = frozen(looking, "row=country")

    assert looking.get(reverse("briefings:tallies", args=[kept.code, "csv"])).status_code == 404
    assert looking.get(reverse("briefings:paper", args=[kept.code])).status_code == 404
    assert kept.get_absolute_url() in looking.get("/briefings/").content.decode()


def test_a_frozen_table_is_not_for_those_from_whom_part_of_it_is_hidden(looking, terms, funders, manager, officer):
    proposal = ProposalFactory(terms=terms, primary_funder=funders[0])
    kept = frozen(looking, "row=country")
    Conflict.objects.create(
        proposal=proposal, person=officer, finding="stands", kind="kin", recorded_by=manager, recorded_at=NOON
    )

    looking.force_login(officer)

    assert looking.get(kept.get_absolute_url()).status_code == 404
    assert looking.get(reverse("briefings:freeze_explored")).status_code == 404


def test_a_frozen_table_waits_for_the_end_of_an_embargo(looking, terms, funders, officer):
    proposal = awarded(terms, funders[0])
    later = timezone.now() + datetime.timedelta(days=7)
    Call.objects.filter(pk=proposal.call_id).update(progress="released", embargo_until=later)
    kept = frozen(looking, "row=country&measure=awards")

    looking.force_login(officer)

    assert looking.get(kept.get_absolute_url()).status_code == 404
    assert kept.get_absolute_url() not in looking.get("/briefings/").content.decode()
    assert looking.get(reverse("briefings:freeze_explored")).status_code == 404


def test_a_question_that_can_no_longer_be_asked_shows_what_was_said(looking, terms, funders):
    ProposalFactory(terms=terms, primary_funder=funders[0])
    kept = frozen(looking, f"row=field&funder={funders[0].code}")
    Proposal.objects.all().delete()
    funders[0].delete()

    page = looking.get(kept.get_absolute_url(), headers=ENGLISH).content.decode()

    assert "can no longer be asked" in page
    assert "Every figure still holds." not in page
