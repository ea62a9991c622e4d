"""What the demonstration holds, read once loaded: calls, proposals, people and amounts that could be real."""

import datetime
import re
import zoneinfo
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.db.models import Count, F, Q

from aspire.roles import Role, roles_of
from aspire.workbooks.codes import has_check_digit
from calls.models import Call, EligibleFunder
from proposals.demo.loading import PASSWORD
from proposals.fund import fund, stored
from proposals.fund.stored import counted_requests
from proposals.record.invariants import breaches
from proposals.record.models import AnnualCost, Award, Proposal
from proposals.record.status import NOT_COUNTED, Status

pytestmark = [pytest.mark.usefixtures("demonstration"), pytest.mark.django_db]
TODAY = datetime.date(2026, 11, 23)
NOON = datetime.datetime(2026, 11, 23, 12, tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo"))
CEILING_YEN = 100_000_000
HEAVIEST = 500_000  # bytes, before the server compresses anything
FIELDS = ["bio", "ai", "materials", "semiconductor", "energy", "quantum", "telecom"]
BOARDS = [
    "/",
    "/calls/R4-TRIAL/",
    "/calls/DEMO-RELEASED/",
    "/explore/?row=funder&column=field",
    "/proposals/",
    "/fund/",
]


@pytest.fixture
def calls() -> dict[str, Call]:
    return {call.code: call for call in Call.objects.filter(is_synthetic=True)}


@pytest.fixture
def proposals():
    return Proposal.objects.filter(call__is_synthetic=True)


def test_load_demo_makes_one_call_in_each_stage(calls):
    assert {code: call.stage(at=NOON) for code, call in calls.items()} == {
        "DEMO-OPEN": Call.Stage.OPEN,
        "DEMO-REVIEW": Call.Stage.IN_REVIEW,
        "DEMO-DECIDING": Call.Stage.DECIDING,
        "DEMO-RELEASED": Call.Stage.RELEASED,
    }


def test_the_stored_tallies_say_of_the_fund_what_the_rows_say():
    names = ("committed_yen", "staged_yen", "committed_count", "staged_count")
    held = {row["call"]: [row[name] for name in names] for row in fund._awards_by_call(hidden=())}

    assert {row["call"]: [row[name] for name in names] for row in stored.awards_by_call()} == {
        call.pk: held.get(call.pk, [0, 0, 0, 0]) for call in Call.objects.filter(proposals__isnull=False)
    }
    assert stored.requests_by_call() == counted_requests(Proposal.objects.all())
    fields = ("programme", "is_synthetic", "fiscal_year", "committed", "staged")
    counted, kept = (
        sorted(tuple(row[field] for field in fields) for row in rows)
        for rows in (fund._amounts_by_year((), ()), stored.amounts_by_year(()))
    )
    assert kept == counted != []


def test_demo_calls_share_the_terms_of_the_real_call_and_the_seven_fields(calls):
    real = Call.objects.get(code="ASPIRE")
    for call in calls.values():
        assert call.programme == real.programme
        assert call.terms.get().limits == real.current_terms.limits
        assert list(call.call_fields.order_by("position").values_list("field__code", flat=True)) == FIELDS


def test_demo_calls_hold_about_120_proposals_from_every_field_and_many_countries(calls):
    for call in calls.values():
        received = call.proposals.all()
        assert 115 <= received.count() <= 125
        assert set(received.values_list("field__code", flat=True)) == set(FIELDS)
        assert received.values("primary_funder__country").distinct().count() >= 15


def test_demo_proposals_have_the_status_of_their_stage_and_a_few_fall_out(calls):
    falls_out = {Status.WITHDRAWN, Status.INELIGIBLE}
    statuses = {code: set(call.proposals.values_list("status", flat=True)) for code, call in calls.items()}
    assert statuses == {
        "DEMO-OPEN": {Status.RECEIVED, *falls_out},
        "DEMO-REVIEW": {Status.IN_REVIEW, *falls_out},
        "DEMO-DECIDING": {Status.IN_REVIEW, *falls_out},
        "DEMO-RELEASED": {Status.AWARDED, Status.DECLINED, *falls_out},
    }
    assert all(call.proposals.not_counted().count() == 7 for call in calls.values())


def test_demo_proposals_name_invented_people_and_corresponding_titles_once(proposals):
    assert not proposals.filter(Q(abstract_ja="") | Q(abstract_en="") | ~Q(abstract_ja__contains=F("title_ja")))
    assert not proposals.filter(Q(title_ja="") | Q(title_en="") | Q(institution="") | Q(young_researcher_plan=""))
    assert proposals.exclude(principal_investigator_reading__regex=r"^[ァ-ヴー]+ [ァ-ヴー]+$").count() == 0
    assert proposals.exclude(researcher_number__regex=r"^\d{8}$").count() == 0
    assert all(has_check_digit(number) for number in proposals.values_list("researcher_number", flat=True))
    assert proposals.filter(researcher_number__startswith="0").count() > 10
    for column in ("title_ja", "title_en", "principal_investigator", "researcher_number"):
        assert proposals.values(column).distinct().count() == proposals.count()


def test_demo_proposals_are_received_in_order_and_the_late_ones_state_a_reason(calls):
    for call in calls.values():
        in_order = list(call.proposals.order_by("number").values_list("received_at", flat=True))
        assert in_order == sorted(in_order)
        late = call.proposals.filter(received_at__gt=call.closes_at)
        assert late.count() == (0 if call.code == "DEMO-OPEN" else 3)
        assert set(late) == set(call.proposals.exclude(late_reason=""))
    assert not calls["DEMO-OPEN"].proposals.filter(received_at__gt=NOON)


def test_demo_proposals_name_a_funder_that_was_eligible_when_they_were_received(calls, proposals):
    since = dict(EligibleFunder.objects.filter(call=calls["DEMO-OPEN"]).values_list("funder", "eligible_from"))
    assert [funder for funder, day in since.items() if day]
    for proposal in calls["DEMO-OPEN"].proposals.all():
        day = since[proposal.primary_funder_id]
        assert day is None or day <= proposal.received_at.date()


def test_demo_proposals_have_one_to_three_partners_the_first_under_the_primary_funder(proposals):
    partners = proposals.annotate(partners=Count("counterparts")).values_list("partners", flat=True)
    assert set(partners) == {1, 2, 3}
    for proposal in proposals.select_related("primary_funder").prefetch_related("counterparts"):
        first = min(proposal.counterparts.all(), key=lambda partner: partner.pk)
        assert (first.funder, first.country_id) == (proposal.primary_funder, proposal.primary_funder.country_id)


def test_demo_costs_reach_the_ceiling_and_never_pass_it(proposals):
    costs = AnnualCost.objects.filter(proposal__in=proposals).annotate(yen=F("direct_yen") + F("indirect_yen"))
    assert max(costs.values_list("yen", flat=True)) == CEILING_YEN
    assert costs.filter(yen=CEILING_YEN).count() > 20
    assert costs.filter(yen=0).count() > 5
    assert costs.values("yen").distinct().count() > 1000
    assert {period(each) for each in proposals} <= {36, 42, 48, 54, 60}


def period(proposal: Proposal) -> int:
    """The length of a period of whole months."""
    after = proposal.ends_on + datetime.timedelta(days=1)
    return (after.year - proposal.starts_on.year) * 12 + after.month - proposal.starts_on.month


def test_demo_rows_pass_full_clean(calls, proposals):
    for call in calls.values():
        call.full_clean()
    for proposal in proposals.order_by("number")[::20]:
        proposal.full_clean()
        for row in (*proposal.costs.all(), *proposal.counterparts.all()):
            row.full_clean()
    for award in Award.objects.filter(proposal__in=proposals)[:5]:
        award.full_clean()
        for amount in award.amounts.all():
            amount.full_clean()


def test_demo_awards_of_the_released_call_keep_to_its_pot_and_number(calls):
    call = calls["DEMO-RELEASED"]
    awards = Award.objects.filter(proposal__call=call)
    given = sum(award.awarded_yen for award in awards)
    assert (awards.count(), given) == (call.taken_count, call.taken_yen)
    assert call.pot_yen * 0.8 < given <= call.pot_yen
    assert 10 <= awards.count() <= call.max_awards
    assert {award.proposal.status for award in awards} == {Status.AWARDED}
    for award in awards:
        asked = dict(award.proposal.costs.values_list("fiscal_year", F("direct_yen") + F("indirect_yen")))
        given = dict(award.amounts.values_list("fiscal_year", F("direct_yen") + F("indirect_yen")))
        assert given.keys() == asked.keys()
        assert all(given[year] <= asked[year] for year in asked)


def test_demo_call_being_decided_has_released_none_and_a_pot_too_small_for_its_number(calls):
    call = calls["DEMO-DECIDING"]
    assert not call.proposals.filter(status=Status.AWARDED)
    candidates = call.proposals.exclude(status__in=NOT_COUNTED)
    dearest = sorted((proposal.requested_yen for proposal in candidates), reverse=True)
    assert sum(dearest[: call.max_awards]) > call.pot_yen
    assert sum(dearest) / len(dearest) * call.max_awards > call.pot_yen


def test_demo_accounts_have_the_public_password_and_one_role_each(calls):
    accounts = {user.username: user for user in User.objects.all() if user.has_usable_password()}
    assert {name: roles_of(user) for name, user in accounts.items()} == {
        "officer": {Role.OFFICER},
        "reviewer": {Role.REVIEWER},
        "manager": {Role.MANAGER},
        "admin": {Role.ADMINISTRATOR},
    }
    assert [user.last_name for user in accounts.values()] == ["青木", "馬場", "千葉", "伊達"]
    assert {name for name, user in accounts.items() if user.is_staff} == {"officer", "admin"}
    assert not any(user.is_superuser for user in accounts.values())
    assert all(user.check_password(PASSWORD) for user in accounts.values())


# --- the pages about it ----------------------------------------------------------------------------------------------


def test_a_page_with_all_it_loads_weighs_at_most_500_kilobytes_uncompressed(client, manager):
    client.force_login(manager)

    for path in BOARDS:
        page = client.get(path).content
        loaded = set(re.findall(r'(?:href|src)="/static/([^"?]+)', page.decode()))
        files = [Path(finders.find(name)) for name in loaded]
        assert len(files) >= 3
        assert len(page) + sum(file.stat().st_size for file in files) <= HEAVIEST, path


def test_demonstration_breaks_no_rule(demonstration):
    assert [str(breach) for breach in breaches()] == []
