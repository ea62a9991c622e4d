"""What can happen to a proposal, in what order: one table, read by Python and by PostgreSQL."""

import itertools

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from aspire.refusals import from_error
from proposals.record.models import Proposal
from proposals.record.status import MOVES, NOT_COUNTED, Status, may_move
from tests.doors import at_every_insert, refused
from tests.factories import OUT, AwardFactory, FunderFactory, ProposalFactory, TermsFactory, release

PAIRS = list(itertools.product(Status, Status))


def test_every_status_has_its_moves():
    assert MOVES.keys() == set(Status)


def test_status_may_always_stay():
    assert all(may_move(status, status) for status in Status)


def test_what_is_left_out_of_tallies_is_never_awarded_at_once():
    assert not any(may_move(status, Status.AWARDED) for status in NOT_COUNTED)


@pytest.mark.django_db
@pytest.mark.parametrize("award", ["none", "staged", "released"])
def test_postgresql_and_full_clean_allow_exactly_the_moves_of_the_table(award):
    for before, after in PAIRS:
        if not can_stand(before, award):
            continue
        fresh = transaction.savepoint()
        proposal = AwardFactory().proposal if award != "none" else ProposalFactory()
        if award == "released":
            release(proposal.award)
        else:
            Proposal.objects.filter(pk=proposal.pk).update(status=before, **OUT)

        verdict = expected(before, after, award)

        assert (judged(proposal, after), moved(proposal, after)) == (verdict, verdict), (before, after)
        transaction.savepoint_rollback(fresh)


def can_stand(status, award):
    """Whether a proposal with such an award can have the status at all: awarded is what is released."""
    if award == "released":
        return status == Status.AWARDED
    return status != Status.AWARDED and not (award == "staged" and status in NOT_COUNTED)


def expected(before, after, award):
    if before == after:
        return None
    if award != "none" and after in NOT_COUNTED:
        return "proposal_awarded_stays"
    if award == "released":
        return "proposal_released_stays"
    if not may_move(before, after):
        return "proposal_status_moves"
    return "proposal_awarded_by_release" if after == Status.AWARDED else None


@pytest.mark.django_db
@at_every_insert
def test_proposal_is_refused_when_logged_as_awarded(insert):
    terms = TermsFactory()
    row = ProposalFactory.build(
        terms=terms, call=terms.call, field=terms.call.fields.get(), primary_funder=FunderFactory(), status="awarded"
    )

    with refused("proposal_awarded_by_release"):
        insert(row)


def judged(proposal, status):
    changed = Proposal.objects.get(pk=proposal.pk)
    changed.status = status
    changed.set_aside_on, changed.set_aside_reason = OUT.values()
    try:
        changed.full_clean()
    except ValidationError as error:
        return error.error_dict["status"][0].code
    return None


def moved(proposal, status):
    try:
        with transaction.atomic():
            Proposal.objects.filter(pk=proposal.pk).update(status=status, **OUT)
    except DatabaseError as error:
        return from_error(error).name
    return None
