"""Files on their way in, and what came in and went out by file: the memory of every import and export."""

import datetime
import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from aspire.history import append_only

KEPT_FOR = datetime.timedelta(days=1)


class UploadQuerySet(models.QuerySet["Upload"]):
    """Uploads are their sender's alone, for a day."""

    def visible_to(self, user: Any, *, at: datetime.datetime) -> "UploadQuerySet":
        return self.filter(user=user, expires_at__gt=at)

    def waiting(self) -> "UploadQuerySet":
        """Neither saved nor cancelled: being checked, or to be confirmed."""
        return self.filter(state__in=[Upload.State.CHECKING, Upload.State.CHECKED])

    def expired(self, *, at: datetime.datetime) -> "UploadQuerySet":
        return self.filter(expires_at__lte=at)


UploadManager = models.Manager.from_queryset(UploadQuerySet)


class Upload(models.Model):
    """A file that was sent and not yet saved: what it holds, what it would do, and how far that is known."""

    class State(models.TextChoices):
        CHECKING = "checking", _("being checked")
        CHECKED = "checked", _("checked")
        SAVED = "saved", _("saved")
        CANCELLED = "cancelled", _("cancelled")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("sent by"))
    kind = models.CharField(_("kind"), max_length=20)
    call_code = models.CharField(_("call code"), max_length=20, blank=True)
    reason = models.CharField(_("reason for accepting it outside the window"), max_length=300, blank=True)
    file_name = models.CharField(_("file name"), max_length=255)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    data = models.BinaryField(_("content"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.CHECKING)
    done = models.IntegerField(_("rows done"), default=0)
    total = models.IntegerField(_("rows of the file"), default=0)  # 0 while they are not counted
    beat_at = models.DateTimeField(_("last sign of the check"))
    plan = models.JSONField(_("plan"), null=True)
    record = models.ForeignKey("ImportRecord", models.PROTECT, null=True, related_name="+", verbose_name=_("import"))
    uploaded_at = models.DateTimeField(_("sent"))
    expires_at = models.DateTimeField(_("kept until"))

    objects = UploadManager()

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        return self.file_name


class ImportRecord(models.Model):
    """One import that was saved: who, when, which file, and what it did."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("imported by")
    )
    kind = models.CharField(_("kind"), max_length=20)
    call_code = models.CharField(_("call code"), max_length=20, blank=True)
    file_name = models.CharField(_("file name"), max_length=255)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    created = models.IntegerField(_("created"))
    changed = models.IntegerField(_("changed"))
    unchanged = models.IntegerField(_("left as they were"))
    # What was saved, row by row: [row of the file, "create" or "change", the record's key, flags].
    rows = models.JSONField(_("rows"))
    imported_at = models.DateTimeField(_("imported"))

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-imported_at"]
        triggers = append_only()

    def __str__(self) -> str:
        return self.file_name


class ExportRecord(models.Model):
    """One file that went out: who took it, which rows by which filter, which columns, and what it was."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("exported by")
    )
    kind = models.CharField(_("kind"), max_length=20)
    filters = models.JSONField(_("filter"))
    columns = models.JSONField(_("columns"))
    row_count = models.IntegerField(_("rows"))
    form = models.CharField(_("format"), max_length=10)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    exported_at = models.DateTimeField(_("exported"))

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-exported_at"]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.kind} {self.exported_at:%Y-%m-%d}"
