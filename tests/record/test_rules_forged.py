"""What PostgreSQL keeps cannot be forged, and doors that look shut are shut."""

import datetime

import pytest
from django.db import connection, transaction

from calls.models import Call
from proposals.record.models import AnnualAward, AnnualCost, Proposal
from tests.doors import at_every_insert, at_every_update, refused, run, save_changed, with_triggers_ignored
from tests.factories import (
    CEILING_YEN,
    CLOSES_AT,
    MILLION,
    AnnualAwardFactory,
    AnnualCostFactory,
    AwardFactory,
    CallFactory,
    ProposalFactory,
    TermsFactory,
)
from tests.record.amounts import BOTH, DAY, factory_of, parent_of, totals
from tests.record.test_rules_proposals import unsaved_proposal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]


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
