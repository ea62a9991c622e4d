"""Whether everything still holds: every rule recomputed from the rows, without trusting a trigger or a kept total."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from aspire.history import untraced
from aspire.operations import manifest
from aspire.refusals import CATALOGUE, Refusal
from calls.models import Call
from calls.terms import period_breaches, total_breaches, window_breaches
from proposals.record.models import BLANKS, AnnualAmount, AnnualAward, Award, Document, Proposal, TallyLine
from proposals.record.models.documents import ERASED
from proposals.record.status import NOT_COUNTED, Status

ROWS_AT_ONCE = 1000
RECOUNTS = Path(__file__).parent / "recounts"  # a question a file, each of which finds rows that are wrong
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
    """Every breach in the database and among the documents, one sentence each."""
    yield from of_database()
    yield from documents_lost()


def of_database() -> Iterator[Breach]:
    """Every breach that PostgreSQL knows of; the contents of documents are read by ``breaches`` alone."""
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
    breach = next(of_database(), None)
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
    for name, row in _recounted("decided"):
        yield Breach(row, Refusal(name, {"proposal": row}).sentence if name in CATALOGUE else unmoved())


def documents_lost() -> Iterator[Breach]:
    """Documents whose content is not there, or is another than was received."""
    for document in Document.objects.exclude(name=ERASED).select_related("proposal").order_by("pk").iterator():
        try:
            with document.open() as content:
                is_same = hashlib.file_digest(content, "sha256").hexdigest() == document.sha256
        except OSError:
            is_same = False
        if not is_same:
            sentence = _("Its content is not what was received. Restore the folder of documents from a backup.")
            yield Breach(f"{document.proposal.number} {document.name}", sentence)


def _recounted(folder: str) -> Iterator[tuple[str, str]]:
    """The name of each question in the folder and the rows it finds wrong; where a rule is broken, the rule's name."""
    with connection.cursor() as cursor:
        for question in sorted((RECOUNTS / folder).glob("*.sql")):
            cursor.execute(question.read_text())
            yield from ((question.stem, row) for (row,) in cursor.fetchall())


def unmoved() -> str:
    return _("Its packet is released, but its status is not what the mark says. Undo the release, and release again.")


def wrong_tallies() -> Iterator[Breach]:
    """Cells of the kept tallies that are not what the proposals and their released awards come to."""
    kept, counted = (
        {tuple(cell.pop(name) for name in CELL): cell for cell in cells}
        for cells in (TallyLine.objects.cells_by(*CELL), Proposal.objects.tally_by(*CELL))
    )
    for cell in sorted(kept.keys() | counted.keys()):
        if kept.get(cell) != counted.get(cell):
            yield Breach(" ".join(cell[:-1]), wrong())
    yield from (Breach(row, wrong()) for _name, row in _recounted("kept"))


def wrong() -> str:
    return _("The kept count is not what the rows come to. Run check_invariants --rebuild.")


@transaction.atomic
def rebuild_tallies() -> None:
    """Count every proposal anew; who writes meanwhile waits, so that nobody is counted twice or left out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT proposals_rebuild_tallies()")
