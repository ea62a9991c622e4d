"""The people of the tests: what each may do follows from the role alone."""

from django.contrib.auth.models import Group, User

from aspire.roles import STAFF, Role

PASSWORD = "correct horse battery staple"


def person(username: str, full_name: str, *roles: Role) -> User:
    """Somebody with these roles, as an administrator would make the account."""
    first_name, _, last_name = full_name.partition(" ")
    user = User.objects.create_user(
        username,
        password=PASSWORD,
        first_name=first_name,
        last_name=last_name,
        is_staff=bool(STAFF & set(roles)),
    )
    user.groups.set(Group.objects.filter(name__in=roles))
    return user
