"""A file says when each proposal was received: in the window or late is decided row by row."""

import datetime
import io
import zoneinfo

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import translation

from aspire.roles import Role
from aspire.workbooks.cells import Cell
from aspire.workbooks.moments import written
from aspire.workbooks.widgets import BadCell
from proposals.intake.exports import exported
from proposals.intake.fields import Receipt
from proposals.record.models import Proposal
from tests.doors import refused
from tests.factories import (
    CLOSES_AT,
    NOON,
    OPENS_AT,
    AssignmentFactory,
    CallFactory,
    ConflictFactory,
    FunderFactory,
    ProposalFactory,
    TermsFactory,
)
from tests.people import person

TOKYO = zoneinfo.ZoneInfo("Asia/Tokyo")
HEADER = "number,title_ja,field,funder,starts_on,ends_on,received_at"
LATE = CLOSES_AT + datetime.timedelta(days=3)
pytestmark = pytest.mark.django_db


def row(received):
    return f",量子網{received},quantum,GB-UKRI,2024-04-01,2029-03-31,{received}"


@pytest.fixture
def call(monkeypatch):
    """A call that closed three days ago."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: LATE)
    FunderFactory()
    return TermsFactory(call__code="IN").call


@pytest.fixture
def send(call, tmp_path):
    def send(*lines, **options):
        file, said = tmp_path / "file.csv", io.StringIO()
        file.write_text("\r\n".join(lines), encoding="utf-8")
        with translation.override("en"):
            try:
                call_command("import_proposals", str(file), call="IN", stdout=said, stderr=said, **options)
            except CommandError as error:
                said.write(str(error))
        return said.getvalue()

    return send


def at(*parts):
    return datetime.datetime(*parts, tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("2023-10-02 10:30", at(2023, 10, 2, 10, 30)),
        ("2023/10/2 9:05:07", at(2023, 10, 2, 9, 5, 7)),
        ("2023-10-02T10:30", at(2023, 10, 2, 10, 30)),
        ("令和5年10月2日 10:30", at(2023, 10, 2, 10, 30)),
        ("２０２３年１０月２日　１０：３０", at(2023, 10, 2, 10, 30)),
        ("2023-10-02", at(2023, 10, 2)),
    ],
)
def test_a_receipt_is_a_day_or_a_day_and_a_time_in_tokyo(call, typed, found):
    assert Receipt(call).parse(Cell("text", typed)).value == found


def test_a_day_alone_is_the_opening_on_the_day_of_the_opening(call):
    day = OPENS_AT.astimezone(TOKYO).date()

    assert Receipt(call).parse(Cell("day", day.isoformat(), day)).value == OPENS_AT


@pytest.mark.parametrize("typed", ["2023-10-02 25:00", "10:30", "yesterday 10:30"])
def test_what_is_no_day_and_time_is_refused(call, typed):
    with pytest.raises(BadCell):
        Receipt(call).parse(Cell("text", typed))


def test_what_came_in_the_window_is_not_late_though_the_file_is(send):
    said = send(HEADER, row("2023-10-02 10:30"), row(f"{OPENS_AT:%Y-%m-%d}"))

    assert "2 created" in said
    assert list(Proposal.objects.order_by("number").values_list("received_at", "late_reason")) == [
        (at(2023, 10, 2, 10, 30), ""),
        (OPENS_AT, ""),
    ]
    assert not Proposal.objects.late().exists()


def test_a_late_row_alone_takes_the_reason(send):
    late = f"{LATE.astimezone(TOKYO):%Y-%m-%d} 09:00"
    assert "outside the window" in send(HEADER, row("2023-10-02 10:30"), row(late))
    assert not Proposal.objects.exists()

    send(HEADER, row("2023-10-02 10:30"), row(late), row(""), reason="郵便の遅れ")

    assert list(Proposal.objects.order_by("number").values_list("late_reason", flat=True)) == [
        "", "郵便の遅れ", "郵便の遅れ",
    ]  # fmt: skip
    assert Proposal.objects.order_by("number").last().received_at == LATE


def test_a_file_corrects_when_a_proposal_was_received_and_never_empties_it(call, send):
    proposal = ProposalFactory(terms=call.terms.get(), number="IN-001")

    assert "1 changed" in send("number,received_at", "IN-001,2023-10-03 08:00")
    proposal.refresh_from_db()
    assert proposal.received_at == at(2023, 10, 3, 8)

    assert "cannot be emptied" in send("number,received_at", "IN-001,[clear]")
    assert "outside the window" in send("number,received_at", "IN-001,2020-01-01 08:00")
    proposal.refresh_from_db()
    assert proposal.received_at == at(2023, 10, 3, 8)


def test_what_comes_back_unchanged_stays_exact(call, send):
    exact = NOON + datetime.timedelta(seconds=7, microseconds=123_456)
    proposal = ProposalFactory(terms=call.terms.get(), number="IN-001", received_at=exact)
    (taken,) = exported(Proposal.objects.all())

    assert taken.values["received_at"] == written(exact)
    assert "0 changed, 1 left" in send("number,received_at", f"IN-001,{written(exact)}")
    send("number,received_at,title_en", f"IN-001,{written(exact)},Another title")
    proposal.refresh_from_db()
    assert (proposal.received_at, proposal.title_en) == (exact, "Another title")


def test_a_reconstructed_proposal_is_received_at_no_stated_time(trial, tmp_path):
    number = trial.proposals.first().number
    file, said = tmp_path / "file.csv", io.StringIO()
    file.write_text(f"number,received_at\r\n{number},2023-01-10 10:00", encoding="utf-8")

    with pytest.raises(CommandError):
        call_command("import_proposals", str(file), call=trial.code, stdout=said, stderr=said)

    assert number in said.getvalue() or said.getvalue()
    assert Proposal.objects.get(number=number).received_at is None


def test_a_file_brings_the_leaders_address_or_says_that_it_is_none(call, send):
    proposal = ProposalFactory(terms=call.terms.get(), number="IN-001")

    assert "no e-mail address" in send("number,email", "IN-001,hanako at example")
    assert "1 changed" in send("number,email", "IN-001,hanako@example.org")
    proposal.refresh_from_db()
    assert proposal.email == "hanako@example.org"

    assert "1 changed" in send("number,email", "IN-001,[clear]")
    proposal.refresh_from_db()
    assert proposal.email == ""


@pytest.mark.parametrize(("role", "is_shown"), [(Role.OFFICER, True), (Role.MANAGER, False)])
def test_the_leaders_address_is_for_those_who_log_proposals(client, call, role, is_shown):
    proposal = ProposalFactory(terms=call.terms.get(), number="IN-001", email="hanako@example.org")
    client.force_login(person("somebody", "誰 か", role))

    page = client.get(proposal.get_absolute_url()).content.decode()
    file = client.get(reverse("intake:export", args=["csv"]), {"call": "IN"}).content.decode()

    assert ("hanako@example.org" in page, "hanako@example.org" in file) == (is_shown, is_shown)


KNOWN_TO_E_RAD = {
    "pi_name_en": ("principal_investigator_en", "Hanako Aoki"),
    "erad_project_id": ("erad_project_id", "26000123"),
    "abstract_ja": ("abstract_ja", "二つの研究室を結ぶ。"),
    "abstract_en": ("abstract_en", "We join two laboratories."),
    "keywords": ("keywords", "量子中継, 光"),
}


def test_a_file_brings_what_e_rad_knows_of_a_proposal_and_it_comes_back_unchanged(call, send):
    proposal = ProposalFactory(terms=call.terms.get(), number="IN-001")
    values = ",".join(f'"{value}"' for _attribute, value in KNOWN_TO_E_RAD.values())
    lines = [",".join(["number", *KNOWN_TO_E_RAD]), f"IN-001,{values}"]

    assert "1 changed" in send(*lines)
    proposal.refresh_from_db()
    for attribute, value in KNOWN_TO_E_RAD.values():
        assert getattr(proposal, attribute) == value
    assert "0 changed, 1 left" in send(*lines)


def test_a_reviewer_reads_the_abstract_once_no_interest_is_declared(client):
    reviewer = person("reviewer", "評 価", Role.REVIEWER)
    call = CallFactory(progress="in_review")
    proposal = ProposalFactory(terms__call=call, abstract_ja="二つの研究室を結ぶ。", keywords="量子中継")
    AssignmentFactory(proposal=proposal, reviewer=reviewer)
    client.force_login(reviewer)
    address = reverse("review:proposal", args=[proposal.number])
    assert "二つの研究室" not in client.get(address).content.decode()

    ConflictFactory(proposal=proposal, person=reviewer, finding="clear")
    page = client.get(address).content.decode()
    assert "二つの研究室" in page
    assert "量子中継" in page


@pytest.mark.parametrize("attribute", [attribute for attribute, _value in KNOWN_TO_E_RAD.values()])
def test_a_reconstructed_proposal_states_nothing_that_e_rad_knows(trial, attribute):
    proposal = trial.proposals.first()

    with refused("proposal_reconstructed_is_bare"):
        Proposal.objects.filter(pk=proposal.pk).update(**{attribute: "x"})
