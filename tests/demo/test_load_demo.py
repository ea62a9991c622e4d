"""What ``manage.py load_demo`` leaves behind: four synthetic calls, one in each stage, and four accounts."""

import datetime

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import translation

from calls.models import Call
from tests import databases
from tests.demonstrated import everything, load


@pytest.mark.sweep
def test_load_demo_says_in_one_line_what_became_of_each_call(db):
    accounts = "Accounts: officer, reviewer, manager, admin; password of those made here: aspire-demo"
    assert load() == [
        "DEMO-OPEN (open): 118 proposals, 0 awards.",
        "DEMO-REVIEW (in review): 122 proposals, 0 awards.",
        "DEMO-DECIDING (deciding): 120 proposals, 0 awards.",
        "DEMO-RELEASED (released): 124 proposals, 15 awards.",
        accounts,
    ]
    assert load() == [
        "DEMO-OPEN is already there and stays as it is.",
        "DEMO-REVIEW is already there and stays as it is.",
        "DEMO-DECIDING is already there and stays as it is.",
        "DEMO-RELEASED is already there and stays as it is.",
        accounts,
    ]


@pytest.fixture(scope="module")
def loaded_before(demonstration_database, django_db_blocker) -> dict:
    """The rows that another run left, in another database."""
    with django_db_blocker.unblock(), databases.connected_to(demonstration_database):
        return everything(but=(User,))


def test_load_demo_makes_the_same_rows_every_time(loaded_before, db):
    load()

    assert everything(but=(User,)) == loaded_before


# A day that other years lack, one on which the best do not all fit into one fiscal year, the last and the first of a
# fiscal year: the first two in every run.
@pytest.mark.parametrize(
    "on",
    [
        datetime.date(2024, 2, 29),
        datetime.date(2026, 11, 27),
        pytest.param(datetime.date(2025, 3, 31), marks=pytest.mark.sweep),
        pytest.param(datetime.date(2030, 4, 1), marks=pytest.mark.sweep),
    ],
)
def test_demo_calls_stand_in_their_stages_on_whatever_day_is_given(db, on):
    assert [line.partition(":")[0] for line in load(on=on)[:4]] == [
        "DEMO-OPEN (open)",
        "DEMO-REVIEW (in review)",
        "DEMO-DECIDING (deciding)",
        "DEMO-RELEASED (released)",
    ]


def test_load_demo_is_refused_in_production(db, settings):
    settings.IS_PRODUCTION = True
    with translation.override("en"), pytest.raises(CommandError, match="nothing was loaded"):
        call_command("load_demo")
    assert not Call.objects.exists()
    assert not User.objects.exists()
