"""What became of each proposal since a briefing, and which of its figures that moves."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from django.utils.translation import gettext as _

from aspire.untyped import Recorded
from proposals.explore.dimensions import DIMENSIONS
from proposals.record.status import NOT_COUNTED, Status

NOTHING = "\u2015"
Place = tuple[tuple[str, str], ...]  # dimension and code, each once; empty for the whole
Shape = tuple[str, ...]  # the dimensions of such places


@dataclass(frozen=True)
class FrozenProposal:
    """How one proposal stood: what a tally is made of."""

    status: str
    is_counted: bool
    requested_yen: int
    awarded_yen: int
    codes: dict[str, list[str]]  # dimension → the codes under which it counts there

    @classmethod
    def of(
        cls, status: str, codes: dict[str, list[str]], requested: int, awarded: int, *, is_counted: bool | None = None
    ) -> "FrozenProposal":
        """Withdrawn and ineligible proposals are not counted, unless somebody asked for them."""
        counts = status not in NOT_COUNTED if is_counted is None else is_counted
        return cls(status, counts, requested, awarded if status == Status.AWARDED else 0, codes)

    def as_json(self) -> list[object]:
        return [self.status, self.is_counted, self.requested_yen, self.awarded_yen, self.codes]

    @property
    def amounts(self) -> dict[str, Any]:
        """What it adds to each measure."""
        awards = int(self.status == Status.AWARDED)
        yen = {"requested_yen": self.requested_yen, "awarded_yen": self.awarded_yen}
        return {"proposals": 1, "awards": awards, "rate": (1, awards), **yen}

    def places(self, shape: Shape) -> Iterator[Place]:
        """Where it counts among places of that shape."""
        yield from product(*([(name, code) for code in self.codes.get(name, [])] for name in shape))


def place_of(codes: dict[str, str]) -> Place:
    """The same place, however it was written."""
    return tuple(sorted(codes.items()))


def shape_of(place: Place) -> Shape:
    return tuple(name for name, _code in place)


@dataclass(frozen=True)
class Change:
    """What became of one proposal since the briefing."""

    number: str
    kind: str
    before: FrozenProposal | None
    after: FrozenProposal | None
    words: str
    is_there: bool = True

    def moves(self, shapes: Collection[Shape]) -> Iterator[tuple[Place, str]]:
        """The places and measures whose figure it moves."""
        found: dict[tuple[Place, str], list[Recorded]] = {}
        for side, standing in enumerate((self.before, self.after)):
            if standing is not None and standing.is_counted:
                for place in (place for shape in shapes for place in standing.places(shape)):
                    for measure, amount in standing.amounts.items():
                        found.setdefault((place, measure), [0, 0])[side] = amount
        nothing = (0, (0, 0))
        for where, (was, now) in found.items():
            if was != now and not (was in nothing and now in nothing):
                yield where


def changes_between(
    then: dict[str, FrozenProposal],
    now: dict[str, FrozenProposal],
    *,
    hidden: Collection[str],
    elsewhere: dict[str, str],
) -> Iterator[Change]:
    """Each proposal that counted then or counts now and does not stand as it did.

    ``hidden``: those not for the reader to see, which are a change without a number, so that the difference is still
    accounted for. ``elsewhere``: those that are there and no longer answer the question, with their status.
    """
    for number in sorted(then.keys() | now.keys()):
        before, after = then.get(number), now.get(number)
        was, counts = before is not None and before.is_counted, after is not None and after.is_counted
        if not (was or counts) or before == after:
            continue
        if after is None:
            yield _gone(number, before, is_hidden=number in hidden, status=elsewhere.get(number))
        elif not was:
            words = _("counted now: %(status)s") % {"status": Status(after.status).label}
            yield Change(number, "added", before, after, words)
        elif not counts:
            words = _("left out now: %(status)s") % {"status": Status(after.status).label}
            yield Change(number, "left_out", before, after, words)
        elif before is not None:
            yield Change(number, "corrected", before, after, ", ".join(_corrections(before, after)))


def _gone(number: str, before: FrozenProposal | None, *, is_hidden: bool, status: str | None) -> Change:
    if status is None:
        shown = NOTHING if is_hidden else number
        return Change(shown, "gone", before, None, _("no longer there, or not for you to see"), is_there=False)
    if status in NOT_COUNTED:
        return Change(
            number, "left_out", before, None, _("left out now: %(status)s") % {"status": Status(status).label}
        )
    return Change(number, "left_out", before, None, _("no longer among what was asked for"))


def _corrections(before: FrozenProposal, after: FrozenProposal) -> Iterator[str]:
    parts = [(_("status"), str(Status(before.status).label), str(Status(after.status).label))]
    for name in before.codes:
        old, new = (", ".join(standing.codes.get(name, [])) for standing in (before, after))
        parts.append((str(DIMENSIONS[name].label), old, new))
    parts.append((_("yen requested"), f"{before.requested_yen:,}", f"{after.requested_yen:,}"))
    parts.append((_("yen awarded"), f"{before.awarded_yen:,}", f"{after.awarded_yen:,}"))
    yield from (f"{name}: {old} → {new}" for name, old, new in parts if old != new)
