"""Files on their way in, what came in and went out by file, and the libraries' tables whose history is kept."""

import datetime
import uuid
from typing import Self, TypeVar

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from pghistory.models import Context

from aspire.constraints import Unique
from aspire.history import track
from aspire.people import Person
from aspire.text import WholeCharField

KEPT_FOR = datetime.timedelta(days=1)  # a file that was sent
PREPARED_FOR = datetime.timedelta(hours=1)  # a file that was asked for

Kept = TypeVar("Kept", bound=models.Model)


class KeptFileQuerySet(models.QuerySet[Kept]):
    """Files that are kept for one person alone, for a time."""

    def visible_to(self, user: Person, *, at: datetime.datetime) -> Self:
        return self.filter(user=user, expires_at__gt=at)

    def expired(self, *, at: datetime.datetime) -> Self:
        return self.filter(expires_at__lte=at)


class UploadQuerySet(KeptFileQuerySet["Upload"]):
    """Uploads are their sender's alone, for a day."""

    def waiting(self) -> Self:
        """Neither saved nor cancelled: being checked, or to be confirmed."""
        return self.filter(state__in=[Upload.State.CHECKING, Upload.State.CHECKED])


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
    # What columns and values are called otherwise than ours, as ``Meaning`` (aspire/sheets/mapping.py) says it.
    meaning = models.JSONField(_("what it means"), default=dict, db_default={})
    decisions = models.JSONField(_("what was decided of likely twins"), default=dict, db_default={})  # by row
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


class PreparedFileQuerySet(KeptFileQuerySet["PreparedFile"]):
    """Files that were asked for are their asker's alone, for an hour."""

    def waiting(self) -> Self:
        return self.filter(state=PreparedFile.State.WAITING)


PreparedFileManager = models.Manager.from_queryset(PreparedFileQuerySet)


class PreparedFile(models.Model):
    """A file to take away that takes long to write: which page would have handed it out, and what a worker made."""

    class State(models.TextChoices):
        WAITING = "waiting", _("being prepared")
        READY = "ready", _("ready")
        FAILED = "failed", _("could not be prepared")
        CANCELLED = "cancelled", _("cancelled")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("asked for by"))
    address = models.TextField(_("address"))  # path and query of the page that hands the file out
    language = models.CharField(_("language"), max_length=10)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    headers = models.JSONField(_("headers"), default=dict)
    data = models.BinaryField(_("content"), default=b"")
    asked_at = models.DateTimeField(_("asked for"))
    expires_at = models.DateTimeField(_("kept until"))

    objects = PreparedFileManager()

    class Meta:
        verbose_name = _("prepared file")
        verbose_name_plural = _("prepared files")
        ordering = ["-asked_at"]

    def __str__(self) -> str:
        return self.address


class ColumnMapping(models.Model):
    """What a sender's files mean, saved under a name, so that the next one with these headers is known."""

    kind = models.CharField(_("kind"), max_length=20)
    name = WholeCharField(_("name"), max_length=80)
    meaning = models.JSONField(_("what it means"))
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("saved by"))
    saved_at = models.DateTimeField(_("saved"))

    class Meta:
        verbose_name = _("column mapping")
        verbose_name_plural = _("column mappings")
        ordering = ["-saved_at"]
        constraints = [Unique(fields=["kind", "name"], name="mapping_name_once")]

    def __str__(self) -> str:
        return self.name


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
    rows_sha256 = models.CharField(_("SHA-256 of the new rows"), max_length=64, blank=True, default="", db_default="")
    # What was saved, row by row: [row of the file, "create" or "change", the record's key, flags].
    rows = models.JSONField(_("rows"))
    imported_at = models.DateTimeField(_("imported"))

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-imported_at"]

    def __str__(self) -> str:
        return self.file_name


class Erasure(models.Model):
    """That personal data were erased: of whom, which columns, why, when and by which role; never what stood there."""

    subject = models.CharField(_("whose data"), max_length=200)  # a proposal's number, or the key of an account
    columns = models.JSONField(_("columns"))
    row_count = models.IntegerField(_("rows"))
    reason = models.CharField(_("reason"), max_length=300)
    erased_at = models.DateTimeField(_("erased"), db_default=Now())
    by_role = models.TextField(_("database role"), db_default=models.Func(function="", template="SESSION_USER"))

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-erased_at"]

    def __str__(self) -> str:
        return self.subject


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

    def __str__(self) -> str:
        return f"{self.kind} {self.exported_at:%Y-%m-%d}"


# --- the libraries' tables ------------------------------------------------------------------------------------------
# Proxies, since their models are not ours to decorate.


@track(exclude=("password", "last_login"), app_label="aspire", model_name="AccountEvent")
class Account(User):
    """An account: who made it, changed it or set its password. The password itself is kept nowhere else."""

    class Meta:
        proxy = True


@track(app_label="aspire", model_name="AccountRoleEvent")
class AccountRole(User.groups.through):  # type: ignore[name-defined]
    """A role that was given to somebody, or withdrawn."""

    class Meta:
        proxy = True


@track(app_label="aspire", model_name="AccountPermissionEvent")
class AccountPermission(User.user_permissions.through):  # type: ignore[name-defined]
    """A single permission, which our roles make no use of."""

    class Meta:
        proxy = True


@track(app_label="aspire", model_name="RoleEvent")
class NamedRole(Group):
    """A role by its name, on which everything rests that somebody may do."""

    class Meta:
        proxy = True


@track(app_label="aspire", model_name="RolePermissionEvent")
class RolePermission(Group.permissions.through):  # type: ignore[name-defined]
    class Meta:
        proxy = True


class AdminLog(LogEntry):
    """What Django's admin writes of every change in the records."""

    class Meta:
        proxy = True


class OldContext(Context):
    """Who acted, as pghistory kept it before each row of history said so itself."""

    class Meta:
        proxy = True
