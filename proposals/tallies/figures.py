"""What one cell of a board holds: the recorded count, the published one, and whether either may be shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from aspire.templatetags.figures import signed
from aspire.untyped import Above
from aspire.yen import exact, rate

NOT_PUBLISHED, PUBLISHED, RECORDED_ONLY = "not_published", "published", "recorded_only"
# Beside a recorded number: no publication states the cell, a publication says that it does not, somebody derived it.
NOT_STATED, LEFT_UNPUBLISHED, DERIVED = "not_stated", "recorded_not_published", "derived"
MASKED, MASK = "masked", "\uff0a"  # how it is called, and what is seen
NOT_DECIDED, NOTHING = "not_decided", "\u2015"


@lru_cache(maxsize=4096)
def rows_url(call: str = "", **filters: str) -> str:
    """The address of exactly the proposals behind a number: those counted, unless ``status`` says otherwise.

    Without a call, over all calls.
    """
    asked = ({"call": call} if call else {}) | {"status": "counted", **filters}
    return f"{reverse('proposals:list')}?{urlencode(asked)}"


@dataclass(frozen=True)
class Figure:
    """A number and the address of its rows. ``recorded`` is None where the source published nothing to hold it to.

    ``derived``: what somebody worked out from a publication, which is not published itself. ``source``: of either.
    """

    recorded: int | None
    published: int | None
    status: str
    href: str = ""
    derived: int | None = None
    source: str = ""

    @property
    def words(self) -> str:
        """What stands in place of the number, where it is not said; empty where it is."""
        return {NOT_PUBLISHED: _("not published"), MASKED: MASK, NOT_DECIDED: NOTHING}.get(self.status, "")

    @property
    def unstated(self) -> str:
        """What stands in place of a published number where a table was published in part; empty otherwise."""
        return {NOT_STATED: _("not stated"), LEFT_UNPUBLISHED: _("not published")}.get(self.status, "")

    @property
    def is_public(self) -> bool:
        """Whether everybody knows the recorded number: it was published as it is, or nothing can be counted yet."""
        return self.status == NOT_DECIDED or self.difference == 0

    @property
    def difference(self) -> int | None:
        """Recorded less published; None where there are not both."""
        if self.recorded is None or self.published is None:
            return None
        return self.recorded - self.published

    def as_json(self) -> dict[str, Any]:
        if self.words:
            return {"status": self.status}
        if self.derived is not None:
            return {"recorded": self.recorded, "derived": self.derived, "status": self.status}
        if self.published is None:
            return {"recorded": self.recorded, "status": self.status}
        return {"recorded": self.recorded, "published": self.published, "difference": self.difference}


@dataclass(frozen=True)
class Row:
    """One line of a count. ``codes`` are the codes of its dimensions, ``group`` the label of an outer dimension."""

    code: str
    label: str
    proposals: Figure
    awards: Figure
    codes: dict[str, str] = field(default_factory=dict)
    group: str = ""
    explanations: Sequence[Above] = ()
    key: int | None = None  # of the country, field or funder; None for a total
    is_decided: bool = True

    @property
    def rate(self) -> str | None:
        """Awards in a hundred proposals, one decimal, half up; None before the decision or without a denominator."""
        if not self.is_decided or self.proposals.recorded is None or self.awards.recorded is None:
            return None
        return rate(self.awards.recorded, self.proposals.recorded)

    @property
    def outer(self) -> str:
        """The code of the outer dimension, where there is one, else its own."""
        return self.codes.get("country", self.code)

    @property
    def size(self) -> int:
        """By what rows are put in order of size; -1 where no number may be seen."""
        return -1 if self.proposals.words else self.proposals.recorded or 0

    @property
    def has_masked_rate(self) -> bool:
        return self.is_decided and MASKED in {self.proposals.status, self.awards.status}


@dataclass(frozen=True)
class Table:
    """A tally by one dimension, in its printed order, with its total."""

    key: str
    caption: str
    header: str
    rows: Sequence[Row]
    total: Row
    has_awards: bool

    @property
    def shows_awards(self) -> bool:
        """Whether any row says something of awards: none before the decision, nor where none are published."""
        return any(row.awards.status not in {NOT_PUBLISHED, NOT_DECIDED} for row in self.all_rows)

    @property
    def by_size(self) -> "Table":
        """The same with the most proposals first, groups kept together; what is masked or not published comes last."""
        totals = dict[str, int]()
        for row in self.rows:
            totals[row.outer] = totals.get(row.outer, 0) + row.size + 1
        place = {outer: number for number, outer in enumerate(totals)}
        rows = [replace(row, group=group) for row, group in with_groups(self)]
        ranked = sorted(rows, key=lambda row: (-totals[row.outer], place[row.outer], -row.size))
        return replace(self, rows=ranked)

    @property
    def all_rows(self) -> list[Row]:
        """Every row, the total last."""
        return [*self.rows, self.total]


def with_groups(table: Table) -> Iterator[tuple[Row, str]]:
    """Every row with the label of its outer dimension, also where the screen leaves it out as said above."""
    group = ""
    for row in table.rows:
        group = row.group or group
        yield row, group


@dataclass(frozen=True)
class Tile:
    """A headline number: what it is, the number, one line of context, and where its rows are."""

    label: str
    value: str
    note: str
    href: str
    exact: str = ""  # the same in whole yen, on hover
    course: tuple[int, ...] = ()  # how it came to be, day by day


def compared(figure: Figure) -> str:
    """A headline number beside the published one, in words."""
    if figure.derived is not None:
        return _("derived %(derived)s") % {"derived": exact(figure.derived)}
    if figure.published is None:
        return _("recorded")
    if figure.difference == 0:
        return _("published %(published)s, no difference") % {"published": exact(figure.published)}
    values = {"published": exact(figure.published), "difference": signed(figure.difference)}
    return _("published %(published)s, difference %(difference)s") % values


def counting_rule() -> str:
    """How a board counts, in a sentence."""
    return _(
        "Each proposal counts once, under the country of its primary funder; withdrawn and ineligible ones are "
        "left out."
    )
