"""No yen that the terms forbid is requested or awarded: PostgreSQL refuses each breach by name, at every door."""

import datetime

import pytest
from django.db import connection, transaction

from calls.models import Call, CallField, Terms
from proposals.record.models import AnnualAward, AnnualCost, Proposal
from proposals.record.status import Status
from tests.doors import at_every_insert, at_every_update, copy, refused, run, save_changed, with_triggers_ignored
from tests.factories import (
    CEILING_YEN,
    CLOSES_AT,
    MILLION,
    OPENS_AT,
    AnnualAwardFactory,
    AnnualCostFactory,
    AwardFactory,
    CallFactory,
    FieldFactory,
    FunderFactory,
    MarkFactory,
    ProposalFactory,
    TermsFactory,
    release,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]
BOTH = pytest.mark.parametrize("kind", ["cost", "award"])
DAY, INSTANT = datetime.timedelta(days=1), datetime.timedelta(microseconds=1)
SIX_FISCAL_YEARS = {"starts_on": datetime.date(2024, 10, 1), "ends_on": datetime.date(2029, 9, 30)}


def parent_of(kind, **proposal):
    """What an annual amount of that kind belongs to: a proposal, or the award of one."""
    stored = ProposalFactory(**proposal)
    return {"proposal": stored} if kind == "cost" else {"award": AwardFactory(proposal=stored)}


def factory_of(kind):
    return AnnualCostFactory if kind == "cost" else AnnualAwardFactory


def totals(kind, parent):
    row = next(iter(parent.values()))
    row.refresh_from_db()
    given = "requested" if kind == "cost" else "awarded"
    return getattr(row, f"{given}_direct_yen"), getattr(row, f"{given}_indirect_yen")


# --- annual amounts ---------------------------------------------------------------------------------------------

BREACHES = [
    ("{}_within_ceiling", {"direct_yen": 25 * MILLION + 1, "indirect_yen": MILLION}),
    ("{}_within_ceiling", {"direct_yen": CEILING_YEN + 1, "indirect_yen": 0}),
    ("{}_indirect_within_rate", {"indirect_yen": 3 * MILLION + 1}),
    ("{}_indirect_within_rate", {"direct_yen": 0, "indirect_yen": 1}),
    ("{}_inside_period", {"fiscal_year": 2023}),
    ("{}_inside_period", {"fiscal_year": 2029}),
    ("{}_direct_not_negative", {"direct_yen": -1, "indirect_yen": 0}),
    ("{}_indirect_not_negative", {"indirect_yen": -1}),
    ("value_required", {"direct_yen": None}),
    ("value_required", {"indirect_yen": None}),
    ("value_required", {"fiscal_year": None}),
]
each_breach = pytest.mark.parametrize(("name", "breach"), BREACHES)


@BOTH
@each_breach
@at_every_insert
def test_amount_is_refused_when_inserted_beyond_the_terms(kind, name, breach, insert):
    row = factory_of(kind).build(**parent_of(kind), **breach)

    with refused(name.format(kind)):
        insert(row)

    assert not AnnualCost.objects.exists()
    assert not AnnualAward.objects.exists()


@BOTH
@each_breach
@at_every_update
def test_amount_is_refused_when_changed_beyond_the_terms(kind, name, breach, change):
    parent = parent_of(kind)
    row = factory_of(kind)(**parent)

    with refused(name.format(kind)):
        change(row, **breach)

    assert totals(kind, parent) == (10 * MILLION, 3 * MILLION)


@BOTH
@at_every_insert
def test_amount_is_accepted_when_inserted_exactly_at_ceiling_and_rate(kind, insert):
    parent = parent_of(kind)

    insert(factory_of(kind).build(**parent, direct_yen=20 * MILLION, indirect_yen=6 * MILLION))

    assert totals(kind, parent) == (20 * MILLION, 6 * MILLION)


@BOTH
@at_every_update
def test_amount_is_accepted_when_changed_exactly_to_ceiling_and_rate(kind, change):
    parent = parent_of(kind)
    row = factory_of(kind)(**parent)

    change(row, direct_yen=20 * MILLION, indirect_yen=6 * MILLION, fiscal_year=2028)

    assert totals(kind, parent) == (20 * MILLION, 6 * MILLION)


@BOTH
def test_indirect_costs_stay_outside_the_ceiling_when_the_terms_leave_them_out(kind):
    parent = parent_of(kind, terms=TermsFactory(indirect_included=False))

    factory_of(kind)(**parent, direct_yen=CEILING_YEN, indirect_yen=CEILING_YEN * 3 // 10)

    with refused(f"{kind}_within_ceiling"):
        factory_of(kind)(**parent, fiscal_year=2025, direct_yen=CEILING_YEN + 1, indirect_yen=0)


@BOTH
@at_every_insert
def test_fiscal_year_is_refused_when_it_is_there_already(kind, insert):
    parent = parent_of(kind)
    factory_of(kind)(**parent)

    with refused(f"{kind}_once_a_fiscal_year"):
        insert(factory_of(kind).build(**parent, direct_yen=1, indirect_yen=0))


@BOTH
@at_every_update
def test_fiscal_year_is_refused_when_it_is_moved_onto_another(kind, change):
    parent = parent_of(kind)
    factory_of(kind)(**parent)
    row = factory_of(kind)(**parent, fiscal_year=2025)

    with refused(f"{kind}_once_a_fiscal_year"):
        change(row, fiscal_year=2024)


@BOTH
@at_every_insert
def test_seventh_fiscal_year_is_refused_when_six_are_full(kind, insert):
    parent = parent_of(kind, **SIX_FISCAL_YEARS)
    for year in range(2024, 2030):
        factory_of(kind)(**parent, fiscal_year=year)

    with refused(f"{kind}_inside_period"):
        insert(factory_of(kind).build(**parent, fiscal_year=2030, direct_yen=0, indirect_yen=0))


@BOTH
@at_every_insert
def test_total_is_refused_when_a_sixth_fiscal_year_adds_one_yen_to_five_full_ones(kind, insert):
    parent = parent_of(kind, **SIX_FISCAL_YEARS)
    for year in range(2024, 2029):
        factory_of(kind)(**parent, fiscal_year=year, direct_yen=20 * MILLION, indirect_yen=6 * MILLION)
    insert(factory_of(kind).build(**parent, fiscal_year=2029, direct_yen=0, indirect_yen=0))

    factory_of(kind)._meta.model.objects.filter(fiscal_year=2029).update(fiscal_year=2029)
    with refused(f"{kind}_within_total"):
        factory_of(kind)._meta.model.objects.filter(fiscal_year=2029).update(direct_yen=1)

    assert totals(kind, parent) == (100 * MILLION, 30 * MILLION)


@BOTH
def test_total_is_refused_when_one_statement_brings_all_fiscal_years(kind):
    parent = parent_of(kind, **SIX_FISCAL_YEARS)
    rows = [
        factory_of(kind).build(**parent, fiscal_year=year, direct_yen=20 * MILLION, indirect_yen=6 * MILLION)
        for year in range(2024, 2030)
    ]

    with refused(f"{kind}_within_total"):
        copy(*rows)
    copy(*rows[:5])

    assert totals(kind, parent) == (100 * MILLION, 30 * MILLION)


@BOTH
def test_total_follows_the_months_when_they_are_no_whole_years(kind):
    terms = TermsFactory(annual_ceiling_yen=100, max_months=19, indirect_percent=0)
    period = {"starts_on": datetime.date(2024, 2, 1), "ends_on": datetime.date(2025, 8, 31)}
    parent = parent_of(kind, terms=terms, **period)
    factory_of(kind)(**parent, fiscal_year=2023, direct_yen=100, indirect_yen=0)

    row = factory_of(kind)(**parent, fiscal_year=2024, direct_yen=58, indirect_yen=0)

    with refused(f"{kind}_within_total"):
        save_changed(row, direct_yen=59)


@BOTH
def test_amount_moves_the_totals_with_it_when_it_changes_parent(kind):
    first, second = parent_of(kind), parent_of(kind)
    row = factory_of(kind)(**first)

    save_changed(row, **second)

    assert totals(kind, first) == (0, 0)
    assert totals(kind, second) == (10 * MILLION, 3 * MILLION)


def test_amounts_are_refused_when_the_proposal_has_no_period():
    proposal = ProposalFactory(starts_on=None, ends_on=None)

    with refused("cost_inside_period"):
        run("INSERT INTO proposals_annualcost (proposal_id, fiscal_year, direct_yen, indirect_yen) "
            "VALUES (%s, 2024, 0, 0)", proposal.pk)  # fmt: skip


# --- the period -------------------------------------------------------------------------------------------------

LIMITS = [
    (60, datetime.date(2024, 4, 1), datetime.date(2029, 3, 31)),
    (60, datetime.date(2024, 2, 29), datetime.date(2029, 2, 28)),
    (60, datetime.date(2023, 3, 1), datetime.date(2028, 2, 29)),
    (60, datetime.date(2024, 10, 31), datetime.date(2029, 10, 30)),
    (18, datetime.date(2024, 8, 31), datetime.date(2026, 2, 28)),
    (1, datetime.date(2024, 1, 30), datetime.date(2024, 2, 29)),
    (1, datetime.date(2024, 1, 29), datetime.date(2024, 2, 28)),
]


@pytest.mark.parametrize(("months", "starts_on", "last"), LIMITS)
@at_every_insert
def test_period_ends_at_the_latest_on_its_last_day_when_inserted(months, starts_on, last, insert):
    terms = TermsFactory(max_months=months)
    row = {"terms": terms, "call": terms.call, "field": FieldFactory(), "primary_funder": FunderFactory()}

    insert(ProposalFactory.build(**row, starts_on=starts_on, ends_on=last))
    with refused("proposal_period_within_terms"):
        insert(ProposalFactory.build(**row, starts_on=starts_on, ends_on=last + DAY))

    assert Proposal.objects.get().ends_on == last


@at_every_update
def test_period_is_refused_when_changed_to_one_day_too_long(change):
    proposal = ProposalFactory()

    with refused("proposal_period_within_terms"):
        change(proposal, ends_on=proposal.ends_on + DAY)


@BOTH
@at_every_update
def test_period_is_refused_when_it_leaves_amounts_outside(kind, change):
    parent = parent_of(kind)
    factory_of(kind)(**parent, fiscal_year=2028)
    proposal = Proposal.objects.get()

    with refused(f"{kind}_inside_period"):
        change(proposal, ends_on=datetime.date(2028, 3, 31))
    change(proposal, ends_on=datetime.date(2028, 4, 1))

    assert Proposal.objects.get().ends_on == datetime.date(2028, 4, 1)


def test_period_may_be_shortened_when_the_years_outside_go_in_the_same_transaction():
    cost = AnnualCostFactory(fiscal_year=2028)

    with transaction.atomic():
        run("SET CONSTRAINTS ALL DEFERRED")
        save_changed(cost.proposal, ends_on=datetime.date(2028, 3, 31))
        cost.delete()
        run("SET CONSTRAINTS ALL IMMEDIATE")

    assert Proposal.objects.get().ends_on == datetime.date(2028, 3, 31)


def test_period_is_refused_at_the_end_when_the_years_outside_stay():
    cost = AnnualCostFactory(fiscal_year=2028)

    with refused("cost_inside_period"):
        run("SET CONSTRAINTS ALL DEFERRED")
        save_changed(cost.proposal, ends_on=datetime.date(2028, 3, 31))
        run("SET CONSTRAINTS ALL IMMEDIATE")


def test_total_may_be_passed_in_between_when_it_holds_at_the_end():
    proposal = ProposalFactory(**SIX_FISCAL_YEARS)
    for year in range(2024, 2029):
        AnnualCostFactory(proposal=proposal, fiscal_year=year, direct_yen=20 * MILLION, indirect_yen=6 * MILLION)
    last = AnnualCost.objects.get(fiscal_year=2028)

    with transaction.atomic():
        run("SET CONSTRAINTS ALL DEFERRED")
        AnnualCostFactory(proposal=proposal, fiscal_year=2029, direct_yen=1, indirect_yen=0)
        save_changed(last, direct_yen=20 * MILLION - 1, indirect_yen=6 * MILLION - 1)
        run("SET CONSTRAINTS ALL IMMEDIATE")
    with refused("cost_within_total"):
        run("SET CONSTRAINTS ALL DEFERRED")
        save_changed(last, direct_yen=20 * MILLION + 1)
        run("SET CONSTRAINTS ALL IMMEDIATE")


# --- the proposal, its call and its terms -----------------------------------------------------------------------

BARE = {
    "is_reconstructed": True,
    "title_ja": "",
    "title_en": "",
    "received_at": None,
    "starts_on": None,
    "ends_on": None,
    "principal_investigator": "",
    "principal_investigator_reading": "",
    "researcher_number": "",
    "institution": "",
}
UNSOUND = [
    ("proposal_period_ordered", {"ends_on": datetime.date(2024, 3, 31)}),
    ("proposal_period_whole", {"ends_on": None}),
    ("proposal_period_whole", {"starts_on": None}),
    ("proposal_received_recorded", {"received_at": None}),
    ("proposal_received_in_window", {"received_at": OPENS_AT - INSTANT}),
    ("proposal_received_in_window", {"received_at": CLOSES_AT + INSTANT}),
    ("proposal_received_in_window", {"received_at": CLOSES_AT + INSTANT, "late_reason": " \t\n\u3000"}),
    ("proposal_status_known", {"status": "approved"}),
    ("proposal_reconstructed_is_bare", {**BARE, "institution": "東都大学"}),
    ("reference_exists", {"field_id": 0}),
    ("value_required", {"number": None}),
    ("value_required", {"status": None}),
    ("value_required", {"late_reason": None}),
]


def unsaved_proposal(**values):
    terms = values.pop("terms", None) or TermsFactory()
    related = {"terms": terms, "call": terms.call, "field": FieldFactory(), "primary_funder": FunderFactory()}
    proposal = ProposalFactory.build(**related)
    for name, value in values.items():
        setattr(proposal, name, value)
    return proposal


@pytest.mark.parametrize(("name", "breach"), UNSOUND)
@at_every_insert
def test_proposal_is_refused_when_inserted_unsound(name, breach, insert):
    with refused(name):
        insert(unsaved_proposal(**breach))


@pytest.mark.parametrize(("name", "breach"), [case for case in UNSOUND if "field_id" not in case[1]])
@at_every_update
def test_proposal_is_refused_when_changed_to_unsound(name, breach, change):
    proposal = ProposalFactory()

    with refused(name):
        change(proposal, **breach)


@pytest.mark.parametrize("received_at", [OPENS_AT, CLOSES_AT])
@at_every_insert
def test_proposal_is_accepted_when_received_at_the_edge_of_the_window(received_at, insert):
    insert(unsaved_proposal(received_at=received_at))

    assert Proposal.objects.get().received_at == received_at


@at_every_insert
def test_late_proposal_is_accepted_when_an_officer_records_the_reason(insert):
    insert(unsaved_proposal(received_at=CLOSES_AT + DAY, late_reason="e-Rad was down"))

    assert Proposal.objects.count() == 1


@at_every_insert
def test_proposal_is_refused_when_the_call_has_no_window_even_with_a_reason(insert):
    terms = TermsFactory(call=CallFactory(opens_at=None, closes_at=None))

    with refused("proposal_call_has_window"):
        insert(unsaved_proposal(terms=terms, late_reason="because"))
    with refused("proposal_call_has_window"):
        insert(unsaved_proposal(terms=terms, **BARE))


@at_every_insert
def test_reconstructed_proposal_is_accepted_when_it_states_only_what_was_published(insert):
    insert(unsaved_proposal(**BARE))

    assert Proposal.objects.get().is_reconstructed


@at_every_insert
def test_proposal_is_refused_when_its_field_is_not_of_the_call(insert):
    with refused("proposal_field_of_call"):
        insert(unsaved_proposal(field=FieldFactory(code="bio")))


@at_every_update
def test_proposal_is_refused_when_moved_to_a_field_not_of_the_call(change):
    with refused("proposal_field_of_call"):
        change(ProposalFactory(), field=FieldFactory(code="bio"))


@at_every_insert
def test_proposal_is_refused_when_pinned_to_another_calls_terms(insert):
    with refused("proposal_terms_of_call"):
        insert(unsaved_proposal(call=CallFactory()))


@at_every_update
def test_proposal_is_refused_when_moved_to_another_calls_terms(change):
    with refused("proposal_terms_of_call"):
        change(ProposalFactory(), terms=TermsFactory())


@at_every_update
def test_proposal_is_refused_when_moved_to_other_terms_of_its_call(change):
    proposal = ProposalFactory()

    with refused("proposal_terms_pinned"):
        change(proposal, terms=TermsFactory(call=proposal.call, annual_ceiling_yen=10 * CEILING_YEN))


@at_every_update
def test_proposal_is_refused_when_moved_to_another_call_with_its_terms(change):
    terms = TermsFactory()

    with refused("proposal_terms_pinned"):
        change(ProposalFactory(), terms=terms, call=terms.call)


@at_every_insert
def test_proposal_number_is_refused_when_taken(insert):
    with refused("proposal_number_once"):
        insert(unsaved_proposal(number=ProposalFactory().number))


@at_every_update
def test_status_is_refused_when_the_procedure_does_not_allow_the_move(change):
    with refused("proposal_status_moves"):
        change(ProposalFactory(status=Status.WITHDRAWN), status=Status.AWARDED)


@pytest.mark.parametrize(
    "lowered",
    [
        {"annual_ceiling_yen": CEILING_YEN - 1},
        {"annual_ceiling_yen": CEILING_YEN + 1},
        {"max_months": 48},
        {"indirect_included": False},
        {"indirect_percent": 31},
    ],
)
@at_every_update
def test_terms_are_frozen_when_a_proposal_is_pinned_to_them(lowered, change):
    with refused("terms_frozen_once_used"):
        change(ProposalFactory().terms, **lowered)


def test_terms_may_change_when_no_proposal_uses_them_or_only_their_wording_does():
    unused, used = TermsFactory(), ProposalFactory().terms

    save_changed(unused, annual_ceiling_yen=1)
    save_changed(used, source="call text, page 3")

    assert set(Terms.objects.values_list("annual_ceiling_yen", "source")) == {
        (1, ""),
        (CEILING_YEN, "call text, page 3"),
    }


@at_every_update
def test_window_is_refused_when_it_would_leave_a_received_proposal_outside(change):
    proposal = ProposalFactory()

    with refused("call_window_covers_received"):
        change(proposal.call, closes_at=proposal.received_at - INSTANT)
    with refused("call_window_covers_received"):
        change(Call.objects.get(), opens_at=None, closes_at=None)
    change(Call.objects.get(), closes_at=proposal.received_at)


def test_window_is_refused_when_the_reason_of_the_late_proposal_is_blank():
    proposal = ProposalFactory(late_reason="\u3000")

    with refused("call_window_covers_received"):
        save_changed(proposal.call, closes_at=proposal.received_at - INSTANT)


@pytest.mark.owner
def test_field_of_a_call_stays_when_a_proposal_uses_it():
    ProposalFactory()
    other = FieldFactory(code="bio")

    with refused("call_fields_keep_proposals"):
        CallField.objects.get().delete()
    with refused("call_fields_keep_proposals"):
        save_changed(CallField.objects.get(), field=other)
    with refused("rows_never_truncated"):
        run("SET CONSTRAINTS ALL IMMEDIATE")
        run("TRUNCATE calls_callfield")


# --- awards and the pot -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.WITHDRAWN, Status.INELIGIBLE])
@at_every_insert
def test_award_is_refused_when_the_proposal_is_out(status, insert):
    proposal = ProposalFactory(status=status)

    with refused("award_of_eligible_proposal"):
        insert(AwardFactory.build(proposal=proposal))


@pytest.mark.parametrize("status", [Status.WITHDRAWN, Status.INELIGIBLE])
@at_every_update
def test_awarded_proposal_is_refused_when_it_would_go_out(status, change):
    with refused("proposal_awarded_stays"):
        change(AwardFactory().proposal, status=status)


@at_every_insert
def test_award_is_refused_when_the_proposal_has_one(insert):
    award = AwardFactory()

    with refused("award_once"):
        insert(AwardFactory.build(proposal=award.proposal))


@at_every_update
def test_award_is_refused_when_moved_to_another_proposal(change):
    with refused("award_keeps_proposal"):
        change(AwardFactory(), proposal=ProposalFactory())


@at_every_insert
def test_award_is_refused_when_the_call_has_all_it_may(insert):
    terms = TermsFactory(call=CallFactory(max_awards=1))
    AwardFactory(proposal__terms=terms)

    with refused("call_awards_within_number"):
        insert(AwardFactory.build(proposal=MarkFactory(proposal__terms=terms).proposal))

    assert Call.objects.get().taken_count == 1


def test_awards_are_refused_when_one_statement_brings_too_many():
    terms = TermsFactory(call=CallFactory(max_awards=2))
    rows = [AwardFactory.build(proposal=MarkFactory(proposal__terms=terms).proposal) for _ in range(3)]

    with refused("call_awards_within_number"):
        copy(*rows)
    copy(*rows[:2])

    assert Call.objects.get().taken_count == 2


@at_every_insert
def test_award_is_refused_when_it_passes_the_pot_by_one_yen(insert):
    terms = TermsFactory(call=CallFactory(pot_yen=30 * MILLION))
    AnnualAwardFactory(award__proposal__terms=terms)
    award = AwardFactory(proposal__terms=terms)

    with refused("call_awards_within_pot"):
        insert(AnnualAwardFactory.build(award=award, direct_yen=15 * MILLION, indirect_yen=2 * MILLION + 1))
    insert(AnnualAwardFactory.build(award=award, direct_yen=15 * MILLION, indirect_yen=2 * MILLION))

    assert Call.objects.get().taken_yen == 30 * MILLION


@at_every_update
def test_award_is_refused_when_raised_beyond_the_pot_by_one_yen(change):
    row = AnnualAwardFactory(award__proposal__terms=TermsFactory(call=CallFactory(pot_yen=14 * MILLION)))

    with refused("call_awards_within_pot"):
        change(row, direct_yen=11 * MILLION + 1)
    change(row, direct_yen=11 * MILLION)

    assert Call.objects.get().taken_yen == 14 * MILLION


def test_award_of_a_yen_is_refused_when_the_pot_is_empty():
    award = AwardFactory(proposal__terms__call=CallFactory(pot_yen=0))

    AnnualAwardFactory(award=award, direct_yen=0, indirect_yen=0)
    with refused("call_awards_within_pot"):
        AnnualAwardFactory(award=award, fiscal_year=2025, direct_yen=1, indirect_yen=0)


@at_every_update
def test_pot_is_refused_when_lowered_below_what_is_awarded(change):
    call = AnnualAwardFactory(award__proposal__terms__call=CallFactory(pot_yen=26 * MILLION)).award.proposal.call

    with refused("call_awards_within_pot"):
        change(call, pot_yen=13 * MILLION - 1)
    change(Call.objects.get(), pot_yen=13 * MILLION)


@at_every_update
def test_number_of_awards_is_refused_when_lowered_below_those_there_are(change):
    call = AwardFactory().proposal.call

    with refused("call_awards_within_number"):
        change(call, max_awards=0)
    change(Call.objects.get(), max_awards=1)


@pytest.mark.parametrize("factory", [AwardFactory, AnnualAwardFactory], ids=["award", "amount"])
@pytest.mark.parametrize(
    "delete",
    [
        lambda row: row.delete(),
        lambda row: type(row).objects.all().delete(),
        lambda row: type(row).objects.all()._raw_delete("default"),
        lambda row: run(f"DELETE FROM {row._meta.db_table}"),
    ],
    ids=["delete", "queryset", "raw_delete", "sql"],
)
def test_released_rows_are_never_deleted(factory, delete):
    row = factory()
    release(row.award if factory is AnnualAwardFactory else row)

    with refused("award_in_packet" if factory is AnnualAwardFactory else "award_released_stays"):
        delete(row)

    assert type(row).objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("delete", [lambda row: row.delete(), lambda row: run(f"DELETE FROM {row._meta.db_table}")])
def test_staged_rows_give_back_what_they_took_when_deleted(delete):
    row = AnnualAwardFactory(award__proposal__terms__call__pot_yen=13 * MILLION)

    delete(row)
    assert Call.objects.values_list("taken_yen", "taken_count").get() == (0, 1)
    delete(row.award)
    assert Call.objects.values_list("taken_yen", "taken_count").get() == (0, 0)


@at_every_update
def test_released_amount_keeps_to_what_was_released(change):
    row = AnnualAwardFactory()
    release(row.award)

    with refused("award_in_packet"):
        change(row, direct_yen=9 * MILLION, indirect_yen=0)


def test_awarded_proposal_is_never_deleted():
    AwardFactory()

    with refused("still_referred_to"):
        run("DELETE FROM proposals_proposal")


@pytest.mark.owner
@pytest.mark.parametrize(
    "table", ["proposals_award", "proposals_annualaward", "proposals_annualcost", "proposals_proposal", "calls_call"]
)
def test_tables_of_money_are_never_truncated(table):
    AnnualAwardFactory()

    with refused("rows_never_truncated"):
        run("SET CONSTRAINTS ALL IMMEDIATE")
        run(f"TRUNCATE {table} CASCADE")


# --- what is kept cannot be forged ------------------------------------------------------------------------------


@pytest.mark.parametrize("forged", [0, 1, -1, 10**15])
@at_every_update
def test_counters_of_a_call_stay_true_when_somebody_writes_them(forged, change):
    call = AnnualAwardFactory().award.proposal.call

    change(call, taken_yen=forged, taken_count=min(forged, 9))

    call.refresh_from_db()
    assert (call.taken_yen, call.taken_count) == (13 * MILLION, 1)


@BOTH
@at_every_update
def test_totals_stay_true_when_somebody_writes_them(kind, change):
    parent = parent_of(kind)
    factory_of(kind)(**parent)
    given = "requested" if kind == "cost" else "awarded"

    change(next(iter(parent.values())), **{f"{given}_direct_yen": 1, f"{given}_indirect_yen": 0})

    assert totals(kind, parent) == (10 * MILLION, 3 * MILLION)


@at_every_insert
def test_totals_start_at_nothing_when_inserted_with_something(insert):
    insert(unsaved_proposal(requested_direct_yen=-5 * MILLION))
    insert(CallFactory.build(programme=Call.objects.get().programme, taken_yen=-1, taken_count=-1))

    assert Proposal.objects.get().requested_direct_yen == 0
    assert set(Call.objects.values_list("taken_yen", "taken_count")) == {(0, 0)}


def test_totals_stay_true_when_a_stale_copy_is_saved():
    stale = ProposalFactory()
    AnnualCostFactory(proposal=Proposal.objects.get())

    stale.save()

    assert totals("cost", {"proposal": stale}) == (10 * MILLION, 3 * MILLION)


def test_counters_stay_true_when_a_trigger_of_somebodys_own_writes_them():
    AnnualAwardFactory()
    run("CREATE TEMP TABLE decoy (id integer)")
    run("CREATE FUNCTION pg_temp.forge() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN UPDATE calls_call SET taken_yen = 0, taken_count = 0; RETURN NULL; END $$")  # fmt: skip
    run("CREATE TRIGGER forge AFTER INSERT ON decoy EXECUTE FUNCTION pg_temp.forge()")

    run("INSERT INTO decoy VALUES (1)")

    assert Call.objects.values_list("taken_yen", "taken_count").get() == (13 * MILLION, 1)


# --- doors that look shut and must be -----------------------------------------------------------------------------

ORPHANS = [
    ("proposals_annualcost (proposal_id, fiscal_year, direct_yen, indirect_yen)", "(0, 2024, 10, 0)"),
    ("proposals_annualaward (award_id, fiscal_year, direct_yen, indirect_yen)", "(0, 2024, 10, 0)"),
    ("proposals_award (proposal_id, note, awarded_direct_yen, awarded_indirect_yen)", "(0, '', 0, 0)"),
]


@pytest.mark.parametrize(("table", "values"), ORPHANS)
def test_row_is_refused_when_it_comes_before_what_it_belongs_to(table, values):
    """Foreign keys are judged at the end of a transaction, too late for the terms to be read."""
    with refused("reference_exists"):
        run(f"INSERT INTO {table} VALUES {values}")


@pytest.mark.parametrize("reference", ["call_id", "terms_id", "field_id"])
def test_proposal_is_refused_when_it_comes_before_what_it_refers_to(reference):
    with refused("reference_exists"):
        unsaved_proposal(**{reference: 0}).save()


@pytest.mark.parametrize(
    "table", ["calls_call", "calls_terms", "proposals_proposal"], ids=["call", "terms", "proposal"]
)
@pytest.mark.parametrize("sql", ["DELETE FROM {}", "UPDATE {} SET id = id + 1000"], ids=["deleted", "moved"])
def test_row_keeps_its_place_when_others_refer_to_it(table, sql):
    """Or another could take its place before the transaction ends, with other terms or empty counters."""
    AnnualCostFactory()

    with refused("still_referred_to"):
        run(sql.format(table))


def test_award_keeps_its_place_when_amounts_refer_to_it():
    AnnualAwardFactory()

    with refused("still_referred_to"):
        run("UPDATE proposals_award SET id = id + 1000")


def test_proposal_goes_with_its_costs_when_it_is_deleted():
    AnnualCostFactory().proposal.delete()

    assert not AnnualCost.objects.exists()


def as_owner():
    """The tables belong to a role that is no superuser, and the session acts as it."""
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("CREATE ROLE owner_of_tables")
    with connection.cursor() as cursor:
        cursor.execute("SELECT format('ALTER TABLE %I OWNER TO owner_of_tables', tablename) FROM pg_tables "
                       "WHERE schemaname = 'public'")  # fmt: skip
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
    run("GRANT ALL ON SCHEMA public TO owner_of_tables")
    run("SET LOCAL ROLE owner_of_tables")


def with_tables_in_the_way():
    """Temporary tables of the same names, which a session sees first, allow everything."""
    run("CREATE TEMP TABLE calls_terms AS SELECT * FROM public.calls_terms")
    run("UPDATE pg_temp.calls_terms SET annual_ceiling_yen = 10 ^ 12, max_months = 1000")
    run("CREATE TEMP TABLE calls_call AS SELECT * FROM public.calls_call")
    run("UPDATE pg_temp.calls_call SET pot_yen = NULL")


def with_a_schema_in_the_way():
    """Another schema, searched first, holds a function of the same name that refuses nothing."""
    run("CREATE SCHEMA astray")
    run("CREATE FUNCTION astray.aspire_refuse(text, jsonb) RETURNS void LANGUAGE sql AS ''")
    run("SET LOCAL search_path = astray, public")


def with_constraints_deferred():
    run("SET CONSTRAINTS ALL DEFERRED")


@pytest.mark.owner
@pytest.mark.parametrize(
    "trick",
    [as_owner, with_triggers_ignored, with_tables_in_the_way, with_a_schema_in_the_way, with_constraints_deferred],
    ids=lambda trick: trick.__name__,
)
def test_money_rules_hold_when_the_session_tries_a_trick(trick):
    terms = TermsFactory(call=CallFactory(pot_yen=13 * MILLION, max_awards=1))
    row = AnnualAwardFactory(award__proposal__terms=terms)
    cost = AnnualCostFactory(proposal=row.award.proposal)
    other = ProposalFactory(terms=terms)
    looser = TermsFactory(call=terms.call, annual_ceiling_yen=10 * CEILING_YEN)
    late = ProposalFactory.build(terms=terms, call=terms.call, field=other.field, primary_funder=other.primary_funder)

    with transaction.atomic():
        trick()
        with refused("cost_within_ceiling"):
            save_changed(cost, direct_yen=CEILING_YEN + 1, indirect_yen=0)
        with refused("award_within_ceiling"):
            run("UPDATE public.calls_call SET pot_yen = NULL")
            save_changed(row, direct_yen=CEILING_YEN + 1, indirect_yen=0)
        with refused("call_awards_within_pot"):
            save_changed(AnnualAward.objects.get(), direct_yen=10 * MILLION + 1)
        with refused("call_awards_within_number"):
            AwardFactory(proposal=other)
        with refused("terms_frozen_once_used"):
            run("UPDATE public.calls_terms SET annual_ceiling_yen = 1")
        with refused("proposal_terms_pinned"):
            run("UPDATE proposals_proposal SET terms_id = %s", looser.pk)
        with refused("proposal_period_within_terms"):
            save_changed(other, ends_on=datetime.date(2029, 4, 1))
        with refused("proposal_received_in_window"):
            save_changed(late, received_at=CLOSES_AT + DAY)
        with refused("proposal_awarded_stays"):
            run("UPDATE proposals_proposal SET status = 'withdrawn' WHERE id = %s", row.award.proposal_id)
        with refused("proposal_awarded_by_release"):
            run("UPDATE proposals_proposal SET status = 'awarded' WHERE id = %s", row.award.proposal_id)
        with refused("rows_never_truncated"):
            run("SET CONSTRAINTS ALL IMMEDIATE")
            run("TRUNCATE proposals_annualaward")
        with refused("history_is_append_only"):
            run("DELETE FROM proposals_annualawardevent")
        with refused("call_awards_within_pot"):
            run("UPDATE public.calls_call SET taken_yen = 0, pot_yen = 1")


def test_rules_hold_when_the_library_is_asked_to_ignore_them():
    cost = AnnualCostFactory()

    with_triggers_ignored()

    with refused("cost_within_ceiling"):
        save_changed(cost, direct_yen=CEILING_YEN + 1)
