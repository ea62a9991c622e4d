"""Whatever PostgreSQL refuses, the reader gets one sentence of ours: the value, the limit and what to do."""

import datetime
import re
import zoneinfo

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import RequestFactory
from django.utils import translation

from aspire.refusals import CATALOGUE, GENERAL, UNKNOWN, Refusal, RefusalMiddleware, Refused, from_error
from partners.models import Funder
from proposals.record.models import AnnualCost, Proposal
from tests import raised
from tests.doors import UNFILLED, run
from tests.factories import (
    MILLION,
    AnnualCostFactory,
    AwardFactory,
    CallFactory,
    CountryFactory,
    FunderFactory,
    ProposalFactory,
    TermsFactory,
)

TOKYO = zoneinfo.ZoneInfo("Asia/Tokyo")
# A value of every kind that sentences name.
VALUES = {
    "document": "P-0001.pdf",
    "why": "it does not begin as one",
    "fiscal_year": 2024,
    "starts_on": "2024-04-01",
    "ends_on": datetime.date(2029, 3, 31),
    "value_on": "2029-04-01",
    "limit_on": "2029-03-31",
    "value_at": "2023-10-31T12:00:01+09:00",
    "proposals": "P-0001, P-0002",
    "opens_at": datetime.datetime(2023, 9, 1, tzinfo=TOKYO),
    "closes_at": "2023-10-31T03:00:00+00:00",
    "value_yen": 26_000_001,
    "limit_yen": 26_000_000,
    "over_yen": 1,
    "percent": 30,
    "months": 60,
    "limit": 5,
    "value": 6,
    "status": "in_review",
    "proposal": "P-0001",
    "call": "R4-TRIAL",
    "funder": "US-DOE",
    "terms_call": "ASPIRE",
    "programme": "aspire",
    "field": "quantum",
    "who": "Officer Aoki",
    "sign": "U+007F",
    "name": "\u5e1d\u90fd\u5927",
    "institution": "\u5e1d\u90fd\u5927\u5b66",
}
REMEDY = re.compile(
    r"\b(Add|Ask|Change|Check|Choose|Correct|Declare|Enter|Fill|Give|Have|Its place|Keep|Leave|Let|Look|Lower)\b"
    r"|\b(Log|Make|Mark|Move|Pack|Remove|Save|Say|Send|Set|Take|Undo|Use)\b"
    r"|cannot be|must be|stays|: leave|needs|such as"
)
DATABASE_WORDS = re.compile(r"constraint|relation|violat|null value|duplicate key|trigger|column|NULL")


@pytest.mark.parametrize("name", CATALOGUE)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_sentence_is_complete_in_both_languages(name, language):
    with translation.override(language):
        sentence = Refusal(name, VALUES).sentence

    assert not DATABASE_WORDS.search(sentence)
    assert not UNFILLED.search(sentence)
    assert "\u2015" not in sentence
    assert sentence.endswith(("。", "."))


@pytest.mark.parametrize("name", CATALOGUE)
def test_sentence_is_japanese_for_japanese_readers(name):
    with translation.override("ja"):
        assert re.search(r"[ぁ-んァ-ヴ一-龠]", Refusal(name, VALUES).sentence)


@pytest.mark.parametrize("name", CATALOGUE)
def test_sentence_says_what_to_do(name):
    with translation.override("en"):
        assert REMEDY.search(Refusal(name, VALUES).sentence)


@pytest.mark.parametrize("name", CATALOGUE)
def test_sentence_names_the_same_values_in_both_languages(name):
    named = []
    for language in ("ja", "en"):
        with translation.override(language):
            named.append(set(re.findall(r"%\((\w+)\)s", str(CATALOGUE[name]))))

    assert named[0] == named[1] <= VALUES.keys()


def test_sentence_shows_yen_grouped_days_written_out_and_instants_in_tokyo():
    with translation.override("en"):
        ceiling = Refusal("cost_within_ceiling", VALUES).sentence
        period = Refusal("proposal_period_within_terms", VALUES).sentence
        window = Refusal("proposal_received_in_window", VALUES).sentence

    assert "¥26,000,001" in ceiling
    assert "¥26,000,000" in ceiling
    assert "by ¥1" in ceiling
    assert "March 31, 2029" in period
    assert "5 months" in period
    assert "Oct. 31, 2023, noon" in window


def test_sentence_shows_a_dash_when_a_value_is_unknown():
    with translation.override("en"):
        assert "\u2015" in Refusal("cost_inside_period", {"fiscal_year": 2024, "starts_on": None}).sentence


def test_unknown_refusal_says_that_nothing_was_saved():
    assert Refusal("made_up").sentence == str(UNKNOWN)


def test_refusal_becomes_a_validation_error_with_its_name_as_code():
    error = Refusal("packet_stays").error()

    assert (error.code, error.messages) == ("packet_stays", [str(CATALOGUE["packet_stays"])])


# --- the catalogue and the database ---------------------------------------------------------------------------------

GENERAL_NAMES = {*GENERAL.values(), "reference_exists"}
# Names chosen by Django or PostgreSQL after table and column; they are answered by a general sentence.
CHOSEN = re.compile(r"^(partners|calls|proposals)_[a-z]+_[a-z0-9_]+_(check|key|uniq)$")


def names_of_constraints():
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT conname FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
             WHERE contype IN ('c', 'u', 'x') AND relname ~ '^(aspire|partners|calls|proposals)_'
             UNION SELECT indexrelid::regclass::text FROM pg_index WHERE indisunique AND NOT indisprimary
               AND indrelid::regclass::text ~ '^(partners|calls|proposals)_'
        """)
        return {name for (name,) in cursor}


def names_refused_by_triggers():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT prosrc FROM pg_proc"
            " WHERE prosrc LIKE '%aspire_refuse(%' AND proname ~ '^(rule|aspire|calls|proposals)_'"
        )
        sources = [source for (source,) in cursor]
    assert sources
    called = {name for source in sources for name in re.findall(r"aspire_refuse\(\s*'(\w+)'", source)}
    in_tables = {name for source in sources for name in re.findall(r"\('(\w+)', CASE\b", source)}
    return called | in_tables


# Refused by a decision before a row is written: who, when and what was seen, which no row says.
OF_DECISIONS = {
    "invited_has_account",
    "proposal_funder_eligible",
    "proposal_decided_stays",
    "proposal_changed_meanwhile",
    "document_is_pdf",
    "document_infected",
    "document_unscanned",
    "document_of_nobody",
    "document_bundle_readable",
    "document_bundle_bounded",
    "document_bundle_waits",
    "assignment_unknown",
    "assignment_of_nothing",
    "assignment_of_reviewer",
    "assignment_has_review",
    "stage_moves",
    "stage_moved_meanwhile",
    "stage_with_submitted_packet",
    "stage_with_released_packet",
    "stage_after_closing",
    "assignment_open",
    "conflict_stands_no_more",
    "settings_changed_meanwhile",
    "review_changed",
    "decline_has_reason",
    "decline_before_submitting",
    "decline_in_phase",
    "mark_twice",
    "mark_unknown",
    "mark_changed",
    "mark_taken_back",
    "packet_has_marks",
    "awards_fit",
    "leap_has_reason",
    "text_without_null",
    "text_without_control",
}


@pytest.mark.django_db
def test_every_name_in_the_database_has_its_sentence():
    constraints = {name for name in names_of_constraints() if not CHOSEN.match(name)}

    assert (constraints | names_refused_by_triggers()) - CATALOGUE.keys() == set()


@pytest.mark.django_db
def test_every_sentence_has_its_rule_in_the_database():
    answered = names_of_constraints() | names_refused_by_triggers() | GENERAL_NAMES

    assert CATALOGUE.keys() - answered - {"award_once"} - OF_DECISIONS == set()
    assert "proposals_award_proposal_id_key" in answered


def test_refusal_is_met_where_the_programme_made_it_and_not_where_a_test_did():
    Refusal("made_by_a_test"), Refused.by("made_by_us")

    assert "made_by_us" in raised.BY_US
    assert "made_by_a_test" not in raised.BY_US | raised.BY_POSTGRESQL


# --- what an error of the database becomes --------------------------------------------------------------------------


TWICE = "INSERT INTO calls_field (code, name_ja, name_en) SELECT code, name_ja, name_en FROM calls_field"


def refusal_of(action):
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        action()
    return from_error(caught.value)


@pytest.mark.django_db
def test_error_of_a_trigger_becomes_its_refusal_with_values():
    cost = AnnualCostFactory()

    refusal = refusal_of(lambda: AnnualCost.objects.filter(pk=cost.pk).update(direct_yen=24 * MILLION))

    values = {"fiscal_year": 2024, "value_yen": 27 * MILLION, "limit_yen": 26 * MILLION, "over_yen": MILLION}
    assert refusal == Refusal("cost_within_ceiling", values)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("proposal_number_once", lambda row: ProposalFactory(number=row.number)),
        ("proposal_status_known", lambda row: Proposal.objects.update(status="secret")),
        ("value_required", lambda row: Proposal.objects.update(status=None)),
        ("value_once", lambda row: run(TWICE)),
        ("value_not_negative", lambda row: run("UPDATE calls_call SET fiscal_year = -1")),
        ("still_referred_to", lambda row: run("DELETE FROM calls_terms")),
        ("award_once", lambda row: [AwardFactory(proposal=row) for _ in range(2)]),
        ("funder_label_once_a_country", lambda row: FunderFactory(code="GB-2", acronym="UKRI")),
    ],
)  # fmt: skip
def test_error_never_carries_values_of_other_columns(name, action):
    row = ProposalFactory(title_ja="秘密の題", principal_investigator="秘密 太郎", institution="秘密大学")

    refusal = refusal_of(lambda: action(row))

    assert refusal.name == name
    assert "秘密" not in refusal.sentence + str(refusal.values)
    assert row.number not in str(refusal.values)


@pytest.mark.django_db
def test_foreign_key_at_the_end_of_a_transaction_is_told_apart():
    def refer_to_nothing():
        Funder.objects.filter(pk=FunderFactory().pk).update(country=0)
        run("SET CONSTRAINTS ALL IMMEDIATE")

    def leave_referrers_behind():
        country = FunderFactory().country_id
        run("SET CONSTRAINTS ALL IMMEDIATE")
        run("DELETE FROM partners_country WHERE id = %s", country)
        run("SET CONSTRAINTS ALL IMMEDIATE")

    assert refusal_of(refer_to_nothing) == Refusal("reference_exists")
    assert refusal_of(leave_referrers_behind) == Refusal("still_referred_to")


@pytest.mark.django_db
def test_error_that_is_no_refusal_stays_what_it_is():
    assert refusal_of(lambda: run("SELECT 1 / 0")) is None
    assert from_error(ValueError("made up")) is None
    assert from_error(IntegrityError("without a cause")) is None


@pytest.mark.django_db
def test_last_door_shows_the_sentence_when_no_form_caught_the_refusal():
    middleware = RefusalMiddleware(lambda request: None)
    call = AwardFactory().proposal.call
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        type(call).objects.filter(pk=call.pk).update(max_awards=0)
    request = RequestFactory().get("/")

    assert middleware.process_exception(request, caught.value).status_code == 409
    assert middleware.process_exception(request, ValueError()) is None


@pytest.mark.django_db
def test_full_clean_says_the_sentence_of_the_catalogue():
    cases = [
        (CallFactory.build(programme=CallFactory().programme, pot_yen=-1), "call_pot_not_negative"),
        (ProposalFactory.build(**related(), number=ProposalFactory().number), "proposal_number_once"),
        (ProposalFactory.build(**related(), ends_on=None), "proposal_period_whole"),
        (TermsFactory.build(call=CallFactory(), indirect_percent=101), "terms_indirect_percent_sane"),
        (AwardFactory.build(proposal=AwardFactory().proposal), "award_once"),
        (AnnualCostFactory.build(proposal=AnnualCostFactory().proposal), "cost_once_a_fiscal_year"),
        (CountryFactory.build(alpha2="gb"), "country_alpha2_form"),
        (FunderFactory.build(country=CountryFactory(), code="GB-X", acronym="", label_as_printed="X"), AGENCY),
        (FunderFactory.build(country=CountryFactory(), code="GB XYZ", label_as_printed="Z"), "funder_code_form"),
        (FunderFactory.build(country=CountryFactory(), acronym="A", ror_id="zzz"), "funder_ror_form"),
        (FunderFactory.build(country=CountryFactory(), acronym="B", crossref_funder_id="x"), "funder_crossref_form"),
    ]  # fmt: skip

    for row, name in cases:
        with pytest.raises(ValidationError) as caught:
            row.full_clean()
        messages = [
            message for found in caught.value.error_dict.values() for error in found for message in error.messages
        ]
        codes = [error.code for found in caught.value.error_dict.values() for error in found]
        assert (codes, messages) == ([name], [Refusal(name).sentence])


AGENCY = "funder_agency_has_acronym"


def related():
    terms = TermsFactory()
    return {"terms": terms, "call": terms.call, "field": terms.call.fields.get(), "primary_funder": FunderFactory()}
