"""The reviewers of the demonstration: invented people, one of whom can sign in."""

from dataclasses import dataclass

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import Group, User

from aspire.roles import Role
from calls.models import Call, CallField, Field
from proposals.assignment.spread import Candidate
from proposals.demo.cast import rows
from proposals.record.models import Reviewer

SIGNS_IN = "reviewer"


@dataclass(frozen=True)
class Panel:
    """The reviewers in the order of the file: whom the load is spread over, and the one who signs in."""

    candidates: list[Candidate]
    guest: Candidate
    institutions: dict[int, str]

    def at(self, institution: str) -> frozenset[int]:
        """Who works under exactly that name; other spellings are left for an officer to find."""
        return frozenset(person for person, name in self.institutions.items() if name == institution)


def make_reviewers() -> None:
    """Make the accounts and profiles that are missing; without a password, nobody signs in as them."""
    there = set(User.objects.values_list("username", flat=True))
    new = [
        User(
            username=row["username"],
            last_name=row["last_name"],
            first_name=row["first_name"],
            email=f"{row['username']}@example.jp",
            password=UNUSABLE_PASSWORD_PREFIX,
        )
        for row in rows("reviewers")
        if row["username"] not in there
    ]
    group = Group.objects.get(name=Role.REVIEWER)
    membership = User.groups.through
    membership.objects.bulk_create(membership(user=user, group=group) for user in User.objects.bulk_create(new))
    make_profiles()


def make_profiles() -> None:
    """What is known of each reviewer, where nothing is known yet."""
    users = {user.username: user for user in User.objects.filter(reviewer_profile__isnull=True)}
    fields = dict(Field.objects.values_list("code", "pk"))
    made = [row for row in rows("reviewers") if row["username"] in users]
    columns = ("reading", "name_en", "researcher_number", "institution")
    profiles = Reviewer.objects.bulk_create(
        Reviewer(
            user=users[row["username"]],
            name_ja=f"{row['last_name']} {row['first_name']}",
            **{column: row[column] for column in columns},
        )
        for row in made
    )
    judged = Reviewer.fields.through
    judged.objects.bulk_create(
        judged(reviewer=profile, field_id=fields[code])
        for profile, row in zip(profiles, made, strict=True)
        for code in row["fields"].split("|")
    )


def panel() -> Panel:
    """Everybody of the file who still reviews."""
    order = [row["username"] for row in rows("reviewers")]
    profiles = Reviewer.objects.filter(user__username__in=order).select_related("user").prefetch_related("fields")
    named = {
        profile.user.username: Candidate(profile.user_id, frozenset(field.pk for field in profile.fields.all()))
        for profile in profiles
    }
    institutions = {profile.user_id: profile.institution for profile in profiles}
    return Panel([named[name] for name in order if name in named and name != SIGNS_IN], named[SIGNS_IN], institutions)


def name_leads(call: Call) -> None:
    """One lead reviewer a field; a field without one in the file waits for an officer to name somebody."""
    for row in rows("reviewers"):
        if row["leads"]:
            lead = User.objects.get(username=row["username"])
            CallField.objects.filter(call=call, field__code=row["leads"]).update(lead_reviewer=lead)
