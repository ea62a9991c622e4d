"""A call is made on a page of its own, like an earlier one a year later, and says what its opening still lacks."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calls.models import Call, Criterion, EligibleFunder, PotSlice, Programme, Terms
from proposals.record.models import Proposal
from tests.factories import (
    TOKYO,
    CallFactory,
    ConflictFactory,
    CriterionFactory,
    FieldFactory,
    FunderFactory,
    ProgrammeFactory,
    ProposalFactory,
    TermsFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]
NEW = "/calls/new/"


@pytest.fixture
def desk(client, officer, settings):
    settings.LANGUAGE_CODE = "en"
    client.force_login(officer)
    return client


@pytest.fixture
def earlier(db):
    """A call with everything in it."""
    call = TermsFactory(call__code="IN-2023", call__pot_yen=300_000_000, call__max_awards=5).call
    CriterionFactory(call=call, position=1)
    PotSlice.objects.create(call=call, fiscal_year=2024, limit_yen=100_000_000)
    EligibleFunder.objects.create(call=call, funder=FunderFactory(), eligible_from=datetime.date(2023, 9, 15))
    return call


def filled(page, **changes):
    """The form of the page as a browser would send it, with these changes."""
    entry = page.context["entry"]
    forms = [entry.form, entry.terms, entry.funders]
    if not entry.is_blind:
        forms += [entry.slices, entry.criteria.management_form, *entry.criteria.forms]
    data = {bound.html_name: bound.value() for form in forms for bound in form}
    return {name: value for name, value in data.items() if value is not None and value is not False} | changes


def said(answer):
    return " ".join(sentence for _anchor, _label, sentence in answer.context["faults"])


def test_a_call_is_made_like_an_earlier_one_a_year_later(desk, earlier):
    page = desk.get(f"{NEW}?like=IN-2023")
    answer = desk.post(f"{NEW}?like=IN-2023", filled(page, code="IN-2024", name_ja="次の公募"))

    assert answer.status_code == 302, said(answer)
    call = Call.objects.get(code="IN-2024")
    assert (call.programme, call.fiscal_year, call.pot_yen, call.max_awards) == (
        earlier.programme,
        2024,
        300_000_000,
        5,
    )
    assert call.opens_at == datetime.datetime(2024, 9, 1, tzinfo=TOKYO)
    assert list(call.fields.all()) == list(earlier.fields.all())
    assert call.current_terms.limits == earlier.current_terms.limits
    assert call.eligible_from == {earlier.eligible_funders.get().funder_id: None}
    assert call.criteria.get().name_ja == earlier.criteria.get().name_ja
    assert call.slices.count() == 0
    done = desk.get(answer.url)
    assert [part for part, sentence in done.context["checklist"] if sentence] == []


def test_a_leap_day_is_a_day_earlier_in_the_next_year(desk):
    at = datetime.datetime(2024, 2, 29, 12, tzinfo=TOKYO)
    TermsFactory(call__code="LEAP", call__opens_at=at, call__closes_at=at + datetime.timedelta(days=30))

    form = desk.get(f"{NEW}?like=LEAP").context["entry"].form

    assert form["opens_at"].value() == "2025-02-28 12:00"


def test_an_empty_form_makes_a_call_whose_page_says_what_it_lacks(desk):
    programme = ProgrammeFactory()
    bare = {"code": "BARE", "programme": programme.pk, "fiscal_year": 2027, "name_ja": "公募", "reviews_wanted": 3}
    bare |= {"terms-annual_ceiling_yen": "２６,０００,０００", "terms-max_months": 60, "terms-indirect_percent": 30}
    bare |= {"criterion-TOTAL_FORMS": 0, "criterion-INITIAL_FORMS": 0}

    answer = desk.post(NEW, bare)

    assert Terms.objects.get().annual_ceiling_yen == 26_000_000
    missing = [part for part, sentence in desk.get(answer.url).context["checklist"] if sentence]
    assert missing == ["window", "fields of a call", "eligible funders", "criteria"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"code": "R9 公募"}, "capital letters"),
        ({"code": "IN-2023"}, "taken"),
        ({"opens_at": "令和9年13月1日"}, "13"),
        ({"opens_at": "2030-01-01"}, "opens"),
        ({"terms-annual_ceiling_yen": "9,999,999,999"}, "260,000,000"),
        ({"pot_yen": "-1"}, "below ¥0"),
        ({"slice_2024": "1億円"}, "unit"),
        ({"criterion-0-weight": "0"}, "weight"),
    ],
)
def test_what_breaks_a_rule_is_said_at_its_place_and_nothing_is_saved(desk, earlier, changes, sentence):
    page = desk.get(f"{NEW}?like=IN-2023")

    answer = desk.post(f"{NEW}?like=IN-2023", filled(page, code="IN-2024") | changes)

    assert answer.status_code == 400
    assert sentence in said(answer)
    assert Call.objects.count() == 1


def test_a_call_is_edited_with_all_its_parts(desk, earlier):
    url = reverse("calls:edit", args=["IN-2023"])
    other, funder = FieldFactory(code="bio"), FunderFactory(acronym="ANR", label_as_printed="ANR")
    kept = earlier.call_fields.get()
    page = desk.get(url)
    first = earlier.eligible_funders.get().funder_id

    typed = filled(page, asked=[kept.field_id, other.pk], slice_2024="", slice_2025="5,000,000")
    typed |= {f"accepts_{funder.pk}": "on", f"from_{funder.pk}": "R5.9.20"}
    typed |= {
        "criterion-0-weight": 3,
        "criterion-1-name_ja": "体制",
        "criterion-1-name_en": "Team",
        "criterion-1-weight": 1,
    }
    del typed[f"accepts_{first}"]
    answer = desk.post(url, typed)

    assert answer.status_code == 302, said(answer)
    assert list(earlier.call_fields.values_list("field", "position")) == [(kept.field_id, 1), (other.pk, 2)]
    assert earlier.call_fields.first().pk == kept.pk
    assert earlier.eligible_from == {funder.pk: datetime.date(2023, 9, 20)}
    assert list(earlier.slices.values_list("fiscal_year", "limit_yen")) == [(2025, 5_000_000)]
    assert list(earlier.criteria.values_list("position", "weight")) == [(1, 3), (2, 1)]


def test_terms_in_use_stay_and_the_page_says_so(desk, earlier):
    ProposalFactory(terms=earlier.current_terms, call=earlier)
    url = reverse("calls:edit", args=["IN-2023"])

    page = desk.get(url)
    desk.post(url, filled(page, **{"terms-annual_ceiling_yen": "1", "terms-source": "公募要領"}))

    terms = Terms.objects.get()
    assert (terms.annual_ceiling_yen, terms.source) == (26_000_000, "公募要領")
    assert "they are frozen" in page.content.decode()


def test_a_window_that_leaves_a_proposal_outside_is_refused(desk, earlier):
    ProposalFactory(terms=earlier.current_terms, call=earlier, number="IN-001")
    url = reverse("calls:edit", args=["IN-2023"])

    answer = desk.post(url, filled(desk.get(url), closes_at="2023-09-05 12:00"))

    assert answer.status_code == 400
    assert "IN-001" in said(answer)


def test_a_rule_that_only_postgresql_judges_answers_on_the_form(desk, earlier):
    field = earlier.call_fields.get().field
    ProposalFactory(terms=earlier.current_terms, call=earlier, field=field)
    url = reverse("calls:edit", args=["IN-2023"])

    answer = desk.post(url, filled(desk.get(url), asked=[FieldFactory(code="bio").pk]))

    assert answer.status_code == 409
    assert 'role="alert"' in answer.content.decode()
    assert list(earlier.fields.all()) == [field]


def test_what_part_of_a_call_hides_does_not_move_for_whom_it_is_hidden(desk, earlier, officer):
    proposal = ProposalFactory(terms=earlier.current_terms, call=earlier)
    ConflictFactory(proposal=proposal, person=officer)
    url = reverse("calls:edit", args=["IN-2023"])
    page = desk.get(url)

    answer = desk.post(url, filled(page, pot_yen="1", slice_2024="1", name_ja="新しい名称"))

    assert answer.status_code == 302, said(answer)
    earlier.refresh_from_db()
    assert (earlier.pot_yen, earlier.slices.get().limit_yen, earlier.name_ja) == (
        300_000_000,
        100_000_000,
        "新しい名称",
    )
    assert "pot_yen" not in page.context["entry"].form.fields
    assert Proposal.objects.count() == 1


def test_managers_and_reviewers_have_no_form(client, manager, earlier):
    client.force_login(manager)

    assert client.get(NEW).status_code == 404
    assert client.get(reverse("calls:edit", args=["IN-2023"])).status_code == 404


def test_the_form_asks_as_often_with_three_of_everything_as_with_one(desk, earlier):
    url = reverse("calls:edit", args=["IN-2023"])
    desk.get(url)
    with CaptureQueriesContext(connection) as one:
        desk.get(url)
    for place in (2, 3):
        CriterionFactory(call=earlier, position=place)
        EligibleFunder.objects.create(
            call=earlier, funder=FunderFactory(acronym=f"F{place}", label_as_printed=f"F{place}")
        )
        FieldFactory(code=f"field{place}")
        CallFactory()
        PotSlice.objects.create(call=earlier, fiscal_year=2024 + place, limit_yen=1)
    with CaptureQueriesContext(connection) as three:
        desk.get(url)

    assert len(one) == len(three)
    assert Criterion.objects.count() == 3


# --- programmes ----------------------------------------------------------------------------------------------------

WISHED = {"code": "next", "name_ja": "次世代事業", "budget_source_ja": "基金", "fund_yen": "10,000,000,000"}
WISHED |= {"limits_reason": "1億円、60か月(公募要領)"}


def test_an_officer_proposes_a_programme_whose_limits_an_administrator_sets(desk, client, administrator):
    page = desk.post(reverse("calls:new_programme"), WISHED, follow=True)

    programme = Programme.objects.get(code="next")
    assert "Proposed: next." in page.content.decode()
    assert (programme.fund_yen, programme.limit_annual_yen, programme.limit_months) == (10_000_000_000, None, None)
    assert "1億円、60か月" not in desk.get(reverse("home")).content.decode()
    client.force_login(administrator)
    assert "1億円、60か月" in client.get(reverse("home")).content.decode()


def test_a_call_of_a_programme_without_limits_has_no_terms_yet(desk):
    desk.post(reverse("calls:new_programme"), WISHED)
    programme = Programme.objects.get()
    typed = {"code": "NEXT-1", "programme": programme.pk, "fiscal_year": 2027, "name_ja": "公募", "reviews_wanted": 3}
    typed |= {"terms-annual_ceiling_yen": "1", "terms-max_months": 60, "terms-indirect_percent": 30}

    answer = desk.post(NEW, typed | {"criterion-TOTAL_FORMS": 0, "criterion-INITIAL_FORMS": 0})

    assert answer.status_code == 400
    assert "outer limits" in said(answer)
    assert Call.objects.count() == 0


def test_a_programme_needs_what_is_wished_and_a_code_of_its_own(desk):
    ProgrammeFactory(code="next")

    page = desk.post(reverse("calls:new_programme"), WISHED | {"limits_reason": ""})

    assert page.status_code == 400
    assert set(page.context["form"].errors) == {"code", "limits_reason"}
