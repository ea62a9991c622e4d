"""A tally as columns and rows of typed values: what slides, workbook and paper alike show of a board's table."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aspire.templatetags.figures import NOTHING, count, signed
from proposals.tallies.board import Board
from proposals.tallies.figures import NOT_PUBLISHED, Figure, Row, Table, with_groups

Value = int | Decimal | str
Read = Callable[[Row, str], Value]
PUBLISHED, DERIVED, RECORDED, DIFFERENCE = "published", "derived", "recorded", "difference"


@dataclass(frozen=True)
class Column:
    """What stands in a column. ``name`` is its fixed English name, ``kind`` text, count, difference or rate."""

    name: str
    label: str
    kind: str
    read: Read

    def shown(self, value: Value) -> str:
        """The value as people read it."""
        if isinstance(value, str):
            return value
        return (
            signed(int(value)) if self.kind == DIFFERENCE else count(int(value)) if self.kind == "count" else f"{value}"
        )


@dataclass(frozen=True)
class Series:
    """The bars of one measure, recorded or published, in the order of the rows."""

    label: str
    measure: str
    kind: str
    values: list[int | None]


@dataclass(frozen=True)
class PlainTable:
    """One table: every row says all its labels, and the total comes last."""

    key: str
    caption: str
    columns: list[Column]
    rows: list[list[Value]]
    total: list[Value]
    categories: list[str]
    series: list[Series]

    @property
    def longest(self) -> int:
        """The largest number that the chart draws."""
        return max((value or 0 for one in self.series for value in one.values), default=0)

    def part(self, start: int, stop: int) -> "PlainTable":
        """The same table with some of its rows, for pages that cannot hold all."""
        series = [replace(one, values=one.values[start:stop]) for one in self.series]
        return replace(self, rows=self.rows[start:stop], categories=self.categories[start:stop], series=series)


def plain(board: Board, table: Table) -> PlainTable:
    """The table as one would present it: one number a measure, three where recorded and published differ."""
    kinds = compared_kinds(board) if differs(board) else [RECORDED]
    columns = [*_labels(table), *_measure("proposals", kinds)]
    if table.has_awards:
        columns += [*_measure("awards", kinds), Column("rate_percent", _("Success rate (%)"), "rate", _rate)]
    return _grid(board, table, columns)


def full(board: Board, table: Table) -> PlainTable:
    """The table with codes, every kind of number and the denominator of each rate."""
    kinds = compared_kinds(board) if board.has_published else [RECORDED]
    columns = [*_codes_and_labels(table), *_measure("proposals", kinds), *_measure("awards", kinds)]
    columns.append(Column("rate_percent", _("Success rate (%)"), "rate", _rate))
    columns.append(Column("rate_denominator", _("Denominator of the rate (proposals)"), "count", _denominator))
    return _grid(board, table, columns)


def differs(board: Board) -> bool:
    """Whether any number of the board is another than the published one."""
    return any(figure.difference for figure in figures_of(board))


def has_derived(board: Board) -> bool:
    """Whether a number derived from a publication stands beside any number of the board."""
    return any(figure.derived is not None for figure in figures_of(board))


def figures_of(board: Board) -> Iterator[Figure]:
    return (figure for table in board.tables for row in table.all_rows for figure in (row.proposals, row.awards))


def compared_kinds(board: Board) -> list[str]:
    """The numbers of a measure where what was published stands beside what is recorded."""
    return [PUBLISHED, *([DERIVED] if has_derived(board) else []), RECORDED, DIFFERENCE]


def _grid(board: Board, table: Table, columns: list[Column]) -> PlainTable:
    rows = list(with_groups(table))
    return PlainTable(
        key=table.key,
        caption=table.caption,
        columns=columns,
        rows=[[column.read(row, group) for column in columns] for row, group in rows],
        total=[column.read(table.total, table.total.label) for column in columns],
        categories=[f"{group} {row.label}".strip() for row, group in rows],
        series=list(_series(board, table)),
    )


# --- columns -----------------------------------------------------------------------------------------------------


def _has_groups(table: Table) -> bool:
    return table.key == "country_funder"


def _labels(table: Table) -> Iterator[Column]:
    if _has_groups(table):
        yield Column("country", _("Country or region"), "text", lambda _row, group: group)
    yield Column("label", table.header, "text", lambda row, _group: row.label)


def _codes_and_labels(table: Table) -> Iterator[Column]:
    if _has_groups(table):
        label = _("%(dimension)s code") % {"dimension": _("Country or region")}
        yield Column("country_code", label, "text", lambda row, _group: row.codes.get("country", ""))
    yield Column("code", _("%(dimension)s code") % {"dimension": table.header}, "text", lambda row, _group: row.code)
    yield from _labels(table)


def _measure(measure: str, kinds: list[str]) -> Iterator[Column]:
    label = _measure_label(measure)
    for kind in kinds:
        words = _("%(measure)s (%(kind)s)") % {"measure": label, "kind": kind_label(kind)}
        read = partial(_read, measure, kind)
        shown_as = DIFFERENCE if kind == DIFFERENCE else "count"
        yield Column(f"{measure}_{kind}", words if len(kinds) > 1 else label, shown_as, read)


def _measure_label(measure: str) -> str:
    return _("Proposals") if measure == "proposals" else _("Awards")


def kind_label(kind: str) -> str:
    """How a kind of number is called."""
    words = {
        PUBLISHED: pgettext("column", "published"),
        DERIVED: pgettext("column", "derived"),
        RECORDED: pgettext("column", "recorded"),
        DIFFERENCE: pgettext("column", "difference"),
    }
    return words[kind]


def _read(measure: str, kind: str, row: Row, _group: str) -> Value:
    return number(getattr(row, measure), kind)


def number(figure: Figure, kind: str) -> Value:
    """The number, or in words why it is not said; a dash where nothing was printed to compare with."""
    if figure.words:
        return figure.words
    if kind == PUBLISHED and figure.unstated:
        return figure.unstated
    value: int | None = getattr(figure, kind)
    return NOTHING if value is None else value


def _rate(row: Row, _group: str) -> Value:
    if row.has_masked_rate:
        return row.proposals.words or row.awards.words
    if NOT_PUBLISHED in (row.proposals.status, row.awards.status):
        return _("not published")
    return NOTHING if row.rate is None else Decimal(row.rate)


def _denominator(row: Row, group: str) -> Value:
    """What the rate is made of; where the rate is not said, neither is this."""
    rate = _rate(row, group)
    return rate if isinstance(rate, str) and rate != NOTHING else number(row.proposals, RECORDED)


def _series(board: Board, table: Table) -> Iterable[Series]:
    measures = ["proposals", "awards"] if table.has_awards else ["proposals"]
    kinds = [PUBLISHED, RECORDED] if differs(board) else [RECORDED]
    for measure in measures:
        for kind in kinds:
            figures = [getattr(row, measure) for row in table.rows]
            label = _measure_label(measure)
            if len(kinds) > 1:
                label = _("%(measure)s (%(kind)s)") % {"measure": label, "kind": kind_label(kind)}
            values = [getattr(figure, kind) for figure in figures]
            if any(value is not None for value in values):
                yield Series(label, measure, kind, values)
