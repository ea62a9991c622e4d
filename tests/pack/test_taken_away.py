"""What readers take away: a CSV that machines read."""

import csv
import datetime
import io
import re
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.urls import reverse

from tests.pack.test_pack import busy_call

pytestmark = pytest.mark.django_db
NUMBERS = {"recorded", "published", "difference"}


# --- the CSV, by the rules of machine readability ---------------------------------------------------------------------


@pytest.fixture(params=["R4-TRIAL", "busy"])
def lines(request, looking):
    """The CSV of a call with published figures, and of one whose labels try everything."""
    if request.param == "busy":
        code = busy_call().code
    else:
        call_command("load_briefing", verbosity=0)
        code = "R4-TRIAL"
    text = looking.get(reverse("boards:tallies", args=[code, "csv"]), {"lang": "ja"}).content
    assert text.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(text.decode("utf-8-sig"), newline="")))


def rows(lines):
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def test_one_header_names_every_column_once_and_every_row_has_them_all(lines):
    assert len(set(lines[0])) == len(lines[0])
    assert all(re.fullmatch("[a-z_]+", name) for name in lines[0])
    assert {len(line) for line in lines} == {len(lines[0])}


def test_a_row_repeats_every_label_instead_of_leaving_it_to_the_row_above(lines):
    for row in rows(lines):
        dimensions = {"country": ["country"], "field": ["field"], "country_funder": ["country", "funder"]}[row["table"]]
        assert all(row[name] for name in dimensions), row
        if row["is_total"] == "0":
            assert all(row[f"{name}_code"] for name in dimensions), row


def test_a_value_is_one_bare_number_or_blank_with_the_reason(lines):
    for row in rows(lines):
        if row["value"] == "":
            assert row["status"] in {"not_published", "no_denominator", "not_decided"}, row
        else:
            Decimal(row["value"])
            assert re.fullmatch(r"-?\d+(\.\d)?", row["value"]), row
        assert row["kind"] in NUMBERS


def test_units_definitions_source_and_moment_stand_in_columns_of_their_own(lines):
    for row in rows(lines):
        assert all(row[name] for name in ("unit", "measure_definition", "status_definition", "counting_rule"))
        assert row["is_reconstructed"] in {"0", "1"}
        assert datetime.datetime.fromisoformat(row["as_of"]).tzinfo is not None
        assert row["fiscal_year"].isdigit()
        if row["measure"] == "success_rate" and row["value"]:
            assert row["numerator"].isdigit()
            assert row["denominator"].isdigit()


def test_no_cell_holds_a_formula_a_line_break_or_padding(lines):
    for line in lines:
        assert not any(cell.startswith(("=", "+", "@")) or cell != cell.strip() or "\n" in cell for cell in line), line
