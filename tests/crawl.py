"""Everything a person can get: every page and file of every row, and every act, each taken back after it is done.

An answer is compared as text: less tokens and moments, and of a workbook or deck the parts that it is packed of.
"""

import io
import itertools
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from aspire.models import ExportRecord, ImportRecord, Upload
from aspire.permissions import may_open
from aspire.sheets.kinds import KINDS
from calls.models import Call
from proposals.assignment.forms import ReviewSettingsForm
from proposals.record.models import Award, Briefing, Document, Packet, Proposal, SavedView
from tests.aspire.test_permissions import PAGES

# What differs from one request to the next, whatever is asked.
PASSING = [
    (re.compile(r'(name="csrfmiddlewaretoken" value=|nonce=|data-csrf=)"[\w-]+"'), r'\1"…"'),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "SHA-256"),
    (re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?|\d{1,2}時(\d{1,2}分)?"), "TIME"),
    (re.compile(r"\d{1,2}(:\d{2})? [ap]\.m\.|noon|midnight"), "TIME"),
]
NOT_A_PAGE = re.compile("account_.*|set_language|healthz|admin:(login|logout|jsi18n|auth_user_password_change)")
FEW = defaultdict(lambda: ["csv"], calls=["json", "xlsx"])
CONFIRMED = {"confirmed": "1"}
Act = tuple[str, str, dict[str, Any]]  # name, address, what is sent


# What a file of each kind says of a proposal.
CELLS = {
    "proposals": ("number,title_ja,starts_on,ends_on", "x,2090-04-01,2091-03-31"),
    "marks": ("number,decision,reason", "award,why"),
    "assignments": ("number,reviewer", "other"),
}


def unpacked(data: bytes) -> bytes:
    """The parts of a workbook or deck, those of the workbooks within it included, less when it was made."""
    if data[:2] != b"PK":
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        parts = sorted(name for name in packed.namelist() if not name.startswith("docProps/"))
        return b"\n".join(name.encode() + unpacked(packed.read(name)) for name in parts)


def text_of(answer: Any) -> str:
    """What the answer says, its status and where it leads included."""
    data = unpacked(b"".join(answer) if answer.streaming else answer.content)
    heads = [answer.get(name, "") for name in ("Location", "Content-Type", "Content-Disposition")]
    text = "\n".join([str(answer.status_code), *heads, data.decode(errors="replace")])
    for pattern, stand_in in PASSING:
        text = pattern.sub(stand_in, text)
    return text


@contextmanager
def taken_back() -> Iterator[None]:
    """Whatever is done within is undone, and rules are judged again when a new transaction would judge them."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    with connection.cursor() as cursor:  # a file that was saved has all of them judged at once, to the end
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(f"SET CONSTRAINTS {judged_at_once()} IMMEDIATE")


@cache
def judged_at_once() -> str:
    """The names of the rules that could wait for the end of a transaction and do not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(conname) FROM pg_constraint WHERE condeferrable AND NOT condeferred")
        return ", ".join(sorted({name for (name,) in cursor.fetchall()}))


def number_from(start: int) -> None:
    """Let every key that is given from now on be the same, however many were given before; writes are only counted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(quote_ident(schemaname) || '.' || quote_ident(sequencename), %s) "
            "FROM pg_sequences WHERE schemaname = current_schema() AND sequencename <> 'aspire_generation_id_seq'",
            [start],
        )


class Visit:
    """One person who asks for everything."""

    def __init__(
        self, by: User, *, shown: Iterable[Proposal], hidden: Iterable[Proposal], words: list[str], is_whole: bool
    ) -> None:
        """``shown`` and ``hidden``: whose pages are asked for; ``words``: what is searched for.

        ``is_whole``: every form of every file, and every address sent a bare form as well.
        """
        self.by, self.shown, self.words, self.is_whole = by, list(shown), words, is_whole
        self.about = [*self.shown, *hidden]
        self.calls = {proposal.call.code: proposal.call for proposal in self.about}
        self.client = Client()
        self.client.force_login(by)
        self.cookies = dict(self.client.cookies)
        self.answers: dict[str, str] = {}

    # --- asking ------------------------------------------------------------------------------------------------

    def keep(self, name: str, answer: Any) -> Any:
        while name in self.answers:
            name += " again"
        self.answers[name] = text_of(answer)
        return answer

    def everything(self) -> dict[str, str]:
        """Every address that may be opened, then every act, each as if nothing had been done before."""
        self.only(self.addresses())
        for name, path, data in (*(self.bare_posts() if self.is_whole else ()), *self.acts()):
            with taken_back():
                self.forget()
                answer = self.keep(name, self.client.post(path, data))
                if answer.status_code == 302:
                    self.keep(f"{name}, then", self.client.get(answer["Location"]))
        for kind, code, lines in self.files():
            with taken_back():
                self.forget()
                self.send(kind, code, lines)
        return self.answers

    def only(self, paths: Iterable[str]) -> dict[str, str]:
        """These addresses."""
        for path in paths:
            with taken_back():
                self.keep(path, self.client.get(path))
        return self.answers

    def forget(self) -> None:
        """What the browser was told to keep since signing in."""
        self.client.cookies.clear()
        self.client.cookies.update(self.cookies)

    # --- addresses ---------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """The pages that are the person's by role."""
        return [name for name in PAGES if may_open(name, self.by) and not NOT_A_PAGE.fullmatch(name)]

    def keys(self, name: str) -> Iterator[dict[str, Any]]:
        """The keys of the rows that a page is asked for: those of every call, and of every proposal of interest."""
        pattern: Any = PAGES[name].pattern
        wanted = tuple(pattern.regex.groupindex if hasattr(pattern, "regex") else ())
        if not wanted:
            yield {}
        elif {"number", "code"} <= set(wanted):
            yield from ({"code": each.call.code, "number": each.number} for each in self.about)
        else:
            samples = self.samples(name)
            yield from (
                dict(zip(wanted, found, strict=True)) for found in itertools.product(*(samples[key] for key in wanted))
            )

    def samples(self, name: str) -> dict[str, list[Any]]:
        app, _, page = name.partition(":")
        forms = {"proposals": ["csv", "xlsx"], "sheets": ["csv", "xlsx"], "awards": ["csv"]} if self.is_whole else {}
        return {
            "code": list(Briefing.objects.values_list("code", flat=True).order_by("code"))
            if app == "briefings" and page != "freeze"
            else sorted(self.calls),
            "number": [each.number for each in self.about],
            "form": forms.get(app, ["json", "csv", "xlsx", "pptx"] if self.is_whole else FEW[app]),
            "kind": list(KINDS),
            "alpha2": sorted({each.primary_funder.country.alpha2 for each in self.about}),
            "funder": sorted({each.primary_funder.code for each in self.about}),
            "pk": self.rows_of(name),
            "object_id": self.records_of(page),
            "content_type_id": [ContentType.objects.get_for_model(Proposal).pk],
            "app_label": ["aspire", "calls", "proposals"],
        }

    def rows_of(self, name: str) -> list[Any]:
        found: dict[str, Any] = {
            "sheets:record": ImportRecord.objects.order_by("pk"),
            "explore:view": SavedView.objects.order_by("pk"),
            "keeping:view": SavedView.objects.order_by("pk"),
            "awards:undo": Packet.objects.order_by("pk"),
            "intake:document": Document.objects.filter(proposal__in=self.about).order_by("pk"),
            "intake:take_document_away": Document.objects.filter(proposal__in=self.about).order_by("pk"),
        }
        rows = found.get(name, Upload.objects.filter(user=self.by).order_by("file_name"))
        return list(rows.values_list("pk", flat=True))

    def records_of(self, page: str) -> list[int]:
        """The rows that the pages of the records are asked for."""
        found: dict[str, Any] = {
            "calls_call": Call.objects.filter(code__in=self.calls),
            "proposals_award": Award.objects.filter(proposal__in=self.about),
            "aspire_exportrecord": ExportRecord.objects.all(),
        }
        if not page.startswith(tuple(found)):
            return [each.pk for each in self.about] if page.startswith(("proposals_proposal", "view_on")) else []
        rows = next(rows for model, rows in found.items() if page.startswith(model))
        return list(rows.order_by("pk").values_list("pk", flat=True))

    def addresses(self) -> Iterator[str]:
        for name in self.names():
            for keys in self.keys(name):
                path = reverse(name, kwargs=keys)
                yield from (path + query for query in ("", *self.queries(name)))

    def queries(self, name: str) -> list[str]:
        """What a page can be asked beside its rows."""
        calls = sorted(self.calls)
        numbers = "+".join(each.number for each in self.about)
        searched = [f"?q={word}" for word in self.words]
        of_calls = [f"?call={code}" for code in calls]
        asked: dict[str, list[str]] = {
            "boards:board": ["?masked=1"],
            "boards:tallies": ["?masked=1"],
            "boards:paper": ["?masked=1"],
            "boards:compare": [f"?a={a}&b={b}" for a, b in itertools.pairwise(calls)],
            "boards:reviews": [f"?state={state}" for state in ("done", "left", "overdue", "conflict")],
            "assignment:stage": [f"?to={to}" for to in ("", "in_review", "deciding")],
            "assignment:assignments": ["?short=on", *searched],
            "assignment:plan": ["?wanted=2", "?wanted=4"],
            "explore:index": [
                *("?row=call&column=status", "?row=institution", "?row=field&column=fiscal_year&measure=awarded_yen"),
                *("?row=country&rule=involving&measure=requested_yen", "?row=funder&measure=rate&sort=total"),
            ],
            "proposals:list": [
                *searched,
                *of_calls,
                *("?status=counted", "?status=awarded", "?awarded=1", "?awarded=0", "?paid_in=2027", "?flag=short"),
                *("?logged_since=2020-01-01", "?corrected_since=2020-01-01", "?received_since=2020-01-01"),
                *("?synthetic=0", "?institution=-", "?involving=US"),
            ],
            "intake:export": [*of_calls, "?awarded=1", *searched],
            "intake:template": [f"?call={code}&prefill=1" for code in calls],
            "sheets:template": [f"?call={code}&prefill=1" for code in calls],
            "sheets:export": of_calls,
            "awards:ranking": ["?decision=award", "?decision=none", "?decision=any"],
            "awards:what_if": [f"?a_kind=marked&b_kind=numbers&b_numbers={numbers}", "?a_kind=top&a_top=2"],
            "awards:proposal": ["?part=1"],
            "admin:autocomplete": [
                f"?app_label=proposals&model_name=award&field_name=proposal&term={word}" for word in ("", *self.words)
            ],
            "admin:proposals_proposal_changelist": [*searched, "?_facets=True", "?status__exact=awarded"],
            "admin:proposals_award_changelist": [*searched, "?_facets=True"],
            "admin:aspire_exportrecord_changelist": searched,
            "partnerships:index": ["?call=" + calls[0]],
        }
        return asked.get(name, [])

    # --- acts --------------------------------------------------------------------------------------------------

    def bare_posts(self) -> Iterator[Act]:
        """Every address sent a form that says nothing."""
        for name in self.names():
            for keys in self.keys(name):
                path = reverse(name, kwargs=keys)
                yield f"POST {path}", path, {"comment": "why", "reason": "why", "number": ""}

    def acts(self) -> Iterator[Act]:
        """What a person does on their pages, rehearsed and done, to what they see and to what they do not."""
        mine = set(self.names())
        for name, args, data in self.possible():
            if name in mine:
                path = reverse(name, args=args)
                yield f"POST {path} {sorted(data.items())}", path, data

    def possible(self) -> Iterator[tuple[str, list[str], dict[str, Any]]]:
        for code, call in sorted(self.calls.items()):
            for decision, more in (("award", {}), ("award", CONFIRMED), ("take_back", CONFIRMED)):
                data = {"decision": decision, "reason": "why", **more}
                yield "awards:batch", [code], {"top": 3, **data}
                for each in self.of(code):
                    yield "awards:batch", [code], {"pick": f"{each.number}:{self.version(each)}", **data}
            yield "assignment:assignments", [code], {"all": "1", "reviewer": "other"}
            for to in ("", "in_review", "deciding"):
                yield "assignment:stage", [code], {"to": to, "seen": call.progress}
            form = ReviewSettingsForm(instance=call)
            settings = {name: form[name].initial or "" for name in form.fields} | {"seen": form.seen}
            changed = {f"{stage}_shows": "field" for stage in ("in_review", "deciding")}
            changed |= {f"{stage}_others": "always" for stage in ("in_review", "deciding")}
            yield "assignment:review_settings", [code], settings | changed
            yield "briefings:freeze_board", [code], {"name_ja": "x", "name_en": "x", "code": "crawled"}
        for each in self.about:
            code = each.call.code
            for reviewer in ("other", "twin"):
                yield "assignment:assignments", [code], {"number": each.number, "reviewer": reviewer}
            yield "assignment:conflicts", [code], {"number": each.number, "person": "other", "kind": "kin"}
            for kind in ("clear", "kin"):
                yield "review:declare", [each.number], {"kind": kind}
            for row in each.assignments.order_by("pk")[:1]:
                yield "assignment:take_back", [code], {"assignment": row.pk}
            for row in each.conflicts.order_by("pk")[:2]:
                yield "assignment:retract_conflict", [code], {"conflict": row.pk, "reason": "why"}
        yield "explore:keep", [], {"name": "mine"}

    def of(self, code: str) -> list[Proposal]:
        return [each for each in self.about if each.call.code == code]

    def version(self, proposal: Proposal) -> int:
        """Of its mark; one that is hidden nobody knows."""
        return getattr(getattr(proposal, "mark", None), "version", 0) if proposal in self.shown else 0

    def files(self) -> Iterator[tuple[str, str, list[str]]]:
        """Files that name what the person sees and what they do not, together and one by one."""
        if "sheets:send" not in self.names():
            return
        for code in sorted(self.calls):
            numbers = [each.number for each in self.of(code)]
            for kind, (header, cells) in CELLS.items():
                lines = [f"{number},{cells}" for number in numbers]
                yield from ((kind, code, [header, *chosen]) for chosen in (lines, lines[-1:]))

    def send(self, kind: str, code: str, lines: list[str]) -> None:
        """A file's whole way in: sent, shown, annotated, confirmed, recorded."""
        name, file = f"{kind} {code} {lines[1:]}", SimpleUploadedFile("x.csv", "\n".join(lines).encode())
        data = {"call": code, "file": file, "reason": "why"}
        shown = self.keep(name, self.client.post(reverse("sheets:send", args=[kind]), data)).get("Location")
        if shown:
            for page in ("", "progress.json", "checked/"):
                self.keep(f"{name} {page}", self.client.get(shown + page))
            then = self.keep(f"{name} confirmed", self.client.post(f"{shown}confirm/")).get("Location", shown)
            self.keep(f"{name} then", self.client.get(then))
