"""Changing only what is hidden from a person changes nothing that person can get: the same world twice, compared.

Only what is hidden differs between the two: amounts, texts, how many there are, what was decided of them. Every page,
file, preview, rehearsal and answer to an act of that person is then the same but for tokens and moments.
"""

import datetime
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from aspire.models import ExportRecord, ImportRecord, Upload
from aspire.roles import Role
from calls.models import Call, PotSlice, Programme
from proposals.record.models import AnnualAward, Award, Conflict, Mark, Proposal, SavedView
from proposals.record.status import Decision, PacketState, Status
from tests.crawl import Visit, number_from, taken_back
from tests.factories import (
    MILLION,
    OUT,
    AnnualCostFactory,
    AssignmentFactory,
    CallFactory,
    CounterpartFactory,
    CountryFactory,
    CriterionFactory,
    DocumentFactory,
    FieldFactory,
    FunderFactory,
    MarkFactory,
    PacketFactory,
    ProposalFactory,
    ReviewerFactory,
    ReviewFactory,
    TermsFactory,
    decide_packet,
)
from tests.people import person

pytestmark = pytest.mark.django_db
NOW = timezone.now()
DAYS = datetime.timedelta(days=1)
OPEN, REVIEW, DECIDING, RELEASED = CODES = ("NI-OPEN", "NI-REVIEW", "NI-DECIDING", "NI-RELEASED")
PROGRESS = {OPEN: "", REVIEW: "in_review", DECIDING: "deciding", RELEASED: "released"}
WORD = "ZQHIDDEN"


@dataclass
class World:
    """The rows that are shown, and who is there."""

    calls: dict[str, Call] = field(default_factory=dict)
    shown: list[Proposal] = field(default_factory=list)
    people: dict[str, User] = field(default_factory=dict)


@dataclass(frozen=True)
class Hidden:
    """What is not shown: one of two."""

    number: int  # of proposals that are hidden in each call
    yen: int  # of an award
    text: str
    decision: Decision
    status: Status  # of a further one


ONE = Hidden(1, 4_876_543, f"{WORD}ONE", Decision.AWARD, Status.RECEIVED)
OTHER = Hidden(3, 1_234_567, f"{WORD}OTHER with more words", Decision.AWARD, Status.WITHDRAWN)


# --- the world --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield made()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def one_moment(monkeypatch):
    """Both times are asked at the same moment."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def made() -> World:
    world = World()
    Programme.objects.filter(code="ASPIRE").delete()
    us = CountryFactory(alpha2="US", name_ja="アメリカ", name_en="United States", reading="アメリカ")
    fields = [FieldFactory(), FieldFactory(code="bio", name_ja="バイオ", name_en="Bio")]
    funders = [FunderFactory(), FunderFactory(country=us, acronym="NSF")]
    other = ReviewerFactory(user__username="other", name_ja="他の 評価者")
    other.fields.set(fields)
    ReviewerFactory(user__username="twin", name_ja="同じ 所属", researcher_number="", institution=ONE.text)
    world.people = {
        "staff": person("staff", "Officer Staff", Role.OFFICER),
        "releaser": person("releaser", "Manager Releaser", Role.MANAGER),
        "other": other.user,
    }
    for code in CODES:
        closes_at = NOW + 5 * DAYS if code == OPEN else NOW - 5 * DAYS
        window = {"opens_at": NOW - 60 * DAYS, "closes_at": closes_at, "fiscal_year": 2026}
        money = {"pot_yen": 900 * MILLION, "max_awards": 9} if code != OPEN else {}
        call = CallFactory(code=code, fields=fields, **window, **money)
        PotSlice.objects.create(call=call, fiscal_year=2027, limit_yen=500 * MILLION)
        CriterionFactory(call=call)
        TermsFactory(call=call)
        world.calls[code] = call
    Programme.objects.update(fund_yen=5_000 * MILLION)
    Call.objects.exclude(code=OPEN).update(progress="in_review")
    for code in CODES:
        for place in range(3):
            kind = {"field": fields[place % 2], "primary_funder": funders[place % 2]}
            proposal = proposed(world, code, f"{code}-{place + 1:03}", title_ja=f"課題{place}", **kind)
            world.shown.append(proposal)
            if code != OPEN:
                reviewed(world, proposal, "shown")
    Call.objects.filter(code__in=[DECIDING, RELEASED]).update(progress="deciding")
    for code in (DECIDING, RELEASED):
        own = [proposal for proposal in world.shown if proposal.call.code == code]
        mark(world, own[0], Decision.AWARD, 10 * MILLION)
        mark(world, own[1], Decision.DECLINE)
    SavedView.objects.create(owner=world.people["staff"], name="shared", is_shared=True)
    return world


def proposed(world: World, code: str, number: str, **values) -> Proposal:
    call = Call.objects.get(code=code)
    received = {"received_at": NOW - 10 * DAYS, "starts_on": "2027-04-01", "ends_on": "2030-03-31"}
    proposal = ProposalFactory(terms=call.terms.get(), call=call, number=number, **{**received, **values})
    AnnualCostFactory(proposal=proposal, fiscal_year=2027)
    return Proposal.objects.select_related("call", "primary_funder__country").get(pk=proposal.pk)


def reviewed(world: World, proposal: Proposal, text: str, score: int = 4) -> None:
    assignment = AssignmentFactory(proposal=proposal, reviewer=world.people["other"], assigned_by=world.people["staff"])
    comments = {"comment_to_panel": text, "comment_to_applicant": text}
    ReviewFactory(assignment=assignment, scores=[score], submitted=True, **comments)


def mark(world: World, proposal: Proposal, decision: Decision, yen: int = 0, reason: str = "") -> None:
    MarkFactory(proposal=proposal, decision=decision, marked_by=world.people["staff"], reason=reason)
    if decision == Decision.AWARD:
        award = Award.objects.create(proposal=proposal)
        AnnualAward.objects.create(award=award, fiscal_year=2027, direct_yen=yen, indirect_yen=0)


def released(world: World, *marks: Mark) -> None:
    """The marks become a result, as one packet."""
    staff, releaser = world.people["staff"], world.people["releaser"]
    packet = PacketFactory(call=marks[0].proposal.call, submitted_by=staff, marks=marks)
    decide_packet(packet, PacketState.RELEASED, by=releaser)
    told = {Decision.AWARD: Status.AWARDED, Decision.DECLINE: Status.DECLINED}
    for found in marks:
        if found.decision in told:
            Proposal.objects.filter(pk=found.proposal_id).update(status=told[Decision(found.decision)])


# --- what is hidden ---------------------------------------------------------------------------------------------------


def in_conflict(world: World, by: User, hidden: Hidden) -> list[Proposal]:
    """In every call proposals that do not exist for the person, reviewed, marked and released beside the others."""
    Call.objects.filter(code__in=[REVIEW, DECIDING, RELEASED]).update(progress="in_review")
    found, texts = [], {"title_ja": hidden.text, "institution": hidden.text, "principal_investigator": hidden.text}
    for code in CODES:
        for place in range(hidden.number):
            number_from(50_000 + 1_000 * CODES.index(code) + 100 * place)
            proposal = proposed(world, code, f"{code}-{place}00H", **texts)
            Conflict.objects.create(
                proposal=proposal, person=by, finding="stands", kind="kin", recorded_by=by, recorded_at=NOW
            )
            CounterpartFactory(proposal=proposal, person=hidden.text)
            DocumentFactory(proposal=proposal, name=f"{hidden.text}.pdf", pages=hidden.number, size=hidden.yen)
            if code != OPEN:
                reviewed(world, proposal, hidden.text, score=1 + hidden.number)
            if not place:
                found.append(proposal)
            elif code in (OPEN, REVIEW):
                Proposal.objects.filter(pk=proposal.pk).update(status=hidden.status, **OUT)
    number_from(55_000)
    Call.objects.filter(code__in=[DECIDING, RELEASED]).update(progress="deciding")
    for proposal in found[2:]:
        mark(world, proposal, hidden.decision, hidden.yen, hidden.text)
    finished(world)
    return found


def finished(world: World) -> None:
    """What is marked in the released call is released, and each call stands at its stage."""
    released(world, *Mark.objects.filter(proposal__call__code=RELEASED).order_by("pk"))
    for code, progress in PROGRESS.items():
        Call.objects.filter(code=code).update(progress=progress)


def under_embargo(world: World, by: User, hidden: Hidden) -> list[Proposal]:
    """What was released of two calls: of one as a whole, of the other one proposal."""
    own = {code: [each for each in world.shown if each.call.code == code] for code in (DECIDING, RELEASED)}
    first = Mark.objects.get(proposal=own[DECIDING][0])
    for proposal in (own[DECIDING][0], own[RELEASED][0]):
        AnnualAward.objects.filter(award__proposal=proposal).update(direct_yen=hidden.yen)
        Proposal.objects.filter(pk=proposal.pk).update(title_ja=hidden.text)
    Proposal.objects.filter(call__code=RELEASED).update(institution=hidden.text)
    released(world, first)
    mark(world, own[RELEASED][2], Decision.RESERVE if hidden is ONE else Decision.DECLINE, reason=hidden.text)
    finished(world)
    Call.objects.filter(code__in=[DECIDING, RELEASED]).update(embargo_until=NOW + 7 * DAYS)
    return [own[DECIDING][0], *own[RELEASED]]


def others_judge(world: World, by: User, hidden: Hidden) -> list[Proposal]:
    """What others wrote and marked of proposals that a reviewer was given and may read."""
    Call.objects.filter(code=DECIDING).update(progress="in_review")
    for proposal in world.shown:
        if proposal.call.code in (REVIEW, DECIDING):
            AssignmentFactory(proposal=proposal, reviewer=by)
            Conflict.objects.create(proposal=proposal, person=by, finding="clear", recorded_by=by, recorded_at=NOW)
            third = ReviewerFactory(user__username=f"third-{proposal.number}", name_ja=hidden.text)
            ReviewFactory(
                assignment=AssignmentFactory(proposal=proposal, reviewer=third.user),
                scores=[hidden.number],
                submitted=hidden is ONE,
                comment_to_panel=hidden.text,
            )
    own = [each for each in world.shown if each.call.code == DECIDING]
    Call.objects.filter(code=DECIDING).update(progress="deciding")
    mark(world, own[2], Decision.RESERVE if hidden is ONE else Decision.DECLINE, reason=hidden.text)
    AnnualAward.objects.filter(award__proposal=own[0]).update(direct_yen=hidden.yen)
    finished(world)
    return []


def uploads(world: World, hidden: Hidden, *, with_records: bool) -> None:
    """What others sent and took away."""
    number_from(56_000)
    staff, moment = world.people["staff"], {"uploaded_at": NOW, "beat_at": NOW, "expires_at": NOW + DAYS}
    for place in range(hidden.number):
        Upload.objects.create(
            user=staff, kind="proposals", call_code=OPEN, file_name=f"{hidden.text}-{place}", data=b"x", **moment
        )
    SavedView.objects.create(owner=staff, name=hidden.text)
    if with_records:
        counts = {"created": 0, "changed": hidden.number, "unchanged": 0, "imported_at": NOW, "sha256": "0" * 64}
        rows = [[2, "change", f"{DECIDING}-000H", []]]
        for code in (DECIDING, RELEASED):
            ImportRecord.objects.create(
                user=staff, kind="proposals", call_code=code, file_name=hidden.text, rows=rows, **counts
            )
        ExportRecord.objects.create(
            user=staff, kind="proposals", filters={"q": hidden.text}, columns=["number"], row_count=hidden.number,
            form="csv", sha256=f"{hidden.yen:064}", exported_at=NOW,
        )  # fmt: skip


RELATIONS = {
    "officer in conflict": (in_conflict, [Role.OFFICER]),
    "manager in conflict": (in_conflict, [Role.MANAGER]),
    "administrator in conflict": (in_conflict, [Role.ADMINISTRATOR]),
    "lead reviewer in conflict": (in_conflict, [Role.REVIEWER]),
    "reviewer in conflict": (in_conflict, [Role.REVIEWER]),
    "officer under embargo": (under_embargo, [Role.OFFICER]),
    "administrator under embargo": (under_embargo, [Role.ADMINISTRATOR]),
    "reviewer beside others": (others_judge, [Role.REVIEWER]),
}


def gets(
    world: World,
    who: str,
    hidden: Hidden,
    *,
    of: Collection[str] = CODES,
    is_whole: bool = True,
    paths: Collection[str] = (),
    is_hidden: bool = True,
) -> dict[str, str]:
    """Everything the person can get where that is hidden, of these calls, or these addresses alone.

    The world is then as before. ``is_hidden``: from this person; else from somebody else.
    """
    hide, roles = RELATIONS[who]
    with taken_back():
        number_from(50_000)
        by, another = person("somebody", "Somebody Here", *roles), person("another", "Another One", *roles)
        if "lead" in who:
            for call in world.calls.values():
                call.call_fields.update(lead_reviewer=by)
        found = hide(world, by if is_hidden else another, hidden)
        uploads(world, hidden, with_records="beside" not in who)
        number_from(60_000)
        shown = [each for each in world.shown if each not in found and each.call.code in of][::3]
        asked = [each for each in found if each.call.code in of]
        visit = Visit(by, shown=shown, hidden=asked, words=[WORD, "NI"], is_whole=is_whole)
        return visit.only(paths) if paths else visit.everything()


def differing(one: dict[str, str], other: dict[str, str]) -> dict[str, list[str]]:
    """Under what both were asked, the first lines in which the answers differ."""
    found = {}
    for name in one.keys() | other.keys():
        lines, others = (each.get(name, "").splitlines() for each in (one, other))
        if lines != others:
            found[name] = [f"{a!r} / {b!r}"[:600] for a, b in zip(lines, others) if a != b][:3] or ["longer"]  # noqa: B905
    return found


# Of which call each person asks everything: whoever may do most in every run, the others in a sweep.
ASKED = [
    ("officer in conflict", DECIDING),
    *(
        pytest.param(who, code, marks=pytest.mark.sweep)
        for who, code in (
            ("lead reviewer in conflict", DECIDING),
            ("officer under embargo", RELEASED),
            ("reviewer beside others", DECIDING),
            ("officer in conflict", REVIEW),
            ("officer in conflict", OPEN),
            ("manager in conflict", RELEASED),
            ("administrator in conflict", DECIDING),
            ("administrator under embargo", RELEASED),
            ("reviewer in conflict", DECIDING),
            ("manager in conflict", DECIDING),
            ("reviewer in conflict", REVIEW),
        )
    ),
]


@pytest.mark.parametrize(("who", "code"), ASKED)
def test_what_is_hidden_from_a_person_changes_nothing_that_person_gets(world, who, code):
    one, other = (gets(world, who, hidden, of={code}, is_whole=False) for hidden in (ONE, OTHER))

    assert differing(one, other) == {}


def test_whoever_sees_everything_sees_the_difference(world):
    """The comparison can fail: of another officer every one of these pages differs."""
    call = world.calls[DECIDING]
    paths = [
        *("/fund/", "/imports/", "/proposals/", "/partners/", "/calls/", "/explore/?row=institution"),
        *(f"/calls/{code}/" for code in CODES),
        *(f"/awards/{DECIDING}/{page}" for page in ("", "packet/", "what-if/")),
        *(f"/calls/{REVIEW}/{page}" for page in ("assignments/", "conflicts/", "reviews/?state=done")),
        *(f"/calls/{DECIDING}/tallies.{form}" for form in ("json", "csv", "xlsx", "pptx")),
        *(f"/admin/calls/call/{call.pk}/change/", "/admin/aspire/exportrecord/", "/admin/proposals/award/"),
        *(f"/calls/compare/?a={DECIDING}&b={RELEASED}", f"/imports/marks/export.xlsx?call={DECIDING}"),
        *(f"/proposals/template.xlsx?call={DECIDING}&prefill=1", f"/awards/{RELEASED}/letters.csv"),
    ]
    one, other = (gets(world, "officer in conflict", each, paths=paths, is_hidden=False) for each in (ONE, OTHER))

    assert set(paths) - differing(one, other).keys() == set()
