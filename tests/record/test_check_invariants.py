"""``check_invariants``: every rule recomputed from the rows, also when the triggers were switched off."""

import io
import re

import pytest
from django.core.management import call_command
from django.db import connection

from proposals.record.invariants import breaches
from tests.factories import AnnualAwardFactory, AnnualCostFactory, AwardFactory, ProposalFactory, TermsFactory, release

pytestmark = pytest.mark.django_db


@pytest.fixture
def unguarded():
    """Write as no rule allows: PostgreSQL's triggers are switched off for the statement."""

    def write(sql):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(sql)
            cursor.execute("SET LOCAL session_replication_role = origin")

    return write


def told():
    """The breaches, but for what tallies and history say of the same: these have tests of their own."""
    elsewhere = re.compile("--rebuild|Its history does not say")
    return [str(breach) for breach in breaches() if not elsewhere.search(breach.sentence)]


@pytest.fixture
def rows(settings):
    settings.LANGUAGE_CODE = "en"
    terms = TermsFactory(call__code="HOLD", call__pot_yen=13_000_000, call__max_awards=1)
    proposal = ProposalFactory(terms=terms, number="HOLD-001")
    AnnualCostFactory(proposal=proposal)
    release(AnnualAwardFactory(award=AwardFactory(proposal=proposal)).award)


def test_sound_rows_have_no_breach(rows):
    out = io.StringIO()

    call_command("check_invariants", stdout=out)

    assert out.getvalue() == "Every rule holds.\n"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("UPDATE proposals_annualcost SET direct_yen = 23000001", ["above the ceiling", "kept total"]),
        ("UPDATE proposals_annualcost SET indirect_yen = 3000001", ["above 30% of the direct", "kept total"]),
        ("UPDATE proposals_annualcost SET fiscal_year = 2023", ["outside the research period"]),
        ("UPDATE proposals_proposal SET ends_on = '2029-04-01'", ["60 months from its start"]),
        ("UPDATE proposals_proposal SET received_at = '2024-01-01'", ["outside the window"]),
        (
            "UPDATE proposals_proposal SET status = 'withdrawn'",
            ["cannot be awarded", "not what the mark says"],
        ),
        ("UPDATE proposals_packet SET state = 'sent_back'", ["awarded by a release alone", "written together"]),
        ("UPDATE proposals_annualaward SET direct_yen = 23000001", ["ceiling", "kept total", "counter", "budget"]),
        ("UPDATE calls_call SET taken_count = 0", ["counter says 0 awards and ¥13,000,000"]),
        ("UPDATE calls_call SET max_awards = 0, taken_count = 0", ["counter", "above its number of 0"]),
        ("UPDATE calls_call SET opens_at = NULL, closes_at = NULL", ["no application window"]),
        ("DELETE FROM proposals_annualaward", ["kept total of yen awarded", "counter"]),
    ],
)
def test_a_breach_behind_the_triggers_back_is_found_and_said(rows, unguarded, sql, expected):
    unguarded(sql)

    found = told()

    assert len(found) == len(expected), found
    assert all(any(part in sentence for sentence in found) for part in expected), found


def test_terms_of_another_call_are_found(rows, unguarded):
    other = TermsFactory()
    unguarded(f"UPDATE proposals_proposal SET terms_id = {other.pk}")

    assert any("Choose the terms of its own call" in str(breach) for breach in breaches())


def test_a_status_without_its_award_is_found(settings, unguarded):
    settings.LANGUAGE_CODE = "en"
    ProposalFactory(number="LONE")
    unguarded("UPDATE proposals_proposal SET status = 'awarded'")

    assert told() == ["LONE: Its status is awarded, but there is no award. Record the award, or correct the status."]


def test_a_rule_switched_off_in_postgresql_is_found(rows):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE calls_terms DISABLE TRIGGER USER")

    found = told()

    assert any(sentence.startswith("calls_terms.terms_frozen_once_used: ") for sentence in found)


def test_the_command_ends_with_one_and_a_sentence_per_breach(rows, unguarded):
    unguarded("UPDATE proposals_proposal SET ends_on = '2029-04-01'")
    out, err = io.StringIO(), io.StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("check_invariants", stdout=out, stderr=err, no_color=True)

    assert ended.value.code == 1
    assert out.getvalue().startswith("HOLD-001: The research period ends on")
    assert err.getvalue() == "2 breaches found.\n"  # that of the row and that of its history
