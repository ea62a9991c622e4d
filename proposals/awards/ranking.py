"""Who stands where: the proposals of a call by the weighted mean of the reviews that count."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import DecimalField, ExpressionWrapper, F, Sum
from django.db.models.functions import Cast

from aspire.people import Person
from aspire.roles import STAFF, Role, roles_of
from calls.models import Call
from proposals.record.models import Proposal, Review
from proposals.record.querysets import ProposalQuerySet
from proposals.record.status import Decision, PacketState

SEES_ALL_FIELDS = STAFF | {Role.MANAGER}
NUMERIC: "DecimalField[Any, Any]" = DecimalField(max_digits=20, decimal_places=10)

# Ranks compare means as they are shown, to two decimals, so that what looks tied is tied.
RANKING = """
    WITH totals AS ({reviews}), figures AS (
        SELECT proposal, round(avg(total), 2) AS mean, count(*) AS n, round(max(total) - min(total), 2) AS spread,
               round(percentile_cont(0.5) WITHIN GROUP (ORDER BY total)::numeric, 2) AS median
          FROM totals GROUP BY proposal
    )
    SELECT p.proposal, p.number, p.field_code, f.mean, f.median, f.spread, coalesce(f.n, 0),
           CASE WHEN f.mean IS NOT NULL THEN rank() OVER (ORDER BY f.mean DESC NULLS LAST) END AS rank,
           CASE WHEN f.mean IS NOT NULL
                THEN rank() OVER (PARTITION BY p.field_code ORDER BY f.mean DESC NULLS LAST) END,
           f.mean IS NOT NULL AND count(*) OVER (PARTITION BY f.mean) > 1,
           coalesce(m.decision, ''), coalesce(m.version, 0), coalesce(k.state, '')
      FROM ({proposals}) p LEFT JOIN figures f ON f.proposal = p.proposal
      LEFT JOIN proposals_mark m ON m.proposal_id = p.proposal LEFT JOIN proposals_packet k ON k.id = m.packet_id
     ORDER BY rank NULLS LAST, p.number
"""


@dataclass(frozen=True)
class Standing:
    """Where one proposal stands, and how it is marked.

    A review's total is the mean of its scores by the weights of their criteria, 1 to 5; ``mean``, ``median`` and
    ``spread`` (highest less lowest) are over the reviews that count, ``reviews`` of them. Equal means share a rank.
    """

    pk: int
    number: str
    field: str
    mean: Decimal | None
    median: Decimal | None
    spread: Decimal | None
    reviews: int
    rank: int | None
    rank_in_field: int | None
    is_tied: bool
    decision: str
    version: int
    packet: str

    @property
    def is_settled(self) -> bool:
        """Whether its mark is submitted or released, and does not move."""
        return self.packet in {PacketState.SUBMITTED, PacketState.RELEASED}

    @property
    def is_markable(self) -> bool:
        """Whether its mark can change now: a released one only where it is a reserve."""
        return not self.is_settled or (self.packet == PacketState.RELEASED and self.decision == Decision.RESERVE)

    def place(self, *, field: str = "") -> int | None:
        """Its rank in the field, or in all."""
        return self.rank_in_field if field else self.rank


def leads(user: Person, call: Call) -> frozenset[int]:
    """The fields of the call that the person leads, while it is decided; none at any other time."""
    if Role.REVIEWER not in roles_of(user) or call.progress != Call.Progress.DECIDING:
        return frozenset()
    return frozenset(call.call_fields.filter(lead_reviewer=user).values_list("field", flat=True))


def rankable(call: Call, user: Person) -> ProposalQuerySet:
    """What of a call a person may see ranked: staff and managers all of it, lead reviewers their fields."""
    proposals = Proposal.objects.visible_to(user).filter(call=call).counted()
    if roles_of(user) & SEES_ALL_FIELDS:
        return proposals
    return proposals.filter(field__in=leads(user, call))


def standings(call: Call, user: Person) -> list[Standing]:
    """The ranking as one person sees it, best first, unreviewed last: one query, however many proposals.

    A proposal that is hidden by a conflict of interest is in no row, no rank and no count.
    """
    reviews = Review.objects.counting().filter(assignment__proposal__call=call).order_by()
    weighted = Cast(Sum(F("scores__value") * F("scores__criterion__weight")), NUMERIC)
    total = ExpressionWrapper(weighted / Sum("scores__criterion__weight"), output_field=NUMERIC)
    totals = reviews.values("pk", proposal=F("assignment__proposal")).annotate(total=total)
    seen = rankable(call, user).order_by().values("number", proposal=F("pk"), field_code=F("field__code"))
    try:
        (reviews_sql, reviews_values), (seen_sql, seen_values) = (
            found.query.sql_with_params() for found in (totals, seen)
        )
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(RANKING.format(reviews=reviews_sql, proposals=seen_sql), [*reviews_values, *seen_values])
        return [Standing(*row) for row in cursor.fetchall()]


def top(ranked: Iterable[Standing], number: int, *, field: str = "") -> list[Standing]:
    """The best so many of these in a field, or in all; whoever shares the last rank comes along, so it may be more."""
    placed = [(place, s) for s in ranked if (not field or s.field == field) and (place := s.place(field=field))]
    best = sorted(place for place, _standing in placed)[:number]
    return [standing for place, standing in placed if best and place <= best[-1]]


# --- where marks differ from the ranking -----------------------------------------------------------------------------
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
