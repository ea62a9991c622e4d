"""Zips of documents on their way in."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from aspire.models import KeptFileQuerySet


class BundleQuerySet(KeptFileQuerySet["Bundle"]):
    """Zips are their sender's alone, for a day."""


BundleManager = models.Manager.from_queryset(BundleQuerySet)


class Bundle(models.Model):
    """A zip of documents that was sent: a worker reads it, and keeps what it brings once its sender says so."""

    class State(models.TextChoices):
        READING = "reading", _("being read")
        READ = "read", _("read")
        KEEPING = "keeping", _("being kept")
        KEPT = "kept", _("kept")
        CANCELLED = "cancelled", _("cancelled")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("sent by"))
    about = models.CharField(_("call code"), max_length=20)
    path = models.CharField(_("path"), max_length=80)  # in the store of documents
    file_name = models.CharField(_("file name"), max_length=255)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.READING)
    done = models.IntegerField(_("documents done"), default=0)
    total = models.IntegerField(_("documents"), default=0)
    brought = models.JSONField(_("what it brings"), default=list)  # number, name, kind, pages
    refusals = models.JSONField(_("what is wrong"), default=list)  # name, values, subject
    sent_at = models.DateTimeField(_("sent"))
    expires_at = models.DateTimeField(_("kept until"))

    objects = BundleManager()

    class Meta:
        verbose_name = _("zip of documents")
        verbose_name_plural = _("zips of documents")
        ordering = ["-sent_at"]

    def __str__(self) -> str:
        return self.file_name
