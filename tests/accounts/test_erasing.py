"""Personal data can be erased from an append-only history, by the owner alone, and everybody can see that it was."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from aspire.accounts import erasure as erasing
from aspire.models import Erasure
from proposals.record.invariants import documents_lost
from proposals.record.models import CoInvestigator, FollowUp, Proposal, ProposalDraft
from tests.doors import refused, run
from tests.factories import (
    NOON,
    AnnualCostFactory,
    CounterpartFactory,
    DocumentFactory,
    ReviewerFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
SECRET = "消去太郎"


@pytest.fixture
def documents(settings, tmp_path):
    """A folder of documents of the test's own."""
    settings.STORAGES = settings.STORAGES | {
        "documents": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    }
    return tmp_path


@pytest.fixture
def proposal():
    proposal = AnnualCostFactory(proposal__principal_investigator=SECRET, proposal__email="taro@example.jp").proposal
    CounterpartFactory(proposal=proposal, person=SECRET)
    raised = {"proposal": proposal, "value": SECRET, "finding": {}, "raised_at": NOON}
    FollowUp.objects.create(**raised, code="number")
    done = {"done_by": UserFactory(), "done_at": NOON, "comment": f"{SECRET} says so."}
    FollowUp.objects.create(**raised, code="name", **done)
    proposal.title_en = "Changed"
    proposal.save()
    return proposal


def places_of(text: str) -> list[str]:
    """Every table that holds the text in any row, of today or of history."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if not name.startswith("django_")]
        found = []
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE %s', [f"%{text}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def erase(**whose: str) -> None:
    call_command("erase_personal_data", reason="asked by the person", verbosity=0, **whose)


def test_the_people_of_a_proposal_are_in_no_table_any_more(proposal):
    before = places_of(SECRET)

    erase(proposal=proposal.number)

    assert {"proposals_proposal", "proposals_proposalevent", "proposals_counterpartevent"} <= {*before}
    assert places_of(SECRET) == places_of("taro@example.jp") == []


def test_what_was_asked_for_and_every_moment_of_it_stay(proposal):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM proposals_proposalevent")
        (before,) = cursor.fetchone()

    erase(proposal=proposal.number)

    proposal.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM proposals_proposalevent")
        (after,) = cursor.fetchone()
    assert (proposal.title_en, proposal.costs.count(), after) == ("Changed", 1, before + 1)


def test_an_erasure_is_remembered_and_holds_nothing_of_what_was_erased(proposal):
    erase(proposal=proposal.number)

    erasure = Erasure.objects.get()

    assert (erasure.subject, erasure.reason) == (proposal.number, "asked by the person")
    assert "proposals.proposal.principal_investigator" in erasure.columns
    assert erasure.row_count >= 4
    assert erasure.by_role


def test_an_erasure_is_remembered_for_good(proposal):
    erase(proposal=proposal.number)

    with refused("history_is_append_only"):
        run("DELETE FROM aspire_erasure")


def test_history_is_closed_again_after_an_erasure(proposal):
    erase(proposal=proposal.number)

    with refused("history_is_append_only"):
        run("UPDATE proposals_proposalevent SET principal_investigator = 'forged'")


def test_history_is_closed_again_after_an_erasure_that_failed(proposal, monkeypatch):
    monkeypatch.setattr(erasing.Erasure.objects, "create", lambda **_values: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        erase(proposal=proposal.number)

    with refused("history_is_append_only"):
        run("UPDATE proposals_proposalevent SET principal_investigator = 'forged'")
    assert "proposals_proposal" in places_of(SECRET)


def test_the_person_of_an_account_is_in_no_table_any_more_and_cannot_sign_in():
    profile = ReviewerFactory(name_ja=SECRET, user__last_name=SECRET, user__email="taro@example.jp")
    name = profile.user.username

    erase(account=name)

    profile.user.refresh_from_db()
    assert places_of(SECRET) == places_of("taro@example.jp") == []
    assert (profile.user.username, profile.user.is_active) == (f"erased-{profile.user_id}", False)
    assert not profile.user.has_usable_password()


@pytest.mark.parametrize("whose", [{"proposal": "NO-SUCH"}, {"account": "nobody"}])
def test_what_does_not_exist_is_not_erased(whose):
    with pytest.raises(CommandError, match=r"There is no|ありません"):
        erase(**whose)


def test_co_investigators_drafts_and_reasons_are_erased_with_the_rest(proposal):
    CoInvestigator.objects.create(proposal=proposal, person=SECRET, researcher_number="00123456")
    typed = {"typed": f"principal_investigator={SECRET}", "saved_at": NOON}
    ProposalDraft.objects.create(user=UserFactory(), call=proposal.call, proposal=proposal, **typed)
    out = {"set_aside_on": NOON.date(), "set_aside_reason": f"{SECRET} asked"}
    Proposal.objects.filter(pk=proposal.pk).update(status="withdrawn", funder_reason=f"{SECRET} knows", **out)
    Proposal.objects.filter(pk=proposal.pk).update(status="received", set_aside_on=None, set_aside_reason="")

    erase(proposal=proposal.number)

    assert places_of(SECRET) == places_of("00123456") == []
    stored = Proposal.objects.get(pk=proposal.pk)
    assert (stored.funder_reason, stored.set_aside_reason) == ("―", "")


def test_documents_lose_their_names_and_what_no_other_proposal_has_is_thrown_away(
    proposal, documents, django_capture_on_commit_callbacks
):
    other = DocumentFactory(name="shared.pdf", sha256="b" * 64)
    own = DocumentFactory(proposal=proposal, name=f"{SECRET}.pdf", sha256="a" * 64)
    DocumentFactory(proposal=proposal, name=f"{SECRET}_2.pdf", sha256="b" * 64)
    for each in (own, other):
        path = documents / each.path
        path.parent.mkdir()
        path.write_bytes(b"%PDF")

    with django_capture_on_commit_callbacks(execute=True):
        erase(proposal=proposal.number)

    assert places_of(SECRET) == []
    assert (own.is_there, other.is_there) == (False, True)
    assert all(each.is_erased for each in proposal.documents.all())
    assert proposal.documents.present().count() == 0
    assert [str(each) for each in documents_lost() if proposal.number in str(each)] == []
    own.refresh_from_db()
    with refused("document_stays"):
        run("UPDATE proposals_document SET name = 'again.pdf' WHERE id = %s", own.pk)
