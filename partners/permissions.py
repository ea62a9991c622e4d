"""What staff may do with the records of partners."""

from aspire.roles import KEEP, LOG, declare_records

declare_records(
    officer={
        "partners.country": LOG,
        "partners.funder": LOG,
        "partners.dialogue": KEEP,
        "partners.initiative": LOG,
        "partners.institution": LOG,
    }
)
