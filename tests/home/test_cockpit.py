"""The first page says how things stand: the current call, what is due, the partners on a map, the rates, the fund."""

import datetime

import pytest
from django.utils import timezone

from proposals.home.cockpit import current, deadlines
from proposals.partnerships.worldmap import Counted, world_map
from tests.factories import (
    AnnualAwardFactory,
    AwardFactory,
    CallFactory,
    FieldFactory,
    FunderFactory,
    ProgrammeFactory,
    ProposalFactory,
    TermsFactory,
    release,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]
DAY = datetime.timedelta(days=1)


@pytest.fixture
def english(client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def opening(code, **more):
    now = timezone.now()
    return CallFactory(code=code, opens_at=now - 3 * DAY, closes_at=now + 5 * DAY, **more)


def test_page_is_about_the_call_that_asks_for_most_now():
    now = timezone.now()
    released, open_now = CallFactory(progress="released"), opening("OPEN")

    assert current([released, open_now], at=now) == open_now
    assert current([released], at=now) == released
    assert current([], at=now) is None


def test_what_is_due_next_stands_by_day_and_what_is_past_does_not():
    now, call = timezone.now(), opening("OPEN")
    call.reviews_due_on = timezone.localdate(now) + 20 * DAY
    call.embargo_until = now + DAY

    found = deadlines([call, CallFactory()], at=now)

    assert [each.days for each in found] == [1, 5, 20]
    assert found[2].href == "/calls/OPEN/reviews/"


def test_manager_reads_the_current_call_its_map_the_rates_and_the_fund(english, manager):
    programme, field, funder = ProgrammeFactory(fund_yen=44_000_000_000), FieldFactory(), FunderFactory()
    open_now = opening("OPEN", programme=programme, fields=[field])
    ProposalFactory(
        terms=TermsFactory(call=open_now), field=field, primary_funder=funder, received_at=timezone.now() - DAY
    )
    terms = TermsFactory(call=CallFactory(code="DONE", programme=programme, fields=[field], progress="released"))
    proposal = ProposalFactory(terms=terms, field=field, primary_funder=funder)
    release(AnnualAwardFactory(award=AwardFactory(proposal=proposal)).award)
    english.force_login(manager)

    page = english.get("/")

    assert (page.context["current"], len(page.context["tiles"])) == (open_now, 5)
    assert [each.country.alpha2 for each in page.context["map"].countries if each.country.number] == ["GB"]
    assert (page.context["decided"].code, page.context["rates"].total.rate) == ("DONE", "100.0")
    assert page.context["ledger"].committed_yen == 13_000_000
    *_years, (_last, left_yen) = page.context["ledger"].running
    assert left_yen == 44_000_000_000 - 13_000_000
    text = page.content.decode()
    assert text.index("At a glance" if "At a glance" in text else 'class="tiles"') < text.index("Waiting for you")
    assert "/calls/OPEN/tallies.pptx" in text


def test_officer_reads_first_what_waits_and_an_empty_desk_says_so(english, officer):
    english.force_login(officer)

    text = english.get("/").content.decode()

    assert "Nothing waits for you." in text
    assert "Nothing is due." in text


def test_administrator_reads_how_people_and_machines_are(english, administrator):
    english.force_login(administrator)

    house = {line.label: line.value for line in english.get("/").context["house"]}

    assert set(house) == {"Accounts", "Invitations not taken up", "What the site stands on"}
    assert house["Accounts"] == "1"


def test_map_draws_what_it_knows_and_leaves_the_rest_to_the_table():
    found = world_map(
        [
            Counted("US", "America", 25, "/partners/US/"),
            Counted("SG", "Singapore", 1, "/partners/SG/"),
            Counted("FR", "France", None, "/partners/FR/"),
            Counted("XX", "nowhere", 3, "/partners/XX/"),
        ]
    )

    assert [(each.country.alpha2, each.step) for each in found.countries] == [("US", 5), ("SG", 1), ("FR", 0)]
    assert found.countries[0].path.startswith("M")
    assert (bool(found.countries[1].place), found.countries[1].path) == (True, "")
    assert world_map([]).countries == []


def test_partners_are_counted_over_all_calls_the_last_years_or_one(english, manager):
    funder = FunderFactory()
    for code, year in (("OLD", 2015), ("NEW", 2026)):
        ProposalFactory(terms=TermsFactory(call=CallFactory(code=code, fiscal_year=year)), primary_funder=funder)
    english.force_login(manager)

    def total(asked):
        return english.get("/partners/", {"calls": asked}).context["whole"][1].recorded

    assert (total(""), total("recent"), total("OLD"), total("NONE")) == (2, 1, 1, 0)
