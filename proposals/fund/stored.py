"""What is asked for beside what the terms allow, as the kept lines have it: as quick beside a million proposals.

For a reader from whom no proposal is hidden; for others what they may see is added up anew.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Aggregate, BigIntegerField, Case, Count, F, FloatField, Max, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Cast

from aspire.yen import rate
from calls.terms import Limits
from proposals.record.models import OutlayLine, Proposal, TallyLine
from proposals.record.querysets import ProposalQuerySet
from proposals.record.status import COUNTED

DIRECT, INDIRECT = F("requested_direct_yen"), F("requested_indirect_yen")
ASKED = DIRECT + INDIRECT
WHOLE: "BigIntegerField[int, int]" = BigIntegerField()


class Median(Aggregate):
    """The middle of the values; of an even number, the mean of the two in the middle."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@dataclass(frozen=True)
class Requests:
    """What the counted proposals of a call ask for, in whole yen over all fiscal years.

    ``allowed_yen``: what their terms would allow together; ``under_yen``: the part of the requests that these limit.
    """

    number: int = 0
    direct_yen: int = 0
    indirect_yen: int = 0
    under_yen: int = 0
    allowed_yen: int = 0
    median_yen: int | None = None

    @property
    def total_yen(self) -> int:
        return self.direct_yen + self.indirect_yen

    @property
    def against_ceiling(self) -> str | None:
        """The requests in a hundred yen allowed; None without a denominator."""
        return rate(self.under_yen, self.allowed_yen)

    @property
    def indirect_share(self) -> str | None:
        """Indirect costs in a hundred yen of direct ones; None without a denominator."""
        return rate(self.indirect_yen, self.direct_yen)


MEASURES: dict[str, Any] = {
    "number": Count("pk"),
    "direct_yen": Sum(DIRECT),
    "indirect_yen": Sum(INDIRECT),
    "under_yen": Sum(Case(When(terms__indirect_included=True, then=ASKED), default=DIRECT, output_field=WHOLE)),
    "allowed_yen": Sum(F("terms__annual_ceiling_yen") * Cast("terms__max_months", WHOLE) / Value(12, WHOLE)),
}


def asked_by_call(proposals: ProposalQuerySet) -> QuerySet[Proposal, dict[str, Any]]:
    """The counted proposals whose amounts are known, by call; reconstructed ones state none."""
    return proposals.counted().filter(is_reconstructed=False).order_by().values("call")


def counted_requests(proposals: ProposalQuerySet) -> dict[int, Requests]:
    """The requests of each call that has such proposals."""
    rows = asked_by_call(proposals).annotate(**MEASURES, median_yen=Median(ASKED))
    return {row.pop("call"): Requests(**{**row, "median_yen": whole(row["median_yen"])}) for row in rows}


def medians_by_call(proposals: ProposalQuerySet) -> dict[int, int | None]:
    """The median of what is asked in each such call, in whole yen."""
    return {row["call"]: whole(row["median"]) for row in asked_by_call(proposals).annotate(median=Median(ASKED))}


def whole(yen: float | None) -> int | None:
    """Whole yen, half up."""
    return None if yen is None else int(Decimal(yen).quantize(Decimal(1), ROUND_HALF_UP))


# --- by the kept lines -----------------------------------------------------------------------------------------------
TERMS = ("annual_ceiling_yen", "max_months", "indirect_included", "indirect_percent")
Key = tuple[object, ...]
# A median is no sum of lines, so it is remembered by this process: for each call, the lines it was computed from.
MEDIANS: dict[int, tuple[Key, int | None]] = {}


def awards_by_call() -> Iterator[dict[str, Any]]:
    """The awards of each call: what is taken from the pot and not released is staged."""
    taken = {"taken_count": F("call__taken_count"), "taken_yen": F("call__taken_yen")}
    released = {"committed_count": Sum("awards"), "committed_yen": Sum("awarded_yen")}
    for row in TallyLine.objects.order_by().values("call", **taken).annotate(**released):
        yield {
            **row,
            "staged_count": row["taken_count"] - row["committed_count"],
            "staged_yen": row["taken_yen"] - row["committed_yen"],
        }


def amounts_by_year(without: Collection[int]) -> Iterable[dict[str, Any]]:
    """What awards give by fiscal year, programme and whether synthetic, less the calls named."""
    call = {"programme": F("call__programme"), "is_synthetic": F("call__is_synthetic")}
    yen = {"committed": Q(is_released=True), "staged": Q(is_released=False)}
    sums = {name: Sum("yen", filter=which, default=0) for name, which in yen.items()}
    lines = OutlayLine.objects.exclude(call__in=without).order_by().values("fiscal_year", **call)
    rows: Iterable[dict[str, Any]] = lines.annotate(**sums, amounts=Sum("amounts")).filter(amounts__gt=0)
    return rows


def requests_by_call() -> dict[int, Requests]:
    """The requests of each call: sums of its lines, by the terms that these stand under, and the median."""
    terms = {name: F(f"terms__{name}") for name in TERMS}
    sums = {
        "number": Sum(F("proposals") - F("reconstructed")),
        "direct": Sum("direct_yen"),
        "total": Sum("requested_yen"),
    }
    lines = {"lines": Count("pk"), "newest": Max("pk"), "added_up": Sum("pk")}
    rows = TallyLine.objects.filter(status__in=COUNTED).order_by().values("call", "terms", **terms)
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows.annotate(**sums, **lines).order_by("terms_id"):
        if row["number"]:
            found.setdefault(row["call"], []).append(row)
    median_of = medians({call: tuple(tuple(row.values()) for row in rows) for call, rows in found.items()})
    return {
        call: Requests(
            number=sum(row["number"] for row in rows),
            direct_yen=sum(row["direct"] for row in rows),
            indirect_yen=sum(row["total"] - row["direct"] for row in rows),
            under_yen=sum(row["total"] if row["indirect_included"] else row["direct"] for row in rows),
            allowed_yen=sum(row["number"] * Limits(*(row[name] for name in TERMS)).total_ceiling_yen for row in rows),
            median_yen=median_of[call],
        )
        for call, rows in found.items()
    }


def medians(keys: Mapping[int, Key]) -> dict[int, int | None]:
    """The median of each call, computed anew where its lines are others than those remembered.

    Every write that changes what a call is asked for adds a line to it, and no two lines ever have the same id.
    """
    others = [call for call, key in keys.items() if MEDIANS.get(call, (None, None))[0] != key]
    if others:
        computed = medians_by_call(Proposal.objects.filter(call__in=others))
        MEDIANS.update({call: (keys[call], computed.get(call)) for call in others})
    return {call: MEDIANS[call][1] for call in keys}
