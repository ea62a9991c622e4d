"""No award passes the pot, the number or the slice: PostgreSQL refuses each breach by name, at every door."""

import pytest

from calls.models import Call
from proposals.record.status import Status
from tests.doors import at_every_insert, at_every_update, copy, refused, run
from tests.factories import (
    MILLION,
    AnnualAwardFactory,
    AwardFactory,
    CallFactory,
    MarkFactory,
    ProposalFactory,
    TermsFactory,
    release,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]


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
