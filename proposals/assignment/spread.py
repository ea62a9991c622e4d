"""Who could review what: a proposal that spreads the load evenly, by pure functions."""

from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Need:
    """A proposal that lacks reviewers. ``never``: who may not have it, or already does."""

    proposal: int
    of: int  # its field
    missing: int
    never: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Candidate:
    """Somebody who may review in these fields, with what is assigned already."""

    person: int
    fields: frozenset[int]
    load: int = 0


@dataclass
class Plan:
    """Who is to review which proposal, and how many reviewers each proposal still lacks."""

    teams: dict[int, list[int]] = field(default_factory=dict)
    short: dict[int, int] = field(default_factory=dict)

    def loads(self) -> Counter[int]:
        """How many of the plan each person gets."""
        return Counter(person for team in self.teams.values() for person in team)


def propose(needs: Sequence[Need], candidates: Sequence[Candidate]) -> Plan:
    """Give each proposal as many reviewers as it lacks, as evenly as the fields and conflicts allow.

    The scarcest proposals choose first, the least loaded reviewers are chosen first; then single proposals are handed
    on until no chain of hand-overs would make the loads more even. The same input gives the same plan.
    """
    able = {
        need.proposal: [c.person for c in candidates if need.of in c.fields and c.person not in need.never]
        for need in needs
    }
    load = {candidate.person: candidate.load for candidate in candidates}
    plan = Plan()
    for need in sorted(needs, key=lambda need: (len(able[need.proposal]) - need.missing, need.proposal)):
        team = sorted(able[need.proposal], key=lambda person: (load[person], person))[: max(need.missing, 0)]
        for person in team:
            load[person] += 1
        plan.teams[need.proposal] = team
        if need.missing > len(team):
            plan.short[need.proposal] = need.missing - len(team)
    while _hand_over(plan.teams, able, load):
        pass
    return plan


def _hand_over(teams: dict[int, list[int]], able: Mapping[int, list[int]], load: dict[int, int]) -> bool:
    """Make the loads more even along one chain of hand-overs; False where none is left."""
    taken = defaultdict(list)
    for proposal, team in teams.items():
        for person in team:
            taken[person].append(proposal)
    for giver in sorted(taken, key=lambda person: (-load[person], person)):
        chain = _chain(giver, taken, teams, able, load)
        if chain:
            for before, proposal, after in chain:
                teams[proposal][teams[proposal].index(before)] = after
            load[giver] -= 1
            load[chain[-1][2]] += 1
            return True
    return False


def _chain(
    giver: int,
    taken: Mapping[int, list[int]],
    teams: Mapping[int, list[int]],
    able: Mapping[int, list[int]],
    load: Mapping[int, int],
) -> list[tuple[int, int, int]]:
    """The shortest chain (giver, proposal, taker) from a person to one with at least two fewer; empty without one."""
    came: dict[int, tuple[int, int]] = {giver: (0, 0)}
    waiting = deque([giver])
    while waiting:
        person = waiting.popleft()
        for proposal in taken.get(person, ()):
            for taker in able[proposal]:
                if taker in came or taker in teams[proposal]:
                    continue
                came[taker] = (person, proposal)
                if load[taker] <= load[giver] - 2:
                    return _walked(taker, came, giver)
                waiting.append(taker)
    return []


def _walked(taker: int, came: Mapping[int, tuple[int, int]], giver: int) -> list[tuple[int, int, int]]:
    steps = []
    while taker != giver:
        before, proposal = came[taker]
        steps.append((before, proposal, taker))
        taker = before
    return steps[::-1]
