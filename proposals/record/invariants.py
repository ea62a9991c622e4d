"""Whether everything still holds: every rule recomputed from the rows, without trusting a trigger or a kept total."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from aspire.operations import manifest
from aspire.operations.traced import untraced
from aspire.refusals import Refusal
from aspire.roles import STAFF, Role
from calls.models import Call
from calls.terms import period_breaches, total_breaches, window_breaches
from proposals.record.models import BLANKS, AnnualAmount, AnnualAward, Award, Proposal, TallyLine
from proposals.record.status import NOT_COUNTED, Status

ROWS_AT_ONCE = 1000
ACTIVE_TRIGGERS = """
    SELECT c.relname || '.' || t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
     WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND c.relnamespace = current_schema()::regnamespace
"""
CELL = ("call__code", "field__code", "primary_funder__code", "status", "terms")


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
    yield from altered()
    for proposal in _proposals():
        for sentence in _of_proposal(proposal):
            yield Breach(proposal.number, sentence)
    for call in Call.objects.all():
        for sentence in _of_call(call):
            yield Breach(call.code, sentence)
    yield from wrong_tallies()
    yield from wrong_decisions()
    for table, key in untraced():
        sentence = _("Its history does not say how it came to be as it is. Compare it with the last sound backup.")
        yield Breach(f"{table} {key}", sentence)


def fault() -> str:
    """The first breach, where there is one, with how to see the others; empty where every rule holds."""
    breach = next(breaches(), None)
    return f"{breach} {_('All of them: python manage.py check_invariants')}" if breach else ""


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
    """Triggers that the migrations make but PostgreSQL does not have, or has switched off."""
    with connection.cursor() as cursor:
        cursor.execute(ACTIVE_TRIGGERS)
        active = {f"trigger {name}" for (name,) in cursor.fetchall()}
    for name in manifest.stated():
        if name.startswith("trigger ") and name not in active:
            sentence = _("The rule is missing or switched off in PostgreSQL. Run the migrations, or enable it.")
            yield Breach(name.removeprefix("trigger "), sentence)


def altered() -> Iterator[Breach]:
    """What PostgreSQL has otherwise than the migrations make it; a rule that is missing has been named already."""
    for difference in manifest.differences(manifest.made(), manifest.stated()):
        if not (difference.name.startswith("trigger ") and difference.what is manifest.Difference.MISSING):
            yield Breach(difference.name, str(difference.what))


def wrong_decisions() -> Iterator[Breach]:
    """Awards, marks, packets and conflicts of interest that no act of the programme could have left so."""
    with connection.cursor() as cursor:
        for name, question in WRONG_DECISIONS:
            cursor.execute(question)
            for (row,) in cursor.fetchall():
                yield Breach(row, Refusal(name, {"proposal": row}).sentence if name else unmoved())


def unmoved() -> str:
    return _("Its packet is released, but its status is not what the mark says. Undo the release, and release again.")


def ever_held(person: str, *roles: Role) -> str:
    """SQL: whether the person has one of the roles, or was given it at any time that history knows of."""
    names = ", ".join(f"'{role.value}'" for role in roles)
    return f"""
        (EXISTS (SELECT 1 FROM auth_user u WHERE u.id = {person} AND u.is_superuser) OR EXISTS
         (SELECT 1 FROM auth_user_groups held JOIN auth_group g ON g.id = held.group_id
           WHERE held.user_id = {person} AND g.name IN ({names})) OR EXISTS
         (SELECT 1 FROM aspire_accountroleevent e JOIN auth_group g ON g.id = e.group_id
           WHERE e.user_id = {person} AND g.name IN ({names})))
    """


def wrong_tallies() -> Iterator[Breach]:
    """Cells of the kept tallies that are not what the proposals and their released awards come to."""
    kept, counted = (
        {tuple(cell.pop(name) for name in CELL): cell for cell in cells}
        for cells in (TallyLine.objects.cells_by(*CELL), Proposal.objects.tally_by(*CELL))
    )
    for cell in sorted(kept.keys() | counted.keys()):
        if kept.get(cell) != counted.get(cell):
            yield Breach(" ".join(cell[:-1]), wrong())
    with connection.cursor() as cursor:
        for question in (WRONG_DAYS, WRONG_YEARS, WRONG_PROGRESS, WRONG_PACES):
            cursor.execute(question)
            for (row,) in cursor.fetchall():
                yield Breach(row, wrong())


def wrong() -> str:
    return _("The kept tally is not what the rows come to. Run check_invariants --rebuild.")


EVERY_STATE = "SELECT * FROM proposals_progress_of(ARRAY(SELECT id FROM proposals_proposal))"
LEFT_OUT = ", ".join(f"'{status.value}'" for status in NOT_COUNTED)
WRONG_DAYS = f"""
    SELECT DISTINCT c.code || ' ' || d.day FROM calls_call c JOIN (
        SELECT call_id, day FROM (
            SELECT call_id, received_on AS day, proposals FROM proposals_intakeline
             UNION ALL
            SELECT call_id, (received_at AT TIME ZONE 'Asia/Tokyo')::date, -1 FROM proposals_proposal
             WHERE received_at IS NOT NULL AND status NOT IN ({LEFT_OUT})
        ) both_sides GROUP BY 1, 2 HAVING sum(proposals) <> 0
    ) d ON d.call_id = c.id ORDER BY 1
"""
WRONG_YEARS = """
    SELECT DISTINCT c.code || ' ' || d.fiscal_year FROM calls_call c JOIN (
        SELECT call_id, fiscal_year FROM (
            SELECT call_id, fiscal_year, is_released, amounts, yen FROM proposals_outlayline
             UNION ALL
            SELECT p.call_id, m.fiscal_year, p.status = 'awarded', -1, -(m.direct_yen + m.indirect_yen)
              FROM proposals_annualaward m JOIN proposals_award a ON a.id = m.award_id
              JOIN proposals_proposal p ON p.id = a.proposal_id
        ) both_sides GROUP BY call_id, fiscal_year, is_released HAVING (sum(amounts), sum(yen)) <> (0, 0)
    ) d ON d.call_id = c.id ORDER BY 1
"""
WRONG_PROGRESS = f"""
    SELECT p.number FROM ({EVERY_STATE}) t JOIN proposals_proposal p ON p.id = t.proposal_id
      LEFT JOIN proposals_proposalprogress g ON g.proposal_id = t.proposal_id
     WHERE (t.reviewers, t.reviews, t.conflicts, t.decision) IS DISTINCT FROM
           (coalesce(g.reviewers, 0), coalesce(g.reviews, 0), coalesce(g.conflicts, 0), coalesce(g.decision, ''))
     ORDER BY 1
"""
WRONG_PACES = """
    SELECT DISTINCT c.code FROM calls_call c JOIN (
        SELECT call_id FROM (
            SELECT call_id, reviewers, reviews, decision, proposals, conflicts FROM proposals_paceline
             UNION ALL
            SELECT call_id, reviewers, reviews, decision, -1, -conflicts FROM proposals_proposalprogress
        ) both_sides GROUP BY call_id, reviewers, reviews, decision
        HAVING (sum(proposals), sum(conflicts)) <> (0, 0)
    ) d ON d.call_id = c.id ORDER BY 1
"""
OF_PACKET = "proposals_packet k JOIN calls_call c ON c.id = k.call_id"
OF_MARK = "proposals_mark m JOIN proposals_proposal p ON p.id = m.proposal_id"
PACKET = "c.code || ' ' || k.id"
EVER_LED = """
    EXISTS (SELECT 1 FROM calls_callfieldevent f WHERE f.call_id = p.call_id AND f.field_id = p.field_id
               AND f.lead_reviewer_id = m.marked_by_id)
"""
WRONG_DECISIONS = (
    (
        "award_has_mark",
        """
        SELECT p.number FROM proposals_award a JOIN proposals_proposal p ON p.id = a.proposal_id
         WHERE NOT p.is_reconstructed AND NOT EXISTS
               (SELECT 1 FROM proposals_mark m WHERE m.proposal_id = p.id AND m.decision = 'award') ORDER BY 1
        """,
    ),
    (
        "mark_by_office_or_lead",
        f"SELECT p.number FROM {OF_MARK} WHERE NOT {EVER_LED} "
        f"AND NOT {ever_held('m.marked_by_id', *sorted(STAFF))} ORDER BY 1",
    ),
    (
        "",
        f"""
        SELECT p.number FROM {OF_MARK} JOIN proposals_packet k ON k.id = m.packet_id AND k.state = 'released'
         WHERE m.decision = 'award' AND p.status <> 'awarded'
            OR m.decision = 'decline' AND p.status IN ('received', 'awarded') ORDER BY 1
        """,
    ),
    (
        "release_by_second_person",
        f"""
        SELECT {PACKET} FROM {OF_PACKET} WHERE k.state = 'released' AND (k.decided_by_id = k.submitted_by_id
               OR proposals_had_a_hand(k.decided_by_id, k.id)) ORDER BY 1
        """,
    ),
    (
        "packet_decided_by_manager",
        f"""
        SELECT {PACKET} FROM {OF_PACKET}
         WHERE k.state <> 'submitted' AND NOT {ever_held("k.decided_by_id", Role.MANAGER)} ORDER BY 1
        """,
    ),
    (
        "packet_step_of_act",
        f"""
        SELECT {PACKET} FROM {OF_PACKET}
         WHERE NOT EXISTS (SELECT 1 FROM proposals_packetstep s WHERE s.packet_id = k.id AND s.state = k.state)
         UNION
        SELECT {PACKET} FROM {OF_PACKET} JOIN proposals_packetstep s ON s.packet_id = k.id
         WHERE s.state NOT IN ('submitted', 'sent_back', 'released', 'undone')
            OR s.state = 'submitted' AND s.by_id <> k.submitted_by_id
            OR s.state IN ('sent_back', 'released') AND s.by_id IS DISTINCT FROM k.decided_by_id
            OR NOT c.is_synthetic AND NOT EXISTS (SELECT 1 FROM proposals_packetstepevent e
                WHERE e.pgh_obj_id = s.id AND s.at BETWEEN e.pgh_created_at - interval '1 day'
                                                       AND e.pgh_created_at + interval '1 day')
         ORDER BY 1
        """,
    ),
    (
        "conflict_ends_as_mistake",
        """
        SELECT DISTINCT p.number FROM (
            SELECT pgh_label, proposal_id, person_id, finding,
                   lag(finding) OVER own AS finding_before, lag(proposal_id) OVER own AS proposal_before,
                   lag(person_id) OVER own AS person_before
              FROM proposals_conflictevent WINDOW own AS (PARTITION BY pgh_obj_id ORDER BY pgh_id)
        ) e JOIN proposals_proposal p ON p.id = coalesce(e.proposal_before, e.proposal_id)
         WHERE e.finding_before = 'stands' AND (e.pgh_label = 'delete' OR e.finding NOT IN ('stands', 'mistaken')
               OR (e.proposal_id, e.person_id) <> (e.proposal_before, e.person_before)) ORDER BY 1
        """,
    ),
)


@transaction.atomic
def rebuild_tallies() -> None:
    """Count every proposal anew; who writes meanwhile waits, so that nobody is counted twice or left out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT proposals_rebuild_tallies()")
