"""Rules about amounts and awards: the name of each and its one sentence."""

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
        "Awards of call %(call)s would come to ¥%(value_yen)s, above its pot of ¥%(limit_yen)s, by ¥%(over_yen)s. "
        "Lower an amount, or have the pot raised first."
    ),
    "call_awards_within_number": _(
        "Call %(call)s would have %(value)s awards, above its number of %(limit)s. "
        "Leave one out, or have the number raised first."
    ),
    "call_awards_within_slice": _(
        "Awards of call %(call)s would come to ¥%(value_yen)s in fiscal year %(fiscal_year)s, above that year's slice "
        "of ¥%(limit_yen)s, by ¥%(over_yen)s. Lower an amount of that year, or have the slice raised first."
    ),
    "awards_fit": _(
        "These awards do not fit what call %(call)s may give. By how much is not shown to you, since a conflict of "
        "interest or an embargo hides part of the call. Mark less, or ask somebody who sees all of it."
    ),
}
declare(SENTENCES)
