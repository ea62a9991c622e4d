"""Which role may open which page: one table of all apps, read by the middleware and by a test of the URLconf.

A page missing from the table opens for nobody. What one may not see answers exactly as what does not exist.
"""

import re
from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from aspire.logs import event
from aspire.people import Person
from aspire.roles import STAFF, Role, roles_of

ANYONE = frozenset({"anyone"})
SIGNED_IN = frozenset(Role)
REVIEWER = Role.REVIEWER
LOOKS = frozenset({Role.OFFICER, Role.MANAGER, Role.ADMINISTRATOR})

# The first pattern that matches the whole of a URL's name decides. These pages are everybody's or this package's own;
# each app declares its own in its module ``permissions``.
TABLE: list[tuple[str, frozenset[str]]] = [
    ("healthz|readyz", ANYONE),
    ("set_language", ANYONE),
    # Signing in
    ("account_login", ANYONE),
    ("account_logout", ANYONE),
    ("account_inactive", ANYONE),
    ("account_reset_password.*", ANYONE),
    ("account_(change_password|set_password|reauthenticate)", SIGNED_IN),
    ("account_(signup|signup_by_passkey|email|email_verification_sent|confirm_email|confirm_login_code)", frozenset()),
    # Spreadsheets
    ("sheets:(index|mappings|forget_mapping)", STAFF),
    ("sheets:.*", STAFF | {REVIEWER}),  # reviewers the marks of the field they lead, which the pages themselves ask
    # A file that a worker prepares is its asker's alone, which the pages themselves ask
    ("tasks:(file|progress|cancel|content)", SIGNED_IN),
    # The admin: what stands behind it is decided model by model in ``roles``
    ("admin:.*", STAFF),
]


def declare_pages(*pages: tuple[str, frozenset[str]]) -> None:
    """Add an app's pages to the table: a pattern of URL names, and who may open them."""
    if known := {pattern for pattern, _who in TABLE} & {pattern for pattern, _who in pages}:
        raise ValueError(f"Declared twice: {', '.join(sorted(known))}")
    TABLE.extend(pages)


def allowed(name: str) -> frozenset[str] | None:
    """Who may open the page of that URL name; None where the table does not declare it."""
    return next((who for pattern, who in TABLE if re.fullmatch(pattern, name)), None)


RECORDS_PAGE = re.compile(r"admin:([a-z]+)_([a-z]+)_(changelist|add|change|delete|history|password_change)")
ACTIONS = {"add": "add", "delete": "delete", "password_change": "change"}


def may_open(name: str, user: Person | AnonymousUser) -> bool:
    """Whether a signed-in person may open the page: by role, and for the records of a model by its permission."""
    if not (allowed(name) or frozenset()) & roles_of(user):
        return False
    records = RECORDS_PAGE.fullmatch(name)
    if records is None:
        return True
    app, model, page = records.groups()
    return bool(user.has_perm(f"{app}.{ACTIONS.get(page, 'view')}_{model}"))


def permission_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Hold every page to the table."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_view(request: HttpRequest, *_args: object) -> HttpResponse | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if allowed(name) == ANYONE:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not may_open(name, request.user):
            event("page_refused", request, page=name)
            if name == "home" and not roles_of(request.user):  # where every way leads, in a circle if it were missing
                return render(request, "no_role.html", status=403)
            raise Http404
        return None

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware
