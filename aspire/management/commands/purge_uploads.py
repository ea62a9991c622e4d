"""``manage.py purge_uploads``: throw away the files that were sent and have expired; for a daily schedule."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.translation import gettext as _

from aspire.models import Upload


class Command(BaseCommand):
    help = "Throw away the files that were sent to be imported more than a day ago. Records of imports stay."

    def handle(self, *_args: Any, **_options: Any) -> None:
        count, _of = Upload.objects.expired(at=timezone.now()).delete()
        self.stdout.write(_("%(count)s expired files thrown away.") % {"count": count})
