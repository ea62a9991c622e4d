"""Marks and packets: PostgreSQL refuses each breach by name, at every door."""

import pytest

from calls.models import PotSlice
from proposals.models import AnnualAward, Award, Conflict, Mark, Packet, PacketStep, Proposal
from proposals.status import Decision, PacketState, Status
from tests.doors import at_every_insert, at_every_update, refused, run
from tests.factories import (
    MILLION,
    NOON,
    AnnualAwardFactory,
    AwardFactory,
    CallFactory,
    MarkFactory,
    ProposalFactory,
    TermsFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def packet_of(*marks, by=None):
    """A packet that waits for release, with these marks."""
    call = marks[0].proposal.call if marks else CallFactory()
    packet = Packet.objects.create(call=call, submitted_by=by or UserFactory(), submitted_at=NOON)
    Mark.objects.filter(pk__in=[mark.pk for mark in marks]).update(packet=packet)
    return packet


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
        proposal=values.pop("proposal", None) or ProposalFactory(), marked_by=UserFactory(), **values
    )


@at_every_insert
def test_mark_is_refused_when_its_decision_does_not_exist(insert):
    with refused("mark_decision_known"):
        insert(new_mark(decision="maybe"))


@at_every_insert
@pytest.mark.parametrize("status", [Status.WITHDRAWN, Status.INELIGIBLE])
def test_mark_is_refused_when_the_proposal_is_out(insert, status):
    with refused("award_of_eligible_proposal"):
        insert(new_mark(proposal=ProposalFactory(status=status)))


@at_every_insert
def test_mark_is_refused_when_a_conflict_stands_between_marker_and_proposal(insert):
    mark = new_mark()
    conflict(mark.marked_by, mark.proposal)

    with refused("mark_without_conflict"):
        insert(mark)


@at_every_insert
def test_mark_is_refused_when_it_begins_in_a_packet(insert):
    mark = new_mark()
    mark.packet = Packet.objects.create(call=mark.proposal.call, submitted_by=mark.marked_by, submitted_at=NOON)

    with refused("mark_in_packet"):
        insert(mark)


@at_every_insert
@pytest.mark.parametrize("decision", [Decision.RESERVE, Decision.DECLINE])
def test_mark_is_refused_when_it_says_other_than_the_staged_award(insert, decision):
    with refused("mark_with_award"):
        insert(new_mark(proposal=AwardFactory().proposal, decision=decision))


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
    return Packet(**{"call": CallFactory(), "submitted_by": UserFactory(), "submitted_at": NOON} | values)


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
    packet, second = packet_of(), UserFactory()

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
    mark, releaser, other = MarkFactory(decision=Decision.DECLINE), UserFactory(), UserFactory()
    packet = packet_of(mark)
    conflict(releaser, mark.proposal)

    with refused("release_without_conflict"):
        released(change, packet, releaser)
    packet.refresh_from_db()
    conflict(mark.marked_by, mark.proposal)
    with refused("mark_without_conflict"):
        released(change, packet, other)


@at_every_update
def test_release_is_refused_when_an_award_has_no_amounts_or_a_proposal_is_out(change):
    bare, out = MarkFactory(), MarkFactory(decision=Decision.DECLINE)

    with refused("award_has_amounts"):
        released(change, packet_of(bare), UserFactory())
    packet = packet_of(out)
    Proposal.objects.filter(pk=out.proposal_id).update(status=Status.WITHDRAWN)
    with refused("award_of_eligible_proposal"):
        released(change, packet, UserFactory())


def test_packet_is_sent_back_although_a_proposal_went_out_or_its_marker_has_a_conflict_since():
    mark = MarkFactory(decision=Decision.RESERVE)
    packet = packet_of(mark)
    Proposal.objects.filter(pk=mark.proposal_id).update(status=Status.WITHDRAWN)
    conflict(mark.marked_by, mark.proposal)

    Packet.objects.filter(pk=packet.pk).update(state=PacketState.SENT_BACK, decided_by=UserFactory())
    Mark.objects.filter(packet=packet).update(packet=None)

    with refused("award_of_eligible_proposal"):
        Mark.objects.filter(pk=mark.pk).update(reason="again")
    mark.delete()


@at_every_delete
def test_packets_and_their_steps_are_kept(delete):
    packet = packet_of()
    step = PacketStep.objects.create(packet=packet, state=packet.state, by=packet.submitted_by, at=NOON)

    with refused("packet_stays" if delete is not delete_each else "history_is_append_only"):
        delete(packet if delete is not delete_each else step)
    with refused("history_is_append_only"):
        delete(step)


@at_every_update
def test_step_stays_as_written(change):
    packet = packet_of()
    step = PacketStep.objects.create(packet=packet, state=packet.state, by=packet.submitted_by, at=NOON)

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
    packet_of(MarkFactory(proposal=bare.proposal))

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
    first, second = mark.marked_by, UserFactory()
    Mark.objects.filter(pk=mark.pk).update(marked_by=second, reason="in other words")
    packet = packet_of(mark)

    assert [Mark.objects.set_by(person).exists() for person in (first, second, UserFactory())] == [True, True, False]
    with refused("release_by_second_person"):
        change(packet, state=PacketState.RELEASED, decided_by=first)


def test_who_marked_before_a_mark_was_taken_back_may_release_what_another_marked_since():
    first = MarkFactory(decision=Decision.DECLINE)
    person, proposal = first.marked_by, first.proposal
    first.delete()
    packet = packet_of(MarkFactory(proposal=proposal, decision=Decision.DECLINE))

    Packet.objects.filter(pk=packet.pk).update(state=PacketState.RELEASED, decided_by=person)

    assert Packet.objects.get(pk=packet.pk).state == PacketState.RELEASED
