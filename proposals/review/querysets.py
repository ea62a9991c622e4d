"""Which assignments, conflicts of interest and reviews, for whom."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.db.models import Exists, OuterRef

if TYPE_CHECKING:
    from proposals.models import Assignment, Conflict, Review  # noqa: F401 - named in strings, read by mypy

REMEMBERED = "_aspire_conflicts"


class ConflictQuerySet(models.QuerySet["Conflict"]):
    def standing(self) -> "ConflictQuerySet":
        """Those that hide a proposal from a person."""
        return self.filter(finding="stands")


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def active(self) -> "AssignmentQuerySet":
        """Those that ask for a review: neither declined nor in conflict."""
        return self.filter(declined_at__isnull=True).exclude(_in_conflict("proposal", "reviewer"))

    def set_aside(self) -> "AssignmentQuerySet":
        """Those whose reviewer has a conflict of interest."""
        return self.filter(_in_conflict("proposal", "reviewer"))


class ReviewQuerySet(models.QuerySet["Review"]):
    def counting(self) -> "ReviewQuerySet":
        """Submitted reviews of reviewers without a conflict of interest: what means and ranks rest on.

        Where a conflict was taken back, its review stays aside until the reviewer has declared anew.
        """
        aside = _in_conflict("assignment__proposal", "assignment__reviewer", "stands", "mistaken")
        return self.filter(state="submitted", assignment__declined_at__isnull=True).exclude(aside)


def _in_conflict(proposal: str, person: str, *findings: str) -> Exists:
    from proposals.models import Conflict  # noqa: PLC0415 - the model is made with this queryset

    of_both = Conflict.objects.filter(proposal=OuterRef(proposal), person=OuterRef(person))
    return Exists(of_both.filter(finding__in=findings or ["stands"]).order_by())


def conflicts_of(user: AbstractBaseUser | AnonymousUser) -> frozenset[int]:
    """The proposals that do not exist for a person, whatever the role; read once a request."""
    if not user.is_authenticated:
        return frozenset()
    remembered: frozenset[int] | None = getattr(user, REMEMBERED, None)
    if remembered is None:
        conflicts: Any = user.conflicts  # type: ignore[attr-defined]
        remembered = frozenset(conflicts.standing().values_list("proposal", flat=True))
        setattr(user, REMEMBERED, remembered)
    return remembered


def forget_conflicts(user: Any) -> None:
    """Read the person's conflicts anew after one was recorded."""
    if hasattr(user, REMEMBERED):
        delattr(user, REMEMBERED)
