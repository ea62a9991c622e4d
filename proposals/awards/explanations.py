"""Where marks differ from the ranking, said beforehand to whoever releases them."""

from collections.abc import Iterable
from dataclasses import dataclass

from proposals.awards.ranking import Standing
from proposals.record.status import Decision

ORDER = [Decision.AWARD, Decision.RESERVE, Decision.DECLINE]


@dataclass(frozen=True)
class Leap:
    """A proposal marked better than others of its field that rank above it."""

    standing: Standing
    passed: list[Standing]


def leaps(marked: Iterable[Standing], *, among: Iterable[Standing]) -> list[Leap]:
    """Of these marks, every one that the ranking of its field alone would not have given.

    ``among``: everything that is ranked, whatever packet it is in, also what nobody has marked yet: an award or a
    reserve passes over it. What has no rank stands below all.
    """
    ranked = [standing for standing in among if standing.rank_in_field is not None]
    found = []
    for standing in marked:
        passed = [other for other in ranked if standing.decision and _is_passed(other, by=standing)]
        if passed:
            found.append(Leap(standing, passed))
    return found


def _place(standing: Standing) -> int:
    """How well it is marked; not marked yet counts as the least."""
    return ORDER.index(Decision(standing.decision or Decision.DECLINE))


def _is_passed(other: Standing, *, by: Standing) -> bool:
    if other.rank_in_field is None or other.field != by.field or _place(other) <= _place(by):
        return False
    return by.rank_in_field is None or other.rank_in_field < by.rank_in_field
