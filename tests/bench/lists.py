"""The list of a call's proposals: its last page against its first."""

from django.urls import reverse

from calls.models import Call
from tests.bench.measuring import Line, medians
from tests.bench.pages import page

ROUNDS = 11
AT_MOST_OF_FIRST = 1.5


def measure(calls: list[Call]) -> list[Line]:
    works, sizes = {}, [call.proposals.count() for call in calls]
    for size, call in zip(sizes, calls, strict=True):
        address = f"{reverse('proposals:list')}?call={call.code}"
        works[f"first {size}"] = page("manager", address)
        works[f"last {size}"] = page("manager", f"{address}&last=1")
    works["all"], works["end"] = (page("manager", reverse("proposals:list") + end) for end in ("", "?last=1"))
    taken = medians(works, rounds=ROUNDS)
    return [
        *(
            Line(f"last page of {size:,}", taken[f"last {size}"], "page 1", taken[f"first {size}"], AT_MOST_OF_FIRST)
            for size in sizes
        ),
        Line("last page of all calls", taken["end"], "page 1", taken["all"], AT_MOST_OF_FIRST),
        *(
            Line(f"page 1 of {size:,}", taken[f"first {size}"], f"of {sizes[0]:,}", taken[f"first {sizes[0]}"])
            for size in sizes
        ),
    ]
