"""Marking and releasing in any order: the decisions agree with a small model in plain Python, refusals included."""

from dataclasses import dataclass, field

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from aspire.refusals import Refused, from_error
from aspire.roles import Role
from calls.models import Call, PotSlice
from proposals.awards import release as releasing
from proposals.awards.decisions import Wish, stage
from proposals.record.models import AnnualAward, Conflict, Mark, Packet, Proposal
from proposals.record.status import Status
from tests.doors import run
from tests.effort import tries
from tests.factories import MILLION, NOON, OUT, CallFactory, ProposalFactory, TermsFactory
from tests.people import person

pytestmark = pytest.mark.django_db
NUMBERS = [f"S-{place}" for place in range(4)]
POT, SLICE, MOST = 30, 25, 2  # millions of yen, awards
PEOPLE = ["officer", "both", "manager"]  # both: officer and manager
MANAGERS = {"both", "manager"}
BECOMES = {"award": "awarded", "decline": "declined"}


@dataclass
class Model:
    """What the decisions should do, without a database: yen in millions, packets by their place."""

    marks: dict[str, tuple[str, str, int | None]] = field(default_factory=dict)  # decision, by, packet
    hands: dict[str, set[str]] = field(default_factory=dict)  # who set the mark since it was last taken back
    conflicts: set[tuple[str, str]] = field(default_factory=set)  # person, number
    given: dict[str, int] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=lambda: dict.fromkeys(NUMBERS, "received"))
    packets: list[list[str]] = field(default_factory=list)  # state, submitted by

    def state_of(self, number):
        packet = self.marks[number][2] if number in self.marks else None
        return None if packet is None else self.packets[packet][0]

    @property
    def waiting(self):
        return next((place for place, (state, _by) in enumerate(self.packets) if state == "submitted"), None)

    def inside(self, packet):
        return [number for number, mark in self.marks.items() if mark[2] == packet]

    def stands(self, number, decision, yen):
        """Whether it is marked so already."""
        if number not in self.marks or self.marks[number][0] != decision:
            return False
        return decision != "award" or self.given[number] == yen

    def stage(self, by, wishes):
        """Whether the batch is taken; nothing of it where it is not."""
        if by == "manager":
            return False
        given = {n: yen for n, yen in self.given.items() if n not in wishes}
        for number, (decision, yen) in wishes.items():
            is_reserve = number in self.marks and self.marks[number][0] == "reserve"
            state = self.state_of(number)
            if state == "submitted" or (state == "released" and not (is_reserve and decision)):
                return False
            if (by, number) in self.conflicts:
                return False
            if decision and self.status[number] == "withdrawn":
                return False
            if decision == "award":
                given[number] = yen
        raised = sum(given.values()) > sum(self.given.values())
        if sum(given.values()) > POT or (sum(given.values()) > SLICE and raised) or len(given) > MOST:
            return False
        standing = {n for n, wish in wishes.items() if self.stands(n, *wish)}
        self.given = given
        for number in wishes.keys() - standing:
            decision = wishes[number][0]
            self.marks.pop(number, None)
            if decision:
                self.marks[number] = (decision, by, None)
                self.hands.setdefault(number, set()).add(by)
            else:
                self.hands.pop(number, None)
        return True

    def submit(self, by):
        staged = self.inside(None)
        if by == "manager" or self.waiting is not None or all((by, n) in self.conflicts for n in staged):
            return False
        self.packets.append(["submitted", by])
        for number in staged:
            self.marks[number] = (*self.marks[number][:2], len(self.packets) - 1)
        return True

    def release(self, by):
        packet = self.waiting
        inside = self.inside(packet)
        if not self.may_decide(packet, by):
            return False
        if by == self.packets[packet][1] or any(by in self.hands[n] for n in inside):
            return False
        if any({(by, n), (self.marks[n][1], n)} & self.conflicts for n in inside):
            return False
        if any(self.status[n] == "withdrawn" for n in inside):
            return False
        self.packets[packet][0] = "released"
        self.status |= {n: BECOMES[self.marks[n][0]] for n in inside if self.marks[n][0] in BECOMES}
        return True

    def may_decide(self, packet, by):
        return by in MANAGERS and not any((by, n) in self.conflicts for n in self.inside(packet))

    def give_back(self, packet, state, by):
        if not self.may_decide(packet, by):
            return False
        told = [n for n in self.inside(packet) if self.marks[n][0] in BECOMES]
        if state == "undone":
            self.status |= {n: "in_review" for n in told if self.status[n] in BECOMES.values()}
        for number in self.inside(packet):
            self.marks[number] = (*self.marks[number][:2], None)
        self.packets[packet][0] = state
        return True

    def withdraw(self, number):
        if number in self.given:
            return False
        self.status[number] = "withdrawn"
        return True


wishes = st.dictionaries(
    st.sampled_from(NUMBERS),
    st.tuples(st.sampled_from(["award", "award", "reserve", "decline", ""]), st.integers(5, 20)),
    min_size=1,
    max_size=3,
)
people = st.sampled_from(PEOPLE)


class Decisions(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.model = Model()
        self.call = CallFactory(progress="deciding", pot_yen=POT * MILLION, max_awards=MOST)
        PotSlice.objects.create(call=self.call, fiscal_year=2024, limit_yen=SLICE * MILLION)
        terms = TermsFactory(call=self.call)
        for number in NUMBERS:
            ProposalFactory(terms=terms, number=number)
        self.people = {
            "officer": person("officer", "Officer", Role.OFFICER),
            "both": person("both", "Both", Role.OFFICER, Role.MANAGER),
            "manager": person("manager", "Manager", Role.MANAGER),
        }
        self.packets = []

    def teardown(self):
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)

    def who(self, name):
        """As with each request: what hides proposals from a person is read anew."""
        return User.objects.get(pk=self.people[name].pk)

    @staticmethod
    def done(decide, *arguments, **keywords):
        try:
            with transaction.atomic():
                decide(*arguments, **keywords)
        except Refused:
            return False
        except DatabaseError as error:
            if from_error(error) is None:
                raise
            return False
        return True

    @rule(by=people, wished=wishes)
    def mark(self, by, wished):
        asked = [
            Wish(number, decision, amounts={2024: (yen * MILLION, 0)}) for number, (decision, yen) in wished.items()
        ]
        done = self.done(stage, self.call, asked, by=self.who(by), at=NOON)
        assert done == self.model.stage(by, wished)

    @rule(by=people)
    def submit(self, by):
        done = self.done(releasing.submit, self.call, by=self.who(by), at=NOON)
        assert done == self.model.submit(by)
        self.packets = list(Packet.objects.filter(call=self.call).order_by("pk"))

    @precondition(lambda self: self.model.waiting is not None)
    @rule(by=people)
    def release(self, by):
        packet = self.packets[self.model.waiting]
        done = self.done(releasing.release, packet, by=self.who(by), at=NOON)
        assert done == self.model.release(by)
        if not done:  # nor through any other door
            release = "UPDATE proposals_packet SET state = 'released', decided_by_id = %s WHERE id = %s"
            assert not self.done(run, release, self.people[by].pk, packet.pk)

    @precondition(lambda self: self.model.waiting is not None)
    @rule(by=people)
    def send_back(self, by):
        packet = self.model.waiting
        done = self.done(releasing.send_back, self.packets[packet], by=self.who(by), at=NOON, comment="again")
        assert done == self.model.give_back(packet, "sent_back", by)

    @precondition(lambda self: any(state == "released" for state, _by in self.model.packets))
    @rule(by=people, which=st.randoms(use_true_random=False))
    def undo(self, by, which):
        packet = which.choice([p for p, (state, _by) in enumerate(self.model.packets) if state == "released"])
        done = self.done(releasing.undo, self.packets[packet], by=self.who(by), at=NOON, reason="wrong")
        assert done == self.model.give_back(packet, "undone", by)

    @rule(number=st.sampled_from(NUMBERS))
    def withdraw(self, number):
        change = Proposal.objects.filter(number=number).update
        assert self.done(change, status=Status.WITHDRAWN, **OUT) == self.model.withdraw(number)

    @rule(by=people, number=st.sampled_from(NUMBERS))
    def conflict(self, by, number):
        values = {"finding": "stands", "kind": "kin", "recorded_by": self.people["manager"], "recorded_at": NOON}
        known = {"proposal": Proposal.objects.get(number=number), "person": self.people[by]}
        Conflict.objects.update_or_create(**known, defaults=values)
        self.model.conflicts.add((by, number))

    @invariant()
    def agrees(self):
        marks = Mark.objects.select_related("proposal", "marked_by", "packet")
        stored = {m.proposal.number: (m.decision, m.marked_by.username, m.packet and m.packet.state) for m in marks}
        assert stored == {n: (*mark[:2], self.model.state_of(n)) for n, mark in self.model.marks.items()}
        amounts = AnnualAward.objects.values_list("award__proposal__number", "direct_yen")
        assert dict(amounts) == {n: yen * MILLION for n, yen in self.model.given.items()}
        assert dict(Proposal.objects.values_list("number", "status")) == self.model.status
        call = Call.objects.get(pk=self.call.pk)
        assert (call.taken_yen, call.taken_count) == (sum(self.model.given.values()) * MILLION, len(self.model.given))


@pytest.mark.more
def test_decisions_agree_with_their_model_in_any_order():
    run_state_machine_as_test(
        Decisions,
        settings=settings(
            max_examples=tries(8, sweep=50),
            stateful_step_count=15,
            suppress_health_check=list(HealthCheck),
        ),
    )
