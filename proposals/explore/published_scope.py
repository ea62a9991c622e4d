"""Which figures of a reconstructed call its source states: single tables, never a cross that was not printed."""

from collections.abc import Iterable

from proposals.explore.dimensions import Dimension
from proposals.explore.question import Question
from proposals.record.status import Status
from proposals.tallies.counts import Tallies

YEN = {"requested_yen", "awarded_yen"}
OUTCOME = {"awards", "rate"}
# What every proposal of a call shares, so that asking for it crosses nothing.
OF_THE_CALL = {"call", "fiscal_year", "programme", "synthetic", "without"}
PRINTED = {
    frozenset[str](): "",
    frozenset({"country"}): "country",
    frozenset({"funder"}): "country_funder",
    frozenset({"country", "funder"}): "country_funder",
    frozenset({"field"}): "field",
}


def states(tallies: Tallies, question: Question, dimensions: Iterable[Dimension]) -> bool:
    """Whether the source of a reconstructed call states the measure by these dimensions under the filters."""
    if question.measure in YEN or question.is_involving:
        return False
    names = {dimension.key for dimension in dimensions} | set(question.filters)
    is_outcome = question.measure in OUTCOME or "awarded" in names or ("status" in names and asks_outcome(question))
    table = PRINTED.get(frozenset(names - OF_THE_CALL - {"status", "awarded"}))
    return table is not None and tallies.states(table, "awards" if is_outcome else "proposals")


def asks_outcome(question: Question) -> bool:
    """Whether statuses are told apart by more than being counted."""
    return question.filters.get("status") in set(Status) or any(one.key == "status" for one in question.dimensions)
