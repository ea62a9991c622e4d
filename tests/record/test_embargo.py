"""An embargo: what is released stays with the managers until its moment, at every door."""

import datetime

import pytest
from django.contrib.admin import site
from django.urls import reverse
from django.utils import timezone

from aspire.models import ImportRecord, Upload
from aspire.roles import Role
from aspire.sheets.running import receive
from calls.models import Call, PotSlice
from proposals.briefings.decisions import freeze
from proposals.intake.resource import ProposalResource
from proposals.record.models import Proposal
from tests.factories import FunderFactory, ProposalFactory, TermsFactory
from tests.partnerships.test_partners import awarded
from tests.people import person
from tests.record.test_blindness import text_of

pytestmark = pytest.mark.django_db
LATER, EARLIER = (timezone.now() + datetime.timedelta(days=days) for days in (7, -1))


@pytest.fixture
def released():
    """A released call with an award and a decline, under embargo for a week; and another call with one proposal."""
    terms = TermsFactory(call__code="SECRET", call__name_ja="秘密の公募")
    proposal = awarded(terms, FunderFactory())
    Proposal.objects.filter(pk=ProposalFactory(terms=terms).pk).update(status="declined")
    ProposalFactory(terms=TermsFactory(call__code="OTHER"))
    Call.objects.filter(code="SECRET").update(progress="released", embargo_until=LATER)
    return proposal


@pytest.fixture
def insider(manager):
    return manager


def pages(proposal: Proposal) -> list[str]:
    """Where results show: boards, lists, files, records."""
    number = proposal.number
    return [
        "/", "/calls/", "/calls/SECRET/", "/calls/compare/?a=SECRET&b=OTHER", "/proposals/", f"/proposals/{number}/",
        "/explore/?row=call", "/explore/?row=status&measure=awarded_yen", "/fund/", "/partners/", "/awards/",
        f"/partners/{proposal.country.alpha2}/", f"/proposals/?q={number}", "/proposals/?awarded=1",
    ]  # fmt: skip


def answers(client, user, path):
    client.force_login(user)
    answer = client.get(path)
    return answer.status_code, answer.content.decode(errors="replace")


@pytest.mark.parametrize("role", ["officer", "administrator"])
def test_before_the_embargo_ends_only_managers_see_a_result(client, request, insider, released, role):
    outsider = request.getfixturevalue(role)
    hidden, number = ["13,000,000", "13000000"], released.number

    seen = " ".join(answers(client, insider, path)[1] for path in pages(released))
    assert all(word in seen for word in (number, hidden[0]))
    for path in pages(released):
        code, text = answers(client, outsider, path)
        assert (code == 404) == path.endswith(f"/{number}/"), path
        chip = (f"</span> {number} <a", f' {number}">')  # the filter in force, as it was typed
        for asked in (f"q={number}", f'value="{number}"', f'value="{path}"', *chip):
            text = text.replace(asked, "")
        assert number not in text, path
        assert not any(yen in text for yen in hidden), path


@pytest.mark.parametrize(
    "path",
    [
        "/calls/SECRET/tallies.json", "/calls/SECRET/print/", "/calls/SECRET/tallies.xlsx", "/briefings/frozen/",
        "/briefings/freeze/SECRET/", "/awards/SECRET/", "/awards/SECRET/packet/",
    ],
)  # fmt: skip
def test_what_is_under_embargo_does_not_exist_for_an_officer(client, insider, officer, released, path):
    freeze(Call.objects.get(code="SECRET"), code="frozen", name_ja="記録", name_en="", by=insider, at=timezone.now())

    assert answers(client, officer, path)[0] == 404
    assert answers(client, insider, path)[0] == 200


def test_exports_and_records_of_an_officer_leave_out_what_is_under_embargo(client, officer, released):
    for path in (
        "/proposals/export.csv",
        f"/admin/proposals/proposal/{released.pk}/change/",
        "/admin/proposals/award/",
    ):
        assert released.number not in answers(client, officer, path)[1], path


def test_pages_say_until_when_and_count_the_call_as_unknown(client, officer, released):
    text = answers(client, officer, "/calls/")[1]

    assert "秘密の公募の結果は" in text
    assert "解禁前" in text
    assert "結果はまだ公表されていません。" in answers(client, officer, "/calls/SECRET/")[1]


def test_after_the_embargo_everybody_who_sees_boards_sees_the_result(client, officer, released):
    Call.objects.filter(code="SECRET").update(embargo_until=EARLIER)

    assert answers(client, officer, f"/proposals/{released.number}/")[0] == 200
    assert "13,000,000" in answers(client, officer, "/proposals/?awarded=1")[1]


def test_what_is_not_decided_yet_stays_with_the_officers(client, officer, released):
    waiting = ProposalFactory(terms=released.terms)
    Call.objects.filter(code="SECRET").update(progress="deciding")
    client.force_login(officer)

    assert [proposal.number for proposal in client.get("/proposals/?call=SECRET").context["page"]] == [waiting.number]
    assert client.get("/awards/SECRET/").status_code == 200


def test_an_embargo_without_a_release_hides_nothing(client, officer):
    proposal = ProposalFactory()
    Call.objects.update(embargo_until=LATER)

    assert answers(client, officer, f"/proposals/{proposal.number}/")[0] == 200


def test_a_manager_sets_and_lifts_an_embargo_on_the_packet_page(client, insider, officer, released):
    client.force_login(insider)
    address = reverse("awards:embargo", args=["SECRET"])

    assert client.post(address, {"embargo_until": "soon"}).status_code == 200
    assert Call.objects.get(code="SECRET").embargo_until == LATER
    client.post(address, {"embargo_until": "2031-04-01T10:00"})
    assert timezone.localtime(Call.objects.get(code="SECRET").embargo_until).isoformat() == "2031-04-01T10:00:00+09:00"
    client.post(address, {"embargo_until": ""})
    assert Call.objects.get(code="SECRET").embargo_until is None
    client.force_login(officer)
    assert client.post(address, {"embargo_until": ""}).status_code == 404


def test_an_officer_sets_an_embargo_beforehand_and_cannot_lift_it_once_results_wait(client, officer, released):
    client.force_login(officer)
    other = Call.objects.get(code="OTHER")

    waiting = client.get(f"/admin/calls/call/{released.call_id}/change/").content.decode()
    before = client.get(f"/admin/calls/call/{other.pk}/change/").content.decode()

    assert ('name="embargo_until_0"' in waiting, 'name="embargo_until_0"' in before) == (False, True)


def test_the_end_of_an_embargo_draws_a_board_anew(client, officer, released):
    client.force_login(officer)
    client.get("/calls/OTHER/")
    headers = {"if-none-match": client.get("/calls/OTHER/").headers["ETag"]}
    assert client.get("/calls/OTHER/", headers=headers).status_code == 304

    Call.objects.filter(code="SECRET").update(embargo_until=EARLIER)

    assert client.get("/calls/OTHER/", headers=headers).status_code == 200


def test_whoever_is_a_manager_too_sees_results(client, released):
    both = person("both", "Officer Both", Role.OFFICER, Role.MANAGER)

    assert answers(client, both, f"/proposals/{released.number}/")[0] == 200


# --- the admin --------------------------------------------------------------------------------------------------------


@pytest.fixture
def sliced(released):
    """The released call with a pot and a slice, from both of which the award has taken."""
    call = released.call
    Call.objects.filter(pk=call.pk).update(pot_yen=900_000_000, max_awards=9)
    year = released.award.amounts.get().fiscal_year
    PotSlice.objects.create(call=call, fiscal_year=year, limit_yen=800_000_000)
    return call


def admin_pages(client, call):
    """Every list of the admin and, of each of its rows that one sees, the form and the history."""
    yield reverse("admin:index")
    for model in site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        found = reverse(f"{name}_changelist")
        if client.get(found).status_code == 200:
            yield found
            for pk in model._default_manager.values_list("pk", flat=True):
                yield from (reverse(f"{name}_{page}", args=[pk]) for page in ("change", "history"))


@pytest.mark.parametrize("role", ["officer", "administrator"])
def test_no_page_of_the_admin_tells_what_is_under_embargo(client, request, released, sliced, role):
    client.force_login(request.getfixturevalue(role))
    taken = "13,000,000"
    marked = f'"{reverse("proposals:detail", args=[released.number])}"'

    for path in admin_pages(client, sliced):
        page = client.get(path, headers={"accept-language": "en"}).content.decode()
        assert taken not in page, path
        assert taken.replace(",", "") not in page, path
        assert marked not in page, path
        assert "1 awards" not in page, path
    form = client.get(reverse("admin:calls_call_change", args=[sliced.pk]), headers={"accept-language": "en"})
    page = form.content.decode()
    assert "under embargo until" in page
    assert 'name="pot_yen"' not in page
    assert 'name="pot_slices-0-limit_yen"' not in page


def test_the_admin_tells_what_is_taken_once_the_embargo_has_ended(client, officer, released, sliced):
    Call.objects.filter(pk=sliced.pk).update(embargo_until=EARLIER)
    client.force_login(officer)

    page = client.get(reverse("admin:calls_call_change", args=[sliced.pk])).content.decode()

    assert page.count("13,000,000") == 2
    assert 'name="pot_yen"' in page


# --- files ------------------------------------------------------------------------------------------------------------


def planned(by, text, kind=ProposalResource):
    """The plan of a file as its sender's preview shows it."""
    sheet = kind(Call.objects.get(code="SECRET"))
    return receive(text.encode(), kind=sheet, by=by, file_name="x.csv")


def codes(upload):
    return [fault["code"] for fault in Upload.objects.get(pk=upload.pk).plan["faults"]]


@pytest.mark.parametrize("role", ["officer", "administrator"])
@pytest.mark.parametrize(
    "file",
    [
        "number,starts_on,ends_on\n{0},2090-04-01,2091-03-31\n{1},2090-04-01,2091-03-31\n",
        "number,title_ja\n{0},x\n{1},x\n",
    ],
)
def test_no_file_finds_a_number_that_is_under_embargo(client, request, released, role, file):
    by = request.getfixturevalue(role)
    declined = Proposal.objects.get(status="declined")
    upload = planned(by, file.format(released.number, declined.number))
    client.force_login(by)

    client.post(reverse("sheets:confirm", args=[upload.pk]))

    assert codes(upload) == ["number_unknown", "number_unknown"]
    assert Proposal.objects.filter(title_ja="x").count() == 0
    assert b"13,000,000" not in client.get(reverse("sheets:preview", args=[upload.pk])).content


@pytest.mark.parametrize("kind", ["marks", "assignments", "proposals"])
def test_a_template_filled_with_what_is_stored_holds_nothing_under_embargo(client, officer, insider, released, kind):
    address = reverse("sheets:template", args=[kind]) + "?call=SECRET&prefill=1"
    client.force_login(officer)

    found = client.get(address)

    assert found.status_code == 200
    assert released.number not in text_of(found)


def test_a_preview_made_before_an_embargo_is_made_anew_under_it(client, officer, released):
    Call.objects.filter(code="SECRET").update(embargo_until=None)
    upload = planned(officer, f"number,title_ja\n{released.number},x\n")
    before = codes(upload)
    Call.objects.filter(code="SECRET").update(embargo_until=LATER)
    client.force_login(officer)

    copy = text_of(client.get(reverse("sheets:annotated_copy", args=[upload.pk])))
    page = client.get(reverse("sheets:preview", args=[upload.pk])).content.decode()

    assert (before, codes(upload)) == ([], ["number_unknown"])
    assert released.title_ja not in page + copy


def test_the_import_of_somebody_else_is_not_shown_where_it_may_tell_a_result(client, officer, administrator, released):
    saved = {"created": 0, "changed": 1, "unchanged": 0, "sha256": "0" * 64, "imported_at": timezone.now()}
    rows = [[2, "change", released.number, []]]
    own, others = (
        ImportRecord.objects.create(
            user=by, kind="proposals", call_code="SECRET", file_name=f"of {by.username}.csv", rows=rows, **saved
        )
        for by in (officer, administrator)
    )
    client.force_login(officer)

    listed = client.get(reverse("sheets:index")).content.decode()

    assert ("of aoki.csv" in listed, "of endo.csv" in listed) == (True, False)
    assert client.get(reverse("sheets:record", args=[others.pk])).status_code == 404
    assert released.number not in client.get(reverse("sheets:record", args=[own.pk])).content.decode()
    Call.objects.filter(code="SECRET").update(embargo_until=EARLIER)
    assert released.number in client.get(reverse("sheets:record", args=[others.pk])).content.decode()
