"""What a board says, as a value: made once, then only shown."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from proposals.tallies.explanations import Explanation
from proposals.tallies.figures import Row, Table, Tile


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
    def outline(self) -> list[tuple[str, str]]:
        """The facts with the window, for where no line under the title says it."""
        return [(_("Application window"), self.between), *self.facts]
