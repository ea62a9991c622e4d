"""What was done with an account, and by whom: opened, changed, its password set, its roles given and withdrawn."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db.models import Manager
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aspire.history import by_no_person
from aspire.models import AccountEvent, AccountRoleEvent  # type: ignore[attr-defined]
from aspire.people import Person, in_their_order
from aspire.roles import Role
from aspire.untyped import Recorded

OPENED, PASSWORD, ADDRESS, GIVEN, WITHDRAWN = "opened", "password", "address", "given", "withdrawn"
CHANGED, DELETED = "changed", "deleted"
WORDS = {
    OPENED: _("account opened"),
    PASSWORD: _("password set"),
    ADDRESS: _("mail address changed"),
    GIVEN: _("role given"),
    WITHDRAWN: _("role withdrawn"),
    CHANGED: _("account changed"),
    DELETED: _("account deleted"),
}
LABELS = {"insert": OPENED, "password": PASSWORD, "address": ADDRESS, "delete": DELETED}  # of an account's events
# Whoever does one of these to another's account can sign in as that person, or made the person what they are.
ENTRUSTS = (OPENED, PASSWORD, ADDRESS, GIVEN)
UNTOLD = {"id", "date_joined"}
Change = tuple[str, str, str]


@dataclass(frozen=True)
class Act:
    """Something that was done with an account, as the history has it.

    ``by`` is the account of whoever was signed in; None for a command, SQL, or somebody who was not signed in, which
    ``who`` then says. ``is_own``: by the person, signed in or by a link that was sent to them.
    """

    at: datetime.datetime
    what: str
    by: int | None
    who: str
    is_own: bool
    role: str = ""
    changes: tuple[Change, ...] = ()

    def __str__(self) -> str:
        return f"{WORDS[self.what]}: {gettext(self.role)}" if self.role else str(WORDS[self.what])


def acts_on(person: User, *, since: datetime.datetime | None = None) -> list[Act]:
    """Everything that was done with a person's account, the earliest first, in a fixed number of queries."""
    account = list(_history("Account").filter(pgh_obj=person.pk).order_by("pgh_id"))
    roles = list(_history("AccountRole").filter(user=person.pk).order_by("pgh_id"))
    names = {
        user.pk: in_their_order(user) for user in User.objects.in_bulk([e.pgh_user for e in account + roles]).values()
    }
    groups = dict(Group.objects.values_list("pk", "name"))
    found = [*_of_account(account, names), *_of_roles(roles, names, groups)]
    found = [act for act in found if since is None or act.at >= since]
    return sorted(found, key=lambda act: act.at)


def _history(model: str) -> "Manager[Recorded]":
    history: Recorded = apps.get_model(f"aspire.{model}Event")
    return cast("Manager[Recorded]", history._default_manager)


def _act(event: Recorded, what: str, names: dict[int, str], *, of: int) -> Act:
    by = event.pgh_user
    is_own = by == of or (by is None and event.pgh_context_id is not None)
    return Act(event.pgh_created_at, what, by, names.get(by) or by_no_person(event), is_own)


def _of_account(events: list[Recorded], names: dict[int, str]) -> Iterator[Act]:
    before = None
    for event in events:
        what = LABELS.get(event.pgh_label, CHANGED)
        # One write may leave two events, such as that of the address before that of the row: it is told once.
        if what != CHANGED or before is None or _row(before) != _row(event):
            changes = _changes(before, event) if before else ()
            yield replace(_act(event, what, names, of=event.pgh_obj_id), changes=changes)
        before = event


def _of_roles(events: list[Recorded], names: dict[int, str], groups: dict[int, str]) -> Iterator[Act]:
    for event in events:
        what = WITHDRAWN if event.pgh_label == "delete" else GIVEN
        role = groups.get(event.group_id, "")
        yield replace(_act(event, what, names, of=event.user_id), role=role)


def _row(event: Recorded) -> dict[str, Any]:
    """The account as the event left it, by column."""
    names = (column.name for column in event._meta.fields if not column.name.startswith("pgh_"))
    return {name: getattr(event, name) for name in names}


def _changes(before: Recorded, after: Recorded) -> tuple[Change, ...]:
    old, columns = _row(before), cast(Any, User._meta)
    return tuple(
        (str(columns.get_field(name).verbose_name), _written(old[name]), _written(new))
        for name, new in _row(after).items()
        if old[name] != new and name not in UNTOLD
    )


def _written(value: object) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return str(value) or "\u2015"


# --- who lately let whom be somebody ---------------------------------------------------------------------------------
LATELY = datetime.timedelta(days=7)
OF_ACCOUNTS = [label for label, what in LABELS.items() if what in ENTRUSTS]


@dataclass(frozen=True)
class Entrusting:
    """One act of another person that lets them be this one, at a moment."""

    person: User
    by: Person
    what: str  # one of ``history.ENTRUSTS``
    at: datetime.datetime

    @property
    def sentence(self) -> str:
        values = {"by": in_their_order(self.by), "who": in_their_order(self.person)}
        values["day"] = date_format(timezone.localdate(self.at))
        return {
            GIVEN: gettext("%(by)s gave %(who)s the role of manager on %(day)s."),
            PASSWORD: gettext("%(by)s set the password of %(who)s on %(day)s."),
            ADDRESS: gettext("%(by)s changed the mail address of %(who)s on %(day)s."),
            OPENED: gettext("%(by)s made the account of %(who)s on %(day)s."),
        }[self.what] % values


def entrusted(person: Person, *, at: datetime.datetime) -> list[Entrusting]:
    """What others gave the person in the last days, the latest first."""
    found = sorted(_found(person, since=at - LATELY), key=lambda event: event[2], reverse=True)
    people = User.objects.in_bulk({by for _what, by, _at in found})
    return [Entrusting(person, people[by], what, moment) for what, by, moment in found if by in people]


def _found(person: Person, *, since: datetime.datetime) -> Iterator[tuple[str, int, datetime.datetime]]:
    by_others = {"pgh_created_at__gte": since, "pgh_user__isnull": False}
    roles = AccountRoleEvent.objects.filter(user=person, group__name=Role.MANAGER, pgh_label="insert", **by_others)
    accounts = AccountEvent.objects.filter(pgh_obj=person.pk, pgh_label__in=OF_ACCOUNTS, **by_others)
    for event in roles.exclude(pgh_user=person.pk):
        yield GIVEN, event.pgh_user, event.pgh_created_at
    for event in accounts.exclude(pgh_user=person.pk):
        yield LABELS[event.pgh_label], event.pgh_user, event.pgh_created_at
