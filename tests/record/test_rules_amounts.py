"""No yen that the terms forbid is asked for or given: PostgreSQL refuses each amount and period, at every door."""

import datetime

import pytest
from django.db import transaction

from proposals.record.models import AnnualAward, AnnualCost, Proposal
from tests.doors import at_every_insert, at_every_update, copy, refused, run, save_changed
from tests.factories import (
    CEILING_YEN,
    MILLION,
    AnnualCostFactory,
    FieldFactory,
    FunderFactory,
    ProposalFactory,
    TermsFactory,
)
from tests.record.amounts import BOTH, DAY, SIX_FISCAL_YEARS, factory_of, parent_of, totals

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]

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
