"""What the rules cost those who write: one cost at a time, and 50,000 at once, with the triggers on and off."""

import itertools
from collections.abc import Callable

from django.db import connection, transaction

from aspire.wareki import fiscal_year_ends_on, fiscal_year_starts_on
from calls.models import Call
from proposals.record.models import AnnualCost
from proposals.record.status import Status
from tests.bench import measuring
from tests.bench.measuring import Line, medians
from tests.bench.rows import rules_off, settle

SAVE_ROUNDS, COPY_ROUNDS = 5, 3
YEARS = range(2027, 2032)
COPY = "COPY proposals_annualcost (proposal_id, fiscal_year, direct_yen, indirect_yen) FROM STDIN"


def saving(costs: list[AnnualCost], *, judged: bool = False) -> Callable[[], object]:
    """Save so many costs one by one, each in a transaction of its own, each changed a little."""
    turn = itertools.count()

    def save() -> None:
        less = 1_000 * (next(turn) % 7 + 1)
        for cost in costs:
            cost.direct_yen = cost.direct_yen // 10_000 * 10_000 - less
            cost.indirect_yen = 0
            if judged:
                cost.full_clean()
            cost.save()

    return save


def copying(call: Call, count: int) -> Callable[[], object]:
    """COPY a cost for each of five fiscal years of so many proposals, check the foreign keys, and take it all back."""
    call.proposals.update(starts_on=fiscal_year_starts_on(YEARS[0]), ends_on=fiscal_year_ends_on(YEARS[-1]))
    proposals = call.proposals.values_list("pk", flat=True)[:count]
    rows = [(proposal, year, 20_000_000, 6_000_000) for proposal in proposals for year in YEARS]
    assert len(rows) == count * len(YEARS)

    def copy() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            with cursor.copy(COPY) as sheet:
                for row in rows:
                    sheet.write_row(row)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            transaction.set_rollback(True)

    return copy


def measure(saved: Call, copied: Call) -> list[Line]:
    many, few_of_them = measuring.chosen.copied, measuring.chosen.copied // len(YEARS)
    open_to_change = AnnualCost.objects.filter(proposal__call=saved).exclude(proposal__status=Status.AWARDED)
    costs = list(open_to_change.filter(direct_yen__gt=1_000_000)[: measuring.chosen.saved])
    save, judged, copy = saving(costs), saving(costs, judged=True), copying(copied, many)
    off = {"save, off": rules_off, "copy, off": rules_off}
    works = {"save, on": save, "save, off": save, "judged": judged}
    settle()
    taken = medians(works, rounds=SAVE_ROUNDS, around=off)
    taken = {name: seconds / len(costs) for name, seconds in taken.items()}
    settle()
    taken |= medians({"copy, on": copy, "copy, off": copy}, rounds=COPY_ROUNDS, around=off)
    few = copying(copied, few_of_them)
    settle()
    taken |= medians({"few, settled": few}, rounds=COPY_ROUNDS)
    settle()
    save()
    taken |= medians({"few, planned": few}, rounds=COPY_ROUNDS)
    return [
        Line("one cost saved, rules on", taken["save, on"], "rules off", taken["save, off"]),
        Line("one cost full_clean()ed and saved", taken["judged"], "saved, rules off", taken["save, off"]),
        Line(f"COPY of {many * len(YEARS):,} costs, rules on", taken["copy, on"], "rules off", taken["copy, off"]),
        Line(
            f"COPY of {few_of_them * len(YEARS):,} costs after single saves",
            taken["few, planned"],
            "fresh session",
            taken["few, settled"],
        ),
    ]
