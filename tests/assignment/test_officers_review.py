"""How officers run the review of a call: stages, assignments, conflicts of interest."""

import contextlib
import datetime

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from aspire.refusals import Refused
from aspire.roles import Role
from calls.models import Call, Criterion
from partners.models import Institution
from proposals.assignment import decisions as appointing
from proposals.assignment import stages, views
from proposals.assignment.suggestions import suggestions
from proposals.record.models import Assignment, Conflict, Mark, Proposal, Review, Reviewer
from proposals.record.status import Status
from proposals.review.decisions import declare
from tests.factories import (
    NOON,
    FieldFactory,
    MarkFactory,
    PacketFactory,
    ProposalFactory,
    ReviewFactory,
    TermsFactory,
    UserFactory,
    decide_packet,
)
from tests.meanwhile import just_before
from tests.people import person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]
LATER = datetime.datetime(2023, 12, 1, tzinfo=datetime.UTC)
BARE = ("principal_investigator", "principal_investigator_reading", "researcher_number", "email", "institution")
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def call():
    return TermsFactory(call__code="DESK", call__reviews_wanted=2).call


def proposal_of(call, **values):
    return ProposalFactory(terms=call.terms.get(), **values)


def reviewer_of(name, *fields, **profile):
    user = person(name, f"Reviewer {name.title()}", Role.REVIEWER)
    known = Reviewer.objects.create(user=user, name_ja=name, **profile)
    known.fields.set(fields or [FieldFactory()])
    return user


def give(proposal, reviewer, by, position=1):
    return Assignment.objects.create(
        proposal=proposal, reviewer=reviewer, position=position, assigned_by=by, assigned_at=NOON
    )


def say(proposal, user, finding, kind=""):
    return Conflict.objects.create(
        proposal=proposal, person=user, finding=finding, kind=kind, recorded_by=user, recorded_at=NOON
    )


def move(call, *progresses, by):
    for progress in progresses:
        call.refresh_from_db()
        stages.change(call, seen=call.progress, to=progress, by=by, at=LATER)
    call.refresh_from_db()


# --- stages -----------------------------------------------------------------------------------------------------


def test_a_closed_call_goes_into_review_with_the_usual_criteria_and_its_received_proposals(call, officer):
    received, withdrawn = proposal_of(call), proposal_of(call, status=Status.WITHDRAWN)

    move(call, "in_review", by=officer)

    received.refresh_from_db(), withdrawn.refresh_from_db()
    assert (call.progress, received.status, withdrawn.status) == ("in_review", "in_review", "withdrawn")
    assert Criterion.objects.filter(call=call).count() == 4


def test_a_call_moves_only_as_the_procedure_allows(call, officer):
    for progress in ("", "in_review", "deciding", "released"):
        Call.objects.filter(pk=call.pk).update(progress=progress)
        allowed = []
        for to in ("", "in_review", "deciding", "released"):
            Call.objects.filter(pk=call.pk).update(progress=progress)
            try:
                move(call, to, by=officer)
            except Refused:
                continue
            allowed.append(to)
        assert set(allowed) == set(stages.MOVES[progress])


def test_a_call_that_has_not_closed_follows_its_dates(call, officer):
    with pytest.raises(Refused, match="stage_after_closing"):
        stages.change(call, seen="", to="in_review", by=officer, at=NOON)


@pytest.mark.parametrize(
    ("states", "refusal"),
    [
        ([], "stage_with_submitted_packet"),
        (["released"], "stage_with_released_packet"),
        (["sent_back"], None),
        (["released", "undone"], None),
    ],
)
def test_a_call_goes_back_into_review_unless_a_packet_is_submitted_or_released(call, officer, manager, states, refusal):
    move(call, "in_review", "deciding", by=officer)
    packet = PacketFactory(call=call, submitted_by=officer)
    for state in states:
        decide_packet(packet, state, by=manager)
    Call.objects.filter(pk=call.pk).update(progress="deciding")

    with pytest.raises(Refused, match=refusal) if refusal else contextlib.nullcontext():
        move(call, "in_review", by=officer)

    call.refresh_from_db()
    assert call.progress == ("deciding" if refusal else "in_review")


@pytest.mark.parametrize(
    ("progress", "to", "values"),
    [
        ("", "in_review", ["1", "3"]),
        ("in_review", "deciding", ["1", "3"]),
        ("in_review", "", ["1", "1"]),
        ("deciding", "in_review", ["1", "1"]),
    ],
)
def test_page_shows_what_a_move_changes_before_it_is_made(client, call, officer, progress, to, values):
    reviewer = reviewer_of("baba")
    proposals = [proposal_of(call), proposal_of(call, status=Status.IN_REVIEW), proposal_of(call, status="in_review")]
    Call.objects.filter(pk=call.pk).update(progress="in_review")
    say(proposals[0], reviewer, "clear")
    Review.objects.create(assignment=give(proposals[0], reviewer, officer), saved_at=NOON)
    MarkFactory(proposal=proposals[1])
    Call.objects.filter(pk=call.pk).update(progress=progress)
    client.force_login(officer)

    page = client.get(reverse("assignment:stage", args=["DESK"]), {"to": to}, headers=ENGLISH)

    shown = [effect.value for effect in page.context["effects"]]
    assert set(values) <= set(shown), shown
    call.refresh_from_db()
    assert call.progress == progress


def test_officer_changes_the_stage_on_the_page(client, call, officer):
    client.force_login(officer)
    page = reverse("assignment:stage", args=["DESK"])

    assert client.post(page, {"to": "released"}, headers=ENGLISH).status_code == 409
    assert client.post(page, {"to": "in_review"}).status_code == 302

    call.refresh_from_db()
    assert call.progress == "in_review"
    assert "See what changes" in client.get(page, headers=ENGLISH).content.decode()


def test_a_stage_that_somebody_moved_meanwhile_is_looked_at_again(client, call, officer):
    client.force_login(officer)
    page = reverse("assignment:stage", args=["DESK"])
    asked = client.get(page, {"to": "in_review"}, headers=ENGLISH).content.decode()
    assert '<input type="hidden" name="seen" value="">' in asked
    move(call, "in_review", "deciding", by=officer)

    answer = client.post(page, {"to": "in_review", "seen": ""}, headers=ENGLISH)

    call.refresh_from_db()
    assert (answer.status_code, call.progress) == (409, "deciding")
    assert "Somebody has moved call DESK meanwhile" in answer.content.decode()
    assert '<input type="hidden" name="seen" value="deciding">' in answer.content.decode()


def test_officer_says_what_reviewers_see(client, call, officer):
    client.force_login(officer)
    page = reverse("assignment:review_settings", args=["DESK"])
    values = {"in_review_shows": "field", "in_review_others": "never", "deciding_shows": "assigned"}
    values |= {"deciding_others": "always", "reviews_wanted": 3, "reviews_due_on": "2023-12-24"}

    bio, quantum = reviewer_of("baba", FieldFactory(code="bio")), reviewer_of("date")
    give(proposal_of(call), quantum, officer)
    say(proposal_of(call), bio, "stands", "kin")
    Call.objects.filter(pk=call.pk).update(progress="in_review")
    values["seen"] = client.get(page).context["seen"]

    for wrong in ("x", "0"):
        assert client.post(page, {**values, "reviews_wanted": wrong}).status_code == 200
    first = client.post(page, values, headers=ENGLISH)
    shown = {effect.what: effect.value for effect in first.context["effects"]}
    assert (shown["Reviewers who see more"], shown["Proposals that they see more or less, added up"]) == ("1", "1")
    call.refresh_from_db()
    assert call.reviews_wanted == 2
    assert client.post(page, {**values, "confirmed": 1}).status_code == 302

    again = client.post(page, {**values, "reviews_wanted": 4, "confirmed": 1}, headers=ENGLISH)
    assert (again.status_code, "meanwhile" in again.content.decode()) == (409, True)
    call.refresh_from_db()
    assert (call.reviews_wanted, call.in_review_shows, call.deciding_others, call.reviews_due_on.day) == (
        3,
        "field",
        "always",
        24,
    )


@pytest.mark.parametrize(
    ("progress", "changed", "shown"),
    [
        ("", {"deciding_others": "always"}, {}),
        ("in_review", {"in_review_others": "always"}, {"Unfinished drafts whose writers this concerns": "1"}),
        ("in_review", {"deciding_others": "always"}, {}),
        ("deciding", {"deciding_others": "never"}, {"Unfinished drafts whose writers this concerns": "1"}),
        ("deciding", {"in_review_others": "never"}, {}),
    ],
)
def test_settings_of_the_stage_that_the_call_is_in_say_whom_they_concern(call, officer, progress, changed, shown):
    Call.objects.filter(pk=call.pk).update(progress="in_review")
    proposal, baba = proposal_of(call), reviewer_of("baba")
    say(proposal, baba, "clear")
    ReviewFactory(assignment=give(proposal, baba, officer))
    call.progress = progress
    for name, value in changed.items():
        setattr(call, name, value)

    with override("en"):
        _own_line, *others = stages.settings_effects(call, changed)

    assert {effect.what: effect.value for effect in others} == shown


# --- assignments ------------------------------------------------------------------------------------------------


def test_a_batch_is_assigned_whole_with_places_that_go_on(call, officer):
    first, second = proposal_of(call), proposal_of(call)
    baba, date = reviewer_of("baba"), reviewer_of("date")
    give(first, date, officer)

    done = appointing.assign(call, [(first.number, "baba"), (second.number, "baba")], by=officer, at=timezone.now())

    assert done == 2
    assert list(Assignment.objects.order_by("proposal", "position").values_list("reviewer", "position")) == [
        (date.pk, 1),
        (baba.pk, 2),
        (baba.pk, 1),
    ]


def test_a_batch_with_faults_is_refused_with_all_of_them(call, officer):
    proposal, out = proposal_of(call), proposal_of(call, status=Status.WITHDRAWN)
    baba, date = reviewer_of("baba"), reviewer_of("date")
    give(proposal, baba, officer)
    say(proposal, date, "stands", "kin")
    pairs = [(proposal.number, "baba"), (proposal.number, "date"), (proposal.number, "aoki"), (out.number, "baba")]

    with pytest.raises(Refused) as refused:
        appointing.assign(call, [*pairs, ("NOPE", "baba")], by=officer, at=NOON)

    names = [refusal.name for refusal in refused.value.refusals]
    expected = ["assignment_once", "assignment_without_conflict", "assignment_of_reviewer"]
    assert names == [*expected, "assignment_unknown", "assignment_unknown"]
    assert Assignment.objects.count() == 1


def test_officer_assigns_chosen_proposals_and_takes_one_back(client, call, officer):
    proposals = [proposal_of(call) for _ in range(3)]
    reviewer_of("baba")
    client.force_login(officer)
    page = reverse("assignment:assignments", args=["DESK"])

    assert client.post(page, {"reviewer": "baba"}, headers=ENGLISH).status_code == 409
    assert client.post(page, {"number": ["NOPE"], "reviewer": "baba"}, headers=ENGLISH).status_code == 409
    client.post(page, {"number": [p.number for p in proposals], "reviewer": "baba"})
    assert Assignment.objects.count() == 3

    back = reverse("assignment:take_back", args=["DESK"])
    client.post(back, {"assignment": Assignment.objects.first().pk})
    assert Assignment.objects.count() == 2
    assert client.post(back, {"assignment": "x"}).status_code == 404


def test_assigning_all_found_warns_first_of_likely_conflicts_and_foreign_fields(client, officer):
    bio, quantum = FieldFactory(code="bio", name_en="Bio"), FieldFactory()
    call = TermsFactory(call__code="DESK", call__fields=[quantum, bio]).call
    own, foreign = proposal_of(call, field=quantum), proposal_of(call, field=bio, institution="別の大学")
    reviewer_of("baba", quantum, institution="東都大学")
    client.force_login(officer)
    page = reverse("assignment:assignments", args=["DESK"]) + "?q=P-"

    asked = client.post(page, {"all": 1, "reviewer": "baba"}, headers=ENGLISH)

    assert [number for number, _doubt in asked.context["doubts"]] == sorted([own.number, foreign.number])
    assert "does not know its field: Bio" in asked.content.decode()
    assert not Assignment.objects.exists()
    answer = client.post(page, {"pairs": asked.context["pairs"]})
    assert (answer["Location"], Assignment.objects.count()) == (page, 2)


def test_an_assignment_with_a_review_is_not_taken_back(client, call, officer):
    baba, proposal = reviewer_of("baba"), proposal_of(call)
    Call.objects.filter(pk=call.pk).update(progress="in_review")
    say(proposal, baba, "clear")
    review = Review.objects.create(assignment=give(proposal, baba, officer), saved_at=NOON)
    client.force_login(officer)

    client.post(reverse("assignment:take_back", args=["DESK"]), {"assignment": review.assignment_id}, headers=ENGLISH)

    assert Assignment.objects.count() == 1
    page = client.get(
        reverse("assignment:assignments", args=["DESK"]), {"short": "on", "field": "quantum"}, headers=ENGLISH
    )
    assert "has been begun" in page.content.decode()
    assert [row.missing for row in page.context["rows"]] == [1]


def test_load_says_what_each_reviewer_has(call, officer):
    baba = reviewer_of("baba")
    reviewer_of("date")
    person("lone", "Reviewer Lone", Role.REVIEWER)
    first, second, third = (proposal_of(call) for _ in range(3))
    for proposal in (first, second, third):
        give(proposal, baba, officer)
    Assignment.objects.filter(proposal=second).update(declined_at=NOON)
    say(third, baba, "stands", "kin")

    found = {load.person.username: load for load in appointing.loads(call)}

    had = found["baba"]
    assert (had.assigned, had.done, had.left, had.declined, had.set_aside) == (1, 0, 1, 1, 1)
    assert (found["date"].assigned, found["lone"].fields) == (0, "")


def test_plan_matches_fields_balances_the_load_and_leaves_conflicts_out(call, officer):
    bio = FieldFactory(code="bio", name_en="Bio")
    proposals = [proposal_of(call) for _ in range(4)]
    names = [reviewer_of(name).pk for name in ("baba", "date", "endo")]
    reviewer_of("fuji", bio)
    person("lone", "Reviewer Lone", Role.REVIEWER)
    say(proposals[0], appointing.reviewers().get(username="baba"), "stands", "kin")

    plan = appointing.plan_for(call, wanted=2)

    assert plan.short == {}
    assert set(plan.loads()) == set(names)
    assert max(plan.loads().values()) - min(plan.loads().values()) <= 1
    assert names[0] not in plan.teams[proposals[0].pk]


def test_plan_is_shown_with_the_load_and_applied_as_one(client, call, officer):
    for _ in range(3):
        proposal_of(call)
    reviewer_of("baba"), reviewer_of("date")
    client.force_login(officer)
    address = reverse("assignment:plan", args=["DESK"])

    shown = client.get(address, {"wanted": 2}, headers=ENGLISH)
    assert Assignment.objects.count() == 0
    assert shown.context["total"] == 6
    client.post(reverse("assignment:assignments", args=["DESK"]), {"pairs": shown.context["pairs"]})

    assert Assignment.objects.count() == 6
    assert "nothing to assign" in client.get(address, {"wanted": 2}, headers=ENGLISH).content.decode()
    assert client.get(address, {"wanted": 3}).context["short"] == [(p.number, 1) for p in Proposal.objects.all()]
    assert client.get(address, {"wanted": 0}).status_code == 200


def test_conflict_declared_meanwhile_refuses_the_assignment(client, call, officer):
    proposal, baba = proposal_of(call), reviewer_of("baba")
    client.force_login(officer)

    with just_before('INSERT INTO "proposals_assignment"', lambda: say(proposal, baba, "stands", "kin")):
        answer = client.post(
            reverse("assignment:assignments", args=["DESK"]), {"number": proposal.number, "reviewer": "baba"}
        )

    assert (answer.status_code, [refusal.name for refusal in answer.context["refusals"]]) == (
        409,
        ["assignment_without_conflict"],
    )
    assert not Assignment.objects.exists()


def test_plan_keeps_away_from_open_suggestions(call, officer):
    proposal = proposal_of(call, institution="東都大学")
    reviewer_of("baba", institution="東都大学 理学部")
    date = reviewer_of("date")

    assert appointing.plan_for(call, wanted=2).teams == {proposal.pk: [date.pk]}


def test_officer_names_lead_reviewers(client, call, officer):
    baba = reviewer_of("baba")
    client.force_login(officer)
    address = reverse("assignment:leads", args=["DESK"])

    client.post(address, {"lead-quantum": "baba"})
    assert call.call_fields.get().lead_reviewer == baba
    client.post(address, {"lead-quantum": officer.username})
    client.post(address, {"lead-quantum": "babba"})
    client.post(address, {})
    assert call.call_fields.get().lead_reviewer == baba
    client.post(address, {"lead-quantum": ""})
    assert call.call_fields.get().lead_reviewer is None


def test_lead_reviewer_whose_account_is_gone_meanwhile_is_refused(client, call, officer):
    person("baba", "Reviewer Baba", Role.REVIEWER)
    client.force_login(officer)

    def delete():
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("DELETE FROM auth_user_groups USING auth_user u WHERE u.id = user_id AND username = 'baba'")
            cursor.execute("DELETE FROM auth_user WHERE username = 'baba'")

    with just_before('UPDATE "calls_callfield"', delete):
        client.post(reverse("assignment:leads", args=["DESK"]), {"lead-quantum": "baba"})

    assert call.call_fields.get().lead_reviewer is None


def test_lead_reviewers_are_named_all_at_once_or_not_at_all_and_fields_left_out_stay(client, officer):
    fields = [FieldFactory(code=code, name_en=code.title()) for code in ("bio", "ai", "energy")]
    call = TermsFactory(call__code="LEADS", call__fields=fields).call
    baba, date = reviewer_of("baba"), reviewer_of("date")
    call.call_fields.update(lead_reviewer=date)

    with pytest.raises(Refused) as refused:
        appointing.name_leads(call, {"bio": "baba", "ai": "nobody-here", "energy": "babba"})
    assert [refusal.subject for refusal in refused.value.refusals] == [str(fields[1]), str(fields[2])]
    assert {place.lead_reviewer for place in call.call_fields.all()} == {date}

    appointing.name_leads(call, {"bio": "baba", "ai": ""})
    leads = dict(call.call_fields.values_list("field__code", "lead_reviewer"))
    assert leads == {"bio": baba.pk, "ai": None, "energy": date.pk}


def test_a_declined_assignment_shows_its_reason_and_is_asked_again_but_never_deleted(client, call, officer):
    baba, proposal = reviewer_of("baba"), proposal_of(call)
    assignment = give(proposal, baba, officer)
    Assignment.objects.filter(pk=assignment.pk).update(declined_at=NOON, decline_reason="専門外")
    client.force_login(officer)
    page, back, again = (
        reverse(f"assignment:{name}", args=["DESK"]) for name in ("assignments", "take_back", "ask_again")
    )
    assert "専門外" in client.get(page).content.decode()

    client.post(back, {"assignment": assignment.pk}, headers=ENGLISH)
    assert "is kept with its reason" in client.get(page, headers=ENGLISH).content.decode()
    answer = client.post(f"{again}?q=P", {"assignment": assignment.pk})

    assignment.refresh_from_db()
    assert (assignment.declined_at, assignment.decline_reason, assignment.position) == (None, "", 1)
    assert answer["Location"] == f"{page}?q=P"
    client.post(again, {"assignment": assignment.pk}, headers=ENGLISH)
    assert "is not declined" in client.get(page, headers=ENGLISH).content.decode()


@pytest.mark.parametrize("why", ["conflict", "no reviewer"])
def test_nobody_is_asked_again_who_may_not_review(call, officer, why):
    baba, proposal = reviewer_of("baba"), proposal_of(call)
    assignment = give(proposal, baba, officer)
    Assignment.objects.filter(pk=assignment.pk).update(declined_at=NOON, decline_reason="多忙")
    if why == "conflict":
        say(proposal, baba, "stands", "kin")
    else:
        baba.groups.clear()

    with pytest.raises(Refused, match=r"assignment_(without_conflict|of_reviewer)"):
        appointing.ask_again(assignment)


# --- conflicts of interest --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "kind"),
    [
        ({"institution": "東都大学 大学院理学研究科"}, "same_institution"),
        ({"institution": "University of the Eastern Capital"}, "same_institution"),
        ({"institution": "国立大学法人 東都大学"}, "same_institution"),
        ({"institution": "国立大学法人東都大学"}, "same_institution"),
        ({"institution": "東都大学先端科学研究所"}, "same_institution"),
        ({"institution": "Department of Physics, University of the Eastern Capital"}, "same_institution"),
        ({"institution": "University of the Eastern Capital, Institute of Science"}, "same_institution"),
        ({"institution": "東都大学院大学"}, None),
        ({"institution": "東都量子研究所"}, None),
        ({"name_en": "ABROAD, Ada"}, "other"),
        ({"name_en": "Ada Abroad"}, "other"),
        ({"reading": "あおき はなこ"}, "other"),
        ({"researcher_number": "00123456"}, "other"),
        ({"institution": "国立研究開発法人 量子機構"}, None),
        ({"institution": "University of the Western Capital"}, None),
        ({}, None),
    ],
)
def test_likely_conflicts_are_suggested(call, profile, kind):
    Institution.objects.create(name_ja="東都大学", name_en="University of the Eastern Capital", aliases="東大\nUEC")
    proposal = proposal_of(call)
    partner = {"country": proposal.country, "person": "Ada Abroad", "institution": "国立研究開発法人 別の機構"}
    proposal.counterparts.create(**partner, email="ada@example.org")
    reviewer_of("baba", **profile)

    assert [each.kind for each in suggestions(call)] == ([kind] if kind else [])


def test_a_proposal_of_which_only_what_was_published_is_known_suggests_nothing(call):
    proposal = proposal_of(call)
    Proposal.objects.filter(pk=proposal.pk).update(**dict.fromkeys(BARE, ""))
    proposal.counterparts.create(country=proposal.country, person="Ada Abroad", institution="Elsewhere")
    reviewer_of("baba", name_en="", reading=" ", institution="")

    assert suggestions(call) == []


def test_likely_conflicts_are_suggested_by_address_and_by_shared_partners(call):
    proposal = proposal_of(call, email="hana@example.org")
    partner = {"country": proposal.country, "institution": "Elsewhere"}
    proposal.counterparts.create(**partner, person="Ada Abroad", email="ada@example.org")
    by_address, abroad = reviewer_of("baba"), reviewer_of("date")
    by_address.email, abroad.email = "HANA@example.org", "ada@example.org"
    by_address.save(), abroad.save()
    led = proposal_of(TermsFactory().call, researcher_number="99999999", principal_investigator="別人")
    led.counterparts.create(**partner, person="ＡＤＡ Abroad")
    colleague = reviewer_of("endo", researcher_number="99999999")

    by_name = reviewer_of("fuji", name_en="Lead Western")
    western = proposal_of(TermsFactory().call, researcher_number="", principal_investigator="Western Lead")
    western.counterparts.create(**partner, person="Someone Else", email="ada@example.org")

    with override("en"):
        found = {each.person: (each.kind, each.evidence) for each in suggestions(call)}

    assert found == {
        by_address: ("other", "same e-mail address: 青木 花子"),
        abroad: ("other", "same e-mail address: Ada Abroad"),
        colleague: ("joint_work", "has proposed together with: Ada Abroad"),
        by_name: ("joint_work", "has proposed together with: Ada Abroad"),
    }


def test_likely_conflicts_are_suggested_by_the_english_name_of_a_leader(call):
    proposal_of(call, principal_investigator="青木 花子", principal_investigator_en="Hanako Aoki")
    led = proposal_of(TermsFactory().call, principal_investigator="別人", principal_investigator_en="Taro Endo")
    led.counterparts.create(country=led.country, person="Ada Abroad", institution="Elsewhere")
    other = proposal_of(call, principal_investigator="井上 一")
    other.counterparts.create(country=other.country, person="Ada Abroad", institution="Elsewhere")
    same, colleague = reviewer_of("baba", name_en="AOKI, Hanako"), reviewer_of("endo", name_en="Taro Endo")

    found = {(each.person, each.proposal.principal_investigator): each.kind for each in suggestions(call)}

    assert found[same, "青木 花子"] == "other"
    assert found[colleague, "井上 一"] == "joint_work"


def test_officer_decides_suggestions_and_records_what_is_known(client, call, officer):
    first, second = proposal_of(call), proposal_of(call)
    baba = reviewer_of("baba", institution="東都大学")
    client.force_login(officer)
    page, decide = (reverse(f"assignment:{name}", args=["DESK"]) for name in ("conflicts", "decide_conflict"))
    assert client.get(page).context["suggested"].paginator.count == 2

    client.post(decide, {"suggestion": f"{first.pk}-{baba.pk}", "finding": "stands"})
    client.post(decide, {"suggestion": f"{second.pk}-{baba.pk}", "finding": "dismissed"})
    client.post(decide, {"suggestion": f"{second.pk}-{baba.pk}", "finding": "stands"})
    client.post(decide, {"finding": "stands"})

    found = dict(Conflict.objects.values_list("proposal", "finding"))
    assert found == {first.pk: "stands", second.pk: "dismissed"}
    assert client.get(page).context["suggested"].paginator.count == 0

    known = {"number": second.number, "person": "baba", "kind": "teacher", "words": ""}
    assert client.post(page, {**known, "number": "NOPE"}).status_code == 400
    assert client.post(page, {**known, "kind": "other"}).status_code == 400
    assert client.post(page, known).status_code == 302
    assert Conflict.objects.get(proposal=second).kind == "teacher"


def test_suggestion_is_refused_as_a_page_where_the_person_has_declared_a_conflict_meanwhile(
    client, call, officer, monkeypatch
):
    proposal, baba = proposal_of(call), reviewer_of("baba", institution="東都大学")
    client.force_login(officer)
    seen = suggestions(call)
    Conflict.objects.create(
        proposal=proposal, person=baba, finding="stands", kind="kin", recorded_by=baba, recorded_at=timezone.now()
    )
    monkeypatch.setattr(views, "suggestions", lambda *_args, **_options: seen)

    sent = {"suggestion": f"{proposal.pk}-{baba.pk}", "finding": "dismissed"}
    answer = client.post(reverse("assignment:decide_conflict", args=["DESK"]), sent)

    assert (answer.status_code, answer.context["refusal"].name) == (409, "conflict_ends_as_mistake")
    assert Conflict.objects.get().finding == "stands"


def test_suggestions_of_those_assigned_come_first_and_are_decided_together(client, call, officer):
    first, second, third = (proposal_of(call) for _ in range(3))
    baba = reviewer_of("baba", institution="東都大学")
    give(third, baba, officer)
    client.force_login(officer)

    page = client.get(reverse("assignment:conflicts", args=["DESK"]))
    assert [each.suggestion.proposal for each in page.context["suggested"]] == [third, first, second]
    chosen = [f"{each.pk}-{baba.pk}" for each in (first, third)]
    client.post(reverse("assignment:decide_conflict", args=["DESK"]), {"suggestion": chosen, "finding": "dismissed"})

    assert set(Conflict.objects.values_list("proposal", "finding")) == {
        (first.pk, "dismissed"),
        (third.pk, "dismissed"),
    }


def test_what_an_officer_in_conflict_may_not_see_is_on_none_of_these_pages(client, call, officer):
    proposal = proposal_of(call, number="HIDDEN-1")
    baba = reviewer_of("baba", institution="東都大学")
    give(proposal, baba, officer)
    say(proposal, officer, "stands", "kin")
    client.force_login(officer)

    for name in ("assignments", "conflicts", "plan"):
        assert "HIDDEN-1" not in client.get(reverse(f"assignment:{name}", args=["DESK"])).content.decode()
    pair = {"suggestion": f"{proposal.pk}-{baba.pk}", "finding": "stands"}
    client.post(reverse("assignment:decide_conflict", args=["DESK"]), pair)
    assert Conflict.objects.count() == 1


def test_a_conflict_recorded_in_error_is_taken_back_with_a_reason_and_the_person_declares_anew(client, call, officer):
    proposal, baba = proposal_of(call), reviewer_of("baba")
    give(proposal, baba, officer)
    move(call, "in_review", by=officer)
    Criterion.objects.filter(call=call).delete()
    review = ReviewFactory(assignment=proposal.assignments.get(), submitted=True)
    Conflict.objects.update(finding="stands", kind="kin")
    conflict = Conflict.objects.get()
    client.force_login(officer)
    page, address = (reverse(f"assignment:{name}", args=["DESK"]) for name in ("conflicts", "retract_conflict"))

    client.post(address, {"conflict": conflict.pk, "reason": " "}, headers=ENGLISH)
    assert "needs a reason" in client.get(page, headers=ENGLISH).content.decode()
    client.post(address, {"conflict": conflict.pk, "reason": "別人"})

    conflict.refresh_from_db()
    assert (conflict.finding, conflict.kind, conflict.words, conflict.recorded_by) == ("mistaken", "", "別人", officer)
    assert "recorded in error" in client.get(page, headers=ENGLISH).content.decode()
    findings = list(conflict.events.order_by("pgh_id").values_list("finding", flat=True))
    assert findings == ["clear", "stands", "mistaken"]
    # The proposal is back on the desk, to be declared; what was set aside counts once that is done.
    assert list(Proposal.objects.visible_to(baba)) == [proposal]
    assert not Proposal.objects.readable_by(baba).exists()
    assert not Review.objects.counting().exists()
    declare(proposal, by=baba, at=NOON, kind="")
    assert list(Review.objects.counting()) == [review]
    client.post(address, {"conflict": conflict.pk, "reason": "別人"}, headers=ENGLISH)
    assert "stands any more" in client.get(page, headers=ENGLISH).content.decode()


def test_nobody_takes_back_a_conflict_of_their_own(client, call, officer):
    conflict = say(proposal_of(call), officer, "stands", "kin")
    client.force_login(officer)

    answer = client.post(
        reverse("assignment:retract_conflict", args=["DESK"]), {"conflict": conflict.pk, "reason": "誤り"}
    )

    assert answer.status_code == 404
    with pytest.raises(Refused, match="conflict_mistake_by_another"):
        appointing.retract(conflict, reason="誤り", by=officer, at=NOON)


@pytest.mark.parametrize("name", ["stage", "assignments", "conflicts", "plan"])
def test_pages_ask_the_same_number_of_queries_at_one_and_at_three_rows(
    client, call, officer, name, django_assert_max_num_queries
):
    client.force_login(officer)
    page = reverse(f"assignment:{name}", args=["DESK"])

    def grow(number):
        baba = reviewer_of(f"baba{number}", institution="東都大学")
        proposal, other = proposal_of(call), proposal_of(call)
        give(proposal, baba, officer)
        say(other, UserFactory(), "stands", "kin")

    def queries():
        with django_assert_max_num_queries(60) as asked:
            assert client.get(page, {"wanted": 2}).status_code == 200
        return len(asked)

    grow(1)
    client.get(page)
    at_one = queries()
    grow(2), grow(3)
    assert queries() == at_one
    assert not Mark.objects.exists()
