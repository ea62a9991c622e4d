"""Rules about proposals and what is said of them: the name of each and its one sentence."""

from django.utils.translation import gettext_lazy as _

from aspire.refusals import declare

SENTENCES = {
    # --- proposals ---------------------------------------------------------------------------------------------
    "proposal_number_form": _(
        "A proposal number has capital letters, digits or hyphens and begins with a letter or a digit, such as "
        "R4-TRIAL-001. Use no other signs: the number stands in the address of the proposal."
    ),
    "proposal_number_once": _("That proposal number is taken. Use another number."),
    "proposal_period_whole": _("Give both the first and the last day of the research period, or neither."),
    "proposal_period_ordered": _("The research period ends before it starts. Correct one of the two days."),
    "proposal_period_within_terms": _(
        "The research period ends on %(value_on)s, but %(limit)s months from its start end on %(limit_on)s. "
        "Let it end on that day or earlier."
    ),
    "proposal_terms_of_call": _(
        "The terms chosen are those of call %(terms_call)s, but the proposal is for call %(call)s. "
        "Choose the terms of its own call."
    ),
    "proposal_terms_pinned": _(
        "A proposal keeps the call and the terms it was received under. Leave both as they were; "
        "a proposal for another call is logged anew."
    ),
    "proposal_call_has_window": _(
        "Call %(call)s has no application window yet: it is in preparation and takes no proposals. "
        "Set its opening and closing time first."
    ),
    "proposal_received_in_window": _(
        "Received %(value_at)s, outside the window of call %(call)s (%(opens_at)s to %(closes_at)s). "
        "Correct the time, or record the officer's reason for accepting it."
    ),
    "proposal_received_recorded": _("Say when the proposal was received; only reconstructed ones have no time."),
    "proposal_reconstructed_is_bare": _(
        "A reconstructed proposal states only what was published: leave title, people, institution, period and time "
        "of receipt empty."
    ),
    "proposal_field_of_call": _(
        "Field %(field)s is not among the fields of call %(call)s. Choose one of the call's fields."
    ),
    "proposal_status_known": _("That status does not exist. Choose one of the list."),
    "proposal_status_moves": _(
        "A proposal that is %(status)s cannot become %(value)s. Choose a status that the procedure allows."
    ),
    "proposal_awarded_stays": _(
        "Proposal %(proposal)s has an award and cannot become %(value)s. "
        "Take the staged award back, or undo its release, first."
    ),
    "proposal_awarded_by_release": _(
        "Proposal %(proposal)s becomes awarded by a release alone. Mark it, and have the packet released."
    ),
    "proposal_reconstructed_has_award": _(
        "Reconstructed proposal %(proposal)s has no award, so it cannot be awarded. Record the award first."
    ),
    "proposal_released_stays": _(
        "The award of proposal %(proposal)s is released. Undo the release, with its reason, first."
    ),
    "briefing_code_form": _(
        "A briefing code has letters, digits, hyphens or underscores, such as spring-2026, and is not freeze, which is "
        "a page of its own. Use another code."
    ),
    "briefing_code_once": _("A briefing with that code is already there. Use another code."),
    "briefing_stays": _("A frozen briefing is kept as it was said and cannot be changed or deleted. Freeze another."),
    "saved_view_name_once": _("You already keep a view under that name. Use another name, or delete that view."),
    "tallies_kept": _("Tallies are kept by PostgreSQL alone. Change the proposals and awards that they count."),
}
declare(SENTENCES)
