"""What ``manage.py load_demo`` leaves behind: four synthetic calls, one in each stage, and four accounts."""

import datetime
import io
import zoneinfo

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import translation

from calls.models import Call, EligibleFunder
from partners.models import Country, Funder
from proposals.models import AnnualAward, AnnualCost, Counterpart, Proposal

TODAY = datetime.date(2026, 11, 23)
NOON = datetime.datetime(2026, 11, 23, 12, tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo"))
CEILING_YEN = 100_000_000
FIELDS = ["bio", "ai", "materials", "semiconductor", "energy", "quantum", "telecom"]
# What each row says, without the keys that the database gives.
SAID = {
    Call: ["code", "name_ja", "opens_at", "closes_at", "progress", "pot_yen", "max_awards", "taken_yen"],
    Proposal: [
        *[
            "number",
            "status",
            "title_ja",
            "title_en",
            "field__code",
            "received_at",
            "late_reason",
            "starts_on",
            "ends_on",
        ],
        *["principal_investigator", "principal_investigator_reading", "researcher_number", "institution"],
        *["primary_funder__code", "young_researcher_plan", "requested_direct_yen", "requested_indirect_yen"],
    ],
    AnnualCost: ["proposal__number", "fiscal_year", "direct_yen", "indirect_yen"],
    Counterpart: ["proposal__number", "country__alpha2", "funder__code", "person", "institution"],
    AnnualAward: ["award__proposal__number", "award__awarded_on", "fiscal_year", "direct_yen", "indirect_yen"],
    EligibleFunder: ["call__code", "funder__code", "eligible_from"],
    Country: ["alpha2", "name_ja", "reading"],
    Funder: ["code", "name_ja", "label_as_printed"],
    User: ["username", "password", "first_name", "last_name", "is_staff", "is_superuser"],
}


def load(on: datetime.date = TODAY) -> list[str]:
    """The lines that the command prints."""
    out = io.StringIO()
    with translation.override("en"):
        call_command("load_demo", on=on, stdout=out)
    return out.getvalue().splitlines()


def everything(*, but: tuple = ()) -> dict:
    return {
        model: list(model.objects.order_by(*said).values(*said)) for model, said in SAID.items() if model not in but
    }


@pytest.fixture
def calls(db) -> dict[str, Call]:
    load()
    return {call.code: call for call in Call.objects.filter(is_synthetic=True)}


@pytest.fixture
def proposals(calls):
    return Proposal.objects.filter(call__is_synthetic=True)


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


def test_load_demo_makes_the_same_rows_every_time(db):
    def from_nothing() -> dict:
        with transaction.atomic():
            load()
            rows = everything(but=(User,))
            transaction.set_rollback(True)
        return rows

    assert from_nothing() == from_nothing()


def test_load_demo_changes_nothing_when_run_again_on_a_later_day(calls):
    before = everything()
    load(on=TODAY + datetime.timedelta(days=40))
    assert everything() == before


def test_load_demo_leaves_what_people_changed(calls):
    Call.objects.filter(code="DEMO-OPEN").update(name_en="Renamed by an officer")
    Proposal.objects.filter(number="DEMO-OPEN-001").update(title_en="Corrected by an officer")
    User.objects.filter(username="officer").update(last_name="Ito", is_active=False)
    before = everything()
    load()
    assert everything() == before


@pytest.mark.parametrize("on", [datetime.date(2024, 2, 29), datetime.date(2025, 3, 31), datetime.date(2030, 4, 1)])
def test_demo_calls_stand_in_their_stages_on_whatever_day_is_given(db, on):
    assert [line.partition(":")[0] for line in load(on=on)[:4]] == [
        "DEMO-OPEN (open)",
        "DEMO-REVIEW (in review)",
        "DEMO-DECIDING (deciding)",
        "DEMO-RELEASED (released)",
    ]


def test_load_demo_never_resets_a_password(calls):
    officer = User.objects.get(username="officer")
    officer.set_password("changed by its owner")
    officer.save()
    load()
    officer.refresh_from_db()
    assert officer.check_password("changed by its owner")


def test_load_demo_is_refused_in_production(db, settings):
    settings.IS_PRODUCTION = True
    with translation.override("en"), pytest.raises(CommandError, match="nothing was loaded"):
        call_command("load_demo")
    assert not Call.objects.exists()
    assert not User.objects.exists()
