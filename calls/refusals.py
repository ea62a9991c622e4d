"""Rules about programmes, calls and terms: the name of each and its one sentence."""

from django.utils.translation import gettext_lazy as _

from aspire.refusals import declare

SENTENCES = {
    "programme_code_form": _(
        "A programme code has letters, digits or hyphens and begins with a letter or a digit, such as aspire. "
        "Leave out spaces and other signs."
    ),
    "field_code_form": _(
        "A field code has letters, digits or hyphens and begins with a letter or a digit, such as quantum. "
        "Leave out spaces and other signs."
    ),
    "call_code_form": _(
        "A call code has capital letters, digits or hyphens and begins with a letter or a digit, such as R4-TRIAL. "
        "Use no other signs: the code stands in the address of the call's board."
    ),
    "call_code_once": _("That call code is taken. Use another code."),
    "call_window_whole": _("Give both the opening and the closing time of the window, or neither."),
    "call_window_ordered": _("The window closes before it opens. Correct one of the two times."),
    "call_window_covers_received": _(
        "Proposal %(proposal)s was received %(value_at)s and would fall outside the new window. "
        "Keep the window around it, or record the reason on that proposal first."
    ),
    "call_pot_not_negative": _(
        "The budget cannot be below ¥0. Enter a positive amount in whole yen, or leave it empty."
    ),
    "call_fields_keep_proposals": _(
        "Field %(field)s is used by proposals of call %(call)s and stays among its fields."
    ),
    "call_field_once": _("That field is already among the call's fields. Change the existing row instead."),
    "eligible_funder_once_a_call": _("That funder is already eligible for the call. Change the existing row instead."),
    "published_figure_once_a_place": _("That place in print is taken by another figure. Use another place."),
    "published_figure_once": _(
        "That number is published once already: the same measure, table and row of the call. Correct the existing "
        "figure instead of adding another."
    ),
    "published_figure_has_value": _(
        "A figure that is published or derived states its number, and one that is not published states none. "
        "Enter the number, or choose another status."
    ),
    "published_figure_not_negative": _("A published number cannot be below 0. Enter 0 or more."),
    "published_figure_names_its_row": _(
        "A figure names the row of its table and nothing else: the country, the field, or the funder; a total and the "
        "whole call name none. Choose what its table goes by."
    ),
    "terms_frozen_once_used": _(
        "These terms are pinned by proposals of call %(call)s and cannot change. "
        "Add new terms; they hold for proposals received from then on."
    ),
    "terms_within_programme": _(
        "Terms of ¥%(value_yen)s a fiscal year and %(months)s months are above the outer limits of programme "
        "%(programme)s (¥%(limit_yen)s and %(limit)s months). Lower them, or have an administrator raise the limits."
    ),
    "programme_states_limits": _(
        "Programme %(programme)s states no outer limits yet, so its calls have no terms. "
        "Have an administrator state its limits first."
    ),
    "programme_limits_cover_terms": _(
        "Terms of call %(call)s allow ¥%(value_yen)s a fiscal year and %(months)s months, above the new outer limits "
        "(¥%(limit_yen)s and %(limit)s months). Keep the limits at or above them."
    ),
    "programme_limits_by_administrator": _(
        "The outer limits of a programme are an administrator's to change. Ask one."
    ),
    "programme_limits_have_reason": _("Outer limits, and each change of them, need a reason of their own. Enter it."),
    "programme_limits_whole": _("Give both outer limits, yen a fiscal year and months, or neither."),
    "programme_limits_positive": _("Outer limits must be at least ¥1 a fiscal year and 1 month."),
    "terms_ceiling_positive": _("The ceiling must be at least ¥1 a fiscal year."),
    "terms_months_positive": _("The longest research period must be at least 1 month."),
    "terms_indirect_percent_sane": _("The rate of indirect costs must be between 0%% and 100%% of direct costs."),
}
declare(SENTENCES)
