"""``manage.py purge_uploads``: throw away files that have expired, sent or prepared; a worker does it every hour."""

from django.utils import timezone
from django.utils.translation import gettext as _

from aspire.models import PreparedFile, Upload
from aspire.operations.schema import DataCommand
from aspire.tasks import waiting


class Command(DataCommand):
    help = (
        "Throw away the files that were sent to be imported more than a day ago, and those prepared to be taken away "
        "more than an hour ago. Records of imports and exports stay."
    )

    def handle(self, *_args: object, verbosity: int, **_options: object) -> None:
        now = timezone.now()
        count = sum(files.expired(at=now).delete()[0] for files in (Upload.objects, PreparedFile.objects))
        count += waiting.purge(at=now)
        if verbosity:
            self.stdout.write(_("%(count)s expired files thrown away.") % {"count": count})
