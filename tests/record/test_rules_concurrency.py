"""No yen too many when many write at once, at READ COMMITTED and at REPEATABLE READ."""

import datetime
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import F, Sum

from aspire.refusals import from_error
from calls.models import Call, CallField, Terms
from proposals.record.models import AnnualAward, AnnualCost, Award, Proposal
from proposals.record.status import Status
from tests.doors import run
from tests.factories import (
    CEILING_YEN,
    MILLION,
    NOON,
    OUT,
    AnnualAwardFactory,
    AnnualCostFactory,
    AwardFactory,
    CallFactory,
    FieldFactory,
    FunderFactory,
    MarkFactory,
    ProposalFactory,
    TermsFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)
ISOLATION = pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
WRITERS = 16
PATIENCE = 20  # seconds until a test that hangs fails
Action = Callable[[], object]


def attempt(action: Action, *, isolation: str, ready: Action, then: Action = lambda: None) -> str:
    """What came of the action in a transaction of its own: done, again (a conflict to be retried) or a rule's name.

    The transaction's snapshot is taken before ``ready``; ``then`` runs between the action and the commit.
    """
    try:
        with transaction.atomic():
            run(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
            run("SELECT count(*) FROM calls_call")
            ready()
            action()
            then()
    except OperationalError:
        return "again"
    except DatabaseError as error:
        refusal = from_error(error)
        if refusal is None:
            raise
        return refusal.name
    else:
        return "done"
    finally:
        connection.close()


def at_once(actions: list[Action], *, isolation: str) -> list[str]:
    """What came of actions that all begin at the same moment."""
    start = threading.Barrier(len(actions), timeout=PATIENCE)
    with ThreadPoolExecutor(len(actions)) as pool:
        tries = [pool.submit(attempt, action, isolation=isolation, ready=start.wait) for action in actions]
    return [outcome.result() for outcome in tries]


def one_inside_the_other(first: Action, second: Action, *, isolation: str) -> list[str]:
    """What came of two actions when the second falls between the first and its commit."""
    both_began, first_written = threading.Barrier(2, timeout=PATIENCE), threading.Event()
    second_ended = threading.Event()

    def wait_for_first() -> None:
        both_began.wait()
        first_written.wait(PATIENCE)

    def let_second_try() -> None:
        first_written.set()
        second_ended.wait(0.06)  # it will not end where it has to wait for this commit

    def run_second() -> str:
        outcome = attempt(second, isolation=isolation, ready=wait_for_first)
        second_ended.set()
        return outcome

    def run_first() -> str:
        try:
            return attempt(first, isolation=isolation, ready=both_began.wait, then=let_second_try)
        finally:
            first_written.set()

    with ThreadPoolExecutor(2) as pool:
        tries = [pool.submit(run_first), pool.submit(run_second)]
    return [outcome.result() for outcome in tries]


def one_after_the_other(first: Action, second: Action, *, isolation: str) -> list[str]:
    """What came of two actions when the second began before the first, and acts after the first's commit."""
    second_began, first_ended = threading.Event(), threading.Event()

    def wait_for_first() -> None:
        second_began.set()
        first_ended.wait(PATIENCE)

    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(attempt, second, isolation=isolation, ready=wait_for_first)
        second_began.wait(PATIENCE)
        with ThreadPoolExecutor(1) as early:
            outcome = early.submit(attempt, first, isolation=isolation, ready=lambda: None).result()
        first_ended.set()
    return [outcome, late.result()]


# --- the pot ----------------------------------------------------------------------------------------------------


def awards_to_be(*, pot_yen: int) -> list[AnnualAward]:
    """Amounts of ¥13 million, each of an award of its own, all of one call."""
    terms = TermsFactory(call=CallFactory(pot_yen=pot_yen))
    awards = [AwardFactory(proposal__terms=terms) for _ in range(WRITERS)]
    return [AnnualAwardFactory.build(award=award) for award in awards]


def awarded() -> int:
    amounts = AnnualAward.objects.aggregate(yen=Sum(F("direct_yen") + F("indirect_yen"), default=0))
    return amounts["yen"]


@ISOLATION
def test_pot_is_never_overspent_when_sixteen_award_at_once(isolation):
    rows = awards_to_be(pot_yen=40 * MILLION)

    outcomes = at_once([row.save for row in rows], isolation=isolation)

    assert set(outcomes) <= {"done", "call_awards_within_pot", "again"}
    assert awarded() == outcomes.count("done") * 13 * MILLION == Call.objects.get().taken_yen <= 40 * MILLION
    if isolation == "READ COMMITTED":
        assert outcomes.count("done") == 3, "whoever could be served is served, without trying again"


@pytest.mark.parametrize("guarded", [True, False], ids=["with_rules", "without_rules"])
def test_pot_is_overspent_only_without_rules_when_sixteen_check_before_they_award(guarded):
    """The control: what every program checks beforehand is no protection; what PostgreSQL keeps is."""
    rows = awards_to_be(pot_yen=40 * MILLION)
    tables = ["proposals_annualaward", "proposals_award", "calls_call"]
    all_checked = threading.Barrier(WRITERS, timeout=PATIENCE)

    def check_then_award(row: AnnualAward) -> None:
        row.full_clean()
        all_checked.wait()
        row.save()

    for table in tables:
        run(f"ALTER TABLE {table} {'ENABLE' if guarded else 'DISABLE'} TRIGGER USER")
    try:
        at_once([lambda row=row: check_then_award(row) for row in rows], isolation="READ COMMITTED")
    finally:
        for table in tables:
            run(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    assert awarded() == (3 if guarded else WRITERS) * 13 * MILLION


@ISOLATION
def test_number_of_awards_is_never_passed_when_sixteen_award_at_once(isolation):
    terms = TermsFactory(call=CallFactory(max_awards=5))
    rows = [AwardFactory.build(proposal=MarkFactory(proposal__terms=terms).proposal) for _ in range(WRITERS)]

    outcomes = at_once([row.save for row in rows], isolation=isolation)

    assert set(outcomes) <= {"done", "call_awards_within_number", "again"}
    assert Award.objects.count() == outcomes.count("done") == Call.objects.get().taken_count <= 5
    if isolation == "READ COMMITTED":
        assert outcomes.count("done") == 5


@ISOLATION
def test_total_is_never_passed_when_all_fiscal_years_come_at_once(isolation):
    proposal = ProposalFactory(starts_on=datetime.date(2024, 10, 1), ends_on=datetime.date(2029, 9, 30))
    full = {"proposal": proposal, "direct_yen": 20 * MILLION, "indirect_yen": 6 * MILLION}
    rows = [AnnualCostFactory.build(fiscal_year=year, **full) for year in range(2024, 2030)]

    outcomes = at_once([row.save for row in rows], isolation=isolation)

    proposal.refresh_from_db()
    assert set(outcomes) <= {"done", "cost_within_total", "again"}
    assert proposal.requested_yen == outcomes.count("done") * CEILING_YEN <= 5 * CEILING_YEN
    if isolation == "READ COMMITTED":
        assert outcomes.count("done") == 5


# --- two that exclude each other ----------------------------------------------------------------------------------


def shorten(proposal: Proposal) -> int:
    return Proposal.objects.filter(pk=proposal.pk).update(ends_on=datetime.date(2025, 3, 31))


def cost_and_shorter_period() -> list[Action]:
    proposal = ProposalFactory()
    return [AnnualCostFactory.build(proposal=proposal, fiscal_year=2028).save, lambda: shorten(proposal)]


def award_and_shorter_period() -> list[Action]:
    award = AwardFactory()
    return [AnnualAwardFactory.build(award=award, fiscal_year=2028).save, lambda: shorten(award.proposal)]


def proposal_and_lower_terms() -> list[Action]:
    terms = TermsFactory()
    lower = Terms.objects.filter(pk=terms.pk).update
    return [unsaved(terms).save, lambda: lower(max_months=12)]


def proposal_and_shorter_window() -> list[Action]:
    terms = TermsFactory()
    narrow = Call.objects.filter(pk=terms.call_id).update
    return [unsaved(terms).save, lambda: narrow(closes_at=NOON - datetime.timedelta(days=1))]


def proposal_and_field_taken_away() -> list[Action]:
    terms = TermsFactory(call=CallFactory(fields=[FieldFactory(), FieldFactory(code="bio")]))
    field = CallField.objects.get(call=terms.call_id, field__code="quantum")
    return [unsaved(terms).save, field.delete]


def award_and_withdrawal() -> list[Action]:
    proposal = MarkFactory().proposal
    withdraw = Proposal.objects.filter(pk=proposal.pk).update
    return [AwardFactory.build(proposal=proposal).save, lambda: withdraw(status=Status.WITHDRAWN, **OUT)]


def award_and_smaller_pot() -> list[Action]:
    row = AnnualAwardFactory.build(award=AwardFactory())
    lower = Call.objects.filter(pk=row.award.proposal.call_id).update
    return [row.save, lambda: lower(pot_yen=13 * MILLION - 1)]


def award_and_smaller_number() -> list[Action]:
    proposal = MarkFactory().proposal
    lower = Call.objects.filter(pk=proposal.call_id).update
    return [AwardFactory.build(proposal=proposal).save, lambda: lower(max_awards=0)]


def two_raises_of_one_award() -> list[Action]:
    terms = TermsFactory(call=CallFactory(pot_yen=14 * MILLION))
    row = AnnualAwardFactory(award__proposal__terms=terms)
    amount = AnnualAward.objects.filter(pk=row.pk).update
    return [lambda: amount(direct_yen=F("direct_yen") + MILLION), lambda: amount(direct_yen=F("direct_yen") + MILLION)]


def two_awards_of_one_proposal() -> list[Action]:
    proposal = MarkFactory().proposal
    return [AwardFactory.build(proposal=proposal).save, AwardFactory.build(proposal=proposal).save]


def two_costs_of_one_fiscal_year() -> list[Action]:
    proposal = ProposalFactory()
    return [AnnualCostFactory.build(proposal=proposal).save, AnnualCostFactory.build(proposal=proposal).save]


def proposal_and_terms_taken_away() -> list[Action]:
    terms = TermsFactory()
    return [unsaved(terms).save, lambda: Terms.objects.filter(pk=terms.pk)._raw_delete("default")]


def unsaved(terms: Terms) -> Proposal:
    field = FieldFactory()
    return ProposalFactory.build(terms=terms, call=terms.call, field=field, primary_funder=FunderFactory())


PAIRS = [
    cost_and_shorter_period,
    award_and_shorter_period,
    proposal_and_lower_terms,
    proposal_and_shorter_window,
    proposal_and_field_taken_away,
    proposal_and_terms_taken_away,
    award_and_withdrawal,
    award_and_smaller_pot,
    award_and_smaller_number,
    two_raises_of_one_award,
    two_awards_of_one_proposal,
    two_costs_of_one_fiscal_year,
]


@ISOLATION
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.__name__)
def test_second_is_refused_when_it_would_break_what_the_first_just_wrote(pair, isolation):
    for meet in (one_inside_the_other, one_after_the_other):
        for order in (1, -1):
            outcomes = meet(*pair()[::order], isolation=isolation)

            assert outcomes.count("done") == 1, (meet.__name__, order, outcomes)
            if isolation == "READ COMMITTED":
                assert outcomes[0] == "done", (meet.__name__, order, outcomes)


@ISOLATION
def test_totals_are_exact_when_sixteen_change_costs_at_once(isolation):
    rows = [AnnualCostFactory(direct_yen=0, indirect_yen=0) for _ in range(2)]
    raised = [
        lambda row=row: AnnualCost.objects.filter(pk=row.pk).update(direct_yen=F("direct_yen") + 1) for row in rows
    ]

    outcomes = at_once(raised * (WRITERS // 2), isolation=isolation)

    direct = AnnualCost.objects.aggregate(yen=Sum("direct_yen"))["yen"]
    kept = Proposal.objects.aggregate(yen=Sum("requested_direct_yen"))["yen"]
    assert direct == kept == outcomes.count("done")
