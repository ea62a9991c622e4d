"""What is kept under a name: questions, and boards frozen with their figures to be held against the rows later."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aspire.constraints import Check, Unique
from aspire.history import track
from aspire.people import Person
from calls.models import Call
from partners.models import in_language


@track()
class Briefing(models.Model):
    """A call's board, or a table that somebody explored, as it stood at one moment. Written once, never changed.

    ``figures``: one object per cell of its tables, with its labels in both languages; a null value where none was
    published. ``rows``: the proposals behind it, by number (see ``Standing``). ``about``: everything else that was said
    with the figures, by language. ``calls``: the keys of the calls of which it tells.
    """

    code = models.SlugField(_("briefing code"), max_length=60)
    call = models.ForeignKey(
        Call,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="briefings",
        verbose_name=_("call"),
        help_text=_("empty where a table over several was explored"),
    )
    name_ja = models.CharField(_("Japanese name"), max_length=120)
    name_en = models.CharField(_("English name"), max_length=200, blank=True)
    as_of = models.DateTimeField(_("as of"))
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("frozen by"),
        help_text=_("empty where the figures come from print"),
    )
    query = models.CharField(_("what was asked"), max_length=2000)
    source = models.CharField(_("source"), max_length=200, blank=True)
    figures = models.JSONField(_("figures"))
    rows = models.JSONField(_("proposals behind them"))
    about = models.JSONField(_("what was said with them"))
    calls = models.JSONField(_("calls told of"))

    class Meta:
        verbose_name = _("briefing")
        verbose_name_plural = _("briefings")
        ordering = ["-as_of", "code"]
        constraints = [
            Unique(fields=["code"], name="briefing_code_once"),
            Check(condition=Q(code__regex=r"^[-a-zA-Z0-9_]+$") & ~Q(code="freeze"), name="briefing_code_form"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("briefings:detail", args=[self.code])

    @property
    def name(self) -> str:
        return in_language(self.name_ja, self.name_en)


EXPLORE = "/explore/"
# The pages of which views can be kept: the crossed table, and the lists.
KEEPS_VIEWS = r"^/(explore|proposals|proposals/follow-ups|awards/[A-Z0-9-]+|calls/[A-Z0-9-]+/assignments)/$"


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def for_reader(self, user: Person, *, path: str) -> "SavedViewQuerySet":
        """Of one page: the person's own, then what others share; a view shows each reader their own figures."""
        own_first = models.Case(models.When(owner=user, then=0), default=1)
        found = self.filter(models.Q(owner=user) | models.Q(is_shared=True), path=path).select_related("owner")
        return found.order_by(own_first, "name", "pk")


SavedViewManager = models.Manager.from_queryset(SavedViewQuerySet)


@track()
class SavedView(models.Model):
    """A question put to the tallies or to a list (``query``: the address without its path), never its figures."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="saved_views", verbose_name=_("whose")
    )
    name = models.CharField(_("name of the view"), max_length=80)
    path = models.CharField(_("page"), max_length=200, db_default=EXPLORE, default=EXPLORE)
    query = models.TextField(_("question"), blank=True)
    is_shared = models.BooleanField(_("shared with everybody who sees boards"), default=False)

    objects = SavedViewManager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            Unique(fields=["owner", "name"], name="saved_view_name_once"),
            Check(condition=Q(path__regex=KEEPS_VIEWS), name="saved_view_of_a_list"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path
