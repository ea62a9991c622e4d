"""Who may open which page of the desk, what stands in the header, and what staff may do with the records."""

from django.utils.translation import gettext_lazy as _

from aspire.permissions import LOOKS, SIGNED_IN, declare_pages, declare_sections
from aspire.roles import KEEP, LOG, LOOK, STAFF, Role, declare_records

declare_pages(
    # Everybody's first page, and each role's desk
    ("home", SIGNED_IN),
    ("review:(desk|proposal|declare|decline|save|reopen)", frozenset({Role.REVIEWER})),
    # Boards and lists
    ("boards:(index|board|tallies|paper|compare|reviews)", LOOKS),
    ("partnerships:(index|country|funder)", LOOKS),
    ("partnerships:(institutions|match_institution)", STAFF),
    ("briefings:.*", LOOKS),
    ("explore:(index|keep|view)", LOOKS),
    ("fund:index", LOOKS),
    ("proposals:(list|detail)", LOOKS),
    ("proposals:timeline", STAFF),
    ("intake:export", LOOKS),
    ("intake:(template|import_file)", STAFF),
    ("intake:(new|edit|draft|draft_of|leave|come_back)", STAFF),
    ("intake:(follow_ups|follow_up_done)", STAFF),
    ("intake:(bundle|bundle_progress|keep_bundle|cancel_bundle)", STAFF),
    (
        "intake:(send_documents|confirm_documents|add_document|take_document_away)",
        STAFF,
    ),
    # Reviewers where they have declared no interest, which the page itself asks
    ("intake:document", LOOKS | {Role.REVIEWER}),
    # Review, as officers run it
    ("assignment:(stage|review_settings|assignments|plan|take_back|ask_again|leads)", STAFF),
    ("assignment:(invite|invite_again)", STAFF),
    ("assignment:(conflicts|decide_conflict|retract_conflict)", STAFF),
    # Awards: reviewers only where they lead a field, which the pages themselves ask
    ("awards:(ranking|proposal|what_if|packet)", LOOKS | {Role.REVIEWER}),
    ("awards:batch", STAFF | {Role.REVIEWER}),
    ("awards:index", LOOKS),
    ("awards:(submit|letters)", STAFF),
    ("awards:(release|send_back|undo|embargo)", frozenset({Role.MANAGER})),
)
declare_sections(
    ("home", _("Home")),
    ("boards:index", _("Calls")),
    ("proposals:list", _("Proposals")),
    ("explore:index", _("Explore")),
    ("fund:index", _("Fund")),
    ("partnerships:index", _("Partners")),
    ("briefings:index", _("Briefings")),
    ("sheets:index", _("Import")),
    ("awards:index", _("Award decisions")),
    ("review:desk", _("My reviews")),
    ("admin:index", _("Records")),
)
# Awards are marked on pages of their own.
declare_records(
    officer={
        "proposals.proposal": LOG,
        "proposals.annualcost": KEEP,
        "proposals.counterpart": KEEP,
        "proposals.award": LOOK,
        "proposals.annualaward": LOOK,
        "proposals.reviewer": LOG,
    }
)
