"""The fund as the kept lines have it: as quick beside a million proposals as beside none.

For a reader from whom no proposal is hidden; for others what they may see is added up anew.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from django.db.models import Count, F, Max, Q, Sum

from calls.terms import Limits
from proposals.fund.requests import Requests, medians_by_call
from proposals.record.models import Outlay, Proposal, Tally
from proposals.record.status import COUNTED

TERMS = ("annual_ceiling_yen", "max_months", "indirect_included", "indirect_percent")
Key = tuple[Any, ...]
# A median is no sum of lines, so it is remembered by this process: for each call, the lines it was computed from.
MEDIANS: dict[int, tuple[Key, int | None]] = {}


def awards_by_call() -> Iterator[dict[str, Any]]:
    """The awards of each call: what is taken from the pot and not released is staged."""
    taken = {"taken_count": F("call__taken_count"), "taken_yen": F("call__taken_yen")}
    released = {"committed_count": Sum("awards"), "committed_yen": Sum("awarded_yen")}
    for row in Tally.objects.order_by().values("call", **taken).annotate(**released):
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
    lines = Outlay.objects.exclude(call__in=without).order_by().values("fiscal_year", **call)
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
    rows = Tally.objects.filter(status__in=COUNTED).order_by().values("call", "terms", **terms)
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
