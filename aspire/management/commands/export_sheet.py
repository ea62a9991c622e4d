"""``manage.py export_sheet KIND FILE [--call CODE]``: everything of one kind, as a file that can be imported again."""

from aspire.sheets.commands import ExportCommand


class Command(ExportCommand):
    help = "Export everything of one kind as XLSX, or as CSV (UTF-8 with BOM), by the file's ending."
