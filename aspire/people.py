"""Who is at the desk, and how a person is called: by name, or by account where there is no name."""

import re

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import get_language

Person = User  # whoever is signed in; no page of a room is given out to anybody else

JAPANESE = re.compile("[\u3041-\u30ff\u3400-\u9fff]")


class PersonRequest(HttpRequest):
    """A request that the permission table has let through: somebody is signed in."""

    user: Person  # the base class allows for nobody


def in_their_order(user: Person) -> str:
    """A person's name: the family name first on a Japanese page, and wherever it is written in Japanese."""
    if get_language() == "ja" or JAPANESE.search(user.last_name):
        return f"{user.last_name} {user.first_name}".strip() or str(user.get_username())
    return str(user.get_full_name() or user.get_username())
