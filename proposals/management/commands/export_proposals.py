"""``manage.py export_proposals --call CODE FILE``: the proposals of a call, as a file that can be imported again."""

from aspire.sheets.commands import ExportCommand


class Command(ExportCommand):
    help = "Export the proposals of one call as XLSX, or as CSV (UTF-8 with BOM), by the file's ending."
    kind = "proposals"
