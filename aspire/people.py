"""How a person is called: by name, the family name first in Japanese, or by account where there is no name."""

from typing import Any

from django.utils.translation import get_language


def in_their_order(user: Any) -> str:
    """A person's name, the family name first in Japanese."""
    japanese = f"{user.last_name} {user.first_name}".strip() if get_language() == "ja" else ""
    return japanese or user.get_full_name() or user.get_username()
