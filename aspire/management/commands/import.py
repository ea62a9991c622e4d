"""``manage.py import KIND FILE``: django-import-export's command, for our kinds alone and as strictly as the pages."""  # noqa: N999 - as the library names it

from aspire.sheets.commands import ImportCommand


class Command(ImportCommand):
    help = "Import a file of one kind, named as here, by its model or by its resource. All rows of it, or none."
