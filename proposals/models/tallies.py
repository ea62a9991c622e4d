"""What is counted: the cells of every tally, kept by PostgreSQL as proposals and awards change."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from aspire.rules import never_truncated
from calls.models import Call, Field
from partners.models import Funder
from proposals import rules
from proposals.querysets import TallyQuerySet
from proposals.status import Status

TallyManager = models.Manager.from_queryset(TallyQuerySet)


class Tally(models.Model):
    """A line of a cell: what one statement added to a call's proposals of one field, funder and status, or took away.

    Only triggers write here; a cell is the sum of its lines. A line outlives nobody: its keys are those of proposals,
    whose own references hold.
    """

    call = models.ForeignKey(Call, models.DO_NOTHING, related_name="+", db_constraint=False)
    field = models.ForeignKey(Field, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    primary_funder = models.ForeignKey(Funder, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    status = models.CharField(max_length=20, choices=Status)
    proposals = models.IntegerField()
    reconstructed = models.IntegerField()
    awards = models.IntegerField()
    requested_yen = models.BigIntegerField()
    awarded_yen = models.BigIntegerField()

    objects = TallyManager()

    class Meta:
        verbose_name = _("line of a tally")
        verbose_name_plural = _("lines of tallies")
        triggers = [*rules.lines_kept, never_truncated()]

    def __str__(self) -> str:
        return str(self.pk)
