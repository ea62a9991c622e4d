"""The kept tallies: exact after every write by every path and any number of writers, and never written by hand."""

import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import StringIO

import psycopg
import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from aspire.refusals import from_error
from calls.models import Call, Field
from partners.models import Funder
from proposals.awards.release import undo
from proposals.boards.board import CallBoard
from proposals.record.models import AnnualAward, AnnualCost, Award, Conflict, Packet, Proposal, TallyLine
from proposals.record.status import Status
from tests.doors import INSERTS, UPDATES, copy, refused, run
from tests.effort import tries
from tests.factories import (
    NOON,
    AnnualAwardFactory,
    AnnualCostFactory,
    AwardFactory,
    CallFactory,
    CountryFactory,
    FieldFactory,
    FunderFactory,
    ManagerFactory,
    ProposalFactory,
    TermsFactory,
    release,
)

# What the rows come to, and what is kept, by SQL that shares nothing with either.
RECOUNT = """
    SELECT p.call_id, p.field_id, p.primary_funder_id, p.status, p.terms_id, count(*), sum(p.is_reconstructed::int),
           count(a.id) FILTER (WHERE p.status = 'awarded'),
           (SELECT coalesce(sum(direct_yen), 0) FROM proposals_annualcost c
             WHERE c.proposal_id = ANY (array_agg(p.id))),
           (SELECT coalesce(sum(direct_yen + indirect_yen), 0) FROM proposals_annualcost c
             WHERE c.proposal_id = ANY (array_agg(p.id))),
           (SELECT coalesce(sum(direct_yen + indirect_yen), 0) FROM proposals_annualaward m
             WHERE p.status = 'awarded' AND m.award_id = ANY (array_agg(a.id)))
      FROM proposals_proposal p LEFT JOIN proposals_award a ON a.proposal_id = p.id
     GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
"""
KEPT = """
    SELECT call_id, field_id, primary_funder_id, status, terms_id, sum(proposals), sum(reconstructed), sum(awards),
           sum(direct_yen), sum(requested_yen), sum(awarded_yen)
      FROM proposals_tallyline GROUP BY 1, 2, 3, 4, 5
    HAVING (sum(proposals), sum(reconstructed), sum(awards), sum(requested_yen), sum(awarded_yen)) <> (0, 0, 0, 0, 0)
     ORDER BY 1, 2, 3, 4, 5
"""
GIVEN = """
    SELECT p.call_id, m.fiscal_year, p.status = 'awarded', count(*), sum(m.direct_yen + m.indirect_yen)
      FROM proposals_annualaward m JOIN proposals_award a ON a.id = m.award_id
      JOIN proposals_proposal p ON p.id = a.proposal_id GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
KEPT_GIVEN = """
    SELECT call_id, fiscal_year, is_released, sum(amounts), sum(yen) FROM proposals_outlayline
     GROUP BY 1, 2, 3 HAVING (sum(amounts), sum(yen)) <> (0, 0) ORDER BY 1, 2, 3
"""
BY = {"country": "c.alpha2", "field": "d.code", "country_funder": "f.code"}
FIGURES = """
    SELECT {}, count(*), count(a.id) FILTER (WHERE p.status = 'awarded')
      FROM proposals_proposal p JOIN calls_field d ON d.id = p.field_id
      JOIN partners_funder f ON f.id = p.primary_funder_id
      JOIN partners_country c ON c.id = f.country_id LEFT JOIN proposals_award a ON a.proposal_id = p.id
     WHERE p.call_id = %s AND p.status NOT IN ('withdrawn', 'ineligible') GROUP BY 1
"""
ROUNDS = int(os.environ.get("ASPIRE_STORM_ROUNDS", "3"))
WRITERS = 8
DEADLOCK = "40P01"
CONFLICTS = {DEADLOCK, "40001"}


def rows(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [tuple(map(str, row)) for row in cursor.fetchall()]


def exact():
    assert rows(KEPT) == rows(RECOUNT)
    assert rows(KEPT_GIVEN) == rows(GIVEN)


def world():
    """A call with three fields, and four funders of two countries."""
    fields = [FieldFactory(code=code) for code in ("ai", "bio", "quantum")]
    for alpha2 in ("GB", "FR"):
        for name in ("ONE", "TWO"):
            FunderFactory(country=CountryFactory(alpha2=alpha2), acronym=name)
    return TermsFactory(call=CallFactory(fields=fields, max_awards=None, pot_yen=None))


# --- the writes ---------------------------------------------------------------------------------------------------


class Writes:
    """Every way a tally can change, each on rows chosen by ``chance``."""

    def __init__(self, terms, chance):
        self.terms, self.chance = terms, chance

    def some(self, found):
        found = list(found.order_by("pk"))
        return self.chance.choice(found) if found else None

    def proposal(self, **only):
        return self.some(Proposal.objects.filter(**only))

    def new(self, **values):
        field, funder = self.some(Field.objects.filter(calls=self.terms.call)), self.some(Funder.objects.all())
        number = f"N-{self.chance.getrandbits(60)}"
        values = {"terms": self.terms, "call": self.terms.call, "field": field, "primary_funder": funder} | values
        return ProposalFactory.build(number=number, **values)

    def insert(self):
        self.chance.choice(INSERTS)(self.new())

    def insert_many(self):
        copy(*(self.new() for _ in range(60)))

    def insert_reconstructed(self):
        bare = dict.fromkeys(("title_ja", "title_en", "principal_investigator", "institution"), "")
        bare |= {"principal_investigator_reading": "", "researcher_number": ""}
        dates = dict.fromkeys(("received_at", "starts_on", "ends_on"))
        status = self.chance.choice([Status.AWARDED, Status.RECEIVED])
        row = self.new(is_reconstructed=True, late_reason="reconstructed", status=status, **bare, **dates)
        row.save()
        if self.chance.random() < 0.5:
            Award.objects.create(proposal=row)

    def change(self, row, **changes):
        if row:
            self.chance.choice(UPDATES)(row, **changes)

    def move_status(self):
        self.change(self.proposal(), status=self.chance.choice(Status.values))

    def move_field(self):
        self.change(self.proposal(), field=self.some(Field.objects.filter(calls=self.terms.call)))

    def move_funder(self):
        self.change(self.proposal(), primary_funder=self.some(Funder.objects.all()))

    def move_all(self):
        found = Proposal.objects.exclude(status=Status.AWARDED)
        found.update(status=self.chance.choice(["received", "in_review", "declined"]))

    def forge_total(self):
        self.change(self.proposal(), requested_direct_yen=self.chance.randrange(10**9))

    def ask(self):
        row = self.proposal(is_reconstructed=False)
        if row:
            year = self.chance.randrange(2024, 2029)
            insert = self.chance.choice(INSERTS)
            insert(
                AnnualCostFactory.build(
                    proposal=row, fiscal_year=year, direct_yen=self.chance.randrange(10**7), indirect_yen=0
                )
            )

    def ask_otherwise(self):
        self.change(self.some(AnnualCost.objects.all()), direct_yen=self.chance.randrange(10**7), indirect_yen=0)

    def ask_no_more(self):
        row = self.some(AnnualCost.objects.all())
        if row:
            row.delete()

    def stage(self):
        row = self.proposal(is_reconstructed=False, award__isnull=True)
        if row:
            award = AwardFactory(proposal=row)
            AnnualAwardFactory(award=award, direct_yen=self.chance.randrange(10**7), indirect_yen=0)

    def stage_otherwise(self):
        self.change(self.some(AnnualAward.objects.all()), direct_yen=self.chance.randrange(10**7), indirect_yen=0)

    def stage_no_more(self):
        award = self.some(Award.objects.all())
        if award:
            award.amounts.all().delete()
            award.delete()

    def release(self):
        award = self.some(Award.objects.filter(proposal__status__in=["received", "in_review"]))
        if award:
            release(award)

    def undo(self):
        packet = self.some(Packet.objects.filter(state="released"))
        if packet:
            undo(packet, by=ManagerFactory(username=f"u{self.chance.getrandbits(60)}"), at=NOON, reason="wrong")

    def delete(self):
        row = self.proposal(award__isnull=True)
        if row:
            row.delete()


NAMES = sorted(name for name in vars(Writes) if name not in {"some", "proposal", "new", "change"} and name[0] != "_")


# Whoever takes from a pot queues at the desk before anything else, as the pages do.
AT_THE_DESK = {"insert_reconstructed", "stage", "stage_otherwise", "stage_no_more", "release", "undo", "delete"}


def attempt(writes, name):
    """What came of a write in a transaction of its own: done, the rule that refused it, or its conflict."""
    try:
        with transaction.atomic():
            if name in AT_THE_DESK:
                run("SELECT calls_queue_at_the_award_desk()")
            getattr(writes, name)()
    except ProtectedError:
        return "protected"  # another writer has just marked it
    except (DatabaseError, psycopg.Error) as error:
        refusal = from_error(error)
        state = getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None)
        if not refusal and state not in CONFLICTS:
            raise
        return refusal.name if refusal else state
    except ObjectDoesNotExist:
        return "gone"  # another writer was quicker
    else:
        return "done"


# --- exact --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@settings(max_examples=tries(6, sweep=25), suppress_health_check=[*HealthCheck])
@given(names=st.lists(st.sampled_from(NAMES), min_size=5, max_size=25), seed=st.integers(0, 2**32))
def test_tallies_and_board_equal_a_recount_after_any_writes(names, seed):
    with transaction.atomic():
        writes = Writes(world(), random.Random(seed))
        for name in ["insert_many", "ask", "stage", *names]:
            event(f"{name}: {attempt(writes, name)}")
            exact()
        board = CallBoard(Call.objects.get(), Proposal.objects.all(), as_of=timezone.now()).board
        for table in board.tables:
            # Before anything is decided a board says 「―」 instead of a number of awards: there are none.
            awards = [row.awards.recorded if board.is_decided else 0 for row in table.rows]
            shown = {(row.code, str(row.proposals.recorded), str(n)) for row, n in zip(table.rows, awards, strict=True)}
            if not board.is_reconstructed:
                counted = set(rows(FIGURES.format(BY[table.key]), Call.objects.get().pk))
                assert {row for row in shown if row[1:] != ("0", "0")} == counted
        transaction.set_rollback(True)


@pytest.mark.more
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("names", [NAMES, sorted(AT_THE_DESK)], ids=["plain SQL among them", "at the desk"])
def test_tallies_equal_a_recount_after_rounds_of_eight_writers(names):
    terms = world()
    with transaction.atomic():
        for name in ["insert_many", "ask"]:
            attempt(Writes(terms, random.Random(0)), name)
    outcomes = {}

    def write(seed):
        chance = random.Random(seed)
        writes = Writes(terms, chance)
        start.wait(20)
        try:
            for name in chance.choices(names, k=4):
                outcomes.setdefault(attempt(writes, name), []).append(name)
        finally:
            connection.close()

    for turn in range(ROUNDS):
        start = threading.Barrier(WRITERS)
        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(write, range(turn * WRITERS, (turn + 1) * WRITERS)))
        exact()

    print({name: len(found) for name, found in sorted(outcomes.items())})
    assert outcomes["done"]
    # Plain SQL over many rows in no order may lose to another such writer, or take the desk's turn from it. Among
    # themselves those who take from a pot queue, and none of them ever loses.
    assert names == NAMES or DEADLOCK not in outcomes


@pytest.mark.django_db
def test_lines_are_folded_and_still_exact_after_many_single_writes():
    row = AnnualCostFactory()

    for yen in range(600):
        AnnualCost.objects.filter(pk=row.pk).update(direct_yen=10**7 + yen)

    assert TallyLine.objects.count() < 300
    exact()


@pytest.mark.django_db
def test_a_cell_gets_a_line_whenever_other_yen_are_asked_also_where_the_sum_stays():
    terms = world()
    run("SELECT setval(pg_get_serial_sequence('proposals_tallyline', 'id'), 1)")  # every 256th line adds cells up
    for yen in (10_000_000, 9_000_000):
        AnnualCostFactory(proposal__terms=terms, direct_yen=yen, indirect_yen=0)
    before = TallyLine.objects.count()

    run("UPDATE proposals_annualcost SET direct_yen = 19000000 - direct_yen")
    assert TallyLine.objects.count() == before + 1
    run("UPDATE proposals_proposal SET title_en = 'Other words'")
    assert TallyLine.objects.count() == before + 1
    exact()


# --- nobody waits, nobody forges -------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_an_import_that_counts_in_the_same_cell():
    terms = world()
    field, funder = Field.objects.first(), Funder.objects.first()
    same = {"terms": terms, "call": terms.call, "field": field, "primary_funder": funder}

    def log():
        run("SET lock_timeout = '2s'")
        try:
            ProposalFactory(**same)
            return rows("SELECT count(*) FROM proposals_proposal")
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        copy(*(ProposalFactory.build(number=f"I-{turn}", **same) for turn in range(300)))
        assert pool.submit(log).result() == [("1",)]

    assert rows("SELECT sum(proposals) FROM proposals_tallyline") == [("301",)]
    exact()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE proposals_tallyline SET proposals = 9",
        "DELETE FROM proposals_tallyline",
        "INSERT INTO proposals_tallyline (call_id, field_id, primary_funder_id, status, proposals, reconstructed, "
        "awards, requested_yen, awarded_yen) VALUES (1, 1, 1, 'received', 9, 0, 0, 0, 0)",
    ],
)
def test_writing_a_tally_by_hand_is_refused(forgery):
    ProposalFactory()

    with refused("tallies_kept"):
        run(forgery)
    with refused("rows_never_truncated"):
        run("TRUNCATE proposals_tallyline")


@pytest.mark.django_db
def test_check_finds_a_wrong_tally_and_rebuild_repairs_it():
    AwardFactory(proposal=AnnualCostFactory().proposal, released=True)
    ProposalFactory()
    run("ALTER TABLE proposals_tallyline DISABLE TRIGGER USER")
    run("DELETE FROM proposals_tallyline WHERE status = 'received'")
    run("ALTER TABLE proposals_tallyline ENABLE TRIGGER USER")
    said = StringIO()

    with pytest.raises(SystemExit):
        call_command("check_invariants", stdout=said, stderr=StringIO())
    call_command("check_invariants", rebuild=True, stdout=StringIO())

    assert "--rebuild" in said.getvalue()
    exact()


# --- who reads what ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_reader_with_a_conflict_gets_the_recount_without_what_is_hidden(manager):
    terms = TermsFactory()
    hidden, _seen = ProposalFactory(terms=terms), ProposalFactory(terms=terms)

    def total():
        board = CallBoard(terms.call, Proposal.objects.visible_to(manager), as_of=timezone.now()).board
        return board.total.proposals.recorded

    assert total() == 2
    Conflict.objects.create(
        proposal=hidden, person=manager, finding="stands", kind="kin", recorded_by=manager, recorded_at=NOON
    )
    del manager._aspire_conflicts

    assert total() == 1


@pytest.mark.django_db
def test_board_of_a_reader_without_conflicts_reads_no_proposal(manager, django_assert_num_queries):
    terms = TermsFactory()
    ProposalFactory(terms=terms)
    seen = Proposal.objects.visible_to(manager)

    with django_assert_num_queries(1) as asked:
        cells = list(seen.cells_by("status", by_lines=seen.is_whole(), call=terms.call))

    assert [cell["proposals"] for cell in cells] == [1]
    assert "proposals_proposal" not in asked.captured_queries[0]["sql"]


@pytest.mark.django_db
def test_an_unchanged_board_answers_304_from_one_query(client, manager, django_assert_num_queries):
    client.force_login(manager)
    url = TermsFactory().call.get_absolute_url()
    client.get(url)  # the first page gives the cookie of forms
    tag = client.get(url).headers["ETag"]

    with django_assert_num_queries(3) as asked:  # session, and person with roles, are the sign-in's
        unchanged = client.get(url, headers={"if-none-match": tag})

    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert sum("aspire_generation" in query["sql"] for query in asked.captured_queries) == 1


@pytest.mark.django_db(transaction=True)
def test_a_board_is_drawn_anew_when_the_earlier_of_two_writers_is_the_later_to_commit(client, manager):
    client.force_login(manager)
    first, second = TermsFactory().call, TermsFactory().call
    url = first.get_absolute_url()
    client.get(url)

    def asked():
        answer = client.get(url, headers={"if-none-match": tags[-1]})
        tags.append(answer.headers["ETag"])
        return answer.status_code

    with closing(connection.copy()) as writer:
        writer.set_autocommit(False)
        tags = [client.get(url).headers["ETag"]]
        with writer.cursor() as cursor:
            cursor.execute("UPDATE calls_call SET name_ja = '先' WHERE id = %s", [first.pk])
        meanwhile = asked()
        Call.objects.filter(pk=second.pk).update(name_ja="後")
        after_the_second = asked()
        writer.commit()

    assert (meanwhile, after_the_second, asked(), asked()) == (304, 200, 200, 304)


@pytest.mark.django_db
def test_generation_of_the_data_counts_on_when_its_lines_are_added_up():
    def counted():
        with connection.cursor() as cursor:
            cursor.execute("SELECT sum(writes), count(*) FROM aspire_generation")
            return cursor.fetchone()

    call = TermsFactory().call
    before, _lines = counted()
    for number in range(300):
        Call.objects.filter(pk=call.pk).update(name_ja=f"{number}")

    after, lines = counted()
    assert after == before + 300
    assert lines < 300


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["proposal", "call", "conflict", "language", "role"])
def test_a_board_is_drawn_anew_when_what_it_shows_or_who_reads_it_changes(client, manager, officer, change):
    client.force_login(manager)
    proposal = ProposalFactory()
    url = proposal.call.get_absolute_url()
    client.get(url)
    tag = client.get(url).headers["ETag"]
    headers = {"if-none-match": tag}

    if change == "proposal":
        ProposalFactory(terms=proposal.terms)
    elif change == "call":
        Call.objects.update(name_ja="別の名称")
    elif change == "conflict":
        by = {"recorded_by": officer, "recorded_at": NOON}
        Conflict.objects.create(proposal=proposal, person=manager, finding="stands", kind="kin", **by)
    elif change == "language":
        headers["accept-language"] = "en"
    else:
        manager.groups.add(*officer.groups.all())

    assert client.get(url, headers=headers).status_code == 200


@pytest.mark.django_db
def test_kept_lines_are_not_asked_for_some_of_the_proposals():
    some = Proposal.objects.filter(number="X")

    with pytest.raises(ValueError, match="leaves some out"):
        some.cells_by("call", by_lines=True)


@pytest.mark.django_db
def test_how_many_stand_under_which_terms_is_read_from_the_kept_lines():
    terms = TermsFactory()
    ProposalFactory.create_batch(2, terms=terms, call=terms.call)

    with CaptureQueriesContext(connection) as queries:
        found = CallBoard(terms.call, Proposal.objects.all(), NOON).all_terms

    assert [standing.proposals for standing in found.standings] == [2]
    assert [query["sql"] for query in queries if '"proposals_proposal"' in query["sql"]] == []
