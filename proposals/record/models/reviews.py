"""How a proposal is judged: reviewers, what they are assigned, their conflicts of interest, their reviews."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aspire.constraints import Check, Unique
from aspire.history import track
from aspire.untyped import Named
from aspire.workbooks.cells import letters
from calls.models import Criterion, Field
from proposals.record.models.awards import actor
from proposals.record.models.proposals import Proposal


@track()
class Reviewer(models.Model):
    """What is known of a person who reviews: fields, institution and identifiers, for matching and for conflicts."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="reviewer_profile", verbose_name=_("person")
    )
    name_ja = models.CharField(_("Japanese name"), max_length=100, blank=True)
    name_en = models.CharField(_("English name"), max_length=100, blank=True)
    reading = models.CharField(_("reading of the name"), max_length=100, blank=True)
    researcher_number = models.CharField(_("e-Rad researcher number"), max_length=8, blank=True)
    institution = models.CharField(_("research institution"), max_length=200, blank=True)
    fields: Named = models.ManyToManyField(Field, blank=True, related_name="reviewers", verbose_name=_("fields"))

    class Meta:
        verbose_name = _("reviewer")
        verbose_name_plural = _("reviewers")
        ordering = ["reading", "pk"]

    def __str__(self) -> str:
        return self.name_ja or self.user.get_full_name() or self.user.get_username()


@track(model_name="ReviewerFieldEvent")
class ReviewerField(Reviewer.fields.through):
    """A field that a reviewer knows, as it was entered or taken out: who is asked to review rests on it."""

    class Meta:
        proxy = True


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
    of_both = Conflict.objects.filter(proposal=OuterRef(proposal), person=OuterRef(person))
    return Exists(of_both.filter(finding__in=findings or ["stands"]).order_by())


AssignmentManager = models.Manager.from_queryset(AssignmentQuerySet)


@track()
class Assignment(models.Model):
    """A proposal given to a reviewer, who is *Reviewer A, B …* to the others, by place within the proposal."""

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="assignments", verbose_name=_("proposal"))
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="assignments", verbose_name=_("reviewer")
    )
    position = models.PositiveSmallIntegerField(_("place among the proposal's reviewers"))
    assigned_by = actor(_("assigned by"))
    assigned_at = models.DateTimeField(_("assigned at"))
    declined_at = models.DateTimeField(_("declined at"), null=True, blank=True)
    decline_reason = models.CharField(_("reason for declining"), max_length=300, blank=True)

    objects = AssignmentManager()

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["proposal", "position"]
        constraints = [
            Unique(fields=["proposal", "reviewer"], name="assignment_once"),
            Unique(fields=["proposal", "position"], name="assignment_position_once"),
        ]
        indexes = [models.Index(fields=["reviewer", "proposal"], name="assignment_of_reviewer")]

    def __str__(self) -> str:
        return f"{self.proposal} {self.alias}"

    @property
    def alias(self) -> str:
        """How others see this reviewer: Reviewer A, B …, the same within the proposal for good."""
        return gettext("Reviewer %(letter)s") % {"letter": letters(self.position)}


ConflictManager = models.Manager.from_queryset(ConflictQuerySet)


@track()
class Conflict(models.Model):
    """What is known of a person's interest in a proposal: declared by the person, or recorded by an officer.

    ``clear``: the person declared none, and may read the proposal. ``stands``: the proposal does not exist for that
    person. ``dismissed``: an officer looked at a suggestion and found none; the person has yet to declare.
    ``mistaken``: an officer took a standing one back, with the reason in words; the person declares anew.
    """

    class Finding(models.TextChoices):
        CLEAR = "clear", _("none declared")
        STANDS = "stands", _("in conflict")
        DISMISSED = "dismissed", _("suggestion dismissed")
        MISTAKEN = "mistaken", _("recorded in error")

    class Kind(models.TextChoices):
        NONE = "", _("none")
        KIN = "kin", _("relative")
        SAME_INSTITUTION = "same_institution", _("same laboratory or company")
        JOINT_WORK = "joint_work", _("joint work within 5 years")
        TEACHER = "teacher", _("supervisor and student")
        OTHER = "other", _("other")

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="conflicts", verbose_name=_("proposal"))
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="conflicts", verbose_name=_("person")
    )
    finding = models.CharField(_("finding"), max_length=10, choices=Finding)
    kind = models.CharField(_("kind of interest"), max_length=20, choices=Kind, default=Kind.NONE, blank=True)
    words = models.CharField(_("in words"), max_length=500, blank=True)
    recorded_by = actor(_("recorded by"))
    recorded_at = models.DateTimeField(_("recorded at"))

    objects = ConflictManager()

    class Meta:
        verbose_name = _("conflict of interest")
        verbose_name_plural = _("conflicts of interest")
        ordering = ["proposal", "person"]
        constraints = [
            Unique(fields=["proposal", "person"], name="conflict_once"),
            Check(condition=Q(finding__in=["clear", "stands", "dismissed", "mistaken"]), name="conflict_finding_known"),
            Check(
                condition=Q(kind__in=["", "kin", "same_institution", "joint_work", "teacher", "other"])
                & (~Q(finding="stands") | ~Q(kind="")),
                name="conflict_kind_known",
            ),
            Check(condition=~Q(kind="other") | ~Q(words=""), name="conflict_other_in_words"),
            Check(condition=~Q(finding="mistaken") | ~Q(words=""), name="conflict_mistake_has_reason"),
            Check(condition=~Q(finding="mistaken") | ~Q(recorded_by=F("person")), name="conflict_mistake_by_another"),
            Check(condition=~Q(finding="clear") | Q(recorded_by=F("person")), name="conflict_cleared_by_person"),
        ]
        indexes = [models.Index(fields=["person", "finding"], name="conflict_of_person")]

    def __str__(self) -> str:
        return f"{self.proposal} {self.finding}"


ReviewManager = models.Manager.from_queryset(ReviewQuerySet)


@track()
class Review(models.Model):
    """What a reviewer writes about a proposal: a draft until submitted. Set aside, never deleted, in a conflict."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("submitted")

    assignment = models.OneToOneField(Assignment, models.PROTECT, related_name="review", verbose_name=_("assignment"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    comment_to_panel = models.TextField(_("comment to the panel"), blank=True)
    comment_to_applicant = models.TextField(_("comment to the applicant"), blank=True)
    saved_at = models.DateTimeField(_("saved at"))
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    objects = ReviewManager()

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["assignment"]
        constraints = [Check(condition=Q(state__in=["draft", "submitted"]), name="review_state_known")]

    def __str__(self) -> str:
        return str(self.assignment)

    @property
    def is_submitted(self) -> bool:
        return self.state == self.State.SUBMITTED


@track()
class Score(models.Model):
    """A review's score for one criterion, 1 to 5."""

    LOWEST, HIGHEST = 1, 5

    review = models.ForeignKey(Review, models.PROTECT, related_name="scores", verbose_name=_("review"))
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="scores", verbose_name=_("criterion"))
    value = models.PositiveSmallIntegerField(
        _("score"), validators=[MinValueValidator(LOWEST), MaxValueValidator(HIGHEST)]
    )

    class Meta:
        verbose_name = _("score")
        verbose_name_plural = _("scores")
        ordering = ["review", "criterion"]
        constraints = [
            Unique(fields=["review", "criterion"], name="score_once_a_criterion"),
            Check(condition=Q(value__gte=1, value__lte=5), name="score_in_scale"),
        ]

    def __str__(self) -> str:
        return str(self.value)
