"""The list of a call's proposals: its last page against its first."""

from django.urls import reverse

from calls.models import Call
from tests.bench.boards import page
from tests.bench.measuring import Line, medians

ROUNDS = 11
AT_MOST_OF_FIRST = 1.5


def measure(calls: dict[int, Call]) -> list[Line]:
    works = {}
    for size, call in calls.items():
        address = f"{reverse('proposals:list')}?call={call.code}"
        works[f"first {size}"] = page("manager", address)
        works[f"last {size}"] = page("manager", f"{address}&last=1")
    works["all"], works["end"] = (page("manager", reverse("proposals:list") + end) for end in ("", "?last=1"))
    taken = medians(works, rounds=ROUNDS)
    return [
        *(
            Line(f"last page of {size:,}", taken[f"last {size}"], "page 1", taken[f"first {size}"], AT_MOST_OF_FIRST)
            for size in calls
        ),
        Line("last page of all calls", taken["end"], "page 1", taken["all"], AT_MOST_OF_FIRST),
        *(Line(f"page 1 of {size:,}", taken[f"first {size}"], "of 43", taken["first 43"]) for size in calls),
    ]
