"""Marks of a call as a kind of file: number, decision, reason and amounts in, and the marks or the result out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aspire.people import Person
from aspire.refusals import Refusal, Refused
from aspire.roles import STAFF, Role, roles_of
from aspire.sheets.derived import names_of_choices
from aspire.sheets.rows import BAD, CHANGE, New, Seen, SheetRow
from aspire.sheets.saving import LookAgain
from aspire.untyped import Held
from aspire.workbooks.codes import Code
from aspire.workbooks.columns import StrictField
from aspire.workbooks.faults import SENTENCES, Fault
from aspire.workbooks.markup import Value
from aspire.workbooks.widgets import Text
from calls.models import Call, CallField
from calls.sheets import CallResource
from proposals.awards.decisions import (
    Amounts,
    Wish,
    amount_refusals,
    hold,
    rehearse,
    stage,
    staged_or_requested,
)
from proposals.awards.desk import MARKED_IN, AwardPage, version_of
from proposals.awards.forms import LONGEST_REASON
from proposals.awards.ranking import leads, rankable
from proposals.awards.spending import restored, spending
from proposals.intake.contract import Contract
from proposals.intake.fields import COSTS, CostField
from proposals.record.models import Award, Proposal
from proposals.record.querysets import ProposalQuerySet
from proposals.record.status import Decision, PacketState, Status

SENTENCES.update(
    {
        "mark_number_unknown": _("The call has no proposal “%(value)s” for you to mark. Correct the number."),
        "mark_needs_a_person": _(
            "A mark needs to say who made it. Name the person with --as, or send the file on its page."
        ),
        "amounts_without_award": _("Amounts belong to an award. Mark it *award*, or empty the amounts."),
    }
)


class MarkRow(SheetRow):
    """One row against the proposal it names, its mark and the terms."""

    column_of: ClassVar[Mapping[str, str]] = {
        "award_inside_period": "direct_yen_{fiscal_year}",
        "award_within_ceiling": "direct_yen_{fiscal_year}",
        "award_indirect_within_rate": "indirect_yen_{fiscal_year}",
        "mark_in_packet": "decision",
        "mark_after_declaration": "number",
    }

    def accepts(self, before: Proposal | None, seen: Seen, alike: Mapping[str, str]) -> bool:
        """Also: a lead reviewer has declared on it, and otherwise learns nothing of how it is marked."""
        if not super().accepts(before, seen, alike):
            return False
        if before is not None and not self.kind.is_readable(before):
            self.refuse(Refusal("mark_after_declaration", {"proposal": before.number}))
            return False
        return True

    def fill(self, before: Proposal) -> None:
        stored = self.kind.values(before)
        decision = self.take("decision", stored["decision"], cleared="")
        self.values = dict.fromkeys(stored) | {
            "number": before.number,
            "decision": decision,
            "reason": self.take("reason", stored["reason"], cleared="") if decision else "",
        }
        if decision == Decision.AWARD:
            self._fill_amounts(staged_or_requested(before))
        elif self.given.get("decision") is not BAD and any(self._amounts_given()):
            self.say("decision", "amounts_without_award")

    def _amounts_given(self) -> Iterator[Held]:
        values = (self.given.get(name) for _year, *names in self.kind.amount_columns for name in names)
        return (value for value in values if value is not BAD)

    def _fill_amounts(self, base: Amounts) -> None:
        """An empty cell keeps what is staged, and starts from the request where nothing is."""
        for year, *names in self.kind.amount_columns:
            found = base.get(year, (0, 0))
            direct, indirect = (self.take(name, yen, cleared=0) for name, yen in zip(names, found, strict=True))
            if direct or indirect:
                self.costs[year] = (direct, indirect)
                self.values |= dict(zip(names, (direct, indirect), strict=True))

    def refusals(self, before: Proposal) -> Iterator[Refusal]:
        if not list(self.differs(before)):
            return
        mark = getattr(before, "mark", None)
        is_reserve = mark and mark.decision == Decision.RESERVE
        if mark and mark.packet and not (mark.packet.state == PacketState.RELEASED and is_reserve):
            yield Refusal("mark_in_packet", {"proposal": before.number})
        if self.values["decision"] == Decision.AWARD:
            unread = self.years_with_a_bad_amount(self.kind.amount_columns)
            yield from amount_refusals(before, self.costs, unread=unread)


class MarkResource(CallResource):
    """A row marks the proposal it names, as staged; the word that empties a cell takes a mark back."""

    name, title, row_class = "marks", _("Marks and awards"), MarkRow
    new, unknown = New.NEVER, "mark_number_unknown"
    shown_on, totals, consequences_template = Award, _("Awarded"), "awards/_before_after.html"
    importers: ClassVar[frozenset[Role]] = STAFF | {Role.REVIEWER}  # where they lead a field
    exporters: ClassVar[frozenset[Role]] = STAFF | {Role.REVIEWER}

    number = StrictField("number", _("Proposal number"), _("The proposal to mark."), "", Text(40), is_required=True)
    decision = StrictField(
        "decision",
        _("Decision"),
        _("award, reserve or decline; the clearing word takes the mark back."),
        "award",
        Code(lambda: names_of_choices(dict(Decision.choices)), "decision"),
        attribute="mark__decision",
        choices=Decision.choices,
    )
    reason = StrictField(
        "reason",
        _("Reason"),
        _("Why it is marked so."),
        _("Best of its field."),
        Text(LONGEST_REASON),
        attribute="mark__reason",
    )

    class Meta:
        model = Proposal
        import_id_fields = ["number"]
        fields = ["number", "decision", "reason"]

    @classmethod
    def calls(cls, user: Person | None = None) -> list[tuple[str, str]]:
        calls = Call.objects.filter(progress__in=MARKED_IN)
        if user is not None and not roles_of(user) & STAFF:
            led = CallField.objects.filter(lead_reviewer=user)
            calls = calls.filter(progress=Call.Progress.DECIDING, call_fields__in=led).distinct()
        return [(call.code, call.name) for call in calls]

    @classmethod
    def export_choices(cls, user: Person) -> list[tuple[str, Any]]:
        return [("number", _("Proposal number")), ("decision", _("Decision")), ("reason", _("Reason")), *COSTS.items()]

    def is_open_to(self, user: Person) -> bool:
        return bool(roles_of(user) & STAFF or leads(user, self.call))

    def is_readable(self, proposal: Proposal) -> bool:
        """Whether the sender may read the proposal and how it is marked."""
        return not (self.desk and self.desk.is_lead) or proposal.pk in self.desk.declared

    @cached_property
    def desk(self) -> AwardPage | None:
        return AwardPage(self.call, self.user) if self.user else None

    @cached_property
    def years(self) -> list[int]:
        return Contract(self.call, self.user).years

    @property
    def amount_columns(self) -> list[tuple[int, str, str]]:
        """Each fiscal year with its columns of direct and indirect costs."""
        return [(year, f"direct_yen_{year}", f"indirect_yen_{year}") for year in self.years]

    def opened_fields(self, declared: dict[str, StrictField]) -> Mapping[str, StrictField]:
        """Also: a pair of amounts for each fiscal year that the call can touch."""
        declared["number"].example = f"{self.call_code}-001"
        meaning = _("Whole yen awarded; left empty, it starts from the request.")
        amounts = (CostField(kind, year, meaning) for year in self.years for kind in ("direct", "indirect"))
        return declared | {field.name: field for field in amounts}

    def cannot_be_taken(self) -> Iterable[Fault]:
        if self.call.progress not in MARKED_IN:
            yield Fault("mark_in_phase", refusal=Refusal("mark_in_phase", {"call": self.call_code}))
        if self.user is None:
            yield Fault("mark_needs_a_person")

    def listed(self, user: Person | None) -> ProposalQuerySet:
        """What the person sees ranked; of a lead reviewer's field, what they have declared on."""
        proposals, desk = self._rankable(user), user and AwardPage(self.call, user)
        return proposals.filter(pk__in=desk.declared) if desk and desk.is_lead else proposals

    def _rankable(self, user: Person | None) -> ProposalQuerySet:
        proposals = Proposal.objects.filter(call=self.call).counted() if user is None else rankable(self.call, user)
        return proposals.order_by("number")

    def for_export(self, records: ProposalQuerySet) -> list[Proposal]:
        related = records.select_related("terms", "award", "mark__packet")
        return list(related.prefetch_related("costs", "award__amounts"))

    def stored(self, keys: Iterable[str]) -> dict[str, Proposal]:
        named = {key for key in keys if key}
        seen = self.for_export(self._rankable(self.user))
        return {proposal.number: proposal for proposal in seen if proposal.number in named}

    def all_keys(self) -> list[str]:
        return list(self._rankable(self.user).values_list("number", flat=True))

    def values(self, record: Proposal) -> dict[str, Value]:
        mark, award = getattr(record, "mark", None), getattr(record, "award", None)
        found: dict[str, Value] = {"number": record.number, "decision": mark.decision if mark else ""}
        found["reason"] = mark.reason if mark else ""
        found |= {name: None for _year, *names in self.amount_columns for name in names}
        for amount in award.amounts.all() if award else ():
            found[f"direct_yen_{amount.fiscal_year}"] = amount.direct_yen
            found[f"indirect_yen_{amount.fiscal_year}"] = amount.indirect_yen
        return found

    def state(self, stored: Mapping[str, Proposal]) -> object:
        """Marks by their versions, so that whoever marked meanwhile is not overwritten, and the money that is left."""
        money = spending(self.call, reader=self.user or AnonymousUser())
        found: list[object] = [self.call.progress, money.max_awards, money.released_count + money.staged_count]
        found += [[line.key, line.limit_yen, line.taken_yen] for line in (money.total, *money.years)]
        for number, proposal in sorted(stored.items()):
            version = version_of(getattr(proposal, "mark", None))
            found += [number, proposal.status, version, *self.values(proposal).values()]
        return found

    def locked(self) -> Self:
        return type(self)(hold(self.call, Proposal.objects.filter(call=self.call)))

    def consequences(self, rows: Sequence[SheetRow]) -> tuple[list[Fault], dict[str, Any]]:
        """What the marks would do, rehearsed: what the rules say to all of them, and the money before and after."""
        changed = [row for row in rows if row.action == CHANGE]
        if not changed or self.user is None:
            return [], {}
        found = rehearse(self.call, map(wish_of, changed), by=self.user, at=timezone.now())
        rows_of = {row.key: row.row for row in changed}
        faults = [
            Fault(refusal.name, rows_of.get(refusal.subject), value=refusal.subject, refusal=refusal)
            for refusal in found.refusals
        ]
        return faults, {"before": asdict(found.before), "after": asdict(found.after)} if found.after else {}

    def shown_consequences(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        return {moment: restored(money) for moment, money in stored.items()}

    def write(self, new: Sequence[SheetRow], changed: Sequence[SheetRow]) -> None:
        """Mark as a batch does; PostgreSQL judges the pot. Raises LookAgain where the result is no longer right."""
        try:
            stage(self.call, [wish_of(row) for row in changed], by=self.sender, at=timezone.now())
        except Refused:
            raise LookAgain from None

    def url_of(self, key: str) -> str:
        return reverse("awards:proposal", args=[self.call_code, key])

    def list_url(self) -> str:
        return reverse("awards:ranking", args=[self.call_code])

    def heading(self) -> str:
        return self.call.name


class ReleasedAwardResource(MarkResource):
    """The award list of a call as released; it only goes out."""

    name, title = "awards", _("Released awards")
    importers: ClassVar[frozenset[Role]] = frozenset()
    exporters: ClassVar[frozenset[Role]] = STAFF
    goes_in_as = MarkResource.name

    def listed(self, user: Person | None) -> ProposalQuerySet:
        return super().listed(user).filter(status=Status.AWARDED)


def wish_of(row: SheetRow) -> Wish:
    decision = row.values["decision"]
    return Wish(row.key, decision, row.values["reason"], row.costs if decision == Decision.AWARD else None)
