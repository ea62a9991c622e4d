"""What if: two sets of awards side by side, as money. Nothing is marked."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import F
from django.utils.translation import gettext as _

from aspire.refusals import Refusal
from aspire.untyped import Held
from calls.models import Call
from proposals.awards.desk import AwardPage, RankedRow
from proposals.awards.ranking import Standing, top
from proposals.awards.spending import Bar, Spending
from proposals.record.models import AnnualAward, AnnualCost
from proposals.record.status import Decision, Status

MARKED, BEST, NUMBERS = "marked", "top", "numbers"
Yen = Mapping[int, Mapping[int, int]]  # proposal → fiscal year → yen

Key = TypeVar("Key")


@dataclass(frozen=True)
class Pick:
    """How a set is chosen: as marked now, the best so many of a field or of all, or by number."""

    kind: str
    best: int = 0
    field: str = ""
    numbers: frozenset[str] = frozenset()

    def of(self, ranked: Iterable[Standing]) -> list[Standing]:
        found = list(ranked)
        if self.kind == MARKED:
            return [standing for standing in found if standing.decision == Decision.AWARD]
        if self.kind == BEST:
            return top(found, self.best, field=self.field)
        return [standing for standing in found if standing.number in self.numbers]


@dataclass(frozen=True)
class Side:
    """One set as money in yen, with its base: what is given whatever else is chosen."""

    count: int
    total_yen: int
    years: dict[int, int]
    fields: dict[str, int]
    countries: dict[str, int]
    refusals: list[Refusal]


@dataclass(frozen=True)
class Beside:
    """One line of the comparison."""

    line: Bar
    yen: tuple[int, int]

    @property
    def difference_yen(self) -> int:
        return self.yen[1] - self.yen[0]

    @property
    def left_yen(self) -> tuple[int | None, int | None]:
        limit = self.line.limit_yen
        return (None, None) if limit is None else (limit - self.yen[0], limit - self.yen[1])


@dataclass(frozen=True)
class Comparison:
    """Two sets beside each other: totals, fiscal years, fields, countries, and who is only in one of them."""

    sides: tuple[Side, Side]
    total: Beside
    years: list[Beside]
    fields: list[Beside]
    countries: list[Beside]
    only: tuple[list[tuple[RankedRow, int]], list[tuple[RankedRow, int]]]

    @property
    def lettered(self) -> list[tuple[str, Side]]:
        return list(zip("AB", self.sides, strict=True))

    @property
    def differing(self) -> list[tuple[str, list[tuple[RankedRow, int]]]]:
        return list(zip("AB", self.only, strict=True))

    @property
    def groups(self) -> list[tuple[str, list[tuple[str, Beside]]]]:
        """The lines in blocks: the whole, fiscal years, fields, countries; each with its label."""
        blocks = {"total": [self.total], "years": self.years, "fields": self.fields, "countries": self.countries}
        return [
            (name, [(line.line.label or _("Whole call"), line) for line in lines]) for name, lines in blocks.items()
        ]


def compare(desk: AwardPage, first: Pick, second: Pick) -> Comparison:
    """Both sets over what the person may read; amounts as staged, else as requested."""
    ranked = desk.readable()
    sets = [{standing.pk for standing in pick.of(ranked)} for pick in (first, second)]
    rows = {row.proposal.pk: row for row in desk.rows(s for s in ranked if s.pk in sets[0] | sets[1])}
    yen = amounts_of(rows)
    base = base_of(desk)
    sides = tuple(side_of(desk, base, [rows[pk] for pk in sorted(chosen)], yen) for chosen in sets)
    one, two = sides
    money = desk.spending

    def only(chosen: set[int]) -> list[tuple[RankedRow, int]]:
        return [(rows[pk], sum(yen[pk].values())) for pk in rows if pk in chosen]

    places = sorted(set(one.years) | set(two.years) | {line.key for line in money.years})
    known = {line.key: line for line in money.years}
    return Comparison(
        sides=(one, two),
        total=Beside(money.total, (one.total_yen, two.total_yen)),
        years=[Beside(known.get(y) or Bar(y, str(y), None, 0, 0), _both(one.years, two.years, y)) for y in places],
        fields=[Beside(line, _both(one.fields, two.fields, line.key)) for line in money.fields],
        countries=_countries(money, rows.values(), one, two),
        only=(only(sets[0] - sets[1]), only(sets[1] - sets[0])),
    )


def _both(one: Mapping[Held, int], two: Mapping[Held, int], key: object) -> tuple[int, int]:
    return one.get(key, 0), two.get(key, 0)


def _countries(money: Spending, rows: Iterable[RankedRow], one: Side, two: Side) -> list[Beside]:
    lines = {line.key: line for line in money.countries}
    for row in rows:
        country = row.proposal.country
        lines.setdefault(country.alpha2, Bar(country.alpha2, str(country), None, 0, 0))
    return [Beside(line, _both(one.countries, two.countries, key)) for key, line in lines.items()]


def amounts_of(rows: Mapping[int, RankedRow]) -> Yen:
    """What each proposal would get by fiscal year: as staged, else as requested; two queries."""
    yen: dict[int, dict[int, int]] = {pk: {} for pk in rows}
    awarded = [pk for pk, row in rows.items() if row.award]
    for amount in AnnualAward.objects.filter(award__proposal__in=awarded).select_related("award"):
        yen[amount.award.proposal_id][amount.fiscal_year] = amount.total_yen
    for cost in AnnualCost.objects.filter(proposal__in=rows.keys() - set(awarded)):
        yen[cost.proposal_id][cost.fiscal_year] = cost.total_yen
    return yen


@dataclass(frozen=True)
class Weighed:
    """A line of the ranking with the yen it would take by fiscal year, for the bar that adds up what is chosen."""

    row: RankedRow
    years: Mapping[int, int]

    @property
    def as_json(self) -> str:
        """What it would take, and whether that is staged already."""
        return json.dumps({"years": self.years, "staged": self.row.award is not None})


def weighed(rows: Iterable[RankedRow]) -> list[Weighed]:
    """The lines of a page, each with its yen."""
    found = list(rows)
    yen = amounts_of({row.proposal.pk: row for row in found})
    return [Weighed(row, yen[row.proposal.pk]) for row in found]


def room_of(money: Spending, *, fund_left_yen: int | None) -> str:
    """What is left of the pot, of each fiscal year, of the number and of the fund, as JSON for the same bar."""
    years = {line.key: line.left_yen for line in money.years if line.limit_yen is not None}
    whole = {"pot": money.total.left_yen, "awards": money.left_count, "fund": fund_left_yen}
    return json.dumps({**whole, "years": years})


@dataclass(frozen=True)
class Base:
    """What is given whatever is chosen: released awards, and those staged where the person may not choose."""

    money: Spending
    own: list[dict[str, Any]]  # what is staged where the person may choose, by fiscal year, field and country

    @property
    def count(self) -> int:
        return self.money.released_count + self.money.staged_count - len({row["award"] for row in self.own})

    def yen(self, lines: Iterable[Bar], name: str) -> dict[Held, int]:
        sums = {line.key: line.taken_yen for line in lines}
        for row in self.own:
            sums[row[name]] -= row["yen"]
        return sums


def base_of(desk: AwardPage) -> Base:
    """The base of every set of this person: one query beside the spending."""
    own = AnnualAward.objects.filter(award__proposal__in=[standing.pk for standing in desk.readable()])
    staged = own.exclude(award__proposal__status=Status.AWARDED).values(
        "award",
        year=F("fiscal_year"),
        field=F("award__proposal__field__code"),
        country=F("award__proposal__primary_funder__country__alpha2"),
        yen=F("direct_yen") + F("indirect_yen"),
    )
    return Base(desk.spending, [dict(row) for row in staged])


def side_of(desk: AwardPage, base: Base, rows: Iterable[RankedRow], yen: Yen) -> Side:
    """A set added to its base."""
    money = desk.spending
    chosen = [row for row in rows if row.proposal.status != Status.AWARDED]

    def added(sums: dict[Key, int], key: Callable[[RankedRow, int], Key]) -> dict[Key, int]:
        for row in chosen:
            for year, amount in yen[row.proposal.pk].items():
                sums[key(row, year)] = sums.get(key(row, year), 0) + amount
        return sums

    years = added(base.yen(money.years, "year"), lambda _row, year: year)
    count, total = base.count + len(chosen), sum(years.values())
    return Side(
        count,
        total,
        years,
        added(base.yen(money.fields, "field"), lambda row, _year: row.proposal.field.code),
        added(base.yen(money.countries, "country"), lambda row, _year: row.proposal.country.alpha2),
        refusals_of(desk.call, money, count=count, total_yen=total, years=years),
    )


def refusals_of(call: Call, money: Spending, *, count: int, total_yen: int, years: Mapping[int, int]) -> list[Refusal]:
    """What the rules would say to the set: the pot, the number of awards, every fiscal year's slice."""
    found = []

    def over(name: str, value: int, limit: int | None, **values: object) -> None:
        if limit is not None and value > limit:
            amounts = {"value_yen": value, "limit_yen": limit, "over_yen": value - limit}
            found.append(Refusal(name, {"call": call.code, **amounts, "value": value, "limit": limit, **values}))

    over("call_awards_within_pot", total_yen, money.total.limit_yen)
    over("call_awards_within_number", count, money.max_awards)
    for line in money.years:
        over("call_awards_within_slice", years.get(line.key, 0), line.limit_yen, fiscal_year=line.key)
    return found
