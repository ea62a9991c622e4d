"""Every write by every path leaves a row of history, and no such row is ever changed."""

import json

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from pghistory.models import Context

from aspire.history import SEAL, Sealed, acting, is_believed, share_key
from aspire.models import Account, AccountPermission, AccountRole, AdminLog, NamedRole, RolePermission
from aspire.operations import readiness
from aspire.operations.grants import MAY_BE_EMPTIED, privileges_of
from partners.models import Country, InstitutionName
from proposals.record.models import AnnualCost, Award, Bundle, Counterpart, ProposalDraft
from proposals.record.models.reviews import ReviewerField
from proposals.record.models.tallies import IntakeLine, OutlayLine, PaceLine, ProposalProgress, TallyLine
from tests.doors import as_application, at_every_insert, at_every_update, copy, refused, run, with_triggers_ignored
from tests.factories import (
    MILLION,
    AnnualAwardFactory,
    AnnualCostFactory,
    AwardFactory,
    CounterpartFactory,
    CountryFactory,
    MarkFactory,
    ProposalFactory,
    TermsFactory,
)

pytestmark = pytest.mark.django_db
OURS = {"partners", "calls", "proposals"}
OF_LIBRARIES = {Account, AccountRole, AccountPermission, NamedRole, RolePermission, ReviewerField}
KEPT = {
    TallyLine,
    IntakeLine,
    OutlayLine,
    ProposalProgress,
    PaceLine,
    Bundle,
    ProposalDraft,
    InstitutionName,
}  # written by triggers alone, from rows that are tracked; or typed and not yet saved
TRACKED = [
    model
    for model in apps.get_models()
    if model in OF_LIBRARIES
    or (model._meta.app_label in OURS and not hasattr(model, "pgh_tracked_model") and model not in KEPT)
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

    assert {"insert_on_insert", "update_on_update", "delete_on_delete"} - triggers == set()


@pytest.mark.parametrize("model", [*EVENTS, Context, AdminLog], **name_of_model)
@pytest.mark.parametrize(
    ("name", "sql"),
    [
        ("history_is_append_only", "UPDATE {0} SET {1} = {1}"),
        ("history_is_append_only", "DELETE FROM {0}"),
        ("rows_never_truncated", "TRUNCATE {0}"),
    ],
)
def test_history_is_refused_any_change_by_the_owner_too(model, name, sql):
    with refused(name):
        run(sql.format(model._meta.db_table, model._meta.pk.column))


def tables():
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        return sorted(name for (name,) in cursor)


def test_no_table_is_emptied_in_one_stroke_but_what_is_thrown_away_anyway():
    emptied = set()
    for table in tables():
        try:
            with refused("rows_never_truncated"):
                run(f"TRUNCATE {table} CASCADE")
        except pytest.fail.Exception:
            emptied.add(table)

    assert emptied == set(MAY_BE_EMPTIED)


def test_application_empties_no_table_at_all():
    for table in tables():
        with refused("not_for_the_application"), as_application():
            run(f"TRUNCATE {table} CASCADE")


def test_application_is_given_what_it_needs_of_every_table():
    """Also of tables that a library brings one day: a new one that is not granted is found here and not in use."""
    for table in tables():
        privileges = privileges_of(table).split(", ") if privileges_of(table) else []
        for privilege in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES"):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT has_table_privilege(%s, %s::regclass, %s)",
                    [settings.DATABASE_APPLICATION_ROLE, table, privilege],
                )
                assert cursor.fetchone()[0] == (privilege in privileges), (table, privilege)


@pytest.mark.parametrize("table", ["django_admin_log", "aspire_importrecord", "aspire_exportrecord"])
def test_application_adds_to_logs_and_changes_nothing_in_them(table):
    assert privileges_of(table) == "SELECT, INSERT"
    with refused("not_for_the_application"), as_application():
        run(f"DELETE FROM {table}")


@at_every_insert
def test_insert_is_recorded_whatever_the_door(insert):
    insert(CountryFactory.build(alpha2="CA", name_ja="カナダ"))
    insert(AnnualCostFactory.build(proposal=ProposalFactory()))
    insert(AwardFactory.build(proposal=MarkFactory().proposal))

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


def who_wrote(event):
    return event.pgh_user, event.pgh_role, event.pgh_source


def session_user():
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user")
        return cursor.fetchone()[0]


def test_history_names_who_wrote_and_from_where(officer):
    with acting(officer.pk, "/admin/proposals/annualcost/"):
        cost = AnnualCostFactory()

    (event,) = cost.events.all()
    assert who_wrote(event) == (officer.pk, session_user(), "/admin/proposals/annualcost/")


def test_history_names_the_program_and_the_role_where_nobody_is_signed_in():
    cost = AnnualCostFactory()
    run("SET LOCAL application_name = 'psql'")
    run("UPDATE proposals_annualcost SET direct_yen = 11000000")

    first, last = cost.events.order_by("pgh_id")
    assert who_wrote(first) == (None, session_user(), settings.PROGRAM)
    assert who_wrote(last) == (None, session_user(), "psql")


def test_every_row_of_a_statement_names_the_same_person_at_any_size(officer):
    proposal = ProposalFactory()
    with acting(officer.pk, "/x/"):
        CounterpartFactory.create_batch(60, proposal=proposal)
        Counterpart.objects.update(institution="Elsewhere")

    events = apps.get_model("proposals.CounterpartEvent").objects.filter(pgh_label="update")
    assert events.count() == 60
    assert {who_wrote(event) for event in events} == {(officer.pk, session_user(), "/x/")}


# --- as the application's role, which whoever gets at the web process has ------------------------------------------


@pytest.mark.parametrize("model", [*EVENTS, Context], **name_of_model)
@pytest.mark.parametrize(
    "sql", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0}", "ALTER TABLE {0} DISABLE TRIGGER USER"]
)
def test_application_changes_no_history(model, sql):
    with refused("not_for_the_application"), as_application():
        run(sql.format(model._meta.db_table, model._meta.pk.column))


@pytest.mark.parametrize("event", EVENTS, **name_of_model)
def test_application_invents_no_history(event):
    with refused("not_for_the_application"), as_application():
        run(f"INSERT INTO {event._meta.db_table} (pgh_label) VALUES ('insert')")


def test_application_writes_history_by_writing_rows_alone():
    proposal = ProposalFactory()
    with as_application():
        cost = AnnualCostFactory(proposal=proposal)
        AnnualCost.objects.update(direct_yen=11 * MILLION)
        cost.delete()

    assert history_of(AnnualCost, "direct_yen") == [
        ("insert", 10 * MILLION),
        ("update", 11 * MILLION),
        ("delete", 11 * MILLION),
    ]


@pytest.mark.parametrize("function", ["rule_paced_on_insert", "rule_proposals_tallied_on_insert", "rule_mark_version"])
def test_application_hangs_no_rule_on_a_table_of_its_own(function):
    """It would count proposals that nobody made."""
    with refused("not_for_the_application"), as_application():
        run("CREATE TEMP TABLE forged (LIKE proposals_proposalprogress)")
        run(
            "CREATE TRIGGER forging AFTER INSERT ON forged REFERENCING NEW TABLE AS new_rows "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {function}('few')"
        )


def test_application_hangs_no_trigger_of_the_history_on_a_table_of_its_own():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.proname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
            "WHERE tgrelid = 'proposals_mark'::regclass AND tgname = 'insert_on_insert'"
        )
        (function,) = cursor.fetchone()
    with refused("not_for_the_application"), as_application():
        run("CREATE TEMP TABLE forged (LIKE proposals_mark)")
        run(
            "CREATE TRIGGER forging AFTER INSERT ON forged REFERENCING NEW TABLE AS new_rows "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
        )


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM aspire_seal", "DELETE FROM aspire_seal", "INSERT INTO aspire_seal VALUES ('', '')"]
)
def test_application_reads_no_seal(sql):
    with refused("not_for_the_application"), as_application():
        run(sql.format(SEAL))


def claim(told):
    run("SELECT set_config('pghistory.context_metadata', %s, true)", json.dumps(told))


def sealed(**told):
    return json.loads(Sealed().encode(told))


def test_nobody_is_named_who_did_not_act(officer, manager):
    cost = AnnualCostFactory()
    real = sealed(user=officer.pk, url="/x/")
    long_ago = real | {"at": real["at"] - 3600}
    claims = [{"user": manager.pk}, {"user": None, "source": "/x/"}, real | {"user": manager.pk}, long_ago, {}]
    for told in [*claims, real | {"source": "/y/"}]:
        with refused("actor_proven"), as_application():
            claim(told)
            AnnualCost.objects.filter(pk=cost.pk).update(direct_yen=11 * MILLION)

    assert len(history_of(AnnualCost)) == 1


def test_program_of_another_key_is_not_believed(settings, officer):
    cost = AnnualCostFactory()
    assert is_believed()

    settings.SECRET_KEY = "another"

    assert not is_believed()
    assert readiness.history() == readiness.NOT_BELIEVED
    with refused("actor_proven"), acting(officer.pk, "/x/"):
        AnnualCost.objects.filter(pk=cost.pk).update(direct_yen=11 * MILLION)
    share_key()
    assert is_believed()


def test_nobody_is_named_who_has_no_account():
    cost = AnnualCostFactory()

    with refused("actor_exists"), acting(4711, "/x/"):
        AnnualCost.objects.filter(pk=cost.pk).update(direct_yen=11 * MILLION)


def test_write_is_recorded_when_a_session_setting_would_ignore_triggers():
    cost = AnnualCostFactory()

    with_triggers_ignored()
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
