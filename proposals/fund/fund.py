"""A fund over fiscal years: committed by released awards, staged, left, and how many more projects it can pay.

It counts every award but those that a conflict of interest or an embargo hides from the reader. Synthetic calls never
enter the sums of real ones.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import BooleanField, Count, ExpressionWrapper, F, Q, Sum
from django.urls import reverse

from aspire.people import Person
from aspire.untyped import Annotated
from calls.hidden import partly_hidden_from
from calls.models import Call, Programme, Terms
from proposals.fund import stored
from proposals.fund.stored import Requests, counted_requests
from proposals.record.models import AnnualAward, Award, TallyLine
from proposals.record.querysets import ProposalQuerySet
from proposals.record.status import Status
from proposals.tallies.figures import rows_url

RELEASED = Q(award__proposal__status=Status.AWARDED)


def projects(left_yen: int, project_yen: int | None) -> int | None:
    """How many projects of that size the money still pays; None where no size is known."""
    return None if not project_yen else max(left_yen, 0) // project_yen


@dataclass(frozen=True)
class Year:
    """What one fiscal year takes, in whole yen."""

    fiscal_year: int
    committed_yen: int
    staged_yen: int
    href: str

    @property
    def taken_yen(self) -> int:
        return self.committed_yen + self.staged_yen


@dataclass(frozen=True)
class CallLine:
    """One call: its pot, what awards take from it (yen), how many there are, and what is asked of it."""

    call: Call
    committed_yen: int
    staged_yen: int
    committed_count: int
    staged_count: int
    requests: Requests
    is_reconstructed: bool = False  # its amounts were never published

    @property
    def left_yen(self) -> int | None:
        return None if self.call.pot_yen is None else self.call.pot_yen - self.committed_yen - self.staged_yen

    @property
    def awards_href(self) -> str:
        return rows_url(self.call.code, awarded="1")

    @property
    def staged_href(self) -> str:
        return reverse("awards:ranking", args=[self.call.code])

    @property
    def requests_href(self) -> str:
        return rows_url(self.call.code)


@dataclass(frozen=True)
class Ledger:
    """A fund and the calls that draw on it: either the real ones or the synthetic ones, never both."""

    programme: Programme
    fund_yen: int
    is_synthetic: bool
    calls: list[CallLine]
    years: list[Year]
    terms: Terms | None

    @property
    def key(self) -> str:
        return f"{self.programme.code}-synthetic" if self.is_synthetic else self.programme.code

    @property
    def committed_yen(self) -> int:
        return sum(line.committed_yen for line in self.calls)

    @property
    def staged_yen(self) -> int:
        return sum(line.staged_yen for line in self.calls)

    @property
    def committed_count(self) -> int:
        return sum(line.committed_count for line in self.calls)

    @property
    def staged_count(self) -> int:
        return sum(line.staged_count for line in self.calls)

    @property
    def taken_yen(self) -> int:
        return self.committed_yen + self.staged_yen

    @property
    def running(self) -> list[tuple[Year, int]]:
        """Each fiscal year with what the fund has left after it."""
        left, found = self.fund_yen, list[tuple[Year, int]]()
        for year in self.years:
            left -= year.taken_yen
            found.append((year, left))
        return found

    @property
    def left_yen(self) -> int:
        """What the released awards leave."""
        return self.fund_yen - self.committed_yen

    @property
    def left_after_yen(self) -> int:
        """What is left once the staged set is released too."""
        return self.left_yen - self.staged_yen

    @property
    def project_yen(self) -> int | None:
        """A project of full size: the ceiling of a fiscal year times the years allowed."""
        return self.terms.limits.total_ceiling_yen if self.terms else None

    @property
    def fits(self) -> int | None:
        return projects(self.left_yen, self.project_yen)

    @property
    def fits_after(self) -> int | None:
        return projects(self.left_after_yen, self.project_yen)

    @property
    def staged_href(self) -> str:
        """The marks that are staged: of the only call that has any, else call by call."""
        staged = [line for line in self.calls if line.staged_count]
        return staged[0].staged_href if len(staged) == 1 else f"#{self.key}-calls"

    @property
    def awards_href(self) -> str:
        return awards_url(self.programme, is_synthetic=self.is_synthetic)


@dataclass(frozen=True)
class Fund:
    """Every programme with a fund, its synthetic calls apart, and the calls that are paid from other money."""

    ledgers: list[Ledger]
    others: list[CallLine] = field(default_factory=list)

    @property
    def has_synthetic_others(self) -> bool:
        return any(line.call.is_synthetic for line in self.others)


def awards_url(programme: Programme, *, is_synthetic: bool, **more: object) -> str:
    """The released awards of a programme's real or synthetic calls."""
    asked = {"programme": programme.code, "synthetic": int(is_synthetic), "awarded": "1", **more}
    return f"{reverse('proposals:list')}?{urlencode(asked)}"


def fund(proposals: ProposalQuerySet, *, without: Collection[int] = (), hidden: Collection[int] = ()) -> Fund:
    """The funds as stored now; what is requested is counted over the proposals a reader may see.

    ``without``: the calls whose results the reader may not know yet, which no sum holds. ``hidden``: the proposals in
    conflict with the reader, whose awards no sum holds either.
    """
    # By the kept tallies: of most calls no such proposal is found, however long one looks.
    made = (
        TallyLine.objects.order_by()
        .values("call")
        .annotate(made=Sum("reconstructed"))
        .filter(made__gt=0)
        .values("call")
    )
    reconstructed = ExpressionWrapper(Q(pk__in=made), output_field=BooleanField())
    known = Call.objects.newest_first().select_related("programme").exclude(pk__in=without)
    calls = list(known.annotate(is_reconstructed=reconstructed))
    lines = call_lines(calls, proposals, hidden=hidden)
    latest = {terms.call_id: terms for terms in Terms.objects.select_related("call").order_by("pk")}
    years = amounts_by_year(without, hidden=hidden)
    programmes = [programme for programme in Programme.objects.all() if programme.fund_yen is not None]
    ledgers = [
        ledger(programme, is_synthetic, lines=lines, latest=latest, years=years)
        for programme in programmes
        for is_synthetic in (False, True)
    ]
    funded = {programme.pk for programme in programmes}
    return Fund(
        [each for each in ledgers if each.calls or not each.is_synthetic],
        [line for line in lines if line.call.programme_id not in funded],
    )


def left_of_fund(call: Call, *, reader: Person) -> int | None:
    """What the fund of the call's programme has left beside everything released or staged; None where no fund is
    stated, or where part of what draws on it is hidden from the reader."""
    fund_yen = call.programme.fund_yen
    drawing = Call.objects.filter(programme=call.programme_id, is_synthetic=call.is_synthetic)
    if fund_yen is None or drawing.filter(pk__in=partly_hidden_from(reader)).exists():
        return None
    taken: int = drawing.aggregate(yen=Sum("taken_yen", default=0))["yen"]
    return int(fund_yen) - taken


def ledger(
    programme: Programme,
    is_synthetic: bool,
    *,
    lines: Iterable[CallLine],
    latest: dict[int, Terms],
    years: dict[tuple[int, bool], list[tuple[int, int, int]]],
) -> Ledger:
    """One side of a programme: its own calls, and the terms that its newest call offers."""
    own = [line for line in lines if line.call.programme_id == programme.pk and line.call.is_synthetic == is_synthetic]
    terms = next((latest[line.call.pk] for line in own if line.call.pk in latest), None)
    found = [
        Year(year, committed, staged, awards_url(programme, is_synthetic=is_synthetic, paid_in=year))
        for year, committed, staged in years.get((programme.pk, is_synthetic), [])
    ]
    return Ledger(programme, programme.fund_yen or 0, is_synthetic, own, found, terms)


def call_lines(calls: Iterable[Annotated], proposals: ProposalQuerySet, *, hidden: Collection[int]) -> list[CallLine]:
    """Each call with its money, the newest first."""
    held = {row["call"]: row for row in (_awards_by_call(hidden) if hidden else stored.awards_by_call())}
    asked = counted_requests(proposals) if hidden else stored.requests_by_call()
    nothing = {"committed_yen": 0, "staged_yen": 0, "committed_count": 0, "staged_count": 0}
    return [
        CallLine(
            call,
            requests=asked.get(call.pk, Requests()),
            is_reconstructed=call.is_reconstructed,
            **{name: row[name] for name in nothing},
        )
        for call in calls
        for row in [held.get(call.pk, nothing)]
    ]


def _awards_by_call(hidden: Collection[int]) -> Iterable[dict[str, Any]]:
    released = Q(proposal__status=Status.AWARDED)
    yen = F("awarded_direct_yen") + F("awarded_indirect_yen")
    rows: Iterable[dict[str, Any]] = (
        Award.objects.exclude(proposal__in=hidden)
        .order_by()
        .values(call=F("proposal__call"))
        .annotate(
            committed_yen=Sum(yen, filter=released, default=0),
            staged_yen=Sum(yen, filter=~released, default=0),
            committed_count=Count("pk", filter=released),
            staged_count=Count("pk", filter=~released),
        )
    )
    return rows


def _amounts_by_year(without: Collection[int], hidden: Collection[int]) -> Iterable[dict[str, Any]]:
    call, yen = "award__proposal__call__", F("direct_yen") + F("indirect_yen")
    rows: Iterable[dict[str, Any]] = (
        AnnualAward.objects.exclude(award__proposal__call__in=without)
        .exclude(award__proposal__in=hidden)
        .order_by()
        .values("fiscal_year", programme=F(f"{call}programme"), is_synthetic=F(f"{call}is_synthetic"))
        .annotate(committed=Sum(yen, filter=RELEASED, default=0), staged=Sum(yen, filter=~RELEASED, default=0))
    )
    return rows


def amounts_by_year(
    without: Collection[int], *, hidden: Collection[int]
) -> dict[tuple[int, bool], list[tuple[int, int, int]]]:
    """By programme and whether synthetic: fiscal year, yen committed, yen staged; the years in between as well."""
    rows = _amounts_by_year(without, hidden) if hidden else stored.amounts_by_year(without)
    found: dict[tuple[int, bool], dict[int, tuple[int, int]]] = {}
    for row in rows:
        place = found.setdefault((row["programme"], row["is_synthetic"]), {})
        place[row["fiscal_year"]] = (row["committed"], row["staged"])
    return {
        key: [(year, *held.get(year, (0, 0))) for year in range(min(held), max(held) + 1)]
        for key, held in found.items()
    }
