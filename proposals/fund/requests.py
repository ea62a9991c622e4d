"""How much is asked for beside what the terms allow: sums, the median, the indirect part."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Aggregate, BigIntegerField, Case, Count, F, FloatField, Sum, Value, When
from django.db.models.functions import Cast

from aspire.yen import rate
from proposals.record.querysets import ProposalQuerySet

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


def asked_by_call(proposals: ProposalQuerySet) -> Any:
    """The counted proposals whose amounts are known, by call; reconstructed ones state none."""
    return proposals.counted().filter(is_reconstructed=False).order_by().values("call")


def requests_by_call(proposals: ProposalQuerySet) -> dict[int, Requests]:
    """The requests of each call that has such proposals."""
    rows = asked_by_call(proposals).annotate(**MEASURES, median_yen=Median(ASKED))
    return {row.pop("call"): Requests(**{**row, "median_yen": whole(row["median_yen"])}) for row in rows}


def medians_by_call(proposals: ProposalQuerySet) -> dict[int, int | None]:
    """The median of what is asked in each such call, in whole yen."""
    return {row["call"]: whole(row["median"]) for row in asked_by_call(proposals).annotate(median=Median(ASKED))}


def whole(yen: float | None) -> int | None:
    """Whole yen, half up."""
    return None if yen is None else int(Decimal(yen).quantize(Decimal(1), ROUND_HALF_UP))
