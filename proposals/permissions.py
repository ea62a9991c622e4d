"""Who may open which page of the desk, what stands in the header, and what staff may do with the records."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aspire.navigation import Section, Tab, declare_sections
from aspire.permissions import LOOKS, SIGNED_IN, declare_pages
from aspire.roles import KEEP, LOG, LOOK, STAFF, Role, declare_records

declare_pages(
    # Everybody's first page, and each role's desk
    ("home", SIGNED_IN),
    ("finding:search", LOOKS),
    (
        "keeping:(keep|view)",
        LOOKS | {Role.REVIEWER},
    ),  # reviewers of the ranking that they lead, as the page itself asks
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
    ("awards:(result|release|send_back|undo|embargo)", frozenset({Role.MANAGER})),
)
OF_A_CALL = (
    Tab("boards:board", _("Board"), "boards:(board|reviews)|calls:edit|briefings:freeze_board"),
    Tab("proposals:list", _("Intake"), asks="call"),
    Tab("assignment:stage", _("Stage"), "assignment:(stage|review_settings)"),
    Tab("assignment:assignments", _("Assignment"), "assignment:(assignments|plan|take_back|ask_again|leads)"),
    Tab("assignment:conflicts", _("Conflicts of interest"), "assignment:.*conflicts?"),
    Tab("awards:ranking", _("Award decisions"), "awards:(?!index).*"),
)
declare_sections(
    Section(
        *("boards:index", _("Calls"), "boards:(?!compare).*|(assignment|awards|calls):.*"),
        tabs=(Tab("boards:index", _("All calls")), Tab("awards:index", _("Award decisions"))),
        cases=OF_A_CALL,
        cases_label=_("Call"),
    ),
    Section(
        *("proposals:list", _("Proposals"), "(proposals|intake|sheets):.*"),
        tabs=(
            Tab("proposals:list", _("All proposals"), "proposals:.*"),
            Tab("intake:new", _("Log a proposal")),
            Tab("sheets:index", _("Import"), "sheets:.*|intake:import_file"),
            Tab("intake:send_documents", _("Documents"), "intake:(send_documents|bundle)"),
            Tab("intake:follow_ups", _("Follow-ups")),
        ),
    ),
    Section(
        *("explore:index", _("Analysis"), "(explore|fund|briefings):.*|boards:compare"),
        tabs=(
            Tab("explore:index", _("Explore"), "explore:.*"),
            Tab("boards:compare", _("Compare calls")),
            Tab("fund:index", _("Fund")),
            Tab("briefings:index", _("Briefings"), "briefings:.*"),
        ),
    ),
    Section(
        *("partnerships:index", pgettext_lazy("section", "Partners"), "partnerships:.*"),
        tabs=(
            Tab("partnerships:index", _("Countries and funders"), "partnerships:(index|country|funder)"),
            Tab("partnerships:institutions", _("Institutions")),
        ),
    ),
    Section("review:desk", _("My reviews"), "review:.*"),
    Section("admin:index", _("Administration"), "admin:.*"),
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
