"""Which reviews of a call are done, left or overdue, and which conflicts stand: the rows behind its tiles."""

import datetime
from collections.abc import Callable

from django import forms
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from aspire.untyped import Annotated
from calls.models import Call, Field
from proposals.record.models import Assignment, Conflict
from proposals.record.querysets import ProposalQuerySet

DONE, LEFT, OVERDUE, CONFLICT = "done", "left", "overdue", "conflict"
STATES = [
    ("", _("all reviews asked for")),
    (DONE, _("reviews done")),
    (LEFT, _("reviews left")),
    (OVERDUE, _("reviews overdue")),
    (CONFLICT, _("standing conflicts of interest")),
]


class ReviewsFilter(forms.Form):
    """Which of a call's reviews are shown; what cannot be understood shows all of them."""

    state = forms.ChoiceField(label=_("Reviews"), choices=STATES, required=False)
    field = forms.ModelChoiceField(label=_("Field"), queryset=Field.objects.all(), to_field_name="code", required=False)
    on = forms.DateField(label=_("Submitted on"), required=False, widget=forms.DateInput({"type": "date"}))

    @property
    def asked(self) -> str:
        self.is_valid()
        return self.cleaned_data.get("state") or ""

    def narrowed(self, proposals: ProposalQuerySet) -> ProposalQuerySet:
        """Those of the field that is asked for."""
        self.is_valid()
        field = self.cleaned_data.get("field")
        return proposals.filter(field=field) if field else proposals

    @property
    def day(self) -> datetime.date | None:
        self.is_valid()
        return self.cleaned_data.get("on")


def listed(
    call: Call, visible: ProposalQuerySet, state: str, *, today: datetime.date, on: datetime.date | None = None
) -> QuerySet[Annotated]:
    """Assignments of the call in that state, or its standing conflicts, on what the reader may see and is counted.

    ``on``: the day in Tokyo on which their reviews were submitted.
    """
    counted = visible.filter(call=call).counted().order_by()
    related = ("proposal__field", "proposal__call")
    if state == CONFLICT:
        standing = Conflict.objects.standing().filter(proposal__in=counted)
        return standing.select_related(*related, "person__reviewer_profile").order_by("proposal__number", "pk")
    given = Assignment.objects.active().filter(proposal__in=counted)
    if state == DONE:
        given = given.filter(review__state="submitted")
    elif state:
        given = given.exclude(review__state="submitted")
    if on is not None:
        given = given.filter(review__submitted_at__date=on)
    if state == OVERDUE and not is_overdue(call, today):
        given = given.none()
    return given.select_related(*related, "review", "reviewer__reviewer_profile").order_by(
        "proposal__number", "position"
    )


def is_overdue(call: Call, today: datetime.date) -> bool:
    """Whether what is missing today is missing after its day."""
    return call.reviews_due_on is not None and call.reviews_due_on < today


def who(*, with_names: bool) -> Callable[[Assignment | Conflict], str]:
    """How a row names its person: by name for staff, by place among the reviewers for everybody else."""

    def named(row: Assignment | Conflict) -> str:
        if isinstance(row, Assignment):
            return name_of(row) if with_names else row.alias
        return name_of_person(row.person) if with_names else str(_("a person"))

    return named


def name_of(assignment: Assignment) -> str:
    return name_of_person(assignment.reviewer)


def name_of_person(person: User) -> str:
    """A reviewer's own name, or that of the account."""
    profile = getattr(person, "reviewer_profile", None)
    return str(profile or person.get_full_name() or person.get_username())
