"""``manage.py import_proposals FILE --call CODE [--dry-run]``: all rows of a file, or none."""

from aspire.sheets.commands import ImportCommand


class Command(ImportCommand):
    help = "Import proposals of one call from CSV or XLSX. A fault in any row is said, and nothing is saved."
    kind = "proposals"
