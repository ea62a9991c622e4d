"""A map of the partner countries: each a shape or, where it is too small to be one, a dot, shaded by its number.

The shapes are those of Natural Earth (public domain, 1:110 million), made into paths of whole units.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from math import ceil, sqrt
from pathlib import Path
from typing import Any

STEPS = 5


@dataclass(frozen=True)
class Counted:
    """A country with its number, None where none is published, and the page that it leads to."""

    alpha2: str
    name: str
    number: int | None
    href: str


@dataclass(frozen=True)
class OnMap:
    """A country as it is drawn: a path, or the place of its dot."""

    country: Counted
    step: int  # of the shade: 0 for none
    path: str
    place: tuple[int, int] | None


@dataclass(frozen=True)
class WorldMap:
    """The partners in front, every other country behind them as one path."""

    width: int
    height: int
    behind: str
    countries: list[OnMap]


@cache
def world() -> dict[str, Any]:
    """The shapes by alpha-2 code, and the places of countries too small to have one."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("world.json").read_text(encoding="utf-8"))
    return found


def world_map(countries: Iterable[Counted]) -> WorldMap:
    """The map of these countries; one that it does not know is left to the table."""
    made, known = list(countries), world()
    greatest = max((each.number or 0 for each in made), default=0)
    drawn = [
        OnMap(
            each, _step(each.number, greatest), known["shapes"].get(each.alpha2, ""), known["places"].get(each.alpha2)
        )
        for each in made
        if each.alpha2 in known["shapes"] or each.alpha2 in known["places"]
    ]
    ours = {each.country.alpha2 for each in drawn}
    behind = known["rest"] + "".join(path for alpha2, path in known["shapes"].items() if alpha2 not in ours)
    return WorldMap(known["width"], known["height"], behind, drawn)


def _step(number: int | None, greatest: int) -> int:
    """By the root of the number, so that the greatest does not make the others alike."""
    return ceil(STEPS * sqrt(number / greatest)) if number else 0
