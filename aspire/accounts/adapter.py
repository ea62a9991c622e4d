"""How people get in: accounts are given out by an administrator, never opened by a visitor."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from aspire.logs import address_of, event
from aspire.tasks.queue import send_later


class AccountAdapter(DefaultAccountAdapter):
    """allauth's own behaviour, with signing up closed and mail sent by a worker."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: object) -> str:
        """Failures are counted by account and address: a stranger cannot lock out an account's owner elsewhere."""
        return f"{super()._get_login_attempts_cache_key(request, **credentials)}:{address_of(request)}"

    def pre_authenticate(self, request: HttpRequest, **credentials: object) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            event("sign_in_locked", request)
            raise

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        common = {"request": self.request, "email": email, "current_site": get_current_site(self.request)}
        send_later(self.render_mail(template_prefix, email, common | context))
