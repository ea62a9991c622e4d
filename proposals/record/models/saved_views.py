"""Questions that a reader of tallies keeps under a name."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aspire.constraints import Unique
from aspire.history import track
from aspire.people import Person


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def for_reader(self, user: Person) -> "SavedViewQuerySet":
        """The person's own, then what others share; a view shows each reader their own figures."""
        own_first = models.Case(models.When(owner=user, then=0), default=1)
        found = self.filter(models.Q(owner=user) | models.Q(is_shared=True)).select_related("owner")
        return found.order_by(own_first, "name", "pk")


SavedViewManager = models.Manager.from_queryset(SavedViewQuerySet)


@track()
class SavedView(models.Model):
    """A question put to the tallies (``query``: the address without its path), never its figures."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="saved_views", verbose_name=_("whose")
    )
    name = models.CharField(_("name of the view"), max_length=80)
    query = models.TextField(_("question"), blank=True)
    is_shared = models.BooleanField(_("shared with everybody who sees boards"), default=False)

    objects = SavedViewManager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [Unique(fields=["owner", "name"], name="saved_view_name_once")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse('explore:index')}?{self.query}" if self.query else reverse("explore:index")
