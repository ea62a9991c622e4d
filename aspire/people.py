"""How a person is called: by name, or by account where there is no name."""

import re
from typing import Any

from django.utils.translation import get_language

JAPANESE = re.compile("[\u3041-\u30ff\u3400-\u9fff]")


def in_their_order(user: Any) -> str:
    """A person's name: the family name first on a Japanese page, and wherever it is written in Japanese."""
    if get_language() == "ja" or JAPANESE.search(user.last_name):
        return f"{user.last_name} {user.first_name}".strip() or str(user.get_username())
    return str(user.get_full_name() or user.get_username())
