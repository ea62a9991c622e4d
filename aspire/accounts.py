"""How people get in: accounts are given out by an administrator, never opened by a visitor."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth's own behaviour, with signing up closed."""

    def is_open_for_signup(self, request: Any) -> bool:
        return False
