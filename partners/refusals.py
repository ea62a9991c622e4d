"""Rules about countries and funders: the name of each and its one sentence."""

from django.utils.translation import gettext_lazy as _

from aspire.refusals import declare

SENTENCES = {
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
    "institution_once": _("That institution is already there. Use the existing one."),
    "institution_name_once": _(
        "“%(name)s” is a name of %(institution)s already. Use that institution, or take the name away there."
    ),
    "institution_erad_form": _("An institution code of e-Rad has 10 digits, leading zeros included. Use all of them."),
    "institution_ror_form": _(
        "A ROR ID has nine signs and begins with 0, such as 001aqnf71. Leave out https://ror.org/."
    ),
}
declare(SENTENCES)
