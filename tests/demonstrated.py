"""The demonstration as its command loads it, and what each of its rows says."""

import datetime
import io

from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import translation

from calls.models import Call, EligibleFunder
from partners.models import Country, Funder
from proposals.record.models import AnnualAward, AnnualCost, Counterpart, Proposal

TODAY = datetime.date(2026, 11, 23)
# What each row says, without the keys that the database gives.
SAID = {
    Call: ["code", "name_ja", "opens_at", "closes_at", "progress", "pot_yen", "max_awards", "taken_yen"],
    Proposal: [
        *[
            "number",
            "status",
            "title_ja",
            "title_en",
            "field__code",
            "received_at",
            "late_reason",
            "starts_on",
            "ends_on",
        ],
        *["principal_investigator", "principal_investigator_reading", "researcher_number", "institution"],
        *["primary_funder__code", "young_researcher_plan", "requested_direct_yen", "requested_indirect_yen"],
    ],
    AnnualCost: ["proposal__number", "fiscal_year", "direct_yen", "indirect_yen"],
    Counterpart: ["proposal__number", "country__alpha2", "funder__code", "person", "institution"],
    AnnualAward: ["award__proposal__number", "award__awarded_on", "fiscal_year", "direct_yen", "indirect_yen"],
    EligibleFunder: ["call__code", "funder__code", "eligible_from"],
    Country: ["alpha2", "name_ja", "reading"],
    Funder: ["code", "name_ja", "label_as_printed"],
    User: ["username", "password", "first_name", "last_name", "is_staff", "is_superuser"],
}


def load(on: datetime.date = TODAY) -> list[str]:
    """The lines that the command prints."""
    out = io.StringIO()
    with translation.override("en"):
        call_command("load_demo", on=on, stdout=out)
    return out.getvalue().splitlines()


def everything(*, but: tuple = ()) -> dict:
    return {
        model: list(model.objects.order_by(*said).values(*said)) for model, said in SAID.items() if model not in but
    }
