"""A reviewer is invited by an officer and mail: nobody but the invited ever knows the password."""

import re

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.urls import reverse

from aspire.roles import Role, roles_of
from calls.models import Field
from proposals.record.models import Reviewer
from tests.factories import FieldFactory, ReviewerFactory
from tests.workers import do_waiting_work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]
WHO = {"last_name": "佐藤", "first_name": "一郎", "email": "Ichiro@example.org", "reading": "サトウ イチロウ"}
CHOSEN = "correct horse battery staple 9"
WHO |= {"institution": "西都大学", "researcher_number": "００１２３４５６"}


@pytest.fixture
def desk(client, officer):
    client.force_login(officer)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def invite(desk, **changes):
    return desk.post(reverse("assignment:invite"), WHO | {"fields": [FieldFactory().pk]} | changes, follow=True)


def link():
    """The address in the last mail, as a path."""
    do_waiting_work()
    return re.search(r"https?://[^/]+(/\S+)", mail.outbox[-1].body)[1]


def choose(client, path, password=CHOSEN):
    form = client.get(path, follow=True)
    return client.post(form.request["PATH_INFO"], {"password1": password, "password2": password})


def test_an_invited_reviewer_chooses_a_password_once_and_signs_in(desk, client):
    page = invite(desk)

    person = User.objects.get(username="ichiro@example.org")
    profile = Reviewer.objects.get(user=person)
    assert "Invited: ichiro@example.org." in page.content.decode()
    assert (roles_of(person), person.is_staff, person.has_usable_password()) == ({Role.REVIEWER}, False, False)
    assert (profile.name_ja, profile.researcher_number) == ("佐藤 一郎", "00123456")
    assert list(profile.fields.all()) == list(Field.objects.all())
    path = link()
    assert "Aoki" in mail.outbox[-1].body or "青木" in mail.outbox[-1].body
    assert mail.outbox[-1].to == ["ichiro@example.org"]
    client.logout()
    choose(client, path)
    person.refresh_from_db()
    assert person.check_password(CHOSEN)
    choose(client, path, "another horse battery staple 8")
    person.refresh_from_db()
    assert person.check_password(CHOSEN)


def test_who_has_not_come_yet_is_listed_and_invited_anew(desk):
    invite(desk)
    ReviewerFactory(user__email="")
    profile = Reviewer.objects.get(user__username="ichiro@example.org")

    assert [each.pk for each in desk.get(reverse("assignment:invite")).context["waiting"]] == [profile.pk]
    first = link()
    desk.post(reverse("assignment:invite_again", args=[profile.pk]))
    assert link().split("/")[1:3] == first.split("/")[1:3]
    assert len(mail.outbox) == 2
    User.objects.filter(pk=profile.user_id).update(last_login="2026-01-01T00:00Z")
    assert desk.post(reverse("assignment:invite_again", args=[profile.pk])).status_code == 404


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"email": "nobody"}, "valid"),
        ({"email": "ICHIRO@example.org "}, "has an account with the address"),
        ({"researcher_number": "123"}, "instead of 8"),
        ({"last_name": ""}, "required"),
    ],
)
def test_an_invitation_that_cannot_be_is_refused_and_nothing_is_sent(desk, changes, sentence):
    User.objects.create_user("ichiro", email="ichiro@example.org")

    answer = invite(desk, **({"email": "other@example.org"} | changes))

    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    do_waiting_work()
    assert (mail.outbox, Reviewer.objects.count()) == ([], 0)
