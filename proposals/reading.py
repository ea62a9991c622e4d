"""What one proposal's page shows to whom."""

from typing import Any

from aspire.people import Person
from proposals.record.models import Award, Proposal


def sheet(proposal: Proposal, user: Person) -> dict[str, Any]:
    """The proposal with its costs, what each year leaves under the ceiling (yen), its partners and its award."""
    limits = proposal.terms.limits
    costs = [(cost, limits.remaining_yen(cost.direct_yen, cost.indirect_yen)) for cost in proposal.costs.all()]
    award: Award | None = proposal.released_award
    return {
        "proposal": proposal,
        "visible": Proposal.objects.fields_visible_to(user),
        "costs": costs,
        "ceiling_yen": limits.annual_ceiling_yen,
        "counterparts": list(proposal.counterparts.select_related("country", "funder__country")),
        "award": award,
        "amounts": list(award.amounts.all()) if award else [],
    }
