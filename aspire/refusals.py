"""What we say when a rule refuses: one catalogue from the constraint's name to one sentence, the same at every door."""

import datetime
import json
import zoneinfo
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

TOKYO = zoneinfo.ZoneInfo("Asia/Tokyo")

# Each sentence states the limit, the value where it is known, and the remedy. A literal percent sign is doubled.
CATALOGUE: dict[str, Promise] = {
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
    # --- marks and packets -------------------------------------------------------------------------------------
    "mark_in_phase": _("Call %(call)s is not being decided, so nothing is marked. Have its stage changed first."),
    "mark_twice": _("Proposal %(proposal)s stands in the batch more than once. Keep one of them."),
    "mark_unknown": _("Call %(call)s has no proposal %(proposal)s for you to mark. Check the number."),
    "mark_changed": _("%(who)s marked proposal %(proposal)s on %(value_at)s, after you had looked. Look again."),
    "mark_taken_back": _("The mark of proposal %(proposal)s was taken back after you had looked. Look again."),
    "packet_has_marks": _("Call %(call)s has no staged marks to submit. Mark proposals first."),
    "leap_has_reason": _(
        "Marked better than others of the field that rank above, without a reason: %(proposals)s. "
        "Give each its reason, then submit."
    ),
    "mark_decision_known": _("That decision does not exist. Choose award, reserve or decline."),
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
    "packet_step_has_reason": _("Sending back or undoing needs a reason. Write it down."),
    "release_by_second_person": _(
        "A release needs a second person: not who submitted the packet, nor who marked any of it. Ask another manager."
    ),
    "release_without_conflict": _(
        "A conflict of interest stands between the releaser and a proposal of the packet. Ask another manager."
    ),
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
    "institution_once": _("That institution is already there. Use the existing one."),
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
    "pot_slice_once_a_fiscal_year": _("That fiscal year already has a slice. Change the existing row instead."),
    "pot_slice_not_negative": _("A slice cannot be below ¥0. Enter 0 or a positive amount in whole yen."),
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
    # --- proposals ---------------------------------------------------------------------------------------------
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
    "proposal_released_stays": _(
        "The award of proposal %(proposal)s is released. Undo the release, with its reason, first."
    ),
    # --- calls and terms ---------------------------------------------------------------------------------------
    "call_code_once": _("That call code is taken. Use another code."),
    "call_window_whole": _("Give both the opening and the closing time of the window, or neither."),
    "call_window_ordered": _("The window closes before it opens. Correct one of the two times."),
    "call_window_covers_received": _(
        "Proposal %(proposal)s was received %(value_at)s and would fall outside the new window. "
        "Keep the window around it, or record the reason on that proposal first."
    ),
    "call_pot_not_negative": _("The pot cannot be below ¥0. Enter a positive amount in whole yen, or leave it empty."),
    "call_fields_keep_proposals": _(
        "Field %(field)s is used by proposals of call %(call)s and stays among its fields."
    ),
    "call_field_once": _("That field is already among the call's fields. Change the existing row instead."),
    "eligible_funder_once_a_call": _("That funder is already eligible for the call. Change the existing row instead."),
    "published_figure_once_a_place": _("That place in print is taken by another figure. Use another place."),
    "terms_frozen_once_used": _(
        "These terms are pinned by proposals of call %(call)s and cannot change. "
        "Add new terms; they hold for proposals received from then on."
    ),
    "terms_ceiling_positive": _("The ceiling must be at least ¥1 a fiscal year."),
    "terms_months_positive": _("The longest research period must be at least 1 month."),
    "terms_indirect_percent_sane": _("The rate of indirect costs must be between 0%% and 100%% of direct costs."),
    # --- partners ----------------------------------------------------------------------------------------------
    "country_alpha2_once": _("That country is already there. Use the existing one."),
    "country_alpha2_form": _("A country code has two capital letters (ISO 3166-1 alpha-2), such as GB."),
    "funder_code_once": _("That funder code is taken. Use another code."),
    "funder_label_once_a_country": _("That country already has a funder with this label. Use the existing one."),
    "funder_agency_has_acronym": _("An agency needs its acronym; only categories such as private funders have none."),
    "funder_code_form": _(
        "A funder code is its country's code, a hyphen, and capital letters, digits or hyphens, such as GB-UKRI."
    ),
    "funder_ror_form": _("A ROR ID has nine signs and begins with 0, such as 001aqnf71. Leave out https://ror.org/."),
    "funder_crossref_form": _(
        "A Crossref Funder ID has 9 to 12 digits, such as 100014013. Leave out the rest of a DOI."
    ),
    "briefing_code_once": _("A briefing with that code is already there. Use another code."),
    "briefing_stays": _("A frozen briefing is kept as it was said and cannot be changed or deleted. Freeze another."),
    "saved_view_name_once": _("You already keep a view under that name. Use another name, or delete that view."),
    # --- everywhere --------------------------------------------------------------------------------------------
    "history_is_append_only": _("History is kept as it was written and cannot be changed or deleted."),
    "tallies_kept": _("Tallies are kept by PostgreSQL alone. Change the proposals and awards that they count."),
    "rows_never_truncated": _("These rows cannot be emptied in one stroke, since totals and history rest on them."),
    "text_without_null": _("What was sent holds a null character, which no text can. Remove it and send it again."),
    "value_required": _("A required value is missing. Fill it in."),
    "value_once": _("That value is taken. Use the record that has it, or another value."),
    "value_not_negative": _("A number here cannot be below 0. Enter 0 or more."),
    "reference_exists": _("This refers to a record that does not exist. Choose an existing one, or record it first."),
    "still_referred_to": _("Other records refer to this one. Remove or change those first."),
}
# What a constraint says whose name PostgreSQL or Django chose, by its name or else by its SQLSTATE.
CHOSEN_NAMES = {"proposals_award_proposal_id_key": "award_once", "proposals_mark_proposal_id_key": "value_once"}
GENERAL = {
    "23502": "value_required",
    "23503": "still_referred_to",
    "23505": "value_once",
    "23514": "value_not_negative",
}
NOTHING = "\u2015"
UNKNOWN = _("The database refused this change, and nothing was saved. Check the values and try again.")


def readable(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as a sentence wants them: yen grouped, days and instants in the reader's language."""
    shown = {}
    for key, value in values.items():
        if value is None:
            shown[key] = NOTHING
        elif key.endswith("_yen"):
            shown[key] = f"{int(value):,}"
        elif key.endswith("_on"):
            day = value if isinstance(value, datetime.date) else datetime.date.fromisoformat(value)
            shown[key] = date_format(day, "DATE_FORMAT")
        elif key.endswith("_at"):
            at = value if isinstance(value, datetime.datetime) else datetime.datetime.fromisoformat(value)
            shown[key] = date_format(at.astimezone(TOKYO), "DATETIME_FORMAT")
        elif isinstance(value, str):
            shown[key] = gettext(value.replace("_", " ")) if key in {"status", "value"} else value
        else:
            shown[key] = str(value)
    return shown


@dataclass(frozen=True)
class Refusal:
    """A rule's name and the values that broke it: yen in ``…_yen``, days in ``…_on``, instants in ``…_at``."""

    name: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The one sentence, in the active language."""
        if self.name not in CATALOGUE:
            return str(UNKNOWN)
        return str(CATALOGUE[self.name]) % defaultdict(lambda: NOTHING, readable(self.values))

    def error(self) -> ValidationError:
        """The refusal as a form or ``full_clean`` reports it."""
        return ValidationError(self.sentence, code=self.name)


def from_error(error: BaseException) -> Refusal | None:
    """The refusal behind a database error, or None where the error is no refusal of ours.

    Only the constraint's name and the values our own triggers hand over are read: the server's own message
    and detail may carry other columns' values, and go no further.
    """
    diagnostics = getattr(error if hasattr(error, "diag") else error.__cause__, "diag", None)
    if diagnostics is None or not (diagnostics.sqlstate or "").startswith("23"):
        return None
    name, message = diagnostics.constraint_name, diagnostics.message_primary or ""
    name = CHOSEN_NAMES.get(name, name)
    if name in CATALOGUE:
        return Refusal(name, json.loads(diagnostics.message_detail) if message.startswith("aspire: ") else {})
    if diagnostics.sqlstate == "23503" and message.startswith("insert or update"):
        return Refusal("reference_exists")
    return Refusal(GENERAL.get(diagnostics.sqlstate, ""))


class RefusalMiddleware:
    """The last door: a refusal that no form caught becomes a page with its sentence, never a server error."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: Any, args: Any, named: Any) -> HttpResponse | None:
        """What PostgreSQL can keep in no text is refused before any page reads it; files go to their reader."""
        sent = [text for data in (request.GET, request.POST) for name, texts in data.lists() for text in (name, *texts)]
        if not any("\0" in str(text) for text in (*sent, *args, *named.values())):
            return None
        return render(request, "refusal.html", {"refusal": Refusal("text_without_null")}, status=400)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        refusal = from_error(exception) if isinstance(exception, DatabaseError) else None
        if refusal is None:
            return None
        return render(request, "refusal.html", {"refusal": refusal}, status=409)
