"""The records as officers keep them: logging, correcting, searching, and choosing only what fits."""

import re

import pytest
from django.urls import reverse

from calls.models import Call, CallField, Criterion, EligibleFunder, PotSlice, Terms
from proposals.record.models import AnnualCost, Proposal
from tests.factories import (
    NOON,
    OUT,
    AnnualAwardFactory,
    AnnualCostFactory,
    AwardFactory,
    CallFactory,
    CountryFactory,
    FieldFactory,
    FunderFactory,
    ProposalFactory,
    TermsFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]
EMPTY = {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0}


@pytest.fixture
def desk(client, officer):
    client.force_login(officer)
    return client


def typed(proposal, costs=(), **changes):
    """What an officer's form sends for a proposal and its costs."""
    values = {
        "number": proposal.number,
        "call": proposal.call_id,
        "status": proposal.status,
        "received_at_0": "2023-10-02",
        "received_at_1": "12:00:00",
        "late_reason": proposal.late_reason,
        "title_ja": proposal.title_ja,
        "field": proposal.field_id,
        "primary_funder": proposal.primary_funder_id,
        "starts_on": proposal.starts_on,
        "ends_on": proposal.ends_on,
        "principal_investigator": proposal.principal_investigator,
        "researcher_number": proposal.researcher_number,
        "counterparts-TOTAL_FORMS": 0,
        "counterparts-INITIAL_FORMS": 0,
        "costs-TOTAL_FORMS": len(costs),
        "costs-INITIAL_FORMS": sum(bool(cost.pk) for cost in costs),
        **changes,
    }
    for place, cost in enumerate(costs):
        row = {"id": cost.pk or "", "proposal": proposal.pk or "", "fiscal_year": cost.fiscal_year}
        row |= {"direct_yen": cost.direct_yen, "indirect_yen": cost.indirect_yen}
        row |= {"DELETE": "on"} if getattr(cost, "is_dropped", False) else {}
        values |= {f"costs-{place}-{name}": value for name, value in row.items()}
    return values


def change(client, proposal, costs=(), **changes):
    url = reverse("admin:proposals_proposal_change", args=[proposal.pk])
    return client.post(url, typed(proposal, costs, **changes), headers={"accept-language": "en"})


def sentences(answer):
    return re.findall(r"<li>([^<]+)</li>", answer.content.decode())


def test_an_officer_logs_a_proposal_which_gets_the_calls_next_number_and_present_terms(desk):
    terms = TermsFactory(call__code="LOG")
    ProposalFactory(terms=terms, number="LOG-007")
    sample = ProposalFactory.build(terms=terms, call=terms.call, field=FieldFactory(), primary_funder=FunderFactory())

    answer = desk.post(reverse("admin:proposals_proposal_add"), typed(sample, number=""))

    logged = Proposal.objects.get(number="LOG-008")
    assert (answer.status_code, logged.terms, logged.received_at) == (302, terms, NOON)


def test_a_call_without_terms_takes_no_proposal(desk):
    call = CallFactory()
    sample = ProposalFactory.build(terms=None, call=call, field=FieldFactory(), primary_funder=FunderFactory())

    answer = desk.post(
        reverse("admin:proposals_proposal_add"), typed(sample, number=""), headers={"accept-language": "en"}
    )

    assert "This call has no terms yet. Add its terms first." in sentences(answer)


def test_shortening_a_period_and_dropping_the_years_outside_is_one_step(desk):
    proposal = ProposalFactory()
    costs = [AnnualCostFactory(proposal=proposal, fiscal_year=year) for year in (2024, 2028)]
    costs[1].is_dropped = True

    answer = change(desk, proposal, costs, ends_on="2027-03-31")

    assert answer.status_code == 302
    assert list(proposal.costs.values_list("fiscal_year", flat=True)) == [2024]


def test_moving_yen_between_years_at_the_total_ceiling_is_one_step(desk):
    proposal = ProposalFactory(starts_on="2024-10-01", ends_on="2029-09-30")
    costs = [
        AnnualCostFactory(proposal=proposal, fiscal_year=year, direct_yen=millions * 1_000_000, indirect_yen=0)
        for year, millions in zip(range(2024, 2030), (20, 26, 26, 26, 26, 6), strict=True)
    ]
    costs[0].direct_yen, costs[5].direct_yen = 26_000_000, 0

    assert change(desk, proposal, costs, starts_on="2024-10-01", ends_on="2029-09-30").status_code == 302
    assert AnnualCost.objects.get(fiscal_year=2024).direct_yen == 26_000_000


def test_the_sum_of_all_years_is_judged_as_typed(desk):
    proposal = ProposalFactory(starts_on="2024-10-01", ends_on="2029-09-30")
    costs = [AnnualCost(fiscal_year=year, direct_yen=26_000_000, indirect_yen=0) for year in range(2024, 2030)]

    answer = change(desk, proposal, costs, starts_on="2024-10-01", ends_on="2029-09-30")

    assert any("¥156,000,000" in sentence and "¥130,000,000" in sentence for sentence in sentences(answer))
    assert not proposal.costs.exists()


def test_a_period_that_leaves_stored_years_outside_is_refused_in_the_form(desk):
    proposal = ProposalFactory()
    cost = AnnualCostFactory(proposal=proposal, fiscal_year=2028)

    answer = change(desk, proposal, [cost], ends_on="2027-03-31")

    assert any("fiscal year 2028" in sentence for sentence in sentences(answer))
    proposal.refresh_from_db()
    assert proposal.ends_on.year == 2029


def test_a_refusal_about_a_field_that_is_read_only_here_stands_above_the_form(desk):
    proposal = ProposalFactory()
    Call.objects.filter(pk=proposal.call_id).update(code="STILL")
    Terms.objects.filter(pk=proposal.terms_id).update(assumptions_en="x")
    other = TermsFactory()

    # The call cannot be typed on this form; a sent one is ignored.
    assert change(desk, proposal, call=other.call_id).status_code == 302
    proposal.refresh_from_db()
    assert proposal.call.code == "STILL"


def test_a_taken_number_is_refused_by_its_sentence(desk):
    first, second = ProposalFactory(number="TAKEN"), ProposalFactory()

    answer = change(desk, second, number=first.number)

    assert "That proposal number is taken. Use another number." in sentences(answer)


def test_a_negative_amount_and_words_are_refused_with_what_was_typed_kept(desk):
    proposal = ProposalFactory()
    cost = AnnualCost(fiscal_year=2024, direct_yen="-1", indirect_yen="三百")

    answer = change(desk, proposal, [cost])

    assert answer.status_code == 200
    assert 'value="-1"' in answer.content.decode()
    assert "Direct costs cannot be below ¥0. Enter 0 or a positive amount in whole yen." in sentences(answer)


def test_an_officer_withdraws_a_proposal(desk):
    proposal = ProposalFactory()

    assert "without a word" in " ".join(sentences(change(desk, proposal, status="withdrawn")))
    assert change(desk, proposal, status="withdrawn", **OUT).status_code == 302
    assert Proposal.objects.get(pk=proposal.pk).status == "withdrawn"


def test_an_awarded_proposal_cannot_be_withdrawn(desk):
    proposal = AwardFactory().proposal

    answer = change(desk, proposal, status="withdrawn")

    assert any("has an award and cannot become withdrawn" in sentence for sentence in sentences(answer))


def test_lists_are_searched_in_any_width_script_and_spelling(desk):
    ProposalFactory(number="FOUND", principal_investigator_reading="アオキ ハナコ")
    ProposalFactory(number="OTHER", principal_investigator_reading="ババ タロウ", principal_investigator="馬場")

    for text in ("ｱｵｷ", "あおき", "アオキ", "FOUND", "ｆｏｕｎｄ"):
        page = desk.get(reverse("admin:proposals_proposal_changelist"), {"q": text}).content.decode()
        assert ("FOUND" in page, "OTHER" in page) == (True, False), text


def offered(client, field, **query):
    query |= {"app_label": "proposals", "model_name": "proposal", "field_name": field, "term": query.pop("term", "")}
    return {row["text"] for row in client.get(reverse("admin:autocomplete"), query).json()["results"]}


def test_only_fields_of_the_call_are_offered(desk):
    call = CallFactory(fields=[FieldFactory()])
    FieldFactory(code="bio", name_ja="バイオ")

    assert offered(desk, "field", call=call.pk) == {"量子"}
    assert offered(desk, "field") == {"量子", "バイオ"}


def test_only_eligible_funders_are_offered_where_the_call_names_some(desk):
    call, ukri = CallFactory(), FunderFactory()
    FunderFactory(country=CountryFactory(alpha2="FR", name_ja="フランス"), acronym="ANR")
    assert len(offered(desk, "primary_funder", call=call.pk)) == 2

    EligibleFunder.objects.create(call=call, funder=ukri)

    assert offered(desk, "primary_funder", call=call.pk) == {"イギリス UKRI"}
    assert offered(desk, "primary_funder", call="x") == {"イギリス UKRI", "フランス ANR"}


def test_the_form_of_a_proposal_asks_for_choices_of_its_call(desk):
    proposal = ProposalFactory()

    page = desk.get(reverse("admin:proposals_proposal_change", args=[proposal.pk])).content.decode()

    assert page.count(f'data-ajax--url="/admin/autocomplete/?call={proposal.call_id}"') == 2


def test_terms_in_use_are_refused_in_the_calls_form(desk):
    terms = ProposalFactory().terms
    call = terms.call
    values = {"code": call.code, "programme": call.programme_id, "fiscal_year": 2023, "name_ja": call.name_ja}
    values |= {"opens_at_0": "2023-09-01", "opens_at_1": "00:00:00"}
    values |= {"closes_at_0": "2023-10-31", "closes_at_1": "12:00:00"}
    values |= {f"call_fields-{name}": value for name, value in EMPTY.items()}
    values |= {f"eligible_funders-{name}": value for name, value in EMPTY.items()}
    values |= {"terms-TOTAL_FORMS": 1, "terms-INITIAL_FORMS": 1, "terms-0-id": terms.pk, "terms-0-call": call.pk}
    values |= {"terms-0-annual_ceiling_yen": 25_000_000, "terms-0-max_months": 60, "terms-0-indirect_percent": 30}
    url = reverse("admin:calls_call_change", args=[call.pk])

    answer = desk.post(url, values | {"terms-0-indirect_included": "on"}, headers={"accept-language": "en"})

    assert any("pinned by proposals" in sentence for sentence in sentences(answer))
    terms.refresh_from_db()
    assert terms.annual_ceiling_yen == 26_000_000


def test_a_pot_cannot_be_lowered_below_what_is_awarded(desk):
    award = AnnualAwardFactory(award__proposal__terms__call__pot_yen=100_000_000)
    call = award.award.proposal.call
    call.pot_yen = 12_999_999

    with pytest.raises(Exception, match="12,999,999") as refused:
        call.full_clean()

    assert "call_awards_within_pot" in {error.code for error in refused.value.error_dict["pot_yen"]}


def test_awards_are_only_looked_at_in_the_records(desk):
    award = AnnualAwardFactory().award
    page = reverse("admin:proposals_award_change", args=[award.pk])

    assert desk.get(reverse("admin:proposals_award_add")).status_code == 404
    assert "13,000,000" in desk.get(page).content.decode()
    assert "_save" not in desk.get(page).content.decode()


def test_accounts_are_for_administrators_alone(client, officer, administrator, django_user_model):
    url = reverse("admin:auth_user_changelist")
    django_user_model.objects.create_superuser("root")
    client.force_login(officer)
    assert client.get(url).status_code == 404

    client.force_login(administrator)

    page = client.get(url)
    assert page.status_code == 200
    assert ("aoki" in page.content.decode(), "root" in page.content.decode()) == (True, False)


def test_nothing_can_be_deleted_from_the_lists(desk):
    proposal = ProposalFactory()

    assert desk.get(reverse("admin:proposals_proposal_delete", args=[proposal.pk])).status_code == 404
    assert "delete_selected" not in desk.get(reverse("admin:proposals_proposal_changelist")).content.decode()


@pytest.mark.parametrize(
    "page", ["proposals_proposal", "proposals_award", "calls_call", "partners_funder", "partners_country"]
)
def test_lists_ask_the_same_number_of_queries_at_one_and_at_three_rows(desk, django_assert_max_num_queries, page):
    url = reverse(f"admin:{page}_changelist")

    def grow(number):
        country = CountryFactory(alpha2=("GB", "FR", "DE")[number])
        funder = FunderFactory(country=country, acronym=f"F{number}")
        AnnualAwardFactory(award__proposal=ProposalFactory(primary_funder=funder))

    def queries():
        with django_assert_max_num_queries(40) as asked:
            assert desk.get(url).status_code == 200
        return len(asked)

    grow(0)
    desk.get(url)
    at_one = queries()
    grow(1), grow(2)
    assert queries() == at_one


def test_a_proposals_form_asks_the_same_number_of_queries_at_one_and_at_three_years(
    desk, django_assert_max_num_queries
):
    proposal = AnnualCostFactory().proposal
    url = reverse("admin:proposals_proposal_change", args=[proposal.pk])

    def queries():
        with django_assert_max_num_queries(40) as asked:
            desk.get(url)
        return len(asked)

    desk.get(url)
    at_one = queries()
    for year in (2025, 2026):
        AnnualCostFactory(proposal=proposal, fiscal_year=year)
    assert queries() == at_one


def test_a_calls_form_asks_the_same_number_of_queries_at_one_and_at_three_rows_of_each_kind(
    desk, reviewer, many_queries
):
    call = TermsFactory(call__fields=[]).call
    url = reverse("admin:calls_call_change", args=[call.pk])

    def grow(number):
        funder = FunderFactory(country=CountryFactory(alpha2=("GB", "FR", "DE")[number]), acronym=f"F{number}")
        EligibleFunder.objects.create(call=call, funder=funder)
        CallField.objects.create(
            call=call, field=FieldFactory(code=f"f{number}"), position=number, lead_reviewer=reviewer
        )
        PotSlice.objects.create(call=call, fiscal_year=2024 + number, limit_yen=1)
        Criterion.objects.create(call=call, position=number + 1, name_ja="基準", name_en="C", weight=1)
        if number:
            TermsFactory(call=call)

    grow(0)
    at_one = many_queries(url)
    grow(1), grow(2)
    page = desk.get(url).content.decode()

    assert many_queries(url) == at_one
    for row in EligibleFunder.objects.all():
        assert f'<option value="{row.funder_id}" selected>{row.funder}</option>' in page
    leads = re.findall(r'<select name="call_fields-[0-9]+-lead_reviewer".*?</select>', page, re.DOTALL)
    assert sum(f'<option value="{reviewer.pk}" selected>' in select for select in leads) == 3


def test_forms_of_proposals_and_awards_ask_the_same_number_of_queries_whatever_rows_they_have(desk, many_queries):
    proposal = AnnualCostFactory().proposal
    award = AnnualAwardFactory(award__proposal=proposal).award
    pages = [
        reverse("admin:proposals_proposal_change", args=[proposal.pk]),
        reverse("admin:proposals_award_change", args=[award.pk]),
    ]

    def grow(number):
        funder = FunderFactory(country=CountryFactory(alpha2=("IT", "FR", "DE")[number]), acronym=f"F{number}")
        proposal.counterparts.create(country=funder.country, funder=funder, person="P", institution="I")
        if number:
            AnnualCostFactory(proposal=proposal, fiscal_year=2024 + number)
            AnnualAwardFactory(award=award, fiscal_year=2024 + number)

    grow(0)
    at_one = [many_queries(page) for page in pages]
    grow(1), grow(2)

    assert [many_queries(page) for page in pages] == at_one


@pytest.fixture
def many_queries(desk, django_assert_max_num_queries):
    """How many queries a page asks, once what is remembered is known."""

    def number(url):
        desk.get(url)
        with django_assert_max_num_queries(60) as asked:
            assert desk.get(url).status_code == 200
        return len(asked)

    return number


def test_an_administrator_gives_an_account_its_role_by_the_name_people_know(client, administrator, officer):
    client.force_login(administrator)
    url = reverse("admin:auth_user_change", args=[officer.pk])

    page = client.get(url, headers={"accept-language": "ja"}).content.decode()
    people = client.get(reverse("admin:auth_user_changelist"), {"role": "officer"}).content.decode()

    assert ">事務担当<" in page
    assert (">aoki<" in people, ">endo<" in people) == (True, False)


def test_a_password_is_set_on_a_page_in_one_language(client, administrator, officer):
    client.force_login(administrator)

    page = client.get(
        reverse("admin:auth_user_password_change", args=[officer.pk]), headers={"accept-language": "en"}
    ).content.decode()

    assert "パスワード" not in page


def test_records_that_are_not_of_real_proposals_say_so(desk):
    synthetic = ProposalFactory(terms__call__is_synthetic=True)
    real = ProposalFactory()

    pages = [
        desk.get(reverse("admin:proposals_proposal_changelist")),
        desk.get(reverse("admin:proposals_proposal_change", args=[synthetic.pk])),
        desk.get(reverse("admin:proposals_proposal_change", args=[real.pk])),
    ]

    assert ["banner--note" in page.content.decode() for page in pages] == [True, True, False]
