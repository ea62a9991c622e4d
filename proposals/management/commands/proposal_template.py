"""``manage.py proposal_template --call CODE [--prefill] FILE``: the workbook to fill in for a call."""

from aspire.sheets.commands import TemplateCommand


class Command(TemplateCommand):
    help = "Write the template workbook of a call, empty or with the call's proposals."
    kind = "proposals"
