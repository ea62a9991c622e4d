"""Every write by every path leaves a row of history, and no such row is ever changed."""

import pghistory
import pgtrigger
import pytest
from django.apps import apps
from django.db import connection, transaction

from partners.models import Country
from proposals.models import AnnualCost, Award
from proposals.models.tallies import Intake, Pace, Progress, Tally
from tests.doors import at_every_insert, at_every_update, copy, refused, run
from tests.factories import (
    MILLION,
    AnnualAwardFactory,
    AnnualCostFactory,
    AwardFactory,
    CountryFactory,
    ProposalFactory,
    TermsFactory,
)

pytestmark = pytest.mark.django_db
OURS = {"partners", "calls", "proposals"}
KEPT = {Tally, Intake, Progress, Pace}  # written by triggers alone, from rows that are tracked
TRACKED = [
    model
    for model in apps.get_models()
    if model._meta.app_label in OURS and not hasattr(model, "pgh_tracked_model") and model not in KEPT
]
EVENTS = [model for model in apps.get_models() if hasattr(model, "pgh_tracked_model")]
name_of_model = {"ids": lambda model: model._meta.label}


def history_of(model, *columns):
    """What was recorded about the model's rows, the earliest first."""
    events = apps.get_model(model._meta.app_label, f"{model.__name__}Event")
    return list(events.objects.order_by("pgh_id").values_list("pgh_label", *columns))


def test_every_model_of_ours_is_tracked():
    assert {event.pgh_tracked_model for event in EVENTS} == set(TRACKED)


@pytest.mark.parametrize("model", TRACKED, **name_of_model)
def test_inserts_updates_and_deletes_have_a_trigger_each(model):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass", [model._meta.db_table])
        triggers = {name for (name,) in cursor}

    for event in ("insert_insert", "update_update", "delete_delete"):
        assert any(name.startswith(f"pgtrigger_{event}") for name in triggers), (event, triggers)


@pytest.mark.parametrize("event", EVENTS, **name_of_model)
@pytest.mark.parametrize(
    ("name", "sql"),
    [
        ("history_is_append_only", "UPDATE {} SET pgh_label = 'insert'"),
        ("history_is_append_only", "DELETE FROM {}"),
        ("rows_never_truncated", "TRUNCATE {}"),
    ],
)
def test_history_is_refused_any_change(event, name, sql):
    with refused(name):
        run(sql.format(event._meta.db_table))


@at_every_insert
def test_insert_is_recorded_whatever_the_door(insert):
    insert(CountryFactory.build(alpha2="CA", name_ja="カナダ"))
    insert(AnnualCostFactory.build(proposal=ProposalFactory()))
    insert(AwardFactory.build(proposal=ProposalFactory()))

    assert ("insert", "CA", "カナダ") in history_of(Country, "alpha2", "name_ja")
    assert history_of(AnnualCost, "fiscal_year", "direct_yen") == [("insert", 2024, 10 * MILLION)]
    assert [label for (label,) in history_of(Award)] == ["insert"]


@at_every_update
def test_update_is_recorded_whatever_the_door(change):
    cost = AnnualCostFactory()

    change(cost, direct_yen=11 * MILLION)

    assert history_of(AnnualCost, "direct_yen") == [("insert", 10 * MILLION), ("update", 11 * MILLION)]


@pytest.mark.parametrize(
    "delete",
    [
        lambda row: row.delete(),
        lambda row: AnnualCost.objects.all().delete(),
        lambda row: AnnualCost.objects.all()._raw_delete("default"),
        lambda row: run("DELETE FROM proposals_annualcost"),
        lambda row: row.proposal.delete(),
    ],
    ids=["delete", "queryset", "raw_delete", "sql", "cascade"],
)
def test_delete_is_recorded_whatever_the_door(delete):
    delete(AnnualCostFactory())

    assert history_of(AnnualCost, "direct_yen") == [("insert", 10 * MILLION), ("delete", 10 * MILLION)]


def test_upsert_is_recorded_as_what_it_did():
    cost = AnnualCostFactory()
    rows = [
        AnnualCostFactory.build(proposal=cost.proposal, fiscal_year=year, direct_yen=20 * MILLION)
        for year in (2024, 2025)
    ]

    AnnualCost.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["proposal", "fiscal_year"], update_fields=["direct_yen"]
    )

    recorded = history_of(AnnualCost, "fiscal_year", "direct_yen")
    assert recorded[0] == ("insert", 2024, 10 * MILLION)
    assert set(recorded[1:]) == {("update", 2024, 20 * MILLION), ("insert", 2025, 20 * MILLION)}


def test_every_row_is_recorded_when_many_come_at_once():
    proposal = ProposalFactory()

    copy(*(AnnualCostFactory.build(proposal=proposal, fiscal_year=year) for year in range(2024, 2029)))

    assert history_of(AnnualCost, "fiscal_year") == [("insert", year) for year in range(2024, 2029)]


def test_nothing_is_recorded_when_nothing_changed_or_only_what_triggers_keep():
    proposal = AnnualCostFactory().proposal
    proposal.refresh_from_db()

    proposal.save()
    AnnualAwardFactory(award__proposal=proposal)

    assert history_of(type(proposal), "number") == [("insert", proposal.number)]


def test_nothing_is_recorded_when_the_write_was_refused():
    cost = AnnualCostFactory()

    with refused("cost_within_ceiling"):
        AnnualCost.objects.filter(pk=cost.pk).update(direct_yen=27 * MILLION)

    assert len(history_of(AnnualCost)) == 1


def test_history_names_who_wrote_and_from_where():
    with pghistory.context(user=7, url="/admin/proposals/annualcost/"):
        cost = AnnualCostFactory()

    (event,) = cost.events.all()
    assert event.pgh_context.metadata == {"user": 7, "url": "/admin/proposals/annualcost/"}


def test_write_is_recorded_when_a_session_setting_would_ignore_triggers():
    cost = AnnualCostFactory()

    with pgtrigger.ignore():
        AnnualCost.objects.filter(pk=cost.pk).update(direct_yen=11 * MILLION)

    assert history_of(AnnualCost, "direct_yen")[-1] == ("update", 11 * MILLION)


def test_write_is_recorded_when_a_temporary_table_stands_in_the_way():
    terms = TermsFactory()
    with transaction.atomic():
        run("CREATE TEMP TABLE calls_termsevent (LIKE public.calls_termsevent INCLUDING ALL)")
        terms.max_months = 48
        terms.save()
        run("DROP TABLE pg_temp.calls_termsevent")

    assert history_of(type(terms), "max_months") == [("insert", 60), ("update", 48)]


def test_history_outlives_the_row_it_is_about():
    cost = AnnualCostFactory()
    number = cost.pk

    cost.delete()

    assert history_of(AnnualCost, "pgh_obj_id") == [("insert", number), ("delete", number)]
