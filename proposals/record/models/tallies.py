"""What is counted: the cells of every tally, kept by PostgreSQL as proposals and awards change."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from calls.models import Call, Field, Terms
from partners.models import Funder
from proposals.record.counting import TallyQuerySet
from proposals.record.models.proposals import Proposal
from proposals.record.status import Decision, Status

TallyManager = models.Manager.from_queryset(TallyQuerySet)


class TallyLine(models.Model):
    """A line of a cell: what one statement added to a call's proposals of one field, funder, status and terms, or took.

    Only triggers write here; a cell is the sum of its lines. A line outlives nobody: its keys are those of proposals,
    whose own references hold.
    """

    call = models.ForeignKey(Call, models.DO_NOTHING, related_name="+", db_constraint=False)
    field = models.ForeignKey(Field, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    primary_funder = models.ForeignKey(Funder, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    status = models.CharField(max_length=20, choices=Status)
    terms = models.ForeignKey(Terms, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    proposals = models.IntegerField()
    reconstructed = models.IntegerField()
    incomplete = models.IntegerField()
    awards = models.IntegerField()
    direct_yen = models.BigIntegerField()
    requested_yen = models.BigIntegerField()
    awarded_yen = models.BigIntegerField()

    objects = TallyManager()

    class Meta:
        verbose_name = _("line of a count")
        verbose_name_plural = _("lines of counts")

    def __str__(self) -> str:
        return str(self.pk)


class IntakeLine(models.Model):
    """A line of a day: how many counted proposals of a call one statement added to those received then, in Tokyo."""

    call = models.ForeignKey(Call, models.DO_NOTHING, related_name="+", db_constraint=False)
    received_on = models.DateField()
    proposals = models.IntegerField()

    class Meta:
        verbose_name = _("line of a day")
        verbose_name_plural = _("lines of days")

    def __str__(self) -> str:
        return str(self.pk)


class OutlayLine(models.Model):
    """A line of a fiscal year: what one statement added to the yen that awards of a call give in it.

    Those of staged and of released awards stand apart.
    """

    call = models.ForeignKey(Call, models.DO_NOTHING, related_name="+", db_constraint=False)
    fiscal_year = models.PositiveSmallIntegerField()
    is_released = models.BooleanField()
    amounts = models.IntegerField()
    yen = models.BigIntegerField()

    class Meta:
        verbose_name = _("line of a fiscal year")
        verbose_name_plural = _("lines of fiscal years")

    def __str__(self) -> str:
        return str(self.pk)


class ProposalProgress(models.Model):
    """How far a counted proposal is: active assignments, submitted reviews of these, standing conflicts, its mark.

    Only triggers write here. A proposal without a row, or that is not counted, has come nowhere.
    """

    proposal = models.OneToOneField(
        Proposal, models.DO_NOTHING, related_name="+", db_constraint=False, primary_key=True
    )
    call = models.ForeignKey(Call, models.DO_NOTHING, related_name="+", db_constraint=False)
    reviewers = models.IntegerField()
    reviews = models.IntegerField()
    conflicts = models.IntegerField()
    decision = models.CharField(max_length=10, choices=Decision, blank=True)

    class Meta:
        verbose_name = _("progress of a proposal")
        verbose_name_plural = _("progress of proposals")

    def __str__(self) -> str:
        return str(self.pk)


class PaceLine(models.Model):
    """A line of a call's progress: how many proposals came to be so far, or ceased to be, by one statement."""

    call = models.ForeignKey(Call, models.DO_NOTHING, related_name="+", db_constraint=False)
    reviewers = models.IntegerField()
    reviews = models.IntegerField()
    decision = models.CharField(max_length=10, choices=Decision, blank=True)
    proposals = models.IntegerField()
    conflicts = models.IntegerField()

    class Meta:
        verbose_name = _("line of a call's progress")
        verbose_name_plural = _("lines of calls' progress")

    def __str__(self) -> str:
        return str(self.pk)
