"""Rules about proposals, assignments, interests and reviews: the name of each and its one sentence."""

from django.utils.translation import gettext_lazy as _

from aspire.refusals import declare

SENTENCES = {
    # --- documents ---------------------------------------------------------------------------------------------
    "document_kind_known": _("A document is an application or an annex. Choose one of the two."),
    "document_size_bounded": _("A document has at least one byte and at most 50 MB. Send a smaller file."),
    "document_pages_bounded": _("A document has at least one page and at most 2,000. Send a shorter one."),
    "document_fingerprint_form": _("The SHA-256 of a document has 64 digits from 0 to f. Have the file counted anew."),
    "document_removed_with_reason": _("Say why the document is taken away; one that stays has no such reason."),
    "document_once": _("The proposal has that document already, byte for byte. Leave it at that, or choose another."),
    "document_one_application": _(
        "The proposal has an application already. Take that one away, with the reason, or send this one as an annex."
    ),
    "follow_up_once": _("This is raised for the proposal already and still open. Make an end of that one first."),
    "follow_up_done_by_whom": _("What is done says by whom and what came of it. Fill in both."),
    "document_stays": _(
        "Document %(document)s stays as it was received. Take it away, with the reason, and send another."
    ),
    "document_of_reconstructed": _(
        "Proposal %(proposal)s is reconstructed from published totals: nobody has its documents. "
        "Log the proposal itself, and send them with it."
    ),
    "document_is_pdf": _("%(document)s is no PDF that can be read: %(why)s. Save it as PDF anew, and send that."),
    "document_infected": _(
        "%(document)s holds a virus (%(why)s), and nothing was kept. Ask its sender for a clean one."
    ),
    "document_unscanned": _(
        "%(document)s could not be searched for viruses, and nothing was kept. Send it again later."
    ),
    "document_bundle_readable": _("The file is no zip that can be unpacked. Pack the PDFs anew, and send that."),
    "document_bundle_bounded": _(
        "A zip brings at least one document, and at most 2,000 and 1 GB unpacked. Send several smaller ones."
    ),
    "document_bundle_waits": _("The zip waits no more to be confirmed. Send it again."),
    "document_of_nobody": _(
        "%(document)s names no proposal of call %(call)s. Let its name begin with the proposal's number."
    ),
    "invited_has_account": _(
        "Somebody has an account with the address %(value)s already. Use another address, or ask an administrator."
    ),
    # --- people ------------------------------------------------------------------------------------------------
    "effort_at_most_whole": _("Nobody gives a project more than 100 percent of their time. Enter 0 to 100."),
    "co_investigator_once": _("That researcher number stands twice among the co-investigators. Use each once."),
    "grant_state_known": _("The funding of a counterpart is confirmed, pending or not known. Choose one of these."),
    "grant_amount_has_currency": _(
        "The amount of a grant is a whole number with its currency, three capital letters such as USD. Fill in both, "
        "or neither."
    ),
    "grant_period_ordered": _("The counterpart's grant ends before it starts. Correct one of the two days."),
    "draft_once_a_call": _("A draft of yours for that call is there already. Use that one."),
    "draft_once_a_proposal": _("A draft of yours for that proposal is there already. Use that one."),
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
    "proposal_funder_eligible": _(
        "Funder %(funder)s is not on the list of call %(call)s, or was not yet when the proposal was received. Choose "
        "another, or record the reason for accepting it."
    ),
    "proposal_decided_stays": _(
        "The result of proposal %(proposal)s is released, so its application stays as it was judged. Open it to read."
    ),
    "proposal_changed_meanwhile": _(
        "Somebody has changed proposal %(proposal)s since you opened it, so nothing was saved. Look at what is "
        "stored now, then save again."
    ),
    "proposal_set_aside_whole": _(
        "What is withdrawn or ineligible says since when and why. Fill in both the day and the reason, or neither."
    ),
    "proposal_set_aside_says_why": _(
        "Proposal %(proposal)s cannot become %(value)s without a word. Fill in the reason and the day."
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
    "saved_view_of_a_list": _("Views are kept of the lists and of exploring alone. Choose one of these pages."),
    "saved_view_name_once": _("You already keep a view under that name. Use another name, or delete that view."),
    "tallies_kept": _("Counts are kept by the database alone. Change the proposals and awards that they count."),
    # --- review ------------------------------------------------------------------------------------------------
    "assignment_once": _("That reviewer is already assigned to the proposal. Choose another one."),
    "assignment_position_once": _("That place among the proposal's reviewers is taken. Use the next one."),
    "assignment_unknown": _("Call %(call)s has no counted proposal %(proposal)s. Check the number."),
    "assignment_of_reviewer": _("“%(who)s” is no active reviewer. Choose somebody with the role of reviewer."),
    "assignment_of_nothing": _("No proposal is chosen. Choose at least one, and the reviewer."),
    "assignment_has_review": _(
        "A review of proposal %(proposal)s has been begun on this assignment, so it stays. "
        "Have the reviewer decline, or record a conflict of interest."
    ),
    "assignment_declined_stays": _(
        "The assignment of proposal %(proposal)s was declined, and is kept with its reason. "
        "Ask the reviewer again, or assign somebody else."
    ),
    "assignment_open": _("The assignment of proposal %(proposal)s is not declined. Look at the list again."),
    "stage_moves": _("Call %(call)s cannot move to that stage from where it is. Choose one of the moves shown."),
    "stage_moved_meanwhile": _("Somebody has moved call %(call)s meanwhile. Look at its stage again."),
    "settings_changed_meanwhile": _(
        "Somebody has changed what reviewers of call %(call)s see meanwhile. Look at the settings again."
    ),
    "stage_with_submitted_packet": _(
        "A packet of call %(call)s is submitted, so the call stays where it is. Have it released or sent back first."
    ),
    "stage_with_released_packet": _(
        "A packet of call %(call)s is released, so the call cannot go back into review. Undo the release first."
    ),
    "stage_after_closing": _(
        "Call %(call)s has not closed yet, so its stage follows its dates. Change the window first."
    ),
    "assignment_stays": _("An assignment belongs to its proposal and reviewer for good. Make another one instead."),
    "assignment_without_conflict": _(
        "A conflict of interest stands between that reviewer and proposal %(proposal)s. Choose another reviewer."
    ),
    "conflict_once": _("That person's interest in the proposal is already recorded. Change the existing record."),
    "conflict_finding_known": _("That finding does not exist. Choose one of the list."),
    "conflict_kind_known": _("A conflict of interest needs its kind. Choose one of the list."),
    "conflict_other_in_words": _("Say in words what other interest there is."),
    "conflict_mistake_has_reason": _(
        "Taking a conflict of interest back needs a reason. Write what was wrong with it."
    ),
    "conflict_stays": _(
        "A record of a person's interest keeps its proposal and its person, and is never deleted. "
        "Say that it was recorded in error, with the reason."
    ),
    "conflict_ends_as_mistake": _(
        "A conflict of interest with proposal %(proposal)s stands, and ends only as recorded in error. "
        "Have an officer take it back, with the reason."
    ),
    "conflict_cleared_by_person": _(
        "Only the person can declare to have no interest in a proposal. Ask the person to declare."
    ),
    "conflict_mistake_by_another": _(
        "A conflict of interest is taken back by an officer, never by the person whose it is. Ask the office."
    ),
    "conflict_stands_no_more": _(
        "No conflict of interest of that person with proposal %(proposal)s stands any more. Look at the list again."
    ),
    "criterion_once_a_place": _("That place among the call's criteria is taken. Use another place."),
    "criterion_weight_positive": _("A criterion's weight must be at least 1."),
    "criterion_frozen_once_used": _(
        "Proposals of call %(call)s have been scored, so its criteria keep their number and weights. "
        "Correct the words only."
    ),
    "pot_slice_once_a_fiscal_year": _("That fiscal year already has an annual limit. Change the existing row instead."),
    "pot_slice_not_negative": _("An annual limit cannot be below ¥0. Enter 0 or a positive amount in whole yen."),
    "review_state_known": _("That state of a review does not exist. Choose one of the list."),
    "review_in_phase": _("Call %(call)s is not in review, so its reviews stay as they are. Ask the officer."),
    "review_after_declaration": _(
        "A review of proposal %(proposal)s needs an accepted assignment and a declaration of no interest. "
        "Declare first."
    ),
    "review_submitted_stays": _("The review is already submitted and stays as it is. Reopen it first."),
    "review_complete": _("A review is submitted with every score and both comments. Fill in what is missing."),
    "review_stays": _("Reviews are kept for good and cannot be deleted. A conflict of interest sets one aside."),
    "review_changed": _(
        "This review was saved in another window on %(value_at)s. What you typed here stays on this page. "
        "Look at both, then save again to replace what is stored."
    ),
    "decline_has_reason": _("Declining needs a reason. Write it in a few words."),
    "decline_before_submitting": _(
        "Your review of proposal %(proposal)s is submitted. Have it reopened before you decline."
    ),
    "decline_in_phase": _("Call %(call)s is not in review, so there is nothing to decline. Ask the officer."),
    "score_once_a_criterion": _("That criterion is already scored. Change the existing score instead."),
    "score_in_scale": _("A score is a whole number from 1 to 5. Choose one of the five."),
    "score_of_call": _("That criterion is not among those of call %(call)s. Use the call's own criteria."),
}
declare(SENTENCES)
