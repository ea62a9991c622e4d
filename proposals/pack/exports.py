"""A board as data: JSON for programs, and the long CSV with one row a figure."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aspire.workbooks.writing import safe
from proposals.tallies.board import Board
from proposals.tallies.figures import (
    DERIVED,
    LEFT_UNPUBLISHED,
    MASKED,
    NOT_DECIDED,
    NOT_PUBLISHED,
    NOT_STATED,
    PUBLISHED,
    RECORDED_ONLY,
    Figure,
    Row,
    Table,
    with_groups,
)

NO_DENOMINATOR = "no_denominator"
BOM = "\ufeff"
COLUMNS = [
    "call", "fiscal_year", "table", "country_code", "country", "funder_code", "funder", "field_code", "field",
    "is_total",
    "measure", "measure_definition", "unit", "kind", "value", "numerator", "denominator", "status",
    "status_definition", "is_reconstructed", "is_synthetic", "counting_rule", "source", "as_of", "language",
    "is_partial",
]  # fmt: skip


def as_json(board: Board) -> dict[str, Any]:
    """The board as the documented JSON: totals, and each table's rows in printed order."""
    total = board.total
    return {
        "call": board.code,
        "as_of": board.as_of.isoformat(),
        "is_reconstructed": board.is_reconstructed,
        "is_synthetic": board.is_synthetic,
        "is_partial": board.is_partial,
        "counting_rule": board.counting_rule,
        "left_out": [{"status": label, "proposals": number} for label, number, *_href in board.left_out],
        "sources": board.sources,
        "not_published": board.not_published,
        "language": get_language(),
        "totals": {"proposals": total.proposals.as_json(), "awards": total.awards.as_json()},
        "tables": {table.key: [_row(table, row) for row in table.rows] for table in board.tables},
    }


def _row(table: Table, row: Row) -> dict[str, Any]:
    outer = {"country": row.codes["country"]} if table.key == "country_funder" else {}
    figures = {"proposals": row.proposals.as_json(), "awards": row.awards.as_json(), "rate_percent": row.rate}
    return {**outer, "code": row.code, "label": row.label, **figures}


def as_csv(board: Board) -> str:
    """The board in long form: UTF-8 with BOM, one row a figure, nothing implied by position, a blank never a zero."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns_of(board), lineterminator="\r\n")
    writer.writeheader()
    common = _of_the_board(board)
    for table in board.tables:
        for row, group in [*with_groups(table), (table.total, table.total.label)]:
            labels = {"table": table.key, "is_total": int(row is table.total), **_labels(table, row, group)}
            for line in _lines(row):
                writer.writerow({name: safe(value) for name, value in (common | labels | line).items()})
    return BOM + out.getvalue()


def columns_of(board: Board) -> list[str]:
    """The columns of the CSV: the documented ones, then code and label of every further dimension."""
    keys = [table.key for table in board.tables if table.key != "country_funder" and table.key not in COLUMNS]
    return [*COLUMNS, *(name for key in keys for name in (f"{key}_code", key))]


def _of_the_board(board: Board) -> dict[str, Any]:
    return {
        "call": board.code,
        "fiscal_year": board.fiscal_year,
        "is_reconstructed": int(board.is_reconstructed),
        "is_synthetic": int(board.is_synthetic),
        "counting_rule": board.counting_rule,
        "source": "; ".join(board.sources),
        "as_of": board.as_of.isoformat(),
        "language": get_language(),
        "is_partial": int(board.is_partial),
    }


def _labels(table: Table, row: Row, group: str) -> dict[str, str]:
    """Code and label of each dimension; a total says so in place of every label and has no code."""
    if table.key != "country_funder":
        return {f"{table.key}_code": row.code, table.key: row.label}
    country = {"country_code": row.codes.get("country", ""), "country": group}
    return country | {"funder_code": row.code, "funder": row.label}


def _lines(row: Row) -> Iterable[dict[str, Any]]:
    for measure, unit, meaning in (
        ("proposals", _("proposals (count)"), _("Number of proposals.")),
        ("awards", _("awards (count)"), _("Number of proposals awarded.")),
    ):
        figure: Figure = getattr(row, measure)
        common = {"measure": measure, "unit": unit, "measure_definition": meaning} | _status(figure.status)
        for kind in ("recorded", "published", "derived", "difference"):
            value = getattr(figure, kind)
            if value is not None or kind == "recorded":
                source = {"source": figure.source} if figure.source and kind in {"published", "derived"} else {}
                yield common | source | {"kind": kind, "value": "" if value is None else value}
    yield _rate(row)


def _rate(row: Row) -> dict[str, Any]:
    """The success rate, never without what it was made of."""
    figures = (row.proposals, row.awards)
    unknown = any(figure.words for figure in figures)
    parts = {} if unknown else {"numerator": row.awards.recorded, "denominator": row.proposals.recorded}
    missing = NO_DENOMINATOR if row.is_decided else NOT_DECIDED
    hidden = MASKED if row.has_masked_rate else NOT_PUBLISHED
    unknown = unknown and row.awards.status != NOT_DECIDED
    status = hidden if unknown else RECORDED_ONLY if row.rate else missing
    return (
        parts
        | _status(status)
        | {
            "measure": "success_rate",
            "unit": _("percent"),
            "measure_definition": _("Awards in a hundred proposals, one decimal, rounded half up."),
            "kind": "recorded",
            "value": row.rate or "",
        }
    )


def _status(status: str) -> dict[str, str]:
    meanings = {
        NOT_PUBLISHED: _("The source does not state it; that is not zero."),
        PUBLISHED: _("Published in the source, and counted from the records."),
        RECORDED_ONLY: _("Counted from the records; nothing was published to compare with."),
        NOT_STATED: _("Counted from the records; no publication states it, which is not zero."),
        LEFT_UNPUBLISHED: _("Counted from the records; the publication says that it is not published."),
        DERIVED: _("Counted from the records, beside a number derived from a publication."),
        MASKED: _("Masked: small, or it would give a small number away."),
        NO_DENOMINATOR: _("Not applicable: there is no denominator."),
        NOT_DECIDED: _("Not applicable yet: nothing is decided."),
    }
    return {"status": status, "status_definition": meanings[status]}
