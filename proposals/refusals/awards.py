"""Rules about amounts, awards, marks and packets: the name of each and its one sentence."""

from django.utils.translation import gettext_lazy as _

from aspire.refusals import declare

SENTENCES = {
    # --- amounts requested -------------------------------------------------------------------------------------
    "cost_direct_not_negative": _("Direct costs cannot be below ¥0. Enter 0 or a positive amount in whole yen."),
    "cost_indirect_not_negative": _("Indirect costs cannot be below ¥0. Enter 0 or a positive amount in whole yen."),
    "cost_once_a_fiscal_year": _(
        "This proposal already has costs for that fiscal year. Change the existing row instead of adding another."
    ),
    "cost_inside_period": _(
        "The costs of fiscal year %(fiscal_year)s lie outside the research period (%(starts_on)s to %(ends_on)s). "
        "Move them to a fiscal year inside the period, or correct the period."
    ),
    "cost_within_ceiling": _(
        "Fiscal year %(fiscal_year)s: the request of ¥%(value_yen)s is above the ceiling of ¥%(limit_yen)s a fiscal "
        "year, by ¥%(over_yen)s. Lower it to the ceiling or less."
    ),
    "cost_within_total": _(
        "The requests of all fiscal years come to ¥%(value_yen)s, above the ¥%(limit_yen)s that %(months)s months at "
        "the ceiling allow, by ¥%(over_yen)s. Lower one or more fiscal years."
    ),
    "cost_indirect_within_rate": _(
        "Fiscal year %(fiscal_year)s: indirect costs of ¥%(value_yen)s are above %(percent)s%% of the direct costs "
        "(at most ¥%(limit_yen)s). Lower the indirect costs."
    ),
    # --- amounts awarded ---------------------------------------------------------------------------------------
    "award_direct_not_negative": _(
        "Awarded direct costs cannot be below ¥0. Enter 0 or a positive amount in whole yen."
    ),
    "award_indirect_not_negative": _(
        "Awarded indirect costs cannot be below ¥0. Enter 0 or a positive amount in whole yen."
    ),
    "award_once_a_fiscal_year": _(
        "This award already has an amount for that fiscal year. Change the existing row instead of adding another."
    ),
    "award_inside_period": _(
        "The award of fiscal year %(fiscal_year)s lies outside the research period (%(starts_on)s to %(ends_on)s). "
        "Move it to a fiscal year inside the period, or correct the period."
    ),
    "award_within_ceiling": _(
        "Fiscal year %(fiscal_year)s: the award of ¥%(value_yen)s is above the ceiling of ¥%(limit_yen)s a fiscal "
        "year, by ¥%(over_yen)s. Lower it to the ceiling or less."
    ),
    "award_within_total": _(
        "The awards of all fiscal years come to ¥%(value_yen)s, above the ¥%(limit_yen)s that %(months)s months at "
        "the ceiling allow, by ¥%(over_yen)s. Lower one or more fiscal years."
    ),
    "award_indirect_within_rate": _(
        "Fiscal year %(fiscal_year)s: awarded indirect costs of ¥%(value_yen)s are above %(percent)s%% of the direct "
        "costs (at most ¥%(limit_yen)s). Lower the indirect costs."
    ),
    # --- awards ------------------------------------------------------------------------------------------------
    "award_of_eligible_proposal": _(
        "Proposal %(proposal)s is %(status)s and cannot be awarded. Correct its status first, or award another one."
    ),
    "award_once": _("This proposal already has an award. Change the existing award instead of adding another."),
    "award_keeps_proposal": _("An award belongs to its proposal for good. Leave the proposal as it was."),
    "award_released_stays": _(
        "The award of proposal %(proposal)s is submitted or released and cannot be taken back. "
        "Have the packet sent back, or undo the release, first."
    ),
    "award_in_packet": _(
        "The award of proposal %(proposal)s is submitted or released and keeps its amounts. "
        "Have the packet sent back, or undo the release, first."
    ),
    "award_has_amounts": _(
        "Proposal %(proposal)s is marked for an award, but no award with amounts is staged. Enter its amounts first."
    ),
    "award_has_mark": _(
        "Proposal %(proposal)s is not marked for an award, so it is given none. Mark it on the awards page of its call."
    ),
    "call_awards_within_pot": _(
        "Awards of call %(call)s would come to ¥%(value_yen)s, above its budget of ¥%(limit_yen)s, by ¥%(over_yen)s. "
        "Lower an amount, or have the budget raised first."
    ),
    "call_awards_within_number": _(
        "Call %(call)s would have %(value)s awards, above its number of %(limit)s. "
        "Leave one out, or have the number raised first."
    ),
    "call_awards_within_slice": _(
        "Awards of call %(call)s would come to ¥%(value_yen)s in fiscal year %(fiscal_year)s, above that year's limit "
        "of ¥%(limit_yen)s, by ¥%(over_yen)s. Lower an amount of that year, or have the limit raised first."
    ),
    "awards_fit": _(
        "These awards do not fit what call %(call)s may give. By how much is not shown to you, since a conflict of "
        "interest or an embargo hides part of the call. Mark less, or ask somebody who sees all of it."
    ),
    # --- marks and packets -------------------------------------------------------------------------------------
    "mark_in_phase": _("Call %(call)s is not being decided, so nothing is marked. Have its stage changed first."),
    "mark_twice": _("Proposal %(proposal)s stands in the batch more than once. Keep one of them."),
    "mark_unknown": _("Call %(call)s has no proposal %(proposal)s for you to mark. Check the number."),
    "mark_changed": _("%(who)s marked proposal %(proposal)s on %(value_at)s, after you had looked. Look again."),
    "mark_taken_back": _("The mark of proposal %(proposal)s was taken back after you had looked. Look again."),
    "packet_has_marks": _("Call %(call)s has no staged marks to submit. Mark proposals first."),
    "leap_has_reason": _(
        "Preferred to others of the field that rank above, without a reason: %(proposals)s. "
        "Give each its reason, then submit."
    ),
    "mark_decision_known": _("That decision does not exist. Choose award, reserve or decline."),
    "mark_by_office_or_lead": _(
        "Proposal %(proposal)s is marked by an officer, an administrator, or the lead reviewer of its field. "
        "Have one of them mark it."
    ),
    "mark_without_conflict": _(
        "A conflict of interest stands between proposal %(proposal)s and whoever marked it. Have somebody else mark it."
    ),
    "mark_after_declaration": _(
        "Proposal %(proposal)s can be marked once you have declared whether you have an interest in it. Declare first."
    ),
    "mark_with_award": _(
        "Proposal %(proposal)s has a staged award, so its mark must be *award*. Take the award back first."
    ),
    "mark_in_packet": _(
        "The mark of proposal %(proposal)s is in a packet that is submitted or released, and cannot change. "
        "Have the packet sent back, or undo the release, first."
    ),
    "packet_once_a_call": _("Another packet of this call is submitted. Have it released or sent back first."),
    "packet_state_known": _("That state of a packet does not exist. Choose one of the list."),
    "packet_moves": _(
        "A packet begins submitted, is then released or sent back, and only a release can be undone. "
        "Look at its state again."
    ),
    "packet_stays": _("A packet is kept for good and cannot be deleted. Send it back, or undo its release."),
    "packet_submitted_by_office": _(
        "A packet is submitted by an officer or an administrator. Have one of them submit it."
    ),
    "packet_decided_by_manager": _("A packet is released, sent back or undone by a manager. Ask a manager."),
    "packet_step_once": _("That step of the packet is already recorded. Look at the packet's steps again."),
    "packet_step_known": _("That step of a packet does not exist. Choose to submit, send back, release or undo it."),
    "packet_step_of_act": _(
        "Each act on a packet and its step in the history are written together, by whoever acted. "
        "Use the packet's page to submit, send back, release or undo it."
    ),
    "packet_step_has_reason": _("Sending back or undoing needs a reason. Write it down."),
    "release_by_second_person": _(
        "A release needs a second person: not who submitted the packet, nor who marked any of it. Ask another manager."
    ),
    "release_by_independent_person": _(
        "%(who)s submitted or marked this packet and, within the last 7 days, made the releaser's account or gave it "
        "its role, password or mail address. Ask another manager."
    ),
    "release_without_conflict": _(
        "A conflict of interest stands between the releaser and a proposal of the packet. Ask another manager."
    ),
    "packet_without_conflict": _(
        "A conflict of interest stands between you and a proposal of the packet, so you neither send it back nor undo "
        "its release. Ask another manager."
    ),
}
declare(SENTENCES)
