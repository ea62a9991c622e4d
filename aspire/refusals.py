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
    "award_never_deleted": _("Awarded rows are kept for good and cannot be deleted. Correct the amounts instead."),
    "call_awards_within_pot": _(
        "Awards of call %(call)s would come to ¥%(value_yen)s, above its pot of ¥%(limit_yen)s, by ¥%(over_yen)s. "
        "Lower an amount, or have the pot raised first."
    ),
    "call_awards_within_number": _(
        "Call %(call)s would have %(value)s awards, above its number of %(limit)s. "
        "Leave one out, or have the number raised first."
    ),
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
        "Proposal %(proposal)s has an award and cannot become %(value)s. Leave its status as it is."
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
    # --- everywhere --------------------------------------------------------------------------------------------
    "history_is_append_only": _("History is kept as it was written and cannot be changed or deleted."),
    "rows_never_truncated": _("These rows cannot be emptied in one stroke, since totals and history rest on them."),
    "value_required": _("A required value is missing. Fill it in."),
    "value_once": _("That value is taken. Use the record that has it, or another value."),
    "value_not_negative": _("A number here cannot be below 0. Enter 0 or more."),
    "reference_exists": _("This refers to a record that does not exist. Choose an existing one, or record it first."),
    "still_referred_to": _("Other records refer to this one. Remove or change those first."),
}
# What a constraint says whose name PostgreSQL or Django chose, by its name or else by its SQLSTATE.
CHOSEN_NAMES = {"proposals_award_proposal_id_key": "award_once"}
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

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        refusal = from_error(exception) if isinstance(exception, DatabaseError) else None
        if refusal is None:
            return None
        return render(request, "refusal.html", {"refusal": refusal}, status=409)
