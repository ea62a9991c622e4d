"""All calls at a glance: the stage of each, how many proposals and awards it has."""

import datetime
from dataclasses import dataclass

from calls.models import Call
from proposals.record.querysets import ProposalQuerySet
from proposals.record.status import COUNTED
from proposals.tallies.figures import rows_url


@dataclass(frozen=True)
class CallRow:
    """One call with its stage at a moment, its counted proposals and its awards."""

    call: Call
    stage: str
    proposals: int
    awards: int | None  # none before the decision

    @property
    def href(self) -> str:
        return rows_url(self.call.code)

    @property
    def awards_href(self) -> str:
        return rows_url(self.call.code, awarded="1")


def overview(proposals: ProposalQuerySet, *, at: datetime.datetime) -> list[CallRow]:
    """Every call, the newest first, counted over the proposals a reader may see."""
    counts = {
        cell["call"]: cell for cell in proposals.cells_by("call", by_lines=proposals.is_whole(), status__in=COUNTED)
    }
    nothing = {"proposals": 0, "awards": 0}
    return [
        CallRow(
            call,
            str(call.stage(at=at).label),
            counted["proposals"],
            counted["awards"] if counted["awards"] or call.progress == Call.Progress.RELEASED else None,
        )
        for call in Call.objects.newest_first().select_related("programme")
        for counted in [counts.get(call.pk, nothing)]
    ]
