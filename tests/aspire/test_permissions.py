"""Every URL by every role: what the table declares is what the site answers, and the hidden looks like the missing."""

import re
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from aspire.models import PREPARED_FOR, ImportRecord, PreparedFile
from aspire.permissions import ANYONE, SIGNED_IN, allowed
from aspire.roles import Role, permissions, roles_of
from aspire.sheets.running import receive
from calls.models import Call
from proposals.briefings.decisions import freeze
from proposals.intake.resource import ProposalResource
from proposals.record.models import Assignment, Briefing, Bundle, Proposal, SavedView
from tests.factories import NOON, AnnualCostFactory, AssignmentFactory, ProposalFactory
from tests.people import person

pytestmark = pytest.mark.django_db
ROLES = ["officer", "reviewer", "manager", "administrator", "visitor"]


def named(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every page of the site with its full name; the admin's catch-all, which shows nothing, is left out."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from named(pattern, inner)
        elif pattern.name:
            yield f"{namespace}{pattern.name}", pattern


PAGES = dict(named(get_resolver()))


def test_every_page_has_a_name_and_stands_in_the_table():
    assert len(PAGES) > 60
    assert [name for name in PAGES if allowed(name) is None] == []


def test_a_page_missing_from_the_table_is_open_to_nobody():
    assert allowed("something:new") is None


QUERIES = dict.fromkeys(["intake:template", "intake:export", "intake:new", "intake:draft"], "?call={call}")
QUERIES |= {"intake:leave": "?number={number}", "keeping:keep": "?path=/awards/{call}/"}


def address(name: str, proposal: Proposal, by=None) -> str:
    """The page's address with keys of rows that exist; a sent file is that of the person who asks."""
    samples = {"object_id": proposal.pk, "code": proposal.call.code, "number": proposal.number, "form": "json"}
    samples |= {"content_type_id": 1, "app_label": "proposals", "key": "x", "uidb36": "1", "id": proposal.pk}
    samples |= {"alpha2": proposal.country.alpha2, "funder": proposal.primary_funder.code}
    samples |= {"kind": "funders", "url": "nope", "pk": sent_file(name, proposal, by) or 1}
    samples["form"] = "csv" if name.endswith(":export") else "json"
    if name in {"explore:view", "keeping:view"} and by:
        samples["pk"] = SavedView.objects.get_or_create(owner=by, name="x")[0].pk
    if name in ("briefings:detail", "briefings:tallies", "briefings:paper") and not Briefing.objects.exists():
        frozen(proposal.call)
    if name.startswith("review:") and by:
        Call.objects.filter(pk=proposal.call_id).update(progress="in_review")
        if not Assignment.objects.filter(proposal=proposal, reviewer=by).exists():
            AssignmentFactory(proposal=proposal, reviewer=by)
    keys = PAGES[name].pattern.regex.groupindex if hasattr(PAGES[name].pattern, "regex") else {}
    query = QUERIES.get(name, "").format(call=proposal.call.code, number=proposal.number)
    return reverse(name, kwargs={key: samples[key] for key in keys}) + query


def frozen(call: Call) -> None:
    """A briefing that goes by the code of its call."""
    by = person("freezer", "Officer Aoki")
    freeze(call, code=call.code, name_ja="記録", name_en="Record", by=by, at=NOON)


def sent_file(name: str, proposal: Proposal, by):
    """The key of an upload or of an import record, for the pages that show one."""
    if name == "sheets:record":
        counts = {"created": 0, "changed": 0, "unchanged": 0, "rows": [], "imported_at": NOON}
        return ImportRecord.objects.create(kind="funders", file_name="x.csv", sha256="0" * 64, **counts).pk
    if "bundle" in name:
        by = by or person(f"zipper-{name}", "Officer Zipper", Role.OFFICER)
        later = {"sent_at": timezone.now(), "expires_at": timezone.now() + PREPARED_FOR}
        return Bundle.objects.create(user=by, about=proposal.call.code, path="sent/x", **later).pk
    if name.startswith("tasks:"):
        by = by or person(f"asker-{name}", "Officer Asker", Role.OFFICER)
        later = {"asked_at": timezone.now(), "expires_at": timezone.now() + PREPARED_FOR}
        ready = {"state": PreparedFile.State.READY, "headers": {"Content-Type": "text/csv"}, "data": b"x"}
        return PreparedFile.objects.create(user=by, address="/fund/", language="en", **ready, **later).pk
    if name.startswith("sheets:") and "uuid" in str(PAGES[name].pattern):
        by = by or person(f"sender-{name}", "Officer Sender", Role.OFFICER)
        data = f"number,title_ja\n{proposal.number},x\n".encode()
        return receive(data, kind=ProposalResource(proposal.call), by=by, file_name="x.csv").pk
    return None


# Pages that answer "not found" to every sample key, whoever asks, and why.
NO_SAMPLE = {
    "admin:view_on_site": "the sample content type has no such row",
    "admin:autocomplete": "asks for a field in its query",
    "admin:auth_user_password_change": "the sample row is no account",
    "awards:letters": "nothing is released in the sample call",
    "awards:result": "no packet waits in the sample call",
}
# What each role opens beside its own section: kept apart from the table, so that a slip there shows here.
BOARDS = {
    *("boards:index", "fund:index", "boards:board", "boards:tallies", "boards:paper", "boards:compare"),
    *("boards:reviews", "finding:search"),
    *("partnerships:index", "partnerships:country", "partnerships:funder"),
    *("briefings:index", "briefings:detail", "briefings:freeze_board", "briefings:tallies"),
    "briefings:paper",
    *("explore:index", "explore:keep", "briefings:freeze_explored", "explore:view", "keeping:view"),
    "keeping:keep",
    *("proposals:list", "proposals:detail", "intake:export"),
}
FILES = {
    *(
        "assignment:stage",
        "assignment:review_settings",
        "assignment:assignments",
        "assignment:plan",
        "assignment:invite",
        "assignment:invite_again",
        "assignment:take_back",
    ),
    *(
        "assignment:ask_again",
        "assignment:leads",
        "assignment:conflicts",
        "assignment:decide_conflict",
        "assignment:retract_conflict",
    ),
    *(
        "calls:new",
        "calls:edit",
        "calls:new_programme",
        "proposals:timeline",
        "intake:template",
        "intake:import_file",
        "intake:new",
        "intake:draft",
        "intake:edit",
        "intake:draft_of",
        "intake:leave",
        "intake:come_back",
        "intake:send_documents",
        "intake:bundle",
        "intake:bundle_progress",
        "intake:keep_bundle",
        "intake:cancel_bundle",
        "intake:follow_ups",
        "partnerships:institutions",
        "partnerships:match_institution",
        "intake:follow_up_done",
        "intake:confirm_documents",
        "intake:add_document",
        "intake:take_document_away",
        "sheets:index",
        "sheets:mappings",
        "sheets:forget_mapping",
        "sheets:send",
        "sheets:template",
    ),
    *("sheets:export", "sheets:preview", "sheets:progress", "sheets:confirm", "sheets:cancel"),
    *("sheets:decide", "sheets:name_columns"),
    *("sheets:annotated_copy", "sheets:record"),
}
AWARDS = {"awards:index", "awards:ranking", "awards:proposal", "awards:what_if", "awards:packet"}
DESK = {"review:desk", "review:proposal", "review:declare", "review:decline", "review:save", "review:reopen"}
OPENS = {
    "officer": {"home", *BOARDS, *FILES, *AWARDS, "awards:batch", "awards:submit"},
    # These take no GET, and only their own files.
    "reviewer": {
        "home",
        *DESK,
        "keeping:keep",
        "keeping:view",
        "sheets:confirm",
        "sheets:cancel",
        "sheets:decide",
        "sheets:name_columns",
    },
    "manager": {
        "home",
        *BOARDS,
        *AWARDS,
        "awards:result",
        "awards:release",
        "awards:send_back",
        "awards:undo",
        "awards:embargo",
    },
    "administrator": {"home", *BOARDS, *FILES, *AWARDS, "awards:batch", "awards:submit"},
    "visitor": set(),
}
TAKEN = {"tasks:file", "tasks:progress", "tasks:cancel", "tasks:content"}  # one's own alone
EVERYBODY = {"healthz", "readyz", "set_language"}


def opens(name: str, role: str) -> bool:
    """Whether the page is meant for the role; in the admin, whether its model may be looked at, added or deleted."""
    if name in EVERYBODY | OPENS[role] or (name in TAKEN and role != "visitor"):
        return True
    if role not in ("officer", "administrator") or not name.startswith("admin:"):
        return False
    model = re.fullmatch(r"admin:(\w+?)_(\w+)_(changelist|add|change|delete|history)", name)
    action = {"add": "add", "delete": "delete"}.get(model[3], "view") if model else ""
    return not model or f"{model[1]}.{action}_{model[2]}" in permissions(Role(role))


@pytest.mark.parametrize("role", ROLES)
def test_a_page_opens_exactly_for_the_roles_it_is_meant_for(client, request, role):
    by = request.getfixturevalue(role)
    client.force_login(by)
    proposal = AnnualCostFactory().proposal
    with connection.cursor() as cursor:  # readyz asks for a worker that lives
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
    wrong = {}

    for name in PAGES:
        if name.startswith("account_") or name in NO_SAMPLE:
            continue
        status = client.get(address(name, proposal, by)).status_code
        # A key that is no row of that model sends staff back to the index (302); some pages take no GET (405).
        hidden = 403 if (role, name) == ("visitor", "home") else 404  # which says what is missing
        if status not in ((200, 302, 405) if opens(name, role) else (hidden,)):
            wrong[name] = status

    assert wrong == {}


def test_nobody_gets_in_without_signing_in(client):
    proposal = AnnualCostFactory().proposal
    guarded = [name for name in PAGES if allowed(name) != ANYONE]

    answers = {name: client.get(address(name, proposal)) for name in guarded}

    assert len(guarded) > 50
    let_in = [n for n, a in answers.items() if not a.get("Location", "").startswith("/accounts/login/")]
    assert let_in == []


def as_anonymous_text(answer, number: str) -> str:
    """The page less what differs at every request: the masked token of its forms and the address asked for."""
    text = re.sub(r'(name="csrfmiddlewaretoken" value=)"\w+"', r"\1", answer.content.decode())
    return text.replace(number, "")


@pytest.mark.parametrize(("language", "said"), [("ja", "役割がまだありません"), ("en", "has no role yet")])
def test_an_account_without_a_role_is_told_so_instead_of_sent_in_a_circle(client, visitor, language, said):
    client.force_login(visitor)
    client.cookies["django_language"] = language
    proposal = ProposalFactory()

    missing = client.get(proposal.get_absolute_url())
    first = client.get("/")

    assert (missing.status_code, 'href="/"' in missing.content.decode()) == (404, True)
    assert first.status_code == 403
    page = first.content.decode()
    assert said in page
    assert f'action="{reverse("account_logout")}"' in page.partition("<h1>")[2]
    assert not any(word in page for word in (proposal.call.code, proposal.call.name_ja, 'class="sections"'))


@pytest.mark.parametrize("role", ["reviewer", "visitor"])
def test_what_one_may_not_see_answers_as_what_does_not_exist(client, request, role):
    client.force_login(request.getfixturevalue(role))
    proposal = ProposalFactory()

    hidden = client.get(proposal.get_absolute_url())
    missing = client.get(reverse("proposals:detail", args=["NO-SUCH-NUMBER"]))

    assert (hidden.status_code, missing.status_code) == (404, 404)
    assert as_anonymous_text(hidden, proposal.number) == as_anonymous_text(missing, "NO-SUCH-NUMBER")


@pytest.mark.parametrize("role", ROLES)
def test_tallies_and_lists_count_only_what_a_person_may_see(request, role):
    ProposalFactory()
    seen = Proposal.objects.visible_to(request.getfixturevalue(role)).count()

    assert seen == (0 if role in ("reviewer", "visitor") else 1)


def test_a_manager_does_not_see_personal_numbers(client, manager, officer):
    proposal = ProposalFactory(researcher_number="00123456")

    pages = {}
    for reader in (manager, officer):
        client.force_login(reader)
        pages[reader.username] = client.get(proposal.get_absolute_url()).content.decode()

    assert "00123456" not in pages[manager.username]
    assert "00123456" in pages[officer.username]
    assert "researcher_number" not in Proposal.objects.fields_visible_to(manager)


def test_somebody_who_may_not_see_a_proposal_may_read_none_of_its_fields(reviewer):
    assert Proposal.objects.fields_visible_to(reviewer) == frozenset()


def test_an_account_that_is_no_longer_active_has_no_role(officer):
    officer.is_active = False

    assert roles_of(officer) == frozenset()


def test_a_superuser_is_an_administrator(django_user_model):
    root = django_user_model.objects.create_superuser("root")

    assert roles_of(root) == {Role.ADMINISTRATOR}


def test_single_permissions_given_to_a_person_count_for_nothing(manager):
    from django.contrib.auth.models import Permission

    manager.user_permissions.set(Permission.objects.filter(codename="change_proposal"))

    assert not manager.has_perm("proposals.change_proposal")


def test_a_manager_changes_nothing(client, manager):
    client.force_login(manager)
    proposal = ProposalFactory()

    statuses = {client.post(reverse(name)).status_code for name in ("home", "proposals:list", "boards:index")}
    statuses.add(client.post(proposal.get_absolute_url()).status_code)

    assert statuses == {405}


def test_the_admin_holds_only_models_of_the_table_of_roles():
    registered = {model._meta.label_lower for model in admin.site._registry}
    declared = {f"{n.split('.')[0]}.{n.split('_', 1)[1]}" for role in Role for n in permissions(role)}

    assert registered <= declared


def test_signing_up_is_closed(client):
    assert client.get("/accounts/signup/").status_code == 404 or not client.get("/accounts/signup/").context


def test_reviewers_first_page_is_their_desk(client, reviewer):
    client.force_login(reviewer)

    assert client.get("/")["Location"] == "/review/"
    assert client.get("/review/").status_code == 200


def test_signed_in_pages_are_for_every_role():
    assert allowed("home") == SIGNED_IN
