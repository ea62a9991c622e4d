"""What a reviewer's page of one proposal shows, before and after the declaration."""

import datetime
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby

from django.contrib.auth.models import User
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from aspire.people import Person
from calls.models import Call, CallField, Criterion
from proposals.record.models import AnnualCost, Assignment, Conflict, Counterpart, Document, Proposal, Review
from proposals.record.models.reviews import AssignmentQuerySet, ReviewQuerySet
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
class DeskRow:
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
    assigned: list[DeskRow]
    others: list[DeskRow]
    on: datetime.date
    shown: frozenset[int] = field(default=frozenset())

    @property
    def wanted(self) -> list[DeskRow]:
        return [row for row in self.assigned if row.state != State.DECLINED]

    @property
    def done(self) -> int:
        return sum(row.state == State.SUBMITTED for row in self.wanted)

    @property
    def left(self) -> list[DeskRow]:
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
    def assigned_shown(self) -> list[DeskRow]:
        return [row for row in self.assigned if row.proposal.pk in self.shown]

    @property
    def left_shown(self) -> list[DeskRow]:
        return [row for row in self.assigned_shown if row.is_left]

    @property
    def done_shown(self) -> list[DeskRow]:
        return [row for row in self.assigned_shown if not row.is_left]

    @property
    def others_shown(self) -> list[DeskRow]:
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
    def left(self) -> list[DeskRow]:
        return [row for desk in self.calls for row in desk.left]

    @property
    def found(self) -> int:
        return sum(len(desk.assigned_shown) + len(desk.others_shown) for desk in self.calls)

    def neighbours(self, proposal: Proposal) -> tuple[Proposal | None, Proposal | None]:
        """What lies before and after a proposal on the desk, among what can be opened."""
        order = [row.proposal for desk in self.calls for row in [*desk.assigned, *desk.others] if row.opens]
        place = order.index(proposal)
        return order[place - 1] if place else None, order[place + 1] if place + 1 < len(order) else None

    def _call_desk(self, rows: list[DeskRow], shown: frozenset[int]) -> CallDesk:
        assigned = [row for row in rows if row.assignment]
        others = [row for row in rows if not row.assignment]
        return CallDesk(rows[0].proposal.call, assigned, others, self.on, shown)

    @cached_property
    def _rows(self) -> list[DeskRow]:
        mine = {assignment.proposal_id: assignment for assignment in self._assignments()}
        clear = set(Conflict.objects.filter(person=self.user, finding="clear").values_list("proposal", flat=True))
        led = set(CallField.objects.filter(lead_reviewer=self.user).values_list("call", "field"))
        rows = []
        for each in Proposal.objects.for_reviewer(self.user).for_list():
            own = mine.pop(each.pk, None)
            active = own if own and not own.declined_at else None
            rows.append(DeskRow(each, active, each.pk in clear, (each.call_id, each.field_id) in led))
        declined = Proposal.objects.declined_by(self.user).for_list().filter(pk__in=mine)
        rows += [DeskRow(each, mine[each.pk], is_clear=False) for each in declined]
        return sorted(rows, key=lambda row: (*_deadline(row), row.proposal.number))

    def _assignments(self) -> AssignmentQuerySet:
        return Assignment.objects.filter(reviewer=self.user).select_related("review")


def _deadline(row: DeskRow) -> tuple[datetime.date, str]:
    call = row.proposal.call
    return call.reviews_due_on or datetime.date.max, call.code


RELATED = ("call", "field", "primary_funder__country", "terms")


@dataclass
class ReviewPage:
    """One proposal as one reviewer may see it: title, people and institutions; all of it once it is readable."""

    proposal: Proposal
    user: User
    on: datetime.date

    @property
    def call(self) -> Call:
        return self.proposal.call

    @cached_property
    def is_readable(self) -> bool:
        return Proposal.objects.readable_by(self.user).filter(pk=self.proposal.pk).exists()

    @cached_property
    def assignment(self) -> Assignment | None:
        """The reviewer's own, unless declined."""
        own = self.proposal.assignments.filter(reviewer=self.user, declined_at__isnull=True)
        return own.select_related("review").first()

    @cached_property
    def review(self) -> Review | None:
        return getattr(self.assignment, "review", None)

    @property
    def is_submitted(self) -> bool:
        return bool(self.review and self.review.is_submitted)

    @property
    def takes_reviews(self) -> bool:
        return may_write(self.call)

    @property
    def may_write(self) -> bool:
        return self.is_readable and self.assignment is not None and self.takes_reviews and not self.is_submitted

    @property
    def may_decline(self) -> bool:
        return self.assignment is not None and self.takes_reviews and not self.is_submitted

    @cached_property
    def counterparts(self) -> list[Counterpart]:
        return list(self.proposal.counterparts.select_related("country", "funder__country"))

    @cached_property
    def documents(self) -> list[Document]:
        return list(self.proposal.documents.present()) if self.is_readable else []

    @cached_property
    def criteria(self) -> list[Criterion]:
        return list(self.call.criteria.order_by("position"))

    @cached_property
    def costs(self) -> list[tuple[AnnualCost, int]]:
        limits = self.proposal.terms.limits
        rows = self.proposal.costs.all()
        return [(cost, limits.remaining_yen(cost.direct_yen, cost.indirect_yen)) for cost in rows]

    @property
    def ceiling_yen(self) -> int:
        return self.proposal.terms.limits.annual_ceiling_yen

    @cached_property
    def own_scores(self) -> list[tuple[Criterion, int | None]]:
        return scored(self.criteria, self.review) if self.review else []

    @cached_property
    def others(self) -> list[tuple[Assignment, Review, list[tuple[Criterion, int | None]]]]:
        """What the others submitted, where the stage shows it, by their letters."""
        if not (self.is_readable and self.shows_others):
            return []
        found = reviews_of_others(self.proposal, self.user).select_related("assignment").prefetch_related("scores")
        return [(review.assignment, review, scored(self.criteria, review)) for review in found]

    @cached_property
    def shows_others(self) -> bool:
        """By the setting of the stage; a lead reviewer with no review to write has none to wait for."""
        others = self.call.in_review_others if self.takes_reviews else self.call.deciding_others
        if others == Call.Others.AFTER_OWN:
            return self.is_submitted or (self.assignment is None and self._is_led)
        return bool(others == Call.Others.ALWAYS)

    @property
    def _is_led(self) -> bool:
        led = CallField.objects.filter(call=self.call, field=self.proposal.field_id, lead_reviewer=self.user)
        return led.exists()

    @cached_property
    def desk(self) -> Desk:
        return Desk(self.user, self.on)

    @cached_property
    def neighbours(self) -> tuple[Proposal | None, Proposal | None]:
        return self.desk.neighbours(self.proposal)

    @property
    def place(self) -> tuple[int, int] | None:
        """Which of how many it is among the reviewer's own of the call; None where it is not one of them."""
        own = [row.proposal.pk for part in self.desk.calls if part.call == self.call for row in part.assigned]
        return (own.index(self.proposal.pk) + 1, len(own)) if self.proposal.pk in own else None

    @property
    def next_left(self) -> Proposal | None:
        """The next one on the desk whose review is still to be written."""
        left = [row.proposal for row in self.desk.left if row.proposal.pk != self.proposal.pk]
        return left[0] if left else None


def reviews_of_others(proposal: Proposal, user: User) -> ReviewQuerySet:
    """Submitted reviews that count, but the person's own, by place."""
    of_others = Review.objects.counting().filter(assignment__proposal=proposal).exclude(assignment__reviewer=user)
    return of_others.order_by("assignment__position")


def scored(criteria: list[Criterion], review: Review) -> list[tuple[Criterion, int | None]]:
    """Each criterion with the review's score, if it has one."""
    values = {score.criterion_id: score.value for score in review.scores.all()}
    return [(criterion, values.get(criterion.pk)) for criterion in criteria]
