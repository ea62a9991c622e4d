"""``manage.py import_sheet KIND FILE [--call CODE] [--dry-run]``: all rows of a file, or none."""

from aspire.sheets.commands import ImportCommand


class Command(ImportCommand):
    help = "Import a file of one kind from CSV or XLSX. A fault in any row is said, and nothing is saved."
