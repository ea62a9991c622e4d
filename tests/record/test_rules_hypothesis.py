"""``full_clean`` and PostgreSQL give the same verdict, under the same name, near every limit."""

import contextlib
import datetime
import itertools

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from aspire.refusals import from_error
from aspire.wareki import fiscal_year
from calls.models import Call
from calls.terms import Limits
from proposals.record.status import Status
from tests.effort import tries
from tests.factories import (
    CLOSES_AT,
    NOON,
    OPENS_AT,
    OUT,
    AnnualAwardFactory,
    AnnualCostFactory,
    AwardFactory,
    CallFactory,
    FieldFactory,
    FunderFactory,
    MarkFactory,
    ProgrammeFactory,
    ProposalFactory,
    TermsFactory,
)

pytestmark = pytest.mark.django_db
near_the_limits = settings(
    max_examples=tries(10, sweep=50),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
DAY, INSTANT = datetime.timedelta(days=1), datetime.timedelta(microseconds=1)
# What Django's own field checks call a breach that the catalogue names otherwise.
SAME = {"null": "value_required", "invalid_choice": "proposal_status_known", "min_value": "value_not_negative"}
counter = itertools.count()


def judged(row):
    """The names under which Django refuses the row: as a form does, and by each constraint on its own."""
    names = set()
    for judge in (row.full_clean, row.validate_constraints):
        try:
            judge()
        except ValidationError as error:
            found = [one for errors in error.error_dict.values() for one in errors]
            names |= {SAME.get(one.code, one.code) for one in found}
    return names


def written(row):
    """The name under which PostgreSQL refuses the row, or None."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            row.save()
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what would be judged at the end
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    except DatabaseError as error:
        return from_error(error).name
    return None


@pytest.fixture(autouse=True)
def rows_that_every_example_shares(db):
    FieldFactory()
    FieldFactory(code="bio")
    FunderFactory()
    ProgrammeFactory()


@contextlib.contextmanager
def undone():
    """Each example starts from the same rows."""
    fresh = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(fresh)


def assert_same_verdict(row):
    with transaction.atomic():
        names = judged(row)
        name = written(row)
    event(f"{type(row).__name__}: {name or 'accepted'}")
    assert (name in names) if name else not names, (name, names)


# --- values near the limits -----------------------------------------------------------------------------------------

LIMITS = st.builds(
    Limits,
    annual_ceiling_yen=st.sampled_from([10, 100, 26_000_000]),
    max_months=st.sampled_from([1, 13, 19, 60, 60, 60]),
    indirect_included=st.booleans(),
    indirect_percent=st.sampled_from([0, 1, 30, 33, 100]),
)
STARTS = st.sampled_from(
    [
        datetime.date(2024, 4, 1),
        datetime.date(2024, 3, 31),
        datetime.date(2024, 2, 29),
        datetime.date(2023, 10, 1),
        datetime.date(2024, 8, 31),
        datetime.date(2023, 12, 30),
    ]
)
NEARLY = st.sampled_from([0, 0, 0, 0, 1, -1])


@st.composite
def direct_and_indirect(draw, limits):
    """An amount at the ceiling, at what the rate leaves of it, or at nothing; a yen more or less."""
    ceiling = limits.annual_ceiling_yen
    base = draw(st.sampled_from([0, ceiling, ceiling * 100 // (100 + limits.indirect_percent), ceiling // 2]))
    direct = base + draw(NEARLY)
    indirect = draw(st.sampled_from([0, max(0, limits.largest_indirect_yen(direct))])) + draw(NEARLY)
    return {"direct_yen": direct, "indirect_yen": indirect}


@st.composite
def periods(draw, limits):
    """A period the terms allow, often of the greatest length."""
    starts_on = draw(STARTS)
    last = limits.last_day(starts_on)
    return {"starts_on": starts_on, "ends_on": max(starts_on, last - draw(st.sampled_from([0, 0, 1, 200])) * DAY)}


def terms_of(limits, call=None):
    return TermsFactory(
        call=call or CallFactory(),
        annual_ceiling_yen=limits.annual_ceiling_yen,
        max_months=limits.max_months,
        indirect_included=limits.indirect_included,
        indirect_percent=limits.indirect_percent,
    )


# --- costs and awarded amounts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("factory", [AnnualCostFactory, AnnualAwardFactory], ids=["cost", "award"])
@given(data=st.data(), limits=LIMITS)
@near_the_limits
def test_amount_gets_the_same_verdict(factory, data, limits):
    with undone():
        pot = data.draw(st.sampled_from([None, 0, limits.annual_ceiling_yen, limits.total_ceiling_yen]), label="pot")
        period = data.draw(st.one_of(periods(limits), st.just({"starts_on": None, "ends_on": None})), label="period")
        proposal = ProposalFactory(terms=terms_of(limits, CallFactory(pot_yen=pot)), **period)
        parent = {"proposal": proposal} if factory is AnnualCostFactory else {"award": AwardFactory(proposal=proposal)}
        first, last = (fiscal_year(period[end] or datetime.date(2024, 4, 1)) for end in ("starts_on", "ends_on"))
        stored = []
        for year in range(first, last + 1):
            full = data.draw(direct_and_indirect(limits), label=str(year))
            row = factory.build(**parent, fiscal_year=year, **full)
            if data.draw(st.booleans(), label="stored") and written(row) is None:
                stored.append(row)

        row = data.draw(st.sampled_from([None, *stored]), label="changed")
        years = st.one_of(st.integers(first, last), st.integers(first - 1, last + 1))
        changes = {"fiscal_year": data.draw(years, label="year")}
        changes |= data.draw(direct_and_indirect(limits), label="amount")
        changes |= {data.draw(st.sampled_from(sorted(changes))): None} if data.draw(st.integers(0, 15)) == 0 else {}
        row = row or factory.build(**parent)
        for name, value in changes.items():
            setattr(row, name, value)

        assert_same_verdict(row)


# --- proposals ------------------------------------------------------------------------------------------------------

WINDOWS = st.sampled_from([(OPENS_AT, CLOSES_AT)] * 3 + [(None, None)])
RECEIVED = st.sampled_from([NOON, OPENS_AT, CLOSES_AT, OPENS_AT - INSTANT, CLOSES_AT + INSTANT, None])
REASONS = st.sampled_from(["", "", " \t", "\u3000", "e-Rad was down"])
BARE = {
    "is_reconstructed": True,
    "received_at": None,
    "starts_on": None,
    "ends_on": None,
    **dict.fromkeys(["title_ja", "title_en", "principal_investigator", "principal_investigator_reading"], ""),
    **dict.fromkeys(["researcher_number", "institution"], ""),
}


@given(data=st.data(), limits=LIMITS, window=WINDOWS)
@near_the_limits
def test_proposal_gets_the_same_verdict(data, limits, window):
    with undone():
        offered, other = FieldFactory(), FieldFactory(code="bio")
        fields = data.draw(st.sampled_from([[], [offered], [offered, other]]), label="fields")
        terms = terms_of(limits, CallFactory(opens_at=window[0], closes_at=window[1], fields=fields))
        period = data.draw(periods(limits), label="period")
        related = {"terms": terms, "call": terms.call, "field": offered, "primary_funder": FunderFactory()}
        row = ProposalFactory.build(**related, **period)
        if window[0] and data.draw(st.booleans(), label="stored"):
            row.save()
            if data.draw(st.booleans(), label="awarded"):
                AnnualAwardFactory(
                    award__proposal=row, fiscal_year=fiscal_year(row.ends_on), direct_yen=0, indirect_yen=0
                )
            if data.draw(st.booleans(), label="with costs"):
                AnnualCostFactory(proposal=row, fiscal_year=fiscal_year(row.ends_on), direct_yen=0, indirect_yen=0)
        elsewhere = terms_of(limits)
        longest = limits.last_day(row.starts_on)
        changes = [
            {"received_at": data.draw(RECEIVED), "late_reason": data.draw(REASONS)},
            {"ends_on": longest + data.draw(NEARLY) * DAY},
            {"ends_on": row.starts_on - data.draw(st.sampled_from([0, 1])) * DAY},
            {"ends_on": None},
            {"starts_on": None, "ends_on": None},
            {"starts_on": row.starts_on + data.draw(NEARLY) * DAY},
            {"field": other},
            {"status": data.draw(st.sampled_from([*Status.values, "approved"]))},
            {"terms": elsewhere},
            {"terms": elsewhere, "call": elsewhere.call},
            {"terms": terms_of(limits, terms.call)},
            BARE,
            {**BARE, "institution": "東都大学"},
            {"is_reconstructed": True},
            {"number": ProposalFactory(terms=elsewhere, starts_on=None, ends_on=None).number},
        ]
        for change in data.draw(st.lists(st.sampled_from(changes), max_size=3), label="changes"):
            for name, value in change.items():
                setattr(row, name, value)

        assert_same_verdict(row)


# --- awards, terms, calls -------------------------------------------------------------------------------------------


@given(
    status=st.sampled_from([status for status in Status.values if status != Status.AWARDED]),
    room=st.sampled_from([None, 0, 1]),
    others=st.integers(0, 2),
    again=st.booleans(),
)
@near_the_limits
def test_award_gets_the_same_verdict(status, room, others, again):
    with undone():
        terms = TermsFactory(call=CallFactory(max_awards=None if room is None else others + again + room))
        for _ in range(others):
            AwardFactory(proposal__terms=terms)
        proposal = ProposalFactory(terms=terms)
        MarkFactory(proposal=proposal)
        if again:
            AwardFactory(proposal=proposal)
        else:
            type(proposal).objects.filter(pk=proposal.pk).update(status=status, **OUT)
        proposal.refresh_from_db()

        assert_same_verdict(AwardFactory.build(proposal=proposal))


@given(
    used=st.booleans(),
    ceiling=st.sampled_from([-1, 0, 1, 26_000_000, 26_000_001]),
    months=st.sampled_from([0, 59, 60, 61]),
    percent=st.sampled_from([-1, 0, 30, 100, 101]),
    included=st.booleans(),
    elsewhere=st.booleans(),
)
@near_the_limits
def test_terms_get_the_same_verdict(used, ceiling, months, percent, included, elsewhere):
    with undone():
        row = TermsFactory()
        if used:
            ProposalFactory(terms=row)
        row.annual_ceiling_yen, row.max_months, row.indirect_percent = ceiling, months, percent
        row.indirect_included, row.call = included, CallFactory() if elsewhere else row.call

        assert_same_verdict(row)


@given(
    opens_at=st.sampled_from([OPENS_AT, OPENS_AT, NOON, NOON + INSTANT, None]),
    closes_at=st.sampled_from([CLOSES_AT, CLOSES_AT, NOON, NOON - INSTANT, OPENS_AT, None]),
    pot=st.sampled_from([None, None, -1, 0, 12_999_999, 13_000_000, 13_000_000]),
    most=st.sampled_from([None, None, -1, 0, 1, 1]),
    reason=REASONS,
    awarded=st.booleans(),
    stored=st.booleans(),
    stale=st.booleans(),
)
@near_the_limits
def test_call_gets_the_same_verdict(opens_at, closes_at, pot, most, reason, awarded, stored, stale):
    with undone():
        call = CallFactory() if stored else CallFactory.build(programme=CallFactory().programme)
        if stored:
            proposal = ProposalFactory(terms=TermsFactory(call=call), late_reason=reason)
            if awarded:
                AnnualAwardFactory(award__proposal=proposal)
            if not stale:
                call = Call.objects.get(pk=call.pk)
        call.opens_at, call.closes_at, call.pot_yen, call.max_awards = opens_at, closes_at, pot, most

        assert_same_verdict(call)
