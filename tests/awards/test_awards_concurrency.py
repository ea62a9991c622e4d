"""A storm on the pot: sixteen mark, take back, edit pots and write SQL at once, and no yen too many is ever there.

``ASPIRE_STORM_ROUNDS`` sets how many rounds are run; the proof is 200.
"""

import datetime
import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest
from django.db import DatabaseError, connection, transaction

from aspire.refusals import Refused, from_error
from aspire.roles import Role
from calls.models import Call, PotSlice
from proposals.awards.decisions import Wish, stage
from proposals.record.models import AnnualAward, Award, Proposal
from tests.doors import run
from tests.factories import MILLION, NOON, AnnualCostFactory, CallFactory, ProposalFactory, TermsFactory
from tests.people import person

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = int(os.environ.get("ASPIRE_STORM_ROUNDS", "6"))
WRITERS, PROPOSALS, PATIENCE = 16, 24, 60
YEARS = (2024, 2025)
UNGUARDED = "unguarded"
COPIED = ["calls_call", "calls_potslice", "proposals_award", "proposals_annualaward", "proposals_mark"]

# The truth, from the rows alone, beside what the counters say and what the limits are at the same moment.
TRUTH = """
    WITH taken AS (
        SELECT n.fiscal_year, n.direct_yen + n.indirect_yen AS yen FROM proposals_annualaward n
          JOIN proposals_award a ON a.id = n.award_id JOIN proposals_proposal p ON p.id = a.proposal_id
         WHERE p.call_id = %s
    )
    SELECT (SELECT coalesce(sum(yen), 0) FROM taken)::bigint, c.taken_yen, c.pot_yen,
           (SELECT count(*) FROM proposals_award a JOIN proposals_proposal p ON p.id = a.proposal_id
             WHERE p.call_id = c.id), c.taken_count, c.max_awards,
           (SELECT coalesce(sum(yen), 0) FROM taken WHERE fiscal_year = l.fiscal_year)::bigint, l.taken_yen, l.limit_yen
      FROM calls_call c JOIN calls_potslice l ON l.call_id = c.id WHERE c.id = %s
"""


class Storm:
    """What the writers share: the call, its proposals, and what came of every attempt."""

    def __init__(self) -> None:
        self.call = CallFactory(pot_yen=90 * MILLION, max_awards=6, progress="deciding")
        PotSlice.objects.create(call=self.call, fiscal_year=2024, limit_yen=50 * MILLION)
        terms = TermsFactory(call=self.call)
        self.proposals = [ProposalFactory(terms=terms) for _ in range(PROPOSALS)]
        for proposal in self.proposals:
            for year in YEARS:
                AnnualCostFactory(proposal=proposal, fiscal_year=year)
        self.officer = person("storm", "Officer Storm", Role.OFFICER)
        self.outcomes: Counter[str] = Counter()
        self.overspent = self.overcounted = self.untrue = self.starved = 0
        self.trouble: list[BaseException] = []

    def wish(self, random: Random, decision: str = "award", proposal: Proposal | None = None) -> Wish:
        amounts = {year: (random.randint(1, 20) * MILLION, random.randint(0, 3) * 100_000) for year in YEARS}
        return Wish((proposal or random.choice(self.proposals)).number, decision, amounts=amounts)

    # --- what a writer does --------------------------------------------------------------------------------------

    def stage(self, *wishes: Wish) -> None:
        stage(Call(pk=self.call.pk), wishes, by=self.officer, at=NOON)

    def mark(self, random: Random) -> None:
        self.stage(self.wish(random))

    def unmark(self, random: Random) -> None:
        self.stage(self.wish(random, ""))

    def batch(self, random: Random) -> None:
        chosen = random.sample(self.proposals, 4)
        self.stage(*(self.wish(random, random.choice(["award", "reserve", ""]), proposal) for proposal in chosen))

    def imported(self, random: Random) -> None:
        """As a spreadsheet does: many rows in the file's own order, taken all or not at all."""
        chosen = random.sample(self.proposals, 10)
        self.stage(*(self.wish(random, random.choice(["award", "decline", ""]), proposal) for proposal in chosen))

    def edit_pot(self, random: Random) -> None:
        """As the form of a call does: the call, then its slices, from copies read before."""
        with transaction.atomic():
            call, place = Call.objects.get(pk=self.call.pk), PotSlice.objects.get(call=self.call.pk)
            call.pot_yen, call.max_awards = random.randint(40, 120) * MILLION, random.randint(3, 8)
            call.save()
            place.limit_yen = random.randint(20, 70) * MILLION
            place.save()

    def edit_slice(self, random: Random) -> None:
        PotSlice.objects.filter(call=self.call.pk).update(limit_yen=random.randint(20, 70) * MILLION)

    def correct(self, random: Random) -> None:
        """As an officer who corrects a proposal: its period moves, its call is looked at."""
        end = random.choice([datetime.date(2029, 3, 31), datetime.date(2028, 3, 31)])
        Proposal.objects.filter(pk=random.choice(self.proposals).pk).update(ends_on=end)

    def insert_by_sql(self, random: Random) -> None:
        with transaction.atomic():
            proposal = random.choice(self.proposals).pk
            awards = "INSERT INTO proposals_award (proposal_id, note, awarded_direct_yen, awarded_indirect_yen) "
            run(f"{awards} VALUES (%s, '', 0, 0)", proposal)
            run(
                "INSERT INTO proposals_annualaward (award_id, fiscal_year, direct_yen, indirect_yen) "
                "SELECT id, 2024, %s, 0 FROM proposals_award WHERE proposal_id = %s",
                random.randint(1, 20) * MILLION,
                proposal,
            )

    def update_by_sql(self, random: Random) -> None:
        run(
            "UPDATE proposals_annualaward SET direct_yen = %s, indirect_yen = 0 WHERE award_id IN "
            "(SELECT id FROM proposals_award ORDER BY random() LIMIT 3)",
            random.randint(1, 20) * MILLION,
        )

    def delete_by_sql(self, random: Random) -> None:
        with transaction.atomic():
            proposal = random.choice(self.proposals).pk
            awards = "SELECT id FROM proposals_award WHERE proposal_id = %s"
            run(f"DELETE FROM proposals_annualaward WHERE award_id IN ({awards})", proposal)
            run("DELETE FROM proposals_mark WHERE proposal_id = %s AND decision <> 'award'", proposal)
            run("DELETE FROM proposals_award WHERE proposal_id = %s", proposal)

    ACTIONS = (
        *("mark", "mark", "mark", "unmark", "batch", "batch", "imported", "edit_pot", "edit_slice", "correct"),
        *("insert_by_sql", "insert_by_sql", "update_by_sql", "delete_by_sql"),
    )

    def attempt(self, action: str, *arguments: object) -> str:
        try:
            getattr(self, action)(*arguments)
        except Refused as refused:
            return refused.refusals[0].name
        except DatabaseError as error:
            refusal = from_error(error)
            return refusal.name if refusal else f"unhandled {type(error).__name__} in {action}"
        return "done"

    # --- what holds after every round ----------------------------------------------------------------------------

    def judge(self) -> None:
        cursor = connection.cursor()
        cursor.execute(TRUTH, [self.call.pk, self.call.pk])
        yen, kept, pot, count, kept_count, most, in_slice, kept_slice, limit = cursor.fetchone()
        self.overspent += yen > pot or in_slice > limit
        self.overcounted += count > most
        self.untrue += (yen, count, in_slice) != (kept, kept_count, kept_slice)

    def rush(self, random: Random) -> list[Wish]:
        """A wish for each writer, none of them awarded yet; empty where not one of them alone would fit."""
        awarded = set(Award.objects.values_list("proposal", flat=True))
        free = [proposal for proposal in self.proposals if proposal.pk not in awarded]
        wishes = [self.wish(random, proposal=proposal) for proposal in random.sample(free, WRITERS)]
        call, place = Call.objects.get(pk=self.call.pk), PotSlice.objects.get(call=self.call.pk)
        if call.taken_count >= call.max_awards:
            return []
        left, left_in_slice = call.pot_yen - call.taken_yen, place.limit_yen - place.taken_yen
        fitting = [
            w for w in wishes if sum(map(sum, w.amounts.values())) <= left and sum(w.amounts[2024]) <= left_in_slice
        ]
        return wishes if fitting else []

    def make_room(self) -> None:
        """Now and then everything is taken back, so that there is something to race for."""
        AnnualAward.objects.all().delete()
        Award.objects.all()._raw_delete("default")

    def rage(self, rounds: int, *, schema: str = "public") -> None:
        barrier = threading.Barrier(WRITERS + 1, timeout=PATIENCE)
        tasks: list[tuple[object, ...]] = [()] * WRITERS
        results: list[str] = [""] * WRITERS

        def write(place: int) -> None:
            try:
                run(f"SET search_path = {schema}, public")
                for _round in range(rounds):
                    barrier.wait()
                    results[place] = self.attempt(*tasks[place])
                    barrier.wait()
            except BaseException as error:
                self.trouble.append(error)
                barrier.abort()
            finally:
                connection.close()

        writers = [threading.Thread(target=write, args=(place,)) for place in range(WRITERS)]
        for writer in writers:
            writer.start()
        try:
            for turn in range(rounds):
                random = Random(turn)
                is_rush = turn % 3 == 2
                if is_rush and turn % 2:
                    self.make_room()
                wishes = self.rush(random) if is_rush else []
                tasks[:] = [
                    ("stage", wishes[place]) if wishes else (random.choice(self.ACTIONS), Random(turn * 100 + place))
                    for place in range(WRITERS)
                ]
                barrier.wait()
                barrier.wait()
                self.outcomes.update(results)
                self.judge()
                self.starved += bool(wishes) and "done" not in results
        except threading.BrokenBarrierError:
            pass
        for writer in writers:
            writer.join()
        if self.trouble:
            raise self.trouble[0]


@contextmanager
def without_triggers() -> Iterator[str]:
    """The same tables, with their checks, in a schema of their own that has no triggers."""
    run(f"CREATE SCHEMA {UNGUARDED}")
    try:
        for table in COPIED:
            run(f"CREATE TABLE {UNGUARDED}.{table} (LIKE public.{table} INCLUDING ALL)")
            run(f"INSERT INTO {UNGUARDED}.{table} OVERRIDING SYSTEM VALUE SELECT * FROM public.{table}")
        run(f"SET search_path = {UNGUARDED}, public")
        yield UNGUARDED
    finally:
        run("SET search_path = public")
        run(f"DROP SCHEMA {UNGUARDED} CASCADE")


@pytest.mark.more
def test_no_yen_too_many_and_no_deadlock_when_sixteen_write_at_once():
    storm = Storm()

    storm.rage(ROUNDS)

    assert [name for name in storm.outcomes if "unhandled" in name] == []
    assert (storm.overspent, storm.overcounted, storm.untrue, storm.starved) == (0, 0, 0, 0), storm.outcomes
    assert storm.outcomes["done"] >= ROUNDS
    assert storm.outcomes["call_awards_within_pot"] + storm.outcomes["call_awards_within_slice"]


def test_the_same_storm_overspends_where_the_triggers_are_gone():
    """The control: were the limits kept by anything but the triggers, this would not overspend."""
    storm = Storm()

    with without_triggers() as schema:
        storm.rage(6, schema=schema)

    assert storm.overspent
    assert storm.overcounted
    assert storm.untrue
