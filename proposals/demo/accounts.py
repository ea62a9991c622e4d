"""The four people of the demonstration. Their password is public, so they exist on nobody's real instance."""

from django.contrib.auth.models import Group, User

from proposals.demo.data_files import rows

PASSWORD = "aspire-demo"  # noqa: S105 - printed for everybody to read


def make_accounts() -> list[str]:
    """Make the accounts that are missing, leave the others as they are, and return every name."""
    there = set(User.objects.values_list("username", flat=True))
    for row in rows("accounts"):
        if row["username"] not in there:
            user = User.objects.create_user(
                row["username"],
                password=PASSWORD,
                first_name=row["first_name"],
                last_name=row["last_name"],
                is_staff=row["is_staff"] == "yes",
            )
            user.groups.add(Group.objects.get(name=row["role"]))
    return [row["username"] for row in rows("accounts")]
