"""What a board says, as a value: made once, then only shown."""

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from django.apps import apps
from django.db.models import Max
from django.utils.translation import gettext as _

from calls.models import Call
from proposals.record.models import Proposal
from proposals.record.querysets import ProposalQuerySet
from proposals.record.status import NOT_COUNTED, Status
from proposals.tallies.figures import Row, Table, Tile

Place = tuple[str, int | None, str]  # dimension, key of its row (None for a total), measure
TABLES = ("country", "field", "country_funder")


@dataclass(frozen=True)
class CountedProposal:
    """Where one proposal counts, and whether it is awarded."""

    is_counted: bool
    is_awarded: bool
    field: int
    funder: int
    country: int

    @property
    def places(self) -> set[Place]:
        """Every figure of a board in which it counts."""
        keys = {"country": self.country, "field": self.field, "country_funder": self.funder}
        rows = [("", None), *((table, None) for table in TABLES), *keys.items()]
        measures = [name for name, counts in (("proposals", self.is_counted), ("awards", self.is_awarded)) if counts]
        return {(dimension, key, measure) for dimension, key in rows for measure in measures}


@dataclass(frozen=True)
class Explanation:
    """One proposal behind a difference, in words, with the figures that it moved."""

    proposal: Proposal
    reason: str
    places: frozenset[Place]


def explanations(call: Call, proposals: ProposalQuerySet, differences: Mapping[Place, int]) -> list[Explanation]:
    """The proposals that explain a difference: those that moved its figure, where together they come to no more.

    Where they come to more, what was published was counted otherwise, and nobody can say which of them it left out.
    """
    if not differences:
        return []
    moved = [
        (proposal, _reason(proposal, then, now), _moves(then, now)) for proposal, then, now in _changed(call, proposals)
    ]
    sums = Counter[Place]()
    for *_of_proposal, moves in moved:
        sums.update(moves)
    explained = {place for place, difference in differences.items() if 0 < sums[place] / difference <= 1}
    found = ((proposal, reason, explained & moves.keys()) for proposal, reason, moves in moved)
    return [Explanation(proposal, reason, frozenset(places)) for proposal, reason, places in found if places]


def _moves(then: CountedProposal | None, now: CountedProposal) -> dict[Place, int]:
    """How much each figure moved."""
    before, after = then.places if then else set(), now.places
    return dict.fromkeys(after - before, 1) | dict.fromkeys(before - after, -1)


def _reason(proposal: Proposal, then: CountedProposal | None, now: CountedProposal) -> str:
    if then is None or (now.is_counted and not then.is_counted):
        return _("logged in addition to those published")
    if then.is_counted and not now.is_counted:
        return _("now %(status)s, so no longer counted") % {"status": proposal.get_status_display()}
    if (then.field, then.funder) != (now.field, now.funder):
        return _("moved to another field or funder")
    return _("now %(status)s") % {"status": proposal.get_status_display()}


# --- then and now ------------------------------------------------------------------------------------------------


def _changed(
    call: Call, proposals: ProposalQuerySet
) -> Iterator[tuple[Proposal, CountedProposal | None, CountedProposal]]:
    """Each proposal that counts otherwise than when the figures were published: how it stood, and how it stands.

    What is reconstructed was published as it was made, and whatever stands beside it came later. In any other call
    what was published is taken to be what was recorded when its figures were entered.
    """
    events = apps.get_model("proposals.ProposalEvent").objects.filter(call=call)
    rows = proposals.filter(call=call)
    if rows.filter(is_reconstructed=True).exists():
        events = events.filter(pgh_label="insert", is_reconstructed=True)
    else:
        entered_at = _entered_at(call)
        rows = rows.filter(pk__in=events.filter(pgh_created_at__gt=entered_at).values("pgh_obj"))
        events = events.filter(pgh_created_at__lte=entered_at, pgh_obj__in=list(rows.values_list("pk", flat=True)))
    then = {event.pgh_obj_id: _standing(event) for event in _with_country(events).order_by("pgh_id")}
    for row in _with_country(rows).select_related("call").order_by("number"):
        before, after = then.get(row.pk), _standing(row)
        if (before.places if before else set()) != after.places:
            yield row, before, after


def _with_country(rows: ProposalQuerySet) -> ProposalQuerySet:
    return rows.select_related("primary_funder")


def _standing(row: Proposal) -> CountedProposal:
    return CountedProposal(
        is_counted=row.status not in NOT_COUNTED,
        is_awarded=row.status == Status.AWARDED,
        field=row.field_id,
        funder=row.primary_funder_id,
        country=row.primary_funder.country_id,
    )


def _entered_at(call: Call) -> datetime.datetime | None:
    """When the last of the call's published figures was entered."""
    events = apps.get_model("calls.PublishedFigureEvent").objects
    entered = events.filter(pgh_label="insert", pgh_obj__in=call.published_figures.all())
    at: datetime.datetime | None = entered.aggregate(at=Max("pgh_created_at"))["at"]
    return at


@dataclass(frozen=True)
class Board:
    """The board of a call at one moment, in one language, over the proposals that its reader may see.

    Pages, paper, slides, workbook, CSV and JSON take nothing else. So a figure is counted once, and what was frozen
    cannot read today's rows. Made of a call as it stands, of a briefing, or of another board by masking it.
    """

    code: str
    title: str
    programme: str
    fiscal_year: int  # April to March
    stage: str
    window: str  # in a sentence
    between: str  # the window alone, for where a label says what it is
    as_of: datetime.datetime
    address: str  # of the call's page
    facts: Sequence[tuple[str, str]]  # who, what, until when and on what terms: label and text
    headline: Sequence[Tile]  # about the result, each leading to its rows
    tables: Sequence[Table]
    total: Row  # the whole call
    left_out: Sequence[tuple[str, int, str]]  # what is not counted: status, number, address of the rows
    not_published: Sequence[str]  # cross-tabulations that no source holds, and that are never shown as a number
    sources: Sequence[str]  # of the published figures and the terms
    counting_rule: str
    is_reconstructed: bool
    is_synthetic: bool
    is_decided: bool
    has_rates: bool
    has_published: bool
    explanations: Sequence[Explanation] = ()  # the proposals that explain a difference from what was published
    masking_rule: str = ""
    is_partial: bool = False  # something of the call is hidden from its reader, and is in no figure

    @property
    def is_masked(self) -> bool:
        """Whether small numbers are masked, so that it may go outside."""
        return bool(self.masking_rule)

    @property
    def by_size(self) -> "Board":
        """The same with the rows of each table from the greatest down."""
        return replace(self, tables=[table.by_size for table in self.tables])

    @property
    def outline(self) -> list[tuple[str, str]]:
        """The facts with the window, for where no line under the title says it."""
        return [(_("Application window"), self.between), *self.facts]
