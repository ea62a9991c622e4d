"""What can happen to a proposal, in what order: one table, read by Python and by PostgreSQL."""

import itertools

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from aspire.refusals import from_error
from proposals.models import Proposal
from proposals.status import MOVES, NOT_COUNTED, Status, may_move
from tests.factories import AwardFactory, ProposalFactory

PAIRS = list(itertools.product(Status, Status))


def test_every_status_has_its_moves():
    assert MOVES.keys() == set(Status)


def test_status_may_always_stay():
    assert all(may_move(status, status) for status in Status)


def test_what_is_left_out_of_tallies_is_never_awarded_at_once():
    assert not any(may_move(status, Status.AWARDED) for status in NOT_COUNTED)


@pytest.mark.django_db
@pytest.mark.parametrize("is_awarded", [False, True], ids=["without_award", "with_award"])
def test_postgresql_and_full_clean_allow_exactly_the_moves_of_the_table(is_awarded):
    proposal = AwardFactory().proposal if is_awarded else ProposalFactory()

    for before, after in PAIRS:
        if is_awarded and before in NOT_COUNTED:
            continue
        fresh = transaction.savepoint()
        Proposal.objects.filter(pk=proposal.pk).update(status=before)
        expected = None if may_move(before, after) else "proposal_status_moves"
        if is_awarded and after in NOT_COUNTED:
            expected = "proposal_awarded_stays"

        assert (judged(proposal, after), moved(proposal, after)) == (expected, expected), (before, after)
        transaction.savepoint_rollback(fresh)


def judged(proposal, status):
    changed = Proposal.objects.get(pk=proposal.pk)
    changed.status = status
    try:
        changed.full_clean()
    except ValidationError as error:
        return error.error_dict["status"][0].code
    return None


def moved(proposal, status):
    try:
        with transaction.atomic():
            Proposal.objects.filter(pk=proposal.pk).update(status=status)
    except DatabaseError as error:
        return from_error(error).name
    return None
