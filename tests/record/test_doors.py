"""One breach at every door: form, admin, spreadsheet, command and SQL refuse it with the same sentence, ja and en."""

import datetime
import html
import io
import re

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import translation

from aspire.refusals import Refusal, from_error
from proposals.record.models import AnnualCost, Proposal
from tests.factories import NOON, AnnualCostFactory, ProposalFactory, TermsFactory

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)

# The breach, the columns that make it, and the sentence's name with the values it must state.
BREACHES = {
    "one yen above the ceiling": (
        {"direct_yen": 20_000_001, "indirect_yen": 6_000_000},
        Refusal(
            "cost_within_ceiling",
            {"fiscal_year": 2024, "value_yen": 26_000_001, "limit_yen": 26_000_000, "over_yen": 1},
        ),
    ),
    "one day longer than sixty months": (
        {"ends_on": datetime.date(2029, 4, 1)},
        Refusal(
            "proposal_period_within_terms",
            {"value_on": datetime.date(2029, 4, 1), "limit": 60, "limit_on": datetime.date(2029, 3, 31)},
        ),
    ),
    "a year outside the period": (
        {"fiscal_year": 2029},
        Refusal(
            "cost_inside_period",
            {"fiscal_year": 2029, "starts_on": datetime.date(2024, 4, 1), "ends_on": datetime.date(2029, 3, 31)},
        ),
    ),
    "indirect costs one yen above 30 %": (
        {"direct_yen": 10_000_000, "indirect_yen": 3_000_001},
        Refusal(
            "cost_indirect_within_rate",
            {"fiscal_year": 2024, "value_yen": 3_000_001, "limit_yen": 3_000_000, "percent": 30},
        ),
    ),
    "received a minute late": (
        {"received_at": datetime.datetime(2023, 10, 31, 12, 1, tzinfo=NOON.tzinfo)},
        Refusal(
            "proposal_received_in_window",
            {
                "call": "DOOR",
                "value_at": datetime.datetime(2023, 10, 31, 12, 1, tzinfo=NOON.tzinfo),
                "opens_at": datetime.datetime(2023, 9, 1, tzinfo=NOON.tzinfo),
                "closes_at": datetime.datetime(2023, 10, 31, 12, tzinfo=NOON.tzinfo),
            },
        ),
    ),
}
WITHIN = {
    "starts_on": datetime.date(2024, 4, 1),
    "ends_on": datetime.date(2029, 3, 31),
    "received_at": NOON,
    "fiscal_year": 2024,
    "direct_yen": 20_000_000,
    "indirect_yen": 6_000_000,
}


@pytest.fixture
def terms(db):
    return TermsFactory(call__code="DOOR")


@pytest.fixture
def row(terms):
    """A proposal within its terms, never saved, for its field and funder."""
    kept = ProposalFactory(terms=terms)
    Proposal.objects.filter(pk=kept.pk).delete()
    kept.pk = None
    return kept


def by_full_clean(row, values, **_):
    for name in ("starts_on", "ends_on", "received_at"):
        setattr(row, name, values[name])
    try:
        row.full_clean()
        row.save()
        cost = AnnualCost(
            proposal=row, **{name: values[name] for name in ("fiscal_year", "direct_yen", "indirect_yen")}
        )
        cost.full_clean()
    except ValidationError as error:
        return error.messages
    return []


def by_sql(row, values, **_):
    for name in ("starts_on", "ends_on", "received_at"):
        setattr(row, name, values[name])
    try:
        with transaction.atomic():
            Proposal.objects.bulk_create([row])
            cost = {name: values[name] for name in ("fiscal_year", "direct_yen", "indirect_yen")}
            AnnualCost.objects.bulk_create([AnnualCost(proposal=row, **cost)])
    except DatabaseError as error:
        return [from_error(error).sentence]
    return []


def by_admin(row, values, *, client, officer, **_):
    client.force_login(officer)
    typed = {
        "call": row.call_id,
        "status": "received",
        "title_ja": "題",
        "field": row.field_id,
        "primary_funder": row.primary_funder_id,
        "starts_on": values["starts_on"],
        "ends_on": values["ends_on"],
        "received_at_0": f"{values['received_at']:%Y-%m-%d}",
        "received_at_1": f"{values['received_at']:%H:%M:%S}",
        "costs-TOTAL_FORMS": 1,
        "costs-INITIAL_FORMS": 0,
        "counterparts-TOTAL_FORMS": 0,
        "counterparts-INITIAL_FORMS": 0,
        **{f"costs-0-{name}": values[name] for name in ("fiscal_year", "direct_yen", "indirect_yen")},
    }
    answer = client.post(
        reverse("admin:proposals_proposal_add"), typed, headers={"accept-language": translation.get_language()}
    )
    if answer.status_code == 302:
        return []
    page = answer.content.decode()
    assert f'value="{values["direct_yen"]}"' in page, "the form comes back as typed"
    return [html.unescape(text) for text in re.findall(r"<li>([^<]+)</li>", page)]


def by_command(row, values, *, tmp_path, monkeypatch, **_):
    monkeypatch.setattr("django.utils.timezone.now", lambda: values["received_at"])
    year = values["fiscal_year"]
    header = ["number", "title_ja", "field", "funder", "starts_on", "ends_on"]
    header += [f"direct_yen_{year}", f"indirect_yen_{year}"]
    cells = ["", "題", row.field.code, row.primary_funder.code, values["starts_on"], values["ends_on"]]
    cells += [values["direct_yen"], values["indirect_yen"]]
    file = tmp_path / "proposals.csv"
    file.write_text(",".join(header) + "\n" + ",".join(map(str, cells)) + "\n", encoding="utf-8")
    said = io.StringIO()
    try:
        call_command("import_proposals", str(file), call="DOOR", stdout=io.StringIO(), stderr=said, no_color=True)
    except CommandError:
        return [line.split(": ", 1)[-1].split("行目：", 1)[-1] for line in said.getvalue().splitlines()]
    return []


DOORS = [by_full_clean, by_sql, by_admin, by_command]


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("breach", BREACHES)
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_a_breach_meets_the_same_sentence_at_every_door(
    door, breach, language, row, client, officer, tmp_path, monkeypatch
):
    changes, refusal = BREACHES[breach]

    with translation.override(language):
        sentences = door(
            row, WITHIN | changes, client=client, officer=officer, tmp_path=tmp_path, monkeypatch=monkeypatch
        )
        assert any(refusal.sentence in sentence for sentence in sentences), sentences

    assert not AnnualCost.objects.exists()


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_exactly_at_the_limits_every_door_opens(door, row, client, officer, tmp_path, monkeypatch):
    assert door(row, WITHIN, client=client, officer=officer, tmp_path=tmp_path, monkeypatch=monkeypatch) == []


def test_a_refusal_no_form_foresaw_still_answers_with_its_sentence_and_the_form_as_typed(
    client, officer, row, monkeypatch
):
    monkeypatch.setattr(AnnualCost, "clean", lambda cost: None)
    monkeypatch.setattr("proposals.intake.forms.total_breaches", lambda *_args, **_kwargs: [])
    changes, refusal = BREACHES["one yen above the ceiling"]

    sentences = by_admin(row, WITHIN | changes, client=client, officer=officer)

    assert set(sentences) == {refusal.sentence}
    assert not Proposal.objects.exists()


def test_a_refusal_outside_any_form_is_a_page_with_its_sentence(client, officer, monkeypatch):
    cost = AnnualCostFactory()
    client.force_login(officer)

    def overspend(*_args, **_kwargs):
        with transaction.atomic():  # as on the site, where the session is still saved afterwards
            AnnualCost.objects.filter(pk=cost.pk).update(direct_yen=26_000_001)

    monkeypatch.setattr("proposals.home.views.overview", overspend)

    answer = client.get("/")

    assert answer.status_code == 409
    assert "26,000,000" in answer.content.decode()
    assert "DETAIL" not in answer.content.decode()


@pytest.mark.parametrize("sign", ["\x7f", "\x07", "\x85", "\x1f"])
def test_a_control_character_in_a_form_is_refused_and_nothing_is_saved(client, officer, row, sign):
    client.force_login(officer)
    client.cookies["django_language"] = "en"

    answer = client.post(reverse("admin:proposals_proposal_add"), {"call": row.call_id, "title_ja": f"量{sign}子"})

    assert answer.status_code == 400
    assert answer.context["refusal"] == Refusal("text_without_control", {"sign": f"U+{ord(sign):04X}"})
    assert f"U+{ord(sign):04X}" in answer.content.decode()
    assert not Proposal.objects.exists()


def test_tabs_and_line_ends_are_no_control_characters_that_a_form_refuses(client, officer, row):
    client.force_login(officer)

    answer = client.post(reverse("admin:proposals_proposal_add"), {"young_researcher_plan": "一\t二\r\n三"})

    assert answer.status_code == 200  # other fields are missing


def test_a_database_fault_that_is_no_refusal_stays_a_fault(client, officer, monkeypatch):
    def broken(*_args, **_kwargs):
        Proposal.objects.raw("SELECT nonsense")[0]

    client.force_login(officer)
    client.raise_request_exception = False
    monkeypatch.setattr("proposals.home.views.overview", broken)

    with transaction.atomic():
        answer = client.get("/")
        transaction.set_rollback(True)

    assert answer.status_code == 500
    assert "nonsense" not in answer.content.decode()
