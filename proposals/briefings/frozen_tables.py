"""A table that somebody explored, frozen with the proposals behind it and held against the same question today."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.utils import translation
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from aspire.people import Person
from aspire.templatetags.figures import count
from aspire.yen import points, share
from proposals.briefings.changes import Change, FrozenProposal, Place, changes_between, place_of
from proposals.briefings.comparison import Compared, hidden_among, standings_of
from proposals.explore.counts import Value, further
from proposals.explore.dimensions import COUNTRY, Dimension, Found, Member
from proposals.explore.grid import Cross
from proposals.explore.question import Question
from proposals.record.models import Briefing
from proposals.record.querysets import ProposalQuerySet

Words = dict[str, Any]
AMOUNTS = ("requested_direct_yen", "requested_indirect_yen", "award__awarded_direct_yen", "award__awarded_indirect_yen")


# --- freezing ----------------------------------------------------------------------------------------------------


@transaction.atomic
def freeze_table(
    question: Question, *, code: str, name_ja: str, name_en: str, by: Person, at: datetime.datetime
) -> Briefing:
    """Keep the table as it stands under a name, with its question, its words and every proposal behind it."""
    grid = Cross(question, at=at)
    behind = standings_asked(question, grid)
    return Briefing.objects.create(
        code=code,
        name_ja=name_ja,
        name_en=name_en,
        as_of=at,
        frozen_by=by,
        query=question.address(heat="", sort=""),
        figures=[_figure(place, value) for place, value in values(grid).items()],
        rows={number: standing.as_json() for number, standing in behind.items()},
        about=_said(question, at),
        calls=[call.pk for call in grid.calls],
    )


def _figure(place: Place, value: Value) -> dict[str, Any]:
    number = str(value.number) if isinstance(value.number, Decimal) else value.number
    known = {"value": number, "of": value.proposals, "part": value.awards, "is_published": value.is_published}
    return {"place": dict(place), "query": value.href, **known}


def _said(question: Question, at: datetime.datetime) -> Words:
    """Everything that the page says beside the figures, by language."""
    return {"measure": question.measure} | {name: _in(name, question, at) for name, _label in settings.LANGUAGES}


def _in(language: str, question: Question, at: datetime.datetime) -> Words:
    with translation.override(language):
        grid = Cross(question, at=at)
        return {
            "caption": grid.caption,
            "unit": grid.unit,
            "total": grid.total_label,
            "row": str(question.row.label),
            "rows": [[line.entry.code, line.entry.label] for line in grid.lines],
            "columns": [[column.code, column.label] for column in grid.columns],
            "notes": list(_notes(grid)),
        }


def _notes(grid: Cross) -> Iterator[str]:
    """What the table counts, what it leaves out, and what its rows are not."""
    yield grid.counting_rule
    for label, number, _href in grid.left_out:
        yield _("%(label)s: %(number)s") % {"label": label, "number": count(number)}
    for call, number in grid.left_aside.items():
        one = "%(call)s (%(shown)s proposal) is left out of this table, since its source holds no such cross."
        more = "%(call)s (%(shown)s proposals) is left out of this table, since its source holds no such cross."
        yield ngettext(one, more, number) % {"call": call.name, "shown": count(number)}
    for call in grid.reconstructed:
        yield (
            _("%(call)s: the proposals are reconstructed from published totals; they are not the real ones.")
            % {"call": call.name}
        )
    if grid.synthetic:
        codes = ", ".join(call.code for call in grid.synthetic)
        yield " ".join([_("Synthetic, made for demonstration:"), codes])


# --- what is counted ---------------------------------------------------------------------------------------------


def values(grid: Cross) -> dict[Place, Value]:
    """Every figure of a table by its place, totals among them."""
    question = grid.question
    found: dict[Place, Value] = {}
    for line in [*grid.lines, grid.total]:
        row = {question.row.key: line.entry.code} if line is not grid.total else {}
        if question.column:
            for column, value in zip(grid.columns, line.cells, strict=True):
                found[place_of({**row, question.column.key: column.code})] = value
        found[place_of(row)] = line.total
    return found


def standings_asked(question: Question, grid: Cross) -> dict[str, FrozenProposal]:
    """How each proposal in the table stands, by number."""
    proposals = question.matching().exclude(call__in=list(grid.left_aside))
    if not question.has_own_statuses:
        proposals = proposals.counted()
    paths = [dimension.path for dimension in question.dimensions]
    rows = list(proposals.order_by("number").values_list("number", "status", *AMOUNTS, *paths))
    known = [_codes(dimension, {row[6 + n] for row in rows}) for n, dimension in enumerate(question.dimensions)]
    beyond = _beyond(question)
    found: dict[str, FrozenProposal] = {}
    for number, status, direct, indirect, given, overhead, *places in rows:
        codes = {}
        for dimension, code_of, value in zip(question.dimensions, known, places, strict=True):
            codes[dimension.key] = [code_of[value]] + (beyond.get(number, []) if dimension is COUNTRY else [])
        requested, awarded = (direct or 0) + (indirect or 0), (given or 0) + (overhead or 0)
        found[number] = FrozenProposal.of(status, codes, requested, awarded, is_counted=True)
    return found


def _codes(dimension: Dimension, found: Found) -> dict[object, str]:
    return {entry.value: entry.code for entry in dimension.entries(found)}


def _beyond(question: Question) -> dict[str, list[str]]:
    """The further countries under which a proposal counts, where the question counts those involved."""
    found: dict[str, list[str]] = {}
    if question.is_involving:
        pairs = further(question).order_by("country__alpha2").values_list("proposal__number", "country__alpha2")
        for number, country in pairs.distinct():
            found.setdefault(number, []).append(country)
    return found


# --- then and now ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CrossedRow:
    label: str
    cells: list[Compared]  # in the order of the columns, the total last


@dataclass
class CrossedComparison:
    """A frozen table beside the answer to the same question as its reader may see it now."""

    briefing: Briefing
    proposals: ProposalQuerySet
    request: HttpRequest
    at: datetime.datetime

    @cached_property
    def question(self) -> Question:
        return Question(QueryDict(self.briefing.query.partition("?")[2]), self.proposals, self.request)

    @property
    def problems(self) -> list[str]:
        """What of the question can no longer be asked; then there is no now."""
        return self.question.problems

    @cached_property
    def grid(self) -> Cross:
        return Cross(self.question, at=self.at)

    @cached_property
    def words(self) -> Words:
        found: Words = self.briefing.about[(get_language() or "ja")[:2]]
        return found

    @property
    def measure(self) -> str:
        return str(self.briefing.about["measure"])

    @cached_property
    def _then(self) -> dict[Place, dict[str, Any]]:
        return {place_of(figure["place"]): figure for figure in self.briefing.figures}

    @cached_property
    def _now(self) -> dict[Place, Value]:
        return {} if self.problems else values(self.grid)

    def _compared(self, codes: dict[str, str]) -> Compared:
        place = place_of(codes)
        nothing = None if self.measure == "rate" else 0
        kept, value = self._then.get(place), self._now.get(place)
        then = kept["value"] if kept else nothing
        then = Decimal(then) if isinstance(then, str) else then
        now = value.number if value else nothing
        href = value.href if value else ""
        gap = self._points(kept, value) if self.measure == "rate" else None
        return Compared(place, self.measure, then, None if self.problems else now, href, points=gap)

    @staticmethod
    def _points(kept: dict[str, Any] | None, value: Value | None) -> Decimal | None:
        """The difference of two rates, from what they are exactly."""
        if kept is None or value is None or kept["value"] is None or value.number is None:
            return None
        part = kept.get("part")
        if part is None:  # kept before parts were: the only whole number that makes the rate
            part = round(Decimal(kept["value"]) * kept["of"] / 100)
        return points(share(value.awards, value.proposals), share(part, kept["of"]))

    @cached_property
    def columns(self) -> list[tuple[str, str]]:
        return self._with_new(self.words["columns"], [] if self.problems else self.grid.columns)

    @staticmethod
    def _with_new(kept: list[list[str]], entries: Sequence[Member]) -> list[tuple[str, str]]:
        """Code and label of then, followed by what has come since."""
        labels = {entry.code: entry.label for entry in entries} | {pair[0]: pair[1] for pair in kept}
        order = dict.fromkeys([code for code, _label in kept] + [entry.code for entry in entries])
        return [(code, labels[code]) for code in order]

    @cached_property
    def rows(self) -> list[CrossedRow]:
        entries = [] if self.problems else [line.entry for line in self.grid.lines]
        row = self.question.row.key
        lines = self._with_new(self.words["rows"], entries)
        return [CrossedRow(label, self._cells({row: code})) for code, label in lines]

    @cached_property
    def total(self) -> CrossedRow:
        return CrossedRow(_("Total"), self._cells({}))

    def _cells(self, row: dict[str, str]) -> list[Compared]:
        column = self.question.column
        found = [self._compared({**row, column.key: code}) for code, _label in self.columns] if column else []
        return [*found, self._compared(row)]

    @property
    def figures(self) -> Iterator[Compared]:
        for row in [*self.rows, self.total]:
            yield from row.cells

    @property
    def differs(self) -> bool:
        return any(figure.difference for figure in self.figures)

    @cached_property
    def changes(self) -> list[Change]:
        if self.problems:
            return []
        then, now = standings_of(self.briefing), standings_asked(self.question, self.grid)
        gone = then.keys() - now.keys()
        elsewhere = dict(self.proposals.filter(number__in=gone).values_list("number", "status"))
        return list(changes_between(then, now, hidden=hidden_among(gone), elsewhere=elsewhere))
