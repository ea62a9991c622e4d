"""Who asks for what in a synthetic call: invented people, titles that correspond in both languages, partners abroad.

Every pool is shuffled once with the same seed and dealt out to the calls like cards, so no two calls share a
person or a title, and the same call always gets the same ones.
"""

import csv
import functools
import itertools
from dataclasses import dataclass
from pathlib import Path
from random import Random

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import Group, User

from aspire.roles import Role
from aspire.workbooks.codes import check_digit
from calls.models import Call, CallField, Field
from proposals.assignment.spread import Candidate
from proposals.record.models import Reviewer

FOLDER = Path(__file__).parent / "data"
Rows = tuple[dict[str, str], ...]


@functools.cache
def rows(name: str) -> Rows:
    """The rows of one file, by column; read once."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def texts(name: str) -> list[str]:
    """The only column of a file with one."""
    return [next(iter(row.values())) for row in rows(name)]


SEED = "aspire"
CARDS_OF = tuple(row["code"] for row in rows("calls"))


@dataclass(frozen=True)
class Investigator:
    """An invented principal investigator with an invented 8-digit researcher number, check digit included."""

    name: str
    reading: str
    researcher_number: str


@dataclass(frozen=True)
class Title:
    ja: str
    en: str


@functools.cache
def _investigators() -> tuple[Investigator, ...]:
    random = Random(SEED)  # noqa: S311 - a demonstration, not a secret
    families = [row for row in rows("people") if row["part"] == "family"]
    givens = [row for row in rows("people") if row["part"] == "given"]
    pairs = list(itertools.product(families, givens))
    random.shuffle(pairs)
    numbers = [f"{number:07}" for number in random.sample(range(10_000_000), len(pairs))]
    return tuple(
        Investigator(f"{a['text']} {b['text']}", f"{a['reading']} {b['reading']}", f"{check_digit(number)}{number}")
        for (a, b), number in zip(pairs, numbers, strict=True)
    )


@functools.cache
def _titles(field: str) -> tuple[Title, ...]:
    parts = [row for row in rows("topics") if row["field"] == field]
    aims = [row for row in parts if row["part"] == "aim"]
    subjects = [row for row in parts if row["part"] == "subject"]
    pairs = list(itertools.product(aims, subjects))
    Random(f"{SEED} {field}").shuffle(pairs)  # noqa: S311
    return tuple(Title(aim["ja"].format(subject["ja"]), aim["en"].format(subject["en"])) for aim, subject in pairs)


def investigators(call: str) -> tuple[Investigator, ...]:
    """The principal investigators of one call."""
    return _investigators()[CARDS_OF.index(call) :: len(CARDS_OF)]


def titles(call: str, field: str) -> tuple[Title, ...]:
    """The titles of one call in one field."""
    return _titles(field)[CARDS_OF.index(call) :: len(CARDS_OF)]


def fields(random: Random, count: int) -> list[str]:
    """So many field codes in the shares of ``fields.csv``, in no order."""
    shares = [int(row["share"]) for row in rows("fields")]
    bounds = list(itertools.accumulate(shares))
    places = ((index + 0.5) * bounds[-1] / count for index in range(count))
    chosen = [
        next(row["code"] for row, bound in zip(rows("fields"), bounds, strict=True) if at < bound) for at in places
    ]
    random.shuffle(chosen)
    return chosen


def countries(random: Random, count: int) -> list[str]:
    """So many country codes by the weights of ``counterparts.csv``."""
    abroad = rows("counterparts")
    weights = [int(row["weight"]) for row in abroad]
    return [row["alpha2"] for row in random.choices(abroad, weights, k=count)]


def person_abroad(random: Random, country: str) -> tuple[str, str]:
    """An invented person of a country and her invented institution."""
    row = next(row for row in rows("counterparts") if row["alpha2"] == country)
    given, family, institution = (
        random.choice(row[column].split("|")) for column in ("given_names", "family_names", "institutions")
    )
    return f"{given} {family}", institution


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
