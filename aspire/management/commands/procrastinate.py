"""``manage.py procrastinate worker``: the library's own command, on tables that this version may touch alone."""

from procrastinate.contrib.django.management.commands import procrastinate

from aspire.operations.schema import DataCommand


class Command(DataCommand, procrastinate.Command):
    """A worker writes as much as a page does, so it asks what a page asks."""
