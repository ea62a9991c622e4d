"""The database is exactly what the migrations make, and whatever else it is gets named: 18 tamperings of 18."""

import os
import re

import pytest
from django.db import connection

from aspire.operations import manifest
from aspire.operations.manifest import differences, made, stated
from calls.models import PublishedFigure
from proposals.record.invariants import breaches
from proposals.record.models import Proposal
from proposals.record.status import Decision
from tests.doors import run
from tests.factories import (
    AnnualAwardFactory,
    CallFactory,
    ConflictFactory,
    MarkFactory,
    PacketFactory,
    ProposalFactory,
    ReviewerUserFactory,
    UserFactory,
    release,
)

pytestmark = pytest.mark.django_db


def test_manifest_is_what_the_migrations_make():
    if os.environ.get("WRITE_MANIFEST"):  # make manifest
        manifest.write()

    found = [str(difference) for difference in differences(made(), stated())]

    assert found == [], (
        "aspire/operations/manifest.txt is not what the migrations make: run `make manifest` and commit it"
    )


def test_every_kind_of_object_is_in_the_manifest():
    kinds = {re.split(r" (?=\S+\t)", f"{name}\t")[0].split(" ")[0] for name in made()}

    assert {"function", "trigger", "constraint", "index", "column", "table", "grants"} <= kinds


def test_constraint_that_a_restored_dump_prints_otherwise_is_the_same():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("""
            SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
             WHERE contype = 'c' AND connamespace = current_schema()::regnamespace AND conrelid <> 0
        """)
        for table, name, definition in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} {definition}")

    assert list(differences(made(), stated())) == []


# --- 18 of 18 -------------------------------------------------------------------------------------------------------


def behind(*statements):
    """Write as somebody who has switched PostgreSQL's triggers off for the statements."""
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("SET LOCAL session_replication_role = replica")
    for statement in statements:
        run(statement)
    run("SET LOCAL session_replication_role = origin")


def body_of(function):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = %s", [f"rule_{function}"])
        return cursor.fetchone()[0]


def refusing_nothing():
    head = "CREATE OR REPLACE FUNCTION aspire_refuse(rule text, detail jsonb DEFAULT '{}') RETURNS void"
    run(f"{head} LANGUAGE plpgsql AS $$ BEGIN END; $$")


def judging_nothing():
    head = body_of("mark_judged").split("AS $function$")[0]
    run(f"{head} AS $function$ BEGIN RETURN NULL; END; $function$")


def child_of_amounts():
    run("CREATE TABLE more_awards () INHERITS (proposals_annualaward)")


def child_of_proposals():
    run("CREATE TEMP TABLE more_proposals () INHERITS (proposals_proposal)")


def trigger_disabled():
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("ALTER TABLE proposals_mark DISABLE TRIGGER USER")


def tally_forged():
    behind("UPDATE proposals_tallyline SET proposals = proposals + 1")


def check_dropped():
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("ALTER TABLE calls_call DROP CONSTRAINT call_awards_within_pot")


def unique_dropped():
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("ALTER TABLE proposals_conflict DROP CONSTRAINT conflict_once")


def history_swallowed():
    run("CREATE RULE nothing_happened AS ON INSERT TO proposals_markevent DO INSTEAD NOTHING")


def amounts_rewritten_by_a_trigger():
    run("""
        CREATE FUNCTION generous() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN NEW.direct_yen := NEW.direct_yen + 1; RETURN NEW; END $$
    """)
    run("CREATE TRIGGER generous BEFORE INSERT ON proposals_annualaward FOR EACH ROW EXECUTE FUNCTION generous()")


def figures_emptied():
    behind("TRUNCATE calls_publishedfigure")


def history_emptied():
    behind("TRUNCATE proposals_markevent")


def event_invented():
    columns = "pgh_created_at, pgh_label, pgh_obj_id, pgh_role, pgh_source, id, proposal_id, decision, reason"
    behind(f"""
        INSERT INTO proposals_markevent ({columns}, marked_by_id, marked_at, packet_id, version)
        SELECT now(), 'update', m.id, '', '', m.id, proposal_id, decision, reason, {UserFactory().pk}, marked_at,
               packet_id, version FROM proposals_mark m
    """)


def conflicts_deleted():
    behind("DELETE FROM proposals_conflict")


def award_without_mark():
    proposal = ProposalFactory(number="BARE")
    behind(
        "INSERT INTO proposals_award (proposal_id, note, awarded_direct_yen, awarded_indirect_yen) "
        f"VALUES ({proposal.pk}, '', 0, 0)"
    )


def waiting():
    mark = MarkFactory(decision=Decision.DECLINE)
    return PacketFactory(call=mark.proposal.call, marks=[mark])


def released_by_a_reviewer():
    packet, reviewer = waiting(), ReviewerUserFactory()
    behind(f"UPDATE proposals_packet SET state = 'released', decided_by_id = {reviewer.pk} WHERE id = {packet.pk}")


def released_without_statuses():
    behind("UPDATE proposals_proposal SET status = 'in_review'")


def marked_by_nobody():
    behind(f"UPDATE proposals_mark SET marked_by_id = {UserFactory().pk}")


TAMPERINGS = {
    refusing_nothing: "function aspire_refuse(text,jsonb): It is not as the migrations make it",
    judging_nothing: "function rule_mark_judged",
    child_of_amounts: "child more_awards: No migration makes it",
    child_of_proposals: "child more_proposals: No migration makes it",
    trigger_disabled: "proposals_mark.mark_judged: The rule is missing or switched off",
    tally_forged: "The kept count is not what the rows come to",
    check_dropped: "constraint calls_call.call_awards_within_pot: It is missing",
    unique_dropped: "constraint proposals_conflict.conflict_once: It is missing",
    history_swallowed: "rewrite proposals_markevent.nothing_happened: No migration makes it",
    amounts_rewritten_by_a_trigger: "trigger proposals_annualaward.generous: No migration makes it",
    figures_emptied: "calls_publishedfigure ",
    history_emptied: "proposals_mark ",
    event_invented: "proposals_mark ",
    conflicts_deleted: "proposals_conflict ",
    award_without_mark: "BARE: Proposal BARE is not marked for an award",
    released_by_a_reviewer: "A packet is released, sent back or undone by a manager",
    released_without_statuses: "but its status is not what the mark says",
    marked_by_nobody: "is marked by an officer, an administrator, or the lead reviewer",
}


@pytest.fixture
def rows(settings):
    """A released award, a standing conflict of interest and a published figure."""
    settings.LANGUAGE_CODE = "en"
    release(AnnualAwardFactory().award)
    ConflictFactory(proposal=Proposal.objects.get())
    PublishedFigure.objects.create(
        call=CallFactory(), measure="proposals", dimension="country", is_total=True, value=9, position=1, source="print"
    )


def test_rows_as_the_programme_made_them_have_no_breach(rows):
    assert [str(breach) for breach in breaches()] == []


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tampering: tampering.__name__)
def test_tampering_is_named(rows, tamper):
    tamper()

    found = [str(breach) for breach in breaches()]

    assert any(TAMPERINGS[tamper] in sentence for sentence in found), found


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE proposals_conflict SET finding = 'clear', kind = '', recorded_by_id = person_id",
        "UPDATE proposals_packetstep SET at = '1999-01-01'",
        "UPDATE proposals_packet SET decided_by_id = submitted_by_id",
        "GRANT TRUNCATE ON proposals_mark TO PUBLIC",
        "CREATE INDEX odd ON proposals_mark (reason)",
        "ALTER TABLE calls_terms ALTER max_months DROP NOT NULL",
    ],
)
def test_more_is_named(rows, statement):
    run("SET CONSTRAINTS ALL IMMEDIATE")
    if statement.startswith("UPDATE proposals_packet "):
        run("ALTER TABLE proposals_packet DROP CONSTRAINT release_by_second_person")
    behind(statement)

    assert len(list(breaches())) > 0


def test_tamperings_are_eighteen():
    assert len(TAMPERINGS) == 18
