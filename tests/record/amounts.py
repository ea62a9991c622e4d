"""What tests of amounts have in common: a kind of amount, its factory, what it belongs to and comes to."""

import datetime

import pytest

from tests.factories import (
    AnnualAwardFactory,
    AnnualCostFactory,
    AwardFactory,
    ProposalFactory,
)

BOTH = pytest.mark.parametrize("kind", ["cost", "award"])
DAY, INSTANT = datetime.timedelta(days=1), datetime.timedelta(microseconds=1)
SIX_FISCAL_YEARS = {"starts_on": datetime.date(2024, 10, 1), "ends_on": datetime.date(2029, 9, 30)}


def parent_of(kind, **proposal):
    """What an annual amount of that kind belongs to: a proposal, or the award of one."""
    stored = ProposalFactory(**proposal)
    return {"proposal": stored} if kind == "cost" else {"award": AwardFactory(proposal=stored)}


def factory_of(kind):
    return AnnualCostFactory if kind == "cost" else AnnualAwardFactory


def totals(kind, parent):
    row = next(iter(parent.values()))
    row.refresh_from_db()
    given = "requested" if kind == "cost" else "awarded"
    return getattr(row, f"{given}_direct_yen"), getattr(row, f"{given}_indirect_yen")
