"""Which role may open which page: one table, read by the middleware at every request and by a test of the URLconf.

A page missing from the table opens for nobody. What one may not see answers exactly as what does not exist.
"""

import re
from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from aspire.roles import STAFF, Role, roles_of

ANYONE = frozenset({"anyone"})
SIGNED_IN = frozenset(Role)
OFFICER, REVIEWER, MANAGER, ADMINISTRATOR = Role.OFFICER, Role.REVIEWER, Role.MANAGER, Role.ADMINISTRATOR
LOOKS = frozenset({OFFICER, MANAGER, ADMINISTRATOR})

# The first pattern that matches the whole of a URL's name decides.
TABLE: list[tuple[str, frozenset[Any]]] = [
    ("healthz", ANYONE),
    ("set_language", ANYONE),
    # Signing in
    ("account_login", ANYONE),
    ("account_logout", ANYONE),
    ("account_inactive", ANYONE),
    ("account_reset_password.*", ANYONE),
    ("account_(change_password|set_password|reauthenticate)", SIGNED_IN),
    ("account_(signup|signup_by_passkey|email|email_verification_sent|confirm_email|confirm_login_code)", frozenset()),
    # Everybody's first page, and each role's desk
    ("home", SIGNED_IN),
    ("review:(desk|sheet|declare|decline|save|reopen)", frozenset({REVIEWER})),
    # Boards and lists
    ("calls:(index|board|tallies|print_sheet|compare|reviews)", LOOKS),
    ("partners:(index|country|funder)", LOOKS),
    ("briefings:.*", LOOKS),
    ("explore:(index|keep|freeze|view)", LOOKS),
    ("fund:index", LOOKS),
    ("proposals:(list|detail|export)", LOOKS),
    # Awards: reviewers only where they lead a field, which the pages themselves ask
    ("awards:(ranking|proposal|what_if|packet)", LOOKS | {REVIEWER}),
    ("awards:batch", STAFF | {REVIEWER}),
    ("awards:index", LOOKS),
    ("awards:(submit|letters)", STAFF),
    ("awards:(release|send_back|undo|embargo)", frozenset({MANAGER})),
    # Spreadsheets
    ("calls:(stage|review_settings|assignments|assignment_plan|take_back|ask_again|leads)", STAFF),
    ("calls:(conflicts|decide_conflict|retract_conflict)", STAFF),
    ("proposals:timeline", STAFF),
    ("proposals:(template|import_file)", STAFF),
    ("sheets:index", STAFF),
    ("sheets:.*", STAFF | {REVIEWER}),  # reviewers the marks of the field they lead, which the pages themselves ask
    # The admin: what stands behind it is decided model by model in ``roles``
    ("admin:.*", STAFF),
]


def allowed(name: str) -> frozenset[Any] | None:
    """Who may open the page of that URL name; None where the table does not declare it."""
    return next((who for pattern, who in TABLE if re.fullmatch(pattern, name)), None)


RECORDS_PAGE = re.compile(r"admin:([a-z]+)_([a-z]+)_(changelist|add|change|delete|history|password_change)")
ACTIONS = {"add": "add", "delete": "delete", "password_change": "change"}


def may_open(name: str, user: Any) -> bool:
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

    def process_view(request: HttpRequest, *_args: Any) -> HttpResponse | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if allowed(name) == ANYONE:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not may_open(name, request.user):
            raise Http404
        return None

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware


SECTIONS = [
    ("home", _("Home")),
    ("calls:index", _("Calls")),
    ("proposals:list", _("Proposals")),
    ("explore:index", _("Explore")),
    ("fund:index", _("Fund")),
    ("partners:index", _("Partners")),
    ("briefings:index", _("Briefings")),
    ("sheets:index", _("Import")),
    ("awards:index", _("Award decisions")),
    ("review:desk", _("My reviews")),
    ("admin:index", _("Records")),
]


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The sections a person may open, for the header, and the person's roles."""
    if not hasattr(request, "user"):
        return {"sections": [], "roles": []}
    roles = roles_of(request.user)
    sections = [(name, label) for name, label in SECTIONS if may_open(name, request.user)]
    return {"sections": sections, "roles": sorted(roles, key=list(Role).index)}
