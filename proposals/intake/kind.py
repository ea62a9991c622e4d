"""Proposals of one call as a kind of sheet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import count
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aspire.people import Person
from aspire.permissions import LOOKS
from aspire.sheets.kinds import New
from aspire.sheets.plans import PlannedRow, Sending
from aspire.workbooks.columns import Column
from aspire.workbooks.faults import Fault
from aspire.workbooks.markup import Value
from calls.sheets import CallKind
from proposals.intake import exports as exporting
from proposals.intake import saving
from proposals.intake.contract import REQUIRED_TO_CREATE, Contract
from proposals.intake.judging import ProposalJudge
from proposals.record.models import Proposal
from proposals.record.querysets import ProposalQuerySet


class Proposals(CallKind):
    """A row with a number changes that proposal; one without creates the next."""

    name, title, model, judge = "proposals", _("Proposals"), Proposal, ProposalJudge
    key, new, required, unknown = ("number",), New.UNNUMBERED, REQUIRED_TO_CREATE, "number_unknown"
    never_empty = ("field", "funder", "received_at")
    takes_reason, exporters = True, LOOKS

    @cached_property
    def contract(self) -> Contract:
        return Contract(self.call, self.user)

    @cached_property
    def columns(self) -> list[Column]:
        return self.contract.columns

    @classmethod
    def export_choices(cls, user: Person) -> list[tuple[str, Any]]:
        return list(exporting.choices_for(user))

    def faults(self) -> Iterable[Fault]:
        if self.contract.terms is None:
            yield Fault("call_without_terms", values={"call": self.call_code})

    def listed(self, user: Person | None) -> ProposalQuerySet:
        proposals: ProposalQuerySet = Proposal.objects.filter(call=self.call)
        return proposals if user is None else proposals.visible_to(user)

    def stored(self, keys: Iterable[str]) -> dict[str, Proposal]:
        """The proposals of the file's numbers; one that is hidden from its sender is not there."""
        return saving.stored_proposals(self.contract, keys)

    def all_keys(self) -> list[str]:
        return saving.numbers_of(self.contract)

    def state(self, found: Mapping[str, Proposal]) -> object:
        return saving.state(self.contract, found)

    def first_key(self) -> str:
        return Proposal.objects.next_number(self.call_code)

    def keys_from(self, first: str) -> Iterator[str]:
        prefix, last = first.rsplit("-", 1)
        return (f"{prefix}-{number:03}" for number in count(int(last)))

    def save(self, new: Sequence[PlannedRow], changed: Sequence[PlannedRow], sending: Sending) -> None:
        saving.create(self.contract, new, sending)
        saving.change(self.contract, changed)

    def url_of(self, key: str) -> str:
        return reverse("proposals:detail", args=[key])

    def list_url(self) -> str:
        return f"{reverse('proposals:list')}?call={self.call_code}"

    def export_columns(self, records: Sequence[exporting.Exported], user: Person | None) -> list[Column]:
        return exporting.export_columns(self.call, records, user)

    def for_export(self, records: ProposalQuerySet) -> list[exporting.Exported]:
        return exporting.exported(records)

    def rows(self, records: Iterable[exporting.Exported], columns: Sequence[Column]) -> Iterator[list[Value]]:
        return exporting.rows(records, columns)

    def heading(self) -> str:
        return self.call.name

    def notes(self, records: Sequence[exporting.Exported]) -> list[str]:
        return exporting.notes(records)
