"""How much a run tries: a little and always the same from day to day, everything and ever new examples in a sweep."""

import os

from hypothesis import settings

IS_SWEEP = bool(os.environ.get("ASPIRE_SWEEP"))

settings.register_profile("daily", max_examples=25, deadline=None, derandomize=True, database=None)
settings.register_profile("sweep", max_examples=100, deadline=None, print_blob=True)
settings.load_profile("sweep" if IS_SWEEP else "daily")


def tries(daily: int, *, sweep: int) -> int:
    """How many examples, rounds or kills: few of a kind that costs much, all of them where a release is swept."""
    return sweep if IS_SWEEP else daily
