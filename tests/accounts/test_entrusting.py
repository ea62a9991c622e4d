"""One administrator is not both persons of a release: who made the releaser who they are is told, and refused."""

import datetime
import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, User
from django.core import mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from aspire.accounts.history import entrusted
from aspire.history import acting
from aspire.refusals import Refused
from aspire.roles import Role
from proposals.awards.release import release
from proposals.record.models import Packet
from proposals.record.status import Decision, PacketState
from tests.doors import at_every_update, refused, run
from tests.factories import NOON, ManagerFactory, MarkFactory, OfficerFactory, PacketFactory, UserFactory
from tests.workers import do_waiting_work

pytestmark = pytest.mark.django_db


def give_role(person):
    person.groups.add(Group.objects.get(name=Role.MANAGER))


def set_password(person):
    person.set_password("another")
    person.save()


def by(actor, act, person):
    """The act as the actor does it on the site."""
    with transaction.atomic(), acting(actor.pk, "/admin/auth/user/"):
        act(person)
    return person


def change_address(person):
    User.objects.filter(pk=person.pk).update(email="endo@example.jp")


ACTS = [
    (give_role, UserFactory, "given"),
    (set_password, ManagerFactory, "password"),
    (change_address, ManagerFactory, "address"),
]
at_every_act = pytest.mark.parametrize(("act", "before", "what"), ACTS, ids=[what for *_act, what in ACTS])


@pytest.fixture
def packet(administrator):
    """A packet that Administrator Endo submitted; an officer marked it."""
    mark = MarkFactory(decision=Decision.DECLINE)
    return PacketFactory(marks=[mark], call=mark.proposal.call, submitted_by=administrator)


@at_every_act
@at_every_update
def test_release_is_refused_to_whom_the_submitter_lately_made_a_manager(
    change, packet, administrator, act, before, what
):
    chiba = by(administrator, act, before())

    with refused("release_by_independent_person"):
        change(packet, state=PacketState.RELEASED, decided_by=chiba, decided_at=NOON)
    with pytest.raises(Refused, match="release_by_independent_person"):
        release(Packet.objects.get(), by=chiba, at=NOON)


def test_release_is_refused_to_whom_a_marker_lately_gave_the_password(packet):
    chiba = by(packet.marks.get().marked_by, set_password, ManagerFactory())

    with pytest.raises(Refused, match="release_by_independent_person"):
        release(packet, by=chiba, at=NOON)


def test_release_by_whom_somebody_else_entrusted_or_who_set_the_own_password_is_done(packet):
    chiba = by(OfficerFactory(), give_role, UserFactory())
    by(chiba, set_password, chiba)

    release(packet, by=chiba, at=NOON)

    assert Packet.objects.get().state == PacketState.RELEASED


def test_release_is_done_a_week_after(packet, administrator):
    chiba = by(administrator, set_password, ManagerFactory())
    with transaction.atomic():
        run("SET LOCAL session_replication_role = replica")
        run("UPDATE aspire_accountevent SET pgh_created_at = pgh_created_at - interval '8 days'")
        run("SET LOCAL session_replication_role = origin")

    release(packet, by=chiba, at=NOON)

    assert entrusted(chiba, at=timezone.now()) == []


@at_every_act
def test_manager_is_told_who_could_be_them(client, packet, administrator, act, before, what):
    chiba = by(administrator, act, before(username="chiba", last_name="Chiba"))
    client.force_login(chiba)
    english = {"accept-language": "en"}

    home = client.get("/", headers=english)
    page = client.get(reverse("awards:packet", args=[packet.call.code]), headers=english)

    (told,) = entrusted(chiba, at=timezone.now())
    assert (told.what, told.by, told.person) == (what, administrator, chiba)
    assert told.sentence in [task.what for task in home.context["tasks"]]
    assert told.sentence in page.text
    assert "Ask another manager." in page.text
    assert not page.context["dossier"].may_release
    assert entrusted(chiba, at=timezone.now() + datetime.timedelta(days=8)) == []


def test_administrator_who_had_a_managers_link_sent_to_themselves_releases_nothing(client, packet, administrator):
    """The link for a new password goes to the address that the account has now."""
    chiba = by(administrator, change_address, ManagerFactory(username="chiba", last_name="Chiba"))
    client.post(reverse("account_reset_password"), {"email": "endo@example.jp"})
    do_waiting_work()
    (letter,) = mail.outbox
    link = re.search(r"/accounts/password/reset/key/\S+", letter.body)[0]
    new = dict.fromkeys(["password1", "password2"], "another horse battery staple")
    form = client.get(link, follow=True).request["PATH_INFO"]
    client.post(form, new)
    assert client.login(username="chiba", password=new["password1"])
    page = reverse("awards:packet", args=[packet.call.code])

    answer = client.post(reverse("awards:release", args=[packet.call.code]), {"packet": packet.pk})

    assert answer.status_code == 409
    assert Packet.objects.get().state == PacketState.SUBMITTED
    assert "changed the mail address of Chiba" in client.get(page, headers={"accept-language": "en"}).text
    with pytest.raises(Refused, match="release_by_independent_person"):
        release(packet, by=chiba, at=NOON)


# --- what the library that resets passwords knows of ----------------------------------------------------------------


def test_link_to_a_new_password_goes_to_no_address_but_the_account_s_own(manager):
    User.objects.filter(pk=manager.pk).update(email="manager@example.jp")
    forged = 'INSERT INTO account_emailaddress (user_id, email, verified, "primary") VALUES (%s, %s, true, true)'

    with refused("address_of_account"):
        run(forged, manager.pk, "other@example.jp")
    run(forged, manager.pk, "Manager@example.jp")
    with refused("address_of_account"):
        run("UPDATE account_emailaddress SET email = 'other@example.jp'")


def test_an_address_that_is_given_up_leads_to_no_password_any_more(manager):
    User.objects.filter(pk=manager.pk).update(email="old@example.jp")
    EmailAddress.objects.create(user=manager, email="old@example.jp", verified=True, primary=True)
    User.objects.filter(pk=manager.pk).update(email="new@example.jp")

    assert not EmailAddress.objects.exists()
