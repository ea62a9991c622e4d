"""Which terms of a call are in force, how many proposals stand under which, and what the newest would refuse."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count

from calls.models import Call, Terms
from proposals.record.querysets import ProposalQuerySet
from proposals.tallies.figures import rows_url


@dataclass(frozen=True)
class Standing:
    """Terms with the proposals that are pinned to them."""

    terms: Terms
    is_in_force: bool
    proposals: int

    @property
    def href(self) -> str:
        return rows_url(self.terms.call.code, status="", terms=str(self.terms.pk))


@dataclass(frozen=True)
class TermsOfCall:
    """The terms of a call, those in force first, beside what its programme allows at most."""

    call: Call
    standings: list[Standing]
    refused: int  # proposals under earlier terms that those in force would refuse

    @property
    def refused_href(self) -> str:
        return rows_url(self.call.code, status="", flag="terms")

    @property
    def is_limited(self) -> bool:
        return self.call.programme.limit_annual_yen is not None


def terms_of(call: Call, newest_first: Iterable[Terms], proposals: ProposalQuerySet) -> TermsOfCall:
    """Over the proposals that the reader may see."""
    own = proposals.filter(call=call).order_by()
    numbers = dict(own.values_list("terms").annotate(Count("pk")))
    found = [Standing(terms, place == 0, numbers.get(terms.pk, 0)) for place, terms in enumerate(newest_first)]
    has_earlier = any(standing.proposals for standing in found[1:])
    return TermsOfCall(call, found, own.beyond_current_terms().count() if has_earlier else 0)
