"""``manage.py sheet_template KIND FILE [--call CODE] [--prefill]``: the workbook to fill in."""

from aspire.sheets.commands import TemplateCommand


class Command(TemplateCommand):
    help = "Write the template workbook of one kind, empty or with what is stored."
