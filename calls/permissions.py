"""What staff may do with the records of calls."""

from aspire.permissions import declare_pages
from aspire.roles import KEEP, LOG, LOOK, STAFF, declare_records

declare_pages(("calls:(new|edit|new_programme)", STAFF))
declare_records(
    officer={
        "calls.programme": LOOK,
        "calls.field": LOG,
        "calls.call": LOG,
        "calls.callfield": KEEP,
        "calls.terms": LOG,
        "calls.eligiblefunder": KEEP,
        "calls.publishedfigure": LOOK,
        "calls.criterion": KEEP,
        "calls.potslice": KEEP,
    },
    administrator={"calls.programme": LOG, "calls.publishedfigure": LOG},
)
