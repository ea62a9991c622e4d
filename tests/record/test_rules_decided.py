"""Marks and packets: PostgreSQL refuses each breach by name, at every door."""

import datetime

import pytest
from django.contrib.auth.models import Group
from django.db import transaction

from aspire.roles import Role
from calls.models import PotSlice
from proposals.record.models import AnnualAward, Award, Conflict, Mark, Packet, PacketStep, Proposal
from proposals.record.status import Decision, PacketState, Status
from tests.doors import at_every_insert, at_every_update, refused, run
from tests.factories import (
    MILLION,
    NOON,
    OUT,
    AnnualAwardFactory,
    AwardFactory,
    CallFactory,
    ConflictFactory,
    ManagerFactory,
    MarkFactory,
    OfficerFactory,
    PacketFactory,
    ProposalFactory,
    ReviewerUserFactory,
    TermsFactory,
    UserFactory,
    decide_packet,
    release,
)

pytestmark = pytest.mark.django_db


def packet_of(*marks, by=None):
    """A packet that waits for release, with these marks."""
    call = marks[0].proposal.call if marks else CallFactory()
    return PacketFactory(call=call, marks=marks, **({"submitted_by": by} if by else {}))


def conflict(person, proposal):
    Conflict.objects.create(
        proposal=proposal, person=person, finding="stands", kind="kin", recorded_by=person, recorded_at=NOON
    )


def delete_each(row):
    row.delete()


def delete_all(row):
    type(row).objects.filter(pk=row.pk)._raw_delete("default")


def delete_by_sql(row):
    run(f"DELETE FROM {row._meta.db_table} WHERE id = %s", row.pk)


at_every_delete = pytest.mark.parametrize(
    "delete", [delete_each, delete_all, delete_by_sql], ids=lambda door: door.__name__
)


# --- marks ----------------------------------------------------------------------------------------------------------


def new_mark(**values):
    return MarkFactory.build(
        proposal=values.pop("proposal", None) or decided_proposal(), marked_by=OfficerFactory(), **values
    )


def decided_proposal(**values):
    """A proposal of a call that is being decided."""
    return ProposalFactory(terms=TermsFactory(call__progress="deciding"), **values)


@at_every_insert
def test_mark_is_refused_when_its_decision_does_not_exist(insert):
    with refused("mark_decision_known"):
        insert(new_mark(decision="maybe"))


@at_every_insert
@pytest.mark.parametrize("status", [Status.WITHDRAWN, Status.INELIGIBLE])
def test_mark_is_refused_when_the_proposal_is_out(insert, status):
    with refused("award_of_eligible_proposal"):
        insert(new_mark(proposal=decided_proposal(status=status)))


@at_every_insert
def test_mark_is_refused_when_a_conflict_stands_between_marker_and_proposal(insert):
    mark = new_mark()
    conflict(mark.marked_by, mark.proposal)

    with refused("mark_without_conflict"):
        insert(mark)


@at_every_insert
def test_mark_is_refused_when_it_begins_in_a_packet(insert):
    mark = new_mark()
    mark.packet = PacketFactory(call=mark.proposal.call)

    with refused("mark_in_packet"):
        insert(mark)


def bare_award():
    """A staged award whose mark somebody took away behind PostgreSQL's back."""
    award = AwardFactory()
    run("SET LOCAL session_replication_role = replica")
    award.proposal.mark.delete()
    run("SET LOCAL session_replication_role = origin")
    return award


@at_every_insert
@pytest.mark.parametrize("decision", [Decision.RESERVE, Decision.DECLINE])
def test_mark_is_refused_when_it_says_other_than_the_staged_award(insert, decision):
    with refused("mark_with_award"):
        insert(new_mark(proposal=bare_award().proposal, decision=decision))


@at_every_insert
def test_second_mark_of_a_proposal_is_refused(insert):
    mark = MarkFactory()

    with refused("value_once"):
        insert(new_mark(proposal=mark.proposal))


@at_every_update
def test_mark_is_refused_when_changed_away_from_its_award(change):
    mark = MarkFactory(proposal=AwardFactory().proposal)

    with refused("mark_with_award"):
        change(mark, decision=Decision.DECLINE)


@at_every_update
@pytest.mark.parametrize(
    "values",
    [{"decision": Decision.RESERVE}, {"reason": "another"}, {"packet": None}],
    ids=["decision", "reason", "out"],
)
def test_mark_is_refused_when_moved_while_its_packet_waits(change, values):
    mark = MarkFactory(decision=Decision.DECLINE)
    packet_of(mark)
    mark.refresh_from_db()

    with refused("mark_in_packet"):
        change(mark, **values)


@at_every_update
def test_mark_is_refused_when_put_into_another_calls_packet(change):
    mark, other = MarkFactory(), packet_of()

    with refused("mark_in_packet"):
        change(mark, packet=other)


@at_every_update
def test_mark_keeps_its_proposal(change):
    mark = MarkFactory()

    with refused("award_keeps_proposal"):
        change(mark, proposal=ProposalFactory())


@at_every_update
def test_version_of_a_mark_grows_by_one_whatever_is_written(change):
    mark = MarkFactory()

    change(mark, version=40)

    mark.refresh_from_db()
    assert mark.version == 2


@at_every_delete
def test_mark_is_not_deleted_when_its_award_stands_or_its_packet_waits(delete):
    with_award, waiting = MarkFactory(proposal=AwardFactory().proposal), MarkFactory(decision=Decision.DECLINE)
    packet_of(waiting)

    with refused("mark_with_award"):
        delete(with_award)
    with refused("mark_in_packet"):
        delete(waiting)


# --- packets --------------------------------------------------------------------------------------------------------


def new_packet(**values):
    made = {"call": CallFactory(progress="deciding"), "submitted_by": OfficerFactory(), "submitted_at": NOON}
    return Packet(**made | values)


@at_every_insert
@pytest.mark.parametrize("state", [PacketState.SENT_BACK, PacketState.RELEASED, PacketState.UNDONE])
def test_packet_is_refused_when_it_begins_decided(insert, state):
    with refused("packet_moves" if state == PacketState.SENT_BACK else "release_by_second_person"):
        insert(new_packet(state=state))


@at_every_insert
def test_second_packet_of_a_call_is_refused_while_one_waits(insert):
    waiting = packet_of()

    with refused("packet_once_a_call"):
        insert(new_packet(call=waiting.call))


@at_every_update
def test_packet_is_refused_when_it_takes_a_way_there_is_not(change):
    packet, second = packet_of(), ManagerFactory()

    with refused("packet_moves"):
        change(packet, state=PacketState.UNDONE, decided_by=second, decided_at=NOON)
    packet.refresh_from_db()
    with refused("packet_moves"):
        change(packet, submitted_by=second)


def released(change, packet, by):
    change(packet, state=PacketState.RELEASED, decided_by=by, decided_at=NOON)


@at_every_update
def test_release_is_refused_to_the_submitter_and_to_who_marked_any_of_it(change):
    mark = MarkFactory(decision=Decision.DECLINE)
    packet = packet_of(mark)

    for person in (packet.submitted_by, mark.marked_by, None):
        packet.refresh_from_db()
        with refused("release_by_second_person"):
            released(change, packet, person)


@at_every_update
def test_release_is_refused_when_the_releaser_or_a_marker_has_a_conflict(change):
    mark, releaser, other = MarkFactory(decision=Decision.DECLINE), ManagerFactory(), ManagerFactory()
    packet = packet_of(mark)
    conflict(releaser, mark.proposal)

    with refused("release_without_conflict"):
        released(change, packet, releaser)
    packet.refresh_from_db()
    conflict(mark.marked_by, mark.proposal)
    with refused("mark_without_conflict"):
        released(change, packet, other)


@at_every_update
def test_packet_is_not_sent_back_by_whoever_has_a_conflict_with_a_proposal_of_it(change):
    mark, manager, other = MarkFactory(decision=Decision.DECLINE), ManagerFactory(), ManagerFactory()
    packet = packet_of(mark)
    conflict(manager, mark.proposal)

    with refused("packet_without_conflict"):
        change(packet, state=PacketState.SENT_BACK, decided_by=manager, decided_at=NOON)
    packet.refresh_from_db()
    decide_packet(packet, PacketState.SENT_BACK, by=other)


@at_every_insert
@pytest.mark.parametrize("state", [PacketState.SENT_BACK, PacketState.UNDONE])
def test_no_step_of_a_packet_is_of_whoever_has_a_conflict_with_a_proposal_of_it(insert, state):
    mark, manager = MarkFactory(decision=Decision.DECLINE), ManagerFactory()
    packet = packet_of(mark)
    with transaction.atomic():
        if state == PacketState.UNDONE:
            decide_packet(packet, PacketState.RELEASED)
        packet.decided_by = packet.decided_by or manager
        packet.state = state
        packet.save()
        conflict(manager, mark.proposal)

        with refused("packet_without_conflict"):
            insert(PacketStep(packet=packet, state=state, by=manager, at=NOON, comment="wrong list"))
        transaction.set_rollback(True)


@at_every_update
def test_release_is_refused_when_an_award_has_no_amounts_or_a_proposal_is_out(change):
    bare, out = MarkFactory(), MarkFactory(decision=Decision.DECLINE)

    with refused("award_has_amounts"):
        released(change, packet_of(bare), ManagerFactory())
    packet = packet_of(out)
    Proposal.objects.filter(pk=out.proposal_id).update(status=Status.WITHDRAWN, **OUT)
    with refused("award_of_eligible_proposal"):
        released(change, packet, ManagerFactory())


def test_packet_is_sent_back_although_a_proposal_went_out_or_its_marker_has_a_conflict_since():
    mark = MarkFactory(decision=Decision.RESERVE)
    packet = packet_of(mark)
    Proposal.objects.filter(pk=mark.proposal_id).update(status=Status.WITHDRAWN, **OUT)
    conflict(mark.marked_by, mark.proposal)

    decide_packet(packet, PacketState.SENT_BACK)
    Mark.objects.filter(packet=packet).update(packet=None)

    with refused("award_of_eligible_proposal"):
        Mark.objects.filter(pk=mark.pk).update(reason="again")
    mark.delete()


@at_every_delete
def test_packets_and_their_steps_are_kept(delete):
    packet = packet_of()
    step = packet.steps.get()

    with refused("packet_stays" if delete is not delete_each else "history_is_append_only"):
        delete(packet if delete is not delete_each else step)
    with refused("history_is_append_only"):
        delete(step)


@at_every_update
def test_step_stays_as_written(change):
    packet = packet_of()
    step = packet.steps.get()

    with refused("history_is_append_only"):
        change(step, comment="otherwise")


@at_every_insert
@pytest.mark.parametrize("state", [PacketState.SENT_BACK, PacketState.UNDONE])
def test_step_back_is_refused_without_its_reason(insert, state):
    packet = packet_of()

    with refused("packet_step_has_reason"):
        insert(PacketStep(packet=packet, state=state, by=packet.submitted_by, at=NOON))


# --- awards in packets, slices --------------------------------------------------------------------------------------


@pytest.fixture
def waiting():
    """An award whose packet waits for release."""
    amount = AnnualAwardFactory()
    packet_of(MarkFactory(proposal=amount.award.proposal))
    return amount


@at_every_update
def test_amount_is_refused_when_changed_while_its_packet_waits(change, waiting):
    with refused("award_in_packet"):
        change(waiting, direct_yen=1, indirect_yen=0)


@at_every_insert
def test_amount_and_award_are_refused_when_added_while_the_packet_waits(insert, waiting):
    marked = MarkFactory()
    packet_of(marked)

    with refused("award_in_packet"):
        insert(AnnualAwardFactory.build(award=waiting.award, fiscal_year=2025))
    with refused("award_in_packet"):
        insert(Award(proposal=marked.proposal))


@at_every_delete
def test_amount_and_award_are_not_deleted_while_the_packet_waits(delete, waiting):
    bare = AwardFactory()
    packet_of(bare.proposal.mark)

    with refused("award_in_packet"):
        delete(waiting)
    with refused("award_released_stays"):
        delete(bare)


@at_every_insert
def test_slice_is_refused_when_it_is_less_than_what_is_taken(insert):
    call = AnnualAwardFactory().award.proposal.call

    with refused("call_awards_within_slice"):
        insert(PotSlice(call=call, fiscal_year=2024, limit_yen=13 * MILLION - 1))
    insert(PotSlice(call=call, fiscal_year=2024, limit_yen=13 * MILLION))
    assert PotSlice.objects.get().taken_yen == 13 * MILLION


@at_every_update
def test_slice_and_pot_are_refused_when_lowered_below_what_is_taken(change):
    call = AnnualAwardFactory(award__proposal__terms=TermsFactory(call__pot_yen=20 * MILLION)).award.proposal.call
    place = PotSlice.objects.create(call=call, fiscal_year=2024, limit_yen=20 * MILLION)

    with refused("call_awards_within_slice"):
        change(place, limit_yen=13 * MILLION - 1)
    with refused("call_awards_within_pot"):
        change(call, pot_yen=13 * MILLION - 1)


@at_every_insert
def test_amount_is_refused_when_it_passes_its_slice_by_one_yen(insert):
    award = AwardFactory()
    PotSlice.objects.create(call=award.proposal.call, fiscal_year=2024, limit_yen=13 * MILLION - 1)

    with refused("call_awards_within_slice"):
        insert(AnnualAwardFactory.build(award=award))
    insert(AnnualAwardFactory.build(award=award, fiscal_year=2025))
    assert AnnualAward.objects.count() == 1


@at_every_update
def test_packet_is_not_released_by_somebody_whose_mark_another_only_set_again(change):
    mark = MarkFactory(decision=Decision.DECLINE)
    first, second = mark.marked_by, OfficerFactory()
    Mark.objects.filter(pk=mark.pk).update(marked_by=second, reason="in other words")
    packet = packet_of(mark)

    assert [Mark.objects.set_by(person).exists() for person in (first, second, UserFactory())] == [True, True, False]
    with refused("release_by_second_person"):
        change(packet, state=PacketState.RELEASED, decided_by=first)


def test_who_marked_before_a_mark_was_taken_back_may_release_what_another_marked_since():
    first = MarkFactory(decision=Decision.DECLINE)
    person, proposal = first.marked_by, first.proposal
    person.groups.add(Group.objects.get(name=Role.MANAGER))
    first.delete()
    packet = packet_of(MarkFactory(proposal=proposal, decision=Decision.DECLINE))

    decide_packet(packet, PacketState.RELEASED, by=person)

    assert Packet.objects.get(pk=packet.pk).state == PacketState.RELEASED


# --- who, when and in what state ------------------------------------------------------------------------------------


@at_every_insert
@pytest.mark.parametrize("progress", ["", "in_review"])
def test_mark_and_packet_are_refused_when_the_call_is_not_being_decided(insert, progress):
    proposal = ProposalFactory(terms=TermsFactory(call__progress=progress))

    with refused("mark_in_phase"):
        insert(MarkFactory.build(proposal=proposal, marked_by=OfficerFactory()))
    with refused("mark_in_phase"):
        insert(new_packet(call=proposal.call))


@at_every_update
def test_mark_is_refused_when_set_again_after_deciding_went_back_into_review(change):
    mark = MarkFactory(decision=Decision.DECLINE)
    type(mark.proposal.call).objects.update(progress="in_review")

    with refused("mark_in_phase"):
        change(mark, reason="another")
    with refused("mark_in_phase"):
        Mark.objects.all()._raw_delete("default")


@at_every_insert
def test_mark_is_refused_when_whoever_set_it_has_no_such_role(insert):
    gone = OfficerFactory(is_active=False)

    for person in (UserFactory(), ManagerFactory(), ReviewerUserFactory(), gone):
        with refused("mark_by_office_or_lead"):
            insert(MarkFactory.build(proposal=decided_proposal(), marked_by=person))


@at_every_insert
def test_lead_reviewer_marks_the_own_field_once_no_interest_is_declared(insert):
    proposal, lead = decided_proposal(), ReviewerUserFactory()
    proposal.call.call_fields.update(lead_reviewer=lead)

    with refused("mark_after_declaration"):
        insert(MarkFactory.build(proposal=proposal, marked_by=lead))
    ConflictFactory(proposal=proposal, person=lead, finding="clear")
    insert(MarkFactory.build(proposal=proposal, marked_by=lead))

    assert proposal.call.proposals.get().mark.marked_by == lead


@at_every_insert
def test_award_is_refused_without_its_mark(insert):
    declined = MarkFactory(decision=Decision.DECLINE).proposal

    for proposal in (decided_proposal(), declined):
        with refused("award_has_mark"):
            insert(Award(proposal=proposal))


@at_every_update
def test_reconstructed_proposal_with_an_award_stays_reconstructed(change):
    proposal = reconstructed()
    AwardFactory(proposal=proposal)

    with refused("award_has_mark"):
        change(proposal, is_reconstructed=False, received_at=NOON)


def reconstructed():
    bare = ("title_ja", "title_en", "principal_investigator", "principal_investigator_reading", "researcher_number")
    unknown = dict.fromkeys(("received_at", "starts_on", "ends_on"))
    return ProposalFactory(is_reconstructed=True, **unknown, **dict.fromkeys((*bare, "institution"), ""))


@at_every_insert
def test_packet_is_refused_when_no_officer_submitted_it(insert):
    for person in (UserFactory(), ManagerFactory(), OfficerFactory(is_active=False)):
        with refused("packet_submitted_by_office"):
            insert(new_packet(submitted_by=person))


@at_every_update
@pytest.mark.parametrize("state", [PacketState.RELEASED, PacketState.SENT_BACK])
def test_packet_is_decided_by_an_active_manager_alone(change, state):
    packet = packet_of(MarkFactory(decision=Decision.DECLINE))

    for person in (UserFactory(), ReviewerUserFactory(), OfficerFactory(), ManagerFactory(is_active=False)):
        packet.refresh_from_db()
        with refused("packet_decided_by_manager"):
            change(packet, state=state, decided_by=person, decided_at=NOON)


@at_every_insert
def test_release_is_undone_by_a_manager_alone(insert):
    packet = released_packet()
    Packet.objects.filter(pk=packet.pk).update(state=PacketState.UNDONE)

    for person in (UserFactory(), OfficerFactory()):
        with refused("packet_decided_by_manager"):
            insert(PacketStep(packet=packet, state=PacketState.UNDONE, by=person, at=NOON, comment="wrong"))
    insert(PacketStep(packet=packet, state=PacketState.UNDONE, by=ManagerFactory(), at=NOON, comment="wrong"))


def released_packet():
    award = AnnualAwardFactory().award
    release(award)
    return Packet.objects.get(marks__proposal=award.proposal)


@at_every_update
@pytest.mark.parametrize(
    "values",
    [{"decided_at": NOON}, {"decided_by": "another"}, {"submitted_at": NOON}],
    ids=["decided", "another", "submitted"],
)
def test_packet_keeps_who_decided_it_and_when(change, values):
    packet = released_packet()
    another = {"decided_by": ManagerFactory()} if "decided_by" in values else {}

    with refused("packet_moves"):
        change(packet, **values | another)


@at_every_update
def test_packet_is_not_decided_while_it_waits(change):
    with refused("packet_moves"):
        change(packet_of(), decided_by=ManagerFactory())


@at_every_update
def test_released_mark_and_award_keep_their_moment_day_and_note(change):
    packet = released_packet()
    mark = packet.marks.get()

    with refused("mark_in_packet"):
        change(mark, marked_at=NOON + datetime.timedelta(days=1))
    for values in ({"awarded_on": datetime.date(1999, 4, 1)}, {"awarded_on": None}, {"note": "more"}):
        award = Award.objects.get(proposal=mark.proposal)
        with refused("award_in_packet"):
            change(award, **values)


@at_every_insert
def test_step_is_refused_when_nothing_of_the_kind_was_done(insert):
    packet, other = packet_of(), OfficerFactory()

    with refused("packet_step_known"):
        insert(PacketStep(packet=packet, state="blessed", by=packet.submitted_by, at=NOON))
    with refused("packet_step_once"):
        insert(PacketStep(packet=packet, state=PacketState.SUBMITTED, by=packet.submitted_by, at=NOON))
    with refused("packet_step_of_act"):
        insert(PacketStep(packet=packet, state=PacketState.RELEASED, by=ManagerFactory(), at=NOON))
    with transaction.atomic():
        bare = new_packet()
        bare.save()
        with refused("packet_step_of_act"):
            insert(PacketStep(packet=bare, state=PacketState.SUBMITTED, by=other, at=NOON))
        transaction.set_rollback(True)


@at_every_update
def test_packet_moves_with_its_step_or_not_at_all(change):
    packet = packet_of(MarkFactory(decision=Decision.DECLINE))

    with refused("packet_step_of_act"):
        change(packet, state=PacketState.SENT_BACK, decided_by=ManagerFactory(), decided_at=NOON)
        run("SET CONSTRAINTS ALL IMMEDIATE")


@at_every_insert
def test_moments_of_packets_and_steps_are_the_servers(insert):
    insert(new_packet())
    packet = Packet.objects.get()
    insert(PacketStep(packet=packet, state=packet.state, by=packet.submitted_by, at=NOON))

    assert min(packet.submitted_at, packet.steps.get().at) > NOON + datetime.timedelta(days=365)


def test_synthetic_packets_keep_the_days_of_their_own():
    packet = PacketFactory(call=CallFactory(is_synthetic=True))

    assert (Packet.objects.get().submitted_at, packet.steps.get().at) == (NOON, NOON)


# --- conflicts of interest ------------------------------------------------------------------------------------------


@at_every_delete
def test_conflict_is_never_deleted(delete):
    for finding in ("stands", "clear"):
        with refused("conflict_stays"):
            delete(ConflictFactory(finding=finding))


@at_every_update
def test_conflict_keeps_its_proposal_and_its_person(change):
    for values in ({"person": ReviewerUserFactory()}, {"proposal": ProposalFactory()}):
        with refused("conflict_stays"):
            change(ConflictFactory(), **values)


@at_every_update
@pytest.mark.parametrize("finding", ["clear", "dismissed"])
def test_standing_conflict_never_turns_silently_into_none(change, finding):
    with refused("conflict_ends_as_mistake"):
        change(ConflictFactory(), finding=finding, kind="")


@at_every_update
def test_standing_conflict_is_taken_back_by_an_officer_who_is_another(change):
    officer = OfficerFactory()

    for person in (UserFactory(), ManagerFactory()):
        with refused("conflict_mistake_by_another"):
            change(ConflictFactory(), finding="mistaken", kind="", words="another Sato", recorded_by=person)
    with refused("conflict_mistake_by_another"):
        change(ConflictFactory(person=officer), finding="mistaken", kind="", words="another Sato")
    change(ConflictFactory(), finding="mistaken", kind="", words="another Sato", recorded_by=officer)


@at_every_insert
def test_nobody_declares_for_another(insert):
    with refused("conflict_cleared_by_person"):
        insert(
            ConflictFactory.build(
                proposal=ProposalFactory(),
                person=ReviewerUserFactory(),
                finding="clear",
                recorded_by=OfficerFactory(),
            )
        )


# --- tallies --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", ["pg_temp.rule_mine", "public.mine"])
def test_tally_is_refused_a_line_from_a_trigger_of_somebodys_own(function):
    proposal = ProposalFactory()
    quoted = """\\nPL/pgSQL function rule_paced_on_insert() line 1 at SQL statement\\n"""
    line = (
        "INSERT INTO proposals_intakeline (call_id, received_on, proposals) "
        f"VALUES ({proposal.call_id}, ''2024-01-01'', 9) /* {quoted} */"
    )
    run(f"""
        CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN EXECUTE E'{line}'; RETURN NEW; END $$
    """)
    run("CREATE TEMP TABLE mine (a integer)")
    run(f"CREATE TRIGGER mine AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION {function}()")

    with refused("tallies_kept"):
        run("INSERT INTO mine VALUES (1)")
