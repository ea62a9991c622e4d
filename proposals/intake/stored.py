"""What is stored of proposals that a file names, and what a plan rests on."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from proposals.intake.contract import Contract
from proposals.intake.resources import ProposalResource
from proposals.record.models import Proposal


def first_counterpart(proposal: Proposal | None) -> tuple[str, str]:
    """Name and institution of the counterpart who stands first; empty where there is none."""
    first = next(iter(proposal.counterparts.all()), None) if proposal else None
    return (first.person, first.institution) if first else ("", "")


def numbers_of(contract: Contract) -> list[str]:
    """The numbers of the call's proposals."""
    return list(contract.proposals.values_list("number", flat=True))


def awarded_years(proposal: Proposal | None) -> list[int]:
    """The fiscal years for which the proposal has been awarded something."""
    award = getattr(proposal, "award", None)
    return [amount.fiscal_year for amount in award.amounts.all()] if award else []


def stored_proposals(contract: Contract, numbers: Iterable[str]) -> dict[str, Proposal]:
    """Those of the call's proposals that are named, with what a row is compared with."""
    named = {number for number in numbers if isinstance(number, str) and number}
    if not named:
        return {}
    known = named.intersection(numbers_of(contract))
    found = contract.proposals.filter(number__in=known).select_related(
        "field", "primary_funder__country", "terms", "award"
    )
    return {p.number: p for p in found.prefetch_related("costs", "counterparts", "award__amounts")}


@lru_cache(maxsize=100)
def resource(years: tuple[int, ...]) -> ProposalResource:
    """The resource of those fiscal years; to make one takes longer than to read a proposal with it."""
    return ProposalResource(years)


def state(contract: Contract, proposals: Mapping[str, Proposal]) -> dict[str, Any]:
    """Everything stored that a plan is computed from."""
    call, terms = contract.call, contract.terms
    found: dict[str, Any] = {
        "call": [call.opens_at, call.closes_at, call.code],
        "terms": terms and [terms.pk, *asdict(terms.limits).values()],
        "fields": contract.field_by_name,
        "countries": contract.country_by_name,
        "funders": [[funder.pk, funder.code, funder.country.alpha2] for funder in contract.funders],
        "names": {name: [funder.pk for funder in found] for name, found in contract.funders_by_name.items()},
        "eligible": sorted(contract.eligible),
        "proposals": {},
    }
    for number, proposal in proposals.items():
        years = tuple(cost.fiscal_year for cost in proposal.costs.all())
        found["proposals"][number] = [*resource(years).values(proposal).items(), *awarded_years(proposal)]
    return found
