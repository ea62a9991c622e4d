"""A proposal keeps to its call and terms: PostgreSQL refuses each breach by name, at every door."""

import datetime

import pytest

from calls.models import Call, CallField, Terms
from proposals.record.models import Proposal
from proposals.record.status import Status
from tests.doors import at_every_insert, at_every_update, refused, run, save_changed
from tests.factories import (
    CEILING_YEN,
    CLOSES_AT,
    OPENS_AT,
    CallFactory,
    FieldFactory,
    FunderFactory,
    ProposalFactory,
    TermsFactory,
)
from tests.record.amounts import DAY, INSTANT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]

BARE = {
    "is_reconstructed": True,
    "title_ja": "",
    "title_en": "",
    "received_at": None,
    "starts_on": None,
    "ends_on": None,
    "principal_investigator": "",
    "principal_investigator_reading": "",
    "researcher_number": "",
    "institution": "",
}
UNSOUND = [
    ("proposal_period_ordered", {"ends_on": datetime.date(2024, 3, 31)}),
    ("proposal_period_whole", {"ends_on": None}),
    ("proposal_period_whole", {"starts_on": None}),
    ("proposal_received_recorded", {"received_at": None}),
    ("proposal_received_in_window", {"received_at": OPENS_AT - INSTANT}),
    ("proposal_received_in_window", {"received_at": CLOSES_AT + INSTANT}),
    ("proposal_received_in_window", {"received_at": CLOSES_AT + INSTANT, "late_reason": " \t\n\u3000"}),
    ("proposal_status_known", {"status": "approved"}),
    ("proposal_reconstructed_is_bare", {**BARE, "institution": "東都大学"}),
    ("reference_exists", {"field_id": 0}),
    ("value_required", {"number": None}),
    ("value_required", {"status": None}),
    ("value_required", {"late_reason": None}),
]


def unsaved_proposal(**values):
    terms = values.pop("terms", None) or TermsFactory()
    related = {"terms": terms, "call": terms.call, "field": FieldFactory(), "primary_funder": FunderFactory()}
    proposal = ProposalFactory.build(**related)
    for name, value in values.items():
        setattr(proposal, name, value)
    return proposal


@pytest.mark.parametrize(("name", "breach"), UNSOUND)
@at_every_insert
def test_proposal_is_refused_when_inserted_unsound(name, breach, insert):
    with refused(name):
        insert(unsaved_proposal(**breach))


@pytest.mark.parametrize(("name", "breach"), [case for case in UNSOUND if "field_id" not in case[1]])
@at_every_update
def test_proposal_is_refused_when_changed_to_unsound(name, breach, change):
    proposal = ProposalFactory()

    with refused(name):
        change(proposal, **breach)


@pytest.mark.parametrize("received_at", [OPENS_AT, CLOSES_AT])
@at_every_insert
def test_proposal_is_accepted_when_received_at_the_edge_of_the_window(received_at, insert):
    insert(unsaved_proposal(received_at=received_at))

    assert Proposal.objects.get().received_at == received_at


@at_every_insert
def test_late_proposal_is_accepted_when_an_officer_records_the_reason(insert):
    insert(unsaved_proposal(received_at=CLOSES_AT + DAY, late_reason="e-Rad was down"))

    assert Proposal.objects.count() == 1


@at_every_insert
def test_proposal_is_refused_when_the_call_has_no_window_even_with_a_reason(insert):
    terms = TermsFactory(call=CallFactory(opens_at=None, closes_at=None))

    with refused("proposal_call_has_window"):
        insert(unsaved_proposal(terms=terms, late_reason="because"))
    with refused("proposal_call_has_window"):
        insert(unsaved_proposal(terms=terms, **BARE))


@at_every_insert
def test_reconstructed_proposal_is_accepted_when_it_states_only_what_was_published(insert):
    insert(unsaved_proposal(**BARE))

    assert Proposal.objects.get().is_reconstructed


@at_every_insert
def test_proposal_is_refused_when_its_field_is_not_of_the_call(insert):
    with refused("proposal_field_of_call"):
        insert(unsaved_proposal(field=FieldFactory(code="bio")))


@at_every_update
def test_proposal_is_refused_when_moved_to_a_field_not_of_the_call(change):
    with refused("proposal_field_of_call"):
        change(ProposalFactory(), field=FieldFactory(code="bio"))


@at_every_insert
def test_proposal_is_refused_when_pinned_to_another_calls_terms(insert):
    with refused("proposal_terms_of_call"):
        insert(unsaved_proposal(call=CallFactory()))


@at_every_update
def test_proposal_is_refused_when_moved_to_another_calls_terms(change):
    with refused("proposal_terms_of_call"):
        change(ProposalFactory(), terms=TermsFactory())


@at_every_update
def test_proposal_is_refused_when_moved_to_other_terms_of_its_call(change):
    proposal = ProposalFactory()

    with refused("proposal_terms_pinned"):
        change(proposal, terms=TermsFactory(call=proposal.call, annual_ceiling_yen=10 * CEILING_YEN))


@at_every_update
def test_proposal_is_refused_when_moved_to_another_call_with_its_terms(change):
    terms = TermsFactory()

    with refused("proposal_terms_pinned"):
        change(ProposalFactory(), terms=terms, call=terms.call)


@at_every_insert
def test_proposal_number_is_refused_when_taken(insert):
    with refused("proposal_number_once"):
        insert(unsaved_proposal(number=ProposalFactory().number))


@at_every_update
def test_status_is_refused_when_the_procedure_does_not_allow_the_move(change):
    with refused("proposal_status_moves"):
        change(ProposalFactory(status=Status.WITHDRAWN), status=Status.AWARDED)


@pytest.mark.parametrize(
    "lowered",
    [
        {"annual_ceiling_yen": CEILING_YEN - 1},
        {"annual_ceiling_yen": CEILING_YEN + 1},
        {"max_months": 48},
        {"indirect_included": False},
        {"indirect_percent": 31},
    ],
)
@at_every_update
def test_terms_are_frozen_when_a_proposal_is_pinned_to_them(lowered, change):
    with refused("terms_frozen_once_used"):
        change(ProposalFactory().terms, **lowered)


def test_terms_may_change_when_no_proposal_uses_them_or_only_their_wording_does():
    unused, used = TermsFactory(), ProposalFactory().terms

    save_changed(unused, annual_ceiling_yen=1)
    save_changed(used, source="call text, page 3")

    assert set(Terms.objects.values_list("annual_ceiling_yen", "source")) == {
        (1, ""),
        (CEILING_YEN, "call text, page 3"),
    }


@at_every_update
def test_window_is_refused_when_it_would_leave_a_received_proposal_outside(change):
    proposal = ProposalFactory()

    with refused("call_window_covers_received"):
        change(proposal.call, closes_at=proposal.received_at - INSTANT)
    with refused("call_window_covers_received"):
        change(Call.objects.get(), opens_at=None, closes_at=None)
    change(Call.objects.get(), closes_at=proposal.received_at)


def test_window_is_refused_when_the_reason_of_the_late_proposal_is_blank():
    proposal = ProposalFactory(late_reason="\u3000")

    with refused("call_window_covers_received"):
        save_changed(proposal.call, closes_at=proposal.received_at - INSTANT)


@pytest.mark.owner
def test_field_of_a_call_stays_when_a_proposal_uses_it():
    ProposalFactory()
    other = FieldFactory(code="bio")

    with refused("call_fields_keep_proposals"):
        CallField.objects.get().delete()
    with refused("call_fields_keep_proposals"):
        save_changed(CallField.objects.get(), field=other)
    with refused("rows_never_truncated"):
        run("SET CONSTRAINTS ALL IMMEDIATE")
        run("TRUNCATE calls_callfield")
