"""What staff may do with the records of calls."""

from aspire.roles import KEEP, LOG, LOOK, declare_records

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
