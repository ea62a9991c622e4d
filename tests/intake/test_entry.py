"""A proposal is logged and edited on a page of its own, in the order of the paper, and by the terms of its call."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calls.models import EligibleFunder
from proposals.record.models import CoInvestigator, Counterpart, FollowUp, Proposal, ProposalDraft
from tests.doors import update_by_sql
from tests.factories import (
    NOON,
    TOKYO,
    AnnualCostFactory,
    AwardFactory,
    CallFactory,
    ConflictFactory,
    CounterpartFactory,
    FunderFactory,
    ProposalFactory,
    TermsFactory,
    release,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]
MONEY = {
    f"{kind}_yen_{year}": yen
    for year in (2024, 2025)
    for kind, yen in (("direct", "10,000,000"), ("indirect", "３０００００0"))
}


@pytest.fixture
def call(monkeypatch, settings):
    settings.LANGUAGE_CODE = "en"
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
    return TermsFactory(call__code="IN").call


@pytest.fixture
def funder(call):
    return FunderFactory()


@pytest.fixture
def desk(client, officer, funder):
    client.force_login(officer)
    return client


def typed(call, funder, **changes):
    """The form as an officer fills it in: two fiscal years, a counterpart, a co-investigator."""
    rows = {
        f"{prefix}-{name}": value
        for prefix in ("counterpart", "co_investigator")
        for name, value in (("TOTAL_FORMS", 1), ("INITIAL_FORMS", 0))
    }
    rows |= {"counterpart-0-person": "Ada King", "counterpart-0-institution": "University of Oxbridge"}
    rows |= {"co_investigator-0-person": "橋本 健", "co_investigator-0-effort_percent": "20%"}
    whole = {
        "received_at": "令和5年10月2日 9:30",
        "title_ja": "量子網の国際共同研究",
        "field": call.fields.get().pk,
        "starts_on": "2024/4/1",
        "ends_on": "R8.3.31",
        "principal_investigator": "青木 花子",
        "institution": "東都大学",
        "primary_funder": funder.pk,
        **MONEY,
    }
    return {**rows, **whole, **changes}


def log(desk, call, funder, **changes):
    return desk.post(f"{reverse('intake:new')}?call={call.code}", typed(call, funder, **changes))


def edited(proposal, desk, **changes):
    """The form of a proposal that is there, as it would be sent back with these changes."""
    url = reverse("intake:edit", args=[proposal.number])
    entry = desk.get(url).context["entry"]
    forms = [entry.form, entry.costs, *entry.counterparts.forms, *entry.co_investigators.forms]
    forms += [entry.counterparts.management_form, entry.co_investigators.management_form]
    data = {bound.html_name: bound.value() for form in forms for bound in form if bound.value() is not None}
    return desk.post(url, {**data, "as_of": entry.as_of, **changes})


def said(answer):
    return " ".join(sentence for _anchor, _label, sentence in answer.context["faults"])


# --- logging -----------------------------------------------------------------------------------------------------


def test_a_proposal_is_logged_with_its_costs_and_people_and_shown(desk, call, funder):
    answer = log(desk, call, funder)

    proposal = Proposal.objects.get()
    assert (answer.status_code, answer.url) == (302, proposal.get_absolute_url())
    assert (proposal.number, proposal.terms, proposal.status) == ("IN-001", call.current_terms, "received")
    assert proposal.received_at == datetime.datetime(2023, 10, 2, 9, 30, tzinfo=TOKYO)
    assert (proposal.starts_on, proposal.ends_on) == (datetime.date(2024, 4, 1), datetime.date(2026, 3, 31))
    costs = proposal.costs.values_list("fiscal_year", "direct_yen", "indirect_yen")
    assert list(costs) == [(2024, 10_000_000, 3_000_000), (2025, 10_000_000, 3_000_000)]
    counterpart = Counterpart.objects.get()
    assert (counterpart.person, counterpart.country, counterpart.funder) == ("Ada King", funder.country, funder)
    assert CoInvestigator.objects.values_list("person", "effort_percent").get() == ("橋本 健", 20)
    page = desk.get(answer.url).content.decode()
    assert all(word in page for word in ("Ada King", "橋本 健", "IN-001"))


def test_saving_and_going_on_keeps_call_field_and_funder(desk, call, funder):
    answer = log(desk, call, funder, next="1")

    form = desk.get(answer.url).context["entry"].form
    assert (form["field"].value(), form["primary_funder"].value()) == (str(call.fields.get().pk), str(funder.pk))
    assert form["title_ja"].value() in (None, "")


def test_a_number_typed_is_taken_and_a_time_left_empty_is_now(desk, call, funder):
    log(desk, call, funder, number="IN-900", received_at="")

    assert Proposal.objects.values_list("number", "received_at").get() == ("IN-900", NOON)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"direct_yen_2024": "23,000,001"}, "by ¥1."),
        ({"indirect_yen_2025": "3,000,001"}, "above 30%"),
        ({"direct_yen_2024": "1.5億円"}, "has a unit"),
        ({"ends_on": "2029-04-01"}, "60 months"),
        ({"starts_on": "1/4/2024"}, "1/4/2024"),
        ({"direct_yen_2027": "1"}, "2027"),
        ({"received_at": "2023-11-01"}, "outside the window"),
        ({"title_ja": "量\ufffd子"}, "U+FFFD"),
        ({"number": "令9/第5号"}, "capital letters"),
        ({"co_investigator-0-effort_percent": "101"}, "0 to 100"),
        ({"co_investigator-0-researcher_number": "123"}, "instead of 8"),
        ({"counterpart-0-grant_amount": "5"}, "currency"),
        (
            {"counterpart-0-grant_starts_on": "2025-01-01", "counterpart-0-grant_ends_on": "2024-01-01"},
            "before it starts",
        ),
        ({"primary_funder": ""}, "required"),
    ],
)
def test_what_breaks_a_rule_is_said_at_its_place_and_nothing_is_saved(desk, call, funder, changes, sentence):
    answer = log(desk, call, funder, **changes)

    assert answer.status_code == 400
    assert sentence in said(answer)
    assert (Proposal.objects.count(), Counterpart.objects.count(), CoInvestigator.objects.count()) == (0, 0, 0)
    assert "Ada King" in answer.content.decode()


def test_the_sum_of_all_years_is_judged(desk, call, funder):
    call.terms.update(annual_ceiling_yen=26_000_000, max_months=12)

    answer = log(desk, call, funder, ends_on="2025-03-31", starts_on="2024-04-01", **{
        "direct_yen_2024": "20,000,000", "indirect_yen_2024": "6,000,000"})  # fmt: skip

    assert answer.status_code == 400
    assert "2025" in said(answer)


def test_a_further_counterpart_says_where_it_is(desk, call, funder):
    further = {"counterpart-TOTAL_FORMS": 2, "counterpart-1-person": "Grace Hop", "counterpart-1-institution": "MUT"}

    assert "required" in said(log(desk, call, funder, **further))
    log(desk, call, funder, **further, **{"counterpart-1-country": funder.country.pk})
    assert list(Counterpart.objects.values_list("person", "funder")) == [("Ada King", funder.pk), ("Grace Hop", None)]


def test_a_grant_is_recorded_with_its_currency(desk, call, funder):
    grant = {
        "state": "pending",
        "number": "EP/X01",
        "amount": "1,200,000",
        "currency": "gbp",
        "starts_on": "2024-04-01",
    }

    answer = log(desk, call, funder, **{f"counterpart-0-grant_{name}": value for name, value in grant.items()})

    row = Counterpart.objects.get()
    assert (row.grant_state, row.grant_amount, row.grant_currency) == ("pending", 1_200_000, "GBP")
    page = desk.get(answer.url).content.decode()
    assert all(word in page for word in ("EP/X01", "1,200,000 GBP", "pending"))


def test_a_likely_twin_is_logged_only_where_somebody_says_that_it_is_another(desk, call, funder):
    log(desk, call, funder)

    assert "seems to be proposal IN-001" in said(log(desk, call, funder))
    assert log(desk, call, funder, is_another="on").status_code == 302
    assert Proposal.objects.count() == 2
    assert "resembles IN-001" in FollowUp.objects.get(proposal__number="IN-002").fault.sentence


def test_a_number_with_a_wrong_check_digit_is_taken_and_raised(desk, call, funder):
    log(desk, call, funder, researcher_number="１０１２３４５６", starts_on="2026-04-01", ends_on="2027-03-31",
        direct_yen_2024="", indirect_yen_2024="", direct_yen_2025="", indirect_yen_2025="")  # fmt: skip

    raised = FollowUp.objects.values_list("code", "value", "raised_by__username")
    assert set(raised) == {
        ("researcher_number_check_digit", "１０１２３４５６", "aoki"),
        ("starts_out_of_reach", "2026-04-01", "aoki"),
    }


def test_without_a_script_one_asks_for_the_years_and_for_one_person_more(desk, call, funder):
    new = f"{reverse('intake:new')}?call=IN"
    bare = {name: value for name, value in typed(call, funder).items() if "_yen_" not in name}

    years = desk.post(new, {**bare, "add_years": "1"}).context["entry"]
    people = desk.post(new, {**bare, "add_counterpart": "1"}).context["entry"]

    assert (years.costs.years, list(years.faults)) == ([2024, 2025], [])
    assert len(people.counterparts.forms) == 2
    assert Proposal.objects.count() == 0


# --- the call ----------------------------------------------------------------------------------------------------


def test_the_call_is_chosen_first_among_those_that_can_take_a_proposal(desk, call):
    CallFactory(code="BARE")

    page = desk.get(reverse("intake:new"))

    assert [each.code for each in page.context["calls"]] == ["IN"]
    assert desk.get(f"{reverse('intake:new')}?call=NONE").status_code == 404


def test_a_call_that_cannot_take_a_proposal_says_what_it_lacks(desk):
    CallFactory(code="BARE")

    page = desk.get(f"{reverse('intake:new')}?call=BARE").content.decode()

    assert "Terms are missing" in page
    assert 'id="entry"' not in page


def test_a_call_without_a_window_says_that_this_is_what_it_lacks(desk):
    TermsFactory(call=CallFactory(code="SOON", opens_at=None, closes_at=None))

    page = desk.get(f"{reverse('intake:new')}?call=SOON").content.decode()

    assert "The window is not set" in page
    assert "There is no call yet" not in page


# --- funders outside the list --------------------------------------------------------------------------------------


@pytest.fixture
def stranger(call, funder):
    """A funder that the call does not list."""
    EligibleFunder.objects.create(call=call, funder=funder)
    return FunderFactory(acronym="DOE", label_as_printed="DOE")


def test_funders_of_the_call_stand_first_and_the_others_need_a_reason(desk, call, funder, stranger):
    page = desk.get(f"{reverse('intake:new')}?call=IN")

    (_eligible, first), (others, rest) = page.context["entry"].form.fields["primary_funder"].choices[1:]
    assert ([pk for pk, _name in first], [pk for pk, _name in rest]) == ([funder.pk], [stranger.pk])
    assert "needs a reason" in others
    assert "record the reason" in said(log(desk, call, stranger))
    log(desk, call, stranger, funder_reason="別途の合意による")
    assert (Proposal.objects.get().funder_reason, FollowUp.objects.count()) == ("別途の合意による", 0)


def test_a_funder_that_became_eligible_later_needs_a_reason(desk, call, funder):
    EligibleFunder.objects.create(call=call, funder=funder, eligible_from=datetime.date(2023, 10, 3))

    assert "was not yet when" in said(log(desk, call, funder))
    assert log(desk, call, funder, received_at="2023-10-03 10:00").status_code == 302


def test_sql_raises_a_funder_outside_the_list_once_and_a_reason_keeps_it_from_being_raised(call, funder, stranger):
    proposal = ProposalFactory(terms=call.current_terms, primary_funder=funder)
    assert FollowUp.objects.count() == 0

    update_by_sql(proposal, primary_funder_id=stranger.pk)
    update_by_sql(proposal, received_at=NOON + datetime.timedelta(hours=1))
    raised = FollowUp.objects.get()
    assert (raised.code, raised.value, raised.raised_by) == ("funder_not_eligible", stranger.code, None)
    assert stranger.code in raised.fault.sentence

    ProposalFactory(terms=call.current_terms, primary_funder=stranger, funder_reason="合意")
    ProposalFactory(terms=call.current_terms, primary_funder=stranger)
    assert FollowUp.objects.count() == 2


# --- drafts ------------------------------------------------------------------------------------------------------


def test_what_is_typed_is_kept_as_a_draft_of_ones_own_until_it_is_saved(desk, call, funder, client, django_user_model):
    kept = desk.post(f"{reverse('intake:draft')}?call=IN", typed(call, funder, title_ja="書きかけ", ends_on="?"))

    assert "draft saved" in kept.json()["sentence"]
    shown = desk.get(f"{reverse('intake:new')}?call=IN")
    assert (shown.context["entry"].form["title_ja"].value(), shown.context["faults"]) == ("書きかけ", [])
    assert "This is your draft" in shown.content.decode()
    desk.post(f"{reverse('intake:draft')}?call=IN", typed(call, funder, title_ja="書き終わり"))
    assert ProposalDraft.objects.count() == 1
    log(desk, call, funder)
    assert ProposalDraft.objects.count() == 0


def test_a_draft_is_thrown_away(desk, call, funder):
    desk.post(f"{reverse('intake:draft')}?call=IN", typed(call, funder))

    answer = desk.post(f"{reverse('intake:draft')}?call=IN", {"discard": "1"}, follow=True)

    assert ProposalDraft.objects.count() == 0
    assert "thrown away" in answer.content.decode()


def test_nobody_sees_the_draft_of_another(desk, call, funder, manager, client):
    other = type(manager).objects.create_user("other", is_staff=True)
    ProposalDraft.objects.create(user=other, call=call, typed="title_ja=SECRET", saved_at=NOON)

    assert "SECRET" not in desk.get(f"{reverse('intake:new')}?call=IN").content.decode()


# --- editing -----------------------------------------------------------------------------------------------------


@pytest.fixture
def proposal(call, funder):
    proposal = ProposalFactory(terms=call.current_terms, primary_funder=funder, number="IN-001")
    AnnualCostFactory(proposal=proposal)
    CounterpartFactory(proposal=proposal, person="Ada King")
    CoInvestigator.objects.create(proposal=proposal, person="橋本 健")
    return proposal


def test_a_proposal_comes_back_unchanged(desk, proposal):
    before = Proposal.objects.values().get(), list(Counterpart.objects.values()), list(proposal.costs.values())

    answer = edited(proposal, desk)
    assert answer.status_code == 302, list(answer.context["faults"])

    after = Proposal.objects.values().get(), list(Counterpart.objects.values()), list(proposal.costs.values())
    assert before == after
    assert FollowUp.objects.count() == 0


def test_costs_and_people_are_corrected_added_and_taken_out_together(desk, proposal):
    answer = edited(
        proposal,
        desk,
        starts_on="2025-04-01",
        ends_on="2027-03-31",
        direct_yen_2024="",
        indirect_yen_2024="",
        direct_yen_2026="26,000,000",
        **{"counterpart-0-DELETE": "on", "counterpart-1-person": "Grace Hop", "counterpart-1-institution": "MUT"},
        **{"co_investigator-0-person": "橋本 健一"},
    )

    assert answer.status_code == 302, said(answer)
    assert list(proposal.costs.values_list("fiscal_year", "direct_yen")) == [(2026, 26_000_000)]
    assert Counterpart.objects.get().person == "Grace Hop"
    assert CoInvestigator.objects.get().person == "橋本 健一"


def test_what_somebody_else_saved_meanwhile_is_not_overwritten(desk, proposal):
    url = reverse("intake:edit", args=[proposal.number])
    as_of = desk.get(url).context["entry"].as_of
    AnnualCostFactory(proposal=proposal, fiscal_year=2025)

    answer = desk.post(url, {**typed(proposal.call, proposal.primary_funder), "as_of": as_of})

    assert answer.status_code == 409
    assert "Somebody has changed proposal IN-001" in answer.content.decode()
    again = answer.context["entry"].as_of
    assert again != as_of


def test_a_draft_begun_before_somebody_else_saved_overwrites_nothing(desk, proposal):
    edit, keep = (reverse(f"intake:{name}", args=[proposal.number]) for name in ("edit", "draft_of"))
    opened = desk.get(edit).context["entry"].as_of
    desk.post(keep, {**typed(proposal.call, proposal.primary_funder), "as_of": opened})
    AnnualCostFactory(proposal=proposal, fiscal_year=2025)

    shown = desk.get(edit)
    assert f'name="as_of" value="{opened}"' in shown.content.decode()
    answer = desk.post(edit, {**typed(proposal.call, proposal.primary_funder), "as_of": opened})
    assert answer.status_code == 409
    assert f'value="{opened}"' not in answer.content.decode()


def test_a_released_proposal_is_not_overwritten_from_here(desk, call, funder):
    award = AwardFactory(proposal__terms=call.current_terms, proposal__primary_funder=funder)
    release(award)

    answer = desk.get(reverse("intake:edit", args=[award.proposal.number]), headers={"accept-language": "en"})

    assert answer.status_code == 409
    assert "is released" in answer.content.decode()
    page = desk.get(award.proposal.get_absolute_url()).content.decode()
    assert reverse("intake:edit", args=[award.proposal.number]) not in page


def test_a_reconstructed_proposal_has_no_form(desk, call, funder):
    proposal = ProposalFactory(
        terms=call.current_terms, primary_funder=funder, is_reconstructed=True, title_ja="", title_en="",
        received_at=None, starts_on=None, ends_on=None, principal_investigator="",
        principal_investigator_reading="", researcher_number="", institution="",
    )  # fmt: skip

    assert desk.get(reverse("intake:edit", args=[proposal.number])).status_code == 409


def test_a_conflict_hides_form_and_draft(desk, proposal, officer):
    ConflictFactory(proposal=proposal, person=officer)

    for name in ("edit", "draft_of"):
        url = reverse(f"intake:{name}", args=[proposal.number])
        assert {desk.get(url).status_code, desk.post(url, {}).status_code} <= {404, 405}
    assert desk.post(reverse("intake:edit", args=[proposal.number]), {}).status_code == 404


def test_the_form_asks_as_often_for_three_people_as_for_one(desk, proposal):
    url = reverse("intake:edit", args=[proposal.number])
    desk.get(url)
    with CaptureQueriesContext(connection) as one:
        desk.get(url)
    for place in (1, 2):
        CounterpartFactory(proposal=proposal)
        CoInvestigator.objects.create(proposal=proposal, person=f"分担 {place}")
        AnnualCostFactory(proposal=proposal, fiscal_year=2024 + place)
    with CaptureQueriesContext(connection) as three:
        desk.get(url)

    assert len(one) == len(three)
