"""Who does what: four roles, kept as groups, and what each may do with each model."""

from collections.abc import Iterable, Mapping
from functools import cache

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q, TextChoices, Value
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    OFFICER = "officer", _("officer")
    REVIEWER = "reviewer", _("reviewer")
    MANAGER = "manager", _("manager")
    ADMINISTRATOR = "administrator", _("administrator")


STAFF = frozenset({Role.OFFICER, Role.ADMINISTRATOR})
REMEMBERED = "_aspire_roles"
LOOK, LOG, KEEP = ("view",), ("view", "add", "change"), ("view", "add", "change", "delete")

# What staff may do in the admin; each app declares its own records in its module ``permissions``. History is only
# looked at.
RECORDS: dict[Role, dict[str, tuple[str, ...]]] = {
    Role.OFFICER: {"aspire.exportrecord": LOOK},
    Role.REVIEWER: {},
    Role.MANAGER: {},
    Role.ADMINISTRATOR: {"aspire.exportrecord": LOOK, "auth.user": LOG},
}


def declare_records(
    *, officer: Mapping[str, tuple[str, ...]], administrator: Mapping[str, tuple[str, ...]] | None = None
) -> None:
    """Add what an officer may do with an app's models, and where an administrator may do otherwise."""
    permissions.cache_clear()
    RECORDS[Role.OFFICER].update(officer)
    RECORDS[Role.ADMINISTRATOR].update({**officer, **(administrator or {})})


@cache
def permissions(role: Role) -> frozenset[str]:
    """The names of Django's permissions that a role has."""
    declared = ((*key.split("."), actions) for key, actions in RECORDS[role].items())
    return frozenset(f"{app}.{action}_{model}" for app, model, actions in declared for action in actions)


def roles_of(user: User | AnonymousUser) -> frozenset[Role]:
    """The roles of a person, read once a request; none for somebody who is not signed in or no longer active."""
    if not (user.is_authenticated and user.is_active):
        return frozenset()
    remembered: frozenset[Role] | None = getattr(user, REMEMBERED, None)
    if remembered is None:
        remembered = remember(user, user.groups.values_list("name", flat=True))
    return remembered


def remember(person: User, groups: Iterable[str]) -> frozenset[Role]:
    """The roles that a person's groups come to, kept with the person."""
    roles = frozenset(Role(name) for name in groups if name in Role.values)
    if person.is_superuser:
        roles |= {Role.ADMINISTRATOR}
    setattr(person, REMEMBERED, roles)
    return roles


class RoleBackend(ModelBackend):
    """Signs people in by name and password; what they may do follows from their roles alone."""

    def get_user(self, user_id: int) -> User | None:
        """Whoever is signed in, together with their roles: every page asks for both."""
        groups = ArrayAgg("groups__name", filter=Q(groups__isnull=False), default=Value([]))
        person = User.objects.annotate(group_names=groups).filter(pk=user_id).first()
        if person is None or not self.user_can_authenticate(person):
            return None
        remember(person, person.group_names)
        return person

    def get_all_permissions(self, user_obj: User | AnonymousUser, obj: object = None) -> set[str]:
        """The permissions of the person's roles, whatever single permissions somebody may have stored."""
        return set().union(*(permissions(role) for role in roles_of(user_obj)))

    def has_module_perms(self, user_obj: User | AnonymousUser, app_label: str) -> bool:
        return any(name.startswith(f"{app_label}.") for name in self.get_all_permissions(user_obj))
