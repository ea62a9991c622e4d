"""How the people and the synthetic calls of the demonstration become rows.

What is already there is left as people have changed it.
"""

import datetime
from random import Random

from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import transaction
from django.db.models import Q

from aspire.refusals import TOKYO
from aspire.wareki import fiscal_year
from calls.models import Call, CallField, EligibleFunder, Field, Terms
from partners.models import Country, Funder, Institution
from proposals.awards import release as releasing
from proposals.demo.cast import SEED, make_reviewers, rows
from proposals.demo.drafts import Draft, DraftSource
from proposals.demo.judgements import judge
from proposals.demo.papers import send_applications
from proposals.record.models import AnnualAward, AnnualCost, Award, Counterpart, Mark, Proposal
from proposals.record.status import NOT_COUNTED, Decision

MODEL_CALL = "ASPIRE"  # whose programme, wording and terms the synthetic calls share
OPENING, CLOSING = datetime.time(10), datetime.time(12)


@transaction.atomic
def load(*, on: datetime.date) -> list[tuple[Call, bool]]:
    """Make the calls as they stand on the day: each call, and whether it is new."""
    load_what_calls_need()
    make_accounts()
    make_reviewers()
    return [load_call(row, on=on) for row in rows("calls")]


def load_what_calls_need() -> None:
    """The briefing's programmes, fields and partners, and the further countries and funders of the demonstration."""
    fields = {row["code"] for row in rows("fields")}
    if not (
        Call.objects.filter(code=MODEL_CALL).exists() and fields <= set(Field.objects.values_list("code", flat=True))
    ):
        call_command("load_briefing", verbosity=0)
    for row in rows("institution_names"):
        Institution.objects.get_or_create(name_ja=row["name_ja"], defaults={"name_en": row["name_en"]})
    for row in rows("funders"):
        values = {"name_ja": row["country_ja"], "name_en": row["country_en"], "reading": row["country_reading"]}
        country, _is_new = Country.objects.get_or_create(alpha2=row["country_alpha2"], defaults=values)
        is_there = Q(code=row["code"]) | Q(country=country, label_as_printed=row["label_as_printed"])
        if not Funder.objects.filter(is_there).exists():
            columns = ("code", "acronym", "label_as_printed", "name_en", "name_ja", "kind", "note")
            Funder.objects.create(country=country, **{column: row[column] for column in columns})


def load_call(row: dict[str, str], *, on: datetime.date) -> tuple[Call, bool]:
    """One call with everything in it, unless it is already there."""
    if call := Call.objects.filter(code=row["code"]).first():
        return call, False
    opens_on, closes_on = days_before(on, row["opened_days_ago"]), days_before(on, row["closed_days_ago"])
    window = {"opens_at": instant(opens_on, OPENING), "closes_at": instant(closes_on, CLOSING)}
    call = make_call(row, fiscal_year=fiscal_year(opens_on), **window)
    desk = DraftSource(
        call=call,
        terms=copy_terms(call),
        fields=place_fields(call),
        funders=place_funders(call, opens_on=opens_on),
        **window,
        random=Random(f"{SEED} {call.code}"),  # noqa: S311 - a demonstration, not a secret
    )
    drafts = desk.drafts(int(row["proposals"]), until=instant(on, datetime.time(0)))
    if row["awarded_days_ago"]:
        desk.award(drafts, on=days_before(on, row["awarded_days_ago"]))
    save(drafts)
    if row["awarded_days_ago"]:
        give(call, drafts, at=instant(days_before(on, row["awarded_days_ago"]), CLOSING))
    send_applications(call)
    judge(call, on=on)
    call.refresh_from_db()
    return call, True


def make_call(row: dict[str, str], **values: object) -> Call:
    model = Call.objects.get(code=MODEL_CALL)
    shared = ("programme", "supported_ja", "supported_en", "partners_ja", "partners_en")
    return Call.objects.create(
        code=row["code"],
        name_ja=row["name_ja"],
        name_en=row["name_en"],
        is_synthetic=True,
        progress=row["progress"],
        pot_yen=int(row["pot_yen"]),
        max_awards=int(row["max_awards"]),
        **values,
        **{name: getattr(model, name) for name in shared},
    )


def days_before(on: datetime.date, days: str) -> datetime.date:
    return on - datetime.timedelta(days=int(days))


def instant(day: datetime.date, time: datetime.time) -> datetime.datetime:
    return datetime.datetime.combine(day, time, tzinfo=TOKYO)


def copy_terms(call: Call) -> Terms:
    """The terms of the real call, as terms of this one."""
    terms = Terms.objects.filter(call__code=MODEL_CALL).latest("pk")
    terms.pk, terms.call, terms._state.adding = None, call, True
    terms.save()
    return terms


def place_fields(call: Call) -> dict[str, Field]:
    """The fields of the call in their order."""
    fields = {code: Field.objects.get(code=code) for code in (row["code"] for row in rows("fields"))}
    CallField.objects.bulk_create(
        CallField(call=call, field=field, position=position) for position, field in enumerate(fields.values(), start=1)
    )
    return fields


def place_funders(call: Call, *, opens_on: datetime.date) -> list[tuple[Funder, datetime.date | None]]:
    """Every funder of the briefing and the demonstration as eligible, a few only from a day after the opening."""
    added = {row["code"]: row["added_after_days"] for row in rows("funders")}
    abroad = {row["alpha2"] for row in rows("counterparts")}
    funders = Funder.objects.filter(country__alpha2__in=abroad).select_related("country").in_printed_order()
    since = [
        (funder, opens_on + datetime.timedelta(days=int(days)) if (days := added.get(funder.code)) else None)
        for funder in funders
    ]
    EligibleFunder.objects.bulk_create(
        EligibleFunder(call=call, funder=funder, eligible_from=day) for funder, day in since
    )
    return since


def save(drafts: list[Draft]) -> None:
    """Every row of a call, in one statement a table."""
    Proposal.objects.bulk_create(draft.proposal for draft in drafts)
    AnnualCost.objects.bulk_create(
        AnnualCost(proposal=draft.proposal, **vars(amount)) for draft in drafts for amount in draft.costs
    )
    for draft in drafts:
        for counterpart in draft.counterparts:
            counterpart.proposal = draft.proposal
    Counterpart.objects.bulk_create(counterpart for draft in drafts for counterpart in draft.counterparts)


def give(call: Call, drafts: list[Draft], *, at: datetime.datetime) -> None:
    """Give the call its result the way it is given: marked and submitted by the officer, released by the manager."""
    officer, manager = (User.objects.get(username=name) for name in ("officer", "manager"))
    counted = [draft for draft in drafts if draft.proposal.status not in NOT_COUNTED]
    Mark.objects.bulk_create(
        Mark(proposal=draft.proposal, decision=decision_of(draft), marked_by=officer, marked_at=at) for draft in counted
    )
    awarded = [(draft, draft.award) for draft in drafts if draft.award]
    for draft, award in awarded:
        award.proposal = draft.proposal
    Award.objects.bulk_create(award for _draft, award in awarded)
    AnnualAward.objects.bulk_create(
        AnnualAward(award=award, **vars(amount)) for draft, award in awarded for amount in draft.amounts
    )
    releasing.release(releasing.submit(call, by=officer, at=at), by=manager, at=at)


def decision_of(draft: Draft) -> Decision:
    return Decision.AWARD if draft.award else Decision.DECLINE


PASSWORD = "aspire-demo"  # noqa: S105 - printed for everybody to read


def make_accounts() -> list[str]:
    """Make the accounts that are missing, leave the others as they are, and return every name."""
    there = set(User.objects.values_list("username", flat=True))
    for row in rows("accounts"):
        if row["username"] not in there:
            user = User.objects.create_user(
                row["username"],
                password=PASSWORD,
                first_name=row["first_name"],
                last_name=row["last_name"],
                is_staff=row["is_staff"] == "yes",
            )
            user.groups.add(Group.objects.get(name=row["role"]))
    return [row["username"] for row in rows("accounts")]
