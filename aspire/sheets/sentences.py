"""What is said of a row, whatever its kind: each with its remedy."""

from django.utils.translation import gettext_lazy as _

from aspire.workbooks.faults import SENTENCES

SENTENCES.update(
    {
        "key_unknown": _("There is no “%(value)s” here. Correct it."),
        "key_twice": _("“%(value)s” stands in row %(other)s already. Keep one of the two rows."),
        "key_cleared": _("“%(value)s” empties a cell, but this one names the row. Write what it is to be called."),
        "key_alike": _(
            "“%(value)s” differs from “%(alike)s” only by width, case, hyphen or invisible characters. "
            "Write it as the system does."
        ),
        "value_missing": _("“%(header)s” is empty, but a new row needs it. Fill it in."),
        "value_never_empty": _("“%(header)s” cannot be emptied. Fill it in, or leave the cell blank to keep it."),
        "mapping_recognised": _("The columns were read as saved under “%(name)s”. Please check the preview."),
        "rows_folded": _("%(rows)s rows, one a fiscal year, were folded into %(folded)s. Please check the preview."),
        "year_not_read": _("“%(value)s” is no fiscal year. Write the year in which it begins, such as 2027."),
        "year_twice": _("Fiscal year %(value)s stands twice for the same proposal. Keep one of the two rows."),
        "rows_imported_before": _(
            "The same rows were imported on %(day)s by %(who)s and would be created a second time. Send only new ones."
        ),
        "twin_undecided": _(
            "This seems to be %(other)s, which is there already. "
            "Say on the preview, or with --twins, whether it is the same, another one, or its correction."
        ),
        "twin_kept": _("This resembles %(other)s and was taken for another one. Please check it."),
        "file_imported_before": _(
            "This very file was imported on %(day)s by %(who)s and would create its rows a second time. "
            "Send a changed file."
        ),
    }
)
