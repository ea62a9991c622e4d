"""By what a call is judged where nobody has said otherwise."""

import csv
import functools
from pathlib import Path

from calls.models import Call, Criterion

FILE = Path(__file__).parent / "data" / "criteria.csv"


@functools.cache
def _rows() -> tuple[dict[str, str], ...]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def default_criteria(call: Call) -> list[Criterion]:
    """The usual four criteria, made for a call that has none; otherwise its own."""
    if not call.criteria.exists():
        Criterion.objects.bulk_create(
            Criterion(call=call, position=position, **row) for position, row in enumerate(_rows(), start=1)
        )
    return list(call.criteria.order_by("position"))
