"""The proposed assignment: as many reviewers as wanted and possible, and the loads as even as can be."""

from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proposals.assignment.spread import Candidate, Need, Plan, propose
from tests.effort import tries

QUANTUM, BIO = 1, 2
ALL = frozenset({QUANTUM, BIO})


def people(*loads, fields=ALL):
    return [Candidate(person, fields, load) for person, load in enumerate(loads, start=1)]


def able_in(needs, candidates):
    return {
        need.proposal: {c.person for c in candidates if need.of in c.fields and c.person not in need.never}
        for need in needs
    }


def after(plan, candidates):
    added = plan.loads()
    return {candidate.person: candidate.load + added[candidate.person] for candidate in candidates}


def unevenness(loads):
    return sum(load * load for load in loads)


@pytest.mark.parametrize(
    ("needs", "candidates", "plan"),
    [
        ([], people(0), Plan({}, {})),
        ([Need(1, QUANTUM, 0)], people(0), Plan({1: []}, {})),
        ([Need(1, QUANTUM, -1)], people(0), Plan({1: []}, {})),
        ([Need(1, QUANTUM, 2)], [], Plan({1: []}, {1: 2})),
        ([Need(1, BIO, 2)], people(0, 0, fields=frozenset({QUANTUM})), Plan({1: []}, {1: 2})),
        ([Need(1, QUANTUM, 2, frozenset({1}))], people(0, 5), Plan({1: [2]}, {1: 1})),
        ([Need(1, QUANTUM, 1)], people(3, 1, 2), Plan({1: [2]}, {})),
        ([Need(1, QUANTUM, 1), Need(2, QUANTUM, 1)], people(0, 0), Plan({1: [1], 2: [2]}, {})),
    ],
)
def test_plan_gives_what_is_lacking_to_the_least_loaded_who_may_have_it(needs, candidates, plan):
    assert propose(needs, candidates) == plan


def test_scarcest_proposal_chooses_first():
    only_first = Need(2, QUANTUM, 1, never=frozenset({2}))

    assert propose([Need(1, QUANTUM, 1), only_first], people(0, 0)).teams == {2: [1], 1: [2]}


def test_proposals_are_handed_on_along_a_chain_until_the_loads_are_even():
    """Person 1 has too much, person 3 too little, and only person 2 stands between them."""
    needs = [Need(number, QUANTUM, 1, frozenset({3})) for number in (1, 2)]
    needs += [Need(number, QUANTUM, 1, frozenset({1})) for number in (3, 4, 5)]
    candidates = people(3, 0, 0)

    plan = propose(needs, candidates)

    assert after(plan, candidates) == {1: 3, 2: 3, 3: 2} or after(plan, candidates) == {1: 3, 2: 2, 3: 3}


cases = st.integers(1, 4).flatmap(
    lambda size: st.tuples(
        st.lists(
            st.builds(
                Need,
                proposal=st.integers(1, 50),
                of=st.sampled_from([QUANTUM, BIO]),
                missing=st.integers(0, 3),
                never=st.frozensets(st.integers(1, size), max_size=2),
            ),
            max_size=5,
            unique_by=lambda need: need.proposal,
        ),
        st.tuples(
            *(
                st.builds(
                    Candidate,
                    person=st.just(number),
                    fields=st.sampled_from([frozenset({QUANTUM}), frozenset({BIO}), ALL]),
                    load=st.integers(0, 4),
                )
                for number in range(1, size + 1)
            )
        ).map(list),
    )
)
many = settings(max_examples=tries(40, sweep=200))


@many
@given(cases)
def test_each_proposal_gets_different_people_who_may_have_it_and_as_many_as_there_are(case):
    needs, candidates = case
    able = able_in(needs, candidates)

    plan = propose(needs, candidates)

    assert {proposal: len(set(team)) for proposal, team in plan.teams.items()} == {
        need.proposal: min(need.missing, len(able[need.proposal])) for need in needs
    }
    assert all(len(set(team)) == len(team) and set(team) <= able[proposal] for proposal, team in plan.teams.items())
    lacking = {need.proposal: need.missing - len(plan.teams[need.proposal]) for need in needs}
    assert plan.short == {proposal: missing for proposal, missing in lacking.items() if missing}


@many
@given(cases)
def test_no_other_choice_of_people_makes_the_loads_more_even(case):
    needs, candidates = case
    able = able_in(needs, candidates)
    plan = propose(needs, candidates)
    choices = [combinations(sorted(able[n.proposal]), min(n.missing, len(able[n.proposal]))) for n in needs]
    before = {candidate.person: candidate.load for candidate in candidates}

    def of(teams):
        loads = dict(before)
        for person in (person for team in teams for person in team):
            loads[person] += 1
        return unevenness(loads.values())

    assert unevenness(after(plan, candidates).values()) == min(of(teams) for teams in product(*choices))


@many
@given(cases, st.randoms(use_true_random=False))
def test_the_same_proposals_give_the_same_plan_in_any_order(case, random):
    needs, candidates = case
    shuffled = random.sample(needs, len(needs))

    assert propose(shuffled, candidates) == propose(needs, candidates)
