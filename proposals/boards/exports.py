"""A board as data: JSON for programs, and the long CSV with one row a figure."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from proposals.boards.board import Board
from proposals.boards.figures import Figure, Row, Table

BOM = "\ufeff"
COLUMNS = [
    "call", "fiscal_year", "table", "country_code", "country", "funder_code", "funder", "field_code", "field",
    "is_total",
    "measure", "unit", "kind", "value", "status", "is_reconstructed", "is_synthetic", "counting_rule", "as_of",
]  # fmt: skip


def as_json(board: Board) -> dict[str, Any]:
    """The board as the documented JSON: totals, and each table's rows in printed order."""
    total = board.tallies.total
    return {
        "call": board.call.code,
        "as_of": board.as_of.isoformat(),
        "is_reconstructed": board.is_reconstructed,
        "is_synthetic": board.is_synthetic,
        "counting_rule": board.counting_rule,
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
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for table in board.tables:
        group = ""
        for row in [*table.rows, table.total]:
            group = row.group or group
            for measure in ("proposals", "awards"):
                writer.writerows(_lines(board, table, row, group, measure))
    return BOM + out.getvalue()


def _lines(board: Board, table: Table, row: Row, group: str, measure: str) -> Iterable[dict[str, Any]]:
    figure: Figure = getattr(row, measure)
    is_total = row is table.total
    labels = {
        "country": {"country_code": row.code, "country": row.label},
        "field": {"field_code": row.code, "field": row.label},
        "country_funder": {
            "country_code": row.codes.get("country", ""),
            "country": group,
            "funder_code": row.code,
            "funder": row.label,
        },
    }[table.key]
    common = {
        "call": board.call.code,
        "fiscal_year": board.call.fiscal_year,
        "table": table.key,
        "is_total": int(is_total),
        "measure": measure,
        "unit": _("proposals (count)") if measure == "proposals" else _("awards (count)"),
        "status": figure.status,
        "is_reconstructed": int(board.is_reconstructed),
        "is_synthetic": int(board.is_synthetic),
        "counting_rule": board.counting_rule,
        "as_of": board.as_of.isoformat(),
    } | ({} if is_total else labels)
    for kind in ("recorded", "published", "difference"):
        value = getattr(figure, kind)
        if value is not None or kind == "recorded":
            yield common | {"kind": kind, "value": "" if value is None else value}
