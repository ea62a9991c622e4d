"""Who opened an account, set its password or gave its role is written down where nobody can change it."""

import datetime

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation

from aspire.accounts.history import ENTRUSTS, acts_on
from aspire.history import acting
from aspire.roles import Role
from tests.doors import refused, run

pytestmark = pytest.mark.django_db
LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


def told(acts):
    with translation.override("en"):
        return [(str(act), act.by) for act in acts]


def lately(person, *, role="", since=LONG_AGO):
    """What others did that lets them be the person, or one of these roles."""
    acts = [act for act in acts_on(person, since=since) if act.what in ENTRUSTS and not act.is_own]
    return [act for act in acts if not role or act.role in {"", role}]


@pytest.fixture
def chiba(administrator):
    """A manager whose account an administrator opened."""
    with acting(administrator.pk, "/admin/auth/user/add/"):
        chiba = User.objects.create_user("chiba", password="correct horse battery staple")
        chiba.groups.add(Group.objects.get(name=Role.MANAGER))
    return chiba


def test_administrator_who_opened_an_account_and_gave_its_role_is_named(administrator, chiba):
    assert told(lately(chiba)) == [("account opened", administrator.pk), ("role given: manager", administrator.pk)]


def test_administrator_who_sets_a_managers_password_is_named(client, administrator, manager):
    client.force_login(administrator)
    new = "another horse battery staple"

    client.post(
        reverse("admin:auth_user_password_change", args=[manager.pk]),
        {"password1": new, "password2": new, "usable_password": "true"},
    )

    manager.refresh_from_db()
    assert manager.check_password(new)
    (act,) = [act for act in lately(manager) if act.what == "password"]
    assert told([act]) == [("password set", administrator.pk)]
    assert "Endo" in act.who


def test_own_password_and_the_day_of_the_last_visit_are_nobody_elses_doing(client, chiba):
    before = lately(chiba)
    with acting(chiba.pk, "/accounts/password/change/"):
        chiba.set_password("a fresh horse battery staple")
        chiba.save()
    with acting(None, "/accounts/password/reset/key/"):  # by the link that was sent to them
        chiba.set_password("one more horse battery staple")
        chiba.save()
    chiba.last_login = timezone.now()
    chiba.save()

    assert lately(chiba) == before
    assert [act.is_own for act in acts_on(chiba) if act.what == "password"] == [True, True]


def test_password_set_by_sql_or_command_is_somebody_elses_doing(chiba):
    run("SET LOCAL pghistory.context_metadata = ''")  # another transaction
    run("UPDATE auth_user SET password = 'x' WHERE id = %s", chiba.pk)
    run("SET LOCAL application_name = '/accounts/password/reset/key/'")  # it was no page that set it, whatever it says
    run("UPDATE auth_user SET password = 'y' WHERE id = %s", chiba.pk)

    assert [act.by for act in lately(chiba) if act.what == "password"] == [None, None]


def test_new_mail_address_is_told_since_a_password_can_be_sent_there(administrator, chiba):
    with acting(administrator.pk, "/admin/"):
        User.objects.filter(pk=chiba.pk).update(email="endo@example.jp")

    (act,) = [act for act in lately(chiba) if act.what == "address"]
    assert told([act]) == [("mail address changed", administrator.pk)]
    assert act.changes[0][1:] == ("\u2015", "endo@example.jp")


def test_every_write_is_told_once_also_the_first_of_an_account_older_than_its_history(administrator, chiba):
    with transaction.atomic():
        run("SET LOCAL session_replication_role = replica")
        run("DELETE FROM aspire_accountevent")
        run("SET LOCAL session_replication_role = origin")
    with acting(administrator.pk, "/admin/"):
        User.objects.filter(pk=chiba.pk).update(last_name="Chiba")
        User.objects.filter(pk=chiba.pk).update(date_joined=LONG_AGO)
        User.objects.filter(pk=chiba.pk).update(email="endo@example.jp", first_name="Emi")

    acts = [act for act in acts_on(chiba) if not act.role]
    assert [act.what for act in acts] == ["changed", "changed", "address"]
    assert {new for _column, _old, new in acts[-1].changes} == {"endo@example.jp", "Emi"}


def test_only_acts_of_the_days_and_the_role_asked_for_are_told(administrator, chiba):
    with acting(administrator.pk, "/admin/"):
        chiba.groups.add(Group.objects.get(name=Role.OFFICER))
        chiba.groups.remove(Group.objects.get(name=Role.MANAGER))

    assert lately(chiba, since=timezone.now() + datetime.timedelta(days=1)) == []
    assert [str(act.role) for act in lately(chiba, role=Role.MANAGER)] == ["", "manager"]
    assert [(act.what, act.role) for act in acts_on(chiba)][-1] == ("withdrawn", "manager")


def test_history_of_accounts_holds_no_password():
    kept = {field.name for field in apps.get_model("aspire.AccountEvent")._meta.fields}

    assert {"username", "email", "is_superuser"} <= kept
    assert {"password", "last_login"}.isdisjoint(kept)


def test_command_that_makes_an_administrator_is_named():
    call_command("createsuperuser", interactive=False, username="root", email="root@example.jp", verbosity=0)

    (act,) = acts_on(User.objects.get(username="root"))
    assert (act.what, act.by, act.is_own) == ("opened", None, False)
    assert str(settings.PROGRAM) in act.who


def test_page_of_an_account_tells_its_history_in_words(client, administrator, chiba):
    client.force_login(administrator)
    with acting(administrator.pk, "/admin/"):
        User.objects.filter(pk=chiba.pk).update(email="chiba@example.jp")

    address = reverse("admin:auth_user_history", args=[chiba.pk])
    page = client.get(address, headers={"accept-language": "en"}).content.decode()

    for words in ("account opened", "role given: manager", "mail address changed", "\u2015 → chiba@example.jp", "Endo"):
        assert words in page


def test_history_of_an_account_asks_the_same_number_of_queries_however_much_was_done(
    administrator, chiba, django_assert_max_num_queries
):
    with django_assert_max_num_queries(4):
        acts_on(chiba)
    with acting(administrator.pk, "/admin/"):
        for name in ("a@example.jp", "b@example.jp", "c@example.jp"):
            User.objects.filter(pk=chiba.pk).update(email=name)
    with django_assert_max_num_queries(4):
        assert len(acts_on(chiba)) == 5


def test_account_that_worked_in_the_records_is_closed_and_not_deleted(administrator):
    """The log of the records would lose who wrote it."""
    LogEntry.objects.create(user=administrator, object_repr="x", action_flag=CHANGE)

    with refused("history_is_append_only"):
        administrator.delete()
