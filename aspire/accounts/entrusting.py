"""Who lately let whom be somebody: by account, role, password or mail address. They are no second person to them."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from aspire.accounts.history import ADDRESS, ENTRUSTS, GIVEN, LABELS, OPENED, PASSWORD
from aspire.models import AccountEvent, AccountRoleEvent  # type: ignore[attr-defined]
from aspire.people import Person, in_their_order
from aspire.roles import Role

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
            GIVEN: _("%(by)s gave %(who)s the role of manager on %(day)s."),
            PASSWORD: _("%(by)s set the password of %(who)s on %(day)s."),
            ADDRESS: _("%(by)s changed the mail address of %(who)s on %(day)s."),
            OPENED: _("%(by)s made the account of %(who)s on %(day)s."),
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
