"""What lies on a reviewer's desk: call by call, by deadline, and within a call by number."""

import datetime
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from aspire.people import Person
from calls.models import Call, CallField
from proposals.record.models import Assignment, Conflict, Proposal
from proposals.record.models.reviews import AssignmentQuerySet
from proposals.review.decisions import may_write


class State(TextChoices):
    TO_DECLARE = "to_declare", _("to declare")
    DECLARED = "declared", _("declared, not begun")
    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("submitted")
    DECLINED = "declined", _("declined")
    READABLE = "readable", _("may be read")


LEFT = {State.TO_DECLARE, State.DECLARED, State.DRAFT}


@dataclass(frozen=True)
class Row:
    """One proposal on the desk: how far it is, and the reviewer's assignment where there is one."""

    proposal: Proposal
    assignment: Assignment | None
    is_clear: bool
    is_led: bool = False

    @property
    def state(self) -> State:
        if self.assignment and self.assignment.declined_at:
            return State.DECLINED
        if not self.is_clear:
            return State.TO_DECLARE
        if self.assignment is None:
            return State.READABLE
        review = getattr(self.assignment, "review", None)
        if review is None:
            return State.DECLARED
        return State.SUBMITTED if review.is_submitted else State.DRAFT

    @property
    def opens(self) -> bool:
        """Whether it has a page: what was declined has none."""
        return self.state != State.DECLINED

    @property
    def is_left(self) -> bool:
        """Whether a review is still to be written."""
        return self.assignment is not None and self.state in LEFT and may_write(self.proposal.call)


@dataclass
class CallDesk:
    """One call on the desk: what is assigned, and what else may be read. Counts are of all, lists of what is shown."""

    call: Call
    assigned: list[Row]
    others: list[Row]
    on: datetime.date
    shown: frozenset[int] = field(default=frozenset())

    @property
    def wanted(self) -> list[Row]:
        return [row for row in self.assigned if row.state != State.DECLINED]

    @property
    def done(self) -> int:
        return sum(row.state == State.SUBMITTED for row in self.wanted)

    @property
    def left(self) -> list[Row]:
        return [row for row in self.assigned if row.is_left]

    @property
    def days_left(self) -> int | None:
        """Until the deadline, negative once it has passed; None where there is none or nothing is left."""
        due = self.call.reviews_due_on
        return (due - self.on).days if due and self.left else None

    @property
    def is_led(self) -> bool:
        return any(row.is_led for row in self.others)

    @property
    def assigned_shown(self) -> list[Row]:
        return [row for row in self.assigned if row.proposal.pk in self.shown]

    @property
    def others_shown(self) -> list[Row]:
        return [row for row in self.others if row.proposal.pk in self.shown]


@dataclass
class Desk:
    """Everything on one reviewer's desk today; ``search`` narrows the lists, never the counts."""

    user: Person
    on: datetime.date
    search: str = ""

    @cached_property
    def calls(self) -> list[CallDesk]:
        shown = frozenset(row.proposal.pk for row in self._rows)
        if self.search:
            shown = frozenset(
                Proposal.objects.filter(pk__in=shown).search(self.search, by=self.user).values_list("pk", flat=True)
            )
        return [self._call_desk(list(rows), shown) for _call, rows in groupby(self._rows, _deadline)]

    @property
    def left(self) -> list[Row]:
        return [row for desk in self.calls for row in desk.left]

    @property
    def found(self) -> int:
        return sum(len(desk.assigned_shown) + len(desk.others_shown) for desk in self.calls)

    def neighbours(self, proposal: Proposal) -> tuple[Proposal | None, Proposal | None]:
        """What lies before and after a proposal on the desk, among what can be opened."""
        order = [row.proposal for desk in self.calls for row in [*desk.assigned, *desk.others] if row.opens]
        place = order.index(proposal)
        return order[place - 1] if place else None, order[place + 1] if place + 1 < len(order) else None

    def _call_desk(self, rows: list[Row], shown: frozenset[int]) -> CallDesk:
        assigned = [row for row in rows if row.assignment]
        others = [row for row in rows if not row.assignment]
        return CallDesk(rows[0].proposal.call, assigned, others, self.on, shown)

    @cached_property
    def _rows(self) -> list[Row]:
        mine = {assignment.proposal_id: assignment for assignment in self._assignments()}
        clear = set(Conflict.objects.filter(person=self.user, finding="clear").values_list("proposal", flat=True))
        led = set(CallField.objects.filter(lead_reviewer=self.user).values_list("call", "field"))
        rows = []
        for each in Proposal.objects.for_reviewer(self.user).for_list():
            own = mine.pop(each.pk, None)
            active = own if own and not own.declined_at else None
            rows.append(Row(each, active, each.pk in clear, (each.call_id, each.field_id) in led))
        declined = Proposal.objects.declined_by(self.user).for_list().filter(pk__in=mine)
        rows += [Row(each, mine[each.pk], is_clear=False) for each in declined]
        return sorted(rows, key=lambda row: (*_deadline(row), row.proposal.number))

    def _assignments(self) -> AssignmentQuerySet:
        return Assignment.objects.filter(reviewer=self.user).select_related("review")


def _deadline(row: Row) -> tuple[datetime.date, str]:
    call = row.proposal.call
    return call.reviews_due_on or datetime.date.max, call.code
