"""Where marks differ from the ranking, said beforehand to whoever releases them."""

from collections.abc import Iterable
from dataclasses import dataclass

from proposals.awards.ranking import Standing
from proposals.status import Decision

ORDER = [Decision.AWARD, Decision.RESERVE, Decision.DECLINE]


@dataclass(frozen=True)
class Leap:
    """A proposal marked better than others of its field that rank above it."""

    standing: Standing
    passed: list[Standing]


def leaps(marked: Iterable[Standing]) -> list[Leap]:
    """Every mark that the ranking of its field alone would not have given; what has no rank stands below all."""
    rows = [standing for standing in marked if standing.decision]
    found = []
    for standing in rows:
        passed = [other for other in rows if _is_passed(other, by=standing)]
        if passed:
            found.append(Leap(standing, passed))
    return found


def _is_passed(other: Standing, *, by: Standing) -> bool:
    if other.field != by.field or ORDER.index(Decision(other.decision)) <= ORDER.index(Decision(by.decision)):
        return False
    return other.rank_in_field is not None and (by.rank_in_field is None or other.rank_in_field < by.rank_in_field)
