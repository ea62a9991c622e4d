"""What no call of a programme may exceed: stated by an administrator with a reason, kept at every door."""

import datetime

import pytest
from django.urls import reverse

from calls.models import Terms
from calls.terms import Limits, OuterLimits, outer_breaches
from proposals.record.models import Proposal
from tests.doors import at_every_insert, at_every_update, refused
from tests.factories import (
    MILLION,
    AnnualCostFactory,
    CallFactory,
    ManagerFactory,
    OfficerFactory,
    ProgrammeFactory,
    ProposalFactory,
    TermsFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def trial():
    """The trial: at most ¥26 million a fiscal year, 60 months."""
    return ProgrammeFactory(code="trial", limit_annual_yen=26 * MILLION)


# --- terms ----------------------------------------------------------------------------------------------------------


@at_every_insert
@pytest.mark.parametrize(
    "beyond",
    [{"annual_ceiling_yen": 26 * MILLION + 1}, {"max_months": 61}, {"annual_ceiling_yen": 10**10, "max_months": 1200}],
    ids=["yen", "months", "both"],
)
def test_terms_are_refused_above_the_limits_of_their_programme(insert, trial, beyond):
    call = CallFactory(programme=trial)

    with refused("terms_within_programme"):
        insert(TermsFactory.build(call=call, **beyond))
    insert(TermsFactory.build(call=call))

    assert Terms.objects.count() == 1


@at_every_update
def test_terms_are_refused_when_raised_above_the_limits(change, trial):
    terms = TermsFactory(call__programme=trial)

    for beyond in ({"annual_ceiling_yen": 26 * MILLION + 1}, {"max_months": 61}):
        terms.refresh_from_db()
        with refused("terms_within_programme"):
            change(terms, **beyond)


@at_every_insert
def test_terms_are_refused_where_the_programme_states_no_limits(insert):
    silent = ProgrammeFactory(code="silent", limit_annual_yen=None, limit_months=None, limits_reason="")

    with refused("programme_states_limits"):
        insert(TermsFactory.build(call=CallFactory(programme=silent)))


@at_every_update
def test_call_does_not_move_to_a_programme_that_allows_less(change, trial):
    call = TermsFactory(annual_ceiling_yen=26 * MILLION + 1).call

    with refused("terms_within_programme"):
        change(call, programme=trial)


def test_limits_and_terms_are_judged_alike_by_plain_functions():
    outer = OuterLimits("trial", 26 * MILLION, 60)

    def names(yen, months, of=outer):
        return [breach.name for breach in outer_breaches(Limits(yen, months, True, 30), of)]

    assert names(26 * MILLION, 60) == []
    assert names(26 * MILLION + 1, 60) == names(26 * MILLION, 61) == ["terms_within_programme"]
    assert names(1, 1, of=OuterLimits("trial", None, None)) == ["programme_states_limits"]


# --- the limits themselves ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"limit_months": None}, "programme_limits_whole"),
        ({"limit_annual_yen": 0}, "programme_limits_positive"),
        ({"limit_months": 0}, "programme_limits_positive"),
        ({"limits_reason": ""}, "programme_limits_have_reason"),
    ],
)
@at_every_insert
def test_programme_is_refused_with_half_or_without_reason(insert, values, name):
    with refused(name):
        insert(ProgrammeFactory.build(code="new", **values))


@at_every_update
def test_limits_are_changed_by_an_administrator_with_a_reason_of_its_own(change, trial, administrator):
    more = {"limit_annual_yen": 30 * MILLION}
    for somebody in (None, OfficerFactory(), ManagerFactory()):
        trial.refresh_from_db()
        with refused("programme_limits_by_administrator"):
            change(trial, **more, limits_reason="budget 2024", limits_changed_by=somebody)
    for reason in ("公表資料", " "):
        trial.refresh_from_db()
        with refused("programme_limits_have_reason"):
            change(trial, **more, limits_reason=reason, limits_changed_by=administrator)

    change(trial, **more, limits_reason="budget 2024", limits_changed_by=administrator)

    trial.refresh_from_db()
    assert (trial.limits_reason, trial.limits_changed_by) == ("budget 2024", administrator)
    event = trial.events.latest("pgh_id")
    assert (event.limit_annual_yen, event.limits_reason, event.limits_changed_by) == (
        30 * MILLION,
        "budget 2024",
        administrator,
    )


@at_every_update
def test_reason_and_moment_of_limits_move_with_the_limits_alone(change, trial, administrator):
    trial.refresh_from_db()
    stated_at = trial.limits_changed_at

    long_ago = datetime.datetime(1999, 1, 1, tzinfo=datetime.UTC)
    change(trial, limits_reason="another", limits_changed_by=administrator, limits_changed_at=long_ago)

    trial.refresh_from_db()
    kept = (trial.limits_reason, trial.limits_changed_by, trial.limits_changed_at)
    assert kept == ("公表資料", None, stated_at)


@at_every_update
@pytest.mark.parametrize(
    "lower",
    [{"limit_annual_yen": 26 * MILLION - 1}, {"limit_months": 59}, {"limit_annual_yen": None, "limit_months": None}],
    ids=["yen", "months", "none"],
)
def test_limits_are_not_lowered_below_terms_that_stand(change, trial, administrator, lower):
    TermsFactory(call__programme=trial)

    with refused("programme_limits_cover_terms"):
        change(trial, **lower, limits_reason="less money", limits_changed_by=administrator)


# --- on pages -------------------------------------------------------------------------------------------------------


def post(client, programme, **values):
    page = reverse("admin:calls_programme_change", args=[programme.pk])
    stored = {"code": programme.code, "name_ja": "試行", "name_en": "Trial", "fund_yen": ""}
    stored |= {"budget_source_ja": "経費", "budget_source_en": "money"}
    return client.post(page, stored | values, headers={"accept-language": "en"})


def test_administrator_changes_limits_and_managers_are_told(client, trial, administrator, manager):
    call = TermsFactory(call__programme=trial).call
    client.force_login(administrator)

    bare = post(client, trial, limit_annual_yen=30 * MILLION, limit_months=60, limits_reason="公表資料")
    low = post(client, trial, limit_annual_yen=25 * MILLION, limit_months=60, limits_reason="less money")
    done = post(client, trial, limit_annual_yen=30 * MILLION, limit_months=60, limits_reason="Budget of 2024")

    assert "need a reason of their own" in bare.text
    assert f"Terms of call {call.code} allow ¥26,000,000" in low.text
    assert done.status_code == 302
    client.force_login(manager)
    home = client.get("/", headers={"accept-language": "en"})
    (task,) = [task for task in home.context["tasks"] if "outer limits" in task.what]
    assert "to ¥30,000,000 a fiscal year and 60 months" in task.what
    assert task.what.endswith("Budget of 2024")
    assert "Endo" in task.what
    assert task.href == f"{call.get_absolute_url()}#terms-in-force"


def test_officer_adds_no_terms_above_the_limits_and_changes_no_limits(client, trial, officer):
    call = CallFactory(programme=trial)
    client.force_login(officer)
    form = client.get(reverse("admin:calls_call_change", args=[call.pk])).context["adminform"].form
    values = {name: value for name, value in form.initial.items() if value not in (None, "")}
    values |= {"programme": trial.pk, "opens_at_0": "2023-09-01", "opens_at_1": "00:00"}
    values |= {"closes_at_0": "2023-10-31", "closes_at_1": "12:00"}
    for prefix in ("call_fields", "slices", "criteria", "eligible_funders"):
        values |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    values |= {"terms-TOTAL_FORMS": 1, "terms-INITIAL_FORMS": 0, "terms-0-annual_ceiling_yen": 10**10}
    values |= {"terms-0-max_months": 1200, "terms-0-indirect_percent": 30}

    answer = client.post(reverse("admin:calls_call_change", args=[call.pk]), values, headers={"accept-language": "en"})

    assert "above the outer limits of programme trial (¥26,000,000 and 60 months)" in answer.text
    assert not Terms.objects.exists()
    assert post(client, trial, limit_annual_yen=10**12, limit_months=60, limits_reason="x").status_code == 404


def test_board_says_which_terms_are_in_force_and_what_they_would_refuse(client, trial, officer):
    call = CallFactory(programme=trial)
    first = TermsFactory(call=call)
    dear, long, fine = (ProposalFactory(terms=first) for _ in range(3))
    AnnualCostFactory(proposal=dear, direct_yen=20 * MILLION, indirect_yen=MILLION)
    AnnualCostFactory(proposal=fine)
    Proposal.objects.filter(pk__in=[dear.pk, fine.pk]).update(ends_on=datetime.date(2027, 3, 31))
    second = TermsFactory(call=call, annual_ceiling_yen=20 * MILLION, max_months=36)
    client.force_login(officer)

    page = client.get(call.get_absolute_url(), headers={"accept-language": "en"})

    terms = page.context["terms"]
    assert [(s.terms, s.is_in_force, s.proposals) for s in terms.standings] == [(second, True, 0), (first, False, 3)]
    assert terms.refused == 2
    assert "2 proposals under earlier terms would be refused by those in force." in page.text
    assert "outer limits, above which no terms may be: ¥26,000,000" in page.text
    for href, expected in ((terms.refused_href, {dear, long}), (terms.standings[1].href, {dear, long, fine})):
        rows = client.get(href)
        assert set(rows.context["page"].object_list) == expected


def test_board_of_a_programme_without_limits_says_so(client, officer):
    silent = ProgrammeFactory(code="silent", limit_annual_yen=None, limit_months=None, limits_reason="")
    client.force_login(officer)

    page = client.get(CallFactory(programme=silent).get_absolute_url(), headers={"accept-language": "en"})

    assert "The programme states no outer limits" in page.text
    assert "The call has no terms yet" in page.text
