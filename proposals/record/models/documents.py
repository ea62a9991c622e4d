"""What was sent with a proposal to be read: the application and its annexes, as PDF."""

from collections.abc import Iterator

from django.core.files import File
from django.core.files.storage import storages
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aspire.constraints import Check, Unique
from aspire.history import track
from proposals.record.models.awards import actor
from proposals.record.models.proposals import Proposal

MOST_BYTES = 50 * 2**20  # of one document; applications by e-Rad are at most a fifth of it
MOST_PAGES = 2_000
PIECE = 64 * 2**10  # bytes
ERASED = "\u2015"  # where a name must stand
SHA256 = r"^[0-9a-f]{64}$"


class DocumentQuerySet(models.QuerySet["Document"]):
    def present(self) -> "DocumentQuerySet":
        """Those that nobody has taken away."""
        return self.filter(removed_at__isnull=True)


DocumentManager = models.Manager.from_queryset(DocumentQuerySet)


@track()
class Document(models.Model):
    """A PDF that belongs to a proposal. What was received neither changes nor goes; it is taken away with a reason."""

    class Kind(models.TextChoices):
        APPLICATION = "application", _("application")
        ANNEX = "annex", _("annex")

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="documents", verbose_name=_("proposal"))
    kind = models.CharField(_("kind of document"), max_length=11, choices=Kind)
    name = models.CharField(_("file name"), max_length=255)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    size = models.PositiveIntegerField(_("bytes"))
    pages = models.PositiveSmallIntegerField(_("pages"))
    sent_by = actor(_("sent by"), null=True, blank=True)  # empty for a command
    sent_at = models.DateTimeField(_("sent"))
    removed_by = actor(_("taken away by"), null=True, blank=True)
    removed_at = models.DateTimeField(_("taken away at"), null=True, blank=True)
    removal_reason = models.CharField(_("reason for taking it away"), max_length=300, blank=True)

    objects = DocumentManager()

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["proposal", "-kind", "pk"]  # the application first
        constraints = [
            Check(condition=Q(kind__in=["application", "annex"]), name="document_kind_known"),
            Check(condition=Q(size__gte=1, size__lte=MOST_BYTES), name="document_size_bounded"),
            Check(condition=Q(pages__gte=1, pages__lte=MOST_PAGES), name="document_pages_bounded"),
            Check(condition=Q(sha256__regex=SHA256), name="document_fingerprint_form"),
            Check(
                condition=Q(removed_at__isnull=True, removal_reason="")
                | Q(removed_at__isnull=False) & ~Q(removal_reason__regex="^[ \t\n\r\u3000]*$"),
                name="document_removed_with_reason",
            ),
            Unique(fields=["proposal", "sha256"], condition=Q(removed_at__isnull=True), name="document_once"),
            Unique(
                fields=["proposal"],
                condition=Q(kind="application", removed_at__isnull=True),
                name="document_one_application",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("intake:document", args=[self.proposal.number, self.pk])

    @property
    def is_erased(self) -> bool:
        """Whether it was erased for good: its name and its content are gone, and it says so."""
        return self.removed_at is not None and self.name == ERASED

    @property
    def path(self) -> str:
        """Where the content lies: under its own SHA-256, so that nothing a sender typed becomes a path."""
        return f"{self.sha256[:2]}/{self.sha256}.pdf"

    def open(self) -> "File[bytes]":
        """The content. Raises ``OSError`` where it is not there any more."""
        return storages["documents"].open(self.path)

    @property
    def is_there(self) -> bool:
        """Whether the content can be read."""
        return storages["documents"].exists(self.path)

    def read(self, first: int, last: int) -> Iterator[bytes]:
        """The content from one byte to another, in pieces; it is opened when the first is asked for."""
        with self.open() as content:
            content.seek(first)
            while first <= last and (piece := content.read(min(PIECE, last - first + 1))):
                first += len(piece)
                yield piece
