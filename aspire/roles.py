"""Who does what: four roles, kept as groups, and what each may do with each model."""

from collections.abc import Mapping
from typing import Any, cast

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    OFFICER = "officer", _("officer")
    REVIEWER = "reviewer", _("reviewer")
    MANAGER = "manager", _("manager")
    ADMINISTRATOR = "administrator", _("administrator")


STAFF = frozenset({Role.OFFICER, Role.ADMINISTRATOR})
REMEMBERED = "_aspire_roles"
LOOK, LOG, KEEP = ("view",), ("view", "add", "change"), ("view", "add", "change", "delete")

# What staff may do in the admin. Awards are marked on pages of their own; history is only looked at.
OFFICER_MAY: Mapping[str, tuple[str, ...]] = {
    "partners.country": LOG,
    "partners.funder": LOG,
    "partners.dialogue": KEEP,
    "partners.initiative": LOG,
    "partners.institution": LOG,
    "calls.programme": LOOK,
    "calls.field": LOG,
    "calls.call": LOG,
    "calls.callfield": KEEP,
    "calls.terms": LOG,
    "calls.eligiblefunder": KEEP,
    "calls.publishedfigure": LOOK,
    "proposals.proposal": LOG,
    "proposals.annualcost": KEEP,
    "proposals.counterpart": KEEP,
    "proposals.award": LOOK,
    "proposals.annualaward": LOOK,
    "proposals.reviewer": LOG,
    "calls.criterion": KEEP,
    "calls.potslice": KEEP,
    "aspire.exportrecord": LOOK,
}
ADMINISTRATOR_MAY: Mapping[str, tuple[str, ...]] = {
    **OFFICER_MAY,
    "calls.programme": LOG,
    "calls.publishedfigure": LOG,
    "auth.user": LOG,
}


def _permissions(table: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    return frozenset(
        f"{app}.{action}_{model}"
        for (app, model), actions in ((key.split("."), actions) for key, actions in table.items())
        for action in actions
    )


PERMISSIONS: Mapping[Role, frozenset[str]] = {
    Role.OFFICER: _permissions(OFFICER_MAY),
    Role.REVIEWER: frozenset(),
    Role.MANAGER: frozenset(),
    Role.ADMINISTRATOR: _permissions(ADMINISTRATOR_MAY),
}


def roles_of(user: AbstractBaseUser | AnonymousUser) -> frozenset[Role]:
    """The roles of a person, read once a request; none for somebody who is not signed in or no longer active."""
    if not (user.is_authenticated and user.is_active):
        return frozenset()
    remembered: frozenset[Role] | None = getattr(user, REMEMBERED, None)
    if remembered is None:
        person = cast(User, user)
        names = {name for name in person.groups.values_list("name", flat=True) if name in Role.values}
        if person.is_superuser:
            names.add(Role.ADMINISTRATOR)
        remembered = frozenset(map(Role, names))
        setattr(user, REMEMBERED, remembered)
    return remembered


class RoleBackend(ModelBackend):
    """Signs people in by name and password; what they may do follows from their roles alone."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """The permissions of the person's roles, whatever single permissions somebody may have stored."""
        return set().union(*(PERMISSIONS[role] for role in roles_of(user_obj)))

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return any(name.startswith(f"{app_label}.") for name in self.get_all_permissions(user_obj))
