"""``manage.py migrate``: Django's own, as the owner of the tables; afterwards the application gets what it needs."""

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate

from aspire.operations.grants import as_owner, settle
from aspire.untyped import Passed

NO_OWNER = (
    "migrate connects as the owner of the tables: set DATABASE_OWNER_URL, beside DATABASE_URL for the application's "
    "own role (docs/operators-guide.md, First installation)."
)
NO_ROLE = (
    "The tables are migrated, but the server has no role {role}, as which DATABASE_URL connects: create it "
    "(docs/operators-guide.md, First installation) and run migrate again, so that it may use them."
)


class Command(migrate.Command):
    def handle(self, *args: Passed, **options: Passed) -> None:
        if settings.IS_PRODUCTION and settings.DATABASE_OWNER is None:
            raise CommandError(NO_OWNER)
        with as_owner(options["database"]):
            super().handle(*args, **options)
            if not options["plan"] and not settle(options["database"]) and settings.DATABASE_OWNER:
                self.stderr.write(NO_ROLE.format(role=settings.DATABASE_APPLICATION_ROLE))
