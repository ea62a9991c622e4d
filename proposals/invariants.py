"""Whether everything still holds: every rule recomputed from the rows, without trusting a trigger or a kept total."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from pgtrigger import registered

from aspire.refusals import Refusal
from calls.models import Call
from calls.terms import period_breaches, total_breaches, window_breaches
from proposals.models import BLANKS, AnnualAmount, AnnualAward, Award, Proposal, Tally
from proposals.rules.progress import PACE, STATE, paced, state_of
from proposals.rules.tallies import INTAKE, TALLY, day_lines, proposal_lines
from proposals.status import NOT_COUNTED, Status

ROWS_AT_ONCE = 1000
CELL = ("call__code", "field__code", "primary_funder__code", "status")


@dataclass(frozen=True)
class Breach:
    """A row that breaks a rule: which row, and the sentence."""

    row: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.row}: {self.sentence}"


def breaches() -> Iterator[Breach]:
    """Every breach in the database, one sentence each."""
    yield from missing_triggers()
    for proposal in _proposals():
        for sentence in _of_proposal(proposal):
            yield Breach(proposal.number, sentence)
    for call in Call.objects.all():
        for sentence in _of_call(call):
            yield Breach(call.code, sentence)
    yield from wrong_tallies()


def _proposals() -> Iterable[Proposal]:
    related = Proposal.objects.select_related("call", "terms__call", "award").prefetch_related(
        "costs", "award__amounts"
    )
    return related.order_by("pk").iterator(chunk_size=ROWS_AT_ONCE)


def _of_proposal(proposal: Proposal) -> Iterator[str]:
    for refusal in _refusals(proposal):
        yield refusal.sentence
    award: Award | None = getattr(proposal, "award", None)
    if proposal.status == Status.AWARDED and award is None:
        yield _("Its status is awarded, but there is no award. Record the award, or correct the status.")
    if proposal.status == Status.AWARDED and award and not (proposal.is_reconstructed or proposal.is_released):
        yield Refusal("proposal_awarded_by_release", {"proposal": proposal.number}).sentence
    costs = list(proposal.costs.all())
    yield from _kept(_("requested"), costs, proposal.requested_direct_yen, proposal.requested_indirect_yen)
    if award:
        amounts = list(award.amounts.all())
        yield from _kept(_("awarded"), amounts, award.awarded_direct_yen, award.awarded_indirect_yen)


def _refusals(proposal: Proposal) -> Iterator[Refusal]:
    call, terms = proposal.call, proposal.terms
    if terms.call_id != proposal.call_id:
        yield Refusal("proposal_terms_of_call", {"terms_call": terms.call.code, "call": call.code})
    yield from window_breaches(
        call=call.code,
        opens_at=call.opens_at,
        closes_at=call.closes_at,
        received_at=proposal.received_at,
        has_reason=bool(proposal.late_reason.strip(BLANKS)),
    )
    yield from period_breaches(terms.limits, starts_on=proposal.starts_on, ends_on=proposal.ends_on)
    yield from _amount_refusals(proposal, list(proposal.costs.all()))
    award: Award | None = getattr(proposal, "award", None)
    if award:
        if proposal.status in NOT_COUNTED:
            values = {"proposal": proposal.number, "status": proposal.status}
            yield Refusal("award_of_eligible_proposal", values)
        yield from _amount_refusals(proposal, list(award.amounts.all()))


def _amount_refusals(proposal: Proposal, amounts: list[AnnualAmount]) -> Iterator[Refusal]:
    for amount in amounts:
        if amount.kind == "cost":
            amount.proposal = proposal  # type: ignore[attr-defined]
        else:
            amount.award.proposal = proposal  # type: ignore[attr-defined]
        yield from amount.breaches()
        if amount.direct_yen < 0:
            yield Refusal(f"{amount.kind}_direct_not_negative")
        if amount.indirect_yen < 0:
            yield Refusal(f"{amount.kind}_indirect_not_negative")
    if amounts:
        direct, indirect = sum(a.direct_yen for a in amounts), sum(a.indirect_yen for a in amounts)
        yield from total_breaches(proposal.terms.limits, amounts[0].kind, direct_yen=direct, indirect_yen=indirect)


def _kept(what: str, amounts: Iterable[AnnualAmount], direct: int, indirect: int) -> Iterator[str]:
    rows = list(amounts)
    sums = sum(row.direct_yen for row in rows), sum(row.indirect_yen for row in rows)
    if sums != (direct, indirect):
        yield _("The kept total of yen %(what)s is ¥%(kept)s, but its fiscal years sum to ¥%(sum)s.") % {
            "what": what,
            "kept": f"{direct + indirect:,}",
            "sum": f"{sum(sums):,}",
        }


def _of_call(call: Call) -> Iterator[str]:
    awards = Award.objects.filter(proposal__call=call)
    count = awards.count()
    yen = awards.aggregate(yen=Coalesce(Sum(F("amounts__direct_yen") + F("amounts__indirect_yen")), 0))["yen"]
    if (call.taken_count, call.taken_yen) != (count, yen):
        kept = {"kept_count": call.taken_count, "kept_yen": f"{call.taken_yen:,}"}
        yield _(
            "The call's counter says %(kept_count)s awards and ¥%(kept_yen)s, but its rows are %(count)s awards and "
            "¥%(yen)s."
        ) % {**kept, "count": count, "yen": f"{yen:,}"}
    for place in call.slices.all():
        amounts = AnnualAward.objects.filter(award__proposal__call=call, fiscal_year=place.fiscal_year)
        taken = amounts.aggregate(yen=Coalesce(Sum(F("direct_yen") + F("indirect_yen")), 0))["yen"]
        values = {"fiscal_year": place.fiscal_year, "value_yen": taken, "limit_yen": place.limit_yen}
        if taken > place.limit_yen or taken != place.taken_yen:
            over = {"over_yen": max(taken - place.limit_yen, 0)}
            yield Refusal("call_awards_within_slice", {"call": call.code, **values, **over}).sentence
    if call.pot_yen is not None and yen > call.pot_yen:
        values = {"value_yen": yen, "limit_yen": call.pot_yen, "over_yen": yen - call.pot_yen}
        yield Refusal("call_awards_within_pot", {"call": call.code, **values}).sentence
    if call.max_awards is not None and count > call.max_awards:
        values = {"call": call.code, "value": count, "limit": call.max_awards}
        yield Refusal("call_awards_within_number", values).sentence


def missing_triggers() -> Iterator[Breach]:
    """Triggers that the models declare but PostgreSQL does not have, or has switched off."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')")
        active = {name for (name,) in cursor.fetchall()}
    for model, trigger in registered():
        if trigger.get_pgid(model) not in active:
            sentence = _("The rule is missing or switched off in PostgreSQL. Run the migrations, or enable it.")
            yield Breach(f"{model._meta.db_table}.{trigger.name}", sentence)


def wrong_tallies() -> Iterator[Breach]:
    """Cells of the kept tallies that are not what the proposals and their released awards come to."""
    kept, counted = (
        {tuple(cell.pop(name) for name in CELL): cell for cell in cells}
        for cells in (Tally.objects.cells_by(*CELL), Proposal.objects.tally_by(*CELL))
    )
    for cell in sorted(kept.keys() | counted.keys()):
        if kept.get(cell) != counted.get(cell):
            yield Breach(" ".join(cell), wrong())
    with connection.cursor() as cursor:
        for question in (WRONG_DAYS, WRONG_PROGRESS, WRONG_PACES):
            cursor.execute(question)
            for (row,) in cursor.fetchall():
                yield Breach(row, wrong())


def wrong() -> str:
    return _("The kept tally is not what the rows come to. Run check_invariants --rebuild.")


EVERYTHING = "(SELECT 1 AS sign, p.* FROM proposals_proposal p)"
EVERY_STATE = state_of("SELECT id FROM proposals_proposal")
LEFT_OUT = ", ".join(f"'{status.value}'" for status in NOT_COUNTED)
WRONG_DAYS = f"""
    SELECT DISTINCT c.code || ' ' || d.day FROM calls_call c JOIN (
        SELECT call_id, day FROM (
            SELECT call_id, received_on AS day, proposals FROM proposals_intake
             UNION ALL
            SELECT call_id, (received_at AT TIME ZONE 'Asia/Tokyo')::date, -1 FROM proposals_proposal
             WHERE received_at IS NOT NULL AND status NOT IN ({LEFT_OUT})
        ) both_sides GROUP BY 1, 2 HAVING sum(proposals) <> 0
    ) d ON d.call_id = c.id ORDER BY 1
"""
WRONG_PROGRESS = f"""
    SELECT p.number FROM ({EVERY_STATE}) t JOIN proposals_proposal p ON p.id = t.proposal_id
      LEFT JOIN proposals_progress g ON g.proposal_id = t.proposal_id
     WHERE (t.reviewers, t.reviews, t.conflicts, t.decision) IS DISTINCT FROM
           (coalesce(g.reviewers, 0), coalesce(g.reviews, 0), coalesce(g.conflicts, 0), coalesce(g.decision, ''))
     ORDER BY 1
"""
WRONG_PACES = """
    SELECT DISTINCT c.code FROM calls_call c JOIN (
        SELECT call_id FROM (
            SELECT call_id, reviewers, reviews, decision, proposals, conflicts FROM proposals_pace
             UNION ALL
            SELECT call_id, reviewers, reviews, decision, -1, -conflicts FROM proposals_progress
        ) both_sides GROUP BY call_id, reviewers, reviews, decision
        HAVING (sum(proposals), sum(conflicts)) <> (0, 0)
    ) d ON d.call_id = c.id ORDER BY 1
"""
KEPT = (TALLY.table, INTAKE.table, PACE.table, "proposals_progress")
REBUILT = (
    proposal_lines(EVERYTHING),
    day_lines(EVERYTHING),
    f"""
        INSERT INTO proposals_progress (proposal_id, call_id, {STATE})
        SELECT proposal_id, call_id, {STATE} FROM ({EVERY_STATE}) t WHERE ({STATE}) <> (0, 0, 0, '')
    """,
    paced("(SELECT 1 AS sign, g.* FROM proposals_progress g) n"),
)


@transaction.atomic
def rebuild_tallies() -> None:
    """Count every proposal anew; who writes meanwhile waits, so that nobody is counted twice or left out."""
    with connection.cursor() as cursor:
        for table in KEPT:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(f"DELETE FROM {table}")
        for statement in REBUILT:
            cursor.execute(statement)
        for table in KEPT:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
